"""Sidebar: the connection at a glance, and the watch that makes several tabs agree."""

from __future__ import annotations

from datetime import UTC, datetime

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import read as reads
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.read import Here
from psauth.dashboard.loading.syncs import syncs
from psauth.dashboard.parts.phrases import age
from psauth.dashboard.parts.text import plain
from psauth.dashboard.web.label import labels
from psauth.dashboard.web.target import is_sandbox
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault
from psauth.words import lasting

WATCH_EVERY = 2.0
"""Seconds between looks at the vault: one small local read, no request."""


@st.fragment(run_every=WATCH_EVERY)
def show(here: Here) -> None:
    """Who is connected, whether that is the sandbox, and a thin bar of requests left, once the service has told."""
    if here.connection.label is None and here.connection.ended is None:
        labels.meet(here.connection, here.vault)  # once it is there, the watch draws the page anew
    with st.container(key="glance"):
        st.markdown(plain(here.connection.label or _organisation(here.connection)))
        if is_sandbox(here.connection.service.api_url):
            st.badge("Sandbox", color="orange", help="Invented data from inside this app")
        if here.connection.ended is None:
            _show_budget(here)
            _show_long_reads(here)
            _show_sync(here)


def _show_budget(here: Here) -> None:
    place = st.empty()
    state.keep_budget_place(place)
    budget = reads.budget(here)
    if budget.remaining is None or not budget.limit or state.says_budget():
        return
    left = max(0.0, min(1.0, budget.remaining / budget.limit))
    refill = ""
    if budget.resets_at is not None:
        refill = f", refills in {lasting(max(0.0, (budget.resets_at - datetime.now(UTC)).total_seconds()))}"
        if is_sandbox(here.connection.service.api_url):
            refill += ": the sandbox's hour lasts a minute"
    place.progress(left, text=f"{budget.remaining:,} requests left{refill}")


def _show_long_reads(here: Here) -> None:
    """What is being read meanwhile, whichever view is shown."""
    for job in jobs.of(here.owner):
        if job.long and not job.is_over:
            noun = str(job.what[0]).replace("_", " ")
            total = f" of {job.total:,} runs" if job.total else ""
            st.caption(f"Reading {noun}: {job.done:,}{total}")


def _show_sync(here: Here) -> None:
    """How the local copy stands, whichever view is shown."""
    mine = syncs.of(here)
    standing = mine.standing
    if mine.task == "look":
        st.caption("Counting what there is to copy …")
    elif mine.task == "sync":
        to_go = "" if standing is None or not standing.time_to_go else f", {standing.time_to_go}"
        st.caption(f"Syncing the local copy{to_go}")
    elif mine.error is not None:
        st.caption("The last sync failed: see Sync")
    elif mine.report is not None and mine.report.stopped is not None:
        st.caption("The last sync was not finished: see Sync")
    elif mine.report is not None:
        st.caption(f"Local copy: synced {age(mine.report.ended_at)}")


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
