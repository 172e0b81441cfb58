"""Due dates that move, and what is on time by the one that was there first."""

import pytest

from psauth.analysis import drift, on_time
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

MOVED = ("run_id", "task_id", "first_due_date", "due_date", "drift_hours", "moves")
TASKS = ("count", "on_time", "share_on_time", "moved", "unobserved")
RUNS = ("runs", "runs_on_time", "share_runs_on_time", "runs_moved", "runs_unobserved")
EARLY = ("2026-11-01", "2026-11-02")
"""Two looks of the copy before anything was completed."""


def due(log, old, new, key="a", noun="tasks", seen=EARLY):
    return log.change(noun, "r", "r" if noun == "runs" else key, "dueDate", old, new, seen)


def a_run(completed="2026-11-05", at="2026-11-10", **options):
    return Log().run("r", "2026-11-01", {"task_id": "a", "completed": completed, "due": at}, **options)


def test_drift_is_from_the_first_due_date_to_the_one_that_stands():
    log = due(a_run(), "2026-11-08T00:00:00.000Z", "2026-11-09T00:00:00.000Z")
    frame = answer(drift, due(log, "2026-11-09T00:00:00.000Z", "2026-11-10T00:00:00.000Z"))
    assert frame.columns.tolist() == [*MOVED[:5], "name", "moves", "workflow_id", "workflow_name", "owner_email"]
    assert rows(frame, *MOVED) == [("r", "a", "2026-11-08 00:00", "2026-11-10 00:00", 48.0, 2)]
    assert rows(frame, "name", "workflow_id", "workflow_name", "owner_email") == [("A", "w-Purchase", "Purchase", None)]


def test_the_due_date_of_a_run_has_no_task():
    log = due(a_run(due="2026-11-09").users(ann="ann@example.com"), "2026-11-10", "2026-11-09", noun="runs")
    assert rows(answer(drift, log), *MOVED) == [("r", None, "2026-11-10 00:00", "2026-11-09 00:00", -24.0, 1)]
    assert rows(answer(drift, log), "name", "owner_email") == [("Run r", "ann@example.com")]


def test_a_due_date_that_was_set_has_not_moved():
    log = due(a_run(), None, "2026-11-10T00:00:00.000Z")
    assert answer(drift, log).empty
    log = due(due(a_run(), None, "2026-11-09T12:00:00.000Z"), "2026-11-09T12:00:00.000Z", "2026-11-10T00:00:00.000Z")
    assert rows(answer(drift, log), *MOVED[2:]) == [("2026-11-09 12:00", "2026-11-10 00:00", 12.0, 1)]


def test_a_due_date_that_was_taken_away_has_no_drift():
    log = due(a_run(at=None), "2026-11-08T00:00:00.000Z", None)
    assert rows(answer(drift, log), *MOVED[2:]) == [("2026-11-08 00:00", None, None, 1)]


def test_a_due_date_that_came_back_moved_twice():
    log = due(due(a_run(), "2026-11-10", "2026-11-12"), "2026-11-12", "2026-11-10")
    assert rows(answer(drift, log), *MOVED[4:]) == [(0.0, 2)]


def test_the_same_moment_written_in_another_way_has_not_moved():
    assert answer(drift, due(a_run(), "2026-11-10", "2026-11-10T00:00:00.000Z")).empty


def test_other_changes_are_no_moves():
    log = a_run().change("tasks", "r", "a", "status", "NotCompleted", "Completed")
    log.change("form_values", "r", "a", "dueDate", "2026-11-08", "2026-11-09")
    assert answer(drift, log).empty


def test_the_one_that_moved_most_comes_first():
    log = due(a_run(due="2026-11-01"), "2026-11-09", "2026-11-10")
    assert answer(drift, due(log, "2026-11-10", "2026-11-01", noun="runs"))["drift_hours"].tolist() == [-216.0, 24.0]


def test_hidden_tasks_drift_nowhere_and_other_runs_neither():
    log = Log().run("r", "2026-11-01", {"task_id": "a", "due": "2026-11-10", "hidden": True})
    assert answer(drift, due(log, "2026-11-08", "2026-11-10")).empty
    log = due(a_run().run("s", "2026-11-12"), "2026-11-08", "2026-11-10")
    assert answer(drift, log, since="2026-11-12").empty
    assert len(answer(drift, log, until="2026-11-12")) == 1


def test_drift_needs_changes():
    with pytest.raises(ArgumentError, match="needs the table 'changes'"):
        answer(drift, a_run())


def seen_open(log, key="a"):
    """The copy saw the task open before it was completed."""
    return log.change(
        "tasks", "r", key, "completedDate", None, "2026-11-05T00:00:00.000Z", ("2026-11-04", "2026-11-06")
    )


def test_on_time_is_by_the_due_date_as_it_was_seen_first():
    log = Log().run(
        "r", "2026-11-01",
        {"task_id": "a", "completed": "2026-11-05", "due": "2026-11-10"},
        {"task_id": "b", "completed": "2026-11-05", "due": "2026-11-04"},
        {"task_id": "c", "completed": "2026-11-05", "due": "2026-11-05"},
    )  # fmt: skip
    due(log, "2026-11-04T00:00:00.000Z", "2026-11-10T00:00:00.000Z", "a")  # in time only because it moved
    due(log, "2026-11-06T00:00:00.000Z", "2026-11-04T00:00:00.000Z", "b")  # late only because it moved
    frame = answer(on_time, log)
    assert frame.columns.tolist() == ["workflow_id", "workflow_name", *TASKS, *RUNS]
    assert rows(frame, *TASKS) == [(3, 2, pytest.approx(2 / 3), 1, 1)]
    assert rows(answer(on_time, seen_open(log, "c")), *TASKS) == [(3, 2, pytest.approx(2 / 3), 1, 0)]


def test_what_was_first_seen_when_it_was_completed_is_not_observed():
    after = ("2026-11-06", "2026-11-07")
    log = a_run().change("tasks", "r", "a", "status", "Completed", "NotCompleted", after)
    assert rows(answer(on_time, log), *TASKS) == [(1, 1, 1.0, 0, 1)]
    assert rows(answer(on_time, seen_open(log)), *TASKS) == [(1, 1, 1.0, 0, 0)]


def test_another_due_date_that_was_seen_after_the_completion_is_an_observation():
    log = due(a_run(), "2026-11-04T00:00:00.000Z", "2026-11-10T00:00:00.000Z", seen=("2026-11-06", "2026-11-07"))
    assert rows(answer(on_time, log), *TASKS) == [(1, 0, 0.0, 1, 0)]


def test_without_changes_the_due_date_that_stands_counts():
    assert rows(answer(on_time, a_run(completed="2026-11-10")), *TASKS) == [(1, 1, 1.0, 0, 1)]
    assert rows(answer(on_time, a_run(completed="2026-11-10 00:01")), *TASKS) == [(1, 0, 0.0, 0, 1)]


@pytest.mark.parametrize(
    "task",
    [{"completed": None, "due": "2026-11-10"}, {"completed": "2026-11-05", "due": None},
     {"completed": "2026-11-05", "due": "2026-11-10", "hidden": True}],
    ids=["open", "never due", "hidden"],
)  # fmt: skip
def test_what_does_not_count(task):
    assert answer(on_time, Log().run("r", "2026-11-01", {"task_id": "a"} | task)).empty


def test_a_due_date_that_was_taken_away_still_counts():
    log = due(a_run(at=None), "2026-11-04T00:00:00.000Z", None)
    assert rows(answer(on_time, log), *TASKS) == [(1, 0, 0.0, 0, 0)]


def test_runs_have_due_dates_of_their_own():
    log = Log().run("r", "2026-11-01", ("a", "2026-11-05"), due="2026-11-06")
    log.run("late", "2026-11-01", ("a", "2026-11-07"), due="2026-11-06")
    log.run("estimated", "2026-11-01", updated="2026-11-03", due="2026-11-06")
    log.run("open", "2026-11-01", ("a", "2026-11-05"), due="2026-11-06", status="Active")
    log.run("away", "2026-11-01", ("a", "2026-11-05"), due="2026-11-06", status="Archived")
    frame = answer(on_time, log)
    assert rows(frame, *RUNS) == [(3, 2, pytest.approx(2 / 3), 0, 3)]
    assert rows(frame, *TASKS) == [(0, 0, None, 0, 0)]
    due(log, "2026-11-04T00:00:00.000Z", "2026-11-06T00:00:00.000Z", noun="runs")
    assert rows(answer(on_time, log), *RUNS) == [(3, 1, pytest.approx(1 / 3), 1, 2)]
