"""Everything the API would say: the same as asking for it page by page, for each person, whatever has happened."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

import psauth
from psauth.sandbox import Knobs, SandboxServer
from tests.flow.parts import query_of
from tests.sandbox.conftest import NOW, App, next_of
from tests.sandbox.living import HandClock

OF_RUN = {"tasks": "tasks", "form_values": "form-fields", "approvals": "approvals", "assignments": "assignees"}
OF_WORKFLOW = {"workflow_tasks": "tasks", "form_fields": "form-fields", "revisions": "revisions"}
OF_ALL = {
    "workflows": "/workflows",
    "users": "/users",
    "folders": "/folders",
    "pages": "/pages",
    "data_sets": "/data-sets",
    "schedules": "/scheduled-workflows",
    "attachments": "/attachments",
    "runs": "/workflow-runs/list",
}

Ask = Callable[..., list[dict[str, Any]]]


@pytest.fixture(scope="module")
def box() -> Iterator[SandboxServer]:
    clock = HandClock()
    knobs = Knobs(budget=10**6, search_limit=None, repeats=False)
    with SandboxServer(runs=30, now=NOW, clock=clock, knobs=knobs) as server:
        server.company.live(400, seed=11)
        server.company.hide_run(server.company.runs[0].id, server.company.staff.signers[1].email)
        yield server


@pytest.fixture(params=[0, 1], ids=["api key", "another person"])
def asking(request: pytest.FixtureRequest, box: SandboxServer) -> tuple[str, Ask]:
    """A person's e-mail, and a walk to the end of a list as them."""
    person = box.company.staff.signers[request.param]
    if request.param == 0:
        headers = {"X-API-Key": box.api_key}
    else:
        app = App(box)
        code = query_of(box.approve(app.url(), person=person.email))["code"]
        headers = {"Authorization": f"Bearer {app.exchange(code).json()['access_token']}"}

    def ask(path: str, **query: str) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = []
        while True:
            answer = requests.get(f"{box.api_url}{path}", params=query, headers=headers, timeout=10)
            assert answer.status_code == 200, (path, answer.text)
            body = answer.json()
            page = next(value for key, value in body.items() if key != "links")
            records += page
            link = next_of(body)
            if not page or link is None:
                return records
            query = query_of(link)

    return person.email, ask


def test_it_is_what_the_api_says_page_by_page(box: SandboxServer, asking: tuple[str, Ask]) -> None:
    person, ask = asking
    said = box.truth(person)
    for noun, path in OF_ALL.items():
        assert said[noun] == ask(path), noun
    assert said["deleted"] == ask("/workflow-runs", status="Deleted")
    assert said["deleted"]
    comments = [c for w in said["workflows"] for c in ask("/comments", workflowId=w["id"])]
    assert sorted(said["comments"], key=lambda c: c["id"]) == sorted(comments, key=lambda c: c["id"])
    for noun, word in OF_RUN.items():
        asked = {run["id"]: ask(f"/workflow-runs/{run['id']}/{word}") for run in said["runs"]}
        assert said[noun] == asked, noun
    for noun, word in OF_WORKFLOW.items():
        assert said[noun] == {w["id"]: ask(f"/workflows/{w['id']}/{word}") for w in said["workflows"]}, noun
    assert said["records"] == {s["id"]: ask(f"/data-sets/{s['id']}/records") for s in said["data_sets"]}
    for user in said["users"]:
        assert said["assigned_tasks"][user["email"]] == ask("/tasks", assigneeEmail=user["email"])
    for workflow, fields in said["form_fields"].items():
        for field in fields[:2]:
            path = f"/workflows/{workflow}/form-fields/{field['id']}/options"
            assert said["field_options"][field["id"]] == ask(path)


def test_rules_are_those_of_the_newest_revision(box: SandboxServer, asking: tuple[str, Ask]) -> None:
    person, ask = asking
    said = box.truth(person)
    for workflow in [w["id"] for w in said["workflows"]][:4]:
        newest = next(r["id"] for r in said["revisions"][workflow] if r["status"] == "Finished")
        path = f"/workflows/{workflow}/revisions/{newest}"
        assert said["logic_rules"][workflow] == ask(f"{path}/logic-rules")
        headers = {"X-API-Key": box.api_key}
        for task, due in said["due_date_rules"][workflow].items():
            where = f"{path}/tasks/{task}" if task else path
            assert due == requests.get(f"{box.api_url}{where}/due-date-rule", headers=headers, timeout=10).json()
        for task, rules in said["assignment_rules"][workflow].items():
            assert rules == ask(f"{path}/tasks/{task}/assignment-rules")


def test_people_are_told_different_things(box: SandboxServer) -> None:
    me, other = (person.email for person in box.company.staff.signers[:2])
    assert box.truth() == box.truth(me)
    runs = {email: {run["id"] for run in box.truth(email)["runs"]} for email in (me, other)}
    assert runs[me] != runs[other]


def test_nobody_else_can_ask(box: SandboxServer) -> None:
    with pytest.raises(LookupError, match=r"no person 'x@example.com'"):
        box.truth("x@example.com")


def test_a_sandbox_of_psauth_tells_it_too_and_lives() -> None:
    life = psauth.sandbox.Life(events_per_minute=6_000, seed=3)
    with psauth.Sandbox(runs=12, life=life) as box, psauth.connect(settings=box.settings) as ps:
        assert box.knobs.life is life
        runs = ps.runs(progress=False)
        box.knobs.life = None
        assert set(box.truth()["runs"][0]) >= {"id", "audit", "status"}
        assert len(runs) >= 12
        before = box.truth()
        assert len(box.company.live(steps=50, seed=3)) == 50
        assert box.truth() != before
        assert set(ps.runs(progress=False)["run_id"]) == {run["id"] for run in box.truth()["runs"]}
