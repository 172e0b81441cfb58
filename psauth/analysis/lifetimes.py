"""Lifetimes: how long runs have been open, those that still are among them, and what statsmodels makes of such times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.few import FEWEST
from psauth.analysis.scope import Scope
from psauth.exceptions import needs_extra
from psauth.mirror.facts import hours_between

CONFIDENCE: Final = 0.95
"""Of every interval here."""
HALF: Final = 0.5
NEEDS: Final = ("analysis", "This analysis")
"""The extra that brings statsmodels, and what is said to need it."""
DIGITS: Final = 12
"""Shares of open runs are rounded to so many, for statsmodels multiplies logarithms, and a half would not be one."""


class Estimate(NamedTuple):
    """A figure with its interval of 95 %; NaN where it cannot be told."""

    value: float
    lower: float
    upper: float


UNKNOWN: Final = Estimate(np.nan, np.nan, np.nan)


def lifetimes_until_now(scope: Scope) -> Table:
    """How long each run that it is about has been open: see `run_lifetimes`."""
    return run_lifetimes(scope.runs(), scope.now)


def run_lifetimes(runs: Table, at: Any) -> Table:
    """How long each run was open until a moment, out of the facts of runs; those that were started after it are left out.

    Columns:
        run_id, workflow_id, workflow_name, started, started_by_id.
        hours: by the clock, from its start until it left, or until the moment where it was open then. One that left before
            it was started, as the service has it, was open for none.
        is_finished: whether it was finished by then. Of all others is known only that they took longer than this: Active
            ones are open, and Archived ones left unfinished.
    """
    begun = runs.filter(runs.started <= at)
    left = begun.left <= at
    until = ibis.ifelse(left.fill_null(False), begun.left, at)
    return begun.select(
        "run_id", "workflow_id", "workflow_name", "started", "started_by_id",
        hours=ibis.greatest(hours_between(begun.started, until), 0.0),
        is_finished=(begun.finished <= at).fill_null(False),
    )  # fmt: skip


@dataclass(frozen=True)
class Lifetimes:
    """How long each of some runs was open, and whether it was finished by then; two arrays of one length."""

    hours: np.ndarray
    is_finished: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Lifetimes:
        """Out of the answer to `run_lifetimes`."""
        return cls(rows["hours"].to_numpy("float64"), rows["is_finished"].to_numpy("bool"))

    def where(self, chosen: np.ndarray) -> Lifetimes:
        """Those of some of the runs."""
        return Lifetimes(self.hours[chosen], self.is_finished[chosen])

    def __len__(self) -> int:
        return len(self.hours)

    @property
    def finished(self) -> int:
        """How many were finished."""
        return int(self.is_finished.sum())


def curve(lifetimes: Lifetimes) -> pd.DataFrame:
    """The share of runs that are open after so many hours (Kaplan-Meier), one row a time at which a run was finished.

    Columns: hours, share_open, lower, upper, at_risk (the runs that were open just before). The interval is pointwise, by
    the log-log transformation (Kalbfleisch and Prentice, 1980) of statsmodels' standard errors (Greenwood's); missing
    where no run is open any more.
    """
    estimate = _kaplan_meier(lifetimes)
    lower, upper = _limits(estimate.surv_prob, estimate.surv_prob_se)
    return pd.DataFrame(
        {
            "hours": estimate.surv_times,
            "share_open": estimate.surv_prob,
            "lower": lower,
            "upper": upper,
            "at_risk": np.asarray(estimate.n_risk, "int64"),
        }
    )


def share_after(lifetimes: Lifetimes, hours: float) -> Estimate:
    """The share of runs that take longer than this, as `curve` has it.

    NaN where none has been observed for so long, and not all were finished.
    """
    estimate = _kaplan_meier(lifetimes)
    row = int(np.searchsorted(estimate.surv_times, hours, side="right")) - 1
    if row < 0:
        return Estimate(1.0, np.nan, np.nan)
    share = estimate.surv_prob[row]
    if share > 0 and hours > lifetimes.hours.max():
        return UNKNOWN
    lower, upper = _limits(share, estimate.surv_prob_se[row])
    return Estimate(float(share), float(lower), float(upper))


def median(lifetimes: Lifetimes) -> Estimate:
    """The first time after which under half of the runs are open (Kaplan-Meier), with the interval of statsmodels (log-log).

    NaN under 5 runs, and where half of them or more are open to the last.
    """
    if len(lifetimes) < FEWEST or not lifetimes.finished:
        return UNKNOWN
    estimate = _kaplan_meier(lifetimes)
    with np.errstate(all="ignore"):  # where all or none are open there is no logarithm of a logarithm
        lower, upper = estimate.quantile_ci(HALF, alpha=1 - CONFIDENCE)
    value = estimate.quantile(HALF)
    if np.isnan(value):
        return UNKNOWN
    return Estimate(float(value), float(lower), float(upper) if np.isfinite(upper) else np.nan)


def ratio_of_medians(one: Estimate, other: Estimate) -> Estimate:
    """How many times the other median one is, with an interval made of theirs; NaN where one of them is missing or 0.

    The interval is that of a difference of logarithms by the limits of both (MOVER: Zou and Donner, 2008, "Construction of
    confidence limits about effect measures", equation 7).
    """
    if not (one.value > 0 and other.value > 0):
        return UNKNOWN
    with np.errstate(all="ignore"):
        (a, a_lower, a_upper), (b, b_lower, b_upper) = np.log(one), np.log(other)
    difference = a - b
    lower = difference - np.hypot(a - a_lower, b_upper - b)
    upper = difference + np.hypot(a_upper - a, b - b_lower)
    return Estimate(*(float(np.exp(each)) for each in (difference, lower, upper)))


def log_rank(one: Lifetimes, other: Lifetimes) -> float:
    """The p-value of a log-rank test of two groups of runs; NaN where one has under 5, or no run tells them apart."""
    with needs_extra(*NEEDS):
        from statsmodels.duration.survfunc import survdiff
    if min(len(one), len(other)) < FEWEST or not one.finished + other.finished:
        return np.nan
    hours = np.concatenate([one.hours, other.hours])
    is_finished = np.concatenate([one.is_finished, other.is_finished]).astype("int64")
    group = np.repeat([0, 1], [len(one), len(other)])
    try:
        _, p_value = survdiff(hours, is_finished, group)
    except np.linalg.LinAlgError:  # all were finished when one of the groups had left, or in the same moment
        return np.nan
    return float(p_value)


def table_of(frame: pd.DataFrame, **types: pa.DataType) -> Table:
    """A frame that was computed, as an expression; NaN is missing."""
    schema = pa.schema(list(types.items()))
    return ibis.memtable(pa.Table.from_pandas(frame, schema, preserve_index=False))


def _kaplan_meier(lifetimes: Lifetimes) -> Any:
    with needs_extra(*NEEDS):
        from statsmodels.duration.survfunc import SurvfuncRight
    estimate = SurvfuncRight(lifetimes.hours, lifetimes.is_finished.astype("int64"))
    estimate.surv_prob = np.round(estimate.surv_prob, DIGITS)
    return estimate


def _limits(share: Any, error: Any) -> tuple[Any, Any]:
    """The interval of shares of open runs, out of their standard errors."""
    with needs_extra(*NEEDS):
        from scipy.stats import norm
    with np.errstate(all="ignore"):
        width = norm.ppf((1 + CONFIDENCE) / 2) * error / (share * np.log(share))
        return share ** np.exp(-width), share ** np.exp(width)
