"""What stands in the address of a view, and what is said when it means nothing."""

from __future__ import annotations

import pytest

import psauth
from psauth.dashboard import state
from psauth.dashboard.parts.menu import MENU
from tests.dashboard.conftest import asked, labels, press, settled, texts
from tests.dashboard.views.conftest import Visit


def test_a_choice_changes_the_table_and_back(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs")
    settled(next(s for s in page.selectbox if s.label == "Status").select("Active").run())
    assert len(page.dataframe[0].value) == len(ps.runs(status="Active", progress=False))
    settled(next(s for s in page.selectbox if s.label == "Status").select("").run())
    assert len(page.dataframe[0].value) == len(ps.runs(progress=False))


def test_a_workflow_is_chosen_by_its_id_or_its_name_and_stands_there_by_its_name(
    visit: Visit, ps: psauth.ProcessStreet, busiest: str
) -> None:
    name = ps.workflows(progress=False).set_index("workflow_id")["name"][busiest]
    truth = ps.runs(workflow=busiest, progress=False)["run_id"].tolist()
    for words in (busiest, name, f" {name.upper()} "):
        page = visit("runs", workflow=words)
        assert page.dataframe[0].value["run_id"].tolist() == truth
        assert next(s for s in page.selectbox if s.label == "Workflow").value == busiest
        assert page.query_params["workflow"] == name


@pytest.mark.parametrize(
    ("view", "query"),
    [
        ("runs", {"workflow": "zzzz"}),
        ("runs", {"workflow": "A" * 22}),
        ("runs", {"status": "Foo"}),
        ("runs", {"status": "NotCompleted"}),
        ("runs", {"newest": "abc"}),
        ("runs", {"since": "-1"}),
        ("runs", {"status": ["Active", "Completed"]}),
        ("runs", {"stauts": "Active"}),
        ("tasks", {"workflow": "zzzz"}),
        ("tasks", {"run": "not-an-id"}),
        ("tasks", {"run": ["A" * 22, "B" * 22]}),
        ("tasks", {"assignee": "nobody"}),
        ("tasks", {"due": "soon"}),
        ("form_values", {"layout": "diagonal"}),
        ("records", {"data_set": "zzzz"}),
        ("records", {"data_set": "A" * 22}),
        ("records", {"all": "perhaps"}),
        ("people", {"search": ["a", "b"]}),
        ("people", {"status": "Active"}),
        ("people", {"chapter": "Overdue"}),
    ],
)
def test_an_address_that_means_nothing_says_so_and_shows_nothing(
    visit: Visit, box: psauth.Sandbox, view: str, query: dict[str, str]
) -> None:
    page = visit(view, **query)
    assert "The address of this view leads to nothing" in texts(page)
    value = next(iter(query.values()))
    name = next(iter(query))
    assert name in texts(page) or str(value) in texts(page)
    assert not page.dataframe
    assert labels(page) == ["Show everything"]


def test_show_everything_leads_on(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = press(visit("runs", status="Foo"), "Show everything")
    assert dict(page.query_params) == {}
    assert len(page.dataframe[0].value) == len(ps.runs(progress=False))


def test_an_empty_choice_is_the_usual_one(visit: Visit, ps: psauth.ProcessStreet) -> None:
    page = visit("runs", status="", workflow="")
    assert len(page.dataframe[0].value) == len(ps.runs(progress=False))


def test_nonsense_costs_no_request(visit: Visit, box: psauth.Sandbox) -> None:
    visit("workflows")
    before = asked(box)
    visit("runs", workflow="zzzz")
    assert asked(box) == before


def test_no_choice_is_called_like_a_part_of_the_callback() -> None:
    assert not state.OF_THE_CALLBACK & {*state.CHOICES, state.RUN, state.DATA_SET}
    assert {"code", "state", "error"} == state.OF_THE_CALLBACK


def test_every_name_in_an_address_is_one_of_the_keys() -> None:
    assert {name for entry in MENU for name in entry.plain} == {state.RUN, state.DATA_SET}
