"""What the view of tasks shows: of a run, of a workflow, of a person."""

from __future__ import annotations

import re

import pandas as pd
import pytest

import psauth
from tests.dashboard.conftest import asked, labels, press, settled, texts
from tests.dashboard.views.conftest import Visit


def test_the_tasks_of_a_run_cost_one_request_and_one_for_its_name(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet
) -> None:
    run = ps.runs(progress=False).iloc[0]
    truth = ps.tasks(runs=[run["run_id"]], progress=False)
    visit("workflows")
    before = asked(box)
    page = visit("tasks", run=run["run_id"])
    assert asked(box) == before + 2
    assert page.dataframe[0].value["name"].tolist() == truth["name"].tolist()
    assert set(page.dataframe[0].value["run_name"]) == {run["name"]}
    assert f"{len(truth)} tasks · read just now · 1 request" in texts(page)


def test_the_name_of_a_run_costs_nothing_when_it_was_listed(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("runs")
    run = page.dataframe[0].value["run_id"].iloc[0]
    before = asked(box)
    page.query_params["run"] = run
    settled(page.switch_page("views/tasks.py").run())
    assert page.dataframe
    assert asked(box) == before + 1


def test_a_run_that_is_not_there_is_a_calm_page(visit: Visit) -> None:
    page = visit("tasks", run="A" * 22)
    assert [h.value for h in page.header] == ["This is not there, or not any more"]
    assert not page.dataframe


@pytest.mark.parametrize("view", ["tasks", "form_values"])
def test_without_a_choice_there_is_what_to_choose_and_nothing_is_spent(
    visit: Visit, box: psauth.Sandbox, view: str
) -> None:
    visit("workflows")
    before = asked(box)
    page = visit(view)
    assert "Choose a workflow to see the" in texts(page)
    assert asked(box) == before


def test_a_run_that_could_not_be_read_is_named_and_the_others_are_there(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str
) -> None:
    runs = ps.runs(workflow=busiest, progress=False)
    broken = runs["run_id"].iloc[3]
    box.knobs.fault(f"/v1/workflow-runs/{broken}/tasks", status=403)
    page = visit("tasks", workflow=busiest)
    assert page.dataframe[0].value["run_id"].nunique() == len(runs) - 1
    assert any("1 part of the tasks could not be read" in w.value for w in page.warning)
    assert any(broken in c.value for c in page.code)
    press(page, "Read on")
    assert page.dataframe[0].value["run_id"].nunique() == len(runs)


def test_the_tasks_of_a_person_are_one_list_over_all_workflows(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet
) -> None:
    tasks = {email: ps.tasks(assignee=email, progress=False) for email in ps.users(progress=False)["email"][:20]}
    email, truth = max(tasks.items(), key=lambda pair: len(pair[1]))
    visit("people")
    visit("workflows")
    before = asked(box)
    page = visit("tasks", assignee=email)
    assert asked(box) == before + max(1, -(-len(truth) // 20))
    assert (
        page.dataframe[0].value[["task_id", "run_id"]].values.tolist() == truth[["task_id", "run_id"]].values.tolist()
    )
    assert re.search(rf"{len(truth)} tasks of \w+ \w+", texts(page))  # by name, where it is known
    assert "How many runs" not in [s.label for s in page.selectbox]
    runs = truth["run_id"].nunique()
    page = press(page, f"Name {runs} runs ({runs} requests)" if runs > 1 else "Name 1 run (1 request)")
    names = ps.runs(progress=False).set_index("run_id")["name"]
    assert page.dataframe[0].value["run_name"].tolist() == truth["run_id"].map(names).tolist()


def test_the_names_of_runs_that_were_listed_cost_nothing(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet
) -> None:
    visit("runs")
    emails = ps.users(progress=False)["email"]
    email = next(email for email in emails if len(ps.tasks(assignee=email, progress=False)))
    page = visit("tasks", assignee=email)
    assert not [label for label in labels(page) if label.startswith("Name")]
    names = ps.runs(progress=False).set_index("run_id")["name"]
    shown = page.dataframe[0].value
    assert shown["run_name"].tolist() == shown["run_id"].map(names).tolist()


def test_overdue_tasks_are_open_visible_and_late(visit: Visit, ps: psauth.ProcessStreet, busiest: str) -> None:
    truth = ps.tasks(workflow=busiest, progress=False)
    late = truth["due_date"] < pd.Timestamp.now("UTC")
    late &= (truth["status"] == "NotCompleted") & ~truth["hidden"].astype("bool")
    page = visit("tasks", workflow=busiest)
    assert page.dataframe[0].value["psauth:overdue"].map(len).sum() == late.sum()
    if late.any():
        assert f", {late.sum()} overdue" in texts(page)
        page = visit("tasks", workflow=busiest, due="overdue")
        assert page.dataframe[0].value["task_id"].tolist() == truth.loc[late, "task_id"].tolist()


def test_tasks_of_all_workflows_are_those_of_the_newest_runs(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("tasks", workflow="all")
    truth = ps.tasks(runs=ps.runs(progress=False), progress=False)
    assert len(page.dataframe[0].value) == len(truth)
    assert page.dataframe[0].value["workflow_name"].nunique() > 1


def test_what_is_usual_of_a_task_is_not_said(visit: Visit, busiest: str) -> None:
    table = visit("tasks", workflow=busiest).dataframe[0].value
    assert set(table["psauth:kind"]) <= {"", "Hidden", "Approval", "Approval Hidden", "AI", "Code"}
    assert table["link"].notna().all()  # the run's, where the task has none


def test_somebody_without_tasks_is_told_so(visit: Visit) -> None:
    page = visit("tasks", assignee="nobody@example.com")
    assert "There are no tasks here." in texts(page)


def test_a_person_leads_on_to_their_tasks(visit: Visit) -> None:
    page = visit("people")
    assert "Select a person to see their tasks." in texts(page)
