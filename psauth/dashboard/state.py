"""State: every key of `st.session_state`, and what is kept under it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from psauth.auth.revocation import Disconnected
from psauth.dashboard.loading.read import Here
from psauth.dashboard.web.notices import Notice, notices
from psauth.vault.vault import Vault

NOTICE: Final = "psauth.notice"
"""The Notice this session has to show, or None; taken once, when the session begins."""
STAMP: Final = "psauth.stamp"
"""The vault's stamp of the connection as this session last drew it."""
VAULT: Final = "psauth.vault"
"""The Vault as this run opened it; the views use it instead of opening it again."""
FAREWELL: Final = "psauth.farewell"
"""What disconnecting did, to be said on the first page until somebody connects again."""
HERE: Final = "psauth.here"
"""The connection of this run, whose reads the views show."""
PATH: Final = "psauth.path"
"""The path of the view that is shown."""
CHOSEN_AT: Final = "psauth.chosen_at"
"""The path of the view for which the choices were last taken from the address."""
ASKED: Final = "psauth.asked"
"""What the address asked for, while it is being put into words."""
SAYS_BUDGET: Final = "psauth.says_budget"
"""Whether the view itself says how many requests are left, so that the sidebar does not say it again."""
BUDGET: Final = "psauth.budget"
"""Where the sidebar says how many requests are left, unless the view says it."""
SWITCH: Final = "psauth.keeps."
"""Before `True` or `False`: the switch that shows whether the local copy is kept current."""
LIVE: Final = "psauth.live"
"""The paths of the views that show what the service says now, although there is a local copy."""
TABLE: Final = "psauth.table."
"""Before the name of a table and a mark of its rows: what is selected in it."""

WORKFLOW: Final = "workflow"
STATUS: Final = "status"
SINCE: Final = "since"
NEWEST: Final = "newest"
ASSIGNEE: Final = "assignee"
DUE: Final = "due"
LAYOUT: Final = "layout"
SEARCH: Final = "search"
ALL: Final = "all"
CHAPTER: Final = "chapter"
CHOICES: Final = (WORKFLOW, STATUS, SINCE, NEWEST, ASSIGNEE, DUE, LAYOUT, ALL, CHAPTER, SEARCH)
"""What a person chooses. Streamlit keeps these widgets in the address, so their keys are the names of its parameters."""
RUN: Final = "run"
DATA_SET: Final = "data_set"
OF_THE_CALLBACK: Final = frozenset({"code", "state", "error"})
"""Names in the address that mean an answer of the service; nothing else may be called so."""


def begin(browser: str | None, opened_at: float | None) -> None:
    """At the first run of a session: take what the callback left for this browser, unless it came after this page."""
    if NOTICE not in st.session_state:
        st.session_state[NOTICE] = notices.take(browser, opened_at)


def keep_vault(vault: Vault) -> None:
    """Hand the vault of this run on to the view."""
    st.session_state[VAULT] = vault


def vault() -> Vault:
    """The vault of this run."""
    kept = st.session_state[VAULT]
    assert isinstance(kept, Vault)  # noqa: S101 - main.py keeps it before any view runs
    return kept


def keep_path(path: str) -> None:
    """Remember which view this run shows, which says nothing of the budget yet."""
    st.session_state[PATH] = path
    st.session_state[SAYS_BUDGET] = False


def keep_here(here: Here) -> None:
    """Remember whose connection this run shows."""
    st.session_state[HERE] = here


def here() -> Here:
    """The connection of this run."""
    kept = st.session_state[HERE]
    assert isinstance(kept, Here)  # noqa: S101 - main.py keeps it before any view that reads runs
    return kept


def place() -> str:
    """The view and what is chosen on it, as a path of this app: where to come back to."""
    path = str(st.session_state.get(PATH, "/"))
    query = urlencode(st.query_params.to_dict())
    return f"{path}?{query}" if query else path


def choose(chosen: Mapping[str, str]) -> None:
    """Have the widgets of this view show what the address says."""
    for name in CHOICES:
        if name in chosen:
            st.session_state[name] = chosen[name]
        elif name in st.session_state:
            del st.session_state[name]
    st.session_state[CHOSEN_AT] = st.session_state[PATH]


def forget_choices() -> None:
    """Have the choices taken from the address anew."""
    st.session_state.pop(CHOSEN_AT, None)


def keep_asked(asked: dict[str, str]) -> None:
    """Remember what the address asks for, for the next run."""
    st.session_state[ASKED] = asked


def take_asked() -> dict[str, str] | None:
    """What the run before this one has remembered, once."""
    asked = st.session_state.pop(ASKED, None)
    return asked if isinstance(asked, dict) else None


def has_chosen() -> bool:
    """Whether the choices of this view were taken from the address; from then on Streamlit keeps both alike."""
    return bool(st.session_state.get(CHOSEN_AT) == st.session_state[PATH])


def chosen(name: str) -> str:
    """What is chosen; empty where the view has no such choice."""
    return str(st.session_state.get(name) or "")


def table_key(name: str, mark: int) -> str:
    """The key of a table; other rows are another table, so that a selection never comes to mean another row."""
    return f"{TABLE}{name}.{mark}"


def selected_row(key: str) -> int | None:
    """The number of the row that is selected in a table, by its box or by a click into it."""
    kept: Any = st.session_state.get(key)
    selection = kept["selection"] if kept else {}
    if selection.get("rows"):
        return int(selection["rows"][0])
    cells = selection.get("cells") or ()
    return int(cells[0][0]) if cells else None


def is_live() -> bool:
    """Whether this view shows what the service says now, although there is a local copy."""
    return st.session_state.get(PATH) in st.session_state.get(LIVE, ())


def show_live(live: bool) -> None:
    """From now on this view shows what the service says now, or the local copy."""
    paths = {*st.session_state.get(LIVE, ())} - {st.session_state[PATH]}
    st.session_state[LIVE] = paths | ({st.session_state[PATH]} if live else set())


def switch_key(on: bool) -> str:
    """The key of the switch that shows whether the copy is kept current.

    Each of its two states is a switch of its own. If it were one, which another tab has turned meanwhile, a browser that
    still says the old state would count as somebody who turns it back.
    """
    return f"{SWITCH}{on}"


def keep_budget_place(place: DeltaGenerator) -> None:
    """Remember where the sidebar says how many requests are left."""
    st.session_state[BUDGET] = place


def say_budget() -> None:
    """The view says how many requests are left, so the sidebar does not."""
    st.session_state[SAYS_BUDGET] = True
    place = st.session_state.get(BUDGET)
    if isinstance(place, DeltaGenerator):
        place.empty()


def says_budget() -> bool:
    """Whether the view says how many requests are left."""
    return bool(st.session_state.get(SAYS_BUDGET))


def notice() -> Notice | None:
    """What there is to tell, until `dismiss`."""
    kept = st.session_state.get(NOTICE)
    return kept if isinstance(kept, Notice) else None


def tell(what: Notice) -> None:
    """Have a notice shown by the next run."""
    st.session_state[NOTICE] = what


def dismiss() -> None:
    """The notice has been seen."""
    st.session_state[NOTICE] = None


def say_farewell(done: Disconnected) -> None:
    """Have the first page say what disconnecting did."""
    st.session_state[FAREWELL] = done


def farewell() -> Disconnected | None:
    """What disconnecting did."""
    done = st.session_state.get(FAREWELL)
    return done if isinstance(done, Disconnected) else None


def welcome_back() -> None:
    """Somebody is connected: what was said at the last farewell is over."""
    st.session_state.pop(FAREWELL, None)


def drawn(stamp: str | None) -> None:
    """Remember which state of the connection this session shows."""
    st.session_state[STAMP] = stamp


def is_drawn(stamp: str | None) -> bool:
    """Whether this session shows that state of the connection."""
    return bool(st.session_state.get(STAMP) == stamp)
