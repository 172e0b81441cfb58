"""Reads: what a view wants to have read, for whom, what that costs, and where the result is kept meanwhile."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, cast

import pandas as pd
import streamlit as st

from psauth.api.budget import Budget
from psauth.api.transport import Transport
from psauth.client import ProcessStreet
from psauth.connecting import Credential, open_client, open_transport
from psauth.dashboard.loading.jobs import Job, Owner, What, jobs
from psauth.exceptions import LoginRequired
from psauth.reading.incomplete import Incomplete
from psauth.reading.plan import Plan
from psauth.reading.reads import LIMIT
from psauth.settings import Settings
from psauth.vault.connection import Connection
from psauth.vault.vault import Vault

DEAR_SHARE: Final = 0.1
"""A read that takes more than this share of the requests that are left does not begin before a person agreed to it."""
DEAR_SECONDS: Final = 10.0
"""Nor does one that takes longer than this."""
SAME_WINDOW: Final = 5.0
"""Seconds by which two answers may differ about the end of the same window."""
BUDGETS: Final = 64
"""Connections of which the budget is remembered; those heard of longest ago are forgotten first."""

Progress = Callable[[int, int | None], bool]


@dataclass(frozen=True)
class Here:
    """Whose reads these are: a connection, the vault it stands in, and the settings, which say where its copy is."""

    connection: Connection
    vault: Vault
    settings: Settings

    @property
    def owner(self) -> Owner:
        """In the key of everything that is kept, so that nobody sees another's rows."""
        return (self.vault.place, self.connection.account, self.connection.id)


@dataclass(frozen=True)
class Loaded:
    """A frame, when it was read (UTC), and how many requests and seconds that took.

    `copied`: it comes out of the local copy, and `runs_left` are the runs that this has not got yet.
    """

    frame: pd.DataFrame
    read_at: datetime
    requests: int
    seconds: float
    copied: bool = False
    runs_left: int | None = None

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
    """One read. `what` tells it from others, `name` says what is read.

    It costs `most` requests at the most, or what `plan` says, or, when it is `endless`, nobody knows beforehand: one
    request for every 20 rows.
    """

    here: Here
    what: What
    name: str
    work: Callable[[ProcessStreet, Progress], pd.DataFrame]
    plan: Callable[[ProcessStreet], Plan] | None = None
    most: int | None = None
    endless: bool = False
    rest: Callable[[Loaded], Read] | None = None
    """How to go on with a read that stayed incomplete."""
    spent: int = 0
    """Requests spent on it before."""
    copy: Callable[[Any], pd.DataFrame | None] | None = None
    """The same out of a `copies.Copy`; None where that has not got it."""

    def find(self) -> Job | None:
        """The job that does this read or has done it."""
        return jobs.find(self.here.owner, self.what)

    def start(self, *, long: bool = False) -> Job:
        """Begin this read, unless it is under way. A long one has a client of its own, so that its cost is exact."""
        return jobs.start(self.here.owner, self.what, self._work(long=long), long=long)

    def start_again(self, old: Job, *, long: bool = False) -> Job:
        """Read anew; what the old job read is kept until then."""
        return jobs.start_again(old, self._work(long=long), long=long)

    def _work(self, *, long: bool) -> Callable[[Job], Loaded]:
        client = _open(self.here) if long else _client(*self.here.owner, self.here)

        def work(job: Job) -> Loaded:
            def progress(done: int, total: int | None) -> bool:
                remember(self.here.owner, client.budget)
                return job.progress(done, total)

            before = client.requests_sent
            try:
                frame = self.work(client, progress)
            finally:
                remember(self.here.owner, client.budget)
                if long:
                    client.close()
            requests = self.spent + client.requests_sent - before
            loaded = Loaded(frame, datetime.now(UTC), requests, job.seconds)
            # Whoever stops a second read wants to keep the first one.
            stopped_early = job.stopping and loaded.missing and isinstance(job.earlier, Loaded)
            return job.earlier if stopped_early else loaded

        return work

    def cost(self) -> Job:
        """The job that finds out what this read will cost; that may take a few requests itself."""
        plan = cast(Callable[[ProcessStreet], Plan], self.plan)
        client = _client(*self.here.owner, self.here)

        def work(job: Job) -> Plan:
            try:
                return plan(client)
            finally:
                remember(self.here.owner, client.budget)

        return jobs.start(self.here.owner, ("plan", *self.what), work)


def budget(here: Here) -> Budget:
    """What the service last said of the budget, to any read of this connection; nothing is asked.

    Once its window is over, all of it is there again, and when the next one ends is not known yet.
    """
    known = _budgets.get(here.owner, Budget())
    is_over = known.resets_at is not None and known.resets_at <= datetime.now(UTC)
    return Budget(limit=known.limit, remaining=known.limit) if is_over else known


def is_dear(requests: int, seconds: float, budget: Budget) -> bool:
    """Whether a read that costs this much begins only after a person agreed to it."""
    left = budget.remaining
    return seconds > DEAR_SECONDS or (left is not None and requests > left * DEAR_SHARE)


_budgets: Final[OrderedDict[Owner, Budget]] = OrderedDict()
_budgets_lock: Final = threading.Lock()


def remember(owner: Owner, news: Budget) -> None:
    """The budget as an answer to this connection has just told it."""
    with _budgets_lock:
        _budgets[owner] = later(_budgets.pop(owner, news), news)
        while len(_budgets) > BUDGETS:
            _budgets.popitem(last=False)


def later(known: Budget, news: Budget) -> Budget:
    """Which of two budgets is the later word: that of the later window, and in one window the smaller remainder.

    Several reads are answered at once, in any order; ends of one window differ by a second or two.
    """
    if known.remaining is None or news.remaining is None:
        return known if news.remaining is None else news
    if known.resets_at is not None and news.resets_at is not None:
        apart = (news.resets_at - known.resets_at).total_seconds()
        if abs(apart) > SAME_WINDOW:
            return news if apart > 0 else known
    return news if news.remaining <= known.remaining else known


def transport_of(here: Here) -> Transport:
    """A door to the service of one's own; LoginRequired when the connection is not there any more."""
    return open_transport(_credential(here), here.vault)


def _credential(here: Here) -> Credential:
    stored = here.vault.read(here.connection.account)
    if stored.connection.id != here.connection.id:
        raise LoginRequired("The connection was replaced meanwhile. Reload the page.")
    return Credential(account=here.connection.account, source="vault", stored=stored)


def _open(here: Here) -> ProcessStreet:
    return open_client(_credential(here), here.vault, here.settings)


@st.cache_resource(ttl="1h", max_entries=16, show_spinner=False, on_release=ProcessStreet.close)
def _client(place: str, account: str, connection_id: str, _here: Here) -> ProcessStreet:
    return _open(_here)
