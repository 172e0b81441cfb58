"""What the pages of runs, tasks, form values, data sets and people show, what they cost, and what they say meanwhile."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.parts import choices, waiting
from psauth.vault.vault import Vault
from tests.dashboard.conftest import settled, texts

Visit = Callable[..., AppTest]


@pytest.fixture
def visit(run: Visit, connected: Vault) -> Visit:
    """Open a page of the app, with what stands in its address; somebody is connected."""
    return run


@pytest.fixture
def ps(box: psauth.Sandbox) -> psauth.ProcessStreet:
    """The truth, read without the app."""
    return psauth.connect(settings=box.settings)


@pytest.fixture
def busiest(ps: psauth.ProcessStreet) -> str:
    """The workflow with the most runs."""
    return str(ps.runs(progress=False)["workflow_id"].mode()[0])


def press(page: AppTest, label: str) -> AppTest:
    return settled(next(b for b in page.button if b.label == label).click().run())


def labels(page: AppTest) -> list[str]:
    return [b.label for b in page.button]


def asked(box: psauth.Sandbox) -> int:
    return len(box.requests.matching(path="/v1"))


def test_runs_stand_newest_first_with_workflow_status_and_who_began_them(
    visit: Visit, ps: psauth.ProcessStreet
) -> None:
    page = visit("runs")
    assert [t.value for t in page.title] == ["Runs"]
    table = page.dataframe[0].value
    truth = ps.runs(progress=False)
    assert table["run_id"].tolist() == truth["run_id"].tolist()
    names = ps.workflows(progress=False).set_index("workflow_id")["name"]
    assert table["workflow_name"].tolist() == truth["workflow_id"].map(names).tolist()
    people = ps.users(progress=False).set_index("user_id")
    assert table["created_by_username"].tolist() == truth["created_by_id"].map(people["username"]).tolist()
    assert table["created_by_email"].tolist() == truth["created_by_id"].map(people["email"]).tolist()
    assert f"{len(truth)} runs · read just now · 3 requests" in texts(page)


def test_the_address_chooses_the_runs(visit: Visit, ps: psauth.ProcessStreet, busiest: str) -> None:
    page = visit("runs", workflow=busiest, status="Completed")
    truth = ps.runs(workflow=busiest, status="Completed", progress=False)
    assert page.dataframe[0].value["run_id"].tolist() == truth["run_id"].tolist()


def test_a_choice_comes_into_the_address_and_the_usual_one_leaves_it(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs")
    status = next(s for s in page.selectbox if s.label == "Status")
    settled(status.select("Active").run())
    assert page.query_params["status"] == "Active"
    assert len(page.dataframe[0].value) == len(ps.runs(status="Active", progress=False))
    settled(next(s for s in page.selectbox if s.label == "Status").select("").run())
    assert "status" not in page.query_params


def test_what_the_address_says_wrongly_is_as_if_it_said_nothing(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs", workflow="no-such-workflow", status="Broken", since="-1", newest="many")
    assert len(page.dataframe[0].value) == len(ps.runs(progress=False))


def test_runs_since_a_day_end_the_walk_there(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs", since="30")
    start = pd.Timestamp.now("UTC").normalize() - pd.Timedelta(days=30)
    truth = ps.runs(since=start.to_pydatetime(), progress=False)
    assert page.dataframe[0].value["run_id"].tolist() == truth["run_id"].tolist()


def test_a_table_that_is_cut_says_so_and_asks_for_no_page_more(
    visit: Visit, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(choices, "NEWEST", {"20": "Newest 20", "all": "All"})
    page = visit("runs")
    assert len(page.dataframe[0].value) == 20
    assert "The newest 20 runs · read just now · 1 request" in texts(page)
    assert "Older runs are not in this table" in texts(page)


def test_all_runs_are_read_only_after_start(visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet) -> None:
    page = visit("runs", newest="all")
    before = asked(box)
    assert "Reading all of the runs may take many requests" in texts(page)
    assert not page.dataframe
    settled(page.run())
    assert asked(box) == before  # looking at the question costs nothing
    press(page, "Start")
    assert len(page.dataframe[0].value) == len(ps.runs(progress=False))


def test_what_turned_out_cheap_is_read_again_without_asking(visit: Visit, box: psauth.Sandbox) -> None:
    page = press(visit("runs", newest="all"), "Start")
    before = asked(box)
    press(page, "Reload")
    assert "Start" not in labels(page)
    assert page.dataframe
    assert asked(box) > before


def test_a_list_that_was_stopped_says_how_to_go_on_and_asks_before_it_is_read_again(
    visit: Visit, box: psauth.Sandbox
) -> None:
    page = visit("runs", newest="all")
    box.knobs.latency = 1.0
    try:
        next(b for b in page.button if b.label == "Start").click().run()
        [job] = [j for j in jobs.of() if j.what[0] == "runs"]
        while job.done == 0:
            assert not job.wait(0.01)
        job.stop()
        settled(page.run())
    finally:
        box.knobs.latency = 0.0
    assert any("This table is incomplete." in w.value for w in page.warning)
    assert "A list cannot be gone on with: Reload reads it again" in texts(page)
    assert "Read on" not in labels(page)
    before = asked(box)
    press(page, "Reload")
    assert {"Read again", "Keep these"} <= set(labels(page))
    assert asked(box) == before


def test_runs_are_there_even_where_nobody_may_see_the_people(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet
) -> None:
    box.knobs.fault("/v1/users", status=403)
    page = visit("runs")
    truth = ps.runs(progress=False)
    assert page.dataframe[0].value["created_by_username"].tolist() == truth["created_by_id"].tolist()
    before = len(box.requests.matching(path="/v1/users"))
    settled(page.run())
    assert len(box.requests.matching(path="/v1/users")) == before  # not asked again at every run of the page


def test_no_such_runs_says_what_to_do(visit: Visit, busiest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choices, "since", lambda: "2999-01-01")
    assert "There are no such runs. Choose another workflow" in texts(visit("runs", workflow=busiest))


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
    page = visit(view, run="not-an-id")
    assert "Choose a workflow to see the" in texts(page)
    assert asked(box) == before


def test_dear_reads_say_their_cost_and_wait_for_start(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ASKED_FROM", 3)
    runs = ps.runs(workflow=busiest, progress=False)
    page = visit("tasks", workflow=busiest)
    assert f"Reading the tasks of {len(runs)} runs takes about {len(runs)} requests" in texts(page)
    assert "of 2,500 requests are left this hour" in texts(page)
    before = asked(box)
    press(page, "Start")
    truth = ps.tasks(runs=runs, progress=False)
    assert asked(box) == before + 2 * len(runs)  # the app's, then those of the truth
    assert page.dataframe[0].value["task_id"].tolist() == truth["task_id"].tolist()
    assert f"{len(truth)} tasks of {len(runs)} runs · read just now · {len(runs)} requests" in texts(page)


def test_cheap_reads_just_happen(visit: Visit, busiest: str) -> None:
    page = visit("tasks", workflow=busiest)
    assert "Start" not in labels(page)
    assert page.dataframe


def test_a_reload_of_a_dear_read_asks_again(
    visit: Visit, box: psauth.Sandbox, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ASKED_FROM", 3)
    page = press(visit("tasks", workflow=busiest), "Start")
    before = asked(box)
    press(page, "Reload")
    assert {"Read again", "Keep these"} <= set(labels(page))
    assert asked(box) == before


def test_a_cheap_reload_reads_anew_at_once(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("people")
    before = asked(box)
    press(page, "Reload")
    assert asked(box) == before + 3


def test_a_stopped_read_keeps_what_came_says_so_and_can_be_gone_on_with(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "ASKED_FROM", 3)
    monkeypatch.setattr("psauth.reading.fetch.WORKERS", 1)
    runs = ps.runs(workflow=busiest, progress=False)
    page = visit("tasks", workflow=busiest)
    box.knobs.latency = 1.0
    try:
        next(b for b in page.button if b.label == "Start").click().run()
        assert page.get("skeleton")
        [job] = [j for j in jobs.of() if j.what[0] == "tasks"]
        while job.done == 0:
            assert not job.wait(0.01)
        page.run()
        assert re.search(rf"Reading tasks: \d of {len(runs)} runs", texts(page))  # in the sidebar, on any page
        job.stop()
        settled(page.run())
    finally:
        box.knobs.latency = 0.0
    assert 0 < page.dataframe[0].value["run_id"].nunique() < len(runs)
    assert any("This table is incomplete. Stopped after" in w.value for w in page.warning)
    whole = len(set(job.result().frame["run_id"]) - set(job.result().missing))
    assert f"{len(page.dataframe[0].value)} tasks, {whole} of {len(runs)} runs complete" in texts(page)
    press(page, "Read on")
    truth = ps.tasks(runs=runs, progress=False)
    assert page.dataframe[0].value["task_id"].tolist() == truth["task_id"].tolist()
    assert not page.warning


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


def test_a_read_of_which_nothing_came_says_why(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str
) -> None:
    for run in ps.runs(workflow=busiest, progress=False)["run_id"]:
        box.knobs.fault(f"/v1/workflow-runs/{run}/form-fields", status=403)
    page = visit("form_values", workflow=busiest)
    assert "Nothing of the form values has come." in texts(page)
    press(page, "Try again")
    assert page.dataframe


def test_the_form_values_of_a_workflow_stand_a_row_a_run_in_the_templates_order(
    visit: Visit, ps: psauth.ProcessStreet, busiest: str
) -> None:
    page = visit("form_values", workflow=busiest)
    table = page.dataframe[0].value
    truth = ps.form_values(workflow=busiest, wide=True, progress=False)
    assert set(table["run_id"]) == set(truth["run_id"])
    assert [c for c in table.columns if c != "run_name"] == truth.columns.tolist()


def test_the_layout_changes_without_a_request(visit: Visit, box: psauth.Sandbox, busiest: str) -> None:
    page = visit("form_values", workflow=busiest)
    before = asked(box)
    settled(next(s for s in page.selectbox if s.label == "Layout").select("value").run())
    assert {"label", "value", "number", "date", "items"} <= set(page.dataframe[0].value.columns)
    assert asked(box) == before
    assert page.query_params["layout"] == "value"


def test_the_form_of_one_run_stands_a_row_a_value(visit: Visit, ps: psauth.ProcessStreet) -> None:
    run = ps.runs(progress=False)["run_id"].iloc[0]
    page = visit("form_values", run=run)
    truth = ps.form_values(runs=[run], progress=False)
    assert page.dataframe[0].value["value"].fillna("").tolist() == truth["value"].fillna("").tolist()


def test_data_sets_say_which_fields_they_have(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("data_sets")
    table = page.dataframe[0].value
    assert table["data_set_id"].tolist() == ps.data_sets(progress=False)["data_set_id"].tolist()
    assert all(table["holds"].str.len() > 0)


def test_the_records_of_a_data_set_stand_a_column_a_field(visit: Visit, ps: psauth.ProcessStreet) -> None:
    data_set = ps.data_sets(progress=False).iloc[0]
    page = visit("records", data_set=data_set["data_set_id"])
    truth = ps.records(data_set["data_set_id"], progress=False)
    assert [t.value for t in page.title] == [data_set["name"]]
    assert page.dataframe[0].value.columns.tolist() == truth.columns.tolist()
    assert len(page.dataframe[0].value) == len(truth)


def test_records_without_a_data_set_lead_back_to_the_choice(visit: Visit) -> None:
    assert "Choose one of the data sets" in texts(visit("records"))


def test_people_are_told_from_groups_and_robots(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("people")
    table = page.dataframe[0].value
    kinds = dict(zip(table["email"], table["kind"], strict=True))
    robots = {email for email, kind in kinds.items() if list(kind) == ["Robot"]}
    assert robots == {person.email for person in box.company.staff.robots}
    assert "2 robots" in texts(page)


def test_a_search_finds_in_any_column_and_says_how_many(visit: Visit) -> None:
    page = visit("people")
    settled(page.text_input[0].input("robot").run())
    assert len(page.dataframe[0].value) == 2
    assert "2 of 40 rows match; the files hold these." in texts(page)
    settled(page.text_input[0].input("nobody of this name").run())
    assert "Nobody matches. Clear the search" in texts(page)


def test_the_search_stands_in_the_address_and_a_cleared_one_leaves_it(visit: Visit) -> None:
    page = visit("people", search="robot")
    assert page.text_input[0].value == "robot"
    assert set(page.dataframe[0].value["kind"].str[0]) == {"Robot"}
    settled(page.text_input[0].input("group").run())
    assert page.query_params["search"] == "group"
    assert set(page.dataframe[0].value["kind"].str[0]) == {"Group"}
    settled(page.text_input[0].input("").run())
    assert "search" not in page.query_params


def test_a_second_look_at_any_page_costs_nothing(visit: Visit, box: psauth.Sandbox, busiest: str) -> None:
    pages = {
        "runs": {},
        "people": {},
        "data_sets": {},
        "tasks": {"workflow": busiest},
        "form_values": {"workflow": busiest},
    }
    for view, query in pages.items():
        visit(view, **query)
    before = asked(box)
    for view, query in pages.items():
        assert visit(view, **query).dataframe
    assert asked(box) == before


def test_another_connection_reads_for_itself(visit: Visit, box: psauth.Sandbox, connected: Vault) -> None:
    visit("people")
    before = len(box.requests.matching(path="/v1/users"))
    stored = connected.read()
    connected.connect("default", stored.connection.service, token=stored.token)
    visit("people")
    assert len(box.requests.matching(path="/v1/users")) == before + 3


def test_a_failure_is_a_calm_page_and_the_next_run_tries_again(visit: Visit, box: psauth.Sandbox) -> None:
    box.knobs.fault("/v1/users", status=403)
    page = visit("people")
    assert [h.value for h in page.header] == ["You may not see this"]
    assert not page.dataframe
    press(page, "Try again")
    assert page.dataframe


def test_an_unforeseen_fault_is_not_kept_as_if_it_were_a_result(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(psauth.ProcessStreet, "users", lambda *_, **__: 1 // 0)
        with pytest.raises(AssertionError):
            visit("people")
    assert visit("people").dataframe
