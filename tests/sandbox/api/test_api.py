"""The API's manners: credentials, budget, pages, errors, and the habits of single endpoints."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from psauth.sandbox import SandboxServer
from psauth.sandbox.company.runs import Run
from tests.sandbox.conftest import App

BUDGET = {f"X-{kind}-Rate-Limit-{what}" for kind in ("Api-Key", "Ip") for what in ("Limit", "Remaining", "Reset")}


def a_run(box: SandboxServer, **wanted: Any) -> Run:
    return next(run for run in box.company.runs if all(getattr(run, k) == v for k, v in wanted.items()))


# Credentials


def test_both_prefixes_answer_the_same(box: SandboxServer, api: requests.Session) -> None:
    answers = [api.get(f"{box.url}{prefix}/folders", timeout=10).json() for prefix in ("/v1", "/api/v1.1")]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-API-Key": "wrong"},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic YTpi"},
        {"Authorization": "Bearer"},
        {"X-API-Key": "schlüssel".encode()},
    ],
)
def test_without_a_good_credential_the_answer_is_401(box: SandboxServer, headers: dict[str, str]) -> None:
    answer = requests.get(f"{box.api_url}/testAuth", headers=headers, timeout=10)
    assert answer.status_code == 401
    assert answer.json()["errorCode"] == "Unauthorized"
    assert set(answer.json()) == {"error", "errorCode", "requestId"}
    assert [name for name in BUDGET if name not in answer.headers] == []


def test_a_refresh_token_is_no_credential(app: App) -> None:
    assert not app.works(app.connect()["refresh_token"])


def test_reading_needs_the_scope_read(box: SandboxServer, app: App) -> None:
    headers = {"Authorization": f"Bearer {app.connect(scope='write')['access_token']}"}
    answer = requests.get(f"{box.api_url}/workflows", headers=headers, timeout=10)
    assert (answer.status_code, answer.json()["errorCode"]) == (403, "Forbidden")


def test_test_auth_tells_a_label(get: Any) -> None:
    assert get("/testAuth").json() == {"apiKeyLabel": "Larkspur Instruments (sandbox)"}


# Errors


@pytest.mark.parametrize("path", ["/nothing", "/workflows/nothing/tasks", "/workflow-runs/nothing", "/workflows/a/b/c"])
def test_what_is_not_there_is_a_404_that_says_so(get: Any, path: str) -> None:
    answer = get(path)
    assert answer.status_code == 404
    assert answer.json()["errorCode"] == "NotFound"
    assert [name for name in BUDGET if name not in answer.headers] == []


def test_an_unknown_path_outside_the_api_is_a_404_too(box: SandboxServer) -> None:
    answer = requests.get(f"{box.url}/v2/workflows", timeout=10)
    assert answer.status_code == 404
    assert "/v2/workflows" in answer.json()["error"]


def test_a_method_that_is_not_allowed_carries_only_error(box: SandboxServer, api: requests.Session) -> None:
    answer = api.delete(f"{box.api_url}/workflows", timeout=10)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "GET")
    assert set(answer.json()) == {"error"}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/tasks", {}),
        ("/workflow-runs", {"status": "Bogus"}),
        ("/workflow-runs", {"status": "Active,Bogus"}),
        ("/workflow-runs/list", {"_": "bogus"}),
        ("/work/items", {"type": "Bogus"}),
        ("/work/items", {"dueDateFrom": "yesterday"}),
        ("/work/items", {"includeCompleted": "perhaps"}),
    ],
)
def test_a_bad_query_value_is_plain_text(get: Any, path: str, query: dict[str, str]) -> None:
    answer = get(path, **query)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.startswith("Invalid value for: query parameter")
    assert [name for name in BUDGET if name not in answer.headers] == []


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/workflow-runs/list", {"status": "Active,Completed"}),
        ("/workflow-runs/list", {"status": "Deleted"}),
        ("/comments", {}),
    ],
)
def test_some_bad_requests_are_json(get: Any, path: str, query: dict[str, str]) -> None:
    answer = get(path, **query)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "BadRequest")


# Runs


def test_the_list_is_newest_created_first_and_takes_one_status(get: Any) -> None:
    every = get("/workflow-runs/list").json()["data"]
    created = [run["audit"]["createdDate"] for run in every]
    assert created == sorted(created, reverse=True)
    assert {run["status"] for run in get("/workflow-runs/list", status="Archived").json()["data"]} == {"Archived"}


def test_the_search_is_latest_updated_first_and_active_unless_told(get: Any) -> None:
    found = get("/workflow-runs").json()["workflowRuns"]
    updated = [run["audit"]["updatedDate"] for run in found]
    assert updated == sorted(updated, reverse=True)
    assert {run["status"] for run in found} == {"Active"}


def test_the_search_ends_at_two_hundred(box: SandboxServer, walk: Any, get: Any) -> None:
    assert len(box.company.runs) > 200
    query = {"status": "Active,Completed,Archived"}
    found = [run["id"] for page in walk("/workflow-runs", "workflowRuns", **query) for run in page]
    assert len(set(found)) == 200
    box.knobs.search_paged = False
    body = get("/workflow-runs", **query).json()
    assert set(body) == {"workflowRuns"}
    assert {run["id"] for run in body["workflowRuns"]} == set(found)


def test_the_search_takes_a_part_of_the_name_in_any_case(box: SandboxServer, get: Any) -> None:
    run = next(run for run in box.company.runs if run.name and run.status == "Completed")
    assert run.name is not None
    found = get("/workflow-runs", name=run.name[2:].upper(), status="Completed").json()["workflowRuns"]
    assert run.id in {one["id"] for one in found}


def test_a_run_names_ids_and_a_workflow_names_people(get: Any) -> None:
    run = get("/workflow-runs").json()["workflowRuns"][0]
    assert set(run["audit"]) == {"createdDate", "createdById", "updatedDate", "updatedById"}
    assert get(f"/workflow-runs/{run['id']}").json() == run
    workflow = get(f"/workflows/{run['workflowId']}").json()["data"]
    assert set(workflow["audit"]) == {"createdDate", "createdBy", "updatedDate", "updatedBy"}
    assert set(workflow["audit"]["createdBy"]) == {"id", "email", "username"}


def test_a_deleted_run_is_listed_nowhere_and_told_who_asks_for_it(box: SandboxServer, get: Any, walk: Any) -> None:
    run = box.company.start_run(box.company.templates[0].id, name="A mistake")
    try:
        assert get("/workflow-runs", name="a mistake").json()["workflowRuns"][0]["id"] == run.id
    finally:
        box.company.delete_run(run.id)
    assert get(f"/workflow-runs/{run.id}").json()["status"] == "Deleted"
    assert get(f"/workflow-runs/{run.id}/tasks").status_code == 404
    assert run.id not in {r["id"] for page in walk("/workflow-runs/list", "data") for r in page}


# Tasks, fields, approvals


def test_task_ids_repeat_in_every_run_of_a_workflow(box: SandboxServer, get: Any) -> None:
    first = box.company.runs[0]
    second = next(run for run in box.company.runs[1:] if run.template is first.template)
    tasks = [get(f"/workflow-runs/{run.id}/tasks").json()["tasks"] for run in (first, second)]
    assert [t["id"] for t in tasks[0]] == [t["id"] for t in tasks[1]]
    steps = get(f"/workflows/{first.template.id}/tasks").json()["tasks"]
    assert [t["id"] for t in tasks[0]] == [s["id"] for s in steps]


def test_what_has_not_happened_has_no_key(box: SandboxServer, get: Any) -> None:
    run = a_run(box, status="Active")
    for task in get(f"/workflow-runs/{run.id}/tasks").json()["tasks"]:
        assert ("completedDate" in task) == ("completedBy" in task) == (task["status"] == "Completed")
        assert None not in task.values()


def test_one_task_alone_has_no_type(box: SandboxServer, get: Any) -> None:
    run = box.company.runs[0]
    listed = get(f"/workflow-runs/{run.id}/tasks").json()["tasks"][0]
    alone = get(f"/workflow-runs/{run.id}/tasks/{listed['id']}").json()
    assert alone == {name: value for name, value in listed.items() if name != "taskType"}


def test_a_persons_tasks_come_by_due_date(box: SandboxServer, walk: Any) -> None:
    person = max(
        box.company.staff.members, key=lambda p: sum(p in t.assignees for r in box.company.runs for t in r.tasks)
    )
    pages = walk("/tasks", "tasks", assigneeEmail=person.email.upper())
    dues = [task["dueDate"] for page in pages for task in page if "dueDate" in task]
    assert dues
    assert dues == sorted(dues)
    run_id = pages[0][0]["workflowRunId"]
    run = box.company.run(run_id)
    assert run is not None
    assert run.status == "Active"


def test_field_values_come_wrapped_except_in_the_older_form(box: SandboxServer, get: Any) -> None:
    by_kind: dict[str, list[Any]] = {}
    bare: list[Any] = []
    for run in box.company.runs[:120]:
        for value in get(f"/workflow-runs/{run.id}/form-fields").json()["fields"]:
            if value["data"] is not None:
                to = bare if run.template.blueprint.bare else by_kind.setdefault(value["fieldType"], [])
                to.append(value["data"])
    assert len(by_kind) == 17
    assert all(isinstance(float(data["value"]), float) for data in by_kind["Number"])
    assert all(isinstance(data["value"], str) for data in by_kind["Number"])
    assert all(set(data) == {"value", "timeHidden"} for data in by_kind["Date"])
    for kind in ("MultiChoice", "MultiSelect", "Members", "MultiFile"):
        assert all(isinstance(data["values"], list) for data in by_kind[kind])
    assert all({"url", "name"} <= set(data) for data in by_kind["File"])
    assert {type(data) for data in bare} == {str, list}


def test_the_values_of_one_task_are_those_of_the_run(box: SandboxServer, get: Any) -> None:
    run = a_run(box, status="Completed")
    every = get(f"/workflow-runs/{run.id}/form-fields").json()["fields"]
    for task_id in run.template.task_ids:
        alone = get(f"/workflow-runs/{run.id}/tasks/{task_id}/form-fields").json()["fields"]
        assert alone == [value for value in every if value["taskId"] == task_id]


def test_a_linked_choice_offers_the_rows_of_its_data_set(box: SandboxServer, get: Any) -> None:
    template = next(t for t in box.company.templates if any(f[3].source == "Offices" for f in t.fields))
    field = next(f for f in get(f"/workflows/{template.id}/form-fields").json()["fields"] if f.get("dataSetLinked"))
    options = get(f"/workflows/{template.id}/form-fields/{field['id']}/options").json()["options"]
    offices = next(s for s in get("/data-sets").json()["dataSets"] if s["name"] == "Offices")
    rows = get(f"/data-sets/{offices['id']}/records").json()["records"]
    assert {option["dataSetRowId"] for option in options} == {row["id"] for row in rows}


def test_an_approval_is_the_last_word_per_pair(box: SandboxServer, get: Any) -> None:
    found = []
    for run in [run for run in box.company.runs if run.decisions][:40]:
        approvals = get(f"/workflow-runs/{run.id}/approvals").json()["approvals"]
        pairs = [(a["approvalTaskId"], a["subjectTaskId"]) for a in approvals]
        assert len(pairs) == len(set(pairs))
        found += approvals
    assert {approval["status"] for approval in found} == {"Approved", "Rejected"}


def test_assignees_of_a_task_and_of_a_run(box: SandboxServer, get: Any) -> None:
    run = next(run for run in box.company.runs if run.assignees)
    people = get(f"/workflow-runs/{run.id}/tasks/{run.template.task_ids[0]}/assignees").json()
    assert people == {"assignees": [person.record() for person in run.tasks[0].assignees]}
    assert get(f"/workflow-runs/{run.id}/assignees").json()["assignees"]


# Work, comments, attachments


def test_the_list_of_work_agrees_with_its_numbers(box: SandboxServer, walk: Any, get: Any) -> None:
    for person in box.company.staff.members:
        total = get("/work/stats", assigneeEmail=person.email).json()["data"]["total"]
        items = {item["id"] for page in walk("/work/items", "data", assigneeEmail=person.email) for item in page}
        assert len(items) == total


def test_work_can_be_narrowed_by_type_and_due_date(box: SandboxServer, get: Any) -> None:
    person = box.company.staff.by_role["it"][0].email
    every = get("/work/items", assigneeEmail=person).json()["data"]
    day = next(item["dueDate"] for item in every if "dueDate" in item)[:10]
    on_day = get("/work/items", assigneeEmail=person, dueDateFrom=day, dueDateTo=day).json()["data"]
    assert on_day
    assert {item["dueDate"][:10] for item in on_day} == {day}
    tasks = get("/work/items", assigneeEmail=person, type="StandardTask").json()["data"]
    assert {item["type"] for item in tasks} == {"StandardTask"}


@pytest.mark.parametrize("path", ["/comments", "/attachments"])
def test_comments_and_attachments_come_newest_first_and_by_run(box: SandboxServer, get: Any, path: str) -> None:
    found = get(path, workflowId=box.company.templates[2].id).json()["data"]
    dates = [one["createdDate"] for one in found]
    assert dates
    assert dates == sorted(dates, reverse=True)
    run_id = found[0]["workflowRunId"]
    of_run = get(path, workflowRunId=run_id).json()["data"]
    assert found[0] in of_run
    assert {one["workflowRunId"] for one in of_run} == {run_id}


def test_a_name_narrows_workflows_and_pages(get: Any) -> None:
    assert [w["name"] for w in get("/workflows", name="vendor").json()["workflows"]] == ["Vendor Approval"]
    assert [p["name"] for p in get("/pages", name="TONE").json()["data"]] == ["Tone of voice"]


# Permissions, markdown, webhooks


@pytest.mark.parametrize("what", ["workflows", "pages", "folders"])
def test_permissions_name_everybody_once_and_levels_agree_with_flags(box: SandboxServer, get: Any, what: str) -> None:
    of = {"workflows": box.company.templates[0].id, "pages": box.company.library.pages[0]["id"]}
    thing = of.get(what, box.company.library.folders[0]["id"])
    entries = get(f"/{what}/{thing}/permissions").json()["data"]
    people = [entry["email"] if "email" in entry else entry["user"]["email"] for entry in entries]
    assert len(set(people)) == len(people) > 3
    assert all(all(e["permissions"].values()) == (e["accessLevel"] == "Edit") for e in entries)
    assert get(f"/{what}/nothing/permissions").status_code == 404


def test_a_page_and_its_revisions_can_be_read_as_markdown(box: SandboxServer, get: Any) -> None:
    page = next(p for p in box.company.library.pages if p["name"] == "Büroregeln Berlin")
    revision = get(f"/pages/{page['id']}/revisions").json()["data"][0]
    assert get(f"/pages/{page['id']}/revisions/{revision['id']}").json() == {"data": revision}
    for path in ("markdown", f"revisions/{revision['id']}/markdown"):
        answer = get(f"/pages/{page['id']}/{path}")
        assert answer.headers["Content-Type"] == "text/markdown; charset=utf-8"
        assert answer.text == "# Büroregeln Berlin\n"
    assert get(f"/pages/{page['id']}/revisions/nothing/markdown").status_code == 404
    assert get("/pages/nothing/markdown").status_code == 404


def test_there_are_no_webhooks(box: SandboxServer, get: Any) -> None:
    workflow, data_set = box.company.templates[0].id, box.company.library.data_sets[0]["id"]
    for path in ("", f"/workflows/{workflow}/incoming-", f"/data-sets/{data_set}/incoming-"):
        assert get(f"{path or '/'}webhooks").json() == {"data": [], "links": []}
    assert get("/workflows/nothing/incoming-webhooks").status_code == 404
    assert get("/data-sets/nothing/incoming-webhooks").status_code == 404


def test_runs_are_found_by_what_was_typed_into_a_field(box: SandboxServer, get: Any) -> None:
    run, value = next(
        (run, value)
        for run in box.company.runs
        if run.status == "Active"
        for value in get(f"/workflow-runs/{run.id}/form-fields").json()["fields"]
        if value["fieldType"] == "Text" and isinstance(value["data"], dict)
    )
    part = value["data"]["value"][1:].upper()
    found = get("/workflow-runs", **{f"fields[{value['id']}]": part}).json()["workflowRuns"]
    assert run.id in {one["id"] for one in found}
    assert get("/workflow-runs", **{f"fields[{value['id']}]": "no such thing"}).json()["workflowRuns"] == []
