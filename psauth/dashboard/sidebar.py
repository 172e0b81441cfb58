"""Sidebar: the connection at a glance, and the watch that makes several tabs agree."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from psauth.connection import Connection
from psauth.dashboard import loaders, state
from psauth.dashboard.target import is_sandbox
from psauth.exceptions import PsauthError
from psauth.vault import Vault

WATCH_EVERY = 2.0
"""Seconds between looks at the vault: one small local read, no request."""


def show(connection: Connection) -> DeltaGenerator:
    """Who is connected, and whether that is the sandbox; returns the place for `show_budget`."""
    with st.sidebar.container(key="glance"):
        st.markdown(f"**{connection.label or _organisation(connection)}**")
        if is_sandbox(connection.service.api_url):
            st.badge("Sandbox", color="orange", help="Invented data from inside this app")
        return st.empty()


def show_budget(slot: DeltaGenerator, connection: Connection, vault: Vault) -> None:
    """A thin bar of requests left, once the service has told; drawn last, because the page may have spent some."""
    budget = loaders.budget(connection, vault)
    if budget.remaining is None or not budget.limit:
        return
    left = max(0.0, min(1.0, budget.remaining / budget.limit))
    refill = ""
    if budget.resets_at is not None:
        minutes = max(0, round((budget.resets_at - datetime.now(UTC)).total_seconds() / 60))
        refill = f", refills in {minutes} min"
    slot.progress(left, text=f"{budget.remaining:,} requests left{refill}")


@st.fragment(run_every=WATCH_EVERY)
def watch(vault: Vault, account: str) -> None:
    """Draw the page anew when the connection was changed elsewhere: another tab, a notebook, the terminal."""
    try:
        stamp = vault.stamp(account)
    except PsauthError:
        return  # the page itself says what is wrong with the vault, at its next run
    if not state.is_drawn(stamp):
        st.rerun(scope="app")


def _organisation(connection: Connection) -> str:
    return "Sandbox company" if is_sandbox(connection.service.api_url) else connection.service.host
