"""People: everybody in the organisation, and the robots among them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import columns, tables, waiting

KINDS = {"Robot": r"api-[^@]*@process\.st", "Group": r"group-[^@]*@process\.st"}
"""The addresses of the accounts behind API keys and automations, and of groups (seen live)."""


def show() -> None:
    """The page."""
    st.title("People")
    read = loaders.users(state.here())
    loaded = waiting.ready(read)
    kinds = pd.Series("Person", index=loaded.frame.index, dtype="str")
    for kind, shape in KINDS.items():
        kinds[loaded.frame["email"].str.fullmatch(shape, case=False, na=False)] = kind
    people = loaded.frame.assign(kind=pd.Categorical(kinds))
    count, many = len(people), kinds.value_counts()
    others = [f"{many[k]:,} {tables.plural(k.casefold(), many[k])}" for k in KINDS if k in many]
    facts = ", ".join([f"{many.get('Person', 0):,} people", *others])
    tables.facts(read, loaded, ("The first " if loaded.cut else "") + facts)
    if people.empty:
        st.write("Nobody is here yet. Invite people in Process Street, then press Reload.")
        return
    found = tables.search(people, ["username", "email", "kind"])
    if found.empty:
        st.write("Nobody matches. Clear the search to see everybody.")
        return
    tables.show(
        found,
        "people",
        {
            "username": columns.text("Name"),
            "email": columns.text("Address"),
            "kind": columns.status("Kind"),
        },
    )
    tables.downloads(found, "people", of=count)


show()
