"""Rhythm: weekday and hour, in the reader's time."""

import pandas as pd
import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts.looking import rows, said, subtitle, title


def log(*events):
    names, moments = zip(*events, strict=True)
    return pd.DataFrame({"concept:name": names, "time:timestamp": pd.to_datetime(moments, utc=True)})


TUESDAYS = [("Order", "2026-11-24 09:30")] * 6 + [("Order", "2026-11-25 10:00")]


def test_the_busiest_hour_is_the_finding():
    chart = charts.rhythm(log(*TUESDAYS), zone="UTC")
    assert title(chart) == "Most tasks are completed on Tuesdays between 9:00 and 10:00"
    assert subtitle(chart) == "7 completed tasks, by weekday and hour of UTC"
    assert "6" in said(chart)


def test_hours_are_those_of_the_zone():
    chart = charts.rhythm(log(*TUESDAYS), zone="Europe/Berlin")
    assert title(chart).endswith("between 10:00 and 11:00")
    late = charts.rhythm(log(*[("Order", "2026-11-22 23:30")] * 6), zone="Asia/Tokyo")
    assert title(late) == "Most tasks are completed on Mondays between 8:00 and 9:00"


def test_an_hour_keeps_its_place_when_the_clocks_change():
    events = [("Order", "2026-10-23 07:30")] * 3 + [("Order", "2026-10-30 08:30")] * 3
    chart = charts.rhythm(log(*events), zone="Europe/Berlin")
    assert title(chart) == "Most tasks are completed on Fridays between 9:00 and 10:00"


def test_where_no_hour_stands_out_none_is_named():
    assert title(charts.rhythm(log(*TUESDAYS[-2:]), zone="UTC")) == "When 2 tasks were completed"


def test_starts_ends_and_decisions_are_no_completed_tasks():
    others = [(name, "2026-11-24 09:30") for name in ("Run started", "Run finished", "Approved", "Rejected")]
    assert subtitle(charts.rhythm(log(*TUESDAYS, *others), zone="UTC")).startswith("7 completed tasks")
    with pytest.raises(ArgumentError, match="no task in it is completed"):
        charts.rhythm(log(*others), zone="UTC")


def test_every_hour_of_the_week_is_there():
    cells = [row for row in rows(charts.rhythm(log(*TUESDAYS), zone="UTC")) if "x2" in row and "text" not in row]
    assert len(cells) == 7 * 24
    assert sum(int(row["times"]) for row in cells) == 7


def test_a_zone_that_is_none_is_refused():
    with pytest.raises(ArgumentError, match="There is no time zone 'Berlin'"):
        charts.rhythm(log(*TUESDAYS), zone="Berlin")
