"""Whether tasks are completed in the order of the template: pair by pair, and run by run."""

import pytest

from psauth.analysis import conformance, conforming
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

PAIRS = ("earlier", "later", "count", "broken", "share_broken")
RUNS = ("workflow_id", "workflow_name", "runs", "conforming", "share", "without_order")


def in_order(log, run_id, *task_ids, **options):
    """A run that completes tasks an hour after one another."""
    done = [(task_id, f"2026-11-02 {hour:02}:00") for hour, task_id in enumerate(task_ids, 10)]
    return log.run(run_id, "2026-11-02 09:00", *done, **options)


def a_log():
    log = Log().template("order", "approve", "pay")
    in_order(log, "r", "order", "approve", "pay")
    in_order(log, "s", "order", "pay", "approve")
    in_order(log, "t", "pay", "order")
    return in_order(log, "u", "order", "approve", "pay")


def test_each_pair_says_how_often_it_is_broken():
    frame = answer(conformance, a_log())
    assert frame.columns.tolist() == [*PAIRS, "workflow_id", "workflow_name", "earlier_id", "later_id"]
    assert rows(frame, *PAIRS) == [
        ("Order", "Pay", 4, 1, 0.25),
        ("Approve", "Pay", 3, 1, pytest.approx(1 / 3)),
        ("Order", "Approve", 3, 0, 0.0),
    ]
    assert rows(frame, "workflow_id", "workflow_name", "earlier_id", "later_id")[0] == (
        "w-Purchase", "Purchase", "order", "pay",
    )  # fmt: skip


def test_runs_that_follow_the_order():
    frame = answer(conforming, a_log())
    assert frame.columns.tolist() == list(RUNS)
    assert rows(frame, *RUNS) == [("w-Purchase", "Purchase", 4, 2, 0.5, 0)]


def test_the_order_is_one_of_numbers():
    log = Log().template(*(f"t{number}" for number in range(1, 12)))
    in_order(log, "r", "t2", "t11")  # as texts, "11" comes before "2"
    assert rows(answer(conformance, log), *PAIRS) == [("T2", "T11", 1, 0, 0.0)]
    assert rows(answer(conforming, log), "conforming") == [(1,)]


def test_the_same_moment_breaks_nothing():
    log = Log().template("a", "b").run("r", "2026-11-02", ("b", "2026-11-03"), ("a", "2026-11-03"))
    assert rows(answer(conformance, log), "count", "broken") == [(1, 0)]
    assert rows(answer(conforming, log), "runs", "conforming") == [(1, 1)]


@pytest.mark.parametrize("status", ["Active", "Archived"])
def test_only_finished_runs_count(status):
    log = in_order(Log().template("a", "b"), "r", "b", "a", status=status)
    assert answer(conformance, log).empty
    assert answer(conforming, log).empty


def test_hidden_tasks_and_open_ones_count_nowhere():
    log = Log().template("a", "b", "c")
    hidden = {"task_id": "b", "completed": "2026-11-02 09:30", "hidden": True}
    log.run("r", "2026-11-02 09:00", ("a", "2026-11-02 10:00"), hidden, ("c", None))
    assert answer(conformance, log).empty
    assert rows(answer(conforming, log), *RUNS[2:]) == [(0, 0, None, 1)]


def test_a_task_that_the_template_has_no_more_has_no_place():
    log = in_order(Log().template("a", "b"), "r", "gone", "b", "a")
    assert rows(answer(conformance, log), *PAIRS) == [("A", "B", 1, 1, 1.0)]


def test_a_run_without_two_completed_tasks_has_no_order():
    log = in_order(Log().template("a", "b"), "r", "a").run("none", "2026-11-02", updated="2026-11-03")
    in_order(log, "s", "a", "b")
    assert rows(answer(conforming, log), *RUNS[2:]) == [(1, 1, 1.0, 2)]


def test_workflows_do_not_mix():
    log = Log().template("a", "b").template("x", "y", workflow="Hiring")
    in_order(log, "r", "a", "b")
    in_order(log, "s", "y", "x", workflow="Hiring")
    assert rows(answer(conforming, log), "workflow_name", "share") == [("Hiring", 0.0), ("Purchase", 1.0)]
    assert rows(answer(conformance, log, workflow="Hiring"), *PAIRS[:4]) == [("X", "Y", 1, 1)]


def test_the_runs_of_a_person():
    log = a_log().users(ann="ann@example.com", bo="bo@example.com")
    in_order(log, "v", "approve", "order", by="bo")
    assert rows(answer(conformance, log, person="bo@example.com"), *PAIRS[:4]) == [("Order", "Approve", 1, 1)]


def test_without_the_template_there_is_no_order():
    with pytest.raises(ArgumentError, match="needs the table 'workflow_tasks'"):
        answer(conformance, in_order(Log(), "r", "a", "b"))
