"""Cumulative flow: the height between the lines is what was in progress."""

import pandas as pd

from psauth import charts
from tests.charts.looking import rows, said, subtitle, title

FRAME = pd.DataFrame(
    {
        "period": pd.date_range("2026-11-02", periods=3, freq="7D", tz="UTC"),
        "arrivals": [5, 7, 9],
        "departures": [4, 4, 4],
        "in_progress": [21, 24, 29],
    }
)


def test_the_height_between_the_lines_is_what_was_in_progress():
    points = [row for row in rows(charts.cumulative_flow(FRAME, now="2026-12-01")) if "lower" in row]
    assert [row["upper"] - row["lower"] for row in points[:3]] == [21, 24, 29]
    assert [row["lower"] for row in points[:3]] == [4, 8, 12]


def test_it_says_what_is_in_progress_and_how_that_changed():
    chart = charts.cumulative_flow(FRAME, now="2026-12-01")
    assert title(chart) == "29 runs in progress, 8 more than at the end of the week of 2026-11-02"
    assert "21 runs started and 12 ended (finished or archived), added up over 3 weeks" in subtitle(chart)
    assert "29 in progress" in said(chart)


def test_a_week_that_still_goes_on_is_said():
    assert subtitle(charts.cumulative_flow(FRAME, now="2026-11-17")).endswith("the last week is not over")
