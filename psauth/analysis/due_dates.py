"""Due dates: the first that the copy saw of each run and task, how often it was seen to move, and what was seen in time."""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from psauth.analysis.sources import MOMENT, Sources

DUE: Final = "dueDate"
SEEN: Final = {"runs": (DUE, "status"), "tasks": (DUE, "status", "completedDate")}
"""What moves in a record when it is completed, or due at another time, by noun: names of the service."""
OF_RUN: Final = ""
"""Stands for the task where a due date is that of the run itself."""
A_DAY: Final = len("2026-11-20")


def first_due_dates(sources: Sources) -> Table:
    """One row a run or task whose due date was seen to be another than before.

    Columns:
        in_run, of_task: the task is OF_RUN for the due date of the run itself.
        first_due_date: the first that was seen. moves: how often it was then seen to be another, or none.
    """
    seen = sources.table("changes", "change_id", "noun", "run_id", "key", "column", "old", "new")
    seen = seen.filter(seen.noun.isin(list(SEEN)) & (seen.column == DUE))
    seen = seen.mutate(old=_moment(seen.old), new=_moment(seen.new))
    seen = seen.filter(seen.old.notnull() | seen.new.notnull())
    seen = seen.filter((seen.old != seen.new).fill_null(True))  # the same moment, written in another way
    first = seen.old.coalesce(seen.new)
    return seen.group_by(in_run="run_id", of_task=_task(seen)).aggregate(
        first_due_date=first.argmin(seen.change_id), moves=seen.old.count()
    )


def first_looks(sources: Sources) -> Table:
    """One row a run or task that was seen to change: in_run, of_task, and looked_at, the first look at which it was there."""
    seen = sources.table("changes", "noun", "run_id", "key", "column", "seen_before")
    chosen = [(seen.noun == noun) & seen.column.isin(list(columns)) for noun, columns in SEEN.items()]
    seen = seen.filter(ibis.or_(*chosen))
    return seen.group_by(in_run="run_id", of_task=_task(seen)).aggregate(looked_at=seen.seen_before.min())


def _task(seen: Table) -> Any:
    return ibis.ifelse(seen.noun == "tasks", seen.key, OF_RUN)


def _moment(text: Any) -> Any:
    """The moment that a JSON text means, a day its midnight UTC; missing for null and for what is no moment."""
    bare = text.replace('"', "")
    return ibis.ifelse(bare.length() == A_DAY, bare + "T00:00:00Z", bare).try_cast(MOMENT)
