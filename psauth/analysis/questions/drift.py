"""Drift: which due dates moved, and by how much."""

from __future__ import annotations

from typing import Any, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.due_dates import OF_RUN, first_due_dates
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import hours_between


def drift(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Which due dates were seen to move, and by how much; one row a run or visible task, the one that moved most first.

    A due date that is set where there was none has not moved: it is then the first. Several moves between two looks of the
    copy are seen as one.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and changes (and users, who own runs).
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        run_id; task_id: missing for the due date of the run itself.
        first_due_date: the first that the copy saw; due_date: as it stands, missing where there is none any more.
        drift_hours: from the first to the one that stands, by the clock, negative where it is earlier now; missing where
            there is none any more. It is 0 where the due date moved and came back.
        name: of the task, or of the run. moves: how often it was seen to move, or to be taken away.
        workflow_id, workflow_name. owner_email: who started the run, missing where that is not known.

    Errors: ArgumentError where the table changes is missing.
    """
    scope = Scope.of(tables, filters)
    runs = scope.runs()
    columns = ("run_id", "workflow_id", "workflow_name", "started_by_id")
    first = first_due_dates(scope.sources)
    first = first.filter(first.moves > 0)
    of_runs = runs.select(*columns, task=ibis.literal(OF_RUN), name="name", due_date="due_date")
    of_runs = of_runs.inner_join(first, [of_runs.run_id == first.in_run, of_runs.task == first.of_task])
    tasks = scope.of_workflows().tasks().select(of="run_id", task="task_id", name="name", due_date="due_date")
    of_tasks = tasks.inner_join(
        first, [tasks.of == first.in_run, tasks.task == first.of_task]
    )  # few, and so before the runs
    of_tasks = of_tasks.inner_join(runs.select(*columns), of_tasks.of == runs.run_id)
    moved = ibis.union(of_runs, of_tasks.select(of_runs.columns))
    moved = _with_owners(scope, moved)
    moved = moved.mutate(
        task_id=moved.task.nullif(OF_RUN), drift_hours=hours_between(moved.first_due_date, moved.due_date)
    )
    return moved.order_by(ibis.desc(moved.drift_hours.abs().fill_null(0.0)), "run_id", "task").select(
        "run_id", "task_id", "first_due_date", "due_date", "drift_hours", "name", "moves", "workflow_id", "workflow_name",
        "owner_email",
    )  # fmt: skip


def _with_owners(scope: Scope, moved: Table) -> Any:
    if "users" not in scope.sources:
        return moved.mutate(owner_email=ibis.null("string"))
    users = scope.sources.table("users", "user_id", "email").rename(owner="user_id", owner_email="email")
    return moved.left_join(users, moved.started_by_id == users.owner)
