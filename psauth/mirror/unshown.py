"""Unshown: the rows of runs that the service did not show when they were asked for.

Whether they are gone, or a permission is, is seen when all that a sync wanted has been asked for.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from psauth.mirror.queue import take_pending
from psauth.mirror.runs import AT_ONCE, rows_of
from psauth.mirror.schema import UNSHOWN


def put_unshown(db: sa.Connection, run_id: str, asked_at: datetime) -> None:
    """A run was asked for and not shown: it waits no more."""
    run, waited = rows_of(db, [run_id]).get(run_id), take_pending(db, {run_id: None}).get(run_id)
    has_moved = waited is not None and (run is None or run.signature != waited.signature)
    drop_unshown(db, [run_id])
    db.execute(UNSHOWN.insert().values(run_id=run_id, asked_at=asked_at.timestamp(), has_moved=has_moved))


def read_unshown(db: sa.Connection) -> Mapping[str, Any]:
    """Run id → its row: when it was asked for, and whether there was something new in it to read."""
    return {row.run_id: row for row in db.execute(sa.select(UNSHOWN).order_by(UNSHOWN.c.run_id))}


def among(db: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    """Those of these runs that were not shown."""
    found: set[str] = set()
    for begin in range(0, len(run_ids), AT_ONCE):
        some = UNSHOWN.c.run_id.in_(run_ids[begin : begin + AT_ONCE])
        found |= set(db.execute(sa.select(UNSHOWN.c.run_id).where(some)).scalars())
    return found


def drop_unshown(db: sa.Connection, run_ids: Collection[str]) -> None:
    """It is known what became of these runs."""
    every = list(run_ids)
    for begin in range(0, len(every), AT_ONCE):
        db.execute(UNSHOWN.delete().where(UNSHOWN.c.run_id.in_(every[begin : begin + AT_ONCE])))
