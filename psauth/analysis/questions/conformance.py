"""Conformance: which pairs of tasks runs complete in another order than the template has them."""

from __future__ import annotations

from typing import Any, Final, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.facts import template_order
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables

IN_TIME: Final = ibis.window(group_by="run_id", order_by=["completed_date", "place"])
"""The completed tasks of a run, one after the other; of those of one moment, the one that stands above is first."""


def conformance(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How often two tasks are completed in another order than the template has them; one row a pair, the most broken first.

    Finished runs count, by the order that the template has now. Two tasks completed at the same moment break no order.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and workflow_tasks.
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        earlier, later: names of two tasks, as they follow each other in the template, with others between them or not.
        count: the runs that completed both; broken: those of them that completed the later one first.
        share_broken: from 0 to 1.
        workflow_id, workflow_name, earlier_id, later_id.

    Errors: ArgumentError where the table workflow_tasks is missing.
    """
    scope = Scope.of(tables, filters)
    orders = completed_orders(scope)
    steps = orders.mutate(first=orders.steps.unnest())
    steps = steps.mutate(second=steps.steps.unnest())
    steps = steps.select("workflow_id", "workflow_name", "runs", **_of("first", steps), **_of("second", steps))
    steps = steps.filter(steps["first"] < steps["second"])
    pairs = steps.group_by("workflow_id", "workflow_name", "first", "second").aggregate(
        count=steps.runs.sum().cast("int64"),
        broken=ibis.ifelse(steps.first_number > steps.second_number, steps.runs, 0).sum().cast("int64"),
    )
    for end, place in (("earlier", "first"), ("later", "second")):
        named = template(scope).select(of_workflow="workflow_id", at="place", **{end: "name", f"{end}_id": "task_id"})
        pairs = pairs.inner_join(named, [pairs.workflow_id == named.of_workflow, pairs[place] == named["at"]])
        pairs = pairs.drop("of_workflow", "at")
    return (
        pairs.mutate(share_broken=pairs.broken / pairs["count"])
        .order_by(ibis.desc("broken"), ibis.desc("count"), "workflow_id", "first", "second")
        .select(
            "earlier", "later", "count", "broken", "share_broken", "workflow_id", "workflow_name", "earlier_id", "later_id"
        )
    )  # fmt: skip


def completed_orders(scope: Scope) -> Table:
    """In which orders finished runs completed the tasks of the template; one row an order, with the count of its `runs`.

    Many runs have few orders among them. So pairs are made of each order, and not of each run. `steps` is a list of the
    number and the place of each task.
    """
    runs = finished_runs(scope)
    names = runs.group_by(named="workflow_id").aggregate(workflow_name=runs.workflow_name.max())
    tasks = completed_tasks(scope)
    tasks = tasks.mutate(number=ibis.row_number().over(IN_TIME))
    of_runs = tasks.group_by("workflow_id", "run_id").aggregate(
        steps=ibis.struct({"number": tasks.number, "place": tasks.place}).collect()
    )
    of_runs = of_runs.mutate(steps=of_runs.steps.sort())
    counted = of_runs.group_by("workflow_id", "steps").aggregate(runs=of_runs.count())
    return counted.inner_join(names, counted.workflow_id == names.named).drop("named")


def completed_tasks(scope: Scope) -> Table:
    """The tasks of the template that finished runs completed: workflow_id, run_id, completed_date and place."""
    order = template(scope).select(ordered_task="task_id", place="place")
    tasks = scope.tasks_of_runs()
    tasks = tasks.filter(tasks.completed_date.notnull() & (tasks.run_status == "Completed"))
    tasks = tasks.select("workflow_id", "run_id", "task_id", "completed_date")
    tasks = tasks.inner_join(order, tasks.task_id == order.ordered_task)
    return tasks.select("workflow_id", "run_id", "completed_date", "place")


def finished_runs(scope: Scope) -> Table:
    """The facts of the finished runs."""
    runs = scope.runs()
    return runs.filter(runs.finished.notnull())


def template(scope: Scope) -> Table:
    """task_id, name, workflow_id and place of the tasks that the templates have now; places count from 0, each once."""
    tasks = scope.sources.table("workflow_tasks", "task_id", "name", "workflow_id")
    order = template_order(scope.sources)
    tasks = tasks.inner_join(order, tasks.task_id == order.ordered_task)
    tasks = tasks.filter(tasks.place.notnull()).distinct(on="task_id")
    in_order = ibis.window(group_by="workflow_id", order_by=["place", "task_id"])
    return tasks.select("task_id", "name", "workflow_id", place=ibis.row_number().over(in_order))


def _of(end: str, steps: Table) -> dict[str, Any]:
    """The place and the number of one task of a pair."""
    return {end: steps[end]["place"], f"{end}_number": steps[end]["number"]}
