"""The filters that all questions share: what they leave, and what they refuse."""

import pytest

from psauth.analysis import bottlenecks, overdue, run_times
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer


@pytest.fixture(scope="module")
def log():
    log = Log().users(ann="ann@example.com", bo="bo@example.com", robot="api-9@process.st")
    log.run("p1", "2026-11-02", ("a", "2026-11-03"), by="ann")
    log.run("p2", "2026-11-04", ("a", None), status="Active", by="bo")
    log.run("p3", "2026-11-06", ("a", "2026-11-07"), status="Archived", by="robot")
    log.run("o1", "2026-11-05", ("x", "2026-11-06"), workflow="Onboarding", by="bo")
    return log


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ({}, ["o1", "p1", "p2", "p3"]),
        ({"workflow": "Purchase"}, ["p1", "p2", "p3"]),
        ({"workflow": "w-Onboarding"}, ["o1"]),
        ({"workflow": ["Purchase", "Onboarding"]}, ["o1", "p1", "p2", "p3"]),
        ({"since": "2026-11-05"}, ["o1", "p3"]),
        ({"until": "2026-11-05"}, ["p1", "p2"]),
        ({"since": "2026-11-04", "until": "2026-11-06"}, ["o1", "p2"]),
        ({"status": "active"}, ["p2"]),
        ({"status": ["Completed", "Archived"]}, ["o1", "p1", "p3"]),
        ({"person": "BO@example.com"}, ["o1", "p2"]),
        ({"robots": False}, ["o1", "p1", "p2"]),
        ({"robots": True}, ["p3"]),
        ({"workflow": None, "since": None, "status": None, "person": None, "robots": None}, ["o1", "p1", "p2", "p3"]),
    ],
    ids=str,
)
def test_what_a_filter_leaves(log, filters, left):
    assert sorted(answer(run_times, log, **filters)["run_id"]) == left


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            {"workflow": "Purchas"},
            r"There is no workflow 'Purchas'\. Did you mean Purchase\? There are Onboarding, Purchase\.",
        ),
        ({"workflow": []}, "names no workflow"),
        ({"workflow": 7}, "workflow=7 is no workflow. Expected a name or an id"),
        ({"since": "2026-11-05", "until": "2026-11-05"}, "ends before it begins. Expected until after since"),
        ({"since": "yesterday"}, "'yesterday' is not a date. Expected ISO 8601"),
        ({"status": "Open"}, "There is no status of a run 'Open'. Expected Active, Completed, Archived"),
        ({"person": "Bo"}, "person='Bo' is no e-mail address"),
        ({"person": "cy@example.com"}, "No user has the address 'cy@example.com'"),
        ({"robots": "no"}, "robots='no' cannot be used"),
        ({"calendar": "Mon-Fri"}, "calendar='Mon-Fri' is no calendar. Expected psauth.Calendar"),
        ({"workflows": "Purchase"}, "There is no filter 'workflows'. Did you mean workflow"),
    ],
    ids=str,
)
def test_a_filter_that_names_nothing_is_an_error(log, filters, message):
    with pytest.raises(ArgumentError, match=message):
        answer(run_times, log, **filters)


def test_a_person_is_who_completed_a_task_and_who_is_to_do_an_open_one():
    log = Log()
    by_bo = {"task_id": "b", "completed": "2026-11-03", "by": "Bo@example.com"}
    late = {"task_id": "c", "due": "2026-11-04", "to": ["bo@example.com"]}
    log.run("r", "2026-11-02", ("a", "2026-11-02 12:00"), by_bo, late, status="Active")
    assert answer(bottlenecks, log, person="bo@example.com")["task_id"].tolist() == ["b"]
    assert answer(overdue, log, person="bo@example.com")["task_id"].tolist() == ["c"]
    assert answer(overdue, log, person="ann@example.com").empty


def test_runs_of_a_person_need_the_users():
    with pytest.raises(ArgumentError, match="needs the table 'users'"):
        answer(run_times, Log().run("r", "2026-11-02"), person="ann@example.com")


def test_a_filter_twice_is_a_filter_once(log):
    once = answer(run_times, log, workflow="Purchase")
    twice = answer(run_times, log, workflow=["Purchase", "w-Purchase"])
    assert once.equals(twice)
