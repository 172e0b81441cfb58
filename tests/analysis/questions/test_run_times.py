"""How long runs take: from their start to the last completion of a visible task."""

import math

import pytest

from psauth import Calendar
from psauth.analysis import run_times
from tests.analysis.logs import Log, answer, rows

UTC = Calendar(zone="UTC")


def test_a_run_ends_with_the_last_completion_of_its_tasks():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 10:00"), ("b", "2026-11-02 12:30"))
    assert rows(answer(run_times, log), "run_id", "finished", "finished_estimated", "hours") == [
        ("r", "2026-11-02 12:30", False, 3.5)
    ]


def test_the_first_columns_are_promised():
    frame = answer(run_times, Log().run("r", "2026-11-02 09:00"))
    assert frame.columns[:9].tolist() == [
        "run_id", "workflow_id", "name", "status", "started", "finished", "finished_estimated", "hours", "working_hours",
    ]  # fmt: skip


def test_hidden_tasks_count_nowhere():
    hidden = {"task_id": "b", "completed": "2026-11-05 12:00", "hidden": True}
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 10:00"), hidden)
    assert rows(answer(run_times, log), "finished", "hours") == [("2026-11-02 10:00", 1.0)]


def test_a_run_without_a_completed_task_ends_when_it_was_updated_last_and_says_so():
    log = Log().run("r", "2026-11-02 09:00", updated="2026-11-02 15:00")
    log.run(
        "s",
        "2026-11-02 09:00",
        {"task_id": "a", "completed": "2026-11-02 10:00", "hidden": True},
        updated="2026-11-02 16:00",
    )
    assert rows(answer(run_times, log), "run_id", "hours", "finished_estimated") == [("r", 6.0, True), ("s", 7.0, True)]


def test_open_and_archived_runs_have_no_run_time():
    log = Log().run("open", "2026-11-20 10:00", ("a", "2026-11-20 11:00"), status="Active")
    log.run("away", "2026-11-01", ("a", "2026-11-02"), status="Archived", updated="2026-11-03")
    assert rows(answer(run_times, log), "run_id", "finished", "hours", "age_hours") == [
        ("away", None, None, None),
        ("open", None, None, 2.0),
    ]


def test_a_run_that_is_gone_is_left_out():
    tables = Log().run("r", "2026-11-02", ("a", "2026-11-03")).run("s", "2026-11-02", ("a", "2026-11-03")).tables
    tables["runs"]["gone"] = ["deleted", None]
    assert answer(run_times, tables)["run_id"].tolist() == ["s"]


def test_a_reopened_run_counts_as_it_is_now():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 10:00"), ("b", None), status="Active")
    assert rows(answer(run_times, log), "finished", "hours") == [(None, None)]


def test_working_hours_are_those_of_the_calendar():
    log = Log().run("r", "2026-11-06 16:00", ("a", "2026-11-09 10:00"))  # a Friday and a Monday
    frame = answer(run_times, log, calendar=UTC)
    assert rows(frame, "hours", "working_hours") == [(66.0, 2.0)]
    closed = Calendar(zone="UTC", holidays=["2026-11-09"])
    assert answer(run_times, log, calendar=closed)["working_hours"].tolist() == [1.0]


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
def test_the_clock_does_not_jump_where_clocks_do(zone):
    log = Log().run("r", "2026-10-24 00:00", ("a", "2026-11-02 00:00"))  # both change theirs in between
    assert answer(run_times, log, calendar=Calendar(zone=zone))["hours"].tolist() == [216.0]


def test_moments_that_are_equal_make_no_time():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 09:00"))
    assert answer(run_times, log)["hours"].tolist() == [0.0]


def test_no_runs_make_an_empty_frame():
    frame = answer(run_times, Log())
    assert frame.empty
    assert frame["hours"].dtype == "float64"
    assert math.isnan(frame["hours"].mean())
