"""Reads: what is in runs, and what is refused before any request."""

import pandas as pd
import pytest

from psauth.exceptions import ApiError, ArgumentError
from tests.answers import BASE, W1, page


def test_the_same_task_id_in_two_runs_is_two_rows(ps, requests_mock):
    for run_id in ("r1", "r2"):
        tasks = [{"id": i, "workflowRunId": run_id, "name": i} for i in ("t1", "t2", "t1")]
        requests_mock.get(f"{BASE}/workflow-runs/{run_id}/tasks", **page("tasks", *tasks))
    result = ps.tasks(runs=["r1", "r2", "r1"])
    assert result[["run_id", "task_id"]].values.tolist() == [["r1", "t1"], ["r1", "t2"], ["r2", "t1"], ["r2", "t2"]]
    assert requests_mock.call_count == 2


def test_the_tasks_of_a_workflow_are_those_of_all_its_runs(ps, company, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/r1/tasks", **page("tasks", {"id": "t1", "workflowRunId": "r1"}))
    assert ps.tasks(workflow="Onboarding")["task_id"].tolist() == ["t1"]


@pytest.mark.parametrize("unsaid", [{}, {"workflowRunId": None}])
def test_values_belong_to_the_run_whose_list_they_are_in_even_where_they_do_not_say_so(ps, requests_mock, unsaid):
    for run_id in ("r1", "r2"):
        value = {"id": "f1", "label": "City", "fieldType": "Text", "data": {"value": run_id}, **unsaid}
        requests_mock.get(f"{BASE}/workflow-runs/{run_id}/form-fields", **page("fields", value))
    assert ps.form_values(runs=["r1", "r2"], wide=True).values.tolist() == [["r1", "r1"], ["r2", "r2"]]


PATHS = ("a/../b", "../..", "a?x", "Onboarding Ana")


@pytest.mark.parametrize("run_id", PATHS)
def test_a_run_id_cannot_leave_its_place_in_the_path(ps, requests_mock, run_id):
    with pytest.raises(ArgumentError, match="is not the id of a run"):
        ps.tasks(runs=[run_id])
    assert not requests_mock.called


@pytest.mark.parametrize("run_id", PATHS)
def test_a_text_that_is_no_id_is_only_ever_a_name_to_search_for(ps, requests_mock, run_id):
    requests_mock.get(f"{BASE}/workflows", **page("workflows", {"id": W1, "name": "Invoice Approval"}))
    with pytest.raises(ArgumentError, match="Nor is it the id of a run"):
        ps.tasks(runs=run_id)
    assert {r.path for r in requests_mock.request_history} == {"/v1/workflows"}


@pytest.mark.parametrize("given", [{}, {"runs": ["r1"], "workflow": W1}])
def test_tasks_of_either_runs_or_a_workflow(ps, given):
    with pytest.raises(ValueError, match="expected runs=…, workflow=… or assignee=…, one of them"):
        ps.tasks(**given)


def test_a_run_without_an_id_is_said_where_its_children_are_asked_for(ps, company, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", {"name": "Onboarding Ana"}))
    for read in (ps.tasks, lambda **of: ps.plan("tasks", **of)):
        with pytest.raises(ApiError, match=r"list answered a record without an id \(Onboarding Ana\)"):
            read(workflow="Onboarding")


def test_a_frame_of_runs_needs_its_run_ids(ps):
    with pytest.raises(ValueError, match=r"no column 'run_id'\. Expected one, as in ps\.runs\(\)"):
        ps.tasks(runs=pd.DataFrame({"id": ["r1"]}))


def test_users_are_a_frame(ps, requests_mock):
    ada = {"id": "p1", "username": "Ada", "email": "ada@example.com"}
    requests_mock.get(f"{BASE}/users", **page("users", ada))
    assert ps.users().to_dict("records") == [{"user_id": "p1", "username": "Ada", "email": "ada@example.com"}]


def test_a_record_that_does_not_name_its_run_is_of_the_run_that_was_asked(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/r1/tasks", **page("tasks", {"id": "t1", "name": "One"}))
    assert ps.tasks(runs=["r1"])["run_id"].tolist() == ["r1"]


def test_a_row_of_a_frame_stands_for_its_id(ps, company, requests_mock):
    row = ps.workflows().iloc[0]
    requests_mock.get(f"{BASE}/workflows/{row['workflow_id']}/tasks", **page("tasks"))
    assert len(ps.workflow_tasks(row)) == 0
    assert requests_mock.last_request.path.endswith(f"/{row['workflow_id'].lower()}/tasks")


@pytest.mark.parametrize("given", [5, 5.0, True])
def test_what_holds_no_ids_is_said_without_a_request(ps, requests_mock, given):
    with pytest.raises(ValueError, match=r"is not a run_id. Expected a text, several, or a frame"):
        ps.tasks(runs=given)
    assert not requests_mock.called


def test_a_person_s_name_is_no_address(ps, requests_mock):
    with pytest.raises(ValueError, match=r"'Hana' is not an e-mail address. Expected one, as in ps.users"):
        ps.tasks(assignee="Hana")
    assert not requests_mock.called
