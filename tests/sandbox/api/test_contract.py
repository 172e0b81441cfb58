"""Every answer of the API against the table of what the service documents."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import requests

from psauth.sandbox import SandboxServer
from psauth.sandbox.api.calls import Endpoint
from psauth.sandbox.api.endpoints import ENDPOINTS
from psauth.sandbox.company.templates import Template
from tests.contract.table import table


def ways_in(box: SandboxServer, path: str) -> list[dict[str, str]]:
    """What may stand in the braces of `path`: every workflow and page, some runs of each status."""
    company = box.company
    if "{workflowId}" in path:
        ways = [{"workflowId": t.id} for t in company.templates]
        if "{formFieldId}" in path:
            return [{**m, "formFieldId": t.fields[0][0]} for m, t in zip(ways, company.templates, strict=True)]
        if "{taskId}" in path:
            return [{**of_newest(box, t), "taskId": task_id} for t in company.templates for task_id in t.task_ids]
        if "{ruleId}" in path:
            path = path.removesuffix("/{ruleId}")
            asked = [
                (way, box_get(box, path.format(**way)).json()["data"])
                for way in map(partial(of_newest, box), company.templates)
            ]
            return [{**way, "ruleId": rule["id"]} for way, rules in asked for rule in rules]
        if "{revisionId}" in path:
            return [{**m, "revisionId": company.library.revisions[m["workflowId"]][0]["id"]} for m in ways]
        return ways
    if "{pageId}" in path and "{revisionId}" in path:
        revisions = company.library.page_revisions
        return [{"pageId": page, "revisionId": made["id"]} for page in revisions for made in revisions[page]]
    if path == "/work/tasks/{taskId}":
        body = {"name": "Water the plants", "required": False, "dueDate": "2026-10-01", "subtasks": [{"name": "Ficus"}]}
        made = requests.post(f"{box.api_url}/work/tasks", json=body, headers={"X-API-Key": box.api_key}, timeout=10)
        return [{"taskId": made.json()["data"]["id"]}]
    if "{workflowRunId}" in path:
        runs = [next(r for r in company.runs if r.template is t and r.status == s) for t, s in mix(box)]
        if "{taskId}" in path:
            return [{"workflowRunId": r.id, "taskId": i} for r in runs[:6] for i in r.template.task_ids]
        return [{"workflowRunId": r.id} for r in runs]
    if "{commentId}" in path:
        template = company.templates[0].id
        answer = box_get(box, f"/comments?workflowId={template}").json()
        return [{"commentId": c["id"]} for c in answer["data"][:2]]
    if "{dataSetRecordId}" in path:
        rows = company.library.records
        return [{"dataSetId": s, "dataSetRecordId": rows[s][0]["id"]} for s in rows]
    named = {
        "{dataSetId}": [{"dataSetId": s["id"]} for s in company.library.data_sets],
        "{folderId}": [{"folderId": f["id"]} for f in company.library.folders],
        "{pageId}": [{"pageId": p["id"]} for p in company.library.pages],
        "{scheduledWorkflowId}": [{"scheduledWorkflowId": s["id"]} for s in company.library.schedules],
    }
    return next((ways for brace, ways in named.items() if brace in path), [{}])


def of_newest(box: SandboxServer, template: Template) -> dict[str, str]:
    return {"workflowId": template.id, "revisionId": box.company.library.revisions[template.id][0]["id"]}


def mix(box: SandboxServer) -> list[tuple[Any, str]]:
    """Each workflow with each status its runs have."""
    return sorted({(r.template, r.status) for r in box.company.runs}, key=lambda p: (p[0].blueprint.name, p[1]))


def box_get(box: SandboxServer, path: str) -> requests.Response:
    return requests.get(f"{box.api_url}{path}", headers={"X-API-Key": box.api_key}, timeout=10)


QUERIES = {
    "/tasks": "assigneeEmail={person}",
    "/comments": "workflowId={workflow}",
    "/workflow-runs": "status=Active,Completed,Archived",
    "/work/items": "assigneeEmail={person}&includeCompleted=true",
}


@pytest.mark.parametrize("path", [endpoint.path for endpoint in ENDPOINTS])
def test_an_answer_is_as_documented(box: SandboxServer, path: str) -> None:
    check = table().answer(table().operation("GET", path))
    person, workflow = box.company.staff.by_role["it"][0].email, box.company.templates[1].id
    query = QUERIES.get(path, "").format(person=person, workflow=workflow)
    ways = ways_in(box, path)
    assert ways
    for way in ways:
        answer = box_get(box, f"{path.format(**way)}?{query}")
        assert answer.status_code == 200
        if check is not None:
            check.validate(answer.json())
        else:
            assert answer.headers["Content-Type"].startswith("text/markdown")
            assert answer.headers["Cache-Control"]
            assert answer.text.startswith("# ")


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.path)
def test_every_endpoint_is_a_documented_one_and_so_are_its_filters(endpoint: Endpoint) -> None:
    row = table().operation("GET", endpoint.path)
    assert row.status == 200
    assert row.kind == endpoint.kind
    assert {name.rstrip("[") for name in endpoint.filters} <= {name.rstrip("?") for name in row.query}
    if endpoint.key:
        assert row.answer is not None
        assert endpoint.key in {name for name, _, kind in table().fields(row.answer) if kind.endswith("*")}
        # Asked for the search alone it is not documented that it comes in pages.
        assert endpoint.key == "workflowRuns" or not endpoint.paged or "links?:link*" in row.answer


@pytest.mark.parametrize(
    "path", ["/workflow-runs/nothing", "/nothing", "/workflow-runs/list?status=Bogus", "/comments"]
)
def test_an_error_is_as_documented(box: SandboxServer, path: str) -> None:
    answer = box_get(box, path)
    assert answer.status_code in (400, 404)
    table().error.validate(answer.json())
