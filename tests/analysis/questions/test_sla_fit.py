"""Whether the due dates that a template sets are ones that are met."""

import pytest

from psauth import Calendar
from psauth.analysis import sla_fit
from psauth.analysis.questions.sla_fit import hours_of
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

UTC = Calendar(zone="UTC")
FIT = ("task_id", "name", "offset_hours", "met", "count", "p85_hours", "suggested_hours")


def fit(log, *columns, **options):
    return rows(answer(sla_fit, log, **({"calendar": UTC} | options)), *(columns or FIT))


def took(*hours, start="2026-11-02 00:00"):
    """Runs whose task was completed so many hours after their start, a Monday."""
    log = Log().template("a")
    day = int(start[8:10])
    for number, each in enumerate(hours):
        log.run(f"r{number}", start, ("a", f"2026-11-{day + each // 24:02} {each % 24:02}:00"))
    return log


def test_the_offset_beside_what_tasks_take():
    frame = answer(sla_fit, took(10, 20, 30, 40, 50).due_rule("a", "P1DT6H"))
    assert frame.columns[:7].tolist() == list(FIT)
    assert rows(frame, *FIT) == [("a", "A", 30.0, 3, 5, pytest.approx(44.0), 50.0)]
    assert rows(frame, "p50_hours", "share_met", "counted_from", "day_handling", "workflow_name", "few_hours") == [
        (30.0, 0.6, "ChecklistStartDate", "AllDays", "Purchase", None)
    ]


def test_the_suggested_offset_is_one_that_85_of_100_met():
    hours = range(1, 21)  # the 17th of 20 is met by 85 of 100
    log = took(*hours).due_rule("a", "P1D")
    assert fit(log, "suggested_hours", "p85_hours") == [(17.0, pytest.approx(17.15))]


def test_the_suggested_offset_is_in_whole_hours():
    log = Log()
    for number in range(5):
        log.run(f"r{number}", "2026-11-02 00:00", ("a", "2026-11-02 02:20"))
    assert fit(log.due_rule("a", "PT1H"), "met", "suggested_hours") == [(0, 3.0)]


def test_few_completions_make_no_percentile():
    log = took(20, 10).due_rule("a", "PT15H")
    assert fit(log, *FIT[2:], "few_hours") == [(15.0, 1, 2, None, None, [10.0, 20.0])]


def test_a_rule_that_nothing_was_seen_of():
    log = Log().template("a", "b").run("r", "2026-11-02", ("b", None), status="Active").due_rule("a", "P1D")
    assert fit(log, *FIT, "share_met") == [("a", "A", 24.0, 0, 0, None, None, None)]


def test_hidden_tasks_and_open_ones_are_none():
    log = Log().run("r", "2026-11-02", {"task_id": "a", "completed": "2026-11-02 05:00", "hidden": True})
    log.run("s", "2026-11-02", ("a", None), status="Active").due_rule("a", "P1D")
    assert fit(log, "count") == [(0,)]


def test_the_due_date_of_the_run():
    log = took(10, 30).run("open", "2026-11-02", status="Active").due_rule(None, "P1D")
    assert fit(log, *FIT[:5]) == [(None, "Purchase", 24.0, 1, 2)]


def test_workdays_are_counted_without_the_weekend():
    log = Log().run("r", "2026-11-06 15:00", ("a", "2026-11-09 15:00"))  # from a Friday to a Monday
    log.run("s", "2026-11-06 15:00", ("a", "2026-11-09 15:01"))
    assert fit(log.due_rule("a", "P1D", businessDaysHandlingMode="BusinessDaysOnly"), "met", "count", "few_hours") == [
        (1, 2, [24.0, pytest.approx(24 + 1 / 60)])
    ]
    assert fit(log.due_rule("a", "P1D"), "met") == [(0,), (1,)]


@pytest.mark.parametrize(("end", "met"), [("2026-11-09 15:00", 1), ("2026-11-09 15:01", 0)])
def test_a_due_date_on_a_weekend_can_move_to_monday(end, met):
    log = Log().run("r", "2026-11-06 15:00", ("a", end))
    log.due_rule("a", "P1D", businessDaysHandlingMode="ShiftToNextBusinessDay")  # Saturday
    assert fit(log, "met", "offset_hours") == [(met, 24.0)]
    log = Log().run("r", "2026-11-05 15:00", ("a", "2026-11-06 15:01"))  # due on a Friday
    assert fit(log.due_rule("a", "P1D", businessDaysHandlingMode="ShiftToNextBusinessDay"), "met") == [(0,)]


def test_the_weekend_is_that_of_the_zone():
    log = Log().run("r", "2026-11-05 23:00", ("a", "2026-11-07 23:00"))  # due on Friday at 23:00 UTC
    log.due_rule("a", "P1D", businessDaysHandlingMode="ShiftToNextBusinessDay")
    assert fit(log, "met") == [(0,)]
    assert fit(log, "met", calendar=Calendar(zone="Asia/Tokyo")) == [(1,)]


def two_tasks():
    log = Log().template("a", "b", "c")
    return log.run(
        "r", "2026-11-02 00:00", {"task_id": "a", "completed": "2026-11-02 10:00", "due": "2026-11-02 20:00"},
        ("c", "2026-11-02 12:00"), ("b", "2026-11-02 16:00"), due="2026-11-03 00:00",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("source", "more", "hours"),
    [
        ("ChecklistStartDate", {}, 16.0),
        ("ChecklistDueDate", {}, -8.0),
        ("TaskCompletedDate", {"sourceTaskId": "c"}, 4.0),
        ("TaskDueDate", {"sourceTaskId": "a"}, -4.0),
        ("PreviousTaskCompletedDate", {}, 6.0),
        ("FormFieldValue", {"sourceWidgetId": "f"}, 2.0),
    ],
)
def test_from_what_an_offset_is_counted(source, more, hours):
    log = two_tasks().value("r", "a", "f", "2026-11-02", date="2026-11-02 14:00").due_rule("b", "PT4H", source, **more)
    assert fit(log, "task_id", "counted_from", "met", "few_hours") == [("b", source, int(hours <= 4), [hours])]


def test_an_offset_before_a_date_is_negative():
    log = two_tasks().due_rule("b", "PT4H", "ChecklistDueDate", offsetDirection="Before")
    assert fit(log, "offset_hours", "met", "few_hours") == [(-4.0, 1, [-8.0])]
    log = two_tasks().due_rule("b", "PT9H", "ChecklistDueDate", offsetDirection="Before")
    assert fit(log, "offset_hours", "met") == [(-9.0, 0)]


@pytest.mark.parametrize(
    ("source", "more"),
    [("TaskCompletedDate", {"sourceTaskId": "x"}), ("Weather", {}), ("FormFieldValue", {"sourceWidgetId": "f"})],
)
def test_a_date_that_is_not_known_makes_no_observation(source, more):
    assert fit(two_tasks().due_rule("b", "PT4H", source, **more), "met", "count") == [(0, 0)]


def test_before_the_first_task_there_is_none():
    assert fit(two_tasks().due_rule("a", "PT4H", "PreviousTaskCompletedDate"), "count") == [(0,)]


def test_an_offset_of_months_has_no_hours():
    assert fit(took(10).due_rule("a", "P1M"), *FIT[2:5], "share_met", "few_hours") == [(None, None, 1, None, [10.0])]


def test_the_rule_of_now_is_laid_on_runs_of_before():
    log = took(10, 30).due_rule("a", "P1D")
    log.run("other", "2026-11-02", ("x", "2026-11-03"), workflow="Hiring").due_rule("x", "P1D", workflow="Hiring")
    assert fit(log, "task_id", "met", "count", workflow="Hiring") == [("x", 1, 1)]
    assert fit(log, "task_id", "met", "count") == [("a", 1, 2), ("x", 1, 1)]


@pytest.mark.parametrize(
    ("offset", "direction", "hours"),
    [("P2D", "After", 48.0), ("P1W", "After", 168.0), ("PT4H30M", "After", 4.5), ("PT90S", "After", 0.025),
     ("P1DT4H", "Before", -28.0), ("P1Y", "After", None), ("P1M", "After", None), ("P", "After", None),
     ("soon", "After", None), (None, None, None)],
)  # fmt: skip
def test_offsets(offset, direction, hours):
    assert hours_of(offset, direction) == hours


def test_rules_are_needed():
    with pytest.raises(ArgumentError, match="needs the table 'rules'"):
        answer(sla_fit, took(10))
