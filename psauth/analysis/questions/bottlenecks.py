"""Bottlenecks: which tasks take the time."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables


def bottlenecks(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Which tasks take the time of a workflow; one row a task, the one with most of it first.

    The time of a task begins with the completion before it in the run, or with the run, and ends with its own: the service
    names no start of a task, so that waiting and working cannot be told apart. Completed tasks count, of all runs.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and workflow_tasks, which has their order).
        filters: see `Filters`.

    Columns:
        task_id, name (as it was called last).
        count: how often it was completed.
        median_hours, p85_hours: by the clock, missing under 5 completions, whose times then stand in few_hours.
        share: its part of all time of the workflow's tasks, from 0 to 1.
        median_working_hours, p85_working_hours: by the calendar.
        hours: of all completions together. workflow_id, workflow_name. few_hours: a list, or missing.
    """
    scope = Scope.of(tables, filters)
    tasks = scope.tasks()
    tasks = tasks.filter(tasks.completed_date.notnull())
    by_task = tasks.group_by("workflow_id", "task_id").aggregate(
        name=tasks.name.argmax(tasks.completed_date),
        workflow_name=tasks.workflow_name.max(),
        count=tasks.count(),
        total=tasks.hours.sum(),
        **percentiles(tasks.hours, median_hours=0.5, p85_hours=0.85),
        **percentiles(tasks.working_hours, median_working_hours=0.5, p85_working_hours=0.85),
        few_hours=few_values(tasks.hours),
    )
    # In an order, though a sum needs none: without one, DuckDB reads all tasks once more.
    every = ibis.window(group_by="workflow_id", order_by="task_id", preceding=None, following=None)
    total = by_task.total.sum().over(every)
    return by_task.select(
        "task_id", "name", "count", "median_hours", "p85_hours", share=(total > 0).ifelse(by_task.total / total, None),
        median_working_hours="median_working_hours", p85_working_hours="p85_working_hours", hours="total",
        workflow_id="workflow_id", workflow_name="workflow_name", few_hours="few_hours",
    ).order_by(ibis.desc("share"), "workflow_id", "task_id")  # fmt: skip
