"""Approval loops: how approvals are decided, how often they are rejected, and how long a decision takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.questions.event_log import DECISIONS
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import hours_between, is_robot

DECIDED_ANEW: Final = ("status", "audit.updatedDate")
"""The values of an approval that move when it is decided again."""


def approval_loops(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How approvals are decided; one row an approval task, the one with most decisions first.

    A decision is the last word of an approval task on one subject task of a run: the service keeps no earlier one. What was
    decided before is known as far as the copy saw it.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and approvals (and changes, which has what the copy saw before).
        filters: see `Filters`; person and robots choose decisions by who made them.

    Columns:
        task_id, name (as it was called last).
        decided: decisions; rejected: those that are rejections; share_rejected: from 0 to 1.
        median_hours: from the completion of the subject task to the decision, by the clock; missing where under 5 are known.
        timed: the decisions whose hours are known. A subject task that is open again, or was completed anew, has none.
        once_rejected: those that are rejections, or were one when the copy looked before.
        repeated: approvals that the copy saw decided more than once; decisions_until_approved: the median of how often they
            were, missing under 5, whose numbers then stand in few_decisions. All missing without changes.
        workflow_id, workflow_name. few_hours, few_decisions: lists, or missing.
    """
    scope = Scope.of(tables, filters)
    made = decisions(scope)
    made = _seen_before(scope, made)
    is_repeated = (made.status == "Approved") & (made.times > 1)
    until = ibis.ifelse(is_repeated, made.times.cast("float64"), None)
    seen = "changes" in scope.sources
    loops = made.group_by("workflow_id", "task_id").aggregate(
        name=made.name.argmax(made.decided_date),
        workflow_name=made.workflow_name.max(),
        **shares_and_times(made),
        once_rejected=(made.is_rejected | made.was_rejected).sum().cast("int64"),
        repeated=until.count() if seen else ibis.null("int64"),
        **percentiles(until, decisions_until_approved=0.5),
        few_decisions=few_values(until) if seen else ibis.null("array<float64>"),
    )
    return loops.mutate(share_rejected=loops.rejected / loops.decided).select(
        "task_id", "name", "decided", "rejected", "share_rejected", "median_hours", "timed", "once_rejected", "repeated",
        "decisions_until_approved", "workflow_id", "workflow_name", "few_hours", "few_decisions",
    ).order_by(ibis.desc("decided"), "task_id")  # fmt: skip


def decisions(scope: Scope) -> Table:
    """One row a decision of a visible approval task, and its hours since the subject task was completed."""
    made = scope.sources.table(
        "approvals", "approval_id", "run_id", "approval_task_id", "subject_task_id", "status", "reviewed_by_email",
        "updated_date",
    ).rename(task_id="approval_task_id", decided_date="updated_date")  # fmt: skip
    made = made.filter(made.status.isin(list(DECISIONS)))
    made = made.mutate(user_email=made.reviewed_by_email.lower(), is_rejected=made.status == "Rejected")
    if scope.person is not None:
        made = made.filter(made.user_email == scope.person)
    if scope.robots is not None:
        made = made.filter(is_robot(made.user_email) == scope.robots)
    runs = replace(scope, person=None, robots=None).runs()
    runs = runs.select(of_run="run_id", workflow_id="workflow_id", workflow_name="workflow_name")
    made = made.inner_join(runs, made.run_id == runs.of_run).drop("of_run")
    every = scope.of_workflows().tasks()
    tasks = every.select(in_run="run_id", of_task="task_id", name="name")
    made = made.inner_join(tasks, [made.run_id == tasks.in_run, made.task_id == tasks.of_task])
    made = made.drop("in_run", "of_task")
    subjects = every.select(in_run="run_id", of_task="task_id", subject_date="completed_date")
    made = made.left_join(subjects, [made.run_id == subjects.in_run, made.subject_task_id == subjects.of_task])
    hours = hours_between(made.subject_date, made.decided_date)
    return made.drop("in_run", "of_task").mutate(hours=ibis.ifelse(hours >= 0, hours, None))


def shares_and_times(made: Table) -> dict[str, Any]:
    """Columns for an aggregation of decisions."""
    return {
        "decided": made.count(),
        "rejected": made.is_rejected.sum().cast("int64"),
        "timed": made.hours.count(),
        **percentiles(made.hours, median_hours=0.5),
        "few_hours": few_values(made.hours),
    }


def _seen_before(scope: Scope, made: Table) -> Table:
    """The decisions, with `times`: how often each was decided, as far as the copy saw it, and whether it `was_rejected`."""
    if "changes" not in scope.sources:
        return made.mutate(times=ibis.literal(1, "int64"), was_rejected=ibis.literal(False))
    seen = scope.sources.table("changes", "noun", "run_id", "key", "column", "old", "new", "seen_at")
    seen = seen.filter((seen.noun == "approvals") & seen.column.isin(list(DECIDED_ANEW)) & seen.old.notnull())
    seen = seen.filter(seen.new.notnull())
    was_rejected = (seen.column == "status") & (seen.old == '"Rejected"')
    seen = seen.group_by(in_run="run_id", of_approval="key").aggregate(
        again=seen.seen_at.nunique(), was_rejected=was_rejected.any()
    )
    made = made.left_join(seen, [made.run_id == seen.in_run, made.approval_id == seen.of_approval])
    return made.drop("in_run", "of_approval").mutate(
        times=1 + made.again.fill_null(0), was_rejected=made.was_rejected.fill_null(False)
    )
