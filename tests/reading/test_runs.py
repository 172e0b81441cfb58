"""Runs: since when, of which status, and of which workflow by id, name or frame."""

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

from tests.answers import BASE, W1, W2, page, queries, run

# Runs -----------------------------------------------------------------------------------------------------------------


def test_runs_since_a_day_stop_at_the_first_that_is_older(ps, requests_mock):
    pages = [
        page("data", run("r3", "2026-11-20T00:00:00Z"), run("r2", "2026-11-10T00:00:00Z"), next_="?_=c1"),
        page("data", run("r1", "2026-11-01T00:00:00Z"), run("r0", "2026-10-31T23:59:59.999Z"), next_="?_=c2"),
        page("data", run("never", "2026-01-01T00:00:00Z")),
    ]
    requests_mock.get(f"{BASE}/workflow-runs/list", pages)
    assert ps.runs(since="2026-11-01")["run_id"].tolist() == ["r3", "r2", "r1"]
    assert requests_mock.call_count == 2


@pytest.mark.parametrize(
    "since",
    [
        "2026-11-01",
        "2026-11-01T00:00:00Z",
        "2026-11-01T01:00:00+01:00",
        date(2026, 11, 1),
        datetime(2026, 11, 1),
        datetime(2026, 11, 1, tzinfo=UTC),
    ],
)
def test_since_may_be_a_text_a_date_or_a_moment(ps, requests_mock, since):
    records = [run("new", "2026-11-01T00:00:00Z"), run("old", "2026-10-31T23:59:59Z")]
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", *records))
    assert ps.runs(since=since)["run_id"].tolist() == ["new"]


def test_since_something_else_is_refused_before_any_request(ps, requests_mock):
    with pytest.raises(ValueError, match=r"'last week' is not a date\. Expected ISO 8601"):
        ps.runs(since="last week")
    assert not requests_mock.called


@pytest.mark.parametrize("audit", [None, {}, {"createdDate": None}, {"createdDate": "soon"}, "x"])
def test_a_run_without_a_readable_date_may_be_new_and_is_kept(ps, requests_mock, audit):
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", {"id": "r1", "audit": audit}))
    assert len(ps.runs(since="2026-11-01")) == 1


def test_several_statuses_are_asked_one_by_one_and_come_newest_first(ps, requests_mock):
    def answer(request, context):
        status = dict(parse_qsl(request.query))["status"].title()
        created = {"Active": "2026-11-02T00:00:00Z", "Completed": "2026-11-03T00:00:00Z"}[status]
        return page("data", run(status, created, status=status), run("moved", "2026-11-01T00:00:00Z"))["json"]

    requests_mock.get(f"{BASE}/workflow-runs/list", json=answer)
    assert ps.runs(status=["Active", "Completed"])["run_id"].tolist() == ["Completed", "Active", "moved"]
    assert queries(requests_mock) == [[("status", "Active")], [("status", "Completed")]]


def test_without_a_status_every_run_is_asked_for_in_one_list(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", run("r1", "2026-11-02T00:00:00Z")))
    ps.runs()
    assert queries(requests_mock) == [[]]


@pytest.mark.parametrize("status", ["Activ", "Done", ["Active", "Done"], "", 7])
def test_an_unknown_status_lists_the_known_ones_before_any_request(ps, requests_mock, status):
    with pytest.raises(ValueError, match=r"no run status .*Expected Active, Completed, Archived"):
        ps.runs(status=status)
    assert not requests_mock.called


# Workflows by id, name or frame ---------------------------------------------------------------------------------------


def asked(company):
    return [dict(parse_qsl(urlsplit(r.url).query))["workflowId"] for r in company.request_history]


@pytest.mark.parametrize(
    ("workflow", "ids"),
    [
        (W1, [W1]),
        ("onboarding", [W2]),
        ("Invoice Approval", [W1]),
        ([W1, "Onboarding"], [W1, W2]),
        ((W2,), [W2]),
        (pd.DataFrame({"workflow_id": [W2, W1], "name": ["a", "b"]}), [W2, W1]),
        (pd.Series([W1]), [W1]),
    ],
    ids=["id", "name", "name as written", "id and name", "tuple", "frame", "series"],
)
def test_a_workflow_is_an_id_a_name_several_or_a_frame(ps, company, workflow, ids):
    ps.runs(workflow=workflow)
    assert asked(company) == ids


def test_no_workflow_at_all_is_an_empty_frame_not_every_run(ps, company):
    assert ps.runs(workflow=[]).empty
    assert not company.called


def test_the_ids_of_a_frame_are_ids_whatever_their_shape(ps, company, requests_mock):
    requests_mock.get(f"{BASE}/workflows/w9/form-fields", **page("fields", "f1"))
    assert ps.form_fields(pd.DataFrame({"workflow_id": ["w9"]}))["workflow_id"].tolist() == ["w9"]
    assert not company.called


def test_an_ambiguous_name_lists_the_candidates(ps, company):
    with pytest.raises(
        ValueError, match=r"2 workflows are called 'VACATION': Vacation \(w3\); vacation \(w4\)\. Give the id"
    ):
        ps.runs(workflow="VACATION")
    assert not company.called


def test_half_a_name_suggests_what_it_may_have_meant(ps, company):
    with pytest.raises(ValueError, match=rf"No workflow is called 'Invoice'\. Did you mean: Invoice Approval \({W1}\)"):
        ps.runs(workflow="Invoice")


def test_a_name_that_fits_nothing_says_where_to_look(ps, company):
    with pytest.raises(ValueError, match=r"There are: Invoice Approval"):
        ps.runs(workflow="Payroll")


@pytest.mark.parametrize("workflow", [[None], [7], [""], pd.DataFrame({"id": [W1]})])
def test_what_names_no_workflow_is_refused(ps, company, workflow):
    with pytest.raises(ValueError, match=r"workflow_id"):
        ps.runs(workflow=workflow)
