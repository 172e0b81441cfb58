"""Bottlenecks: a bar a task, its figures in columns."""

import pandas as pd

from psauth import charts
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title

TASKS = pd.DataFrame(
    {
        "task_id": ["t1", "t2", "t3"],
        "name": ["Approve budget", "Order equipment", "First day tour"],
        "count": [38, 36, 3],
        "median_hours": [31.0, 20.0, 4.0],
        "p85_hours": [144.0, 60.0, 9.0],
        "share": [0.41, 0.35, 0.24],
    }
)


def test_the_title_says_what_was_found_and_the_subtitle_on_what_it_rests():
    chart = charts.bottlenecks(TASKS, subject="Budget")
    assert title(chart) == "“Approve budget” takes 41% of all task time: the median is 31 hours"
    assert subtitle(chart).startswith(
        "Budget: 77 completions of 3 tasks; waiting and working together, hours by the clock"
    )


def test_the_figures_stand_in_columns_with_their_words():
    texts = said(charts.bottlenecks(TASKS))
    assert {"share", "median", "85% within", "count", "41%", "31 h", "6 d", "38"} <= set(texts)


def test_under_five_completions_there_is_no_median():
    chart = charts.bottlenecks(TASKS)
    assert said(chart).count("too few") == 2
    assert "4 h" not in said(chart)
    assert subtitle(chart).endswith("under 5 completions no median")
    first = charts.bottlenecks(TASKS.assign(count=[4, 3, 3]))
    assert title(first) == "“Approve budget” takes 41% of all task time"


def test_a_figure_that_is_missing_is_said_to_be():
    chart = charts.bottlenecks(TASKS.assign(p85_hours=float("nan")))
    assert said(chart).count("not known") == 2


def test_rows_in_any_order_are_ranked_by_share():
    names = [text for text in said(charts.bottlenecks(TASKS.iloc[::-1])) if text in set(TASKS["name"])]
    assert names == ["Approve budget", "Order equipment", "First day tour"]


def test_tasks_beyond_fifteen_are_one_line_without_a_bar():
    chart = charts.bottlenecks(frames.bottlenecks(40))
    assert "25 more tasks" in said(chart)
    assert len({row["full"] for row in rows(chart) if "colour" in row and "text" not in row}) == 15


def test_two_tasks_of_one_name_are_two_bars():
    chart = charts.bottlenecks(TASKS.assign(name="Approve"))
    assert said(chart).count("Approve") == 3


def test_shares_of_working_hours_are_diamonds_where_they_are_known():
    chart = charts.bottlenecks(TASKS.assign(working_share=[0.2, 0.5, float("nan")]))
    assert {row["working_text"] for row in rows(chart) if row.get("working_text")} == {"20%", "50%"}
    assert "diamond: share of working hours" in subtitle(chart)
    assert "diamond" not in subtitle(charts.bottlenecks(TASKS))


def test_a_long_name_is_shortened_and_whole_in_the_tooltip():
    name = "Ask the works council whether it agrees to the new colleague's start"
    chart = charts.bottlenecks(TASKS.assign(name=[name, "b", "c"]))
    assert name not in said(chart)
    assert any(text.endswith("…") and name.startswith(text[:-1]) for text in said(chart))
    assert name in {row.get("full") for row in rows(chart)}
