"""At risk: which open runs are likely to end late."""

from __future__ import annotations

from typing import Any, Final, Unpack

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.facts import visible_tasks
from psauth.analysis.lifetimes import UNKNOWN, Estimate, curve, run_lifetimes, table_of
from psauth.analysis.running import run
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
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
    runs = scope.runs()
    runs = runs.filter((runs.status == "Active") & runs.due_date.notnull() & (runs.started <= scope.now))
    asked = run(
        runs.select(
            "run_id", "name", "due_date", "workflow_id", "workflow_name",
            hours_left=hours_between(scope.now, runs.due_date),
            age_hours=hours_between(runs.started, scope.now),
            share_done=(runs.tasks > 0).ifelse(runs.done / runs.tasks, None),
        )
    )  # fmt: skip
    answered = chances(scope, asked, scope.now)
    columns = {
        "run_id": pa.string(), "name": pa.string(), "chance_late": pa.float64(), "verdict": pa.string(),
        "based_on": pa.int64(), "due_date": pa.timestamp("us", "UTC"), "hours_left": pa.float64(),
        "age_hours": pa.float64(), "share_done": pa.float64(), "workflow_id": pa.string(), "workflow_name": pa.string(),
        "lower": pa.float64(), "upper": pa.float64(),
    }  # fmt: skip
    return table_of(answered[list(columns)], **columns).order_by(
        ibis.desc("chance_late", nulls_first=False), "hours_left", "run_id"
    )


def chances(scope: Scope, asked: pd.DataFrame, at: Any) -> pd.DataFrame:
    """What can be said at a moment of runs that are open then, out of what was known then.

    `asked` has run_id, workflow_id, hours_left and age_hours; chance_late, lower, upper, based_on and verdict come to it.
    """
    runs = Scope(scope.sources, scope.calendar, workflows=sorted(set(asked["workflow_id"]))).runs()
    lifetimes = run(run_lifetimes(runs, at).select("run_id", "workflow_id", "hours", "is_finished"))
    tasks = visible_tasks(scope.sources)
    tasks = tasks.inner_join(runs.select("run_id", "started"), "run_id")
    tasks = tasks.filter(tasks.completed_date.notnull())
    completions = run(tasks.select("run_id", age=hours_between(tasks.started, tasks.completed_date)))
    found = {}
    for workflow_id, of_workflow in asked.groupby("workflow_id"):
        known = lifetimes[lifetimes["workflow_id"] == workflow_id].reset_index(drop=True)
        place = {run_id: number for number, run_id in enumerate(known["run_id"])}
        done = completions[completions["run_id"].isin(known["run_id"])].sort_values("age")
        of_run = np.array([place[run_id] for run_id in done["run_id"]], "int64")
        by_age = np.searchsorted(done["age"], of_workflow["age_hours"], side="right")
        for (index, row), until in zip(of_workflow.iterrows(), by_age, strict=True):
            count = np.bincount(of_run[:until], minlength=len(known))
            apart = np.abs(count - count[place[row["run_id"]]])
            found[index] = _chance(known, apart, row["age_hours"], row["hours_left"])
    columns = ["chance_late", "lower", "upper", "based_on", "verdict"]
    return asked.join(pd.DataFrame.from_dict(found, orient="index", columns=columns))


def _chance(known: pd.DataFrame, apart: np.ndarray, age: float, left: float) -> tuple[float, float, float, int, str]:
    """The chance of one run, its interval, the finished runs that it is based on, and the verdict.

    `apart`: by how many tasks done the run and each of the known ones differed at this age.
    """
    if left < 0:
        return 1.0, np.nan, np.nan, 0, LATE_ALREADY
    got_that_far = (known["hours"] > age).to_numpy()
    alike = known[got_that_far & (apart == 0)]
    if alike["is_finished"].sum() < ENOUGH:
        alike = known[got_that_far & (apart <= 1)]
    based_on = int(alike["is_finished"].sum())
    chance = UNKNOWN if based_on < ENOUGH else _share_after(alike, age + left)
    verdict = TOO_LITTLE if np.isnan(chance.value) else OPEN
    if chance.value >= LIKELY:
        verdict = LIKELY_LATE
    elif chance.value <= UNLIKELY:
        verdict = LIKELY_IN_TIME
    return chance.value, chance.lower, chance.upper, based_on, verdict


def _share_after(lifetimes: pd.DataFrame, hours: float) -> Estimate:
    """The share of runs that take longer than this; NaN where none has been observed for so long, and not all were finished."""
    shares = curve(lifetimes)
    row = int(np.searchsorted(shares["hours"], hours, side="right")) - 1
    if row < 0:
        return Estimate(1.0, np.nan, np.nan)
    share = Estimate(*shares[["share_open", "lower", "upper"]].to_numpy("float64")[row].tolist())
    return UNKNOWN if share.value > 0 and hours > lifetimes["hours"].max() else share
