"""Run times: finished runs above the line, open ones below, percentiles of the finished ones alone."""

import numpy as np
import pandas as pd
import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.frames import NOW
from tests.charts.looking import rows, said, subtitle, title


def with_hours(*hours, still_open=0):
    frame = frames.run_times(len(hours), still_open)
    frame["hours"] = [*hours, *[np.nan] * still_open]
    return frame


def test_the_percentiles_are_those_of_finished_runs():
    chart = charts.run_times(with_hours(10, 20, 30, 40, 50, still_open=9), now=NOW)
    assert title(chart) == "Half of the runs are finished within 30 hours, 85% within 44 hours"
    assert {"half within 30 h", "85% within 44 h", "95% within 48 h"} <= set(said(chart))


def test_open_runs_are_told_apart_and_counted():
    chart = charts.run_times(frames.run_times(40, 9, 3), now=NOW)
    assert {"finished", "still open"} <= set(said(chart))
    assert "40 finished runs, 9 still open, by their age so far, 3 archived or without a time left out" in subtitle(
        chart
    )
    times = [int(row["times"]) for row in rows(chart) if "span" in row]
    assert sum(times) == 40 + 9


def test_the_age_of_open_runs_is_counted_until_now():
    frame = with_hours(*[10] * 9, still_open=1)
    frame.loc[9, "started"] = pd.Timestamp("2026-11-26 00:00", tz="UTC")
    spans = [row["span"] for row in rows(charts.run_times(frame, now="2026-11-26 12:30")) if "span" in row]
    assert "12 h to 13 h" in spans


@pytest.mark.parametrize("many", [1, 3, 4])
def test_under_five_finished_runs_each_is_a_point_and_there_is_no_percentile(many):
    chart = charts.run_times(with_hours(*range(10, 10 + many)), now=NOW)
    assert [row["took"] for row in rows(chart) if "took" in row] == [f"{h} h" for h in range(10, 10 + many)]
    assert not any("within" in text for text in said(chart))
    assert "under 5: each is a point, no percentiles" in subtitle(chart)


def test_without_a_finished_run_there_is_no_picture():
    with pytest.raises(ArgumentError, match="none of 9 runs is finished with a known time"):
        charts.run_times(frames.run_times(0, 9), now=NOW)


def test_working_hours_are_never_days_and_open_runs_have_none():
    chart = charts.run_times(frames.run_times(40, 9), by="working_hours", now=NOW)
    assert subtitle(chart).endswith("9 still open, which are not drawn; working hours")
    assert not any(text.endswith(" d") for text in said(chart))
    with pytest.raises(ArgumentError, match="by='days' is not known"):
        charts.run_times(frames.run_times(40), by="days")


def test_estimated_ends_are_counted():
    chart = charts.run_times(frames.run_times(9).assign(finished_estimated=[True] * 2 + [False] * 7), now=NOW)
    assert "the end of 2 is estimated" in subtitle(chart)


def test_what_took_much_longer_is_one_bar_at_the_end():
    chart = charts.run_times(with_hours(*range(10, 60), 5_000, 6_000), now=NOW)
    assert "longer" in said(chart)
    assert any(row.get("span", "").startswith("over ") and row["times"] == "2" for row in rows(chart))


@pytest.mark.parametrize("hours", [[0.0] * 9, [7.0] * 9, [0.001, *[9_999.0] * 9]])
def test_runs_that_took_no_time_or_all_the_same_can_be_drawn(hours):
    chart = charts.run_times(with_hours(*hours), now=NOW)
    assert sum(int(row["times"]) for row in rows(chart) if "span" in row) == len(hours)


def test_a_now_that_is_no_moment_is_refused():
    with pytest.raises(ArgumentError, match="now='soon' is no moment"):
        charts.run_times(frames.run_times(9), now="soon")
