"""Gone: runs that the service does not show any more. One that was deleted is gone at once, and its rows stay.

Whether one that was asked for and not shown is gone, or a permission is, is seen when all that a sync wanted has been asked
for. Until then it stands in a table of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa

from psauth.mirror import lists, queue, runs, schema
from psauth.mirror.looks import AGES, LATEST
from psauth.mirror.records import Gone, Missing, moment_at
from psauth.mirror.runs import AT_ONCE
from psauth.mirror.schema import UNSHOWN


def note_gone(db: sa.Connection, run_id: str, how: Gone | None, first_missed: datetime | None) -> set[str]:
    """A run is gone, or (None) there again; its month where that is news."""
    if how is not None:
        queue.take_pending(db, {run_id: None})
        drop_unshown(db, [run_id])
    month = runs.set_gone(db, run_id, how, first_missed)
    return set() if month is None else {month}


def put_unshown(db: sa.Connection, run_id: str, asked_at: datetime) -> None:
    """A run was asked for and not shown: it waits no more."""
    run, waited = runs.rows_of(db, [run_id]).get(run_id), queue.take_pending(db, {run_id: None}).get(run_id)
    has_moved = waited is not None and (run is None or run.signature != waited.signature)
    drop_unshown(db, [run_id])
    db.execute(UNSHOWN.insert().values(run_id=run_id, asked_at=asked_at.timestamp(), has_moved=has_moved))


def settle_unshown(db: sa.Connection, share: float) -> Missing:
    """All that was not shown is gone; where that is more than this share of all runs, none of it, but a permission."""
    unshown = {row.run_id: row for row in db.execute(sa.select(UNSHOWN).order_by(UNSHOWN.c.run_id))}
    rows = runs.rows_of(db, list(unshown))
    there = [run_id for run_id, row in rows.items() if row.gone is None]
    vanished = [*there, *(unshown.keys() - rows.keys())]
    known = runs.count_there(db) + queue.unread(db) + len(vanished) - len(there)
    marked = len(vanished) <= max(1.0, known * share)
    if marked:
        months = [note_gone(db, run_id, "hidden", moment_at(unshown[run_id].asked_at)) for run_id in there]
        lists.advance(db, set().union(*months))
    else:
        again = moment_at(max(row.asked_at for row in unshown.values())) + LATEST
        runs.rest(db, there, again)
        walked = schema.read_meta(db, "all runs")
        if walked is not None and any(unshown[run_id].has_moved for run_id in vanished):
            due = (again - AGES["all runs"]).timestamp()
            schema.write_meta(db, "all runs", str(min(float(walked), due)))
    drop_unshown(db, unshown)
    return Missing(there if marked else vanished, known, marked)


def unshown_among(db: sa.Connection, run_ids: Sequence[str]) -> set[str]:
    """Those of these runs that were asked for and not shown."""
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
