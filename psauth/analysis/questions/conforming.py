"""Conforming: how many runs complete their tasks in the template's order."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.questions.conformance import IN_TIME, completed_tasks, finished_runs
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables


def conforming(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How many finished runs completed their tasks in the order of the template; one row a workflow.

    A task may be left out, and two may be completed at the same moment. The order is the one that the template has now.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and workflow_tasks.
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        workflow_id, workflow_name.
        runs: finished ones that completed two tasks of the template, or more.
        conforming: those of them in which none came before one that stands above it.
        share: from 0 to 1; missing where there are no such runs.
        without_order: finished runs that completed fewer than two; they are not among the runs.

    Errors: ArgumentError where the table workflow_tasks is missing.
    """
    scope = Scope.of(tables, filters)
    finished = finished_runs(scope)
    finished = finished.group_by("workflow_id").aggregate(
        workflow_name=finished.workflow_name.max(), every=finished.count()
    )
    tasks = completed_tasks(scope)
    tasks = tasks.mutate(is_break=(tasks.place.lag().over(IN_TIME) > tasks.place).fill_null(False))
    of_runs = tasks.group_by("workflow_id", "run_id").aggregate(tasks=tasks.count(), has_break=tasks.is_break.any())
    of_runs = of_runs.filter(of_runs.tasks > 1)
    counted = of_runs.group_by(of_workflow="workflow_id").aggregate(
        runs=of_runs.count(), conforming=(~of_runs.has_break).sum().cast("int64")
    )
    shares = finished.left_join(counted, finished.workflow_id == counted.of_workflow)
    shares = shares.mutate(runs=shares.runs.fill_null(0), conforming=shares.conforming.fill_null(0))
    return shares.select(
        "workflow_id", "workflow_name", "runs", "conforming", share=ibis.ifelse(shares.runs > 0, shares.conforming / shares.runs, None),
        without_order=shares.every - shares.runs,
    ).order_by("share", "workflow_id")  # fmt: skip
