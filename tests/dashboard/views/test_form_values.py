"""What the view of form values shows, a row a run or a row a value."""

from __future__ import annotations

import psauth
from tests.dashboard.conftest import asked, press, settled, texts
from tests.dashboard.views.conftest import Visit


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


def test_the_form_of_one_run_stands_a_row_a_value(visit: Visit, ps: psauth.ProcessStreet) -> None:
    run = ps.runs(progress=False)["run_id"].iloc[0]
    page = visit("form_values", run=run)
    truth = ps.form_values(runs=[run], progress=False)
    assert page.dataframe[0].value["value"].fillna("").tolist() == truth["value"].fillna("").tolist()
