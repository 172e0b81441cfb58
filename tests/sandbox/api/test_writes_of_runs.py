"""What is done to a run is what every read shows of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from psauth.sandbox import SandboxServer
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.templates import Template
from psauth.sandbox.company.worktime import HOUR, iso
from tests.sandbox.conftest import NOW, Clock

DUE = "2099-10-01T09:30:00.057Z"
RUN = {"name": "New name", "status": "Active", "shared": False}


@pytest.fixture(scope="module")
def _server(clock: Clock) -> Iterator[SandboxServer]:
    with SandboxServer(runs=60, now=NOW, clock=clock) as server:
        yield server


def template_of(box: SandboxServer, name: str = "Vendor Approval") -> Template:
    return next(t for t in box.company.templates if t.blueprint.name == name)


@pytest.fixture
def run(box: SandboxServer) -> Run:
    return box.company.start_run(template_of(box).id)


def test_a_started_run_stands_first_in_both_lists(box: SandboxServer, send: Any, get: Any) -> None:
    template = template_of(box)
    body = {"workflowId": template.id, "name": "Żółw & Söhne", "dueDate": DUE, "shared": True}
    answer = send("POST", "/workflow-runs", body).json()
    shown = get(f"/workflow-runs/{answer['id']}").json()
    assert {name: shown[name] for name in body} == body
    assert (shown["status"], shown["migrationStatus"]) == ("Active", "Inactive")
    assert shown["audit"]["createdById"] == shown["audit"]["updatedById"] == box.company.staff.signers[0].id
    assert shown["links"] == answer["links"]
    assert get("/workflow-runs/list").json()["data"][0] == shown
    assert get("/workflow-runs").json()["workflowRuns"][0] == shown
    assert get("/workflow-runs", name="żółw").json()["workflowRuns"] == [shown]
    tasks = get(f"/workflow-runs/{shown['id']}/tasks").json()["tasks"]
    assert [task["id"] for task in tasks] == template.task_ids
    assert {task["status"] for task in tasks} == {"NotCompleted"}


def test_without_a_name_the_service_makes_one(box: SandboxServer, send: Any, get: Any) -> None:
    run_id = send("POST", "/workflow-runs", {"workflowId": template_of(box).id}).json()["id"]
    shown = get(f"/workflow-runs/{run_id}").json()
    assert shown["name"]
    assert "dueDate" not in shown


@pytest.mark.parametrize("due", ["2099-10-01", "2099-10-01T02:00+02:00", "2099-10-01T00:00:00.000Z"])
def test_a_date_means_its_midnight_and_an_offset_is_reckoned_with(
    box: SandboxServer, send: Any, get: Any, due: str
) -> None:
    run_id = send("POST", "/workflow-runs", {"workflowId": template_of(box).id, "dueDate": due}).json()["id"]
    assert get(f"/workflow-runs/{run_id}").json()["dueDate"] == "2099-10-01T00:00:00.000Z"


def test_a_put_replaces_everything_and_moves_the_run_to_the_front(
    box: SandboxServer, send: Any, get: Any, run: Run, clock: Clock
) -> None:
    box.company.start_run(run.template.id)
    before = get(f"/workflow-runs/{run.id}").json()
    clock.advance(60)
    body = {"name": "Żółw", "status": "Active", "shared": True, "dueDate": DUE}
    assert send("PUT", f"/workflow-runs/{run.id}", body).content == b""
    shown = get(f"/workflow-runs/{run.id}").json()
    assert {name: shown[name] for name in body} == body
    assert shown["audit"]["createdDate"] == before["audit"]["createdDate"]
    assert shown["audit"]["updatedDate"] > before["audit"]["updatedDate"]
    assert get("/workflow-runs").json()["workflowRuns"][0] == shown
    assert send("PUT", f"/workflow-runs/{run.id}", {**RUN, "dueDate": None}).status_code == 204
    assert "dueDate" not in get(f"/workflow-runs/{run.id}").json()


@pytest.mark.parametrize("status", ["Completed", "Archived"])
def test_a_status_is_found_where_it_is_asked_for(send: Any, get: Any, run: Run, status: str) -> None:
    assert send("PUT", f"/workflow-runs/{run.id}", {**RUN, "status": status}).status_code == 204
    assert get("/workflow-runs/list", status=status).json()["data"][0]["id"] == run.id
    assert get("/workflow-runs", status=status).json()["workflowRuns"][0]["id"] == run.id
    assert run.id not in {one["id"] for one in get("/workflow-runs").json()["workflowRuns"]}


@pytest.mark.parametrize("way", ["DELETE", "PUT"])
def test_a_deleted_run_is_absent_until_it_is_undeleted(send: Any, get: Any, run: Run, way: str) -> None:
    body = {**RUN, "status": "Deleted"} if way == "PUT" else None
    assert send(way, f"/workflow-runs/{run.id}", body).ok
    assert get(f"/workflow-runs/{run.id}").json()["status"] == "Deleted"
    assert run.id not in {one["id"] for one in get("/workflow-runs/list").json()["data"]}
    assert send("DELETE", f"/workflow-runs/{run.id}").status_code == 404
    for _ in range(2):
        assert send("POST", f"/workflow-runs/{run.id}/undelete").status_code == 200
    assert get("/workflow-runs/list").json()["data"][0]["id"] == run.id


# Tasks


def test_a_task_is_ticked_off_and_taken_back(box: SandboxServer, send: Any, get: Any, run: Run, clock: Clock) -> None:
    path, me = f"/workflow-runs/{run.id}/tasks/{run.template.task_ids[0]}", box.company.staff.signers[0].record()
    clock.advance(60)
    assert send("PUT", path, {"status": "Completed", "dueDate": DUE}).content == b""
    done = get(path).json()
    assert (done["status"], done["dueDate"], done["completedBy"], done["updatedBy"]) == ("Completed", DUE, me, me)
    assert get(f"/workflow-runs/{run.id}").json()["audit"]["updatedDate"] == done["completedDate"]
    send("PUT", path, {"status": "Completed", "dueDate": DUE})
    assert get(path).json()["completedDate"] == done["completedDate"]
    assert get(path).json()["updatedDate"] > done["updatedDate"]
    send("PUT", path, {"status": "NotCompleted"})
    assert not {"completedDate", "completedBy", "dueDate"} & set(get(path).json())


def test_the_last_tick_completes_the_run_and_rework_opens_it(send: Any, get: Any, run: Run) -> None:
    path = f"/workflow-runs/{run.id}"
    for task_id in run.template.task_ids:
        send("PUT", f"{path}/tasks/{task_id}", {"status": "Completed"})
    assert get(path).json()["status"] == "Completed"
    assert {task["status"] for task in get(f"{path}/tasks").json()["tasks"]} == {"Completed"}
    send("PUT", f"{path}/tasks/{run.template.task_ids[-1]}", {"status": "NotCompleted"})
    assert get(path).json()["status"] == "Active"


def test_a_decision_replaces_the_one_before(box: SandboxServer, send: Any, get: Any, run: Run) -> None:
    ids, steps = run.template.task_ids, run.template.blueprint.steps
    at = next(n for n, step in enumerate(steps) if step.judges)
    path = f"/workflow-runs/{run.id}/approvals"
    assert get(path).json()["approvals"] == []
    assert send("PUT", path, {"approvalTaskId": ids[at], "status": "Rejected", "comment": "No"}).status_code == 204
    first = get(path).json()["approvals"]
    assert {(a["subjectTaskId"], a["status"], a["comment"]) for a in first} == {
        (ids[s], "Rejected", "No") for s in steps[at].judges
    }
    subject = ids[steps[at].judges[0]]
    send("PUT", path, {"approvalTaskId": ids[at], "subjectTaskId": subject, "status": "Approved"})
    second = next(a for a in get(path).json()["approvals"] if a["subjectTaskId"] == subject)
    assert (second["status"], second["reviewedBy"]) == ("Approved", box.company.staff.signers[0].record())
    assert "comment" not in second
    for body in ({"approvalTaskId": ids[0]}, {"approvalTaskId": ids[at], "subjectTaskId": ids[-1]}):
        assert send("PUT", path, {**body, "status": "Approved"}).status_code == 422


# Form fields


def field_of(box: SandboxServer, kind: str, *, linked: bool = False, bare: bool = False) -> tuple[Template, str]:
    for template in box.company.templates:
        for field_id, _, _, field in template.fields:
            if field.kind == kind and bool(field.source) == linked and template.blueprint.bare == bare:
                return template, field_id
    raise LookupError(kind)


def set_and_read(box: SandboxServer, send: Any, get: Any, kind: str, given: Any, **which: bool) -> Any:
    template, field_id = field_of(box, kind, **which)
    run = box.company.start_run(template.id)
    path = f"/workflow-runs/{run.id}/form-fields"
    before = {v["id"]: v for v in get(path).json()["fields"]}
    answer = send("POST", path, {"fields": [{"id": field_id, **given}]})
    assert answer.status_code == 200, answer.text
    [shown] = answer.json()["fields"]
    after = {v["id"]: v for v in get(path).json()["fields"]}
    if field_id in after:  # on the first page
        assert after == {**before, field_id: shown}
    assert shown["updatedBy"] == box.company.staff.signers[0].record()
    assert get(f"/workflow-runs/{run.id}").json()["audit"]["updatedDate"] == shown["updatedDate"]
    of_task = get(f"/workflow-runs/{run.id}/tasks/{shown['taskId']}/form-fields").json()["fields"]
    assert shown in of_task
    return shown["data"]


@pytest.mark.parametrize(
    ("kind", "given", "data"),
    [
        ("Text", {"value": "Łódź"}, {"value": "Łódź"}),
        ("Textarea", {"value": "a\nb"}, {"value": "a\nb"}),
        ("Hidden", {"value": "77"}, {"value": "77"}),
        ("Number", {"value": "497.50"}, {"value": "497.50"}),
        ("Email", {"value": "a@b.example"}, {"value": "a@b.example"}),
        ("Url", {"value": "https://www.process.st"}, {"value": "https://www.process.st"}),
        ("Date", {"value": DUE, "timeHidden": True}, {"value": DUE, "timeHidden": True}),
        ("Date", {"value": "2026-10-01"}, {"value": "2026-10-01T00:00:00.000Z", "timeHidden": False}),
        (
            "Table",
            {"value": 'a,"b, c",d\ne'},
            {"columns": ["#", "Item", "Amount"], "rows": [["a", "b, c", "d"], ["e", "", ""]]},
        ),
        ("Members", {"value": "ada.lindqvist@example.com"}, {"values": ["ada.lindqvist@example.com"]}),
        ("Members", {"values": ["ada.lindqvist@example.com"]}, {"values": ["ada.lindqvist@example.com"]}),
        ("Text", {"value": ""}, None),
        ("Text", {}, None),
        ("Date", {"value": None}, None),
        ("MultiChoice", {"values": []}, None),
        ("Members", {}, None),
    ],
)
def test_each_kind_of_field_takes_its_kind_of_value(
    box: SandboxServer, send: Any, get: Any, kind: str, given: Any, data: Any
) -> None:
    assert set_and_read(box, send, get, kind, given) == data


@pytest.mark.parametrize("kind", ["Select", "MultiChoice", "MultiSelect"])
def test_a_choice_takes_its_options(box: SandboxServer, send: Any, get: Any, kind: str) -> None:
    template, field_id = field_of(box, kind)
    options = [o["value"] for o in get(f"/workflows/{template.id}/form-fields/{field_id}/options").json()["options"]]
    given: dict[str, Any] = {"value": options[0]} if kind == "Select" else {"values": options[:2]}
    assert set_and_read(box, send, get, kind, given) == given


def test_a_linked_choice_takes_a_record(box: SandboxServer, send: Any, get: Any) -> None:
    template, field_id = field_of(box, "Select", linked=True)
    option = get(f"/workflows/{template.id}/form-fields/{field_id}/options").json()["options"][1]
    for given in (
        {"dataSetRowId": option["dataSetRowId"]},
        {"value": option["dataSetRowId"]},
        {"value": option["value"]},
    ):
        assert set_and_read(box, send, get, "Select", given, linked=True) == {"value": option["label"]}


def test_the_older_workflow_shows_the_value_alone(box: SandboxServer, send: Any, get: Any) -> None:
    assert set_and_read(box, send, get, "Text", {"value": "Łódź"}, bare=True) == "Łódź"


@pytest.mark.parametrize(
    ("kind", "given", "place"),
    [
        ("Number", {"value": "many"}, "value"),
        ("Number", {"value": "nan"}, "value"),
        ("Date", {"value": "tomorrow"}, "value"),
        ("Email", {"value": "nobody"}, "value"),
        ("Text", {"values": ["a"]}, "values"),
        ("Text", {"dataSetRowId": "x"}, "dataSetRowId"),
        ("Select", {"value": "no option"}, "value"),
        ("MultiChoice", {"values": ["no option"]}, "values[0]"),
        ("MultiChoice", {"value": "no list"}, "value"),
        ("Members", {"values": ["nobody@example.com"]}, "values[0]"),
        ("Table", {"value": "a,b,c,d"}, "value"),
        ("Table", {"value": '"a'}, "value"),
        ("File", {"value": "x"}, "id"),
        ("MultiFile", {"values": ["x"]}, "id"),
        ("SendRichEmail", {"value": "x"}, "id"),
    ],
)
def test_what_a_field_does_not_take_is_a_422_and_nothing_is_written(
    box: SandboxServer, send: Any, kind: str, given: Any, place: str
) -> None:
    template, field_id = field_of(box, kind)
    run = box.company.start_run(template.id)
    other = next(f[0] for f in template.fields if f[0] != field_id and f[3].kind in ("Text", "Textarea", "Number"))
    fields = [{"id": other, "value": "1"}, {"id": field_id, **given}, {"id": "nothing"}, {"id": other}]
    answer = send("POST", f"/workflow-runs/{run.id}/form-fields", {"fields": fields})
    assert (answer.status_code, answer.json()["errorCode"]) == (422, "Validation")
    assert set(answer.json()["details"]) == {f"fields[1].{place}", "fields[2].id", "fields[3].id"}
    assert run.entries == {}


def test_runs_are_found_by_what_was_written(box: SandboxServer, send: Any, get: Any, walk: Any) -> None:
    template, field_id = field_of(box, "Text")
    runs = [box.company.start_run(template.id) for _ in range(25)]
    for number, run in enumerate(runs):
        body = {"fields": [{"id": field_id, "value": f"Zahlungsziel {number}"}]}
        send("POST", f"/workflow-runs/{run.id}/form-fields", body)
    found = [
        r["id"] for page in walk("/workflow-runs", "workflowRuns", **{f"fields[{field_id}]": "ZIEL"}) for r in page
    ]
    assert list(dict.fromkeys(found)) == [run.id for run in reversed(runs)]
    query = {f"fields[{field_id}]": "ziel 24", "fields[nothing]": "ziel"}
    assert [r["id"] for r in get("/workflow-runs", **query).json()["workflowRuns"]] == [runs[24].id]
    assert get("/workflow-runs", **{"fields[nothing]": ""}).json()["workflowRuns"] == []


# People


@pytest.mark.parametrize("of", ["run", "task"])
def test_people_are_put_on_and_taken_off(box: SandboxServer, send: Any, get: Any, run: Run, of: str) -> None:
    run.tasks[0].assignees = []
    person = box.company.staff.members[5]
    base = f"/workflow-runs/{run.id}" + (f"/tasks/{run.template.task_ids[0]}" if of == "task" else "")
    path, method = f"{base}/assignees/{person.email.upper()}", "PUT" if of == "task" else "POST"
    before = run.updated
    for _ in range(2):
        assert send(method, path).status_code == 204
    assert get(f"{base}/assignees").json()["assignees"] == [person.record()]
    assert run.updated > before
    items = get("/work/items", assigneeEmail=person.email, workflowId=run.template.id).json()["data"]
    assert run.id in {item["workflowRunId"] for item in items}
    if of == "task":
        mine = get("/tasks", assigneeEmail=person.email, workflowId=run.template.id).json()["tasks"]
        assert run.id in {task["workflowRunId"] for task in mine}
    assert send("DELETE", path).status_code == 204
    assert get(f"{base}/assignees").json()["assignees"] == []
    assert send("DELETE", path).status_code == 404


def test_a_stranger_is_invited_to_a_run(box: SandboxServer, send: Any, get: Any, walk: Any, run: Run) -> None:
    path = f"/workflow-runs/{run.id}/assignees"
    assert send("POST", f"{path}/guest+1@elsewhere.example.com").status_code == 204
    [guest] = get(path).json()["assignees"]
    assert guest["email"] == "guest+1@elsewhere.example.com"
    assert guest in [user for page in walk("/users", "users") for user in page]
    assert send("POST", f"{path}/nobody").status_code == 422


@pytest.mark.parametrize("hours", [-50_000, -1])
def test_a_due_date_that_is_past_is_refused_and_nothing_is_changed(
    box: SandboxServer, send: Any, get: Any, run: Run, hours: int
) -> None:
    before, count = get(f"/workflow-runs/{run.id}").json(), len(box.company.runs)
    task = f"/workflow-runs/{run.id}/tasks/{run.template.task_ids[0]}"
    task_before = get(task).json()
    for method, path, body in (
        ("POST", "/workflow-runs", {"workflowId": run.template.id}),
        ("PUT", f"/workflow-runs/{run.id}", RUN),
        ("PUT", task, {"status": "Completed"}),
    ):
        refused = send(method, path, {**body, "dueDate": iso(box.company.moment() + hours * HOUR)})
        assert (refused.status_code, refused.text) == (400, "Bad request")
        assert refused.headers["content-type"].startswith("text/plain")
    assert (get(f"/workflow-runs/{run.id}").json(), get(task).json()) == (before, task_before)
    assert len(box.company.runs) == count


def test_how_far_ahead_a_due_date_must_be_is_a_knob(box: SandboxServer, send: Any, run: Run) -> None:
    path = f"/workflow-runs/{run.id}"
    assert send("PUT", path, {**RUN, "dueDate": iso(box.company.moment() + HOUR)}).status_code == 204
    box.knobs.due_ahead = 86_400
    try:
        for hours, status in ((23, 400), (25, 204)):
            due = iso(box.company.moment() + int(hours * HOUR))
            assert send("PUT", path, {**RUN, "dueDate": due}).status_code == status
    finally:
        box.knobs.due_ahead = 0.0


@pytest.mark.parametrize("what", ["tasks", "fields", "approvals", "assignees"])
@pytest.mark.parametrize("moves", [True, False], ids=["moves", "stays"])
def test_a_write_moves_the_runs_updated_date_as_the_knob_says(
    box: SandboxServer, send: Any, get: Any, what: str, moves: bool
) -> None:
    template = next(
        t
        for t in box.company.templates
        if any(step.judges for step in t.blueprint.steps) and any(field[3].kind == "Text" for field in t.fields)
    )
    run = box.company.start_run(template.id)
    at = next(at for at, step in enumerate(template.blueprint.steps) if step.judges)
    field = next(f[0] for f in template.fields if f[3].kind == "Text")
    path = f"/workflow-runs/{run.id}"
    method, below, body = {
        "tasks": ("PUT", f"/tasks/{template.task_ids[0]}", {"status": "Completed"}),
        "fields": ("POST", "/form-fields", {"fields": [{"id": field, "value": "x"}]}),
        "approvals": ("PUT", "/approvals", {"approvalTaskId": template.task_ids[at], "status": "Approved"}),
        "assignees": ("POST", f"/assignees/{box.company.staff.members[5].email}", None),
    }[what]
    before = get(path).json()["audit"]["updatedDate"]
    kept = box.knobs.moves
    box.knobs.moves = kept if moves else kept - {what}
    try:
        assert send(method, f"{path}{below}", body).ok
    finally:
        box.knobs.moves = kept
    assert (get(path).json()["audit"]["updatedDate"] > before) is moves
