"""State: every key of `st.session_state`, and what stands under it."""

from __future__ import annotations

from urllib.parse import urlencode

import streamlit as st

from psauth.auth.revocation import Disconnected
from psauth.dashboard.loading.read import Here
from psauth.dashboard.web.notices import Notice, notices
from psauth.vault.vault import Vault

NOTICE = "psauth.notice"
"""The Notice this session has to show, or None; taken once, when the session begins."""
STAMP = "psauth.stamp"
"""The vault's stamp of the connection as this session last drew it."""
VAULT = "psauth.vault"
"""The Vault as this run opened it; the pages use it instead of opening it again."""
FAREWELL = "psauth.farewell"
"""What disconnecting did, to be said on the first page until somebody connects again."""
HERE = "psauth.here"
"""The connection of this run, whose reads the pages show."""
PATH = "psauth.path"
"""The path of the page that is shown."""
CHOICE = "psauth.choice."
"""Before the name of a choice in the address: what its widget shows."""
TABLE = "psauth.table."
"""Before the name of a table and what it holds: the row that is selected."""


def begin(browser: str | None) -> None:
    """At the first run of a session: take what the callback left for this browser."""
    if NOTICE not in st.session_state:
        st.session_state[NOTICE] = notices.take(browser)


def keep_vault(vault: Vault) -> None:
    """Hand the vault of this run on to the page."""
    st.session_state[VAULT] = vault


def vault() -> Vault:
    """The vault of this run."""
    found = st.session_state[VAULT]
    assert isinstance(found, Vault)  # noqa: S101 - main.py keeps it before any page runs
    return found


def keep_path(path: str) -> None:
    """Remember which page this run shows."""
    st.session_state[PATH] = path


def keep_here(here: Here) -> None:
    """Remember whose connection this run shows."""
    st.session_state[HERE] = here


def here() -> Here:
    """The connection of this run."""
    found = st.session_state[HERE]
    assert isinstance(found, Here)  # noqa: S101 - main.py keeps it before any page that reads runs
    return found


def place() -> str:
    """The page and what is chosen on it, as a path of this app: where to come back to."""
    path = str(st.session_state.get(PATH, "/"))
    query = urlencode(st.query_params.to_dict())
    return f"{path}?{query}" if query else path


def show_choice(name: str, value: str) -> str:
    """Have the widget of a choice show what the address says; returns the widget's key."""
    st.session_state[CHOICE + name] = value
    return CHOICE + name


def choice(name: str) -> str:
    """What the widget of a choice shows."""
    return str(st.session_state[CHOICE + name])


def notice() -> Notice | None:
    """What there is to tell, until `dismiss`."""
    found = st.session_state.get(NOTICE)
    return found if isinstance(found, Notice) else None


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
