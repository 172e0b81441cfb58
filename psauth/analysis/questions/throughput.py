"""Throughput: how many runs come and go, and how many are under way."""

from __future__ import annotations

from dataclasses import replace
from typing import Unpack

import ibis
from ibis.expr.types import Table

from psauth.analysis.periods import add_period, every_period, of_every
from psauth.analysis.scope import Filters, Scope
from psauth.analysis.sources import MOMENT, Tables


def throughput(tables: Tables, *, every: str = "week", **filters: Unpack[Filters]) -> Table:
    """How many runs were started and left in each period, and how many were under way at its end; one row a period.

    Parameters:
        tables: `ps.mirror`, or a mapping that has runs and tasks.
        every: "day", "week" (from Monday) or "month", in the time zone of the calendar.
        filters: see `Filters`; since and until choose periods, by the date on which they begin, and not runs: one that was
            started before counts among those under way.

    Columns:
        period: when it begins. Every period is there, from the first run until now, whether something happened or not.
        arrivals: runs that were started in it. departures: runs that were finished or archived in it.
        in_progress: runs that were started before its end and had not left by then; of the current period, by now.
    """
    scope = Scope.of(tables, filters)
    of_every(every)
    zone = scope.calendar.zone
    runs = replace(scope, since=None, until=None).runs()
    counts = [
        add_period(runs.filter(runs[moment].notnull() & (runs[moment] <= scope.now)), "period", moment, every, zone)
        .group_by(at="period")
        .aggregate(**{name: lambda t: t.count()})
        for name, moment in (("arrivals", "started"), ("departures", "left"))
    ]
    arrivals, departures = counts
    first = arrivals.aggregate(first=arrivals["at"].min())
    periods = every_period(every, zone)
    periods = periods.filter(periods.period <= scope.now).cross_join(first)
    periods = periods.filter(periods.period >= periods["first"]).select("period", "first_day")
    spread = periods.left_join(arrivals, periods.period == arrivals["at"]).drop("at")
    spread = spread.left_join(departures, spread.period == departures["at"]).drop("at")
    spread = spread.mutate(
        arrivals=spread.arrivals.fill_null(0).cast("int64"), departures=spread.departures.fill_null(0).cast("int64")
    )
    so_far = ibis.window(order_by="period", preceding=None, following=0)
    spread = spread.mutate(in_progress=(spread.arrivals - spread.departures).sum().over(so_far).cast("int64"))
    if scope.since is not None:
        spread = spread.filter(spread.first_day >= ibis.literal(scope.since, MOMENT))
    if scope.until is not None:
        spread = spread.filter(spread.first_day < ibis.literal(scope.until, MOMENT))
    return spread.select("period", "arrivals", "departures", "in_progress").order_by("period")
