"""The script behind every page: who is this, is there a connection, and which page is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import streamlit as st

from psauth.auth.flow import AuthorizationFlow
from psauth.connecting import find_credential
from psauth.dashboard import state
from psauth.dashboard.loading.read import Here
from psauth.dashboard.parts import looks, problems, sidebar, welcome
from psauth.dashboard.web.account import account_of
from psauth.dashboard.web.guard import COOKIE, NOT_LOCAL, listens_locally
from psauth.dashboard.web.notices import CONNECTED, refused
from psauth.dashboard.web.target import Target, find_target, is_elsewhere, mismatch_of
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault

# A file, because Streamlit's own icons would be fetched from the internet for a browser tab.
ICON = Path(__file__).with_name("icon.png")
PAGES: Final[list[dict[str, Any]]] = [
    {"page": "views/workflows.py", "title": "Workflows", "icon": ":material/account_tree:", "default": True},
    {"page": "views/runs.py", "title": "Runs", "icon": ":material/play_circle:"},
    {"page": "views/tasks.py", "title": "Tasks", "icon": ":material/task_alt:"},
    {"page": "views/form_values.py", "title": "Form values", "icon": ":material/edit_note:", "url_path": "form-values"},
    {"page": "views/data_sets.py", "title": "Data sets", "icon": ":material/database:", "url_path": "data-sets"},
    {"page": "views/records.py", "title": "Records", "visibility": "hidden"},
    {"page": "views/people.py", "title": "People", "icon": ":material/group:"},
    {"page": "views/connection.py", "title": "Connection", "icon": ":material/link:"},
]


def main() -> None:
    """One run of the page."""
    st.set_page_config(page_title="Process Street workflows", page_icon=str(ICON), layout="wide")
    if not listens_locally():
        title, text, step = NOT_LOCAL
        st.navigation([_welcome_page], position="hidden")
        st.header(title)
        st.write(text)
        st.write(step)
        st.stop()
    looks.show()
    browser = st.context.cookies.get(COOKIE)
    state.begin(browser)
    account = account_of(browser)
    try:
        target = find_target()
        vault = Vault.open(target.settings)
        state.keep_vault(vault)
        _take_callback(target, vault)
        credential = find_credential(target.settings, vault, account)
        connection = credential.kept  # the API key of the settings is used here once Connect has stored it
    except PsauthError as error:
        st.navigation([_welcome_page], position="hidden")
        with looks.middle():
            problems.show_failure(error)
        st.stop()
    page = st.navigation([st.Page(**one) for one in PAGES], position="sidebar" if connection else "hidden")
    state.drawn(vault.stamp(account))
    sidebar.watch(vault, account)
    state.keep_path("/" + page.url_path)
    if connection is not None:
        state.welcome_back()
        with st.sidebar:
            sidebar.show(Here(connection, vault))
            looks.show_menu()
    _show_notice(connection)
    if connection is None:
        welcome.show(target, return_to=state.place(), mismatch=mismatch_of(target, st.context.headers.get("host")))
        st.stop()
    if is_elsewhere(target, connection.service.api_url):
        st.info(
            f"Your settings name another service than {connection.service.host}, which is connected. To change over, "
            "disconnect on the Connection page, then connect."
        )
    if connection.ended is not None and page.url_path != "connection":
        if credential.source == "settings":
            st.info("psauth.connect() uses the API key of your settings meanwhile.")
        problems.show_ended(connection, return_to=state.place())
        st.stop()
    state.keep_here(Here(connection, vault))
    page.run()


def _welcome_page() -> None:
    """A page for the states in which there is nothing to navigate to."""


def _take_callback(target: Target, vault: Vault) -> None:
    """Finish a callback that reached the script, where no route could take it: run without app.py, or behind a host.

    The query is cleared first, so that no rerun sees the code again.
    """
    params = {name: st.query_params.get_all(name) for name in st.query_params}
    if not params.keys() & {"state", "code", "error"}:
        return
    st.query_params.clear()
    browser = st.context.cookies.get(COOKIE)
    try:
        AuthorizationFlow(target.settings, vault).finish(params, browser=browser)
    except PsauthError as error:
        state.tell(refused(error))
    else:
        state.tell(CONNECTED)


def _show_notice(connection: Connection | None) -> None:
    """A toast for what went well; a page of its own, until it is left, for what did not."""
    notice = state.notice()
    if notice is None:
        return
    if notice.connected:
        state.dismiss()
        if connection is not None:
            st.toast("Connected", icon=":material/check_circle:")
        return
    with st.container() if connection is not None else looks.middle():
        done = problems.show_refusal(notice, connected=connection is not None and connection.ended is None)
    if done:
        state.dismiss()
        st.rerun()
    st.stop()


main()
