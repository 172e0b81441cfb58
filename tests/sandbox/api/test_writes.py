"""The manners of writing: scope, budget, bodies that do not fit, ids that are not there, answers that are lost."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from psauth.sandbox import Company, SandboxServer
from psauth.sandbox.api.calls import Write
from psauth.sandbox.api.writes import WRITES
from tests.sandbox.conftest import NOW, App

RUN = {"name": "New name", "status": "Active", "shared": False}
TASK = {"name": "Review", "required": False}
BRACES = ("workflowRunId", "taskId", "email", "dataSetId", "dataSetRecordId")


@pytest.fixture(scope="module")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer(runs=60, now=NOW) as server:
        yield server


@pytest.fixture
def run_id(box: SandboxServer) -> str:
    return box.company.start_run(box.company.templates[0].id).id


def everything(company: Company) -> tuple[Any, ...]:
    runs = [(r.id, r.name, r.status, r.updated, r.due, r.shared, tuple(r.entries)) for r in company.runs]
    return runs, dict(company.library.records), sorted(company.one_offs), len(company.staff.users)


# Scope and budget


@pytest.mark.parametrize("write", WRITES, ids=lambda w: f"{w.method} {w.path}")
def test_writing_needs_the_scope_write(box: SandboxServer, app: App, write: Write) -> None:
    headers = {"Authorization": f"Bearer {app.connect(scope='read')['access_token']}"}
    before = everything(box.company)
    path = write.path.format(**dict.fromkeys(BRACES, "nothing"))
    answer = requests.request(write.method, f"{box.api_url}{path}", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "Forbidden")
    assert everything(box.company) == before


def test_the_scope_write_is_enough_and_the_writer_is_named(box: SandboxServer, app: App, run_id: str) -> None:
    person = box.company.staff.signers[1]
    token = app.exchange(app_code(box, app, person.email)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    url = f"{box.api_url}/workflow-runs/{run_id}"
    assert requests.put(url, json=RUN, headers=headers, timeout=10).status_code == 204
    run = box.company.run(run_id)
    assert run is not None
    assert run.updated_by == person


def app_code(box: SandboxServer, app: App, person: str) -> str:
    address = box.approve(app.url(scope="write"), person=person)
    return address.partition("code=")[2].partition("&")[0]


def test_a_write_costs_one_request_and_beyond_the_budget_it_is_not_done(
    box: SandboxServer, send: Any, get: Any, run_id: str
) -> None:
    box.knobs.window = 3600.0  # the sandbox's own hour could end in between
    first = get("/users").headers["X-Api-Key-Rate-Limit-Remaining"]
    second = send("PUT", f"/workflow-runs/{run_id}", RUN).headers["X-Api-Key-Rate-Limit-Remaining"]
    assert int(first) - int(second) == 1
    box.knobs.budget = 1
    before = everything(box.company)
    assert send("PUT", f"/workflow-runs/{run_id}", {**RUN, "name": "Too late"}).status_code == 429
    assert everything(box.company) == before


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/workflow-runs/x", "DELETE, GET, PUT"),
        ("PUT", "/workflow-runs", "GET, POST"),
        ("POST", "/work/tasks/x", "DELETE, GET, PUT"),
        ("GET", "/work/tasks/x/complete", "POST"),
    ],
)
def test_a_method_that_is_not_there_is_told_which_are(send: Any, method: str, path: str, allow: str) -> None:
    answer = send(method, path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, allow)


# Bodies


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"text"',
        b"\xff",
        b'{"name": NaN, "required": true}',
        b'{"name": "\\ud800", "required": true}',
        b'{"name": "x", "required": 1e999}',
        b"[" * 100_000,
        b'{"name": "x", "required": ' + b"9" * 5000 + b"}",
    ],
)
def test_what_is_not_a_body_is_plain_text_and_400(box: SandboxServer, api: requests.Session, raw: bytes) -> None:
    answer = api.post(f"{box.api_url}/work/tasks", data=raw, timeout=10)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("Invalid value for: body (")
    assert "X-Api-Key-Rate-Limit-Remaining" in answer.headers


@pytest.mark.parametrize(
    ("method", "path", "body", "place"),
    [
        ("POST", "/workflow-runs", {"name": "x"}, "workflowId"),
        ("POST", "/workflow-runs", {"workflowId": None}, "workflowId"),
        ("POST", "/workflow-runs", {"workflowId": "x", "shared": "yes"}, "shared"),
        ("POST", "/workflow-runs", {"workflowId": "x", "dueDate": "tomorrow"}, "dueDate"),
        ("POST", "/workflow-runs", {"workflowId": "x", "dueDate": "2026-10-01T09:00:00"}, "dueDate"),
        ("POST", "/workflow-runs", {"workflowId": "x", "dueDate": "2026-02-30"}, "dueDate"),
        ("POST", "/workflow-runs", {"workflowId": "x", "referenceId": 7}, "referenceId"),
        ("PUT", "/workflow-runs/{run}", {"name": "x", "shared": False}, "status"),
        ("PUT", "/workflow-runs/{run}", {"status": "Active", "shared": False}, "name"),
        ("PUT", "/workflow-runs/{run}", {**RUN, "status": "Bogus"}, "status"),
        ("PUT", "/workflow-runs/{run}/tasks/{task}", {}, "status"),
        ("PUT", "/workflow-runs/{run}/tasks/{task}", {"status": "Done"}, "status"),
        ("POST", "/workflow-runs/{run}/form-fields", {"fields": [{"value": "x"}]}, "fields[0].id"),
        ("POST", "/workflow-runs/{run}/form-fields", {"fields": [{"id": "x", "value": 3}]}, "fields[0].value"),
        ("POST", "/workflow-runs/{run}/form-fields", {"fields": [{"id": "x", "values": [3]}]}, "fields[0].values[0]"),
        ("POST", "/data-sets/{set}/records", {"cells": [{"fieldId": "x"}]}, "cells[0].value"),
        ("POST", "/data-sets/{set}/records", {"cells": [{"fieldId": "x", "value": True}]}, "cells[0].value"),
        ("POST", "/data-sets/{set}/records", {"cells": {}}, "cells"),
        ("POST", "/work/tasks", {"name": "", "required": True}, "name"),
        ("POST", "/work/tasks", {**TASK, "assigneeEmails": []}, "assigneeEmails"),
        ("POST", "/work/tasks", {**TASK, "subtasks": [{"name": ""}]}, "subtasks[0].name"),
    ],
)
def test_a_body_of_the_wrong_shape_names_the_place(
    box: SandboxServer, send: Any, run_id: str, method: str, path: str, body: Any, place: str
) -> None:
    task, data_set = box.company.templates[0].task_ids[0], box.company.library.data_sets[0]["id"]
    before = everything(box.company)
    answer = send(method, path.format(run=run_id, task=task, set=data_set), body)
    assert answer.status_code == 400
    assert f"at '{place}'" in answer.text
    assert everything(box.company) == before


def test_a_key_that_nobody_knows_is_overlooked(send: Any) -> None:
    assert send("POST", "/work/tasks", {**TASK, "colour": "green", "description": None}).status_code == 201


def test_a_body_may_be_too_large(box: SandboxServer, api: requests.Session) -> None:
    answer = api.post(f"{box.api_url}/work/tasks", data=b" " * 20_000_001, timeout=30)
    assert (answer.status_code, answer.json()["errorCode"]) == (413, "PayloadTooLarge")


# Ids


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/workflow-runs", {"workflowId": "nothing"}),
        ("PUT", "/workflow-runs/nothing", RUN),
        ("DELETE", "/workflow-runs/nothing", None),
        ("POST", "/workflow-runs/nothing/undelete", None),
        ("PUT", "/workflow-runs/nothing/tasks/nothing", {"status": "Completed"}),
        ("PUT", "/workflow-runs/{run}/tasks/nothing", {"status": "Completed"}),
        ("POST", "/workflow-runs/nothing/form-fields", {}),
        ("PUT", "/workflow-runs/{run}/approvals", {"approvalTaskId": "nothing", "status": "Approved"}),
        ("DELETE", "/workflow-runs/{run}/assignees/nobody@example.com", None),
        ("PUT", "/workflow-runs/{run}/tasks/{task}/assignees/nobody@example.com", None),
        ("DELETE", "/workflow-runs/{run}/tasks/{task}/assignees/nobody@example.com", None),
        ("POST", "/data-sets/nothing/records", {}),
        ("PUT", "/data-sets/{set}/records/nothing", {}),
        ("DELETE", "/data-sets/{set}/records/nothing", None),
        ("POST", "/work/tasks", {**TASK, "linkedWorkflowRunId": "nothing"}),
        ("PUT", "/work/tasks/nothing", TASK),
        ("DELETE", "/work/tasks/nothing", None),
        ("POST", "/work/tasks/nothing/complete", None),
        ("POST", "/work/tasks/nothing/uncomplete", None),
    ],
)
def test_an_unknown_id_is_a_404(box: SandboxServer, send: Any, run_id: str, method: str, path: str, body: Any) -> None:
    task, data_set = box.company.templates[0].task_ids[0], box.company.library.data_sets[0]["id"]
    before = everything(box.company)
    answer = send(method, path.format(run=run_id, task=task, set=data_set), body)
    assert (answer.status_code, answer.json()["errorCode"]) == (404, "NotFound")
    assert everything(box.company) == before


# Starting a run once


def start(box: SandboxServer, reference: str | None = None) -> dict[str, str]:
    return {"workflowId": box.company.templates[0].id, **({"referenceId": reference} if reference else {})}


def test_the_same_reference_id_gives_the_same_run(box: SandboxServer, send: Any) -> None:
    answers = [send("POST", "/workflow-runs", {**start(box, "a"), "name": name}) for name in ("First", "Second")]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json() == answers[1].json()
    run = box.company.run(answers[0].json()["id"])
    assert run is not None
    assert run.name == "First"
    others = {send("POST", "/workflow-runs", start(box, one)).json()["id"] for one in ("b", None, None)}
    assert len({run.id, *others}) == 4


def test_eight_threads_with_one_reference_id_start_one_run(box: SandboxServer, send: Any) -> None:
    before = len(box.company.runs)
    with ThreadPoolExecutor(8) as pool:
        started = pool.map(lambda _: send("POST", "/workflow-runs", start(box, "together")).json()["id"], range(32))
    assert len(set(started)) == 1
    assert len(box.company.runs) == before + 1


def test_eight_threads_without_one_lose_no_run(box: SandboxServer, send: Any) -> None:
    before = len(box.company.runs)
    with ThreadPoolExecutor(8) as pool:
        started = pool.map(lambda _: send("POST", "/workflow-runs", start(box)).json()["id"], range(32))
    assert len(set(started)) == 32
    assert len(box.company.runs) == before + 32


def test_eight_threads_writing_into_one_thing_lose_nothing() -> None:
    def clock() -> float:
        time.sleep(0.001)  # lets another thread in between what a write reads and what it writes
        return NOW

    with SandboxServer(runs=12, now=NOW, clock=clock) as box:
        data_set = box.company.library.data_sets[0]
        path, key = f"{box.api_url}/data-sets/{data_set['id']}/records/import", {"X-API-Key": box.api_key}
        before = len(box.company.library.records[data_set["id"]])

        def load(number: int) -> int:
            files = {"file": ("rows.csv", f"Name\na{number}\nb{number}\nc{number}\n")}
            answer = requests.post(path, data={"strategy": "Append"}, files=files, headers=key, timeout=10)
            return int(answer.json()["created"])

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(load, range(16))) == 48
        assert len({record["id"] for record in box.company.library.records[data_set["id"]]}) == before + 48


# What goes wrong on the way


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_lost_answer_has_been_written_and_a_retry_finds_the_run(box: SandboxServer, send: Any, kind: str) -> None:
    before = len(box.company.runs)
    box.knobs.fault("/v1/workflow-runs", kind, when="after", method="POST")  # type: ignore[arg-type] # one of two
    with pytest.raises(requests.ConnectionError):
        send("POST", "/workflow-runs", start(box, f"lost-{kind}"))
    assert len(box.company.runs) == before + 1
    newest = box.company.runs[0]
    assert send("POST", "/workflow-runs", start(box, f"lost-{kind}")).json()["id"] == newest.id
    assert len(box.company.runs) == before + 1


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_a_request_lost_before_it_arrived_has_not(box: SandboxServer, send: Any, kind: str) -> None:
    before = everything(box.company)
    box.knobs.fault("/v1/workflow-runs", kind, method="POST")  # type: ignore[arg-type] # one of two
    with pytest.raises(requests.ConnectionError):
        send("POST", "/workflow-runs", start(box))
    assert everything(box.company) == before


@pytest.mark.parametrize("kind", ["status", "html", "body"])
@pytest.mark.parametrize(("when", "written"), [("before", 0), ("after", 1)])
def test_a_500_may_come_before_the_work_or_after_it(
    box: SandboxServer, send: Any, kind: str, when: str, written: int
) -> None:
    before = len(box.company.runs)
    box.knobs.fault("/v1/workflow-runs", kind, when=when, status=500, method="POST")  # type: ignore[arg-type] # a literal
    assert send("POST", "/workflow-runs", start(box)).status_code == 500
    assert len(box.company.runs) == before + written


def test_a_truncated_answer_is_of_something_done(box: SandboxServer, send: Any) -> None:
    before = len(box.company.runs)
    box.knobs.fault("/v1/workflow-runs", "truncate", method="POST")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        send("POST", "/workflow-runs", start(box))
    assert len(box.company.runs) == before + 1
