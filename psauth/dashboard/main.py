"""The script behind every view: who is this, is there a connection, and which view is asked for."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn, cast

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from psauth.auth.flow import AuthorizationFlow
from psauth.connecting import Credential, find_credential
from psauth.dashboard import state
from psauth.dashboard.loading.read import Here
from psauth.dashboard.loading.syncs import syncs
from psauth.dashboard.parts import choices, looks, problems, sidebar, welcome
from psauth.dashboard.parts.menu import MENU, Entry
from psauth.dashboard.parts.text import clean, plain
from psauth.dashboard.reach import is_lost_sandbox, is_own_sandbox
from psauth.dashboard.web.account import account_of
from psauth.dashboard.web.cookies import browser_here, script_headers
from psauth.dashboard.web.local import listens_locally
from psauth.dashboard.web.notices import ALLOW_COOKIES, CONNECTED, refused
from psauth.dashboard.web.refusals import NOT_LOCAL, UNGUARDED, Refusal
from psauth.dashboard.web.target import Target, find_target, is_elsewhere, mismatch_of
from psauth.dashboard.web.voucher import is_vouched_for, opened_at
from psauth.exceptions import PsauthError
from psauth.secret import Secret
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault

# A file, because Streamlit's own icons would be fetched from the internet for a browser tab.
ICON = Path(__file__).with_name("icon.png")
# How a browser tab is called, after the title of the view.
APP = "Process Street workflows"


def main() -> None:
    """One run of the script."""
    st.set_page_config(page_title=APP, page_icon=str(ICON), layout="wide")
    headers = script_headers()
    if not listens_locally():
        _refuse(NOT_LOCAL)
    if headers and not is_vouched_for(headers):
        _refuse(UNGUARDED)
    looks.show()
    browser = browser_here()
    state.begin(browser, opened_at(headers))
    try:
        account = account_of(browser)
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
    pages = [(entry, entry.page()) for entry in MENU]
    page = st.navigation([page for _, page in pages], position="sidebar" if connection else "hidden")
    entry = next(entry for entry, known in pages if known.url_path == page.url_path)
    st.set_page_config(page_title=f"{entry.title} · {APP}")
    state.drawn(vault.stamp(account))
    sidebar.watch(vault, account)
    state.keep_path("/" + page.url_path)
    if connection is None:
        _show_notice(connection)
        if browser is None and "host" in st.context.headers:
            with looks.middle():
                st.warning(ALLOW_COOKIES)
        welcome.show(target, return_to=state.place(), mismatch=mismatch_of(target, st.context.headers.get("host")))
        st.stop()
    state.welcome_back()
    with st.sidebar:
        sidebar.show(Here(connection, vault, target.settings))
        looks.show_menu(lit=entry.lights)
    _show_view(entry, page, target, credential, vault)


def _refuse(refusal: Refusal) -> NoReturn:
    """A page in the place of the app, and the end of this run."""
    title, text, step, _ = refusal
    st.navigation([_welcome_page], position="hidden")
    st.header(title)
    st.write(text)
    st.write(step)
    st.stop()


def _show_view(entry: Entry, page: StreamlitPage, target: Target, credential: Credential, vault: Vault) -> None:
    """A view of somebody who is connected, or what stands in its way.

    Title and choices are drawn here and not in the file of the view: Streamlit takes what the script itself has drawn
    to belong to every view, and else drops it from the address when one view leads to another with a choice of the same name.
    """
    connection = cast(Connection, credential.kept)
    _show_notice(connection)
    if is_elsewhere(target, connection.service.api_url):
        st.info(
            f"Your settings name another service than {plain(connection.service.host)}, which is connected. To change over, "
            "disconnect on the Connection view, then connect."
        )
    if entry.file != "connection":
        if connection.ended is not None:
            if credential.source == "settings":
                st.info("psauth.connect() uses the API key of your settings meanwhile.")
            problems.show_ended(connection, return_to=state.place())
            st.stop()
        if is_lost_sandbox(connection.service.api_url, st.context.url):
            problems.show_lost_sandbox(connection.service.host, return_to=state.place())
            st.stop()
    here = Here(connection, vault, target.settings)
    state.keep_here(here)
    if is_own_sandbox(connection.service.api_url, st.context.url):
        syncs.of(here).begin_by_itself()  # so that a newcomer has data
    title = st.title(entry.title)
    if entry.heading is not None and (heading := entry.heading()) is not None:
        title.title(plain(heading))
        st.set_page_config(page_title=f"{clean(heading)} · {APP}")
    choices.show(entry.choices(), entry.plain)
    page.run()


def _welcome_page() -> None:
    """A page for the states in which there is nothing to navigate to."""


def _take_callback(target: Target, vault: Vault) -> None:
    """Finish a callback that reached the script, where no route could take it: run without app.py, or behind a host.

    The query is cleared first, so that no rerun sees the code again.
    """
    params = {name: [*map(Secret, st.query_params.get_all(name))] for name in st.query_params}
    if not params.keys() & {"state", "code", "error"}:
        return
    st.query_params.clear()
    browser = browser_here()
    try:
        AuthorizationFlow(target.settings, vault).finish(params, browser=browser)
    except PsauthError as error:
        state.tell(refused(error, knows_browser=browser is not None))
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
            is_sure = notice == CONNECTED
            st.toast(notice.title, icon=":material/check_circle:" if is_sure else ":material/schedule:")
        return
    with st.container() if connection is not None else looks.middle():
        done = problems.show_refusal(notice, connected=connection is not None and connection.ended is None)
    if done:
        state.dismiss()
        st.rerun()
    st.stop()


main()
