"""Frames against what the company holds and what the raw pages say; and the three calls a README begins with."""

from dataclasses import replace
from datetime import UTC, datetime

import pandas as pd
import pytest
import requests

import psauth
from tests.flow.parts import client_of, raw


def texts(values):
    return [v if isinstance(v, str) else None for v in values]


def moments(column):
    return [None if pd.isna(v) else v.to_pydatetime() for v in column]


def read(text):
    return None if text is None else datetime.fromisoformat(text)


def test_workflows_are_the_company_s(box, ps):
    held = raw(box, "workflows", "workflows")
    assert [w["id"] for w in held] == [t.id for t in box.company.templates]
    frame = ps.workflows()
    assert len(held) >= 10
    assert frame["workflow_id"].tolist() == [w["id"] for w in held]
    assert frame["name"].tolist() == [w["name"] for w in held]
    assert texts(frame["description"]) == [w.get("description") for w in held]
    for column, name in (("created", "created"), ("updated", "updated")):
        assert moments(frame[f"{column}_date"]) == [read(w["audit"][f"{name}Date"]) for w in held]
        assert texts(frame[f"{column}_by_id"]) == [(w["audit"].get(f"{name}By") or {}).get("id") for w in held]
        assert texts(frame[f"{column}_by_email"]) == [(w["audit"].get(f"{name}By") or {}).get("email") for w in held]
    assert frame["link"].tolist() == [next(x["href"] for x in w["links"] if x["type"] == "App") for w in held]


def test_workflows_by_a_part_of_their_name(box, ps):
    name = box.company.templates[3].blueprint.name
    assert name in ps.workflows(name=name[2:8].upper())["name"].tolist()


def test_runs_are_the_company_s_each_once_newest_first(box, ps):
    held = box.company.runs
    frame = ps.runs()
    assert frame["run_id"].tolist() == [r.id for r in held]
    assert frame["run_id"].tolist() == [r["id"] for r in raw(box, "workflow-runs/list", "data")]
    assert frame["status"].tolist() == [r.status for r in held]
    assert frame["workflow_id"].tolist() == [r.template.id for r in held]
    assert texts(frame["name"]) == [r.name for r in held]
    assert [int(t.timestamp() * 1000 + 0.5) for t in frame["created_date"]] == [r.created for r in held]
    assert frame["created_date"].is_monotonic_decreasing


@pytest.mark.parametrize("status", ["Active", "Completed", ["Archived", "Active"]])
def test_runs_of_a_status(box, ps, status):
    wanted = [status] if isinstance(status, str) else status
    frame = ps.runs(status=status)
    assert set(frame["run_id"]) == {r.id for r in box.company.runs if r.status in wanted}
    assert frame["run_id"].is_unique


def test_runs_of_a_workflow_by_id_by_name_and_by_frame(box, ps):
    template = box.company.runs[0].template
    expected = [r.id for r in box.company.runs if r.template is template]
    workflows = ps.workflows()
    for which in (template.id, template.blueprint.name.upper(), workflows[workflows["workflow_id"] == template.id]):
        assert ps.runs(workflow=which)["run_id"].tolist() == expected


def test_runs_since_a_day_stop_reading_there(box, ps):
    held = box.company.runs
    middle = datetime.fromtimestamp(held[len(held) // 4].created / 1000, UTC)
    box.requests.clear()
    frame = ps.runs(since=middle)
    assert frame["run_id"].tolist() == [r.id for r in held if r.created >= middle.timestamp() * 1000]
    assert len(box.requests) == 1, "the first page was enough"


def test_tasks_are_those_of_each_run_in_order_hidden_ones_too(box, ps):
    runs = box.company.runs[:4]
    frame = ps.tasks(runs=[r.id for r in runs])
    held = [(run, task) for run in runs for task in run.tasks]
    assert frame["run_id"].tolist() == [run.id for run, _ in held]
    assert frame["task_id"].tolist() == [run.template.task_ids[task.at] for run, task in held]
    assert (frame["status"] == "Completed").tolist() == [task.completed is not None for _, task in held]
    assert frame["hidden"].fillna(False).tolist() == [task.hidden for _, task in held]
    assert not frame.duplicated(["run_id", "task_id"]).any()


def test_tasks_of_a_workflow_are_those_of_all_its_runs(box, ps):
    template = box.company.runs[0].template
    expected = [r.id for r in box.company.runs if r.template is template]
    assert ps.tasks(workflow=template.id)["run_id"].drop_duplicates().tolist() == expected


def test_users_are_the_company_s(box, ps):
    held = [p.record() for p in box.company.staff.users]
    frame = ps.users()
    assert frame["user_id"].tolist() == [p["id"] for p in held]
    assert texts(frame["username"]) == [p.get("username") for p in held]
    assert texts(frame["email"]) == [p.get("email") for p in held]


@pytest.mark.parametrize("repeats", [True, False])
@pytest.mark.parametrize("next_host", ["https://api.process.st", None], ids=["named host", "own host"])
def test_raw_pages_hold_the_same_runs(box, ps, repeats, next_host):
    box.knobs.repeats, box.knobs.next_host = repeats, next_host
    assert [r["id"] for r in ps.iterate("/workflow-runs/list")] == [r.id for r in box.company.runs]


def test_the_budget_is_told_and_requests_are_counted(box, ps):
    box.knobs.window = 3600.0  # the sandbox's own hour could end in the middle
    ps.users()
    ps.workflows()
    assert ps.budget.limit == box.knobs.budget
    assert ps.budget.remaining == box.knobs.budget - len(box.requests.matching("/v1/"))
    assert ps.requests_sent == len(box.requests.matching("/v1/"))


def test_a_notebook_s_three_calls(box, monkeypatch, tmp_path):
    for name in ("client_id", "client_secret", "issuer", "api_url"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", getattr(box.settings, name))
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", "http://127.0.0.1/")
    monkeypatch.setattr("webbrowser.open", lambda url: visit(box, url))
    connection = psauth.login()
    assert (connection.account, connection.kind) == ("default", "oauth")
    for name in ("CLIENT_ID", "CLIENT_SECRET", "ISSUER", "API_URL"):
        monkeypatch.delenv(f"PSAUTH_{name}")
    ps = psauth.connect(interactive=False)  # from here on no settings are needed
    assert len(ps.workflows()) == len(box.company.templates)
    assert ps.connection == replace(connection, return_to=None)
    assert psauth.logout().revoked
    with pytest.raises(psauth.LoginRequired):
        psauth.connect(interactive=False)


def visit(box, url):
    """What a browser does: consent, and go where that leads."""
    return requests.get(box.login(url), timeout=20).ok


def test_every_way_to_the_same_connection_reads_the_same(box, ps):
    assert client_of(box.settings).workflows().equals(ps.workflows())
