"""What templates have that runs do not use."""

import pytest

from psauth.analysis import template_health
from tests.analysis.logs import Log, answer, rows

FOUND = ("kind", "name", "count", "of")
DONE = "2026-11-03"


def health(log, **options):
    return rows(answer(template_health, log, **options), *FOUND)


def runs(*tasks, log=None, number=5, **options):
    """Five finished runs of these tasks."""
    log = log or Log()
    for each in range(number):
        log.run(f"r{each}", "2026-11-02", *tasks, **options)
    return log


def values(log, *each, field="note", task="a", **more):
    for number, value in enumerate(each):
        log.value(f"r{number}", task, field, value, **more)
    return log


def test_the_columns_are_promised():
    frame = answer(template_health, runs({"task_id": "a", "hidden": True}))
    assert frame.columns.tolist() == [*FOUND, "workflow_id", "workflow_name", "id"]
    assert rows(frame, *frame) == [("task always hidden", "A", 5, 5, "w-Purchase", "Purchase", "a")]


def test_tasks_that_are_always_hidden_or_skipped():
    log = runs({"task_id": "h", "hidden": True}, ("s", None), ("done", DONE))
    assert health(log) == [("task always hidden", "H", 5, 5), ("task always skipped", "S", 5, 5)]
    log.run("once", "2026-11-02", ("h", None), ("s", DONE))
    assert health(log) == []


def test_a_hidden_task_is_not_a_skipped_one():
    log = runs(("s", None)).run("r5", "2026-11-02", {"task_id": "s", "hidden": True})
    assert health(log) == [("task always skipped", "S", 5, 5)]


def test_nothing_is_said_of_what_was_seen_under_five_times():
    assert health(runs({"task_id": "a", "hidden": True}, ("s", None), number=4)) == []


@pytest.mark.parametrize("status", ["Active", "Archived"])
def test_only_finished_runs_tell(status):
    assert health(runs({"task_id": "a", "hidden": True}, ("s", None), status=status)) == []


def test_fields_that_nobody_filled_in():
    log = values(runs(("a", DONE)), *[None] * 5).field("note").field("mail", "SendRichEmail")
    values(log, *[None] * 5, field="mail")
    values(log.field("price"), "3", *[None] * 4, field="price")
    assert health(log) == [("field nobody filled in", "Note", 5, 5)]


def test_a_field_of_a_hidden_task_was_not_asked():
    log = values(runs({"task_id": "a", "hidden": True}, ("b", DONE)), *[None] * 5).field("note")
    assert health(log) == [("task always hidden", "A", 5, 5)]


def rule(*groups, chosen=("Yes", "No", "No", "No", "No"), action="Show", to=(), **more):
    log = values(runs(("a", DONE)), *chosen, field="choice", **more)
    return log.show_rule("rule", *groups, action=action, to=list(to))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (("choice", "Is", "Yes"), True),
        (("choice", "Is", "Maybe"), False),
        (("choice", "IsNot", "Yes"), True),
        (("choice", "Contains", "Ye"), True),
        (("choice", "Contains", "x"), False),
        (("choice", "IsEmpty", None), False),
        (("choice", "IsFullMoon", "Yes"), True),  # not known, so nothing is said
    ],
)
def test_rules_whose_condition_never_held(condition, holds):
    assert health(rule([condition])) == ([] if holds else [("rule that never held", "rule", 5, 5)])


@pytest.mark.parametrize(("action", "found"), [("Show", 0), ("Hide", 1)])
def test_a_rule_whose_effect_was_seen_has_held_whatever_the_form_says(action, found):
    log = rule([("choice", "Is", "Maybe")], action=action, to=["a"])  # the task is visible
    assert len(health(log)) == found


def test_all_conditions_of_one_group_must_hold_in_one_run():
    yes, maybe = ("choice", "Is", "Yes"), ("choice", "Is", "Maybe")
    other = ("other", "Is", "x")
    assert health(rule([maybe], [yes])) == []
    assert health(rule([yes, maybe])) == [("rule that never held", "rule", 5, 5)]
    log = values(rule([yes, other]), "y", "x", "x", "x", "x", field="other")  # each holds, and never both
    assert health(log) == [("rule that never held", "rule", 5, 5)]


def test_a_condition_names_an_option_by_its_value_or_its_label():
    log = rule([("choice", "Is", "opt-1")])
    assert health(log) == [("rule that never held", "rule", 5, 5)]
    assert health(log.option("choice", "Yes", "opt-1")) == []


def test_one_of_several_choices():
    log = rule([("choice", "Is", "Blue")], chosen=["Red, Blue"] * 5, items=["Red", "Blue"])
    assert health(log) == []
    log = rule([("choice", "Is", "Red, Blue, Green")], chosen=["Red, Blue"] * 5, items=["Red", "Blue"])
    assert health(log) == [("rule that never held", "rule", 5, 5)]


def test_tasks_without_assignee():
    log = runs({"task_id": "a", "to": ["ann@example.com"]}, {"task_id": "b"}, status="Active")
    assert health(log) == [("task without assignee", "B", 5, 5)]
    log.run("r5", "2026-11-02", {"task_id": "a"}, {"task_id": "b", "to": ["bo@example.com"]}, status="Active")
    assert health(log) == [("task without assignee", "B", 5, 6), ("task without assignee", "A", 1, 6)]


def test_without_assignments_nothing_is_said_of_them():
    assert health(runs({"task_id": "a"}, status="Active")) == []


def test_an_order_that_is_never_followed():
    log = runs(("b", "2026-11-03"), ("a", "2026-11-04"), log=Log().template("a", "b"))
    assert health(log) == [("order never followed", "A → B", 5, 5)]
    log.run("r5", "2026-11-02", ("a", "2026-11-03"), ("b", "2026-11-04"))
    assert health(log) == []


def test_workflows_are_looked_at_apart():
    log = runs(("s", None)).run("h", "2026-11-02", ("s", None), workflow="Hiring")
    assert health(log, workflow="Hiring") == []
    assert health(log, workflow="Purchase") == [("task always skipped", "S", 5, 5)]
