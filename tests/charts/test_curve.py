"""Survival: the share still open, its interval, and how many runs it rests on."""

import pandas as pd
import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title

CURVE = pd.DataFrame(
    {
        "hours": [10.0, 20.0, 30.0, 40.0],
        "share_open": [0.8, 0.6, 0.4, 0.3],
        "lower": [0.6, 0.4, 0.2, 0.1],
        "upper": [0.9, 0.8, 0.6, 0.45],
        "at_risk": [20, 16, 12, 8],
    }
)


def test_the_half_is_where_the_curve_passes_it_with_its_interval():
    chart = charts.survival(CURVE)
    assert title(chart) == "Half of the runs are finished after 30 hours (likely between 20 h and 40 h)"
    assert "half after 30 h" in said(chart)
    assert subtitle(chart).startswith("20 runs, open ones counted as long as they have been seen")


def test_a_curve_that_does_not_come_down_to_half_says_where_it_ends():
    assert title(charts.survival(CURVE.iloc[:2])) == "After 20 hours, 60% of the runs are still open"


def test_it_begins_with_all_runs_open():
    first = next(row for row in rows(charts.survival(CURVE)) if "open" in row)
    assert (first["open"], first["after"], first["runs"]) == ("100%", "<1 min", "20")


def test_an_interval_that_is_not_known_is_said_and_not_drawn():
    gap = CURVE.assign(lower=[0.6, None, None, None])
    chart = charts.survival(gap)
    assert "the interval of the estimate, where it is known" in subtitle(chart)
    assert {row["span"] for row in rows(chart) if "span" in row} >= {"not known", "60% to 90%"}
    assert "no interval is known" not in subtitle(chart)


def test_the_runs_that_it_rests_on_stand_below():
    texts = said(charts.survival(CURVE))
    assert "runs seen" in texts
    assert {"20", "16", "12", "8"} <= set(texts)


def test_under_five_runs_there_is_no_curve():
    with pytest.raises(ArgumentError, match="4 runs make no curve; 5 do"):
        charts.survival(CURVE.assign(at_risk=[4, 3, 2, 1]))


def test_of_many_steps_those_in_one_place_are_one():
    assert len([row for row in rows(charts.survival(frames.survival(5_200))) if "open" in row]) < 5_000
