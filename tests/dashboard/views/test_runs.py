"""What the view of runs shows, and how far back."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import psauth
from psauth.dashboard.parts import choices
from tests.dashboard.conftest import asked, press, settled, texts
from tests.dashboard.views.conftest import Visit


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


def test_runs_since_a_day_end_the_walk_there(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs", since="30")
    start = pd.Timestamp.now("UTC").normalize() - pd.Timedelta(days=30)
    truth = ps.runs(since=start.to_pydatetime(), progress=False)
    assert page.dataframe[0].value["run_id"].tolist() == truth["run_id"].tolist()


def test_a_table_that_is_cut_says_so_and_asks_for_no_page_more(
    visit: Visit, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = replace(choices.NEWEST, options={"20": "Newest 20", "all": "All"})
    monkeypatch.setattr(choices, "NEWEST", few)
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
