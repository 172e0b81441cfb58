"""Ageing: open runs over bands of what finished ones needed; labels that collide with nothing."""

from itertools import combinations

import pandas as pd
import pytest

from psauth import charts
from psauth.charts.lettering import width
from psauth.charts.places import Box
from psauth.charts.theme import SMALL
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title


def open_runs(*ages):
    return pd.DataFrame(
        {"run_id": "r", "name": [f"Run {n}" for n in range(len(ages))], "age_hours": ages, "share_done": 0.5}
    )


def finished_in(*hours):
    frame = frames.run_times(len(hours))
    return frame.assign(hours=hours)


FINISHED = finished_in(*range(1, 101))


def test_the_title_counts_those_that_are_older_than_most():
    chart = charts.ageing(open_runs(1, 60, 90, 99), FINISHED)
    assert title(chart) == "2 of 4 open runs are older than 85% of the finished ones were"
    assert "4 open runs, by age and share of tasks done; bands: age that 100 finished runs had" in subtitle(chart)
    none = charts.ageing(open_runs(1, 2), FINISHED)
    assert title(none) == "None of the open runs is older than 85% of the finished ones were"


def test_the_bands_have_their_names_in_them_and_there_is_no_legend():
    chart = charts.ageing(open_runs(1, 60, 90, 99), FINISHED)
    names = [text for text in said(chart) if text.startswith(("younger", "older"))]
    assert names == [
        "younger than half (50 h)",
        "older than half (50 h)",
        "older than 85% (3.5 d)",
        "older than 95% (4 d)",
    ]
    assert all(encoding is None for encoding in legends(chart))


def test_each_run_says_its_band_in_words():
    bands = [row["band"] for row in rows(charts.ageing(open_runs(99, 90, 60, 1), FINISHED)) if "band" in row]
    assert bands == ["older than 95%", "older than 85%", "older than half", "younger than half of them were"]


@pytest.mark.parametrize("times", [None, FINISHED.iloc[:0], finished_in(1, 2, 3, 4)], ids=["none", "no rows", "four"])
def test_under_five_finished_runs_there_are_no_bands(times):
    chart = charts.ageing(open_runs(1, 60, 240), times)
    assert title(chart) == "The oldest of 3 open runs has an age of 10 days"
    assert not any(text.startswith(("younger", "older")) for text in said(chart))


def test_archived_and_open_runs_are_in_no_band():
    only_open = frames.run_times(2, 50, 50)
    assert "2 finished, under 5, so no bands" in subtitle(charts.ageing(open_runs(1), only_open))


def test_a_run_of_no_age_yet_has_its_place_at_the_bottom():
    young, old = ([row for row in rows(charts.ageing(open_runs(0, age))) if "age" in row] for age in (1, 9_000))
    assert max(row["y"] for row in young) == max(row["y"] for row in old)
    assert "0 h" in said(charts.ageing(open_runs(0, 5)))


def legends(chart):
    """The legend of each colour."""
    return [layer["encoding"]["color"]["legend"] for layer in chart.to_dict()["layer"] if "color" in layer["encoding"]]


def labels(chart):
    """The boxes of the runs' names, and of the points."""
    drawn = rows(chart)
    points = [Box(r["x"] - 4, r["y"] - 4, r["x"] + 4, r["y"] + 4) for r in drawn if "age" in r]
    known = {row["name"] for row in drawn if "age" in row}
    named = [row for row in drawn if "text" in row and any(name.startswith(row["text"].rstrip("…")) for name in known)]
    return [Box(r["x"], r["y"] - 6, r["x"] + width(r["text"], SMALL), r["y"] + 6) for r in named if r["text"]], points


@pytest.mark.parametrize("seed", range(6))
def test_no_name_lies_on_another_or_on_a_point_or_leaves_the_frame(seed):
    boxes, points = labels(charts.ageing(frames.ageing(60, seed=seed), FINISHED))
    assert boxes
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    assert not any(box.meets(point) for box in boxes for point in points)
    assert all(box.within(Box(40, 0, 560, 340)) for box in boxes)


def test_the_oldest_is_named():
    assert "Run 3" in said(charts.ageing(open_runs(1, 60, 90, 99), FINISHED))
    assert "Run 0" not in said(charts.ageing(open_runs(1, 60, 90, 99), FINISHED))


def test_of_many_runs_those_that_lie_together_are_one_point():
    chart = charts.ageing(frames.ageing(5_200), FINISHED)
    points = [row for row in rows(chart) if "age" in row]
    assert len(points) < 1_500
    assert sum(int(row["name"].split()[0].replace(",", "")) for row in points) == 5_200


def test_run_times_that_are_none_are_refused_by_their_own_name():
    with pytest.raises(ArgumentError, match=r"the frame has no column 'finished'.*ps\.analysis\.run_times"):
        charts.ageing(open_runs(1), open_runs(1))
