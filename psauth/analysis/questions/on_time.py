"""On time: how much is completed by its due date, by the one that it had at first."""

from __future__ import annotations

from typing import Any, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.due_dates import OF_RUN, first_due_dates, first_looks
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables


def on_time(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How many tasks, and runs, are completed by the due date that the copy saw first; one row a workflow, the least punctual first.

    Completed visible tasks of all runs, and finished runs, that have a due date. The service may move a due date even after
    the completion. So the first that was seen counts, and the one that stands where no other was seen.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and changes, which has the due dates that were seen before).
        filters: see `Filters`.

    Columns:
        workflow_id, workflow_name.
        count: the tasks; on_time: those that were completed by the first due date; share_on_time: from 0 to 1.
        moved: tasks that are in time only because the date moved: by the one that stands, and not by the first. They are
            not among those on time.
        unobserved: of the count, tasks of which the copy saw neither another due date nor the time before their completion:
            an earlier move is not known.
        runs, runs_on_time, share_runs_on_time, runs_moved, runs_unobserved: the same of the runs and their own due dates.
            A share is missing where nothing had a due date.
    """
    scope = Scope.of(tables, filters)
    tasks, runs = scope.tasks(), scope.runs()
    columns = ("run_id", "workflow_id", "workflow_name", "due_date")
    every = ibis.union(
        tasks.select(*columns, task="task_id", completed="completed_date"),
        runs.select(*columns, task=ibis.literal(OF_RUN), completed="finished"),
    )
    every = _with_first(scope, every.filter(every.completed.notnull()))
    due = every.first_due_date.coalesce(every.due_date)
    every = every.filter(due.notnull()).mutate(in_time=every.completed <= due)
    is_moved = ~every.in_time & (every.completed <= every.due_date).fill_null(False)
    every = every.mutate(is_moved=is_moved, of_run=every.task == OF_RUN)

    def counts(where: Any, count: str, on_time: str, moved: str, unobserved: str) -> dict[str, Any]:
        return {
            count: every.count(where=where),
            on_time: every.in_time.sum(where=where).cast("int64").fill_null(0),
            moved: every.is_moved.sum(where=where).cast("int64").fill_null(0),
            unobserved: every.is_unobserved.sum(where=where).cast("int64").fill_null(0),
        }

    shares = every.group_by("workflow_id").aggregate(
        workflow_name=every.workflow_name.max(),
        **counts(~every.of_run, "count", "on_time", "moved", "unobserved"),
        **counts(every.of_run, "runs", "runs_on_time", "runs_moved", "runs_unobserved"),
    )
    return shares.select(
        "workflow_id", "workflow_name", "count", "on_time", share_on_time=_share(shares.on_time, shares["count"]),
        moved="moved", unobserved="unobserved", runs="runs", runs_on_time="runs_on_time",
        share_runs_on_time=_share(shares.runs_on_time, shares.runs), runs_moved="runs_moved",
        runs_unobserved="runs_unobserved",
    ).order_by("share_on_time", "workflow_id")  # fmt: skip


def _share(some: Any, every: Any) -> Any:
    return ibis.ifelse(every > 0, some / every, None)


def _with_first(scope: Scope, every: Table) -> Table:
    """first_due_date, missing where no other was seen, and whether neither that nor the time before the completion was."""
    if "changes" not in scope.sources:
        missing = ibis.null(MOMENT)
        return every.mutate(first_due_date=missing, is_unobserved=ibis.literal(True))
    for seen in (first_due_dates(scope.sources), first_looks(scope.sources)):
        every = every.left_join(seen, [every.run_id == seen.in_run, every.task == seen.of_task]).drop(
            "in_run", "of_task"
        )
    was_open = (every.looked_at < every.completed).fill_null(False)
    return every.mutate(is_unobserved=every.first_due_date.isnull() & ~was_open)
