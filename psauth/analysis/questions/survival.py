"""Survival: how many runs are still open after how long."""

from __future__ import annotations

from typing import Unpack

import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import Lifetimes, curve, lifetimes_until_now, table_of
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.analysis.statements import answered


def survival(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How many runs are still open after how long (Kaplan-Meier); one row a time at which a run was finished.

    Open runs count as long as they have been open until now, and Archived ones until they left: of both is known only that
    they took longer. All runs that are asked for make one curve. By statsmodels' `SurvfuncRight`; its first row is the start.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        filters: see `Filters`.

    Columns:
        hours: since the start of a run, by the clock; the first row has 0. Where runs were finished at once, so has the next.
        share_open: of the runs, those that take longer than this, from 0 to 1.
        lower, upper: its pointwise interval of 95 %, by the log-log transformation (Kalbfleisch and Prentice, 1980) of
            Greenwood's standard errors; missing where share_open is 0.
        at_risk: the runs that had been open for so long just before.

    Errors: MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    lifetimes = answered(scope, _times)
    start = pd.DataFrame(
        {"hours": [0.0], "share_open": [1.0], "lower": [1.0], "upper": [1.0], "at_risk": [len(lifetimes)]}
    )
    is_known = lifetimes["is_finished"].any()
    rows = pd.concat([start, curve(Lifetimes.of(lifetimes))], ignore_index=True) if is_known else start
    shares = table_of(
        rows.head(0) if lifetimes.empty else rows,
        hours=pa.float64(), share_open=pa.float64(), lower=pa.float64(), upper=pa.float64(), at_risk=pa.int64(),
    )  # fmt: skip
    return shares.order_by("hours", shares.share_open.desc())


def _times(scope: Scope) -> Table:
    return lifetimes_until_now(scope).select("hours", "is_finished")
