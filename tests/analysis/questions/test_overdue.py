"""What is late, and with whom."""

import pytest

from psauth import Calendar
from psauth.analysis import overdue, workload
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

LATE = {"task_id": "a", "due": "2026-11-20 10:00", "to": ["bo@example.com", "Ann@example.com"]}


def test_late_by_the_clock_and_by_the_calendar_and_with_whom():
    log = Log().run("r", "2026-11-02", LATE, status="Active")
    frame = answer(overdue, log, calendar=Calendar(zone="UTC", hours="11:00-17:00"))
    assert frame.columns[:5].tolist() == ["run_id", "task_id", "name", "due_date", "late_hours"]
    assert rows(frame, "run_id", "task_id", "due_date", "late_hours", "late_working_hours", "user_emails") == [
        ("r", "a", "2026-11-20 10:00", 2.0, 1.0, "ann@example.com, bo@example.com")
    ]


@pytest.mark.parametrize(
    "task",
    [
        LATE | {"completed": "2026-11-20 11:00"},
        LATE | {"hidden": True},
        LATE | {"stopped": True},
        LATE | {"due": None},
        LATE | {"due": "2026-11-20 12:00"},
    ],
    ids=["completed", "hidden", "stopped", "never due", "due now"],
)
def test_what_is_not_late(task):
    log = Log().run("r", "2026-11-02", task, ("b", None), status="Active")
    assert answer(overdue, log).empty


@pytest.mark.parametrize("status", ["Completed", "Archived"])
def test_runs_that_are_over_have_nothing_late(status):
    assert answer(overdue, Log().run("r", "2026-11-02", LATE, status=status)).empty


def test_without_assignments_nobody_is_named():
    log = Log().run("r", "2026-11-02", LATE | {"to": ()}, status="Active")
    assert rows(answer(overdue, log), "task_id", "user_emails") == [("a", None)]


def test_a_person_has_what_is_assigned_to_this_person():
    log = Log().run("r", "2026-11-02", LATE, LATE | {"task_id": "b", "to": ["cy@example.com"]}, status="Active")
    assert answer(overdue, log, person="ANN@example.com")["task_id"].tolist() == ["a"]


def test_who_has_how_much_to_do():
    log = Log().run(
        "r", "2026-11-02", LATE, {"task_id": "b", "to": ["bo@example.com"]}, LATE | {"task_id": "c", "to": ()},
        LATE | {"task_id": "d", "completed": "2026-11-03"}, status="Active",
    )  # fmt: skip
    log.run("over", "2026-11-02", LATE)
    frame = answer(workload, log)
    assert frame.columns.tolist() == ["user_email", "open", "overdue"]
    assert rows(frame, *frame) == [("bo@example.com", 2, 1), ("ann@example.com", 1, 1), (None, 1, 1)]
    assert rows(answer(workload, log, person="bo@example.com"), *frame) == [("bo@example.com", 2, 1)]


def test_a_stopped_task_is_open_and_not_late():
    log = Log().run("r", "2026-11-02", LATE | {"stopped": True, "to": ["bo@example.com"]}, status="Active")
    assert rows(answer(workload, log), "open", "overdue") == [(1, 0)]


def test_a_workload_needs_assignments():
    with pytest.raises(ArgumentError, match="needs the table 'assignments'"):
        answer(workload, Log().run("r", "2026-11-02"))
