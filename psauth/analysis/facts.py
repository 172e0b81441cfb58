"""Facts: what many figures are made of. A row a run, a row a task, and a row a step from one task to the next."""

from __future__ import annotations

from typing import Final

import ibis
from ibis.expr.types import BooleanColumn, FloatingColumn, StringColumn, Table, TimestampColumn

from psauth.analysis.calendar import Calendar
from psauth.analysis.sources import Sources

ROBOT: Final = r"^api-.*@process\.st$"
"""Whose addresses look so are robots."""
START, END = "Run started", "Run finished"
"""The events at both ends of a run."""
_HOUR: Final = 3_600_000_000


def run_facts(sources: Sources, calendar: Calendar) -> Table:
    """One row a run that is there.

    Columns: run_id, name, workflow_id, workflow_name, status; started; finished (Completed runs alone: when the last visible
    task was completed, or, `finished_estimated`, when the run was updated last, if none was); left (finished, or for Archived
    runs when they were updated last); hours and working_hours from start to finish; tasks and done, its visible tasks;
    due_date, and late_hours and late_working_hours (how long after it the run was finished; negative before it).
    """
    runs = sources.table(
        "runs", "run_id", "name", "workflow_id", "workflow_name", "status", "created_date", "updated_date",
        "created_by_id", "due_date", "gone",
    )  # fmt: skip
    runs = runs.filter(runs.gone.isnull()).drop("gone").rename(started="created_date", started_by_id="created_by_id")
    tasks = visible_tasks(sources)
    is_done = tasks.completed_date.notnull()
    counts = tasks.group_by(run_of_task=tasks.run_id).aggregate(
        tasks=tasks.count(), done=is_done.sum(), last_completed=tasks.completed_date.max()
    )
    facts = runs.left_join(counts, runs.run_id == counts.run_of_task)
    is_completed = facts.status == "Completed"
    facts = facts.mutate(
        tasks=facts.tasks.fill_null(0),
        done=facts.done.fill_null(0),
        finished=ibis.ifelse(is_completed, facts.last_completed.coalesce(facts.updated_date), None),
        finished_estimated=is_completed & facts.last_completed.isnull(),
    )
    facts = facts.mutate(
        left=facts.finished.coalesce(ibis.ifelse(facts.status == "Archived", facts.updated_date, None)),
        hours=hours_between(facts.started, facts.finished),
        late_hours=hours_between(facts.due_date, facts.finished),
    )
    facts = calendar.add_hours(facts, "working_hours", "started", "finished")
    facts = calendar.add_hours(facts, "late_working_hours", "due_date", "finished")
    return facts.select(
        "run_id", "name", "workflow_id", "workflow_name", "status", "started", "started_by_id", "finished",
        "finished_estimated", "left", "hours", "working_hours", "tasks", "done", "due_date", "late_hours",
        "late_working_hours",
    )  # fmt: skip


def task_facts(sources: Sources, runs: Table, calendar: Calendar) -> Table:
    """One row a visible task of those runs.

    Columns: run_id, task_id, name, workflow_id, task_type, stopped, order_tree, due_date, completed_date, completed_by_email,
    by_robot; began (the later of the run's start and the completion before it in the run) and hours and working_hours from
    then to its completion. The service says no start of a task: waiting and working cannot be told apart.
    """
    tasks = visible_tasks(sources)
    of = runs.select(run="run_id", workflow_id="workflow_id", started="started")
    tasks = tasks.inner_join(of, tasks.run_id == of.run).drop("run")
    order = template_order(sources)
    tasks = tasks.left_join(order, tasks.task_id == order.ordered_task).drop("ordered_task")
    before = ibis.window(
        group_by=["run_id", tasks.completed_date.isnull()],
        order_by=["completed_date", "place", "task_id"],
    )
    tasks = tasks.mutate(
        by_robot=is_robot(tasks.completed_by_email),
        before=tasks.completed_date.lag().over(before),
    )
    tasks = tasks.mutate(
        began=ibis.ifelse(tasks.completed_date.notnull(), ibis.greatest(tasks.started, tasks.before.coalesce(tasks.started)), None)
    )
    tasks = tasks.mutate(hours=hours_between(tasks.began, tasks.completed_date).fill_null(0))
    return tasks


def visible_tasks(sources: Sources) -> Table:
    """The tasks that are not hidden: hidden ones count nowhere."""
    tasks = sources.table(
        "tasks", "run_id", "task_id", "name", "task_type", "hidden", "stopped", "due_date", "completed_date",
        "completed_by_email",
    )  # fmt: skip
    return tasks.filter(~tasks.hidden.fill_null(False)).drop("hidden")


def is_robot(email: StringColumn) -> BooleanColumn:
    """Whether it is a robot's address."""
    return email.re_search(ROBOT).fill_null(False)


def hours_between(start: TimestampColumn, end: TimestampColumn) -> FloatingColumn:
    """Hours by the clock."""
    return end.delta(start, unit="microsecond") / float(_HOUR)
