"""Handover: who takes over from whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.few import few_values, percentiles
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import Tables
from psauth.mirror.facts import is_robot


def handover(tables: Tables, **filters: Unpack[Filters]) -> Table:
    """Who completes a task directly after whom (the directly-follows graph of people); one row a pair, the most frequent first.

    Each two completions that follow one another in a run make one handover, those of the same person too. Where it is not
    known who completed one of the two, there is none: nobody is passed over.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks (and workflow_tasks, whose order counts where two tasks were
            completed at the same moment).
        filters: see `Filters`; person: handovers from or to this person. robots: False leaves out those from or to a robot,
            True leaves out all others.

    Columns:
        source, target: e-mail addresses, in small letters.
        count: how often target was next.
        median_hours: between the two completions, or, where one is from before the run was started, since that, by the clock;
            missing under 5 times, whose hours then stand in few_hours.
        runs: in how many runs. few_hours: a list, or missing.
    """
    scope = Scope.of(tables, filters)
    done = replace(scope, person=None, robots=None).tasks()
    done = done.filter(done.before_by_email.notnull() & done.completed_by_email.notnull())
    steps = done.select(
        "run_id", "hours", source=done.before_by_email.lower(), target=done.completed_by_email.lower()
    )  # fmt: skip
    if scope.person is not None:
        steps = steps.filter((steps.source == scope.person) | (steps.target == scope.person))
    if scope.robots is not None:
        steps = steps.filter((is_robot(steps.source) | is_robot(steps.target)) == scope.robots)
    pairs = steps.group_by("source", "target").aggregate(
        count=steps.count(),
        **percentiles(steps.hours, median_hours=0.5),
        runs=steps.run_id.nunique(),
        few_hours=few_values(steps.hours),
    )
    return pairs.order_by(ibis.desc("count"), "source", "target")
