"""Median run time: what half of the runs take, with open runs counted for what is known of them."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import Lifetimes, lifetimes_until_now, median, table_of
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.analysis.statements import answered


def median_run_time(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """The time after which under half of the runs are still open (Kaplan-Meier); one row a workflow.

    The median of finished runs alone is too short where slow runs are still open; here these count as well: see `survival`.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        filters: see `Filters`.

    Columns:
        workflow_id, workflow_name.
        median_hours: by the clock; missing under 5 runs, and where half of the runs or more were open to the last.
        lower, upper: its interval of 95 %, by the log-log transformation (statsmodels' `quantile_ci`); one that cannot be
            told is missing.
        finished: the runs that were finished; unfinished: those that are open, or left unfinished.

    Errors: MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    rows = []
    for workflow_id, lifetimes in answered(scope, lifetimes_until_now).groupby("workflow_id"):
        value, lower, upper = median(Lifetimes.of(lifetimes))
        finished = int(lifetimes["is_finished"].sum())
        name = lifetimes["workflow_name"].dropna().max()
        rows.append([workflow_id, name, value, lower, upper, finished, len(lifetimes) - finished])
    names = ["workflow_id", "workflow_name", "median_hours", "lower", "upper", "finished", "unfinished"]
    return table_of(
        pd.DataFrame(rows, columns=names),
        workflow_id=pa.string(), workflow_name=pa.string(), median_hours=pa.float64(), lower=pa.float64(),
        upper=pa.float64(), finished=pa.int64(), unfinished=pa.int64(),
    ).order_by("workflow_name", "workflow_id")  # fmt: skip
