"""Waiting: half a second of nothing, then the outline of what will come, then how far it is; and asking before spending."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final, NoReturn

import pandas as pd
import streamlit as st

from psauth.api.budget import Budget
from psauth.dashboard import state
from psauth.dashboard.loading import read as reads
from psauth.dashboard.loading.copies import copies
from psauth.dashboard.loading.jobs import Job, jobs
from psauth.dashboard.loading.read import Loaded, Read, is_dear
from psauth.dashboard.parts import problems
from psauth.dashboard.parts.text import clean
from psauth.exceptions import LoginRequired, PsauthError, ServiceUnavailable
from psauth.reading.plan import Plan
from psauth.words import lasting

CALM: Final = 0.5
"""Seconds in which a view shows nothing of its waiting."""
SAID_FROM: Final = 2.0
"""Seconds after which it says how far it is."""
SILENT_FROM: Final = 4.0
"""Seconds without an answer after which it says so; the read itself goes on trying for some seconds more."""
LOOK_EVERY: Final = 0.5
"""Seconds between looks at a read under way; nothing is asked of the service."""


def ready(read: Read) -> Loaded:
    """What was read, when it has come; until then the view ends here, with what can be seen meanwhile.

    While a read is made anew, and when that fails, it is what had been read before. What the local copy has is there at
    once, and costs nothing.
    """
    if (loaded := copied(read)) is not None:
        return loaded
    job = read.find()
    if job is None:
        plan = _result(read, read.cost()) if read.plan else None
        if _needs_agreement(read, plan):
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
    """The same for what a view can do without, like names beside ids: nothing where it cannot be read."""
    if (loaded := copied(read)) is not None:
        return loaded.frame
    job = read.find() or _started(read, long=False)
    if job.wait(max(0.0, CALM - job.seconds)) and isinstance(job.failure, PsauthError) and job.peek() is None:
        return None
    return ready(read).frame


def copied(read: Read) -> Loaded | None:
    """What the local copy has of it, unless the view is to show what the service says now."""
    return None if state.is_live() else copies.read(read)


def again(read: Read, loaded: Loaded) -> None:
    """Reload: read anew at once, or ask first when that is dear, or may be because nobody has seen the end of it."""
    dear = is_dear(loaded.requests, loaded.seconds, reads.budget(read.here))
    if dear or (read.endless and loaded.missing):
        _ask_again(read, loaded)
    else:
        _restart(read, long=False)


def go_on(rest: Read) -> None:
    """Read what an incomplete read lacks; that was agreed to when it began."""
    _restart(rest, long=True)


def found(job: Job) -> Any:
    """What a job has found in the local copy; until then the view ends here, with the outline of what will come."""
    if not job.wait(max(0.0, CALM - job.seconds)):
        _watch_search(job)
        st.stop()
    if job.failure is None:
        return job.result()
    jobs.drop(job)  # so that the next run of the view tries again
    if isinstance(job.failure, PsauthError):
        problems.show_failure(job.failure, return_to=state.place())
        st.stop()
    raise job.failure


def show_news(read: Read) -> None:
    """Above a table that is being read anew: how far that is; and when it failed, why the table is still the old one."""
    job = read.find()
    if job is None or job.earlier is None:
        return
    if not job.is_over:
        if job.long:
            state.say_budget()
        _watch_above(read, job)
    elif job.failure is not None:
        problems.show_failed_reload(job.failure)


def _needs_agreement(read: Read, plan: Plan | None) -> bool:
    budget = reads.budget(read.here)
    if plan is not None:
        return is_dear(plan.requests, plan.seconds, budget)
    return read.endless or (read.most is not None and is_dear(read.most, 0.0, budget))


def _nothing_came(read: Read, loaded: Loaded) -> NoReturn:
    """A read that was stopped at once, or of which every part failed."""
    st.text(clean(f"Nothing of {read.name} has come. {next(iter(loaded.missing.values()))}"))
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


def _restart(read: Read, *, long: bool) -> NoReturn:
    """Read anew, with the table that is there left standing meanwhile."""
    job = read.find()
    try:
        job = read.start(long=long) if job is None else read.start_again(job, long=long)
    except PsauthError as error:
        problems.show_failure(error, return_to=state.place())
        st.stop()
    job.wait(CALM)
    st.rerun()


def _result(read: Read, job: Job) -> Any:
    if not job.wait(max(0.0, CALM - job.seconds)):
        if job.earlier is not None:
            return job.earlier
        if job.long:
            state.say_budget()
        _watch(read, job)
        st.stop()
    error = job.failure
    if error is None:
        return job.peek()
    if job.earlier is not None and isinstance(error, PsauthError) and not isinstance(error, LoginRequired):
        return job.earlier
    jobs.drop(job)  # so that the next run of the view tries again
    if isinstance(error, PsauthError):
        problems.show_failure(error, return_to=state.place())
        st.stop()
    raise error


def _agreed(read: Read, plan: Plan | None) -> bool:
    """What a read will cost, and the button to begin it; whether that was pressed."""
    with st.container(border=True):
        left = _left(reads.budget(read.here))
        if plan is not None:
            st.markdown(f"**Reading {read.name} of {len(plan.run_ids):,} runs takes about {plan.requests:,} requests**")
            st.write(f"That takes about {lasting(plan.seconds)}. {left}".strip())
        elif read.endless:
            st.markdown(f"**Reading all of {read.name} may take many requests**")
            unknown = "How many there are is not known beforehand; it takes one request for every 20."
            st.write(f"{unknown} {left}".strip())
        else:
            st.markdown(f"**Reading {read.name} may take up to {read.most:,} requests**")
            st.write(f"It takes one request for every 20. {left}".strip())
        st.caption("You can go to other views meanwhile, and stop it at any time: what has come by then is kept.")
        return st.button("Start", type="primary", icon=":material/play_arrow:")


@st.dialog("Read again?")
def _ask_again(read: Read, loaded: Loaded) -> None:
    requests = f"{loaded.requests:,} {'request' if loaded.requests == 1 else 'requests'}"
    took = f"Reading {read.name} took {requests} and {lasting(loaded.seconds)}"
    if loaded.missing:
        took += ", and did not come to its end"
    st.write(f"{took}. {_left(reads.budget(read.here))}".strip())
    with st.container(horizontal=True):
        if st.button("Read again", type="primary"):
            _restart(read, long=True)
        if st.button("Keep these"):
            st.rerun()


@st.fragment(run_every=LOOK_EVERY)
def _watch(read: Read, job: Job) -> None:
    """What there is to see of a first read under way; draws the view anew when it is over."""
    if job.is_over or jobs.find(job.owner, job.what) is not job:
        st.rerun()
    with st.container(key="waiting"):
        _say_how_far(read, job)
    st.skeleton(height=320)


@st.fragment(run_every=LOOK_EVERY)
def _watch_search(job: Job) -> None:
    """The same of a search in the local copy, which nobody can say the length of."""
    if job.is_over or jobs.find(job.owner, job.what) is not job:
        st.rerun()
    with st.container(key="waiting"):
        seconds = int(job.seconds)
        st.caption(f"Looking through the local copy{f' ({seconds:,} s)' if seconds >= SAID_FROM else ''} …")
    st.skeleton(height=320)


@st.fragment(run_every=LOOK_EVERY)
def _watch_above(read: Read, job: Job) -> None:
    """The same above the table that is read anew."""
    if job.is_over or jobs.find(job.owner, job.what) is not job:
        st.rerun()
    _say_how_far(read, job)


def _say_how_far(read: Read, job: Job) -> None:
    if job.long and job.begun is None:
        _line(0.0, f"{read.name.capitalize()} wait for another long read to end", job)
    elif job.silence >= SILENT_FROM and not _waits_for_requests(read):
        _line(None, f"Process Street has not answered for {int(job.silence)} s. Still trying …", job)
    elif job.seconds >= SAID_FROM:
        _line(job.done / job.total if job.total else None, _how_far(read, job), job)
    else:
        st.caption(f"Reading {read.name} …")


def _line(share: float | None, text: str, job: Job) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        if share is None:
            st.markdown(text, width="stretch")
        else:
            st.progress(min(1.0, share), text=text)
        if job.stopping:
            st.caption("Stopping …")
        elif st.button("Stop", icon=":material/stop_circle:"):
            silent = job.silence >= SILENT_FROM
            job.stop()
            if silent:  # its thread hears of the stop at the next answer only, and that may never come
                job.give_up(ServiceUnavailable("Stopped, because Process Street did not answer."))
            st.rerun(scope="app" if silent else "fragment")


def _how_far(read: Read, job: Job) -> str:
    parts = [
        f"{job.done:,} of {job.total:,} runs" if job.total else f"{job.done:,} {read.name.removeprefix('the ')} so far"
    ]
    budget = reads.budget(read.here)
    enough = budget.remaining is None or budget.remaining >= (job.total - job.done if job.total else 1)
    if budget.remaining is not None and job.long:
        parts.append(f"{budget.remaining:,} requests left{'' if enough else _refill(budget)}")
    if job.total and job.done and enough:
        parts.append(f"about {lasting(job.seconds / job.done * (job.total - job.done))} to go")
    return " · ".join(parts)


def _waits_for_requests(read: Read) -> bool:
    """Whether the read is silent because the requests of this hour are used up."""
    return reads.budget(read.here).remaining == 0


def _left(budget: Budget) -> str:
    """How many requests this hour still has."""
    if budget.remaining is None or not budget.limit:
        return ""
    state.say_budget()
    return f"{budget.remaining:,} of {budget.limit:,} requests are left this hour{_refill(budget)}."


def _refill(budget: Budget) -> str:
    if budget.resets_at is None:
        return ""
    return f", new ones come in {lasting(max(0.0, (budget.resets_at - datetime.now(UTC)).total_seconds()))}"
