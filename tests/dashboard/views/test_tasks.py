"""What the view of tasks shows: of a run, of a workflow, of a person."""

from __future__ import annotations

import pytest

import psauth
from tests.dashboard.conftest import asked, press, settled, texts
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
