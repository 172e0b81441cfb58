"""Facts: what many figures are made of. One row a run, one row a visible task, one row a step from one event to the next.

They are expressions: `FactTables` publishes them with the copy, and an analysis of frames makes them of these.
"""

from __future__ import annotations

from typing import Any, Final

import ibis
from ibis.expr.types import Table

from psauth.calendars.calendars import Calendars
from psauth.mirror.columns import RUN_FACTS, TASK_FACTS, Layout

ROBOT: Final = r"^api-.*@process\.st$"
"""What the addresses of robots look like."""
STARTED, FINISHED = "Run started", "Run finished"
"""The events at both ends of a run."""
HOUR: Final = 3_600_000_000.0
"""In microseconds, as the tables have their moments."""
RUNS: Final = (
    "run_id", "name", "workflow_id", "workflow_name", "status", "created_date", "updated_date", "created_by_id", "due_date",
    "gone",
)  # fmt: skip
TASKS: Final = (
    "run_id", "task_id", "name", "task_type", "hidden", "stopped", "due_date", "completed_date", "completed_by_email",
)  # fmt: skip
USERS: Final = ("user_id", "email")
WORKFLOW_TASKS: Final = ("task_id", "order_tree")
"""The columns that facts are made of, by the table that has them."""


def run_facts(runs: Table, tasks: Table, users: Table | None, calendars: Calendars) -> Table:
    """One row a run that is there, with its times, counts and lateness.

    Parameters:
        runs, tasks, users: have the columns RUNS, TASKS, USERS. Without users, nobody is a robot.
        calendars: what working hours are.

    Columns:
        run_id, name, workflow_id, workflow_name, status.
        started: when it was created; started_by_id, started_by_robot.
        finished: of Completed runs, when the last of its visible tasks was completed; where none was, when the run was
            updated last, and `finished_estimated` says so. Missing for all others.
        left: finished; of Archived runs, when they were updated last.
        hours, working_hours: from started to finished, by the clock and by the calendar.
        tasks, done: its visible tasks, and those of them that are completed.
        due_date; late_hours, late_working_hours: from it to finished, negative where that was before it.
    """
    runs = _there(runs).rename(started="created_date", started_by_id="created_by_id")
    tasks = visible(tasks)
    counts = tasks.group_by(run_of_tasks=tasks.run_id).aggregate(
        tasks=tasks.count(),
        done=tasks.completed_date.count(),
        last_completed=tasks.completed_date.max(),
    )
    facts = runs.left_join(counts, runs.run_id == counts.run_of_tasks)
    facts = _with_robots(facts, users)
    is_completed = facts.status == "Completed"
    facts = facts.mutate(
        tasks=facts.tasks.fill_null(0),
        done=facts.done.fill_null(0),
        finished=ibis.ifelse(is_completed, facts.last_completed.coalesce(facts.updated_date), None),
        finished_estimated=is_completed & facts.last_completed.isnull(),
    )
    is_archived = facts.status == "Archived"
    facts = facts.mutate(
        left=facts.finished.coalesce(ibis.ifelse(is_archived, facts.updated_date, None)),
        hours=hours_between(facts.started, facts.finished),
        late_hours=hours_between(facts.due_date, facts.finished),
    )
    facts = calendars.add_hours(facts, "working_hours", "started", "finished")
    facts = calendars.add_hours(facts, "late_working_hours", "due_date", "finished")
    return facts.select(*_names(RUN_FACTS))


def task_facts(runs: Table, tasks: Table, workflow_tasks: Table | None, calendars: Calendars) -> Table:
    """One row a visible task of a run that is there, with the time that it took.

    Parameters:
        runs, tasks, workflow_tasks: have the columns RUNS, TASKS, WORKFLOW_TASKS. Without workflow_tasks, no task has a place.
        calendars: what working hours are.

    Columns:
        run_id, task_id, name, workflow_id, workflow_name, run_status; started: when the run was.
        task_type, stopped; place: its number in the order of the template, missing where the template has it no more.
        due_date, completed_date, completed_by_email, by_robot.
        began: the later of the run's start and the completion before it in the run; missing for tasks that are open.
        before_by_email: who completed the task before it in the run; missing where there is none, and for open tasks.
        hours, working_hours: from began to completed_date. The service names no start of a task, so that waiting and
            working cannot be told apart.
    """
    runs = _there(runs).select(
        run="run_id", workflow_id="workflow_id", workflow_name="workflow_name", run_status="status", started="created_date"
    )  # fmt: skip
    tasks = visible(tasks)
    tasks = tasks.inner_join(runs, tasks.run_id == runs.run).drop("run")
    if workflow_tasks is None:
        tasks = tasks.mutate(place=ibis.null("int64"))
    else:
        order = template_order(workflow_tasks)
        tasks = tasks.left_join(order, tasks.task_id == order.ordered_task).drop("ordered_task")
    tasks = tasks.mutate(by_robot=is_robot(tasks.completed_by_email), is_open=tasks.completed_date.isnull())
    in_order = ibis.window(group_by=["run_id", "is_open"], order_by=["completed_date", "place", "task_id"])
    before = tasks.completed_date.lag().over(in_order)
    before_by = tasks.completed_by_email.lag().over(in_order)
    tasks = tasks.mutate(
        began=ibis.ifelse(tasks.is_open, None, ibis.greatest(tasks.started, before.coalesce(tasks.started))),
        before_by_email=ibis.ifelse(tasks.is_open, None, before_by),
    )
    tasks = tasks.mutate(hours=ibis.greatest(hours_between(tasks.began, tasks.completed_date), 0.0))
    tasks = tasks.mutate(hours=ibis.ifelse(tasks.is_open, None, tasks.hours))
    tasks = calendars.add_hours(tasks, "working_hours", "began", "completed_date")
    tasks = tasks.mutate(working_hours=ibis.ifelse(tasks.working_hours < 0, 0.0, tasks.working_hours))
    return tasks.select(*_names(TASK_FACTS))


def edges(runs: Table, tasks: Table) -> Table:
    """One row a step of a run from one event to the next, out of the facts of its runs and tasks.

    Events are its start, its completed tasks in the order of their completion, and the end of a Completed run.

    Columns: run_id, workflow_id, source, target (names of tasks, or "Run started", "Run finished"), source_place and
    target_place (in the order of the template), began, ended, hours.
    """
    steps = events(runs, tasks)
    in_order = ibis.window(group_by="run_id", order_by=["moment", "rank", "place", "task_id"])
    steps = steps.mutate(
        source=steps.event.lag().over(in_order),
        source_place=steps.place.lag().over(in_order),
        began=steps.moment.lag().over(in_order),
    )
    steps = steps.filter(steps.source.notnull())
    return steps.select(
        "run_id", "workflow_id", "source", target="event", source_place="source_place", target_place="place",
        began="began", ended="moment", hours=hours_between(steps.began, steps.moment),
    )  # fmt: skip


def events(runs: Table, tasks: Table) -> Table:
    """One row an event: run_id, workflow_id, event, moment, resource, task_id, place; `rank` orders those of one moment."""
    completed = tasks.filter(tasks.completed_date.notnull())
    done = completed.select(
        "run_id", "workflow_id", event="name", moment="completed_date", resource="completed_by_email", task_id="task_id",
        place="place", rank=ibis.literal(1, "int64"),
    )  # fmt: skip
    ends = [
        runs.filter(runs[moment].notnull()).select(
            "run_id", "workflow_id", event=ibis.literal(name, "string"), moment=moment, resource=ibis.null("string"),
            task_id=ibis.null("string"), place=ibis.null("int64"), rank=ibis.literal(rank, "int64"),
        )
        for name, moment, rank in ((STARTED, "started", 0), (FINISHED, "finished", 2))
    ]  # fmt: skip
    return ibis.union(done, *ends)


def visible(tasks: Table) -> Table:
    """The tasks that are not hidden: hidden ones count nowhere."""
    return tasks.filter(~tasks.hidden.fill_null(False)).drop("hidden").mutate(stopped=tasks.stopped.fill_null(False))


def template_order(workflow_tasks: Table) -> Table:
    """ordered_task and its place, from 1, in the template as it is now."""
    place = workflow_tasks.order_tree.try_cast("int64").max()
    return workflow_tasks.group_by(ordered_task=workflow_tasks.task_id).aggregate(place=place)


def is_robot(email: Any) -> Any:
    """Whether it is a robot's address; what has none is no robot."""
    return email.re_search(ROBOT).fill_null(False)


def hours_between(start: Any, end: Any) -> Any:
    """Hours by the clock from one moment to another."""
    return end.delta(start, unit="microsecond").cast("float64") / HOUR  # else Spark counts in decimals


def _there(runs: Table) -> Table:
    """The runs that are not gone."""
    return runs.filter(runs.gone.isnull()).drop("gone")


def _with_robots(runs: Table, users: Table | None) -> Table:
    """The runs, and whether a robot started each."""
    if users is None:
        return runs.mutate(started_by_robot=ibis.literal(False))
    robots = users.filter(is_robot(users.email)).select(robot="user_id").distinct()
    runs = runs.left_join(robots, runs.started_by_id == robots.robot)
    return runs.mutate(started_by_robot=runs.robot.notnull()).drop("robot")


def _names(layout: Layout) -> list[str]:
    return [field.name for field in layout.fields]
