"""People: everybody in the organisation, and the robots among them."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from psauth.dashboard import columns, loaders, state, tables, waiting

ROBOT = r"api-[^@]*@process\.st"
"""The addresses of the accounts behind API keys and automations (seen live)."""


def show() -> None:
    """The page."""
    st.title("People")
    read = loaders.users(state.here())
    loaded = waiting.ready(read)
    robots = loaded.frame["email"].str.fullmatch(ROBOT, case=False, na=False)
    people = loaded.frame.assign(kind=pd.Categorical(robots.map({True: "Robot", False: "Person"})))
    count, machines = len(people), int(robots.sum())
    facts = f"{count - machines:,} people" + (
        f" and {machines:,} {tables.plural('robot', machines)}" if machines else ""
    )
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
