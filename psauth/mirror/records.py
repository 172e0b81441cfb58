"""Records: what the store gives out, each a moment of what the service answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from psauth.reading.dates import date_of

Record = dict[str, Any]
Gone = Literal["deleted", "hidden"]

UNDATED: Final = "undated"
"""Stands for the month of a run whose date of creation cannot be read."""


def moment_of(text: object) -> datetime | None:
    """The moment that a text of the service means, in UTC; None for anything else."""
    return date_of(text) if isinstance(text, str) else None


def moment_at(seconds: float) -> datetime:
    """The moment so many seconds after 1970."""
    return datetime.fromtimestamp(seconds, UTC)


def created_of(run: Record) -> datetime | None:
    """When a run was created."""
    return moment_of(_audit(run).get("createdDate"))


def updated_of(run: Record) -> datetime | None:
    """When a run was updated, by the service's clock."""
    return moment_of(_audit(run).get("updatedDate"))


def month_of(run: Record) -> str:
    """The month in which a run was created, like "2026-03"."""
    created = created_of(run)
    return UNDATED if created is None else f"{created:%Y-%m}"


def signature_of(run: Record) -> str:
    """What shows that a run moved: when it was updated, its status, when it is due."""
    return json.dumps([_audit(run).get("updatedDate"), run.get("status"), run.get("dueDate")])


def _audit(run: Record) -> Mapping[str, Any]:
    audit = run.get("audit")
    return audit if isinstance(audit, Mapping) else {}


@dataclass(frozen=True)
class StoredRun:
    """A run all of whose lists are in the store, as it was when they were asked for."""

    run_id: str
    record: Record
    month: str
    asked_at: datetime
    last_seen: datetime
    first_missed: datetime | None
    gone: Gone | None

    @property
    def created(self) -> datetime | None:
        """When it was created."""
        return created_of(self.record)

    @property
    def updated(self) -> datetime | None:
        """When it was updated."""
        return updated_of(self.record)

    @property
    def status(self) -> str | None:
        """Its status, as the service spells it."""
        status = self.record.get("status")
        return None if status is None else str(status)

    @property
    def due(self) -> datetime | None:
        """When it is due."""
        return moment_of(self.record.get("dueDate"))


@dataclass(frozen=True)
class StoredList:
    """A list as it was answered. `owner` is what it belongs to; `run_id` says it again for the lists of a run."""

    noun: str
    owner: str
    run_id: str | None
    records: Sequence[Record]
    digest: str
    asked_at: datetime


@dataclass(frozen=True)
class PendingRun:
    """A run whose lists must be asked: `record` is the run as a walk saw it at `seen_at`, before that."""

    run_id: str
    record: Record
    signature: str
    priority: int
    seen_at: datetime


@dataclass(frozen=True)
class KeptPage:
    """The answer to one `request` of a `job` that was not over when it came."""

    job: str
    request: str
    answer: Any
    asked_at: datetime


@dataclass(frozen=True)
class Change:
    """A value that was seen to change between two looks.

    `column` is the path of the value in the record, like "completedBy.email"; "" stands for the whole record, which came
    (`old` is None) or went (`new` is None). `old` and `new` are JSON; None: there was no such value.
    """

    id: int
    noun: str
    owner: str
    key: str
    column: str
    old: str | None
    new: str | None
    seen_before: datetime
    seen_at: datetime


@dataclass(frozen=True)
class Written:
    """What a write changed: records that came, that changed and that went; by noun."""

    added: Mapping[str, int]
    changed: Mapping[str, int]
    removed: Mapping[str, int]


@dataclass(frozen=True)
class Publication:
    """Tables that were published together: `content` is what `publish` noted of them, as JSON can hold it."""

    id: int
    published_at: datetime
    content: Mapping[str, Any]


@dataclass(frozen=True)
class Noted:
    """What a page of a walk brought: runs that are new, moved, there again, or gone; all others were the same."""

    new: int = 0
    moved: int = 0
    back: int = 0
    gone: int = 0


@dataclass(frozen=True)
class Missing:
    """Runs that a complete list did not name, and of how many; `marked` tells whether they are asked for one by one."""

    run_ids: Sequence[str]
    known: int
    marked: bool
