"""Event log, variants and process map: one order of events for all three."""

import pytest

from psauth.analysis import event_log, process_map, variants
from tests.analysis.logs import Log, answer, rows

CASE, ACTIVITY, TIME = "case:concept:name", "concept:name", "time:timestamp"


def a_log():
    log = Log().template("order", "approve", "pay")
    log.run(
        "r",
        "2026-11-02 09:00",
        ("pay", "2026-11-02 12:00"),
        ("order", "2026-11-02 10:00"),
        ("approve", "2026-11-02 12:00"),
    )
    log.run("s", "2026-11-03 09:00", ("order", "2026-11-03 10:00"), ("pay", None), status="Active")
    return log


def test_the_log_is_sorted_by_case_time_and_template():
    frame = answer(event_log, a_log())
    assert frame.columns[:5].tolist() == [CASE, ACTIVITY, TIME, "org:resource", "lifecycle:transition"]
    assert rows(frame, CASE, ACTIVITY, TIME) == [
        ("r", "Run started", "2026-11-02 09:00"),
        ("r", "Order", "2026-11-02 10:00"),
        ("r", "Approve", "2026-11-02 12:00"),
        ("r", "Pay", "2026-11-02 12:00"),
        ("r", "Run finished", "2026-11-02 12:00"),
        ("s", "Run started", "2026-11-03 09:00"),
        ("s", "Order", "2026-11-03 10:00"),
    ]
    assert not frame[[CASE, ACTIVITY, TIME]].isna().any(axis=None)
    assert set(frame["lifecycle:transition"]) == {"complete"}


def test_decisions_are_events():
    log = (
        a_log()
        .approval("r", "approve", "Rejected", "2026-11-02 11:00")
        .approval("r", "approve", "Approved", "2026-11-02 12:00")
    )
    frame = answer(event_log, log)
    of_run = frame[frame[CASE] == "r"]
    assert of_run[ACTIVITY].tolist() == [
        "Run started",
        "Order",
        "Rejected",
        "Approve",
        "Pay",
        "Approved",
        "Run finished",
    ]
    assert of_run.loc[of_run[ACTIVITY] == "Rejected", "org:resource"].tolist() == ["boss@example.com"]


def test_an_approval_that_is_not_decided_is_no_event():
    frame = answer(event_log, a_log().approval("s", "approve", "Pending", "2026-11-03 11:00"))
    assert "Pending" not in set(frame[ACTIVITY])


def test_a_run_without_tasks_has_its_ends():
    assert rows(answer(event_log, Log().run("r", "2026-11-02")), ACTIVITY) == [("Run started",), ("Run finished",)]


def test_variants_are_orders_of_finished_runs():
    log = a_log()
    for number in range(3):
        log.run(f"t{number}", "2026-11-02 09:00", ("order", "2026-11-02 10:00"), ("pay", "2026-11-02 11:00"))
    log.run("none", "2026-11-02 09:00", updated="2026-11-02 10:00")
    frame = answer(variants, log)
    assert frame.columns[:4].tolist() == ["variant", "count", "share", "median_hours"]
    assert rows(frame, "variant", "count", "share", "covered", "few_hours") == [
        ("Order → Pay", 3, 0.6, 0.6, [2.0, 2.0, 2.0]),
        ("(no task was completed)", 1, 0.2, pytest.approx(0.8), [1.0]),
        ("Order → Approve → Pay", 1, 0.2, pytest.approx(1.0), [3.0]),
    ]


def test_the_map_has_an_edge_for_each_step():
    frame = answer(process_map, a_log())
    assert frame.columns[:4].tolist() == ["source", "target", "count", "median_hours"]
    assert rows(frame, "source", "target", "count", "few_hours", "source_order", "target_order") == [
        ("Run started", "Order", 2, [1.0, 1.0], None, 1),
        ("Approve", "Pay", 1, [0.0], 2, 3),
        ("Order", "Approve", 1, [2.0], 1, 2),
        ("Pay", "Run finished", 1, [0.0], 3, None),
    ]


def test_tasks_of_the_same_name_in_two_workflows_are_two():
    log = Log()
    for workflow, hour in (("Purchase", 10), ("Leave", 12)):
        log.run(f"r{workflow}", "2026-11-02 09:00", ("a", f"2026-11-02 {hour}:00"), workflow=workflow)
    steps = answer(process_map, log)
    assert sorted(rows(steps, "source", "target", "workflow_id", "count", "few_hours")) == [
        ("A", "Run finished", "w-Leave", 1, [0.0]),
        ("A", "Run finished", "w-Purchase", 1, [0.0]),
        ("Run started", "A", "w-Leave", 1, [3.0]),
        ("Run started", "A", "w-Purchase", 1, [1.0]),
    ]
    assert sorted(rows(answer(variants, log), "variant", "workflow_id", "count", "share")) == [
        ("A", "w-Leave", 1, 0.5),
        ("A", "w-Purchase", 1, 0.5),
    ]


def test_hidden_tasks_are_passed_over():
    log = Log().run(
        "r",
        "2026-11-02 09:00",
        ("a", "2026-11-02 10:00"),
        {"task_id": "h", "completed": "2026-11-02 11:00", "hidden": True},
    )
    assert rows(answer(process_map, log), "source", "target") == [("A", "Run finished"), ("Run started", "A")]
    assert answer(variants, log)["variant"].tolist() == ["A"]


def test_a_person_has_whole_runs():
    log = a_log().users(ann="ann@example.com", bo="bo@example.com")
    log.run("t", "2026-11-04", {"task_id": "order", "completed": "2026-11-05", "by": "ann@example.com"}, by="bo")
    assert set(answer(event_log, log, person="bo@example.com")[CASE]) == {"t"}
    assert answer(variants, log, person="bo@example.com")["variant"].tolist() == ["Order"]
