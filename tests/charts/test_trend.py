"""Throughput: runs started and ended, and the newer half beside the older one."""

import pandas as pd
import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title


def weeks(*departures, last="2026-11-16"):
    period = pd.date_range(end=last, periods=len(departures), freq="7D", tz="UTC")
    return pd.DataFrame({"period": period, "arrivals": 9, "departures": departures, "in_progress": 20})


def test_the_newer_half_is_compared_with_the_one_before():
    chart = charts.throughput(weeks(5, 6, 8, 9), now="2026-12-01")
    assert title(chart) == "17 runs ended in the last 2 weeks, 6 more than in the 2 before"
    assert "36 runs started and 28 ended (finished or archived), by week; 20 in progress at the end" in subtitle(chart)


def test_fewer_and_as_many_are_said():
    assert title(charts.throughput(weeks(8, 9, 5, 6), now="2026-12-01")).endswith("6 fewer than in the 2 before")
    assert title(charts.throughput(weeks(8, 9, 9, 8), now="2026-12-01")).endswith("as many as in the 2 before")


def test_a_week_that_still_goes_on_is_hollow_and_not_compared():
    chart = charts.throughput(weeks(99, 5, 6, 8, 9, 1), now="2026-11-18")
    assert title(chart) == "17 runs ended in the last 2 weeks, 6 more than in the 2 before"
    assert subtitle(chart).endswith("hollow: a week that is not whole, and not compared")
    assert [row["is_whole"] for row in rows(chart) if "is_whole" in row][:6] == [True] * 5 + [False]


def test_under_five_in_a_half_there_is_no_comparison():
    chart = charts.throughput(weeks(1, 1, 8, 9), now="2026-12-01")
    assert title(chart) == "17 runs ended in the last 2 weeks"
    assert "under 5 ended in a half, so not compared" in subtitle(chart)


def test_the_lines_have_their_names_beside_them():
    assert {"started", "ended"} <= set(said(charts.throughput(weeks(9, 9), now="2026-12-01")))


@pytest.mark.parametrize(
    ("every", "length"),
    [("D", "day"), ("W-MON", "week"), ("MS", "month"), ("QS", "quarter"), ("YS", "year"), ("3D", "period")],
)
def test_a_period_is_called_by_its_length(every, length):
    assert f", by {length};" in subtitle(charts.throughput(frames.throughput(12, every=every), now="2026-11-01"))


def test_many_periods_are_added_up_and_none_is_lost():
    frame = frames.throughput(5_200, every="D")
    chart = charts.throughput(frame, now="2027-01-01")
    assert f"{frame['arrivals'].sum():,} runs started and {frame['departures'].sum():,} ended" in subtitle(chart)
    assert ", by quarter;" in subtitle(chart) or ", by month;" in subtitle(chart)
    assert len(rows(chart)) < 2_000


def test_an_added_up_period_of_which_the_beginning_is_missing_is_not_compared():
    frame = frames.throughput(5_200, every="D")
    whole = [row["is_whole"] for row in rows(charts.throughput(frame, now="2027-01-01")) if "is_whole" in row]
    assert whole[0] is False
    assert all(whole[1 : len(whole) // 4])


def test_one_period_is_no_trend():
    with pytest.raises(ArgumentError, match="a trend needs two periods or more"):
        charts.throughput(weeks(9))
    with pytest.raises(ArgumentError, match="a trend needs two periods or more, each of them once"):
        charts.throughput(pd.concat([weeks(9, 8), weeks(9, 8)]))
