"""Ageing: how old open runs are, beside what finished ones took."""

from __future__ import annotations

from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import FEWEST, percentiles
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import hours_between


def ageing(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """How old each Active run is beside what finished runs of its workflow took; one row an Active run, the oldest first.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        filters: see `Filters`; they choose the Active runs, and the workflows of the finished ones. The finished ones are all
            that there are.

    Columns:
        run_id, name.
        age_hours: from its start until now, by the clock.
        share_done: its completed among its visible tasks, from 0 to 1; missing where it has none.
        percentile: how many of 100 finished runs took at most as long; missing under 5 finished runs.
        count: the finished runs of the workflow; p50_hours, p85_hours, p95_hours: what they took.
        workflow_id, workflow_name.
    """
    scope = Scope.of(tables, filters)
    runs = scope.runs()
    active = runs.filter(runs.status == "Active")
    active = active.select(
        "run_id", "name", "workflow_id", "workflow_name", age_hours=hours_between(active.started, scope.now),
        share_done=(active.tasks > 0).ifelse(active.done / active.tasks, None),
    )  # fmt: skip
    every = scope.of_workflows().runs()
    finished = every.filter(every.hours.notnull())
    bands = finished.group_by(of_workflow=finished.workflow_id).aggregate(
        count=finished.count(),
        **percentiles(finished.hours, p50_hours=0.5, p85_hours=0.85, p95_hours=0.95),
    )
    # How many finished runs are below each age: both stand in one row of values, and those that are finished are counted.
    both = ibis.union(
        finished.select(
            "workflow_id", run_of_age=ibis.null("string"), value="hours", is_finished=ibis.literal(1, "int64")
        ),
        active.select("workflow_id", run_of_age="run_id", value="age_hours", is_finished=ibis.literal(0, "int64")),
    )
    up_to = ibis.range_window(group_by="workflow_id", order_by="value", preceding=None, following=0)
    below = both.mutate(below=both.is_finished.sum().over(up_to))
    below = below.filter(below.run_of_age.notnull()).select("run_of_age", "below")
    aged = active.left_join(bands, active.workflow_id == bands.of_workflow)
    aged = aged.inner_join(below, aged.run_id == below.run_of_age)
    return aged.select(
        "run_id", "name", "age_hours", "share_done",
        percentile=(aged["count"] >= FEWEST).ifelse(100 * aged.below.cast("float64") / aged["count"], None),
        count=aged["count"].fill_null(0), p50_hours="p50_hours", p85_hours="p85_hours", p95_hours="p95_hours",
        workflow_id="workflow_id", workflow_name="workflow_name",
    ).order_by(ibis.desc("age_hours"), "run_id")  # fmt: skip
