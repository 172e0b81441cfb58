"""Sync: the local copy of the connection. What it will take, how far it is, what is in it and how old that is."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading.copies import NotOurs, copies, place_of
from psauth.dashboard.loading.syncs import Syncing, syncs
from psauth.dashboard.parts import problems, syncing
from psauth.dashboard.parts.text import clean, plain
from psauth.exceptions import LoginRequired, MirrorError, PsauthError

LOOK_EVERY = 0.5  # seconds between looks at a sync under way; nothing is asked of the service
LOOK_SELDOM = 10.0
WHAT = (
    "A sync copies what Process Street has to this machine. Pages then open at once and cost no request, and each "
    "further sync asks only for what changed since the last one."
)
ANEW = "The copy that is there is kept beside the new one."
GOES_ON = (
    "It goes on when this page is closed, for as long as the app runs. You can stop it at any time: what has come is "
    "kept, and the next start goes on from there. Once started, it keeps the copy current every 15 minutes."
)


@st.fragment(run_every=LOOK_EVERY)
def _busy(mine: Syncing) -> None:
    """A task under way; the page is drawn anew when it is over."""
    if mine.task is None:
        st.rerun()
    with st.container(key="syncing"):
        syncing.say_how_far(mine)
        if mine.task == "sync":
            st.button("Stop", icon=":material/stop_circle:", on_click=mine.stop, disabled=mine.stopping)
        st.caption("Stopping: what has come is made ready to be read …" if mine.stopping else GOES_ON)


@st.fragment(run_every=LOOK_SELDOM)
def _idle(mine: Syncing) -> None:
    """Nothing is being done, and what the person may do about that."""
    if mine.task is not None:
        st.rerun()
    copy = copies.find(state.here())
    syncing.headline(mine, copy)
    if mine.report is None and mine.forecast is not None:
        syncing.foretell(mine.forecast, knows_all=mine.knows_all)
        st.caption(GOES_ON)
    if isinstance(mine.error, NotOurs | LoginRequired):
        return  # the way to go on stands above
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(_next_step(mine), type="primary", icon=":material/sync:"):
            mine.start()
            st.rerun()
        if mine.report is not None:
            keeps = mine.keeps
            st.toggle(
                "Keep it current, every 15 minutes",
                value=keeps,
                key=state.switch_key(keeps),
                on_change=mine.keep,
                args=(not keeps,),
            )


def _next_step(mine: Syncing) -> str:
    """What the button says."""
    if mine.error is not None:
        return "Try again"
    if mine.report is None:
        return "Start"
    return "Sync now" if mine.report.stopped is None else "Go on"


def _failed(mine: Syncing, error: Exception) -> None:
    """What went wrong, and the way out."""
    if isinstance(error, NotOurs):
        st.warning(plain(error))
        with st.container(horizontal=True):
            st.button("It is the same organisation: go on", on_click=mine.go_on)
            st.button("Begin anew", on_click=mine.begin_anew, help=ANEW)
    elif isinstance(error, MirrorError):
        st.warning(plain(error))
        st.button("Begin anew", on_click=mine.begin_anew, help=ANEW)
    elif isinstance(error, LoginRequired):
        problems.show_failure(error, return_to="/sync")
    elif isinstance(error, PsauthError):
        st.warning(f"The sync failed, and the next one goes on where it was. {plain(error)}")
    else:
        st.warning("Something went wrong in this app; its log says more.")


def show() -> None:
    """The view."""
    here = state.here()
    mine = syncs.of(here)
    st.write(WHAT)
    if mine.error is not None:
        _failed(mine, mine.error)
    if mine.task is None and mine.report is None and mine.forecast is None and mine.error is None:
        mine.look()
    if mine.task == "sync":
        state.say_budget()
    (_idle if mine.task is None else _busy)(mine)
    if mine.report is not None:
        syncing.show_report(mine.report)
    if (copy := copies.find(here)) is not None:
        syncing.show_ages(copy)
        with st.expander("Where the copy is"):
            st.code(clean(place_of(here)[0].folder), language=None, wrap_lines=True)


show()
