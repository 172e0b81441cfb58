"""Runs: the rows of runs in a store, and which of them are there, missed or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from psauth.mirror.packing import pack, unpack
from psauth.mirror.records import Record, StoredRun, created_of, moment_at, month_of, signature_of
from psauth.mirror.schema import PENDING, RUNS, UNSHOWN

AT_ONCE: Final = 500
"""Keys in one statement at most: a database takes some thousand."""


def read_runs(db: sa.Connection, month: str | None = None) -> Iterator[StoredRun]:
    """The runs, of one month or all, month by month."""
    query = sa.select(RUNS).order_by(RUNS.c.month, RUNS.c.run_id)
    if month is not None:
        query = query.where(RUNS.c.month == month)
    for row in db.execute(query.execution_options(yield_per=AT_ONCE)):
        yield read_run(row)


def read_run(row: Any) -> StoredRun:
    """A run out of its row."""
    return StoredRun(
        run_id=row.run_id,
        record=unpack(row.record, f"run {row.run_id}"),
        month=row.month,
        asked_at=moment_at(row.asked_at),
        last_seen=moment_at(row.last_seen),
        first_missed=None if row.first_missed is None else moment_at(row.first_missed),
        gone=row.gone,
    )


def rows_of(db: sa.Connection, run_ids: Sequence[str]) -> Mapping[str, Any]:
    """Run id → its row, for those of these runs that are in the store."""
    rows: dict[str, Any] = {}
    for begin in range(0, len(run_ids), AT_ONCE):
        query = sa.select(RUNS).where(RUNS.c.run_id.in_(run_ids[begin : begin + AT_ONCE]))
        rows |= {row.run_id: row for row in db.execute(query)}
    return rows


@dataclass(frozen=True)
class Look:
    """A run that was read: its record, and what is noted of the look."""

    run: Record
    asked_at: datetime
    moved_at: datetime
    look_at: datetime | None
    seen_in: int
    seen_at: datetime
    whole: bool


def put_runs(db: sa.Connection, looks: Sequence[Look], before: Mapping[str, Any]) -> None:
    """Write the rows of runs in the place of those `before`, by run id. What is read is there, so it is not gone."""
    new = []
    for look in looks:
        run, created = look.run, created_of(look.run)
        packed, row = pack(run), before.get(str(look.run["id"]))
        values = {
            "month": month_of(run),
            "workflow_id": run.get("workflowId"),
            "created": None if created is None else created.timestamp(),
            "status": run.get("status"),
            "whole": look.whole,
            "signature": signature_of(run),
            "digest": packed.digest,
            "record": packed.content,
            "asked_at": look.asked_at.timestamp(),
            "moved_at": look.moved_at.timestamp(),
            "look_at": None if look.look_at is None else look.look_at.timestamp(),
            "seen_in": look.seen_in if row is None else max(look.seen_in, row.seen_in),
            "last_seen": look.seen_at.timestamp(),
            "first_missed": None,
            "gone": None,
        }
        if row is None:
            new.append({"run_id": run["id"], **values})
        else:
            db.execute(RUNS.update().where(RUNS.c.run_id == run["id"]).values(**values))
    if new:
        db.execute(RUNS.insert(), new)


def update_record(db: sa.Connection, run: Record) -> None:
    """Keep what a walk says of a run whose signature has not moved."""
    packed = pack(run)
    db.execute(RUNS.update().where(RUNS.c.run_id == run["id"]).values(record=packed.content, digest=packed.digest))


def note_seen(db: sa.Connection, run_ids: Sequence[str], walk: int, seen_at: datetime) -> None:
    """These runs were named by a walk: they are there."""
    for begin in range(0, len(run_ids), AT_ONCE):
        some = RUNS.c.run_id.in_(run_ids[begin : begin + AT_ONCE])
        seen = {"seen_in": walk, "last_seen": seen_at.timestamp()}
        db.execute(RUNS.update().where(some).values(**seen))
        missed = some & RUNS.c.first_missed.is_not(None) & RUNS.c.gone.is_(None)
        db.execute(RUNS.update().where(missed).values(first_missed=None))


def unseen(db: sa.Connection, walk: int, status: str | None, workflow: str | None) -> tuple[list[str], int]:
    """Runs that are not gone and that this walk has not named, and how many there are of the workflow, whatever their status.

    Runs that wait are not missing: whether they are there is seen when they are asked for, and their status may be an old one.
    `status`, `workflow`: of these alone; None: of any.
    """
    waits = sa.select(PENDING.c.run_id).where(PENDING.c.run_id == RUNS.c.run_id).exists()
    there: sa.ColumnElement[bool] = RUNS.c.gone.is_(None)
    if workflow is not None:
        there &= RUNS.c.workflow_id == workflow
    known = db.execute(sa.select(sa.func.count()).select_from(RUNS).where(there)).scalar_one()
    if status is not None:
        there &= RUNS.c.status == status
    unnamed = there & ~waits & ~_is_unshown() & (RUNS.c.seen_in < walk)
    return list(db.execute(sa.select(RUNS.c.run_id).where(unnamed).order_by(RUNS.c.run_id)).scalars()), known


def count_there(db: sa.Connection) -> int:
    """How many runs are not gone."""
    there = sa.select(sa.func.count()).select_from(RUNS).where(RUNS.c.gone.is_(None))
    return int(db.execute(there).scalar_one())


def rest(db: sa.Connection, run_ids: Sequence[str], until: datetime) -> None:
    """These runs are not looked at again before this moment, or before something tells of them."""
    for begin in range(0, len(run_ids), AT_ONCE):
        some = RUNS.c.run_id.in_(run_ids[begin : begin + AT_ONCE])
        db.execute(RUNS.update().where(some).values(first_missed=None))
        looked_at = some & RUNS.c.look_at.is_not(None)
        db.execute(RUNS.update().where(looked_at).values(look_at=until.timestamp()))


def note_missed(db: sa.Connection, run_ids: Sequence[str], missed_at: datetime) -> None:
    """These runs were not named by a complete list; when that was first so stays."""
    for begin in range(0, len(run_ids), AT_ONCE):
        some = RUNS.c.run_id.in_(run_ids[begin : begin + AT_ONCE]) & RUNS.c.first_missed.is_(None)
        db.execute(RUNS.update().where(some).values(first_missed=missed_at.timestamp()))


def read_missed(db: sa.Connection) -> list[str]:
    """The runs that were missed and that nobody has asked for yet."""
    missed = RUNS.c.first_missed.is_not(None) & RUNS.c.gone.is_(None) & ~_is_unshown()
    return list(db.execute(sa.select(RUNS.c.run_id).where(missed).order_by(RUNS.c.run_id)).scalars())


def _is_unshown() -> sa.ColumnElement[bool]:
    """Whether a run was asked for and not shown."""
    return sa.select(UNSHOWN.c.run_id).where(UNSHOWN.c.run_id == RUNS.c.run_id).exists()


def set_gone(db: sa.Connection, run_id: str, gone: str | None, first_missed: datetime | None) -> str | None:
    """Note that a run is gone, or (None) there again; its month where that is news, else None."""
    row = rows_of(db, [run_id]).get(run_id)
    if row is None:
        return None
    values: dict[str, Any] = {"gone": gone}
    if gone is None:
        values |= {"first_missed": None}
    elif row.first_missed is None:
        values |= {"first_missed": first_missed.timestamp() if first_missed is not None else None}
    db.execute(RUNS.update().where(RUNS.c.run_id == run_id).values(**values, look_at=None if gone else row.look_at))
    return str(row.month) if row.gone != gone else None
