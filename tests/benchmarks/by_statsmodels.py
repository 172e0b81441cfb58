"""By statsmodels: what the hand-written SQL and the pandas versions make of the times of runs, once they have them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import norm
from statsmodels.duration.survfunc import SurvfuncRight, survdiff
from statsmodels.stats.multitest import multipletests

FEWEST_RUNS = 20


def estimate(lifetimes: pd.DataFrame) -> Any:
    """Kaplan-Meier, rounded as psauth does it: statsmodels multiplies logarithms, and a half is then none."""
    curve = SurvfuncRight(lifetimes["hours"].to_numpy(), lifetimes["is_finished"].to_numpy().astype(int))
    curve.surv_prob = np.round(curve.surv_prob, 12)
    return curve


def survival(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The curve of all runs, with its interval by the log-log transformation."""
    curve = estimate(lifetimes)
    share = curve.surv_prob
    with np.errstate(all="ignore"):
        width = norm.ppf(0.975) * curve.surv_prob_se / (share * np.log(share))
        limits = {"lower": share ** np.exp(-width), "upper": share ** np.exp(width)}
    start = pd.DataFrame({"hours": [0.0], "share_open": 1.0, "lower": 1.0, "upper": 1.0, "at_risk": len(lifetimes)})
    rest = pd.DataFrame({"hours": curve.surv_times, "share_open": share, **limits, "at_risk": curve.n_risk})
    return pd.concat([start, rest], ignore_index=True)


def median_run_time(lifetimes: pd.DataFrame) -> pd.DataFrame:
    """The median of each workflow."""
    rows = []
    for workflow_id, of_workflow in lifetimes.groupby("workflow_id"):
        curve = estimate(of_workflow)
        lower, upper = curve.quantile_ci(0.5)
        finished = int(of_workflow["is_finished"].sum())
        rows.append((workflow_id, curve.quantile(0.5), lower, upper, finished, len(of_workflow) - finished))
    return pd.DataFrame(rows, columns=["workflow_id", "median_hours", "lower", "upper", "finished", "unfinished"])


def before_after(lifetimes: pd.DataFrame, revisions: pd.DataFrame, migrated: Collection[str]) -> pd.DataFrame:
    """Each revision beside the one before."""
    kept = lifetimes[~lifetimes["run_id"].isin(migrated)]
    place = np.maximum(np.searchsorted(revisions["in_force_from"], kept["started"], side="right") - 1, 0)
    rows: list[tuple[Any, ...]] = []
    before = None
    for number, version in enumerate(revisions["version"]):
        of_revision = kept[place == number]
        if of_revision.empty:
            continue
        value = estimate(of_revision).quantile(0.5)
        p_value = np.nan if before is None else _log_rank(before, of_revision)
        rows.append((version, len(of_revision), value, p_value, int(of_revision["is_finished"].sum())))
        before = of_revision
    answer = pd.DataFrame(rows, columns=["revision", "runs", "median_hours", "p_value", "finished"])
    return answer.assign(difference=answer["median_hours"].diff())


def drivers(lifetimes: pd.DataFrame, answers: pd.DataFrame, users: pd.DataFrame) -> pd.DataFrame:
    """Each answer beside the others to the same question. answers: run_id, field_id, label, answer."""
    starters = lifetimes[["run_id"]].assign(
        field_id=None,
        label="Started by",
        answer=lifetimes["started_by_id"].map(users.set_index("user_id")["email"]),
    )
    days = lifetimes[["run_id"]].assign(
        field_id=None, label="Weekday of the start", answer=lifetimes["started"].dt.day_name()
    )
    rows = []
    for (field_id, label), given in pd.concat([answers, starters, days]).groupby(["field_id", "label"], dropna=False):
        every = lifetimes[lifetimes["run_id"].isin(given["run_id"])]
        for answer, of_answer in given.groupby("answer"):
            has_it = every["run_id"].isin(of_answer["run_id"])
            group, others = every[has_it], every[~has_it]
            if min(len(group), len(others)) < FEWEST_RUNS:
                continue
            one, other = estimate(group), estimate(others)
            one.quantile_ci(0.5), other.quantile_ci(0.5)  # what the interval of a ratio is made of
            medians = one.quantile(0.5), other.quantile(0.5)
            rows.append((field_id, label, answer, len(group), *medians, _log_rank(group, others), len(others)))
    columns = ["field_id", "label", "answer", "runs", "median_hours", "other_median_hours", "p_value", "other_runs"]
    found = pd.DataFrame(rows, columns=columns)
    return found.assign(
        ratio=found["median_hours"] / found["other_median_hours"],
        p_corrected=multipletests(found["p_value"], method="fdr_bh")[1],
    )


def _log_rank(one: pd.DataFrame, other: pd.DataFrame) -> float:
    both = pd.concat([one, other])
    group = np.repeat([0, 1], [len(one), len(other)])
    return float(survdiff(both["hours"].to_numpy(), both["is_finished"].to_numpy().astype(int), group)[1])
