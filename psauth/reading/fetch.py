"""Fetch: many reads at once, by a bounded number of threads; the results in the order of the jobs, whatever the timing."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from psauth.api.pace import Pace
from psauth.exceptions import ArgumentError, PsauthError, ServiceUnavailable

Job = TypeVar("Job")
Item = TypeVar("Item")

WORKERS: Final = 32
"""Requests under way at once: with 50 ms of latency some 600 a second, which is more than any budget lasts for."""
TICK: Final = 0.2
"""Seconds after which progress is reported again although nothing came, so that a person can stop even then."""
SHOWN_AFTER: Final = 1.0
"""Seconds before a bar is drawn: what is over sooner needs none."""

OnError = Literal["raise", "keep"]
Progress = bool | Callable[[int, int | None], Any]
"""True: a bar. A function is called with done and total (None: not known); when it answers False, the read ends early."""
Note = Callable[[int, int | None], str]
"""What stands behind the bar, for done and total: the time to go, the requests left."""


def _no_note(done: int, total: int | None) -> str:
    return ""


@dataclass
class Fetched(Generic[Job, Item]):
    """The items of each job, in the order of the jobs; with `on_error="keep"` also which jobs failed, and why.

    `answered` are the jobs that came to their end, with items or without, and those of which a part came.
    """

    lists: list[list[Item]] = field(default_factory=list)
    failed: dict[Job, PsauthError] = field(default_factory=dict)
    cut_short: str | None = None
    """Why there are no more lists than these: the list of jobs broke off, or the read was stopped."""
    answered: list[Job] = field(default_factory=list)


def fetch(
    jobs: Callable[[Pace], Iterable[Job]],
    work: Callable[[Job, Pace], Iterable[Sequence[Item]]],
    *,
    total: int | None = None,
    on_error: OnError = "raise",
    progress: Progress = True,
    note: Note = _no_note,
    unit: str = "runs",
    count: Literal["jobs", "items"] = "jobs",
) -> Fetched[Job, Item]:
    """Do `work` for every job, WORKERS at a time.

    jobs: the jobs, which may come one by one; work begins with the first.
    work: yields the items of a job, part by part.
    total: how many jobs there are, where that is known.
    on_error: "raise" ends everything at the first error. "keep" goes on, keeps what came before the error, and ends early
        only when as many jobs in a row as there are workers find the service unavailable.
    progress, note, unit: what a person sees of it; `count` says whether jobs are counted or items.

    Ctrl-C ends everything at once: nothing new begins, what waits for the budget or a retry stops waiting, and nobody
    waits for an answer still on its way.
    """
    if on_error not in get_args(OnError):
        raise ArgumentError(f"There is no on_error={on_error!r}. Expected {' or '.join(map(repr, get_args(OnError)))}.")
    crew = _Crew(jobs, work)
    bar = _Bar(progress, total, unit, note)
    failed: dict[Job, PsauthError] = {}
    cut_short: str | None = None
    finished: set[int] = set()
    unavailable = 0
    try:
        crew.begin()
        while not crew.all_jobs_known or len(finished) < len(crew.jobs):
            try:
                number, error = crew.results.get(timeout=TICK)
            except Empty:
                pass
            else:
                if error is not None and (on_error == "raise" or not isinstance(error, PsauthError)):
                    raise error
                if number is None:
                    crew.all_jobs_known = True
                    cut_short = None if error is None else str(error)
                else:
                    finished.add(number)
                    if isinstance(error, PsauthError):
                        failed[crew.jobs[number]] = error
                    unavailable = unavailable + 1 if isinstance(error, ServiceUnavailable) else 0
                    if unavailable >= WORKERS:
                        cut_short = f"Given up: the service failed {unavailable} times in a row. Try again later."
                        break
            if bar.report(len(finished) if count == "jobs" else crew.item_count()) is False:
                of_total = "" if total is None else f" of {total:,}"
                cut_short = f"Stopped after {len(finished):,}{of_total}."
                if count == "items":
                    cut_short = "Stopped before its end."
                break
    finally:
        crew.dismiss()
        bar.close()
    if cut_short is not None:
        failed |= {
            crew.jobs[number]: PsauthError("Stopped before its end.")
            for number, items in enumerate(crew.lists)
            if items and number not in finished
        }
    lists = [list(items) for items in crew.lists]
    answered = [
        job
        for number, (job, items) in enumerate(zip(crew.jobs, lists, strict=False))  # a job may just be being added
        if items or (number in finished and job not in failed)
    ]
    return Fetched(lists, failed, cut_short, answered)


class _Crew(Generic[Job, Item]):
    """The threads of one fetch: one collects the jobs, up to WORKERS do them.

    `results` gets the number of each job that is done, with its error or None, and (None, …) when the jobs are all known.
    The threads are daemons, so that an interpreter that wants to end does not wait for an answer that may take a minute.
    """

    def __init__(
        self, jobs: Callable[[Pace], Iterable[Job]], work: Callable[[Job, Pace], Iterable[Sequence[Item]]]
    ) -> None:
        self._list_jobs, self._do = jobs, work
        self._stop = threading.Event()
        self._pace = Pace(background=True, stop=self._stop)
        self._waiting: SimpleQueue[int | None] = SimpleQueue()
        self._workers = 0
        self.jobs: list[Job] = []
        self.lists: list[list[Item]] = []
        self.results: SimpleQueue[tuple[int | None, BaseException | None]] = SimpleQueue()
        self.all_jobs_known = False

    def begin(self) -> None:
        """Start the thread that collects the jobs; it starts the workers as there is work for them."""
        threading.Thread(target=self._collect, name="psauth-fetch-jobs", daemon=True).start()

    def item_count(self) -> int:
        """Items so far."""
        return sum(map(len, list(self.lists)))

    def dismiss(self) -> None:
        """Let nothing new begin; threads that wait for work, the budget or a retry end."""
        self._stop.set()
        for _ in range(WORKERS):
            self._waiting.put(None)

    def _collect(self) -> None:
        problem: BaseException | None = None
        try:
            for number, job in enumerate(self._list_jobs(self._pace)):
                if self._stop.is_set():
                    return
                self.lists.append([])
                self.jobs.append(job)
                self._waiting.put(number)
                if self._workers < WORKERS:
                    self._workers += 1
                    threading.Thread(target=self._work, name="psauth-fetch", daemon=True).start()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that called fetch
            problem = error
        self.results.put((None, problem))

    def _work(self) -> None:
        while (number := self._waiting.get()) is not None and not self._stop.is_set():
            problem: BaseException | None = None
            items = self.lists[number]
            try:
                for part in self._do(self.jobs[number], self._pace):
                    items.extend(part)
            except BaseException as error:  # noqa: BLE001 - as above
                problem = error
            self.results.put((number, problem))


class _Bar:
    """The progress of a read: a bar of tqdm's once it takes longer than a second, or a call of the person's function."""

    def __init__(self, progress: Progress, total: int | None, unit: str, note: Note) -> None:
        if not isinstance(progress, bool) and not callable(progress):
            raise ArgumentError(f"progress={progress!r} cannot be shown. Expected True, False or a function.")
        self._function = progress if callable(progress) else None
        self._total, self._note, self._unit = total, note, unit
        self._wanted = progress is True
        self._bar: Any = None
        self._began = time.time()  # tqdm's own clock
        self._next_look = time.monotonic() + SHOWN_AFTER

    def report(self, done: int) -> Any:
        """Show how far the read is; the answer is the function's."""
        if self._function is not None:
            return self._function(done, self._total)
        if self._wanted and (now := time.monotonic()) >= self._next_look:
            self._next_look = now + TICK
            self._draw(done)
        return None

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def _draw(self, done: int) -> None:
        if self._bar is None:
            with warnings.catch_warnings():
                # A notebook without ipywidgets gets a plain bar, and no lecture about it.
                warnings.simplefilter("ignore")
                from tqdm.auto import tqdm  # here: it looks for a notebook, which takes its time

            # No {remaining}: tqdm knows how fast it went, and nothing of the budget. The note says it.
            counted = "{n_fmt} " + self._unit + " [{elapsed}{postfix}]"
            measured = "{l_bar}{bar}| {n_fmt}/{total_fmt} " + self._unit + " [{elapsed}{postfix}]"
            form = counted if self._total is None else measured
            self._bar = tqdm(total=self._total, bar_format=form, leave=False, delay=1e-9)  # not drawn empty first
            self._bar.start_t = self._began
        self._bar.n = done
        self._bar.set_postfix_str(self._note(done, self._total))
