"""Variants: a ribbon a way, as broad as the way is frequent."""

import pytest

from psauth import charts
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title

WAYS = [["a", "b", "c", "d"], ["a", "c", "d"], ["a", "c", "b", "d"], ["a", "b", "b", "c", "d"]]


def test_the_title_says_how_many_ways_cover_most():
    chart = charts.variants(frames.variants(WAYS, [50, 30, 15, 5]))
    assert title(chart) == "2 ways cover 80% of the finished runs; the most frequent one 50%"
    assert subtitle(chart).startswith("100 finished runs, 4 ways;")


@pytest.mark.parametrize("counts", [[95, 5], [9]])
def test_a_way_that_most_runs_take_is_the_finding(counts):
    chart = charts.variants(frames.variants(WAYS[: len(counts)], counts))
    assert title(chart) == f"One way was taken by {95 if len(counts) > 1 else 100}% of the finished runs"


def test_tasks_stand_in_the_order_that_most_runs_have():
    texts = [text for text in said(charts.variants(frames.variants(WAYS, [50, 30, 15, 5]))) if text in "abcd"]
    assert texts == ["a", "b", "c", "d"]


def test_each_way_has_its_figures():
    texts = said(charts.variants(frames.variants(WAYS, [50, 30, 15, 4])))
    assert {"share", "runs", "median", "51%", "50", "too few"} <= set(texts)


def test_a_task_passed_by_is_a_thin_line_and_a_return_an_arc():
    straight, skipping, returning, again = (
        rows(charts.variants(frames.variants([WAYS[0], way], [6, 5]))) for way in WAYS[:1] + WAYS[1:]
    )

    def thin(drawn):
        return [row for row in drawn if "tasks" in row and "x2" in row and row["x2"] - row["x"] == 2]

    def arcs(drawn):
        return {row["arc"] for row in drawn if "arc" in row}

    assert (thin(straight), arcs(straight)) == ([], set())
    assert len(thin(skipping)) == 1
    assert (len(thin(returning)), len(arcs(returning))) == (2, 1)
    assert (thin(again), len(arcs(again))) == ([], 1)


def test_many_ways_are_counted_and_eight_drawn():
    chart = charts.variants(frames.many_variants(5_200))
    assert "5,200 ways, the 8 most frequent drawn (<1%)" in subtitle(chart)
    assert "10 tasks not drawn" in subtitle(chart)
