"""People: everybody in the organisation, and the robots among them; a person leads on to the tasks assigned to them."""

from __future__ import annotations

import pandas as pd

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import tables, view
from psauth.dashboard.parts.choices import person_words
from psauth.dashboard.parts.columns import status, text
from psauth.dashboard.parts.view import View

KINDS = {"Robot": r"api-[^@]*@process\.st", "Group": r"group-[^@]*@process\.st"}
"""The e-mail addresses of the accounts behind API keys and automations, and of groups (seen live)."""

PEOPLE = View(
    name="people",
    noun="person",
    columns={"username": text("Name"), "email": text("E-mail"), "kind": status("Kind")},
    empty="Nobody is here yet. Invite people in Process Street, then press Reload.",
    no_match="Nobody matches. Clear the search to see everybody.",
    ways={"Tasks": ("tasks", state.ASSIGNEE, "psauth:words")},
)


def _with_kinds(people: pd.DataFrame) -> pd.DataFrame:
    """With the kind of those who are no persons; of the others nothing needs to be said."""
    kinds = pd.Series(None, index=people.index, dtype="str")
    for kind, shape in KINDS.items():
        kinds[people["email"].str.fullmatch(shape, case=False, na=False)] = kind
    kinds = pd.Series(pd.Categorical(kinds, categories=list(KINDS)), index=people.index)
    return people.assign(kind=kinds, **{"psauth:words": person_words(people)})


def _count(loaded: Loaded) -> str:
    kinds = _with_kinds(loaded.frame)["kind"]
    many = kinds.value_counts()
    others = [f"{many[kind]:,} {tables.plural(kind.casefold(), many[kind])}" for kind in KINDS if many[kind]]
    people = int(kinds.isna().sum())
    persons = f"{people:,} {'person' if people == 1 else 'people'}"
    return ("The first " if loaded.cut else "") + ", ".join([persons, *others])


view.show(PEOPLE, loaders.users(state.here()), rows=_with_kinds, count=_count)
