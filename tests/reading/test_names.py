"""Names: what ids stand for, filled in from what this client has read, and never asked for."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from psauth.exceptions import ArgumentError
from psauth.reading import names as naming
from psauth.reading.endpoints import FORM_VALUES, RUNS, TASKS
from psauth.reading.frames import frame
from tests.answers import BASE, W1, W2, page
from tests.dtypes import TEXT

ADA = {"id": "p1", "username": "Ada Łovelace", "email": "ada@example.com"}
RUN = {"id": "r1", "name": "Order 7", "workflowId": W1, "audit": {"createdById": "p1"}}


def missing(column):
    return column.dtype == TEXT and column.isna().all()


@pytest.fixture
def answers(requests_mock):
    """A run of a workflow, with a task and a value."""
    requests_mock.get(f"{BASE}/workflows", **page("workflows", {"id": W1, "name": "Purchase Request"}))
    requests_mock.get(f"{BASE}/users", **page("users", ADA))
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", RUN))
    requests_mock.get(f"{BASE}/workflow-runs", **page("workflowRuns", RUN))
    requests_mock.get(f"{BASE}/workflow-runs/r1/tasks", **page("tasks", {"id": "t1", "workflowRunId": "r1"}))
    value = {"id": "f1", "workflowRunId": "r1", "label": "Item", "fieldType": "Text", "data": {"value": "Desk"}}
    requests_mock.get(f"{BASE}/workflow-runs/r1/form-fields", **page("fields", value))
    return requests_mock


def test_what_nobody_has_read_is_missing_and_costs_no_request(ps, answers):
    for read, columns in (
        (lambda: ps.tasks(["r1"]), ["run_name", "workflow_name"]),
        (lambda: ps.form_values(["r1"]), ["run_name", "workflow_name"]),
        (ps.runs, ["workflow_name", "created_by_username"]),
    ):
        before = answers.call_count
        result = read()
        assert answers.call_count == before + 1
        assert all(missing(result[column]) for column in columns)


def test_the_names_that_were_read_are_filled_in(ps, answers):
    ps.workflows()
    ps.users()
    for runs in (ps.runs(), ps.search_runs("Order")):
        assert runs[["workflow_name", "created_by_username"]].values.tolist() == [["Purchase Request", "Ada Łovelace"]]
    before = answers.call_count
    for result in (ps.tasks(["r1"]), ps.form_values(["r1"])):
        assert result[["run_name", "workflow_name"]].values.tolist() == [["Order 7", "Purchase Request"]]
    assert answers.call_count == before + 2


def test_a_workflow_named_in_a_call_is_known_from_then_on(ps, answers):
    assert ps.runs("purchase request")["workflow_name"].tolist() == ["Purchase Request"]
    assert ps.tasks(workflow="Purchase Request")["run_name"].tolist() == ["Order 7"]


def test_the_names_in_a_frame_of_runs_are_used_where_another_client_read_it(ps, answers):
    runs = pd.DataFrame(
        {"run_id": ["r1"], "name": ["Order 7"], "workflow_name": ["Purchase Request"], "workflow_id": [W1]}
    )
    for result in (ps.tasks(runs), ps.form_values(runs)):
        assert result[["run_name", "workflow_name"]].values.tolist() == [["Order 7", "Purchase Request"]]


def test_a_frame_that_has_a_column_twice_teaches_no_names(ps, answers):
    runs = pd.DataFrame([["r1", "x", "y"]], columns=["run_id", "name", "name"])
    assert missing(ps.tasks(runs)["run_name"])


def test_the_name_of_a_task_is_not_taken_for_the_name_of_its_run(ps, answers):
    tasks = pd.DataFrame({"task_id": ["t1"], "name": ["Describe"], "run_id": ["r1"]})
    assert missing(ps.tasks(tasks)["run_name"])


def test_names_stand_before_the_ids_they_belong_to():
    for endpoint, name, key in (
        (RUNS, "workflow_name", "workflow_id"),
        (RUNS, "created_by_username", "created_by_id"),
        (TASKS, "run_name", "run_id"),
        (FORM_VALUES, "run_name", "run_id"),
    ):
        columns = [c.name for c in endpoint.columns]
        assert columns.index(name) < columns.index(key)


def test_the_columns_are_those_of_an_empty_frame(ps, answers):
    ps.workflows()
    ps.runs()
    assert_frame_equal(ps.tasks(["r1"]).iloc[:0], frame([], TASKS))
    assert_frame_equal(ps.runs().iloc[:0], frame([], RUNS))


def test_frames_merge_without_suffixes(ps, answers):
    ps.workflows()
    merged = ps.tasks(ps.runs()).merge(
        ps.runs()[["run_id", "due_date", "created_date"]], on="run_id", suffixes=("", "_run")
    )
    assert not [c for c in merged.columns if c.endswith(("_x", "_y"))]


@pytest.mark.parametrize("odd", [None, 7, "", ["x"], {"a": 1}])
def test_odd_names_are_not_kept(ps, requests_mock, odd):
    requests_mock.get(f"{BASE}/workflows", **page("workflows", {"id": W1, "name": odd}, {"id": odd, "name": "x"}))
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", {"id": "r1", "workflowId": W1}))
    ps.workflows()
    assert missing(ps.runs()["workflow_name"])


def test_no_more_than_so_many_names_are_kept(monkeypatch):
    monkeypatch.setattr(naming, "MOST", 3)
    names = naming.Names()
    names.learn("runs", [{"id": f"r{n}", "name": str(n)} for n in range(9)])
    result = names.fill(frame([{"id": "t", "workflowRunId": f"r{n}"} for n in range(9)], TASKS))
    assert result["run_name"].dropna().tolist() == ["6", "7", "8"]


# A workflow's name where runs are wanted ------------------------------------------------------------------------------


@pytest.mark.parametrize("typed", ["Purchase Request", "purchase request", " Purchase  Request "])
def test_a_workflow_s_name_stands_for_all_its_runs(ps, answers, typed):
    for read in (ps.tasks, ps.form_values):
        assert read(typed)["run_id"].tolist() == ["r1"]

    assert ps.plan("tasks", runs=typed).run_ids == ("r1",)


def test_a_name_of_one_word_is_tried_before_it_is_taken_for_an_id(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflows?name=Onboarding", **page("workflows", {"id": W2, "name": "Onboarding"}))
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", {"id": "r1"}))
    requests_mock.get(f"{BASE}/workflow-runs/r1/tasks", **page("tasks", {"id": "t1"}))
    assert ps.tasks("Onboarding")["run_id"].tolist() == ["r1"]
    requests_mock.get(f"{BASE}/workflows?name=r1", **page("workflows"))
    assert ps.tasks("r1")["run_id"].tolist() == ["r1"], "an id of another shape"


def test_a_name_that_two_workflows_share_is_an_error(ps, requests_mock):
    alike = [{"id": w, "name": "Purchase Request"} for w in (W1, W2)]
    requests_mock.get(f"{BASE}/workflows", **page("workflows", *alike))
    with pytest.raises(ArgumentError, match=rf"2 workflows are called 'Purchase Request': .*{W1}.*{W2}.*Give the id"):
        ps.tasks("Purchase Request")


@pytest.mark.parametrize("name", ["Purchase Reqest", "Purchase", "PurchaseRequest"])
def test_a_name_that_no_workflow_has_says_both(ps, answers, name):
    with pytest.raises(
        ArgumentError, match=rf"No workflow is called '{name}'\. Did you mean: Purchase Request .*Nor is it the id"
    ):
        ps.form_values(name)


def test_a_frame_of_workflows_where_runs_are_wanted_says_its_place(ps, requests_mock):
    with pytest.raises(ArgumentError, match=r"no column 'run_id'.* workflow=frame"):
        ps.tasks(pd.DataFrame({"workflow_id": [W1]}))
    with pytest.raises(ArgumentError, match=r"'Order 7' is not the id of a run.* workflow=…"):
        ps.tasks(["Order 7"])
    assert not requests_mock.called


def test_a_form_field_called_name_does_not_name_the_run(ps, answers):
    ps.runs()
    value = {"id": "f1", "workflowRunId": "r1", "label": "name", "fieldType": "Text", "data": {"value": "Desk"}}
    answers.get(f"{BASE}/workflow-runs/r1/form-fields", **page("fields", value))
    wide = ps.form_values(["r1"], wide=True)
    assert wide["name"].tolist() == ["Desk"]
    assert ps.tasks(wide)["run_name"].tolist() == ["Order 7"]
