"""Variants: in which orders runs do their tasks."""

from __future__ import annotations

from typing import Final, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables

ARROW: Final = " → "
NO_PLACE: Final = 2**31
"""Stands for the place of tasks that the template has no more: they come after those that it has."""
NO_TASK: Final = "(no task was completed)"


def variants(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """In which orders finished runs completed their tasks; one row an order of a workflow, the most frequent first.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and workflow_tasks, whose order counts where two tasks were
            completed at the same moment).
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        variant: the names of the tasks in the order of their completion, joined by " → ".
        count: the runs; share: of all finished runs, from 0 to 1.
        median_hours: what they took by the clock, missing under 5 runs, whose times then stand in few_hours.
        covered: the share of this and all rows above it. few_hours: a list, or missing. workflow_id.
    """
    scope = Scope.of(tables, filters)
    runs = scope.runs()
    runs = runs.filter(runs.finished.notnull())
    tasks = scope.tasks_of_runs()
    tasks = tasks.filter(tasks.completed_date.notnull() & (tasks.run_status == "Completed"))
    # The lists of runs are put in order, each its own, which takes half as long as to number all tasks.
    place = tasks.place.fill_null(NO_PLACE)
    step = {"at": tasks.completed_date, "place": place, "task": tasks.task_id, "name": tasks.name}
    tasks = tasks.mutate(step=ibis.struct(step))
    orders = tasks.group_by(of_run=tasks.run_id).aggregate(steps=tasks.step.collect())
    orders = orders.select("of_run", variant=orders.steps.sort().map(lambda step: step["name"]).join(ARROW))
    runs = runs.left_join(orders, runs.run_id == orders.of_run)
    runs = runs.mutate(variant=runs.variant.fill_null(NO_TASK))
    counted = runs.group_by("variant", "workflow_id").aggregate(
        count=runs.count(),
        **percentiles(runs.hours, median_hours=0.5),
        few_hours=few_values(runs.hours),
    )
    counted = counted.mutate(share=counted["count"] / counted["count"].sum().over(ibis.window()))
    above = ibis.window(order_by=[ibis.desc("count"), "variant", "workflow_id"], preceding=None, following=0)
    counted = counted.mutate(covered=counted.share.sum().over(above))
    return counted.select("variant", "count", "share", "median_hours", "covered", "few_hours", "workflow_id").order_by(
        ibis.desc("count"), "variant", "workflow_id"
    )
