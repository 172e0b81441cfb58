"""Stored gaps: what a store lacks of the runs that there are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa

from psauth.mirror import lists
from psauth.mirror.gaps import Gaps, Unread
from psauth.mirror.records import moment_at
from psauth.mirror.schema import META, PENDING, REPORTS, RUNS, read_meta

OLDEST: Final = "oldest run listed"
"""The note of a scope that was walked only for runs created since a moment: the earliest of such moments."""
WHOLE: Final = ("signpost", "active runs")
"""Notes of a scope, one of which stands when its list of runs has been walked to the end."""


def read_gaps(db: sa.Connection) -> Gaps:
    """What a store lacks now."""
    is_listed = any(read_meta(db, name) is not None for name in WHOLE)
    workflows = {} if is_listed else _workflows(db)
    unread = _unread(db)
    return Gaps(
        is_listed=is_listed,
        workflows=workflows,
        listed={} if is_listed else _listed(db, workflows),
        unread=unread,
        in_part=_in_part(db),
        is_first=(not is_listed or bool(unread)) and not _has_ended(db),
        is_listing=not is_listed and read_meta(db, "list") is not None,
    )


def _workflows(db: sa.Connection) -> dict[str, str]:
    return {
        str(record["id"]): str(record.get("name") or "")
        for each in lists.read_list(db, "workflows", "")
        for record in each.records
        if record.get("id")
    }


def _listed(db: sa.Connection, workflows: Iterable[str]) -> dict[str, datetime | None]:
    """The workflows whose lists of runs have been read, with the moment since which."""
    notes = {row.name: row.value for row in db.execute(sa.select(META.c.name, META.c.value))}
    listed: dict[str, datetime | None] = {}
    for each in workflows:
        oldest = [float(notes[name]) for name in (OLDEST, f"{OLDEST} {each}") if name in notes]
        if any(f"{name} {each}" in notes for name in WHOLE):
            listed[each] = None
        elif oldest:
            listed[each] = moment_at(min(oldest))
    return listed


def _unread(db: sa.Connection) -> dict[str, Unread]:
    is_there = sa.select(RUNS.c.run_id).where(RUNS.c.run_id == PENDING.c.run_id).exists()
    counted_by = sa.select(PENDING.c.workflow_id, sa.func.count(), sa.func.max(PENDING.c.created)).where(~is_there)
    return {
        str(workflow or ""): Unread(runs, None if newest is None else moment_at(newest))
        for workflow, runs, newest in db.execute(counted_by.group_by(PENDING.c.workflow_id))
    }


def _in_part(db: sa.Connection) -> dict[str, int]:
    in_part = RUNS.c.whole.is_(False) & RUNS.c.gone.is_(None)
    counted_by = sa.select(RUNS.c.workflow_id, sa.func.count()).where(in_part).group_by(RUNS.c.workflow_id)
    return {str(workflow or ""): runs for workflow, runs in db.execute(counted_by)}


def _has_ended(db: sa.Connection) -> bool:
    """Whether a sync of everything has come to its end."""
    reports = map(json.loads, db.execute(sa.select(REPORTS.c.report)).scalars())
    return any(report["stopped"] is None and not report.get("narrowed") for report in reports)
