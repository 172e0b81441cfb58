"""Problems: a failure as one calm sentence with one next step, the details folded; never a traceback."""

from __future__ import annotations

import logging

import streamlit as st

from psauth.dashboard.parts.links import connect_address, same_tab_button
from psauth.dashboard.parts.text import clean, plain
from psauth.dashboard.web.notices import Notice, details_of, place_of
from psauth.exceptions import (
    ApiError,
    ArgumentError,
    LoginRequired,
    MirrorError,
    MissingExtra,
    NotFound,
    PermissionDenied,
    PsauthError,
    RateLimited,
    SettingsError,
    VaultError,
)
from psauth.vault.connection import Connection

log = logging.getLogger(__name__)


def show_failure(error: PsauthError, *, return_to: str = "/") -> None:
    """A page for an error of psauth: what happened, one button, and what support may ask for."""
    if isinstance(error, LoginRequired):
        _ended(return_to)
    else:
        st.header(_title(error))
        several = error.refused.values() if isinstance(error, SettingsError) else ()
        for sentence in several or (error,):
            st.text(clean(sentence))
        if isinstance(error, SettingsError):
            st.caption(
                "A `.env` is read again with Try again; a variable of the environment, when the app is started again."
            )
        st.button("Try again", type="primary", icon=":material/refresh:")
    _details(error, return_to)


def show_ended(connection: Connection, *, return_to: str) -> None:
    """A page for a connection of which the vault knows that it has ended."""
    _ended(return_to)
    with st.expander("Details"):
        st.code(clean(connection.ended), language=None, wrap_lines=True)


def show_lost_sandbox(host: str, *, return_to: str) -> None:
    """A page for a connection to the sandbox of an app on another port, which does not run any more."""
    st.header("This sandbox is not there any more")
    st.write(
        f"The connection leads to the sandbox at {plain(host)}, and nothing answers there. This app has a sandbox of its own."
    )
    same_tab_button("Connect anew", connect_address(return_to))


def show_failed_reload(error: Exception) -> None:
    """Above a table that is still there: that reading it anew failed, and why."""
    reason = str(error) if isinstance(error, PsauthError) else "Something went wrong in this app; its log says more."
    st.warning(
        "The reload failed, so this is the table from before. Reload tries it again.", icon=":material/sync_problem:"
    )
    st.text(clean(reason))


def _ended(return_to: str) -> None:
    st.header("The connection has ended")
    st.write("Process Street does not accept it any more, so nothing can be read until you connect again.")
    same_tab_button("Connect again", connect_address(return_to))


def show_refusal(notice: Notice, *, connected: bool) -> bool:
    """A page for an authorization that led to nothing; whether the person is done with it."""
    st.header(notice.title)
    st.text(clean(notice.text))
    if connected:
        st.write("Your connection is unchanged.")
        done = st.button("Go to the workflows", type="primary")
    else:
        same_tab_button("Connect", "/connect")
        done = False
    if notice.detail:
        with st.expander("Details"):
            st.code(clean(notice.detail), language=None)
    return done


def on_script_error(error: Exception) -> bool:
    """For what nobody foresaw: the log gets the place, the page a sentence. True: Streamlit shows nothing itself."""
    where = place_of(error)
    log.error("unexpected %s at %s", type(error).__name__, where)
    st.header("Something went wrong here")
    st.write("That is a fault of this app, not yours. Reload the page; your connection is kept.")
    with st.expander("Details"):
        st.code(clean(f"{type(error).__name__} at {where}"), language=None)
    return True


def _title(error: PsauthError) -> str:
    if isinstance(error, SettingsError | ArgumentError):
        return "A setting cannot be used"
    if isinstance(error, VaultError):
        return "The vault cannot be used"
    if isinstance(error, MissingExtra):
        return "A package is missing"
    if isinstance(error, MirrorError):
        return "The local copy cannot be read"
    if isinstance(error, NotFound):
        return "This is not there, or not any more"
    if isinstance(error, PermissionDenied):
        return "You may not see this"
    if isinstance(error, RateLimited):
        return "The requests of this hour are used up"
    if isinstance(error, ApiError) and error.status is None:
        return "Process Street does not answer"
    return "Process Street could not answer"


def _details(error: PsauthError, return_to: str) -> None:
    detail = str(error) if isinstance(error, LoginRequired) else details_of(error)  # that page says it in other words
    if detail:
        with st.expander("Details"):
            st.code(clean(detail), language=None, wrap_lines=True)
    if isinstance(error, ApiError) and error.status is None:
        with st.expander("If it never answers again"):  # as the sandbox of an app on another port
            same_tab_button("Connect anew", connect_address(return_to))
