"""How approvals are decided, and by whom."""

import pytest

from psauth.analysis import approval_loops, approvers
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

LOOPS = ("task_id", "name", "decided", "rejected", "share_rejected", "median_hours", "timed")
PEOPLE = ("user_email", "decided", "rejected", "share_rejected", "median_hours", "timed", "few_hours")


def decided(log, run_id, status, hours, by="boss@example.com", approve=None, order=None):
    """A run whose order is completed at ten, and decided so many hours later."""
    log.run(
        run_id, "2026-11-02 09:00", {"task_id": "order", "completed": "2026-11-02 10:00"} | (order or {}),
        {"task_id": "approve", "completed": f"2026-11-02 {10 + hours}:00"} | (approve or {}),
    )  # fmt: skip
    return log.approval(run_id, "approve", status, f"2026-11-02 {10 + hours}:00", by, "order")


def a_log():
    log = Log()
    for hours, status in enumerate(["Approved", "Rejected", "Approved", "Approved", "Rejected"], 1):
        decided(log, f"r{hours}", status, hours, by="Bo@example.com" if hours == 2 else "boss@example.com")
    return log


def test_how_approvals_are_decided():
    frame = answer(approval_loops, a_log())
    assert frame.columns[:7].tolist() == list(LOOPS)
    assert rows(frame, *LOOPS) == [("approve", "Approve", 5, 2, 0.4, 3.0, 5)]
    assert rows(frame, "workflow_id", "workflow_name", "few_hours") == [("w-Purchase", "Purchase", None)]


def test_who_decides():
    frame = answer(approvers, a_log())
    assert frame.columns.tolist() == list(PEOPLE)
    assert rows(frame, *PEOPLE) == [
        ("boss@example.com", 4, 1, 0.25, None, 4, [1.0, 3.0, 4.0, 5.0]),
        ("bo@example.com", 1, 1, 1.0, None, 1, [2.0]),
    ]


def test_a_subject_that_is_open_again_or_was_done_anew_has_no_time():
    log = decided(Log(), "open", "Rejected", 2, order={"completed": None})
    decided(log, "anew", "Rejected", 2, order={"completed": "2026-11-02 15:00"})
    decided(log, "at once", "Approved", 0)
    assert rows(answer(approval_loops, log), "decided", "timed", "few_hours") == [(3, 1, [0.0])]


def test_a_task_that_decides_on_two_subjects_decides_twice():
    log = decided(Log(), "r", "Approved", 2).approval("r", "approve", "Rejected", "2026-11-02 12:00", subject="other")
    assert rows(answer(approval_loops, log), *LOOPS[2:]) == [(2, 1, 0.5, None, 1)]


def test_what_is_not_decided_or_is_hidden_counts_nowhere():
    log = decided(Log(), "r", "Pending", 2)
    decided(log, "s", "Approved", 2, approve={"hidden": True})
    assert answer(approval_loops, log).empty
    assert answer(approvers, log).empty


def test_a_run_that_is_gone_decided_nothing():
    tables = decided(decided(Log(), "r", "Approved", 1), "s", "Rejected", 2).tables
    tables["runs"]["gone"] = ["deleted", None]
    assert rows(answer(approval_loops, tables), "decided", "rejected") == [(1, 1)]


def test_what_the_copy_saw_decided_before():
    log = a_log()
    first = ("2026-11-02", "2026-11-03")
    # r1 was rejected twice before it was approved: seen at two looks, the first of which moved two values.
    log.change("approvals", "r1", "r1/approve/order", "", None, {"status": "Rejected"}, first)
    log.change("approvals", "r1", "r1/approve/order", "audit.updatedDate", "a", "b", ("2026-11-03", "2026-11-04"))
    log.change("approvals", "r1", "r1/approve/order", "status", "Rejected", "Approved", ("2026-11-04", "2026-11-05"))
    log.change("approvals", "r1", "r1/approve/order", "audit.updatedDate", "b", "c", ("2026-11-04", "2026-11-05"))
    # r2 is rejected now, and was approved.
    log.change("approvals", "r2", "r2/approve/order", "status", "Approved", "Rejected", first)
    log.change("tasks", "r3", "r3/approve/order", "status", "NotCompleted", "Completed", first)
    names = ("decided", "rejected", "once_rejected", "repeated", "decisions_until_approved", "few_decisions")
    assert rows(answer(approval_loops, log), *names) == [(5, 2, 3, 1, None, [3.0])]


def test_without_changes_nothing_is_known_of_what_was_before():
    frame = answer(approval_loops, a_log())
    assert rows(frame, "once_rejected", "repeated", "decisions_until_approved", "few_decisions") == [
        (2, None, None, None)
    ]


def test_a_person_and_robots_choose_decisions():
    log = decided(a_log().users(bo="bo@example.com"), "by robot", "Approved", 1, by="api-1@process.st")
    assert rows(answer(approval_loops, log, person="bo@example.com"), "decided", "rejected") == [(1, 1)]
    assert rows(answer(approval_loops, log, robots=True), "decided") == [(1,)]
    assert "api-1@process.st" not in set(answer(approvers, log, robots=False)["user_email"])


def test_approvals_are_needed():
    with pytest.raises(ArgumentError, match="needs the table 'approvals'"):
        answer(approval_loops, Log().run("r", "2026-11-02"))
