"""Queue: the rows of runs whose lists must be asked, the most urgent first. What stands here survives everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Final

import sqlalchemy as sa

from psauth.mirror.looks import LATEST
from psauth.mirror.packing import pack, unpack
from psauth.mirror.records import PendingRun, Record, created_of, moment_at, signature_of, updated_of
from psauth.mirror.runs import AT_ONCE
from psauth.mirror.schema import PENDING, RUNS, UNSHOWN


class Priority(IntEnum):
    """Why a run is asked for; the lowest number goes first."""

    MOVED = 0
    """A walk found that it moved, or is new."""
    LOOK = 1
    """It is due for another look."""
    HISTORY = 2
    """The first copy of what has been there for long."""
    FULL = 3
    """Everything is looked at."""


@dataclass(frozen=True)
class Which:
    """Some of the runs: those of these workflows (None: of any), and created since a moment (None: whenever).

    `full`: of those that wait, also the ones that do because everything is looked at.
    """

    workflows: frozenset[str] | None = None
    since: datetime | None = None
    full: bool = True

    def of(self, table: sa.Table) -> sa.ColumnElement[bool]:
        """The condition on a table of runs."""
        chosen: sa.ColumnElement[bool] = sa.true()
        if self.workflows is not None:
            chosen &= table.c.workflow_id.in_(sorted(self.workflows))
        if self.since is not None:
            chosen &= table.c.created.is_(None) | (table.c.created >= self.since.timestamp())
        if not self.full and table is PENDING:
            chosen &= table.c.priority < int(Priority.FULL)
        return chosen


ALL: Final = Which()


def put_pending(
    db: sa.Connection, runs: Sequence[Record], priority: Priority, seen_at: datetime, walk: int
) -> tuple[int, int]:
    """Runs that a walk found to be new or to have moved. One that waits already keeps the more urgent priority.

    How many of them did not wait before, and how many did with another signature.
    """
    if not runs:
        return 0, 0
    known: dict[str, Any] = {}
    run_ids = [str(run["id"]) for run in runs]
    for begin in range(0, len(run_ids), AT_ONCE):
        some = PENDING.c.run_id.in_(run_ids[begin : begin + AT_ONCE])
        rows = db.execute(sa.select(PENDING.c.run_id, PENDING.c.priority, PENDING.c.signature).where(some))
        known |= {row.run_id: row for row in rows}
    new, moved = [], 0
    for run in runs:
        before = known.get(str(run["id"]))
        signature, updated, created = signature_of(run), updated_of(run), created_of(run)
        values = {
            "workflow_id": run.get("workflowId"),
            "created": None if created is None else created.timestamp(),
            "priority": int(priority) if before is None else min(int(priority), before.priority),
            "updated": updated.timestamp() if updated is not None else seen_at.timestamp(),
            "signature": signature,
            "record": pack(run).content,
            "seen_at": seen_at.timestamp(),
            "seen_in": walk,
        }
        if before is None:
            new.append({"run_id": run["id"], **values})
        else:
            moved += before.signature != signature
            db.execute(PENDING.update().where(PENDING.c.run_id == run["id"]).values(**values))
    if new:
        db.execute(PENDING.insert(), new)
    return len(new), moved


def put_due(db: sa.Connection, now: datetime) -> int:
    """Runs that are due for another look; how many. One due much later than any rule says was noted by a wrong clock."""
    due = (RUNS.c.look_at <= now.timestamp()) | (RUNS.c.look_at > (now + LATEST).timestamp())
    return _put_stored(db, due, Priority.LOOK, now)


def put_partial(db: sa.Connection, now: datetime) -> int:
    """Runs of which only some lists were asked for at the last look; how many."""
    return _put_stored(db, RUNS.c.whole.is_(False), Priority.HISTORY, now)


def put_all(db: sa.Connection, now: datetime, which: Which, walk: int, since: datetime) -> int:
    """All runs of some that this walk has named and that were asked for before a moment; how many.

    What is not named any more has nothing to ask for. A run that was asked for later than now was so by a wrong clock.
    """
    return _put_stored(db, _older(now, which, walk, since), Priority.FULL, now)


def count_all(db: sa.Connection, now: datetime, which: Which, walk: int, since: datetime) -> dict[str | None, int]:
    """Workflow → how many of its runs `put_all` would have wait."""
    workflow = RUNS.c.workflow_id
    chosen = RUNS.c.gone.is_(None) & _older(now, which, walk, since) & ~_waits()
    return {row[0]: row[1] for row in db.execute(sa.select(workflow, sa.func.count()).where(chosen).group_by(workflow))}


def _older(now: datetime, which: Which, walk: int, since: datetime) -> sa.ColumnElement[bool]:
    older = (RUNS.c.asked_at < since.timestamp()) | (RUNS.c.asked_at > now.timestamp())
    return which.of(RUNS) & (RUNS.c.seen_in >= walk) & older


def is_looking_at_all(db: sa.Connection, which: Which) -> bool:
    """Whether some of these runs still wait because everything is looked at."""
    full = PENDING.c.priority == int(Priority.FULL)
    waits = sa.select(PENDING.c.run_id).where(which.of(PENDING) & full).limit(1)
    return db.execute(waits).first() is not None


def unread(db: sa.Connection, workflow: str | None = None) -> int:
    """How many of those that wait, of one workflow or all, were never read."""
    query = sa.select(sa.func.count()).select_from(PENDING)
    query = query.where(~sa.select(RUNS.c.run_id).where(RUNS.c.run_id == PENDING.c.run_id).exists())
    if workflow is not None:
        query = query.where(PENDING.c.workflow_id == workflow)
    return int(db.execute(query).scalar_one())


def _put_stored(db: sa.Connection, which: sa.ColumnElement[bool], priority: Priority, now: datetime) -> int:
    newest_first = sa.func.coalesce(RUNS.c.moved_at, 0.0)
    columns = ["run_id", "workflow_id", "created", "priority", "updated", "signature", "record", "seen_at", "seen_in"]
    chosen = sa.select(
        RUNS.c.run_id,
        RUNS.c.workflow_id,
        RUNS.c.created,
        sa.literal(int(priority)),
        newest_first,
        RUNS.c.signature,
        RUNS.c.record,
        sa.literal(now.timestamp()),
        RUNS.c.seen_in,
    ).where(RUNS.c.gone.is_(None) & which & ~_waits())
    return db.execute(PENDING.insert().from_select(columns, chosen)).rowcount


def _waits() -> sa.ColumnElement[bool]:
    """Whether a stored run waits already, or waits for it to be seen why it was not shown."""
    waits = sa.select(PENDING.c.run_id).where(PENDING.c.run_id == RUNS.c.run_id).exists()
    return waits | sa.select(UNSHOWN.c.run_id).where(UNSHOWN.c.run_id == RUNS.c.run_id).exists()


def read_pending(db: sa.Connection, limit: int | None = None, which: Which = ALL) -> list[PendingRun]:
    """The most urgent runs, the newest update first."""
    query = sa.select(PENDING).where(which.of(PENDING))
    query = query.order_by(PENDING.c.priority, PENDING.c.updated.desc(), PENDING.c.run_id)
    if limit is not None:
        query = query.limit(limit)
    return [
        PendingRun(
            run_id=row.run_id,
            record=unpack(row.record, f"run {row.run_id}, which waits,"),
            signature=row.signature,
            priority=row.priority,
            seen_at=moment_at(row.seen_at),
        )
        for row in db.execute(query)
    ]


def count_pending(db: sa.Connection, which: Which = ALL) -> dict[str | None, int]:
    """Workflow → how many of its runs wait."""
    table = PENDING.c.workflow_id
    counted = sa.select(table, sa.func.count()).where(which.of(PENDING)).group_by(table)
    return {row[0]: row[1] for row in db.execute(counted)}


def take_pending(db: sa.Connection, signatures: Mapping[str, str | None]) -> dict[str, Any]:
    """Let runs wait no more, and give their rows: those with this signature alone, for a run may have moved since.

    None stands for any signature.
    """
    rows: dict[str, Any] = {}
    run_ids = list(signatures)
    for begin in range(0, len(run_ids), AT_ONCE):
        some = PENDING.c.run_id.in_(run_ids[begin : begin + AT_ONCE])
        columns = (PENDING.c.run_id, PENDING.c.signature, PENDING.c.seen_in, PENDING.c.seen_at)
        rows |= {row.run_id: row for row in db.execute(sa.select(*columns).where(some))}
    over = [run_id for run_id, row in rows.items() if signatures[run_id] in (None, row.signature)]
    for begin in range(0, len(over), AT_ONCE):
        db.execute(PENDING.delete().where(PENDING.c.run_id.in_(over[begin : begin + AT_ONCE])))
    return rows
