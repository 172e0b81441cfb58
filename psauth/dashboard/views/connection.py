"""Connection: what is connected, until when, and how to end it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.dashboard import state
from psauth.dashboard.loading.copies import copies
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.syncs import syncs
from psauth.dashboard.parts import problems
from psauth.dashboard.parts.links import connect_address, same_tab_button
from psauth.dashboard.parts.text import clean, plain
from psauth.dashboard.parts.welcome import CHANGES
from psauth.dashboard.reach import is_lost_sandbox
from psauth.dashboard.web.account import account_of
from psauth.dashboard.web.cookies import browser_here
from psauth.dashboard.web.target import is_sandbox
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault


def show() -> None:
    """The view."""
    vault = state.vault()
    try:
        stored = vault.read(account_of(browser_here()))
    except PsauthError as error:
        problems.show_failure(error, return_to="/connection")
        return
    connection = stored.connection
    if connection.ended is not None:
        st.warning(f"The connection has ended: {plain(connection.ended)}.")
        same_tab_button("Connect again", connect_address("/connection"))
    _facts(connection)
    with st.container(horizontal=True):
        renewable = connection.renewable and connection.ended is None
        wants_renewal = renewable and st.button("Refresh now", icon=":material/refresh:")
        if st.button("Disconnect", icon=":material/link_off:"):
            _ask_to_disconnect(vault, connection)
    if wants_renewal:  # out of the row of buttons, so that a failure has the width of the page
        try:
            renew(vault, stored, because="asked")
        except PsauthError as error:
            if is_lost_sandbox(connection.service.api_url, st.context.url):
                problems.show_lost_sandbox(connection.service.host, return_to="/connection")
            else:
                problems.show_failure(error, return_to="/connection")
            return
        st.toast("Refreshed", icon=":material/check_circle:")
        st.rerun()
    _terms(connection)


def _facts(connection: Connection) -> None:
    kind = {"oauth": "OAuth 2.0", "api_key": "API key"}[connection.kind]
    where = "Sandbox (invented data)" if is_sandbox(connection.service.api_url) else connection.service.host
    rows = [("Service", where), ("Kind", kind), ("Account", connection.label or connection.account)]
    if connection.kind == "oauth":
        rows.append(("Allowed", _allowed(connection)))
    for name, value in rows:
        with _row(name):
            st.text(clean(value))
    if connection.ended is None and connection.kind == "oauth":  # an API key has no end
        _countdown(connection.expires_at, connection.renewable)
    asked, granted = _scopes(connection.service.scope), _scopes(connection.scope)
    if "write" in granted:
        st.caption(CHANGES)
    if granted and asked - granted:
        st.warning(f"Less was allowed than asked for: {plain(', '.join(sorted(asked - granted)))} is missing.")


@st.fragment(run_every=1.0)
def _countdown(expires_at: datetime | None, renewable: bool) -> None:
    with _row("Expires"):
        if expires_at is None:
            st.text("not said by the service")
            return
        remaining = expires_at - datetime.now(UTC)
        words = f"in {_clock(remaining)}" if remaining > timedelta(0) else "now"
        st.text(words + (", renewed by itself" if renewable else ""))


def _row(name: str) -> DeltaGenerator:
    """A name, and beside it, in narrow windows too, the place for its value."""
    row = st.container(horizontal=True)
    row.markdown(f":gray[{name}]", width=80)
    return row


@st.dialog("Disconnect?")
def _ask_to_disconnect(vault: Vault, connection: Connection) -> None:
    if connection.kind == "api_key":
        what = "The key is removed from this machine. It stays valid until it is deleted in Process Street's settings."
    elif not connection.service.revoke_url:
        what = "The access is removed from this machine. The service offers no way to revoke it from here."
    else:
        what = "The access is revoked at the service and removed from this machine."
    st.write(f"{what} Notebooks that use it stop as well.")
    with st.container(horizontal=True):
        if st.button("Disconnect", type="primary", key="really"):
            try:
                state.say_farewell(disconnect(vault, connection.account))
            except PsauthError as error:
                st.error(plain(error))
                return
            owner = state.here().owner
            jobs.forget(owner)
            syncs.end(owner)
            copies.forget(owner)
            st.switch_page("views/workflows.py")  # the first page, so that the address agrees with what is seen
        if st.button("Keep it"):
            st.rerun()


def _terms(connection: Connection) -> None:
    """The exact terms, for those who need them."""
    service = connection.service
    end = f"{connection.expires_at:%Y-%m-%d %H:%M:%S} UTC" if connection.expires_at else "not said"
    terms = {
        "scopes granted": connection.scope or "not said",
        "scopes asked for": service.scope or "–",
        "access token expires": end,
        "refresh token": "kept" if connection.renewable else "none",
        "connected": f"{connection.created_at:%Y-%m-%d %H:%M:%S} UTC",
        "client id": service.client_id or "–",
        "API": service.api_url,
        "authorization endpoint": service.authorize_url or "–",
        "token endpoint": service.token_url or "–",
        "revocation endpoint": service.revoke_url or "–",
    }
    with st.expander("Exact terms"):
        st.code("\n".join(f"{name:24}{clean(value)}" for name, value in terms.items()), language=None)


def _allowed(connection: Connection) -> str:
    words = {"read": "see your work", "write": "change your work"}
    return ", ".join(words.get(s, s) for s in sorted(_scopes(connection.scope))) or "not said by the service"


def _scopes(text: str | None) -> set[str]:
    return set((text or "").replace(",", " ").split())


def _clock(span: timedelta) -> str:
    seconds = int(span.total_seconds())
    hours, minutes = seconds // 3600, seconds % 3600 // 60
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {seconds % 60:02} s"


show()
