"""Which day, week or month a moment lies in, in a time zone: as Python has it, moment by moment."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import ibis
import pyarrow as pa
import pytest

from psauth.analysis.periods import PERIODS, add_period
from psauth.analysis.running import run


def begin_of(moment, every, zone):
    """When the period of a moment begins, looked at one by one."""
    day = moment.astimezone(ZoneInfo(zone)).date()
    if every == "week":
        day -= timedelta(days=day.weekday())
    if every == "month":
        day = day.replace(day=1)
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


@pytest.mark.parametrize("every", PERIODS)
@pytest.mark.parametrize(
    "zone",
    [
        "UTC",
        "Europe/London",
        "Europe/Berlin",
        "Asia/Kolkata",
        "Pacific/Auckland",
        "Pacific/Apia",
        "America/Havana",
        "Atlantic/Azores",
    ],
)
def test_as_python_has_it(every, zone):
    rng = random.Random(f"{every} {zone}")
    first = datetime(2019, 12, 28, tzinfo=UTC)
    moments = [first + timedelta(seconds=rng.randrange(8 * 365 * 86_400)) for _ in range(3_000)]
    moments += [
        first + timedelta(minutes=30 * half, microseconds=shift) for half in range(0, 40_000, 7) for shift in (-1, 0)
    ]
    table = ibis.memtable(pa.table({"moment": pa.array(moments, pa.timestamp("us", "UTC"))}))
    frame = run(add_period(table, "period", "moment", every, zone))
    wrong = [
        (moment, period)
        for moment, period in zip(frame["moment"], frame["period"], strict=True)
        if period != begin_of(moment.to_pydatetime(), every, zone)
    ]
    assert wrong == []


def test_a_moment_that_is_missing_has_no_period():
    table = ibis.memtable(pa.table({"moment": pa.array([None], pa.timestamp("us", "UTC"))}))
    assert run(add_period(table, "period", "moment", "day", "UTC"))["period"].isna().all()
