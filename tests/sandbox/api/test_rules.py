"""The rules of a revision: their shapes are in the table of the contract, here is what they name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from psauth.sandbox import SandboxServer
from tests.sandbox.living import NOW, a_company, told


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxServer]:
    """One of its own, whose workflows may be revised."""
    with SandboxServer(runs=24, now=NOW) as server:
        yield server


RULES = ("logic-rules", "due-date-rule", "tasks/{task}/due-date-rule", "tasks/{task}/assignment-rules")


def test_what_rules_name_is_in_their_workflow() -> None:
    company = a_company()
    for number, template in enumerate([*company.templates]):
        for _ in range(number % 3):
            company.migrate_template(template.id)
    said = told(company)
    people = {user["email"] for user in said["users"]} | {group.email for group in company.staff.groups}
    kinds = set()
    for workflow, logic in said["logic_rules"].items():
        tasks = {task["id"] for task in said["workflow_tasks"][workflow]}
        fields = {field["id"]: field for field in said["form_fields"][workflow]}
        for rule in logic:
            leaf = rule["condition"]["or"][0]["and"][0]
            offered = {option["value"] for option in said["field_options"][leaf["widgetId"]]}
            assert leaf["value"] in offered
            assert set(rule["targets"]["taskIds"]) <= tasks
            assert set(rule["targets"]["widgetIds"]) <= set(fields)
        for task_id, due in said["due_date_rules"][workflow].items():
            assert task_id in tasks | {""}
            rule = due["data"].get("rule", {})
            kinds.add(rule.get("sourceType"))
            assert rule.get("sourceTaskId") in tasks | {None}
        for task_id, rules in said["assignment_rules"][workflow].items():
            assert task_id in tasks
            for rule in rules:
                kinds.add(rule.get("sourceType", rule["type"]))
                assert rule.get("email") in people | {None}
                assert rule.get("sourceWidgetId") in set(fields) | {None}
    assert kinds == {None, "ChecklistStartDate", "TaskCompletedDate", "Static", "ChecklistInitiator", "FormField"}


@pytest.mark.parametrize("rule", RULES)
def test_each_revision_has_its_own(box: SandboxServer, get: Any, rule: str) -> None:
    company = box.company
    workflow = company.templates[2].id
    first = company.templates[2].task_ids
    company.migrate_template(workflow)
    newest, former, *_ = get(f"/workflows/{workflow}/revisions").json()["data"]
    template = company.template(workflow)
    assert template is not None
    added = next(iter(set(template.task_ids) - set(first)))
    for revision, status in ((newest, 200), (former, 404 if "{task}" in rule else 200)):
        path = f"/workflows/{workflow}/revisions/{revision['id']}/{rule.format(task=added)}"
        assert get(path).status_code == status


@pytest.mark.parametrize("rule", [*RULES, "logic-rules/nothing"])
def test_of_no_revision_there_are_none(box: SandboxServer, get: Any, rule: str) -> None:
    template = box.company.templates[2]
    path = f"/workflows/{template.id}/revisions/nothing/{rule.format(task=template.task_ids[0])}"
    assert get(path).status_code == 404
