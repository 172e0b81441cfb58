"""Fetch: many reads at once, by a bounded number of threads; the results in the order of the asking, whatever the timing."""

from __future__ import annotations

import threading
import time
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Final, Generic, Literal, TypeVar, get_args

from psauth.api.pace import Pace
from psauth.exceptions import PsauthError, ServiceUnavailable

Job = TypeVar("Job")
Item = TypeVar("Item")

WORKERS: Final = 32
"""Requests under way at once: with 50 ms of latency some 600 a second, which is more than any budget lasts for."""
TICK: Final = 0.2
"""Seconds after which progress is told again although nothing came, so that a person can stop even then."""
SHOWN_AFTER: Final = 1.0
"""Seconds before a bar is drawn: what is over sooner needs none."""

OnError = Literal["raise", "keep"]
Progress = bool | Callable[[int, int | None], Any]
"""True: a bar. A function gets done and total (None: not known); when it answers False, the read ends early."""


@dataclass
class Fetched(Generic[Job, Item]):
    """What came, list by list in the order of the jobs; with `on_error="keep"` also what did not, and why.

    `answered` are the jobs that were done to their end, whether they found anything or not, or of which a part came.
    """

    lists: list[list[Item]] = field(default_factory=list)
    failed: dict[Job, PsauthError] = field(default_factory=dict)
    cut_short: str | None = None
    """Why there are no more lists than these: the telling of the jobs failed, or the read was stopped."""
    answered: list[Job] = field(default_factory=list)


def fetch(
    jobs: Callable[[Pace], Iterable[Job]],
    work: Callable[[Job, Pace], Iterable[Sequence[Item]]],
    *,
    total: int | None = None,
    on_error: OnError = "raise",
    progress: Progress = True,
    note: Callable[[], str] = str,
    unit: str = "runs",
    count: Literal["jobs", "items"] = "jobs",
) -> Fetched[Job, Item]:
    """Do `work` for every job, WORKERS at a time, beginning while `jobs` are still being told.

    `work` yields what it finds part by part; progress counts whole jobs, or the items found so far. The first error ends
    everything, unless `on_error` is "keep": then what was found before it stays, and only a service that fails for a
    whole crew in a row ends it. Ctrl-C ends everything at once: nothing new begins, what waits for the budget or a
    retry stops waiting, and nobody waits for an answer still on its way.
    """
    if on_error not in get_args(OnError):
        raise ValueError(f"There is no on_error={on_error!r}. Expected {' or '.join(map(repr, get_args(OnError)))}.")
    crew = _Crew(jobs, work)
    bar = _Bar(progress, total, unit, note)
    failed: dict[Job, PsauthError] = {}
    cut_short: str | None = None
    finished: set[int] = set()
    down = 0
    try:
        crew.begin()
        while not crew.all_told or len(finished) < len(crew.jobs):
            try:
                number, error = crew.news.get(timeout=TICK)
            except Empty:
                pass
            else:
                if error is not None and (on_error == "raise" or not isinstance(error, PsauthError)):
                    raise error
                if number is None:
                    crew.all_told = True
                    cut_short = None if error is None else str(error)
                else:
                    finished.add(number)
                    if isinstance(error, PsauthError):
                        failed[crew.jobs[number]] = error
                    down = down + 1 if isinstance(error, ServiceUnavailable) else 0
                    if down >= WORKERS:
                        cut_short = f"Given up: the service failed {down} times in a row. Try again later."
                        break
            if bar.tell(len(finished) if count == "jobs" else crew.found()) is False:
                of = "" if total is None else f" of {total:,}"
                cut_short = f"Stopped after {len(finished):,}{of}." if count == "jobs" else "Stopped before its end."
                break
    finally:
        crew.dismiss()
        bar.close()
    if cut_short is not None:
        failed |= {
            crew.jobs[number]: PsauthError("Stopped before its end.")
            for number, found in enumerate(crew.lists)
            if found and number not in finished
        }
    lists = [list(found) for found in crew.lists]
    answered = [
        job
        for number, (job, found) in enumerate(zip(crew.jobs, lists, strict=False))  # one may just be being told
        if found or (number in finished and job not in failed)
    ]
    return Fetched(lists, failed, cut_short, answered)


class _Crew(Generic[Job, Item]):
    """The threads of one fetch: one is told the jobs, up to WORKERS do them, and `news` says what is done.

    They are daemons, so that an interpreter that wants to end does not wait for an answer that may take a minute.
    """

    def __init__(
        self, jobs: Callable[[Pace], Iterable[Job]], work: Callable[[Job, Pace], Iterable[Sequence[Item]]]
    ) -> None:
        self._tell, self._work = jobs, work
        self._pace = Pace(background=True, stop=threading.Event())
        self._waiting: SimpleQueue[int | None] = SimpleQueue()
        self._workers = 0
        self.jobs: list[Job] = []
        self.lists: list[list[Item]] = []
        self.news: SimpleQueue[tuple[int | None, BaseException | None]] = SimpleQueue()
        self.all_told = False

    def begin(self) -> None:
        """Start the thread that is told the jobs; it starts the others as there is work for them."""
        threading.Thread(target=self._hear, name="psauth-fetch-jobs", daemon=True).start()

    def found(self) -> int:
        """Items so far."""
        return sum(map(len, list(self.lists)))

    def dismiss(self) -> None:
        """Nothing new begins from here on; who waits for work, the budget or a retry goes."""
        assert self._pace.stop is not None  # noqa: S101 - made so in __init__
        self._pace.stop.set()
        for _ in range(WORKERS):
            self._waiting.put(None)

    @property
    def _stopped(self) -> bool:
        return self._pace.stop is not None and self._pace.stop.is_set()

    def _hear(self) -> None:
        problem: BaseException | None = None
        try:
            for number, job in enumerate(self._tell(self._pace)):
                if self._stopped:
                    return
                self.lists.append([])
                self.jobs.append(job)
                self._waiting.put(number)
                if self._workers < WORKERS:
                    self._workers += 1
                    threading.Thread(target=self._serve, name="psauth-fetch", daemon=True).start()
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that called fetch
            problem = error
        self.news.put((None, problem))

    def _serve(self) -> None:
        while (number := self._waiting.get()) is not None and not self._stopped:
            problem: BaseException | None = None
            found = self.lists[number]
            try:
                for part in self._work(self.jobs[number], self._pace):
                    found.extend(part)
            except BaseException as error:  # noqa: BLE001 - as above
                problem = error
            self.news.put((number, problem))


class _Bar:
    """Progress, told by tqdm once a read takes longer than a second, or to a function; gone when the read is done."""

    def __init__(self, progress: Progress, total: int | None, unit: str, note: Callable[[], str]) -> None:
        self._told = progress if callable(progress) else None
        self._total, self._note, self._unit = total, note, unit
        self._wanted = progress is True
        self._bar: Any = None
        self._began = time.time()  # tqdm's own clock
        self._next_look = time.monotonic() + SHOWN_AFTER

    def tell(self, done: int) -> Any:
        """What the function answered."""
        if self._told is not None:
            return self._told(done, self._total)
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

            counted = "{n_fmt} " + self._unit + " [{elapsed}{postfix}]"
            measured = "{l_bar}{bar}| {n_fmt}/{total_fmt} " + self._unit + " [{elapsed}<{remaining}{postfix}]"
            form = counted if self._total is None else measured
            self._bar = tqdm(total=self._total, bar_format=form, leave=False, delay=1e-9)  # not drawn empty first
            self._bar.start_t = self._began
        self._bar.n = done
        self._bar.set_postfix_str(self._note())
