"""Reads: what a page wants to have read, for whom, what that costs, and where the result is kept meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, cast

import pandas as pd
import streamlit as st

from psauth.api.budget import Budget
from psauth.client import ProcessStreet
from psauth.connecting import Credential, open_client
from psauth.dashboard.loading.jobs import Job, Owner, What, jobs
from psauth.exceptions import LoginRequired
from psauth.reading.incomplete import Incomplete
from psauth.reading.plan import Plan
from psauth.reading.reads import LIMIT
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault

ASKED_FROM: Final = 50
"""Requests above which a read does not begin before the reader has seen what it costs."""
SAME_WINDOW: Final = 5.0
"""Seconds by which the told ends of one window may differ."""

Progress = Callable[[int, int | None], bool]


@dataclass(frozen=True)
class Here:
    """Whose reads these are: a connection, and the vault it stands in."""

    connection: Connection
    vault: Vault

    @property
    def owner(self) -> Owner:
        """In the key of everything that is kept, so that nobody sees another's rows."""
        return (self.vault.place, self.connection.account, self.connection.id)


@dataclass(frozen=True)
class Loaded:
    """A frame, when it was read (UTC), and how many requests that took."""

    frame: pd.DataFrame
    read_at: datetime
    requests: int

    @property
    def missing(self) -> Incomplete:
        """What is missing in it, with the reason."""
        return Incomplete.of(self.frame)

    @property
    def cut(self) -> bool:
        """Whether the list may go on behind its last row."""
        return LIMIT in self.frame.attrs


@dataclass(frozen=True)
class Read:
    """One read. `what` tells it from others, `name` says it on the page.

    It costs little, or what `plan` says, or, when it is `endless`, nobody knows beforehand: a request for 20 rows.
    """

    here: Here
    what: What
    name: str
    work: Callable[[ProcessStreet, Progress], pd.DataFrame]
    plan: Callable[[ProcessStreet], Plan] | None = None
    endless: bool = False
    rest: Callable[[Loaded], Read] | None = None
    """How to go on with a read that stayed incomplete."""
    spent: int = 0
    """Requests spent on it before."""

    def find(self) -> Job | None:
        """The job that does this read or has done it."""
        return jobs.find(self.here.owner, self.what)

    def start(self, *, long: bool = False) -> Job:
        """Begin this read, unless it is under way. A long one has a client of its own, so that its cost is exact."""
        client = _open(self.here) if long else _client(*self.here.owner, self.here)

        def work(job: Job) -> Loaded:
            def progress(done: int, total: int | None) -> bool:
                _hear(self.here.owner, client.budget)
                return job.progress(done, total)

            before = client.requests_sent
            try:
                frame = self.work(client, progress)
            finally:
                _hear(self.here.owner, client.budget)
                if long:
                    client.close()
            return Loaded(frame, datetime.now(UTC), self.spent + client.requests_sent - before)

        return jobs.start(self.here.owner, self.what, work, long=long)

    def cost(self) -> Job:
        """The job that finds out what this read will cost; that may take a few requests itself."""
        plan = cast(Callable[[ProcessStreet], Plan], self.plan)
        client = _client(*self.here.owner, self.here)

        def work(job: Job) -> Plan:
            try:
                return plan(client)
            finally:
                _hear(self.here.owner, client.budget)

        return jobs.start(self.here.owner, ("plan", *self.what), work)


def budget(here: Here) -> Budget:
    """What the service told last, to any read of this connection; nothing is asked."""
    return _heard.get(here.owner, Budget())


_heard: Final[dict[Owner, Budget]] = {}
"""What each connection was told last: a few numbers for each that there was since this process began."""


def _hear(owner: Owner, told: Budget) -> None:
    _heard[owner] = later(_heard.get(owner, told), told)


def later(known: Budget, told: Budget) -> Budget:
    """Which of two budgets is the later word: that of the later window, and in one window the smaller remainder.

    Several reads are told at once, in any order; ends of one window differ by a second or two.
    """
    if known.remaining is None or told.remaining is None:
        return known if told.remaining is None else told
    if known.resets_at is not None and told.resets_at is not None:
        apart = (told.resets_at - known.resets_at).total_seconds()
        if abs(apart) > SAME_WINDOW:
            return told if apart > 0 else known
    return told if told.remaining <= known.remaining else known


def _open(here: Here) -> ProcessStreet:
    stored = here.vault.read(here.connection.account)
    if stored.connection.id != here.connection.id:
        raise LoginRequired("The connection was replaced meanwhile. Reload the page.")
    return open_client(Credential(account=here.connection.account, source="vault", stored=stored), here.vault)


@st.cache_resource(ttl="1h", max_entries=16, show_spinner=False, on_release=ProcessStreet.close)
def _client(place: str, account: str, connection_id: str, _here: Here) -> ProcessStreet:
    return _open(_here)
