"""Tasks that belong to no workflow, alone and on somebody's list of work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from psauth.sandbox import SandboxServer
from tests.sandbox.conftest import NOW

PERSON, OTHER = "ada.lindqvist@example.com", "hana.dvorakova@example.com"
TASK = {
    "name": "Review contract",
    "description": "All of it",
    "dueDate": "2026-10-01T09:00:00.000Z",
    "required": True,
    "assigneeEmails": [PERSON],
    "subtasks": [{"name": "Terms"}, {"name": "Dates"}],
}


@pytest.fixture(scope="module")
def _server() -> Iterator[SandboxServer]:
    with SandboxServer(runs=24, now=NOW) as server:
        yield server


@pytest.fixture
def task(send: Any) -> Any:
    answer = send("POST", "/work/tasks", TASK)
    assert answer.status_code == 201
    return answer.json()["data"]


@pytest.fixture
def listed(walk: Any) -> Any:
    """The one-off tasks on somebody's list, by their id."""

    def read(person: str = PERSON, **query: str) -> dict[str, Any]:
        pages = walk("/work/items", "data", assigneeEmail=person, type="OneOffTask", **query)
        return {item["taskId"]: item for page in pages for item in page}

    return read


def test_a_task_is_what_was_asked_for(box: SandboxServer, get: Any, task: Any) -> None:
    me = box.company.staff.signers[0].record()
    assert {name: task[name] for name in ("name", "description", "dueDate", "required")} == {
        name: TASK[name] for name in ("name", "description", "dueDate", "required")
    }
    assert (task["status"], task["createdBy"], task["updatedBy"]) == ("NotCompleted", me, me)
    assert [a["user"]["email"] for a in task["assignments"]] == [PERSON]
    assert [(line["name"], line["status"]) for line in task["subtasks"]] == [
        ("Terms", "NotCompleted"),
        ("Dates", "NotCompleted"),
    ]
    assert get(f"/work/tasks/{task['id']}").json() == {"data": task}


def test_a_put_replaces_everything_but_the_status(send: Any, get: Any, task: Any) -> None:
    path = f"/work/tasks/{task['id']}"
    done = send("POST", f"{path}/complete").json()["data"]
    lines = [{"name": "Lawyer", "status": "NotCompleted"}, {**task["subtasks"][1], "status": "Completed"}]
    body = {"name": "Other", "required": False, "assigneeEmails": [OTHER, OTHER], "subtasks": lines}
    answer = send("PUT", path, body)
    new = answer.json()["data"]
    assert (answer.status_code, get(path).json()["data"]) == (200, new)
    assert not {"description", "dueDate", "linkedWorkflowRun"} & set(new)
    assert (new["name"], new["required"], new["status"]) == ("Other", False, "Completed")
    assert [a["user"]["email"] for a in new["assignments"]] == [OTHER]
    assert [line["status"] for line in new["subtasks"]] == ["NotCompleted", "Completed"]
    assert new["subtasks"][1]["id"] == task["subtasks"][1]["id"]
    assert new["createdDate"] == task["createdDate"] < done["updatedDate"] < new["updatedDate"]


def test_a_tick_and_its_taking_back_happen_once(send: Any, get: Any, task: Any) -> None:
    path = f"/work/tasks/{task['id']}"
    for word, status in (("complete", "Completed"), ("uncomplete", "NotCompleted")):
        answers = [send("POST", f"{path}/{word}").json()["data"] for _ in range(2)]
        assert answers[0] == answers[1] == get(path).json()["data"]
        assert answers[0]["status"] == status


def test_a_deleted_task_is_gone(send: Any, get: Any, task: Any, listed: Any) -> None:
    assert send("DELETE", f"/work/tasks/{task['id']}").status_code == 204
    assert get(f"/work/tasks/{task['id']}").status_code == 404
    assert send("DELETE", f"/work/tasks/{task['id']}").status_code == 404
    assert task["id"] not in listed()


def test_the_list_of_work_shows_it_while_it_is_open(send: Any, get: Any, task: Any, listed: Any) -> None:
    item = listed()[task["id"]]
    assert (item["name"], item["dueDate"], item["workflowId"]) == (TASK["name"], TASK["dueDate"], "")
    assert [p["email"] for p in item["assignees"]] == [PERSON]
    assert task["id"] in listed(dueDateFrom="2026-10-01", dueDateTo="2026-10-01")
    assert task["id"] not in listed(dueDateFrom="2026-10-02")
    assert task["id"] not in listed(OTHER)
    total = get("/work/stats", assigneeEmail=PERSON).json()["data"]["total"]
    send("POST", f"/work/tasks/{task['id']}/complete")
    assert task["id"] not in listed()
    assert task["id"] in listed(includeCompleted="true")
    assert get("/work/stats", assigneeEmail=PERSON).json()["data"]["total"] == total - 1


def test_a_task_may_be_linked_to_a_run_while_there_is_one(box: SandboxServer, send: Any, get: Any, listed: Any) -> None:
    run = box.company.start_run(box.company.templates[0].id)
    task = send("POST", "/work/tasks", {**TASK, "linkedWorkflowRunId": run.id}).json()["data"]
    blueprint = run.template.blueprint
    assert task["linkedWorkflowRun"] == {
        "id": run.id,
        "name": run.name,
        "templateId": run.template.id,
        "templateName": blueprint.name,
    }
    item = listed(workflowId=run.template.id)[task["id"]]
    assert (item["workflowId"], item["workflowRunId"]) == (run.template.id, run.id)
    assert task["id"] not in listed(workflowId=box.company.templates[1].id)
    box.company.delete_run(run.id)
    assert "linkedWorkflowRun" not in get(f"/work/tasks/{task['id']}").json()["data"]


def test_people_and_subtasks_that_are_not_there_are_a_422(send: Any, get: Any, task: Any) -> None:
    path = f"/work/tasks/{task['id']}"
    body = {
        **TASK,
        "assigneeEmails": [PERSON, "nobody@example.com"],
        "subtasks": [{"id": "nothing", "name": "x", "status": "Completed"}],
    }
    answer = send("PUT", path, body)
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "Validation")
    assert set(answer.json()["details"]) == {"assigneeEmails[1]", "subtasks[0].id"}
    assert get(path).json()["data"] == task
