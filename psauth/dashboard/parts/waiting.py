"""Waiting: half a second of nothing, then the outline of what will come, then how far it is; and asking before spending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import pandas as pd
import streamlit as st

from psauth.api.budget import Budget
from psauth.dashboard import state
from psauth.dashboard.loading import read as reads
from psauth.dashboard.loading.jobs import Job, jobs
from psauth.dashboard.loading.read import ASKED_FROM, Loaded, Read
from psauth.dashboard.parts import problems
from psauth.exceptions import PsauthError
from psauth.reading.plan import Plan
from psauth.words import lasting

CALM: Final = 0.5
"""Seconds in which a page shows nothing of its waiting."""
SAID_FROM: Final = 2.0
"""Seconds after which it says how far it is."""
LOOK_EVERY: Final = 0.5
"""Seconds between looks at a read under way; nothing is asked of the service."""


def ready(read: Read) -> Loaded:
    """What was read, when it is there; until then the page ends here, with what there is to see meanwhile."""
    job = read.find()
    if job is None:
        plan = _result(read, read.cost()) if read.plan else None
        if read.endless or (plan is not None and plan.requests > ASKED_FROM):
            if not _agreed(read, plan):
                st.stop()
            _started(read, long=True)
            st.rerun()
        job = _started(read, long=False)
    loaded = _result(read, job)
    if not isinstance(loaded, Loaded):  # stopped before its turn came
        jobs.drop(job)
        st.rerun()
    if loaded.frame.empty and loaded.missing:
        _nothing_came(read, loaded)
    return loaded


def offered(read: Read) -> pd.DataFrame | None:
    """The same for what a page can do without, like names beside ids: nothing where it cannot be read."""
    job = read.find() or _started(read, long=False)
    if job.wait(max(0.0, CALM - job.seconds)) and isinstance(job.failure, PsauthError):
        return None
    return ready(read).frame


def again(read: Read, loaded: Loaded) -> None:
    """Reload: read anew at once, or ask first when that is dear, or may be because nobody has seen the end of it."""
    if loaded.requests > ASKED_FROM or (read.endless and loaded.missing):
        _ask_again(read, loaded)
    else:
        _drop(read)
        _started(read, long=False)
        st.rerun()


def go_on(rest: Read) -> None:
    """Read what an incomplete read lacks; that was agreed to when it began."""
    _drop(rest)
    _started(rest, long=True)
    st.rerun()


def _nothing_came(read: Read, loaded: Loaded) -> NoReturn:
    """A read that was stopped at once, or of which every part failed."""
    st.text(f"Nothing of {read.name} has come. {next(iter(loaded.missing.values()))}")
    if st.button("Try again", type="primary", icon=":material/refresh:"):
        _drop(read)
        st.rerun()
    st.stop()


def _drop(read: Read) -> None:
    if (job := read.find()) is not None:
        jobs.drop(job)


def _started(read: Read, *, long: bool) -> Job:
    try:
        return read.start(long=long)
    except PsauthError as error:
        problems.show_failure(error, return_to=state.place())
        st.stop()


def _result(read: Read, job: Job) -> Any:
    if not job.wait(max(0.0, CALM - job.seconds)):
        _watch(read, job)
        st.stop()
    try:
        return job.result()
    except PsauthError as error:
        jobs.drop(job)  # so that the next run of the page tries again
        problems.show_failure(error, return_to=state.place())
        st.stop()
    except Exception:
        jobs.drop(job)
        raise


def _agreed(read: Read, plan: Plan | None) -> bool:
    """What a read will cost, and the button to begin it; whether that was pressed."""
    with st.container(border=True):
        if plan is None:
            st.markdown(f"**Reading all of {read.name} may take many requests**")
            unknown = "How many there are is not known beforehand; it takes one request for every 20."
            st.write(f"{unknown} {_left(reads.budget(read.here))}".strip())
        else:
            st.markdown(f"**Reading {read.name} of {len(plan.run_ids):,} runs takes about {plan.requests:,} requests**")
            st.write(f"That takes about {lasting(plan.seconds)}. {_left(reads.budget(read.here))}".strip())
        st.caption("You can go to other pages meanwhile, and stop it at any time: what has come by then is kept.")
        return st.button("Start", type="primary", icon=":material/play_arrow:")


@st.dialog("Read again?")
def _ask_again(read: Read, loaded: Loaded) -> None:
    took = f"Reading {read.name} took {loaded.requests:,} requests"
    if loaded.missing:
        took += ", and did not come to its end"
    st.write(f"{took}. {_left(reads.budget(read.here))}".strip())
    with st.container(horizontal=True):
        if st.button("Read again", type="primary"):
            _drop(read)
            _started(read, long=True)
            st.rerun()
        if st.button("Keep these"):
            st.rerun()


@st.fragment(run_every=LOOK_EVERY)
def _watch(read: Read, job: Job) -> None:
    """What there is to see of a read under way; draws the page anew when it is over."""
    if job.is_over or jobs.find(job.owner, job.what) is not job:
        st.rerun()
    with st.container(height=72, border=False, key="waiting"):
        if job.long and job.begun is None:
            _line(0.0, f"{read.name.capitalize()} wait for another long read to end", job)
        elif job.seconds >= SAID_FROM:
            _line(job.done / job.total if job.total else None, _how_far(read, job), job)
        else:
            st.caption(f"Reading {read.name} …")
    st.skeleton(height=320)


def _line(share: float | None, text: str, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if share is None:
            st.markdown(text, width="stretch")
        else:
            st.progress(min(1.0, share), text=text)
        if job.stopping:
            st.caption("Stopping …")
        elif st.button("Stop", icon=":material/stop_circle:"):
            job.stop()
            st.rerun(scope="fragment")


def _how_far(read: Read, job: Job) -> str:
    parts = [
        f"{job.done:,} of {job.total:,} runs" if job.total else f"{job.done:,} {read.name.removeprefix('the ')} so far"
    ]
    budget = reads.budget(read.here)
    enough = budget.remaining is None or budget.remaining >= (job.total - job.done if job.total else 1)
    if budget.remaining is not None:
        parts.append(f"{budget.remaining:,} requests left{'' if enough else _refill(budget)}")
    if job.total and job.done and enough:
        parts.append(f"about {lasting(job.seconds / job.done * (job.total - job.done))} to go")
    return " · ".join(parts)


def _left(budget: Budget) -> str:
    """How many requests this hour still has."""
    if budget.remaining is None or not budget.limit:
        return ""
    return f"{budget.remaining:,} of {budget.limit:,} requests are left this hour{_refill(budget)}."


def _refill(budget: Budget) -> str:
    if budget.resets_at is None:
        return ""
    return f", new ones come in {lasting(max(0.0, (budget.resets_at - datetime.now(UTC)).total_seconds()))}"
