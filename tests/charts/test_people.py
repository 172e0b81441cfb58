"""Workload and load ahead."""

import pandas as pd
import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.looking import rows, said, subtitle, title

OPEN = pd.DataFrame({"user_email": ["ana@x.org", "bo@x.org", None], "open": [9, 20, 3], "overdue": [5, 2, 0]})


def test_the_title_names_who_has_most_of_what_is_overdue():
    chart = charts.workload(OPEN)
    assert title(chart) == "5 of 9 open tasks with ana@x.org are overdue, the most of all"
    assert subtitle(chart).startswith("3 people with 32 open in all, for a task counts for each of its assignees")
    assert title(charts.workload(OPEN.head(1))) == "5 of 9 open tasks with ana@x.org are overdue"


def test_nothing_overdue_is_good_news():
    assert title(charts.workload(OPEN.assign(overdue=0))) == "No open task is overdue"


def test_who_has_most_stands_first_and_nobody_has_a_name():
    names = [text for text in said(charts.workload(OPEN)) if "@" in text or text == "nobody"]
    assert names == ["bo@x.org", "ana@x.org", "nobody"]


def test_people_beyond_twenty_are_one_line():
    assert "20 more people" in said(charts.workload(frames.workload(40)))
    assert "1 more person" in said(charts.workload(frames.workload(21)))


def ahead(due, usual):
    days = pd.date_range("2026-11-30", periods=3, tz="UTC")
    return pd.DataFrame({"user_email": "ana@x.org", "day": days, "due": due, "usual": usual})


def test_the_fullest_day_is_the_finding():
    chart = charts.load_ahead(ahead([1, 9, 2], 2.5))
    assert title(chart) == "ana@x.org has 9 tasks due on Tuesday 1 December; usual is 2.5 a day"
    assert "12 tasks of 1 person due in 14 days from 2026-11-30" in subtitle(chart)


def test_without_a_history_there_is_no_usual():
    chart = charts.load_ahead(ahead([1, 9, 2], None))
    assert title(chart) == "ana@x.org has 9 tasks due on Tuesday 1 December"
    assert "not known" in said(chart)


def test_days_above_the_usual_stand_out():
    bars = [row for row in rows(charts.load_ahead(ahead([1, 9, 2], 2.0))) if "due" in row and "x2" in row]
    assert len({row["colour"] for row in bars}) == 2
    assert [row["due"] for row in bars if row["colour"] == "#e08a3c"] == ["9"]


def test_people_who_are_not_drawn_are_counted_with_their_tasks():
    assert "28 people with " in subtitle(charts.load_ahead(frames.load_ahead(40)))


def test_a_load_without_days_is_refused():
    with pytest.raises(ArgumentError, match="no row has a day"):
        charts.load_ahead(ahead([1, 9, 2], 2.0).assign(day=pd.NaT))
