"""Load ahead: what is due in the next days, by person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, Unpack
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.few import percentiles
from psauth.analysis.periods import add_period
from psauth.analysis.questions.overdue import by_person, open_tasks
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables
from psauth.exceptions import ArgumentError
from psauth.mirror.facts import is_robot
from psauth.reading.arguments import shown

USUAL_DAYS: Final = 60
"""So many days back is looked for what a person usually completes."""
MOST_DAYS: Final = 366
NOBODY: Final = ""
"""Stands for the address of nobody, so that rows can be joined by it."""


def load_ahead(tables: Tables, *, days: int = 14, **filters: Unpack[Filters]) -> Table:
    """What is due in the next days beside what each person usually completes; one row a person and day.

    Open visible tasks of Active runs, and the tasks of the next run that each schedule will start. These are due when the
    tasks before them, and they themselves, have taken the time that they took in the median of Completed runs, one after the
    other; they are with who completed them most often. Tasks that were completed under 5 times, or in less than half of the
    Completed runs, are not foretold, and neither are later runs of a schedule.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and assignments (and schedules, for what they will start, and
            workflow_tasks, for its order).
        days: how many, from today on, in the time zone of the calendar.
        filters: see `Filters`; since, until and status choose the open tasks. person and robots: by whom the tasks are with.

    Columns:
        user_email: missing for tasks that are with nobody. A task that is assigned to two people counts for both.
        day: when it begins. Every day is there for everybody who has something due in one of them.
        due: tasks that are due on it, open ones and those of schedules; those that are overdue already are among today's.
        usual: how many tasks this person completed per day in the last 60 days, those on which nobody works among them.
        scheduled: those of `due` that schedules will start; overdue: those whose due date is past.

    Errors: ArgumentError for a number of days that is none from 1 to 366, and where the table assignments is missing.
    """
    if isinstance(days, bool) or not isinstance(days, int) or not 1 <= days <= MOST_DAYS:
        raise ArgumentError(f"days={shown(days)} cannot be used. Expected a whole number from 1 to {MOST_DAYS}.")
    scope = Scope.of(tables, filters)
    scope.sources.table("assignments", "run_id", "task_id", "email")
    midnights = _midnights(scope, days)
    every = scope.of_workflows().tasks()
    done = every.filter(every.completed_date.notnull())
    load = ibis.union(_open(scope, midnights), _scheduled(scope, done, midnights))
    if scope.person is not None:
        load = load.filter(load.person == scope.person)
    if scope.robots is not None:
        load = load.filter(is_robot(load.person) == scope.robots)
    counted = load.group_by("person", "at").aggregate(
        due=load.count(), scheduled=load.scheduled.sum().cast("int64"), overdue=load.overdue.sum().cast("int64")
    )
    ahead = ibis.memtable(pa.table({"day": pa.array(midnights[:-1], pa.timestamp("us", "UTC"))}))
    grid = load.select("person").distinct().cross_join(ahead)
    grid = grid.left_join(counted, [grid.person == counted.person, grid.day == counted["at"]]).drop(
        "person_right", "at"
    )
    usual = _usual(scope, done)
    grid = grid.left_join(usual, grid.person == usual.who)
    is_known = grid.person != NOBODY
    return grid.select(
        user_email=grid.person.nullif(NOBODY), day="day", due=grid.due.fill_null(0),
        usual=ibis.ifelse(is_known, grid.usual.fill_null(0.0), None), scheduled=grid.scheduled.fill_null(0),
        overdue=grid.overdue.fill_null(0),
    ).order_by("user_email", "day")  # fmt: skip


def _midnights(scope: Scope, days: int) -> list[datetime]:
    """When today, each of the days after it, and the first that is none of them begin."""
    zone = ZoneInfo(scope.calendar.zone)
    today = scope.sources.now.astimezone(zone).date()
    dates = [today + timedelta(days=number) for number in range(days + 1)]
    return [datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC) for day in dates]


def _open(scope: Scope, midnights: list[datetime]) -> Table:
    """person, at (the day), scheduled and overdue of each open task; what is overdue is due today."""
    tasks = by_person(scope, open_tasks(scope))
    tasks = tasks.filter(tasks.due_date < ibis.literal(midnights[-1], MOMENT))
    tasks = add_period(tasks, "day", "due_date", "day", scope.calendar.zone)
    today = ibis.literal(midnights[0], MOMENT)
    tasks = tasks.mutate(
        at=ibis.ifelse(tasks.due_date < today, today, tasks.day),
        overdue=(tasks.due_date < scope.now).cast("int64"),
        person=tasks.email.fill_null(NOBODY),
    )
    return tasks.select("person", "at", "overdue", scheduled=ibis.literal(0, "int64"))


def _scheduled(scope: Scope, done: Table, midnights: list[datetime]) -> Table:
    """The same of each task that the next run of a schedule will have."""
    at, name = ibis.null(MOMENT), ibis.null("string")
    if "schedules" in scope.sources:
        starts = scope.sources.table("schedules", "workflow_id", "next_run_date")
    else:
        starts = done.select("workflow_id", next_run_date=at).limit(0)
    starts = starts.filter(starts.next_run_date >= scope.now).rename(starts="workflow_id")
    steps = _steps(scope, done)
    tasks = starts.inner_join(steps, starts.starts == steps.workflow_id)
    seconds = (tasks.hours_until * 3600).round().cast("int64")
    tasks = tasks.mutate(due_date=(tasks.next_run_date + seconds.as_interval("s")).cast(MOMENT))
    tasks = tasks.filter(tasks.due_date < ibis.literal(midnights[-1], MOMENT))
    tasks = add_period(tasks, "day", "due_date", "day", scope.calendar.zone)
    return tasks.select(
        person=tasks.person.coalesce(name).fill_null(NOBODY), at="day", overdue=ibis.literal(0, "int64"),
        scheduled=ibis.literal(1, "int64"),
    )  # fmt: skip


def _steps(scope: Scope, done: Table) -> Table:
    """The tasks that most Completed runs have: workflow_id, hours_until its end from the start of a run, and person."""
    done = done.filter(done.run_status == "Completed")
    if "workflow_tasks" in scope.sources:
        done = done.filter(done.place.notnull())  # a template starts no task that it has no more
    done = done.mutate(person=done.completed_by_email.lower())
    runs = done.group_by(of_workflow="workflow_id").aggregate(runs=done.run_id.nunique())
    steps = done.group_by("workflow_id", "task_id").aggregate(
        place=done.place.max(), times=done.count(), **percentiles(done.hours, median_hours=0.5)
    )
    steps = steps.inner_join(runs, steps.workflow_id == runs.of_workflow)
    steps = steps.filter(steps.median_hours.notnull() & (2 * steps.times >= steps.runs))
    so_far = ibis.window(group_by="workflow_id", order_by=["place", "task_id"], preceding=None, following=0)
    steps = steps.mutate(hours_until=steps.median_hours.sum().over(so_far))
    people = done.group_by(of_task="task_id", person="person").aggregate(times_done=done.person.count())
    people = people.filter(people.times_done > 0)
    most = ibis.window(group_by="of_task", order_by=[ibis.desc("times_done"), "person"])
    people = people.mutate(number=ibis.row_number().over(most))
    people = people.filter(people.number == 0).select("of_task", "person")
    return steps.left_join(people, steps.task_id == people.of_task).select("workflow_id", "hours_until", "person")


def _usual(scope: Scope, done: Table) -> Any:
    """who, and how many tasks a day this person completed of late."""
    since = ibis.literal(scope.sources.now - timedelta(days=USUAL_DAYS), MOMENT)
    late = done.filter((done.completed_date > since) & (done.completed_date <= scope.now))
    counted = late.group_by(who=late.completed_by_email.lower()).aggregate(times=late.count())
    return counted.select("who", usual=counted.times / USUAL_DAYS)
