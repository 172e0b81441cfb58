"""Supply: what the workers of a sync do next, in the order that matters; runs come out of the store's queue."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from psauth.mirror.questions import Question
from psauth.mirror.queue import ALL, Priority, Which
from psauth.mirror.records import PendingRun
from psauth.mirror.store import Store

AHEAD: Final = 200
"""Runs taken out of the queue at once; no more of them are in memory, however many wait."""
AHEAD_OF_WRITER: Final = 4
"""Jobs that may be answered and not yet be on the disk, beside half as many as there are takers: more threads fill the time
in which one transaction is written with more answers. Together with what is asked for it is what a kill costs."""
EVERY: Final = 4
"""While history is read, one job in so many is another list: a long one that was begun last would be waited for."""
LOOK_AGAIN: Final = 0.5
"""Seconds after which somebody who waits for a job looks again, should nobody have told that there is one."""


@dataclass(frozen=True)
class MissedRun:
    """A run that a complete list does not name: one request tells what became of it."""

    run_id: str


Job = Question | PendingRun | MissedRun


def name_of(job: Job) -> str:
    """A name that a job has again in the next sync; a run that has moved since is another job."""
    match job:
        case Question():
            return f"{job.noun} of {job.owner}"
        case PendingRun():
            return f"run {job.run_id} {job.signature}"
        case MissedRun():
            return f"run {job.run_id}"


class Supply:
    """Jobs for workers: what is urgent, then the runs that wait, then the rest. Threads share it.

    A job is under way until `done` is called, after what it brought is on the disk. Runs and the rest are given out
    once `open_runs` was called. There is an end when everybody who said `open` has said `close`.

    Between `begin_walk` and `end_walk` one run is given out for each page of the lists of runs that has come, and more, or
    the rest, only where `has_plenty` says that the budget allows it. Else the threads that read runs would take all of it
    from the one that walks, and nobody would know for hours how much there is to do.
    """

    def __init__(self, store: Store, which: Which = ALL, *, has_plenty: Callable[[], bool] = lambda: True) -> None:
        self._store, self._which, self._has_plenty = store, which, has_plenty
        self._lock = threading.RLock()  # taken by itself: the `with` of a Condition can be interrupted halfway
        self._changed = threading.Condition(self._lock)
        self._urgent: deque[Job] = deque()
        self._runs: deque[PendingRun] = deque()
        self._last: deque[Job] = deque()
        self._under_way: set[str] = set()
        self._set_aside: set[str] = set()
        self._jobs = self._finders = self._given = self._takers = 0
        self._runs_open = self._gives_runs = self._walks = self._stopped = False
        self._pages = self._given_in_walk = 0
        self._dry = False
        """No run waits, as far as the last look into the queue showed."""

    def add(self, jobs: Iterable[Job], *, urgent: bool = True) -> None:
        """More jobs; those that are not urgent come when no run waits to be read."""
        with self._lock:
            (self._urgent if urgent else self._last).extend(jobs)
            self._changed.notify_all()

    def open_runs(self, *, given_out: bool = True) -> None:
        """From now on the runs that wait are given out, and what is not urgent; not `given_out`: the latter alone."""
        with self._lock:
            self._runs_open, self._gives_runs = True, given_out
            self._changed.notify_all()

    def begin_walk(self) -> None:
        """The lists of runs are being walked."""
        with self._lock:
            self._walks = True

    def found_runs(self) -> None:
        """A page of a list of runs has come, so there may be more runs in the queue than before."""
        with self._lock:
            self._dry = False
            self._pages += 1
            self._changed.notify_all()

    def end_walk(self) -> None:
        """All runs that are to be read stand in the queue."""
        with self._lock:
            self._walks = self._dry = False
            self._changed.notify_all()

    def add_taker(self) -> None:
        """One thread more takes jobs."""
        with self._lock:
            self._takers += 1

    def open(self) -> None:
        """Somebody begins to look for jobs."""
        with self._lock:
            self._finders += 1

    def close(self) -> None:
        """They will add nothing more."""
        with self._lock:
            self._finders -= 1
            self._changed.notify_all()

    def stop(self) -> None:
        """Nothing more is given out."""
        with self._lock:
            self._stopped = True
            self._changed.notify_all()

    def take(self) -> Job | None:
        """The next job, as soon as there is one; None when there will be none any more."""
        with self._lock:
            while not self._stopped:
                unwritten = self._takers // 2 + AHEAD_OF_WRITER
                job = self._next() if self._jobs < self._takers + unwritten else None
                if job is not None:
                    self._jobs += 1
                    if isinstance(job, PendingRun):
                        self._under_way.add(job.run_id)
                    return job
                if not self._finders and not self._jobs:
                    self._changed.notify_all()
                    return None
                self._changed.wait(LOOK_AGAIN)
        return None

    def done(self, job: Job, *, again: bool = True) -> None:
        """A job is over. `again`: should its run wait once more, it is given out again; else it is left alone this time."""
        with self._lock:
            self._jobs -= 1
            self._dry = False  # a run may have moved while it was read, or be there after all, and wait again
            if isinstance(job, PendingRun):
                self._under_way.discard(job.run_id)
                if not again:
                    self._set_aside.add(job.run_id)
            self._changed.notify_all()

    def wait_for_urgent(self) -> bool:
        """Return when all urgent jobs are over; False when the supply was stopped before."""
        with self._lock:
            while (self._urgent or self._jobs) and not self._stopped:
                self._changed.wait(LOOK_AGAIN)
            return not self._stopped

    @property
    def questions_left(self) -> int:
        """About how many requests everything takes that is no run of the queue."""
        with self._lock:
            return sum(job.requests if isinstance(job, Question) else 1 for job in [*self._urgent, *self._last])

    def _next(self) -> Job | None:
        if self._urgent:
            return self._urgent.popleft()
        if self._runs_open and (self._given_in_walk < self._pages or self._is_free()):
            if self._gives_runs and not self._runs and not self._dry:
                self._runs.extend(self._waiting())
                self._dry = not self._runs
            if self._runs:
                self._given += 1
                is_history = self._runs[0].priority >= Priority.HISTORY
                if not (is_history and self._last and self._given % EVERY == 0 and self._is_free()):
                    self._given_in_walk += 1
                    return self._runs.popleft()
            return self._last.popleft() if self._last and self._is_free() else None
        return None

    def _is_free(self) -> bool:
        """Whether no walk is held up by what is given out."""
        return not self._walks or self._has_plenty()

    def _waiting(self) -> Iterator[PendingRun]:
        others = self._under_way | self._set_aside
        with self._store.snapshot() as snap:
            waiting = snap.pending(AHEAD + len(others), self._which)
        return (run for run in waiting if run.run_id not in others)
