"""At risk: which open runs are likely to end late."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Unpack

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.lifetimes import UNKNOWN, Lifetimes, run_lifetimes, share_after, table_of
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables
from psauth.analysis.statements import answered
from psauth.mirror.facts import hours_between

ENOUGH: Final = 20
"""So many finished runs make a chance."""
LIKELY: Final = 2 / 3
UNLIKELY: Final = 1 / 3
"""From the one on a run is called likely late, up to the other likely in time."""
LATE_ALREADY: Final = "already late"
LIKELY_LATE: Final = "likely late"
OPEN: Final = "open"
LIKELY_IN_TIME: Final = "likely in time"
TOO_LITTLE: Final = "not enough history"
Said = tuple[float, float, float, int, str]
"""Of one run: its chance, the interval of that, the finished runs that it is based on, and the verdict."""
ALREADY: Final[Said] = (1.0, np.nan, np.nan, 0, LATE_ALREADY)


def at_risk(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How likely each Active run with a due date is to end late; one row a run, the likeliest first.

    It is compared with the runs of its workflow that were still open at its age and had as many visible tasks done by then,
    or, where under 20 of those were finished since, one more or one less: the chance is the share of them that took longer
    than this run may (Kaplan-Meier; those that are still open count for as long as they have been).

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        filters: see `Filters`; they choose the Active runs, and the workflows of the others. Those are all that there are.

    Columns:
        run_id, name.
        chance_late: from 0 to 1; missing where the verdict is "not enough history".
        verdict: "already late" where the due date is past, "likely late" from a chance of two thirds on, "likely in time" up
            to one third, "open" between them; "not enough history" where under 20 runs like it were finished, or none has
            been observed for as long as this one may take.
        based_on: the finished runs that it was compared with; 0 for one that is already late.
        due_date; hours_left: until it, negative where it is past. age_hours: since the start. All by the clock.
        share_done: its completed among its visible tasks, from 0 to 1; missing where it has none.
        workflow_id, workflow_name.
        lower, upper: the interval of 95 % of the chance, by the log-log transformation; missing for a chance of 0 or 1.

    Errors: MissingExtra without psauth[analysis].
    """
    scope = Scope.of(tables, filters)
    said = chances(scope, answered(scope, _asked), scope.sources.now)
    columns = {
        "run_id": pa.string(), "name": pa.string(), "chance_late": pa.float64(), "verdict": pa.string(),
        "based_on": pa.int64(), "due_date": pa.timestamp("us", "UTC"), "hours_left": pa.float64(),
        "age_hours": pa.float64(), "share_done": pa.float64(), "workflow_id": pa.string(), "workflow_name": pa.string(),
        "lower": pa.float64(), "upper": pa.float64(),
    }  # fmt: skip
    return table_of(said[list(columns)], **columns).order_by(
        ibis.desc("chance_late", nulls_first=False), "hours_left", "run_id"
    )


def _asked(scope: Scope) -> Table:
    """The open runs that are due."""
    runs = scope.runs()
    runs = runs.filter((runs.status == "Active") & runs.due_date.notnull() & (runs.started <= scope.now))
    return runs.select(
        "run_id", "name", "due_date", "workflow_id", "workflow_name",
        hours_left=hours_between(scope.now, runs.due_date),
        age_hours=hours_between(runs.started, scope.now),
        share_done=(runs.tasks > 0).ifelse(runs.done / runs.tasks, None),
    )  # fmt: skip


def chances(scope: Scope, asked: pd.DataFrame, at: datetime) -> pd.DataFrame:
    """What can be said at a moment of runs that are open then, out of what was known then.

    `asked` has run_id, workflow_id, hours_left and age_hours; chance_late, lower, upper, based_on and verdict come to it.
    """
    is_late = asked["hours_left"] < 0
    found = dict.fromkeys(asked.index[is_late], ALREADY)
    for workflow_id, of_workflow in asked[~is_late].groupby("workflow_id"):
        found |= _of_workflow(scope, str(workflow_id), of_workflow, at)
    columns = ["chance_late", "lower", "upper", "based_on", "verdict"]
    return asked.join(pd.DataFrame.from_dict(found, orient="index", columns=columns))


def _of_workflow(scope: Scope, workflow_id: str, asked: pd.DataFrame, at: datetime) -> dict[Any, Said]:
    """What is said of runs of one workflow, by their place in `asked`."""
    every = Scope(scope.sources, scope.calendar, workflows=[workflow_id])
    known = answered(every, _known, at=at)
    completions = answered(every, _completions, at=at)
    of_run, lifetimes = completions["number"].to_numpy("int64"), Lifetimes.of(known)
    asked = asked.sort_values("age_hours")  # so that what was completed is counted on from the run before
    by_age = np.searchsorted(completions["age"], asked["age_hours"], side="right")
    itself = pd.Index(known["run_id"]).get_indexer(asked["run_id"])
    found, count, since = {}, np.zeros(len(known), "int64"), 0
    for index, age, left, until, own in zip(
        asked.index, asked["age_hours"], asked["hours_left"], by_age, itself, strict=True
    ):
        count += np.bincount(of_run[since:until], minlength=len(known))
        since = until
        found[index] = _chance(lifetimes, lifetimes.hours > age, np.abs(count - count[own]), age + left)
    return found


def _known(scope: Scope, at: datetime) -> Table:
    """What was known of all runs at a moment, by their ids."""
    return _lifetimes(scope, at).select("run_id", "hours", "is_finished").order_by("run_id")


def _completions(scope: Scope, at: datetime) -> Table:
    """At what age of its run each task was completed: the number of the run among `_known`, from 0, and the age in hours."""
    by_id = ibis.window(order_by="run_id")
    runs = _lifetimes(scope, at).select("run_id")
    runs = runs.mutate(number=ibis.row_number().over(by_id))  # a number is found faster than an id
    done = scope.tasks()
    done = done.filter(done.completed_date.notnull()).inner_join(runs, "run_id")
    return done.select("number", age=hours_between(done.started, done.completed_date)).order_by("age")


def _lifetimes(scope: Scope, at: datetime) -> Table:
    return run_lifetimes(scope.runs(), ibis.literal(at, MOMENT))


def _chance(known: Lifetimes, got_that_far: np.ndarray, apart: np.ndarray, due: float) -> Said:
    """The chance of one run, its interval, the finished runs that it is based on, and the verdict.

    `got_that_far`: which of the known runs were open at its age; `apart`: by how many tasks done each differed from it then;
    `due`: when the run is, in hours from its start.
    """
    alike = known.where(got_that_far & (apart == 0))
    if alike.finished < ENOUGH:
        alike = known.where(got_that_far & (apart <= 1))
    based_on = alike.finished
    chance = UNKNOWN if based_on < ENOUGH else share_after(alike, due)
    verdict = TOO_LITTLE if np.isnan(chance.value) else OPEN
    if chance.value >= LIKELY:
        verdict = LIKELY_LATE
    elif chance.value <= UNLIKELY:
        verdict = LIKELY_IN_TIME
    return chance.value, chance.lower, chance.upper, based_on, verdict
