"""Every write against the table of what the service documents: what may be sent, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
import requests

from psauth.sandbox import SandboxServer
from psauth.sandbox.api.bodies import Shape
from psauth.sandbox.api.calls import Write
from psauth.sandbox.api.writes import WRITES
from psauth.sandbox.company.runs import Run
from tests.contract.table import Operation, sample, table
from tests.sandbox.conftest import NOW

Sent = tuple[dict[str, str], Any]  # what stands in the path's braces, and the body
JSON_BODIES = [w for w in WRITES if isinstance(getattr(w.read, "__self__", None), Shape)]


def named(write: Write) -> str:
    return f"{write.method} {write.path}"


def row_of(write: Write) -> Operation:
    return table().operation(write.method, write.path)


@pytest.fixture(scope="module")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer(runs=40, now=NOW) as server:
        yield server


def a_run(box: SandboxServer, workflow: str = "Vendor Approval") -> Run:
    template = next(t for t in box.company.templates if t.blueprint.name == workflow)
    return box.company.start_run(template.id)


def run_with(box: SandboxServer, *sent: Any) -> Iterator[Sent]:
    for body in sent:
        yield {"workflowRunId": a_run(box).id}, body


def task_with(box: SandboxServer, *sent: Any) -> Iterator[Sent]:
    for way, body in run_with(box, *sent):
        run = box.company.run(way["workflowRunId"])
        assert run is not None
        yield {**way, "taskId": run.template.task_ids[0]}, body


def deleted(box: SandboxServer) -> Iterator[Sent]:
    run = a_run(box)
    box.company.delete_run(run.id)
    yield {"workflowRunId": run.id}, None


def forms(box: SandboxServer) -> Iterator[Sent]:
    texts = {"Date": "2099-10-01T09:00:00.000Z", "Number": "12.5", "Email": "who@example.com", "Table": "1,Box,3"}
    for template in box.company.templates:
        run, fields = box.company.start_run(template.id), []
        for number, (field_id, _, _, field) in enumerate(template.fields):
            if field.kind in ("MultiChoice", "MultiSelect"):
                fields.append({"id": field_id, "values": list(field.options[:2])})
            elif field.kind == "Members":
                fields.append({"id": field_id, "values": [box.company.staff.members[number].email]})
            elif field.kind == "Select" and field.source:
                row = next(iter(box.company.library.choosable(field.source)))
                fields.append({"id": field_id, "dataSetRowId": row})
            elif field.kind == "Select":
                fields.append({"id": field_id, "value": field.options[0]})
            elif field.kind in ("Text", "Textarea", "Hidden", "Url", *texts):
                fields.append({"id": field_id, "value": texts.get(field.kind, "Łódź")})
        yield {"workflowRunId": run.id}, {"fields": fields}


def decisions(box: SandboxServer) -> Iterator[Sent]:
    run = a_run(box)
    at = next(n for n, step in enumerate(run.template.blueprint.steps) if step.judges)
    ids = run.template.task_ids
    way = {"workflowRunId": run.id}
    yield way, {"approvalTaskId": ids[at], "status": "Approved", "comment": "Fine"}
    subject = ids[run.template.blueprint.steps[at].judges[0]]
    yield way, {"approvalTaskId": ids[at], "subjectTaskId": subject, "status": "Rejected"}


def on_run(box: SandboxServer, *, there: bool) -> Iterator[Sent]:
    run, person = a_run(box), box.company.staff.members[3]
    run.assignees = [person] if there else []
    yield {"workflowRunId": run.id, "email": person.email}, None


def on_task(box: SandboxServer, *, there: bool) -> Iterator[Sent]:
    run, person = a_run(box), box.company.staff.members[3]
    run.tasks[0].assignees = [person] if there else []
    yield {"workflowRunId": run.id, "taskId": run.template.task_ids[0], "email": person.email}, None


def records(box: SandboxServer, *, old: bool) -> Iterator[Sent]:
    for made in box.company.library.data_sets:
        value = {"Text": "Tromsø", "Number": 4.5, "DateTime": "2099-10-01T09:00:00Z"}
        cells = [{"fieldId": f["id"], "value": value[f["fieldType"]]} for f in made["fields"]]
        row = box.company.library.records[made["id"]][0]["id"]
        yield {"dataSetId": made["id"], **({"dataSetRecordId": row} if old else {})}, {"cells": cells}


def one_offs(box: SandboxServer, *bodies: Any) -> Iterator[Sent]:
    key = {"X-API-Key": box.api_key}
    for body in bodies:
        answer = requests.post(f"{box.api_url}/work/tasks", json=TASK, headers=key, timeout=10)
        yield {"taskId": answer.json()["data"]["id"]}, body


TASK = {
    "name": "Review contract",
    "description": "All of it",
    "dueDate": "2099-10-01T09:00:00.000Z",
    "required": True,
    "assigneeEmails": ["ada.lindqvist@example.com"],
    "subtasks": [{"name": "Terms"}, {"name": "Dates"}],
}
CHANGED = {**TASK, "subtasks": [{"name": "Terms", "status": "Completed"}]}
RUN = {"name": "New name", "status": "Archived", "shared": True, "dueDate": "2099-10-01T09:00:00.000Z"}

WAYS: dict[str, Callable[[SandboxServer], Iterator[Sent]]] = {
    "POST /workflow-runs": lambda box: iter(
        [
            ({}, {"workflowId": box.company.templates[0].id, "name": "One", "shared": True}),
            ({}, {"workflowId": box.company.templates[1].id, "dueDate": "2099-10-01T09:00:00Z", "referenceId": "r"}),
            ({}, {"workflowId": box.company.templates[1].id, "referenceId": "r"}),
        ]
    ),
    "PUT /workflow-runs/{workflowRunId}": lambda box: run_with(box, RUN, {**RUN, "status": "Deleted"}),
    "DELETE /workflow-runs/{workflowRunId}": lambda box: run_with(box, None),
    "POST /workflow-runs/{workflowRunId}/undelete": deleted,
    "PUT /workflow-runs/{workflowRunId}/tasks/{taskId}": lambda box: task_with(
        box, {"status": "Completed"}, {"status": "NotCompleted", "dueDate": "2099-10-01T09:00:00Z"}
    ),
    "POST /workflow-runs/{workflowRunId}/form-fields": forms,
    "PUT /workflow-runs/{workflowRunId}/approvals": decisions,
    "POST /workflow-runs/{workflowRunId}/assignees/{email}": lambda box: on_run(box, there=False),
    "DELETE /workflow-runs/{workflowRunId}/assignees/{email}": lambda box: on_run(box, there=True),
    "PUT /workflow-runs/{workflowRunId}/tasks/{taskId}/assignees/{email}": lambda box: on_task(box, there=False),
    "DELETE /workflow-runs/{workflowRunId}/tasks/{taskId}/assignees/{email}": lambda box: on_task(box, there=True),
    "POST /data-sets/{dataSetId}/records": lambda box: records(box, old=False),
    "POST /data-sets/{dataSetId}/records/import": lambda box: (
        ({"dataSetId": made["id"]}, f"Name\nTromsø {n}\n") for n, made in enumerate(box.company.library.data_sets)
    ),
    "PUT /data-sets/{dataSetId}/records/{dataSetRecordId}": lambda box: records(box, old=True),
    "DELETE /data-sets/{dataSetId}/records/{dataSetRecordId}": lambda box: (
        (way, None) for way, _ in records(box, old=True)
    ),
    "POST /work/tasks": lambda box: iter([({}, TASK), ({}, {"name": "Only this", "required": False})]),
    "PUT /work/tasks/{taskId}": lambda box: one_offs(box, CHANGED, {"name": "Bare", "required": False}),
    "DELETE /work/tasks/{taskId}": lambda box: one_offs(box, None),
    "POST /work/tasks/{taskId}/complete": lambda box: one_offs(box, None),
    "POST /work/tasks/{taskId}/uncomplete": lambda box: one_offs(box, None),
}


@pytest.mark.parametrize("write", WRITES, ids=named)
def test_a_write_is_sent_and_answered_as_documented(box: SandboxServer, api: requests.Session, write: Write) -> None:
    wanted, check = table().body(row_of(write)), table().answer(row_of(write))
    sent = 0
    for way, body in WAYS[named(write)](box):
        path = write.path.format(**{name: quote(value) for name, value in way.items()})
        if isinstance(body, str):
            form: dict[str, Any] = {"data": {"strategy": "Append"}, "files": {"file": ("rows.csv", body, "text/csv")}}
            answer = api.post(f"{box.api_url}{path}", timeout=10, **form)
        else:
            if wanted is not None:
                wanted.validate(body)
            answer = api.request(write.method, f"{box.api_url}{path}", json=body, timeout=10)
        assert answer.status_code == write.status, answer.text
        if check is None:
            assert answer.content == b""
        else:
            check.validate(answer.json())
        sent += 1
    assert sent


@pytest.mark.parametrize("write", WRITES, ids=named)
def test_every_write_is_a_documented_one_and_has_its_status(write: Write) -> None:
    row = row_of(write)
    assert row.status == write.status
    assert (row.body is not None) == (write.read is not None)


@pytest.mark.parametrize("write", JSON_BODIES, ids=named)
def test_a_body_has_the_documented_keys(write: Write) -> None:
    check = table().body(row_of(write))
    assert check is not None
    shape = getattr(write.read, "__self__", None)
    assert isinstance(shape, Shape)
    assert sorted(shape.must) == check.schema["required"]
    assert {*shape.must, *shape.may} == {*check.schema["properties"]}


@pytest.mark.parametrize("write", JSON_BODIES, ids=named)
@pytest.mark.parametrize("whole", [True, False], ids=["every key", "what it must have"])
def test_a_documented_body_can_be_read(write: Write, whole: bool) -> None:
    row = row_of(write)
    assert row.body is not None
    must = [name for name, needed, _ in table().fields(row.body) if needed]
    body = sample(table(), row.body, names=None if whole else must)
    assert write.read is not None
    assert set(write.read(json.dumps(body).encode(), "application/json")) == set(body)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/workflow-runs", {}, 400),
        ("POST", "/workflow-runs", {"workflowId": "nothing"}, 404),
        ("PUT", "/workflow-runs/nothing", RUN, 404),
        ("POST", "/work/tasks", {**TASK, "assigneeEmails": ["nobody@example.com"]}, 422),
        ("DELETE", "/work/tasks/nothing", None, 404),
    ],
)
def test_a_refusal_is_as_documented(
    box: SandboxServer, send: Any, method: str, path: str, body: Any, status: int
) -> None:
    answer = send(method, path, body)
    assert answer.status_code == status
    if status == 400:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert answer.text.startswith("Invalid value for: body")
    else:
        table().error.validate(answer.json())
