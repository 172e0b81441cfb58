"""Workload: who has how much to do."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.questions.overdue import by_person, open_tasks
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables


def workload(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Who has how many open tasks; one row a person, the one with most of them first.

    Open, visible tasks of Active runs. One that is assigned to two people counts for both.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and assignments.
        filters: see `Filters`.

    Columns:
        user_email: missing for tasks that are assigned to nobody.
        open: the tasks; overdue: those of them whose due date is past and that are not stopped.
    """
    scope = Scope.of(tables, filters)
    scope.sources.table("assignments", "run_id", "task_id", "email")
    tasks = by_person(scope, open_tasks(scope)).rename(user_email="email")
    tasks = tasks.mutate(is_late=(~tasks.stopped & (tasks.due_date < scope.now)).fill_null(False))
    if scope.person is not None:
        tasks = tasks.filter(tasks.user_email == scope.person)
    return (
        tasks.group_by("user_email")
        .aggregate(open=tasks.count(), overdue=tasks.is_late.sum())
        .order_by(ibis.desc("open"), "user_email")
    )
