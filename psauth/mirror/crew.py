"""Crew: the threads of a sync that ask the service. What a job brings goes to the writer; what goes wrong is sorted here."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import partial
from typing import Final
from urllib.parse import quote

from psauth.api.pace import Pace
from psauth.api.pages import Record
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
from psauth.mirror.questions import OF_RUNS, Question, ask_run
from psauth.mirror.queue import Priority
from psauth.mirror.records import PendingRun
from psauth.mirror.report import Skipped
from psauth.mirror.store import Store
from psauth.mirror.supply import Job, MissedRun, Supply
from psauth.mirror.walk import DELETED
from psauth.mirror.writer import Writer
from psauth.reading.reader import Reader

ASKERS: Final = 24
"""Threads that ask. At 50 ms an answer that is 480 requests a second, more than one process can read; and what each of them
has under way is what a kill costs. (With the two that walk and find they keep within the client's connections.)"""
FATAL: Final = (LoginRequired, MirrorError, RateLimited, UntrustedAddress)
"""What no other question would fare better with."""


class Crew:
    """Threads, so many as `askers`, that do the jobs of a supply, until there is none or somebody stops them.

    `error` is what ended it. `skipped` are jobs that failed and are asked for again by the next sync.
    """

    def __init__(
        self,
        reader: Reader,
        supply: Supply,
        writer: Writer,
        pace: Pace,
        *,
        nouns: Iterable[str],
        costs: Costs,
        askers: int = ASKERS,
    ) -> None:
        self._reader, self._supply, self._writer, self._pace = reader, supply, writer, pace
        self._nouns = [noun for noun in OF_RUNS if noun in nouns]
        self._costs, self._askers = costs, askers
        self._lock = threading.Lock()
        self._unavailable = 0
        self.formless: frozenset[str] = frozenset()
        """Workflows whose forms have no fields."""
        self.hidden: dict[str, datetime] = {}
        """Runs that the service does not show any more, and when it said so. Whether they are gone, or a permission, is seen when all have been asked for."""
        self.error: BaseException | None = None
        self.skipped: list[Skipped] = []
        self._threads: list[threading.Thread] = []

    def begin(self) -> None:
        """Start the threads. They are daemons: an interpreter that ends does not wait for an answer."""
        self._threads = [
            threading.Thread(target=self._work, name="psauth-mirror", daemon=True) for _ in range(self._askers)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def is_done(self) -> bool:
        """Whether all threads have ended."""
        return not any(thread.is_alive() for thread in self._threads)

    def join(self, timeout: float) -> None:
        """Return when the threads have ended, after so many seconds at the latest."""
        until = time.monotonic() + timeout
        for thread in self._threads:
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
        while (job := self._supply.take()) is not None:
            try:
                self._do(job)
            except InterruptedError:
                return
            except FATAL as error:
                self.fail(error)
                return
            except PsauthError as error:
                self._skip(job, error)
            except BaseException as error:  # noqa: BLE001 - raised again in the thread that syncs
                self.fail(error)
                return
            else:
                self._unavailable = 0

    def _do(self, job: Job) -> None:
        match job:
            case Question():
                asked_at = datetime.now(UTC)
                try:
                    records = job.ask(self._reader, self._pace)
                except (NotFound, PermissionDenied) as error:
                    refused = partial(Store.note_refused, noun=job.noun, owner=job.owner, asked_at=asked_at)
                    self._writer.put(refused, partial(self._supply.done, job))
                    self.skipped.append(Skipped(_name(job), str(error)))
                    return
                write = partial(Store.write_list, noun=job.noun, owner=job.owner, records=records, asked_at=asked_at)
                self._writer.put(write, partial(self._supply.done, job))
            case MissedRun():
                self._ask_what_became_of(job, job.run_id)
            case PendingRun():
                try:
                    self._ask_run(job)
                except (NotFound, PermissionDenied):
                    self._ask_what_became_of(job, job.run_id)

    def _ask_run(self, job: PendingRun) -> None:
        asked_at = datetime.now(UTC)
        workflow = job.record.get("workflowId")
        has_fields = workflow not in self.formless
        answered = ask_run(self._reader, job.run_id, self._nouns, has_fields=has_fields, pace=self._pace)
        self._costs.note(workflow, answered.requests)
        answer = Answer(job.record, answered.lists, asked_at, whole=len(self._nouns) == len(OF_RUNS))
        self._writer.put(answer, partial(self._supply.done, job))

    def _ask_what_became_of(self, job: Job, run_id: str) -> None:
        """One request for a run that is not where it was: deleted, hidden from this person, or there all the same."""
        asked_at = datetime.now(UTC)
        try:
            answer = self._reader.transport.get(f"/workflow-runs/{quote(run_id, safe='')}", pace=self._pace)
        except (NotFound, PermissionDenied):
            self.hidden[run_id] = asked_at
            self._supply.done(job, again=False)
            return
        run = answer.get("data", answer) if isinstance(answer, dict) else {}
        if run.get("status") == DELETED:
            self._writer.put(partial(self._mark_deleted, run_id, asked_at), partial(self._supply.done, job))
        elif isinstance(job, PendingRun):
            raise PsauthError("Its lists are refused, although the run itself is shown.")
        else:
            self._writer.put(partial(_note_there, run=run, seen_at=asked_at), partial(self._supply.done, job))

    def _mark_deleted(self, run_id: str, asked_at: datetime, store: Store) -> None:
        if store.mark_gone(run_id, "deleted", asked_at):
            self._writer.count_gone("runs")

    def _skip(self, job: Job, error: PsauthError) -> None:
        self.skipped.append(Skipped(_name(job), str(error)))
        with self._lock:
            self._unavailable = self._unavailable + 1 if isinstance(error, ServiceUnavailable) else 0
            given_up = self._unavailable >= ASKERS
        self._supply.done(job, again=False)
        if given_up:
            self.fail(ServiceUnavailable(f"Given up: the service failed {ASKERS} times in a row. {error}"))


def _name(job: Job) -> str:
    """What a job is about, for people."""
    return f"{job.noun} of {job.owner}".removesuffix(" of ") if isinstance(job, Question) else f"run {job.run_id}"


def _note_there(store: Store, *, run: Record, seen_at: datetime) -> None:
    """A run that a list did not name is there all the same."""
    store.note_runs([run], seen_at, Priority.MOVED, walk=store.latest_walk())
