"""Crew: the threads of a sync that ask the service. What a job brings goes to the writer; what goes wrong is sorted here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from math import ceil
from typing import Final
from urllib.parse import quote

from psauth.api.pace import Pace
from psauth.api.pages import Record
from psauth.api.transport import Transport
from psauth.exceptions import (
    LoginRequired,
    MirrorError,
    NotFound,
    PermissionDenied,
    PsauthError,
    RateLimited,
    ServiceUnavailable,
    UntrustedAddress,
)
from psauth.mirror.answers import Answer
from psauth.mirror.forecast import Costs
from psauth.mirror.journal import Journal, NotedSource
from psauth.mirror.looks import AGES
from psauth.mirror.questions import OF_RUNS, Question, ask_run
from psauth.mirror.queue import Priority
from psauth.mirror.records import PendingRun
from psauth.mirror.report import Skipped
from psauth.mirror.store import Store
from psauth.mirror.supply import Job, MissedRun, Supply, name_of
from psauth.mirror.walk import DELETED
from psauth.mirror.writer import Write, Writer
from psauth.reading.reader import Reader
from psauth.words import counted

FEWEST: Final = 2
"""Threads that ask at first."""
ASKERS: Final = 36
"""Threads that ask at most: what each of them has under way is what a kill costs. (With the two that walk and find they keep
within the client's connections.)"""
READ: Final = 0.00125
"""Seconds in which one process reads an answer. While one answer is on its way, so many others can be read; more threads
than that would not be faster."""
GIVEN_UP: Final = 24
"""So many failures in a row, whoever asks, and the service is left alone."""
FATAL: Final = (LoginRequired, MirrorError, RateLimited, UntrustedAddress)
"""What no other question would fare better with."""


class Crew:
    """Threads that do the jobs of a supply, until there is none or somebody stops them.

    `error` is what ended it. `skipped` are jobs that failed and are asked for again by the next sync.
    """

    def __init__(
        self,
        transport: Transport,
        supply: Supply,
        writer: Writer,
        pace: Pace,
        *,
        journal: Journal,
        nouns: Iterable[str],
        costs: Costs,
    ) -> None:
        self._transport, self._supply, self._writer, self._pace = transport, supply, writer, pace
        self._nouns = [noun for noun in OF_RUNS if noun in nouns]
        self._journal, self._costs = journal, costs
        self._lock = threading.Lock()
        self._unavailable = 0
        self.formless: frozenset[str] = frozenset()
        """Workflows whose forms have no fields."""
        self.error: BaseException | None = None
        self.skipped: list[Skipped] = []
        self._threads: list[threading.Thread] = []
        self._reading: dict[str, NotedSource] = {}
        self._refused: dict[str, list[str]] = {}
        """Noun → what the service said of each run whose list of it is refused while the run itself is shown."""

    def begin(self) -> None:
        """Start the first threads, which start more where an answer takes its time.

        They are daemons: an interpreter that ends does not wait for an answer.
        """
        self._grow(FEWEST)

    def _grow(self, most: int) -> None:
        with self._lock:
            while len(self._threads) < most:
                self._supply.add_taker()
                thread = threading.Thread(target=self._work, name="psauth-mirror", daemon=True)
                thread.start()  # before anybody may join it
                self._threads.append(thread)

    @property
    def is_done(self) -> bool:
        """Whether all threads have ended."""
        return not any(thread.is_alive() for thread in [*self._threads])

    @property
    def requests_under_way(self) -> int:
        """Requests that were answered for runs which are not on the disk yet, and so still wait in the queue."""
        return sum(source.answered for source in [*self._reading.values()])

    def refusals(self) -> list[str]:
        """What to say of lists that are refused although their runs are shown."""
        return [
            f"The {noun.replace('_', ' ')} of {counted(len(whys), 'run')} are refused, and kept as they were; they are asked for "
            f"again in a day: {whys[0]}"
            for noun, whys in sorted(self._refused.items())
        ]

    def join(self, timeout: float) -> None:
        """Return when the threads have ended, after so many seconds at the latest."""
        until = time.monotonic() + timeout
        for thread in [*self._threads]:
            thread.join(max(0.0, until - time.monotonic()))

    def fail(self, error: BaseException) -> None:
        """End everything because of this error; the first one counts."""
        with self._lock:
            self.error = self.error or error
        self.stop()

    def stop(self) -> None:
        """Let nothing new begin; what waits for the budget or a retry ends."""
        if self._pace.stop is not None:
            self._pace.stop.set()
        self._supply.stop()

    def _work(self) -> None:
        try:
            while (job := self._supply.take()) is not None:
                self._try(job)
        except InterruptedError:
            return
        except BaseException as error:  # noqa: BLE001 - raised again in the thread that syncs
            self.fail(error)

    def _try(self, job: Job) -> None:
        try:
            self._do(job)
        except FATAL:
            raise
        except PsauthError as error:
            self._skip(job, error)
        else:
            self._unavailable = 0
            self._grow(min(ASKERS, ceil(self._transport.usage.quickest_answer / READ)))

    def _do(self, job: Job) -> None:
        match job:
            case Question():
                noun, owner = job.noun, job.owner
                source = self._journal.source(name_of(job), AGES[noun])
                try:
                    records = job.ask(Reader(self._transport, source), self._pace)
                except (NotFound, PermissionDenied) as error:
                    self._put(job, partial(Store.note_refused, noun=noun, owner=owner, asked_at=source.asked_at))
                    self.skipped.append(Skipped(_name(job), str(error), refused=True))
                    return
                write = partial(Store.write_list, noun=noun, owner=owner, records=records, asked_at=source.asked_at)
                self._put(job, write)
            case MissedRun():
                self._ask_what_became_of(job, job.run_id)
            case PendingRun():
                try:
                    self._ask_run(job)
                except (NotFound, PermissionDenied) as error:
                    self._ask_what_became_of(job, job.run_id, why=str(error))

    def _ask_run(self, job: PendingRun) -> None:
        source = self._reading[job.run_id] = self._journal.source(name_of(job))
        workflow = job.record.get("workflowId")
        has_fields = workflow not in self.formless
        reader = Reader(self._transport, source)
        answered = ask_run(reader, job.run_id, self._nouns, has_fields=has_fields, pace=self._pace)
        self._costs.note(workflow, answered.requests)
        self._note_refused(answered.refused)
        is_refused = bool(answered.refused)
        self._put(job, Answer(job.record, answered.lists, source.asked_at, whole=self._asks_all, refused=is_refused))

    def _ask_what_became_of(self, job: Job, run_id: str, *, why: str = "") -> None:
        """One request for a run that is not where it was: deleted, hidden from this person, or there all the same.

        `why` is what the service said to who asked for its lists.
        """
        asked_at = datetime.now(UTC)
        try:
            answer = self._transport.get(f"/workflow-runs/{quote(run_id, safe='')}", pace=self._pace)
        except (NotFound, PermissionDenied):
            self._put(job, partial(Store.note_unshown, run_id=run_id, asked_at=asked_at))
            return
        run = answer.get("data", answer) if isinstance(answer, dict) else {}
        if not isinstance(run, dict) or not run.get("id"):
            raise PsauthError("The service answers something else than a run.")
        if run.get("status") == DELETED:
            self._put(job, partial(self._mark_deleted, run_id, asked_at))
        elif isinstance(job, PendingRun):
            self._note_refused(dict.fromkeys(self._nouns, why))
            self._put(job, Answer(job.record, {}, asked_at, whole=self._asks_all, refused=True))
        else:
            self._put(job, partial(_note_there, run=run, seen_at=asked_at))

    @property
    def _asks_all(self) -> bool:
        """Whether all lists of a run are asked for, and not only some that somebody wants."""
        return len(self._nouns) == len(OF_RUNS)

    def _note_refused(self, refused: Mapping[str, str]) -> None:
        for noun, why in refused.items():
            self._refused.setdefault(noun, []).append(why)

    def _put(self, job: Job, what: Answer | Write) -> None:
        """Have the end of a job written; it is over when that is on the disk."""
        self._writer.put(what, partial(self._end, job), job=name_of(job))

    def _end(self, job: Job, *, again: bool = True) -> None:
        if isinstance(job, PendingRun):
            self._reading.pop(job.run_id, None)
        self._supply.done(job, again=again)

    def _mark_deleted(self, run_id: str, asked_at: datetime, store: Store) -> None:
        if store.mark_gone(run_id, "deleted", asked_at):
            self._writer.count_gone("runs")

    def _skip(self, job: Job, error: PsauthError) -> None:
        self.skipped.append(Skipped(_name(job), str(error)))
        with self._lock:
            self._unavailable = self._unavailable + 1 if isinstance(error, ServiceUnavailable) else 0
            given_up = self._unavailable >= GIVEN_UP
        self._end(job, again=False)
        if given_up:
            self.fail(ServiceUnavailable(f"Given up: the service failed {GIVEN_UP} times in a row. {error}"))


def _name(job: Job) -> str:
    """What a job is about, for people."""
    return name_of(job).removesuffix(" of ") if isinstance(job, Question) else f"run {job.run_id}"


def _note_there(store: Store, *, run: Record, seen_at: datetime) -> None:
    """A run that a list did not name is there all the same."""
    store.note_runs([run], seen_at, Priority.MOVED, walk=store.latest_walk())
