"""Periods: days, weeks and months of a time zone, and which of them a moment lies in."""

from __future__ import annotations

import functools
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa

from psauth.calendars.calendar import EPOCH, FIRST_YEAR, LAST_YEAR
from psauth.exceptions import ArgumentError
from psauth.reading.arguments import shown

if TYPE_CHECKING:
    from ibis.expr.types import Table

PERIODS: Final = ("day", "week", "month")
"""Weeks begin on Monday (ISO 8601)."""
DAY: Final = 86_400_000_000
"""In microseconds, as the tables have their moments."""


def of_every(every: str) -> str:
    """A kind of period; ArgumentError for another word."""
    if every not in PERIODS:
        raise ArgumentError(f"every={shown(every)} is no period. Expected one of {', '.join(PERIODS)}.")
    return every


def add_period(table: Table, name: str, moment: str, every: str, zone: str) -> Table:
    """A table with one column more: when the period of one of its moments begins, in this zone; missing where that is.

    One join with a small table: each day of UTC, the period in which it begins, and the one that begins in it, if one does.
    """
    at = table[moment].delta(EPOCH, unit="microsecond")
    marked = table.mutate(_at=at, _day=at // DAY)
    joined = marked.left_join(_days_of_utc(every, zone), "_day")
    is_next = (joined._at - joined._day * DAY) >= joined._from
    return joined.select(*table.columns, **{name: is_next.ifelse(joined._second, joined._first)})


def every_period(every: str, zone: str) -> Table:
    """All periods of the years that are known: `period`, when it begins, and `first_day`, the midnight in UTC of that date."""
    starts = _starts(every, zone)
    dates = [start.astimezone(ZoneInfo(zone)).date() for start in starts]
    midnights = [datetime(day.year, day.month, day.day, tzinfo=UTC) for day in dates]
    return ibis.memtable(pa.table({"period": _moments(starts), "first_day": _moments(midnights)}))


@functools.cache
def _days_of_utc(every: str, zone: str) -> Table:
    starts = [round((start - EPOCH).total_seconds()) * 1_000_000 for start in _starts(every, zone)]
    days, first, second, begins = [], [], [], []
    number = 0
    for day in range(starts[1] // DAY, starts[-2] // DAY):
        while starts[number + 1] <= day * DAY:
            number += 1
        follows = starts[number + 1] < (day + 1) * DAY
        days.append(day)
        first.append(starts[number])
        second.append(starts[number + 1] if follows else starts[number])
        begins.append(starts[number + 1] - day * DAY if follows else DAY)
    table = pa.table(
        {
            "_day": pa.array(days, pa.int64()),
            "_first": pa.array(first, pa.timestamp("us", "UTC")),
            "_second": pa.array(second, pa.timestamp("us", "UTC")),
            "_from": pa.array(begins, pa.int64()),
        }
    )
    return ibis.memtable(table)


@functools.cache
def _starts(every: str, zone: str) -> list[datetime]:
    """When each period begins, one after the other."""
    day, last = date(FIRST_YEAR - 1, 12, 1), date(LAST_YEAR + 1, 1, 31)
    if every == "week":
        day -= timedelta(days=day.weekday())
    starts = []
    while day <= last:
        starts.append(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC))
        if every == "month":
            day = date(day.year + day.month // 12, day.month % 12 + 1, 1)
        else:
            day += timedelta(days=7 if every == "week" else 1)
    return starts


def _moments(moments: list[datetime]) -> Any:
    return pa.array(moments, pa.timestamp("us", "UTC"))
