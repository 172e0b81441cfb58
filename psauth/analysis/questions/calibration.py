"""Calibration: what the chances of `at_risk` were worth in the past."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Unpack

import ibis
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import CONFIDENCE, NEEDS, table_of
from psauth.analysis.questions.at_risk import LIKELY_IN_TIME, LIKELY_LATE, OPEN, chances
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables
from psauth.analysis.statements import answered
from psauth.exceptions import ArgumentError, needs_extra
from psauth.mirror.facts import hours_between
from psauth.reading.arguments import moment
from psauth.reading.dates import date_of
from psauth.reading.frames import TIME_DTYPE

if TYPE_CHECKING:
    from psauth.reading.arguments import Moment

A_MONTH: Final = timedelta(days=30)
VERDICTS: Final = (LIKELY_LATE, OPEN, LIKELY_IN_TIME)


def calibration(tables: Tables, *, at: Moment | None = None, **filters: Unpack[Filters]) -> Table:
    """How many of the runs that `at_risk` would have called likely late at a past moment ended late; one row a verdict.

    Said of the runs that were open then and not yet late, out of the runs that were started and the tasks that were completed
    by then. Their due dates are those of then as far as the copy saw them change, else as they stand, and what became of a
    run is measured by the same. Which tasks were hidden then, and what was reopened since, is not known: both are as they
    stand.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and changes, which has due dates of before).
        at: the past moment; a date means its midnight UTC. By default 30 days before now.
        filters: see `Filters`; they choose the runs of which something is said.

    Columns:
        chance: the mean of what was said, from 0 to 1.
        share_late: the share of the runs that ended late, or are open after their due date, or left unfinished after it.
        count: the runs of which both are known.
        lower, upper: the interval of 95 % of share_late (Wilson's).
        verdict: "likely late", "open" or "likely in time", as `at_risk` has them. Of "not enough history" nothing was said.
        unknown: runs of which it is not known whether they end late: open ones that are due after now, and those that left
            unfinished before their due date. They count nowhere else.

    Errors: ArgumentError for a moment that is not past; MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    then = scope.sources.now - A_MONTH if at is None else moment(at)
    if then >= scope.sources.now:
        raise ArgumentError(
            f"at={then:%Y-%m-%d %H:%M} is not past: the runs are known until {scope.sources.now:%Y-%m-%d %H:%M}. Expected a "
            "moment before that."
        )
    asked = _open_then(scope, then)
    said = chances(scope, asked, then)
    said = said.assign(late=_became_late(said, pd.Timestamp(scope.sources.now)))
    rows = []
    for verdict in VERDICTS:
        of_verdict = said[said["verdict"] == verdict]
        ended = of_verdict[of_verdict["late"].notna()]
        if of_verdict.empty:
            continue
        late, count = int(ended["late"].sum()), len(ended)
        share = late / count if count else None
        lower, upper = _interval(late, count)
        rows.append([ended["chance_late"].mean(), share, count, lower, upper, verdict, len(of_verdict) - count])
    columns = {
        "chance": pa.float64(), "share_late": pa.float64(), "count": pa.int64(), "lower": pa.float64(),
        "upper": pa.float64(), "verdict": pa.string(), "unknown": pa.int64(),
    }  # fmt: skip
    return table_of(pd.DataFrame(rows, columns=list(columns)), **columns).order_by(ibis.desc("chance"))


def _open_then(scope: Scope, then: datetime) -> pd.DataFrame:
    """The runs that were open at a moment and due after it."""
    asked = answered(scope, _open, then=then)
    before = _due_before(scope, then)
    due = [before.get(run_id, due) for run_id, due in zip(asked["run_id"], asked["due_date"], strict=True)]
    asked["due_date"] = pd.Series(due, asked.index, dtype=TIME_DTYPE)
    asked = asked[asked["due_date"] >= then].reset_index(drop=True)
    asked["hours_left"] = (asked["due_date"] - then) / pd.Timedelta(hours=1)
    return asked


def _open(scope: Scope, then: datetime) -> Table:
    """The runs that were open at a moment."""
    moment, runs = ibis.literal(then, MOMENT), scope.runs()
    runs = runs.filter((runs.started <= moment) & (runs.left.isnull() | (runs.left > moment)))
    return runs.select(
        "run_id", "workflow_id", "due_date", "finished", "left", age_hours=hours_between(runs.started, moment)
    )


def _due_before(scope: Scope, then: datetime) -> dict[str, datetime | None]:
    """The due dates that runs had at a moment, of those whose due date was seen to change after it."""
    if "changes" not in scope.sources:
        return {}
    first = answered(scope, _moved, then=then).drop_duplicates("run_id")
    return {
        run_id: None if pd.isna(old) else date_of(str(json.loads(old)))
        for run_id, old in zip(first["run_id"], first["old"], strict=True)
    }


def _moved(scope: Scope, then: datetime) -> Table:
    """What was seen of due dates of runs after a moment, in its order."""
    changes = scope.sources.table("changes", "change_id", "noun", "run_id", "column", "old", "seen_at")
    is_it = (changes.noun == "runs") & (changes.column == "dueDate") & (changes.seen_at > ibis.literal(then, MOMENT))
    return changes.filter(is_it).order_by("change_id")


def _became_late(said: pd.DataFrame, now: pd.Timestamp) -> pd.Series:
    """Whether each run was late at its end; missing where it is not known."""
    has_left = said["left"] <= now
    late = said["left"].where(has_left, now) > said["due_date"]
    return late.astype("boolean").where(late | (has_left & said["finished"].notna()))


def _interval(late: int, count: int) -> tuple[float | None, float | None]:
    with needs_extra(*NEEDS):
        from statsmodels.stats.proportion import proportion_confint
    if not count:
        return None, None
    lower, upper = proportion_confint(late, count, alpha=1 - CONFIDENCE, method="wilson")
    return float(lower), float(upper)
