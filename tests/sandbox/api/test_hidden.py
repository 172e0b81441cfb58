"""Runs and workflows that somebody may not see: in no list of theirs, and refused by their ids."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from psauth.sandbox import SandboxServer
from psauth.sandbox.company.runs import Run
from tests.sandbox.conftest import NOW, App

Get = Any


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxServer]:
    with SandboxServer(runs=60, now=NOW) as server:
        yield server


@pytest.fixture
def key(box: SandboxServer) -> Get:
    """Asks as who has the API key."""
    return lambda path, **query: requests.get(
        f"{box.api_url}{path}", params=query, headers={"X-API-Key": box.api_key}, timeout=10
    )


@pytest.fixture
def other(box: SandboxServer) -> Get:
    """Asks as another person, who signed in."""
    app = App(box)
    where = box.approve(app.url(), person=box.company.staff.signers[1].email)
    code = where.partition("code=")[2].partition("&")[0]
    token = app.exchange(code).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    return lambda path, **query: requests.get(f"{box.api_url}{path}", params=query, headers=headers, timeout=10)


@pytest.fixture
def run(box: SandboxServer) -> Iterator[Run]:
    """A run of its own, with somebody on it and a comment, hidden from who has the API key."""
    company = box.company
    run, me = company.start_run(company.templates[0].id, name="Between us"), company.staff.signers[0].email
    company.assign(run.id, me)
    company.assign(run.id, me, run.template.task_ids[0])
    company.add_comment(run.id, run.template.task_ids[0], "Just for you.")
    company.hide_run(run.id, me)
    yield run
    company.show_run(run.id, me)
    company.delete_run(run.id)


def lists_with(get: Get, box: SandboxServer, run: Run) -> set[str]:
    """The lists in which the newest page tells of a run."""
    me, workflow = box.company.staff.signers[0].email, run.template.id
    asked = {
        "list": get("/workflow-runs/list"),
        "search": get("/workflow-runs"),
        "by name": get("/workflow-runs", name="between us", status="Active,Deleted"),
        "tasks": get("/tasks", assigneeEmail=me, workflowId=workflow),
        "comments": get("/comments", workflowId=workflow),
        "comments of it": get("/comments", workflowRunId=run.id),
        "work": get("/work/items", assigneeEmail=me, workflowId=workflow),
    }
    return {name for name, answer in asked.items() if run.id in answer.text}


def test_a_hidden_run_is_in_no_list_of_that_person_and_in_all_of_another(
    box: SandboxServer, key: Get, other: Get, run: Run
) -> None:
    assert lists_with(key, box, run) == set()
    everywhere = lists_with(other, box, run)
    assert {"list", "search", "by name", "tasks", "comments", "comments of it", "work"} == everywhere
    box.company.show_run(run.id, box.company.staff.signers[0].email)
    assert lists_with(key, box, run) == everywhere


@pytest.mark.parametrize("below", ["", "/tasks", "/form-fields", "/approvals", "/assignees"])
@pytest.mark.parametrize(("status", "code"), [(403, "Forbidden"), (404, "NotFound")])
def test_by_its_id_it_is_refused_as_the_knob_says(
    box: SandboxServer, key: Get, other: Get, run: Run, below: str, status: Any, code: str
) -> None:
    assert box.knobs.hidden_as == 403
    box.knobs.hidden_as = status
    try:
        answer = key(f"/workflow-runs/{run.id}{below}")
        unknown = key(f"/workflow-runs/nothing{below}")
    finally:
        box.knobs.hidden_as = 403
    assert (answer.status_code, answer.json()["errorCode"]) == (status, code)
    assert (unknown.status_code, unknown.json()["errorCode"]) == (404, "NotFound")
    if status == 404:
        assert answer.json()["error"] == unknown.json()["error"]
    assert other(f"/workflow-runs/{run.id}{below}").status_code == 200


def test_what_is_hidden_cannot_be_written(box: SandboxServer, run: Run) -> None:
    headers = {"X-API-Key": box.api_key}
    address = f"{box.api_url}/workflow-runs/{run.id}"
    assert requests.delete(address, headers=headers, timeout=10).status_code == 403
    assert requests.post(f"{address}/undelete", headers=headers, timeout=10).status_code == 403
    assert run.status == "Active"


def test_a_deleted_run_that_is_hidden_is_hidden(box: SandboxServer, key: Get, other: Get, run: Run) -> None:
    box.company.delete_run(run.id)
    assert key(f"/workflow-runs/{run.id}").status_code == 403
    assert other(f"/workflow-runs/{run.id}").json()["status"] == "Deleted"
    assert run.id not in key("/workflow-runs", status="Deleted").text
    assert run.id in other("/workflow-runs", status="Deleted").text
    box.company.undelete_run(run.id)


def test_a_workflow_that_is_hidden_takes_its_runs_along(box: SandboxServer, key: Get, other: Get) -> None:
    company = box.company
    me = company.staff.signers[0].email
    run = company.start_run(company.templates[1].id)
    workflow = run.template.id
    company.hide_workflow(workflow, me)
    try:
        assert workflow not in {w["id"] for w in key("/workflows").json()["workflows"]}
        assert key(f"/workflows/{workflow}/tasks").status_code == 403
        assert key("/workflow-runs/list", workflowId=workflow).json()["data"] == []
        assert key(f"/workflow-runs/{run.id}").status_code == 403
        assert other(f"/workflow-runs/{run.id}").status_code == 200
    finally:
        company.show_workflow(workflow, me)
    assert key(f"/workflow-runs/{run.id}").status_code == 200
