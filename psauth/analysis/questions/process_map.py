"""Process map: what follows what."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables


def process_map(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """What is completed directly after what (the directly-follows graph); one row a pair of a workflow, the most frequent first.

    It shows the order of completion: tasks may run side by side, and the service names no start of a task.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and workflow_tasks, which has their order).
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        source, target: names of tasks, or "Run started", and, of Completed runs, "Run finished".
        count: how often target came next.
        median_hours: between the two, by the clock, missing under 5 times, whose hours then stand in few_hours.
        source_order, target_order: the places of the tasks in the template, from 1, missing for what is no task of it now.
        few_hours: a list, or missing. workflow_id.
    """
    scope = Scope.of(tables, filters)
    steps = scope.steps_of_runs()
    pairs = steps.group_by("source", "target", "workflow_id").aggregate(
        count=steps.count(),
        **percentiles(steps.hours, median_hours=0.5),
        source_order=steps.source_place.min(),
        target_order=steps.target_place.min(),
        few_hours=few_values(steps.hours),
    )
    return pairs.relocate("workflow_id", after="few_hours").order_by(
        ibis.desc("count"), "source", "target", "workflow_id"
    )
