"""Which tasks take the time: from one completion to the next."""

import pytest

from psauth.analysis import bottlenecks
from tests.analysis.logs import Log, answer, rows


def many(hours, log=None):
    """Runs of two tasks: one takes an hour, the other so many."""
    log = log or Log()
    for number, each in enumerate(hours):
        end = f"2026-11-{2 + (10 + each) // 24:02} {(10 + each) % 24:02}:00"
        log.run(f"r{number}", "2026-11-02 09:00", ("order", "2026-11-02 10:00"), ("approve", end))
    return log


def test_a_task_begins_with_the_completion_before_it():
    frame = answer(bottlenecks, many([2, 4, 6, 8, 10]))
    assert frame.columns[:6].tolist() == ["task_id", "name", "count", "median_hours", "p85_hours", "share"]
    assert rows(frame, "task_id", "count", "median_hours", "hours") == [
        ("approve", 5, 6.0, 30.0),
        ("order", 5, 1.0, 5.0),
    ]
    assert frame["share"].tolist() == pytest.approx([30 / 35, 5 / 35])
    assert frame["p85_hours"].tolist() == pytest.approx([8.8, 1.0])  # between the fourth and the fifth, as numpy does


def test_under_five_there_is_no_percentile_but_the_values():
    frame = answer(bottlenecks, many([4, 2]))
    assert rows(frame, "task_id", "count", "median_hours", "p85_hours", "few_hours") == [
        ("approve", 2, None, None, [2.0, 4.0]),
        ("order", 2, None, None, [1.0, 1.0]),
    ]
    assert rows(answer(bottlenecks, many([1] * 5)), "few_hours") == [(None,), (None,)]


def test_parallel_tasks_are_counted_by_the_order_of_their_completion():
    log = Log().run("r", "2026-11-02 09:00", ("b", "2026-11-02 12:00"), ("a", "2026-11-02 11:00"))
    assert rows(answer(bottlenecks, log), "task_id", "hours") == [("a", 2.0), ("b", 1.0)]


def test_of_one_moment_the_template_says_which_came_first():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 12:00"), ("b", "2026-11-02 12:00"))
    assert rows(answer(bottlenecks, log), "task_id", "hours") == [("a", 3.0), ("b", 0.0)]
    assert rows(answer(bottlenecks, log.template("b", "a")), "task_id", "hours") == [("b", 3.0), ("a", 0.0)]


def test_hidden_and_open_tasks_take_no_time():
    hidden = {"task_id": "h", "completed": "2026-11-02 10:00", "hidden": True}
    log = Log().run("r", "2026-11-02 09:00", hidden, ("a", "2026-11-02 12:00"), ("open", None))
    assert rows(answer(bottlenecks, log), "task_id", "hours", "share") == [("a", 3.0, 1.0)]


def test_a_task_that_was_done_before_its_run_began_took_no_time():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-01 09:00"), ("b", "2026-11-02 10:00"))
    assert rows(answer(bottlenecks, log), "task_id", "hours", "share") == [("b", 1.0, 1.0), ("a", 0.0, 0.0)]


def test_no_time_at_all_has_no_shares():
    log = Log().run("r", "2026-11-02 09:00", ("a", "2026-11-02 09:00"))
    assert rows(answer(bottlenecks, log), "hours", "share") == [(0.0, None)]


def test_a_task_is_called_as_it_was_last():
    log = Log().run("r", "2026-11-02", {"task_id": "a", "completed": "2026-11-03", "name": "Sign"})
    log.run("s", "2026-11-04", {"task_id": "a", "completed": "2026-11-05", "name": "Sign it"})
    assert rows(answer(bottlenecks, log), "task_id", "name", "count") == [("a", "Sign it", 2)]


def test_shares_are_those_of_the_workflow():
    log = many([3] * 5)
    log.run("other", "2026-11-02 09:00", ("x", "2026-11-02 10:00"), workflow="Onboarding")
    frame = answer(bottlenecks, log)
    assert frame.groupby("workflow_id")["share"].sum().tolist() == pytest.approx([1.0, 1.0])
    assert answer(bottlenecks, log, workflow="Onboarding")["task_id"].tolist() == ["x"]


def test_robots_can_be_left_out():
    robot = {"task_id": "a", "completed": "2026-11-02 10:00", "by": "api-7@process.st"}
    log = Log().run("r", "2026-11-02 09:00", robot, ("b", "2026-11-02 12:00"))
    assert rows(answer(bottlenecks, log), "task_id", "hours") == [("b", 2.0), ("a", 1.0)]
    assert rows(answer(bottlenecks, log, robots=False), "task_id", "hours") == [("b", 2.0)]
    assert rows(answer(bottlenecks, log, robots=True), "task_id", "hours") == [("a", 1.0)]
