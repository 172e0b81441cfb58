"""Overdue: which tasks are late, by how much, and with whom."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import hours_between


def overdue(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Which tasks are late now; one row a task of a run, the latest first.

    Late is a task of an Active run that is open, visible and not stopped, and whose due date is past.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and assignments, which say with whom).
        filters: see `Filters`; person: those that are assigned to this person.

    Columns:
        run_id, task_id, name, due_date.
        late_hours, by the clock, and late_working_hours, by the calendar, from due_date until now.
        run_name, workflow_id, workflow_name.
        user_emails: to whom it is assigned, joined by ", "; missing where that is nobody.
    """
    scope = Scope.of(tables, filters)
    tasks = with_emails(scope, open_tasks(scope))
    names = scope.of_workflows().runs().select(named_run="run_id", run_name="name")
    tasks = tasks.inner_join(names, tasks.run_id == names.named_run).drop("named_run")
    late = tasks.filter(~tasks.stopped & (tasks.due_date < scope.now))
    if scope.person is not None:
        late = late.filter(late.emails.contains(scope.person))
    late = late.mutate(now=scope.now)
    late = late.mutate(late_hours=hours_between(late.due_date, late.now))
    late = scope.calendar.add_hours(late, "late_working_hours", "due_date", "now")
    return late.select(
        "run_id", "task_id", "name", "due_date", "late_hours", "late_working_hours", "run_name", "workflow_id",
        "workflow_name", user_emails=late.emails.join(", "),
    ).order_by(ibis.desc("late_hours"), "run_id", "task_id")  # fmt: skip


def open_tasks(scope: Scope) -> Table:
    """The open visible tasks of Active runs."""
    tasks = scope.tasks()
    return tasks.filter(tasks.completed_date.isnull() & (tasks.run_status == "Active"))


def with_emails(scope: Scope, tasks: Table) -> Table:
    """Open tasks, and `emails`: a list of those to whom each is assigned, missing where that is nobody."""
    if "assignments" not in scope.sources:
        return tasks.mutate(emails=ibis.null("array<string>"))
    people = _assigned(scope)
    people = people.group_by("of_run", "of_task").aggregate(emails=people.email.collect().sort())
    return _joined(tasks, people)


def by_person(scope: Scope, tasks: Table) -> Table:
    """Open tasks, one row for each to whom one is assigned, with their `email`, and one without it where that is nobody."""
    return _joined(tasks, _assigned(scope))


def _joined(tasks: Table, people: Table) -> Table:
    pairs = [tasks.run_id == people.of_run, tasks.task_id == people.of_task]
    return tasks.left_join(people, pairs).drop("of_run", "of_task")


def _assigned(scope: Scope) -> Table:
    """Who is assigned to which tasks of Active runs, each once: of_run, of_task, email (in small letters)."""
    runs = scope.of_workflows().runs()
    people = scope.sources.table("assignments", "run_id", "task_id", "email")
    people = people.filter(people.email.notnull() & people.task_id.notnull())
    people = people.semi_join(runs.filter(runs.status == "Active"), "run_id")
    return people.select(of_run="run_id", of_task="task_id", email=people.email.lower()).distinct()
