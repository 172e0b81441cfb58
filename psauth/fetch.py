"""Fetch: many reads at once, in a bounded pool; the results in the order of the asking, whatever the timing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any, Final, Generic, Literal, TypeVar

from psauth.exceptions import PsauthError

Job = TypeVar("Job")
Result = TypeVar("Result")

WORKERS: Final = 32
"""Requests under way at once: with 50 ms of latency some 600 a second, which is more than any budget lasts for."""
OnError = Literal["raise", "keep"]
Progress = bool | Callable[[int, int | None], None]


@dataclass(frozen=True)
class Pace:
    """How a request is made: `background` ones wait for the budget as long as it takes; `stop` ends them early."""

    background: bool = False
    stop: threading.Event | None = None


INTERACTIVE: Final = Pace()


@dataclass
class Fetched(Generic[Job, Result]):
    """What came, in the order of the jobs; with `on_error="keep"` also what did not, and why."""

    results: list[Result] = field(default_factory=list)
    failed: dict[Job, PsauthError] = field(default_factory=dict)
    cut_short: PsauthError | None = None
    """Why there are no more jobs than these, where the telling of them failed."""


def fetch(
    jobs: Iterable[Job],
    work: Callable[[Job, Pace], Result],
    *,
    total: int | None = None,
    on_error: OnError = "raise",
    progress: Progress = True,
    note: Callable[[], str] = str,
    unit: str = "run",
) -> Fetched[Job, Result]:
    """Do `work` for every job, WORKERS at a time, beginning while `jobs` are still being told.

    The first error ends everything, unless `on_error` is "keep". Ctrl-C ends everything at once: nothing new begins,
    and what waits for the budget or a retry stops waiting.
    """
    stop = threading.Event()
    pace = Pace(background=True, stop=stop)
    done: dict[int, Result] = {}
    failed: dict[Job, PsauthError] = {}
    under_way: dict[Future[Result], tuple[int, Job]] = {}
    bar = _Bar(progress, total, unit, note)
    pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="psauth-fetch")

    def collect(futures: Iterable[Future[Result]]) -> None:
        for future in futures:
            number, job = under_way.pop(future)
            try:
                done[number] = future.result()
            except PsauthError as error:
                if on_error == "raise":
                    raise
                failed[job] = error
            bar.step()

    cut_short: PsauthError | None = None
    try:
        try:
            for number, job in enumerate(jobs):
                under_way[pool.submit(work, job, pace)] = (number, job)
                collect([f for f in under_way if f.done()])
        except PsauthError as error:
            if on_error == "raise":
                raise
            cut_short = error
        while under_way:
            collect(wait(under_way, return_when=FIRST_COMPLETED).done)
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
    finally:
        bar.close()
    pool.shutdown()
    return Fetched([done[number] for number in sorted(done)], failed, cut_short)


class _Bar:
    """Progress, told by tqdm once a read takes longer than a second, or to a function; gone when the read is done."""

    def __init__(self, progress: Progress, total: int | None, unit: str, note: Callable[[], str]) -> None:
        self._told = progress if callable(progress) else None
        self._total, self._done, self._note = total, 0, note
        self._bar: Any = None
        if progress is True:
            from tqdm.auto import tqdm  # here: it looks for a notebook, which takes its time

            self._bar = tqdm(total=total, unit=unit, delay=1.0, leave=False, mininterval=0.3)

    def step(self) -> None:
        self._done += 1
        if self._told is not None:
            self._told(self._done, self._total)
        if self._bar is not None:
            self._bar.set_postfix_str(self._note(), refresh=False)
            self._bar.update()

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
