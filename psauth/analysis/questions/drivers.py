"""Drivers: what goes with slow runs."""

from __future__ import annotations

from itertools import pairwise
from typing import Final, Unpack

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import (
    NEEDS,
    Lifetimes,
    lifetimes_until_now,
    log_rank,
    median,
    ratio_of_medians,
    table_of,
)
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.analysis.statements import answered
from psauth.exceptions import needs_extra

FEWEST_RUNS: Final = 20
"""A group of fewer runs is left out."""
SEVERAL: Final = ("MultiChoice", "MultiSelect")
CHOICES: Final = ("Select", *SEVERAL)
NUMBER: Final = "Number"
QUARTERS: Final = (0.25, 0.5, 0.75)
STARTER: Final = "Started by"
WEEKDAY: Final = "Weekday of the start"


def drivers(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """What goes with slow runs: run times by answers to form fields, starter and weekday; one row an answer, the surest first.

    The runs with an answer are compared with all others that have another answer to the same field: a run that has none yet
    may be open just because it is young. Open runs count for as long as they have been open: see `survival`. This shows what
    goes together, and not what causes what; answers are often given, and changed, while a run goes on.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs, tasks and form_values (and users, which has addresses of starters).
        filters: see `Filters`; workflow must name one.

    Columns:
        field_id: of the form field; missing for the starter and the weekday.
        label: as it was in the latest run; "Started by", or "Weekday of the start" (in the time zone of the calendar).
        answer: a choice (of several in one field, each is an answer), a quarter of the numbers, an address (or an id where
            the users lack it), or a day. Numbers that are equal are in the same quarter.
        runs: with this answer; under 20, or with under 20 others, an answer is left out.
        median_hours: of their run times (Kaplan-Meier), by the clock; see `median_run_time`.
        ratio: of this median to that of the others; over 1 where runs with this answer are slower. lower, upper: its interval
            of 95 %, made of those of the two medians (Zou and Donner, 2008). Missing where one of these is.
        p_corrected: of a log-rank test of the two (statsmodels' `survdiff`), corrected for all answers that are asked about
            (Benjamini-Hochberg, statsmodels' `multipletests`).
        p_value: as it was before that. finished: those of the runs that were. other_runs, other_median_hours.

    Errors: ArgumentError unless workflow names one; MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    scope.one_workflow()
    lifetimes = answered(scope, lifetimes_until_now)
    answers = pd.concat([_of_fields(scope), _of_starters(scope, lifetimes), _of_weekdays(scope, lifetimes)])
    lifetimes = lifetimes.sort_values("started")
    answers = answers.assign(run=pd.Index(lifetimes["run_id"]).get_indexer(answers["run_id"]))
    answers = answers[answers["run"] >= 0]
    every = Lifetimes.of(lifetimes)
    rows = []
    for _, field in answers.groupby(["field_id", "label_of_field"], dropna=False, sort=False):
        labelled = field[field["label"].notna()].sort_values("run", kind="stable")
        has_answer, times = _among(every, field["run"]), field["answer"].value_counts()
        for answer, of_answer in field[field["answer"].isin(times.index[times >= FEWEST_RUNS])].groupby("answer"):
            has_it = _among(every, of_answer["run"])
            group, others = every.where(has_it), every.where(has_answer & ~has_it)
            if min(len(group), len(others)) < FEWEST_RUNS:
                continue
            one, other = median(group), median(others)
            rows.append(
                [
                    field["field_id"].iloc[0], labelled["label"].iloc[-1] if len(labelled) else None, answer, len(group), one.value,
                    *ratio_of_medians(one, other), log_rank(group, others), group.finished,
                    len(others), other.value,
                ]
            )  # fmt: skip
    found = pd.DataFrame(
        rows,
        columns=[
            "field_id", "label", "answer", "runs", "median_hours", "ratio", "lower", "upper", "p_value", "finished",
            "other_runs", "other_median_hours",
        ],
    )  # fmt: skip
    columns = {
        "field_id": pa.string(), "label": pa.string(), "answer": pa.string(), "runs": pa.int64(),
        "median_hours": pa.float64(), "ratio": pa.float64(), "lower": pa.float64(), "upper": pa.float64(),
        "p_corrected": pa.float64(), "p_value": pa.float64(), "finished": pa.int64(), "other_runs": pa.int64(),
        "other_median_hours": pa.float64(),
    }  # fmt: skip
    return table_of(found.assign(p_corrected=_corrected(found["p_value"]))[list(columns)], **columns).order_by(
        ibis.asc("p_corrected", nulls_first=False), "p_value", "label", "answer"
    )


def _among(every: Lifetimes, runs: pd.Series) -> np.ndarray:
    """Which of all runs these are, by their numbers."""
    chosen = np.zeros(len(every), "bool")
    chosen[runs] = True
    return chosen


def _of_fields(scope: Scope) -> pd.DataFrame:
    """The answers in forms: run_id, field_id, label, answer."""
    values = answered(scope, _values)
    numbers = values[values["field_type"] == NUMBER]
    quarters = [
        of_field.assign(answer=_quarters(of_field["number"]))
        for _, of_field in numbers.groupby("field_id", dropna=False)
    ]
    chosen = pd.concat([values[values["field_type"] != NUMBER], *quarters])
    return chosen[["run_id", "field_id", "label", "answer"]].assign(label_of_field=None)


def _values(scope: Scope) -> Table:
    """What is in the fields in which one chooses, one row a choice, and in those for numbers."""
    values = scope.rows("form_values", "run_id", "field_id", "label", "field_type", "value", "number", "items")
    values = values.semi_join(scope.runs(), "run_id")
    columns = ["run_id", "field_id", "label", "field_type"]
    single = values.filter((values.field_type == "Select") & values.value.notnull())
    several = values.filter(values.field_type.isin(list(SEVERAL)))
    numbers = values.filter((values.field_type == NUMBER) & values.number.notnull())
    return ibis.union(
        single.select(*columns, answer="value", number=ibis.null("float64")),
        several.select(*columns, answer=several["items"].unnest(), number=ibis.null("float64")),
        numbers.select(*columns, answer=ibis.null("string"), number="number"),
    )


def _of_starters(scope: Scope, lifetimes: pd.DataFrame) -> pd.DataFrame:
    starters = lifetimes["started_by_id"]
    if "users" in scope.sources:
        users = answered(scope, _users).drop_duplicates("user_id").set_index("user_id")
        starters = starters.map(users["email"]).astype(starters.dtype).fillna(starters)  # of nobody known, all are NaN
    return _of_runs(lifetimes, STARTER, starters)


def _users(scope: Scope) -> Table:
    return scope.sources.table("users", "user_id", "email")


def _of_weekdays(scope: Scope, lifetimes: pd.DataFrame) -> pd.DataFrame:
    return _of_runs(lifetimes, WEEKDAY, lifetimes["started"].dt.tz_convert(scope.calendar.zone).dt.day_name())


def _of_runs(lifetimes: pd.DataFrame, label: str, answers: pd.Series) -> pd.DataFrame:
    """What is an answer though no form has it."""
    frame = pd.DataFrame({"run_id": lifetimes["run_id"], "field_id": None, "label": label, "answer": answers})
    return frame.assign(label_of_field=label)


def _quarters(numbers: pd.Series) -> pd.Series:
    """In words, the quarter in which each number lies; quarters of one number alone become one with the next."""
    bounds = np.unique(numbers.quantile(list(QUARTERS)))
    names = [f"up to {bounds[0]:g}", *(f"over {a:g} up to {b:g}" for a, b in pairwise(bounds))]
    names.append(f"over {bounds[-1]:g}")
    return pd.Series(np.array(names, dtype="object")[np.searchsorted(bounds, numbers, side="left")], numbers.index)


def _corrected(p_values: pd.Series) -> pd.Series:
    with needs_extra(*NEEDS):
        from statsmodels.stats.multitest import multipletests
    there = p_values.dropna()
    if there.empty:
        return p_values
    return pd.Series(multipletests(there, method="fdr_bh")[1], there.index).reindex(p_values.index)
