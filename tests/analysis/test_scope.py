"""The filters that all questions share: what they leave, and what they refuse."""

import pandas as pd
import pytest

from psauth.analysis import ageing, bottlenecks, overdue, run_times
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
        ({"workflow": " PURCHASE"}, ["p1", "p2", "p3"]),
        ({"workflow": pd.DataFrame({"workflow_id": ["w-Onboarding"]})}, ["o1"]),
        ({"workflow": pd.Series(["w-Onboarding"])}, ["o1"]),
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
            r"No workflow is called 'Purchas'\. Did you mean: Purchase \(w-Purchase\)\?",
        ),
        ({"workflow": []}, "names no workflow"),
        ({"workflow": 7}, "7 is not a workflow_id. Expected a text, several, or a frame that has that column"),
        ({"workflow": pd.DataFrame({"name": ["Purchase"]})}, "The frame has no column 'workflow_id'"),
        ({"since": "2026-11-05", "now": "2026-11-04"}, "ends before it begins. Expected now after since"),
        ({"since": "2026-11-05", "until": "2026-11-05"}, "ends before it begins. Expected until after since"),
        ({"since": "yesterday"}, "'yesterday' is not a date. Expected ISO 8601"),
        ({"status": "Open"}, "There is no status of a run 'Open'. Expected Active, Completed, Archived"),
        ({"person": "Bo"}, "person='Bo' is no e-mail address"),
        ({"person": "cy@example.com"}, "No user has the address 'cy@example.com'"),
        ({"person": "an@example.com"}, r"'an@example.com'\. Did you mean ann@example.com"),
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


def test_a_moment_of_the_past_knows_no_run_that_began_after_it():
    log = Log().run("old", "2026-11-02", status="Active").run("new", "2026-11-06", status="Active")
    frame = answer(ageing, log, now="2026-11-04")
    assert frame["run_id"].tolist() == ["old"]
    assert frame["age_hours"].tolist() == [48.0]
    assert answer(run_times, log, now="2026-11-04", until="2026-11-01").empty


def test_two_workflows_of_one_name_are_told_apart_by_their_ids():
    log = Log().run("a", "2026-11-02", workflow="Purchase")
    for id in ("w-1", "w-2"):
        log._add("workflows", workflow_id=id, name="Leave")
    with pytest.raises(ArgumentError, match=r"2 workflows are called 'Leave': .*w-1.*w-2.*Give the id of one"):
        answer(run_times, log, workflow="Leave")


def test_runs_of_a_person_need_the_users():
    with pytest.raises(ArgumentError, match="needs the table 'users'"):
        answer(run_times, Log().run("r", "2026-11-02"), person="ann@example.com")


def test_a_filter_twice_is_a_filter_once(log):
    once = answer(run_times, log, workflow="Purchase")
    twice = answer(run_times, log, workflow=["Purchase", "w-Purchase"])
    assert once.equals(twice)
