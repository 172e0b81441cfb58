"""Periods: what came and went, day by day or week by week, as the pictures of it need it."""

from __future__ import annotations

from datetime import datetime
from typing import Final, NamedTuple

import pandas as pd

from psauth.charts.checks import Wanted, checked, moment_of, moments, whole

COLUMNS: Final = ("period", "arrivals", "departures", "in_progress")
SOURCE: Final = 'ps.analysis.throughput(…, every="week")'
MOST: Final = 160
"""Periods that can be told apart in a picture; more of them are added up, several to one."""


class Periods(NamedTuple):
    """One row a period, in order, with `is_whole`, and how long one is, in words.

    Not whole is the last one while it still goes on, and the first of those that were added up where its beginning is missing.
    """

    rows: pd.DataFrame
    length: str


def periods(frame: pd.DataFrame, wanted: Wanted, now: datetime | str | None) -> Periods:
    """The periods of a frame, at most MOST of them; ArgumentError where there are not two."""
    rows = whole(checked(frame, wanted), list(COLUMNS[1:]), wanted).rows
    rows = rows.assign(period=moments(rows, "period", wanted)).dropna(subset="period")
    rows = rows.sort_values("period", kind="stable").reset_index(drop=True)
    if len(rows) < 2 or rows["period"].duplicated().any():
        raise wanted.refuse("a trend needs two periods or more, each of them once.")
    step = _step(rows)
    begins = rows["period"].iloc[0]
    if len(rows) > MOST:
        rows, step = _together(rows)
    is_over = rows["period"] + step <= moment_of(now)
    return Periods(rows.assign(is_whole=is_over & (rows["period"] >= begins)), _length(step))


def _together(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.Timedelta]:
    """The same in weeks, months, quarters or years, whichever are few enough."""
    days = rows["period"].dt.tz_localize(None)
    for size in ("W", "M", "Q", "Y"):
        group = days.dt.to_period(size)
        if group.nunique() <= MOST:
            break
    told = rows.groupby(group.dt.start_time.dt.tz_localize("UTC").rename("start")).agg(
        arrivals=("arrivals", "sum"), departures=("departures", "sum"), in_progress=("in_progress", "last")
    )
    told = told.rename_axis("period").reset_index()
    return told, _step(told)


def _step(rows: pd.DataFrame) -> pd.Timedelta:
    """How long a period is: half of them are not longer."""
    return pd.Timedelta(rows["period"].diff().median())


def _length(step: pd.Timedelta) -> str:
    days = round(step.total_seconds() / 86_400)
    sizes = {"day": (1, 1), "week": (7, 7), "month": (28, 31), "quarter": (90, 92), "year": (365, 366)}
    return next((name for name, (least, most) in sizes.items() if least <= days <= most), "period")
