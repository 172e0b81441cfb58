"""Run times: how long runs take."""

from __future__ import annotations

from typing import Unpack

from ibis.expr.types import Table

from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import hours_between


def run_times(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How long each run takes, from its start to its end; one row a run.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        filters: see `Filters`.

    Columns:
        run_id, workflow_id, name, status.
        started: when it was created.
        finished: of Completed runs, when the last of its visible tasks was completed. Where none was, when the run was updated
            last, and finished_estimated is True. Missing for Active runs, and for Archived ones, which never finish.
        hours, working_hours: from started to finished, by the clock and by the calendar; missing where finished is.
        age_hours: of Active runs, from started until now, by the clock.
        workflow_name.
    """
    scope = Scope.of(tables, filters)
    runs = scope.runs()
    age = hours_between(runs.started, scope.now)
    return runs.select(
        "run_id", "workflow_id", "name", "status", "started", "finished", "finished_estimated", "hours", "working_hours",
        age_hours=(runs.status == "Active").ifelse(age, None), workflow_name="workflow_name",
    ).order_by("started", "run_id")  # fmt: skip
