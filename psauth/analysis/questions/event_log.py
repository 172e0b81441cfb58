"""Event log: what happened, one row an event, called as XES calls it, for process-mining tools and for our own."""

from __future__ import annotations

from typing import Final, Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.export.events import ACTIVITY, CASE, TIME
from psauth.mirror.facts import events

DECISIONS: Final = ("Approved", "Rejected")
"""The states of an approval that is decided."""


def event_log(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """What happened in runs; one row an event, run by run, each in the order of time.

    Events are "Run started", each completed visible task by its name, "Approved" and "Rejected", and "Run finished" of
    Completed runs. pm4py, Celonis, Disco and Apromore read the columns by their names; `psauth.save_event_log(log, path)` writes
    them as XES, CSV or Parquet.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and workflow_tasks, which has their order, and approvals).
        filters: see `Filters`; person and robots choose runs by who started them.

    Columns:
        case:concept:name: the run's id. concept:name: the activity. time:timestamp. None of these is ever missing.
        org:resource: the address of who did it, or missing. lifecycle:transition: always "complete".
        case:name, case:workflow_id, case:workflow, case:status: those of the run.
        task_id: missing for what is no task.
    """
    scope = Scope.of(tables, filters)
    runs = scope.runs()
    happened = events(runs, scope.tasks_of_runs())
    if "approvals" in scope.sources:
        happened = ibis.union(happened, _decisions(scope))
    of = runs.select(
        of_run="run_id", run_name="name", run_workflow="workflow_id", workflow_name="workflow_name", run_status="status"
    )
    happened = happened.inner_join(of, happened.run_id == of.of_run)
    happened = happened.filter(happened.event.notnull() & happened.moment.notnull())
    ordered = happened.order_by("run_id", "moment", "rank", "place", "task_id", "event")
    return ordered.select(
        **{CASE: "run_id", ACTIVITY: "event", TIME: "moment", "org:resource": "resource"},
        **{"lifecycle:transition": ibis.literal("complete")},
        **{"case:name": "run_name", "case:workflow_id": "run_workflow", "case:workflow": "workflow_name"},
        **{"case:status": "run_status", "task_id": "task_id"},
    )


def _decisions(scope: Scope) -> Table:
    """The decided approvals as events; each comes after the task of the same moment."""
    approvals = scope.sources.table(
        "approvals", "run_id", "approval_task_id", "status", "reviewed_by_email", "updated_date"
    )
    approvals = approvals.filter(approvals.status.isin(list(DECISIONS)))
    return approvals.select(
        "run_id", workflow_id=ibis.null("string"), event="status", moment="updated_date", resource="reviewed_by_email",
        task_id="approval_task_id", place=ibis.null("int64"), rank=ibis.literal(1, "int64"),
    )  # fmt: skip
