"""Revisions of a workflow and the runs that are brought to them: what stays keeps its id and its value."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from psauth.sandbox import Company
from psauth.sandbox.company.templates import Template
from tests.contract.table import table
from tests.sandbox.living import a_company, told


@pytest.fixture
def company() -> Company:
    return a_company(200)


def by_id(records: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {record["id"]: record for record in records}


def test_active_runs_have_the_new_tasks_and_fields_and_others_the_old_ones(company: Company) -> None:
    workflow = Counter(r.template.id for r in company.runs if r.status == "Active").most_common(1)[0][0]
    before = told(company)
    moved = company.migrate_template(workflow)
    after = told(company)
    runs = {run["id"]: run for run in after["runs"] if run["workflowId"] == workflow}
    assert moved
    assert set(moved) == {run_id for run_id, run in runs.items() if run["status"] == "Active"}
    tasks = [task["id"] for task in after["workflow_tasks"][workflow]]
    fields = [field["id"] for field in after["form_fields"][workflow]]
    was = [task["id"] for task in before["workflow_tasks"][workflow]]
    assert len(set(tasks) - set(was)) == 1
    assert len(set(was) - set(tasks)) == 1
    for run_id in runs:
        now = [task["id"] for task in after["tasks"][run_id]]
        assert now == (tasks if run_id in moved else was)
        if run_id in moved:
            assert [value["id"] for value in after["form_values"][run_id]] == fields
        else:
            assert after["form_values"][run_id] == before["form_values"][run_id]
            assert runs[run_id] == by_id(before["runs"])[run_id]


def test_what_stays_in_a_run_keeps_its_value_its_tick_and_its_decision(company: Company) -> None:
    before = told(company)
    moved = [run_id for template in [*company.templates] for run_id in company.migrate_template(template.id)]
    after = told(company)
    assert any(before["approvals"][run_id] for run_id in moved)
    for run_id in moved:
        old, new = by_id(before["form_values"][run_id]), by_id(after["form_values"][run_id])
        for field_id in set(old) & set(new):
            assert new[field_id] == old[field_id]
        assert all(new[field_id]["data"] is None for field_id in set(new) - set(old))
        assert after["approvals"][run_id] == before["approvals"][run_id]
        old, new = by_id(before["tasks"][run_id]), by_id(after["tasks"][run_id])
        bulk = {"updatedDate", "updatedBy", "stopped"}
        for task_id in set(old) & set(new):
            assert {k: v for k, v in new[task_id].items() if k not in bulk} == {
                k: v for k, v in old[task_id].items() if k not in bulk
            }
        assert len({task["updatedDate"] for task in new.values()}) == 1
    assert after["comments"] == before["comments"]
    assert after["attachments"] == before["attachments"]


def test_the_workflow_has_one_revision_more(company: Company) -> None:
    workflow = company.templates[0].id
    before = told(company)
    company.migrate_template(workflow)
    after = told(company)
    newest, *older = after["revisions"][workflow]
    assert newest["status"] == "Finished"
    assert {revision["status"] for revision in older} <= {"Revised"}
    assert [r["id"] for r in older] == [r["id"] for r in before["revisions"][workflow]]
    stamps = by_id(after["workflows"])[workflow]["audit"]
    assert stamps["updatedDate"] == newest["createdDate"] > by_id(before["workflows"])[workflow]["audit"]["updatedDate"]


def test_no_id_ever_comes_twice(company: Company) -> None:
    workflow = company.templates[0].id
    gone: set[str] = set()
    seen = _ids(company.templates[0])
    for _ in range(60):
        company.migrate_template(workflow)
        template = company.template(workflow)
        assert template is not None
        now = _ids(template)
        assert len(now) == len(template.task_ids) + len(template.fields)
        assert not now & gone
        gone |= seen - now
        seen = now
    assert gone


def _ids(template: Template) -> set[str]:
    return {*template.task_ids, *(field[0] for field in template.fields)}


@pytest.mark.parametrize("at", range(12))
def test_after_many_revisions_everything_is_as_documented(at: int) -> None:
    company = a_company()
    template = company.templates[at]
    for number in range(12):
        company.migrate_template(template.id)
        if number == 5:
            company.start_run(template.id)
    after = told(company)
    checks = {
        "tasks": "/workflow-runs/{workflowRunId}/tasks",
        "form_values": "/workflow-runs/{workflowRunId}/form-fields",
        "approvals": "/workflow-runs/{workflowRunId}/approvals",
        "workflow_tasks": "/workflows/{workflowId}/tasks",
        "form_fields": "/workflows/{workflowId}/form-fields",
    }
    for noun, path in checks.items():
        operation = table().operation("GET", path)
        check, key = table().answer(operation), path.rpartition("/")[2].replace("form-fields", "fields")
        assert check is not None
        for records in after[noun].values():
            check.validate({key: records})
    first, *_ = template.blueprint.steps
    now = company.template(template.id)
    assert now is not None
    assert now.blueprint.steps[0].name == first.name
    assert len(now.blueprint.steps) > 1
