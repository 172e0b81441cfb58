"""Syncs: what keeps the local copy of each connection current. One thread a connection, whatever the number of tabs."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

from psauth.api.transport import Transport
from psauth.dashboard.loading.copies import OWNER, NotOurs, copies, open_store, place_of
from psauth.dashboard.loading.jobs import Owner
from psauth.dashboard.loading.read import DEAR_SHARE, Here, remember, transport_of
from psauth.exceptions import LoginRequired, PsauthError, needs_extra

if TYPE_CHECKING:
    from psauth.mirror.forecast import Forecast
    from psauth.mirror.progress import Standing
    from psauth.mirror.report import SyncReport
    from psauth.mirror.store import Store
    from psauth.mirror.sync import Sync

log = logging.getLogger(__name__)

EVERY: Final = timedelta(minutes=15)
"""Between the end of a sync and the next one."""
SOON: Final = timedelta(seconds=10)
"""After its start an app begins to listen first: the sandbox may be in it."""
LOOK: Final = 60.0
"""Seconds between two looks at the clock: that of a machine which slept has moved on."""
ENDING: Final = 5.0
"""Seconds in which syncs that were told to end do so, when the app ends."""
SWITCH: Final = "kept current by the app"
"""The note in a store that says whether the app keeps it current."""
COUNTED: Final = 100
"""Requests that counting may take where the service has not said how many are left."""

Task = Literal["look", "sync"]


class Syncing:
    """The syncs of one connection's copy, one after the other. Threads may share it.

    `task` is what is being done, `stopping` whether it was asked to end; `forecast` what a first sync will take, and
    `knows_all` whether all runs were counted for it; `report` is that of the last sync, `error` what the last task
    ended with, `next_at` when the next sync begins by itself.
    """

    def __init__(self, here: Here) -> None:
        self.here = here
        self.task: Task | None = None
        self.forecast: Forecast | None = None
        self.knows_all = True
        self.report: SyncReport | None = None
        self.error: Exception | None = None
        self.next_at: datetime | None = None
        self._keeps: bool | None = None
        self._changed = threading.Condition()
        self._turning = threading.Lock()  # so that the note of the switch is what it was turned to last
        self._thread: threading.Thread | None = None
        self._wanted: Task | None = None
        self._sync: Sync | None = None
        self._stop, self._ended = threading.Event(), False
        self._most: float | None = None
        self._knows_store = False
        self._recall()

    @property
    def keeps(self) -> bool:
        """Whether the copy is kept current."""
        return bool(self._keeps)

    @property
    def stopping(self) -> bool:
        """Whether the task was asked to end."""
        return self._stop.is_set()

    @property
    def standing(self) -> Standing | None:
        """How far the task is; None before there is something to say."""
        sync = self._sync
        return None if sync is None else sync.standing

    def look(self) -> None:
        """Find out what a first sync will take, unless something is being done."""
        self._want("look")

    def start(self) -> None:
        """Sync now, and keep the copy current from then on."""
        with self._turning:
            with suppress(PsauthError):  # the sync itself says what is wrong with the copy
                self._note_switch(True)  # before anybody sees that it has begun, for the app may end then
            with self._changed:
                self._keeps = True
                self._want("sync")

    def stop(self) -> None:
        """End what is being done, and begin nothing by itself any more."""
        with self._changed:
            self._stop.set()
            if self._wanted is not None:
                self._wanted = self.task = None
        self.keep(False)

    def keep(self, on: bool) -> None:
        """Keep the copy current, or do not any more; a sync under way goes on. `error` says where that cannot be noted."""
        with self._turning:
            with self._changed:
                self._keeps = on
                self.next_at = None if not on else self.next_at or datetime.now(UTC) + EVERY
                if on:
                    self._begin()
                self._changed.notify_all()
            try:
                self._note_switch(on)
            except PsauthError as error:
                self.error = error

    def begin_by_itself(self) -> None:
        """Start where nobody has started or stopped it yet, and there is no copy."""
        if self._knows_store and self._keeps is None and self.report is None and self.error is None:
            self.start()

    def go_on(self) -> None:
        """The copy that is there is of this connection's organisation: sync it from now on."""
        from psauth.mirror.store import Store

        with suppress(PsauthError):  # the sync itself says what is wrong with the copy
            Store(place_of(self.here)[0]).note(**{OWNER: self.here.connection.id})
        self.start()

    def begin_anew(self) -> None:
        """Put the copy that is there aside, and start; `error` says where it cannot be moved, or is being synced."""
        from psauth.mirror.publish import set_aside

        try:
            set_aside(place_of(self.here)[0])
        except PsauthError as error:
            self.error = error
            return
        copies.forget(self.here.owner)
        self.report = self.forecast = None  # they were of the copy that was put aside
        self.start()

    def recognise(self, here: Here) -> None:
        """The service has said meanwhile what it calls the connection, which tells whose copy is whose."""
        if self.here.connection.label != here.connection.label and self.task is None:
            self.here = here
            self._recall()

    def end(self, timeout: float = 0.0) -> None:
        """End what is being done, and the thread; the switch stays as it is."""
        with self._changed:
            self._ended = True
            self._stop.set()
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def wait(self, seconds: float) -> bool:
        """Wait so long at most; whether nothing is being done."""
        with self._changed:
            return self._changed.wait_for(lambda: self.task is None, seconds)

    # The thread -------------------------------------------------------------------------------------------------

    def _want(self, task: Task) -> None:
        with self._changed:
            if self._ended or self.task is not None:
                return
            self._wanted, self.task, self.error = task, task, None
            self._stop.clear()
            self._begin()
            self._changed.notify_all()

    def _begin(self) -> None:
        if self._thread is None and not self._ended:
            # A daemon: a server that ends does not wait for an answer, and a sync can be ended anywhere.
            self._thread = threading.Thread(target=self._run, name="psauth-sync", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while (task := self._next()) is not None:
            error = self._outcome(task)
            with self._changed:
                self.error = error or self.error  # that of the switch, which was turned meanwhile
                self._sync = self.task = None
                # A connection that has ended is not tried again: the next one has a thread of its own.
                goes_on = self.keeps and not isinstance(error, LoginRequired)
                self.next_at = datetime.now(UTC) + EVERY if goes_on else None
                self._changed.notify_all()

    def _next(self) -> Task | None:
        """What to do, when it is time for it; None when there is nothing more."""
        with self._changed:
            while not self._ended:
                if self.next_at is not None:  # a clock that was set back is not waited for
                    self.next_at = min(self.next_at, datetime.now(UTC) + EVERY)
                if self._wanted is None and self.next_at is not None and self.next_at <= datetime.now(UTC):
                    self._wanted, self.error = "sync", None
                    self._stop.clear()
                if self._wanted is not None:
                    self.task, self._wanted = self._wanted, None
                    return self.task
                if self.next_at is None:
                    break
                self._changed.wait(min(LOOK, max(0.0, (self.next_at - datetime.now(UTC)).total_seconds())))
            self._thread = None
            return None

    def _outcome(self, task: Task) -> Exception | None:
        try:
            self._do(task)
        except LoginRequired as error:
            return error
        except PsauthError as error:
            return None if self._stop.is_set() else error
        except Exception as error:  # noqa: BLE001 - the page says it; the log gets the kind, never a value
            log.warning("a sync failed: %s", type(error).__name__)
            return error
        return None

    def _do(self, task: Task) -> None:
        with needs_extra("mirror", "The local copy"):
            from psauth.mirror.publish import folder_of
            from psauth.mirror.store import Store
            from psauth.mirror.sync import Sync, Wanted

        transport = transport_of(self.here)
        try:
            self._learn_label(transport)
            place, identity = place_of(self.here)
            store = open_store(self.here)
            if store is None:
                store = Store.open(place, identity)
                store.note(**{OWNER: self.here.connection.id})
            with self._turning:
                if self._keeps is not None:  # where the store is new, it has no note yet
                    self._note_switch(self._keeps, store)
            folder = folder_of(self.here.settings, place)

            def progress(*_: object) -> bool:
                remember(self.here.owner, transport.usage.budget)
                return self._goes_on(task, transport)

            self._most = None
            self._sync = Sync(transport, store, folder, Wanted(), wait=True, progress=progress)
            if task == "look":
                self.forecast = self._sync.forecast()
                self.knows_all = self._sync.has_seen_all
            else:
                try:
                    self._sync.run()
                finally:
                    self.report = _latest_report(store)
                self.forecast = None
        finally:
            remember(self.here.owner, transport.usage.budget)
            transport.close()

    def _goes_on(self, task: Task, transport: Transport) -> bool:
        """Whether the task goes on. Counting ends by itself before it is dear."""
        if task == "look":
            budget = transport.usage.budget
            if self._most is None and budget.remaining is not None:
                self._most = budget.remaining * DEAR_SHARE
            if transport.usage.requests_sent > max(COUNTED, self._most or 0):
                return False
        return not self._stop.is_set()

    def _learn_label(self, transport: Transport) -> None:
        """Ask what the service calls the connection, which tells whose copy is whose."""
        if self.here.connection.label is None and (label := transport.ask_label()):
            transport.access.rename(label)
            self.here = replace(self.here, connection=transport.connection)

    # The store --------------------------------------------------------------------------------------------------

    def _recall(self) -> None:
        """What the store says of the last sync, and of the switch."""
        try:
            store = open_store(self.here)
            self._knows_store = True
            if store is None:
                return
            self.report, switch = _latest_report(store), store.get_note(SWITCH)
        except NotOurs:
            return  # what the service calls the connection may not be known yet; a task asks
        except PsauthError as error:
            self.error = error
            return
        self._keeps = None if switch is None else switch == "on"
        if self._keeps:
            now = datetime.now(UTC)
            is_done = self.report is not None and self.report.stopped is None
            due = self.report.ended_at + EVERY if is_done and self.report is not None else now
            with self._changed:
                self.next_at = min(max(due, now + SOON), now + EVERY)
                self._begin()

    def _note_switch(self, on: bool, store: Store | None = None) -> None:
        """Keep the switch with the copy, so that an app that is started again has it."""
        with suppress(NotOurs):
            store = store or open_store(self.here)
            if store is not None:
                store.note(**{SWITCH: "on" if on else "off"})


def _latest_report(store: Store) -> SyncReport | None:
    from psauth.mirror.report import SyncReport

    reports = store.reports(limit=1)
    return SyncReport.from_dict(reports[0]) if reports else None


class Syncs:
    """The syncs of this process, by connection. Threads may share it."""

    def __init__(self) -> None:
        self._by_owner: dict[Owner, Syncing] = {}
        self._lock = threading.Lock()

    def of(self, here: Here) -> Syncing:
        """That of a connection; what an earlier connection of the same account still does is ended."""
        with self._lock:
            syncing = self._by_owner.get(here.owner)
            if syncing is None:
                for owner in [owner for owner in self._by_owner if owner[:2] == here.owner[:2]]:
                    self._by_owner.pop(owner).end()
                syncing = self._by_owner[here.owner] = Syncing(here)
        syncing.recognise(here)
        return syncing

    def end(self, owner: Owner | None = None, timeout: float = 0.0) -> None:
        """End those of a connection, or all; after so many seconds at most."""
        with self._lock:
            ending = [self._by_owner.pop(each) for each in [*self._by_owner] if owner in (None, each)]
        until = time.monotonic() + timeout
        for syncing in ending:
            syncing.end()
        for syncing in ending:
            syncing.end(max(0.0, until - time.monotonic()))


syncs = Syncs()
