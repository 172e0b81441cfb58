"""Welcome: the first page. What this is, the one button, and how to connect the real organisation."""

from __future__ import annotations

from typing import Final

import streamlit as st

from psauth.auth.revocation import Disconnected
from psauth.dashboard import state
from psauth.dashboard.parts import looks
from psauth.dashboard.parts.links import connect_address, same_tab_button
from psauth.dashboard.parts.text import clean, plain
from psauth.dashboard.web.target import Target
from psauth.settings.names import DEFAULTS

CHANGES: Final = (
    "This app changes nothing: that is for what you write yourself in a notebook. PSAUTH_SCOPE=read leaves it out."
)
"""What the scope to write is for."""


def show(target: Target, *, return_to: str, mismatch: str | None = None) -> None:
    """The page of somebody who is not connected; `mismatch` says why Connect could not come back to this app."""
    with looks.middle():
        if target.sandbox:
            st.info("Sandbox: invented data. No account is configured, so Connect leads to a stand-in inside this app.")
        if (done := state.farewell()) is not None:
            _farewell(done)
        st.title("Your Process Street workflows, as tables")
        st.write("See, search and download the workflows of your organisation, here and in your notebooks.")
        if target.missing:
            _incomplete(target)
            return
        for sentence in target.settings.misspelt():
            st.warning(plain(sentence))
        if mismatch is not None:
            st.warning(plain(mismatch))
        for foreign in target.settings.foreign[:1]:  # Connect would be refused
            st.warning(plain(foreign.sentence))
        same_tab_button("Connect", connect_address(return_to))
        st.caption(_small_print(target))
        env_path = target.settings.env_path
        st.caption(
            f"Settings: the environment and {plain(env_path)}." if env_path else "Settings: the environment; no `.env`."
        )
        if (
            target.settings.kind == "oauth"
            and not target.settings.client_secret
            and target.settings.token_auth == "post"
        ):
            st.caption(
                "PSAUTH_CLIENT_SECRET is not set, so psauth connects as a public client. If your OAuth app has a secret, "
                "add it."
            )
        if target.settings.kind == "oauth" and target.settings.api_key:
            st.caption("An OAuth app and an API key are both set: Connect uses the OAuth app.")
        if target.sandbox:
            _real_organisation()


def _farewell(done: Disconnected) -> None:
    """What disconnecting did; the service's own words, which may hold anything, stand as plain text."""
    if done.revoked or done.gone or not done.existed:
        st.success(plain(done.message))
        return
    st.warning("The connection was removed from this machine, but its access was not revoked at the service.")
    st.text(clean(done.message))


def _small_print(target: Target) -> str:
    kept = f"The connection is kept on this machine, encrypted, in {plain(target.settings.home_path)}."
    end = "End it any time on the Connection page."
    if target.settings.kind == "api_key":
        return f"Uses the API key from your settings. {kept} {end}"
    wanted = {"read": "see", "write": "change"}
    scopes = target.settings.scope.replace(",", " ").split()
    words = " and ".join(wanted.get(s) or plain(s) for s in scopes)
    writes = f" {CHANGES}" if "write" in scopes else ""
    return f"You will be asked to let psauth {words} your workflows, runs and tasks.{writes} {kept} {end}"


def _incomplete(target: Target) -> None:
    names = ", ".join(f"`{name}`" for name in target.missing)
    st.warning(f"The settings are incomplete: {names} is missing.")
    st.write("Add it to the file `.env` beside `app.py`, then reload this page:")
    st.code("\n".join(f"{name}=…" for name in target.missing), language="ini")
    st.button("Reload", type="primary", icon=":material/refresh:")


def _real_organisation() -> None:
    with st.container(border=True):
        st.subheader("Connect your own organisation")
        key, app = st.tabs(["With an API key", "With an OAuth app"])
        with key:
            st.markdown(
                "1. In Process Street open *Settings → Integrations* and create an API key.\n"
                "2. Put this line into a file `.env` beside `app.py`:"
            )
            st.code("PSAUTH_API_KEY=your-key", language="ini")
            st.markdown("3. Reload this page and press *Connect*.")
        with app:
            address = f"http://localhost:{st.config.get_option('server.port')}/"
            st.markdown(
                f"1. Ask Process Street for an OAuth app with this redirect address: `{address}`\n"
                "2. Put these lines into a file `.env` beside `app.py`:"
            )
            lines = ["PSAUTH_CLIENT_ID=your-client-id", "PSAUTH_CLIENT_SECRET=your-client-secret"]
            if address != DEFAULTS["redirect_uri"]:
                lines.append(f"PSAUTH_REDIRECT_URI={address}")
            st.code("\n".join(lines), language="ini")
            st.markdown("3. Reload this page and press *Connect*.")
