"""Runs: since when, of which status, and of which workflow by id, name or frame."""

import unicodedata
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest

from psauth.exceptions import ArgumentError
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


# The newest so many ---------------------------------------------------------------------------------------------------


def days(*numbers, prefix="r", **fields):
    return [run(f"{prefix}{n}", f"2026-11-{n:02}T00:00:00Z", **fields) for n in numbers]


def test_a_limit_gives_the_newest_so_many_and_asks_for_no_page_behind_them(ps, requests_mock):
    pages = [page("data", *days(9, 8, 7), next_="?_=c1"), page("data", *days(6, 5, 4), next_="?_=c2")]
    requests_mock.get(f"{BASE}/workflow-runs/list", pages)
    result = ps.runs(limit=5)
    assert result["run_id"].tolist() == ["r9", "r8", "r7", "r6", "r5"]
    assert result.attrs == {"limit": 5}
    assert requests_mock.call_count == 2
    requests_mock.get(f"{BASE}/workflow-runs/list", pages)
    assert ps.runs(limit=3)["run_id"].tolist() == ["r9", "r8", "r7"]
    assert requests_mock.call_count == 3


def test_a_limit_that_is_not_reached_says_nothing(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", *days(9, 8)))
    assert ps.runs(limit=3).attrs == {}


def test_a_run_that_comes_twice_counts_once(ps, requests_mock):
    pages = [page("data", *days(9, 8), next_="?_=c1"), page("data", *days(8, 7), next_="?_=c2")]
    requests_mock.get(f"{BASE}/workflow-runs/list", pages)
    assert ps.runs(limit=3)["run_id"].tolist() == ["r9", "r8", "r7"]
    assert requests_mock.call_count == 2


def test_since_and_a_limit_end_a_list_at_what_comes_first(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", *days(9, 8, 7, 6), next_="?_=c1"))
    assert ps.runs(since="2026-11-08", limit=3)["run_id"].tolist() == ["r9", "r8"]
    assert ps.runs(since="2026-11-01", limit=3)["run_id"].tolist() == ["r9", "r8", "r7"]
    assert requests_mock.call_count == 2


def test_of_several_lists_the_newest_of_all_come_and_each_is_read_only_so_far(ps, requests_mock):
    lists = {
        W1: [page("data", *days(9, 8), next_="?_=1"), page("data", *days(3, 2), next_="?_=2")],
        W2: [page("data", *days(7, 6, prefix="q"), next_="?_=3"), page("data", *days(5, 4, prefix="q"), next_="?_=4")],
    }

    def answer(request, context):
        query = dict(parse_qsl(urlsplit(request.url).query))
        return (lists[query["workflowId"]][0] if "workflowId" in query else lists[W1 if query["_"] < "3" else W2][1])[
            "json"
        ]

    requests_mock.get(f"{BASE}/workflow-runs/list", json=answer)
    result = ps.runs(workflow=[W1, W2], limit=3)
    assert result["run_id"].tolist() == ["r9", "r8", "q7"]
    assert requests_mock.call_count <= 3, "a page of each, and at most one to know that nothing newer follows"
    assert ps.runs(workflow=[W1, W2], limit=5)["run_id"].tolist() == ["r9", "r8", "q7", "q6", "q5"]


@pytest.mark.parametrize("limit", [0, -1, 2.5, "5", True, [5], float("nan")])
def test_what_is_no_limit_is_said_before_any_request(ps, requests_mock, limit):
    for read in (ps.runs, ps.users, lambda **kw: ps.records("Vendors", **kw)):
        with pytest.raises(ArgumentError, match=r"limit takes a whole number from 1\. It was given "):
            read(limit=limit)
    assert not requests_mock.called


def test_people_and_records_take_a_limit_too(ps, requests_mock):
    requests_mock.get(f"{BASE}/users", **page("users", "p1", "p2", "p3", next_="?_=c1"))
    assert ps.users(limit=2)["user_id"].tolist() == ["p1", "p2"]
    requests_mock.get(f"{BASE}/data-sets/{W1}", json={"data": {"fields": []}})
    requests_mock.get(f"{BASE}/data-sets/{W1}/records", **page("records", "x", "y", next_="?_=c1"))
    result = ps.records(W1, limit=1)
    assert (result["record_id"].tolist(), result.attrs["limit"]) == (["x"], 1)
    assert requests_mock.call_count == 3


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


@pytest.mark.parametrize("typed", ["  invoice   approval ", "INVOICE APPROVAL", "Invoice\u00a0Approval"])
def test_a_workflow_is_found_however_its_name_is_typed(ps, company, typed):
    ps.runs(workflow=typed)
    assert asked(company) == [W1]


def test_a_name_composed_otherwise_than_the_service_has_it_is_found(ps, requests_mock):
    name = unicodedata.normalize("NFD", "Größe prüfen")
    records = [{"id": W1, "name": name}, {"id": W2, "name": "Onboarding"}]

    def answer(request, context):  # the service compares letter by letter
        wanted = dict(parse_qsl(urlsplit(request.url).query)).get("name", "")
        return page("workflows", *(r for r in records if wanted in r["name"]))["json"]

    requests_mock.get(f"{BASE}/workflows", json=answer)
    runs = requests_mock.get(f"{BASE}/workflow-runs/list", **page("data"))
    for typed in (name, unicodedata.normalize("NFC", name), "größe PRÜFEN "):
        ps.runs(workflow=typed)
    assert asked(runs) == [W1] * 3
