"""Calibration of the risk figure."""

import pandas as pd
import pytest

from psauth import charts
from psauth.charts.risk import _interval
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title

GROUPS = pd.DataFrame({"chance": [0.1, 0.5, 0.9], "share_late": [0.1, 0.4, 0.8], "count": [100, 50, 3]})


def test_the_title_sets_what_was_said_beside_what_came():
    assert title(charts.calibration(GROUPS)) == "The risk figure said 25% on average, and 21% of the runs ended late"
    right = charts.calibration(GROUPS.assign(share_late=GROUPS["chance"]))
    assert title(right) == "The risk figure is right on average: 25% of the runs ended late"


def test_the_figures_stand_beside_the_picture():
    assert {"chance", "ended late", "runs", "10%", "50%", "80%", "100", "50", "3"} <= set(
        said(charts.calibration(GROUPS))
    )


def test_groups_under_five_are_hollow():
    chart = charts.calibration(GROUPS)
    shades = {row["times"]: row["colour"] for row in rows(chart) if "times" in row}
    assert shades["3"] != shades["50"] == shades["100"]
    assert "hollow: under 5 runs" in subtitle(chart)


def test_many_groups_are_put_together_by_tenths():
    frame = frames.calibration(5_200)
    chart = charts.calibration(frame)
    assert f"{frame['count'].sum():,} runs in 10 groups" in subtitle(chart)


def test_too_few_runs_and_shares_in_per_cent_are_refused():
    with pytest.raises(ArgumentError, match="4 runs cannot show whether a chance is right"):
        charts.calibration(GROUPS.assign(count=[2, 2, 0]))
    with pytest.raises(ArgumentError, match="shares from 0 to 1"):
        charts.calibration(GROUPS.assign(chance=[10, 50, 90]))


@pytest.mark.parametrize(
    ("share", "many", "low", "high"), [(0.5, 100, 0.404, 0.596), (0.0, 10, 0.0, 0.278), (1.0, 10, 0.722, 1.0)]
)
def test_the_interval_is_wilsons(share, many, low, high):
    assert _interval(share, many) == pytest.approx((low, high), abs=0.001)
