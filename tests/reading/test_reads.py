"""ProcessStreet: pages walked to their end and no further, and the questions of analysts turned into requests."""

import re
from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

import psauth
from psauth.api.pages import PAGES_WITHOUT_NEWS
from psauth.api.transport import Transport
from psauth.client import ProcessStreet
from psauth.exceptions import ApiError, LoginRequired, NotFound, SettingsError, WrongAddress
from psauth.reading.endpoints import USERS, WORKFLOWS
from psauth.reading.frames import frame

BASE = "https://api.example/v1"
W1, W2 = "w1".ljust(22, "A"), "w2".ljust(22, "A")


@pytest.fixture
def ps(vault, store, naps):
    """A client with a connection that lives."""
    with ProcessStreet(Transport(store(), vault)) as client:
        yield client


def page(key, *ids, next_=None, **fields):
    records = [i if isinstance(i, dict) else {"id": i, **fields} for i in ids]
    links = [{"name": "self", "href": f"{BASE}/x", "rel": "next"}]
    return {"json": {key: records, "links": [*links, {"name": "next", "href": next_, "rel": key}] if next_ else links}}


def queries(requests_mock):
    return [parse_qsl(urlsplit(r.url).query, keep_blank_values=True) for r in requests_mock.request_history]


def run(run_id, created, workflow=W1, status="Active"):
    audit = {"createdDate": created, "updatedDate": created}
    return {"id": run_id, "workflowId": workflow, "status": status, "audit": audit}


# Pages ----------------------------------------------------------------------------------------------------------------


def test_pages_are_followed_by_the_link_called_next_to_the_end(ps, requests_mock):
    ids = [f"w{n}" for n in range(45)]
    pages = [
        page("workflows", *ids[:20], next_=f"{BASE}/workflows?_=c1&name=x"),
        page("workflows", *ids[20:40], next_=f"{BASE}/workflows?_=c2&name=x"),
        page("workflows", *ids[40:]),
    ]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ids
    assert queries(requests_mock) == [[("name", "x")], [("_", "c1"), ("name", "x")], [("_", "c2"), ("name", "x")]]


def test_two_empty_pages_in_a_row_end_the_walk_although_they_have_a_next_link(ps, requests_mock):
    empty = [page("workflows", next_="?_=c2"), page("workflows", next_="?_=c3")]
    requests_mock.get(f"{BASE}/workflows", [page("workflows", "w1", next_="?_=c1"), *empty, page("workflows", "never")])
    assert ps.workflows()["workflow_id"].tolist() == ["w1"]
    assert requests_mock.call_count == 3


def test_one_empty_page_in_the_middle_ends_nothing(ps, requests_mock):
    pages = [page("workflows", "w1", next_="?_=c1"), page("workflows", next_="?_=c2"), page("workflows", "w2")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2"]


def test_a_next_link_that_comes_again_ends_the_walk(ps, requests_mock):
    pages = [page("workflows", f"w{n}", next_="?_=same") for n in range(9)]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w0", "w1"]
    assert requests_mock.call_count == 2


@pytest.mark.parametrize(
    "back", ["?name=x", f"{BASE}/workflows?name=x", "https://elsewhere.example/v1/workflows?name=x"]
)
def test_a_link_back_to_the_first_page_asks_nothing_twice(ps, requests_mock, back):
    pages = [page("workflows", "w1", next_="?_=c&name=x"), page("workflows", "w2", next_=back)]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ["w1", "w2"]
    assert requests_mock.call_count == 2


def test_one_page_under_two_addresses_is_asked_for_once(ps, requests_mock):
    pages = [
        page("workflows", "w1", next_=f"{BASE}/workflows?_=c&name=x"),
        page("workflows", "w2", next_="https://elsewhere.example/v1/workflows?name=x&_=c"),
    ]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows(name="x")["workflow_id"].tolist() == ["w1", "w2"]
    assert requests_mock.call_count == 2


def test_pages_that_bring_nothing_new_end_in_an_error_not_in_an_endless_walk(ps, requests_mock):
    count = iter(range(10_000))
    requests_mock.get(f"{BASE}/workflows", json=lambda *_: page("workflows", "w1", next_=f"?_={next(count)}")["json"])
    with pytest.raises(ApiError, match="does not end"):
        ps.workflows()
    assert requests_mock.call_count == PAGES_WITHOUT_NEWS + 1


def test_a_next_link_to_another_host_is_asked_at_the_configured_one_with_its_query(ps, requests_mock):
    elsewhere = "https://api.process.st/v9/workflows?_=c1&archived=true"
    pages = [page("workflows", "w1", next_=elsewhere), page("workflows", "w2")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2"]
    assert {(r.hostname, r.path) for r in requests_mock.request_history} == {("api.example", "/v1/workflows")}
    assert queries(requests_mock)[1] == [("_", "c1"), ("archived", "true")]


def test_a_record_that_comes_twice_is_kept_once_where_it_came_first(ps, requests_mock):
    pages = [page("workflows", "w1", "w2", next_="?_=c1"), page("workflows", "w2", "w3", "w3")]
    requests_mock.get(f"{BASE}/workflows", pages)
    assert ps.workflows()["workflow_id"].tolist() == ["w1", "w2", "w3"]


def test_records_without_an_id_cannot_be_told_apart_and_are_all_kept(ps, requests_mock):
    requests_mock.get(f"{BASE}/users", **page("users", {"email": "a@example.com"}, {"email": "a@example.com"}))
    assert len(ps.users()) == 2


def test_an_empty_list_is_an_empty_frame(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflows", **page("workflows"))
    assert_frame_equal(ps.workflows(), frame([], WORKFLOWS))


@pytest.mark.parametrize("links", [None, [], "next", [None, 7, {"name": "next"}, {"name": "next", "href": None}]])
def test_odd_links_are_no_next_link(ps, requests_mock, links):
    requests_mock.get(f"{BASE}/workflows", json={"workflows": [{"id": "w1"}], "links": links})
    assert len(ps.workflows()) == 1


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ([], "/v1/workflows answered 200 with JSON that is no object"),
        ({"records": []}, "answered records where 'workflows' was expected"),
        ({"workflows": {"id": 1}}, "not a list of records"),
        ({"workflows": ["w1"]}, "not a list of records"),
    ],
)
def test_an_answer_that_is_no_page_is_an_api_error(ps, requests_mock, answer, said):
    requests_mock.get(f"{BASE}/workflows", json=answer)
    with pytest.raises(ApiError, match=said):
        ps.workflows()


# Raw ------------------------------------------------------------------------------------------------------------------


def test_query_parameters_are_given_by_name(ps, requests_mock):
    with pytest.raises(ValueError, match=r"params=… cannot be asked for\. Expected each query parameter by its name"):
        ps.get("/workflows", params={"limit": 1})
    assert not requests_mock.called


def test_get_gives_the_answer_as_it_came(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflows/ID", json={"id": "ID", "anything": [1]})
    assert ps.get("/workflows/ID", expand="all", nothing=None) == {"id": "ID", "anything": [1]}
    assert queries(requests_mock) == [[("expand", "all")]]


def test_iterate_finds_the_list_of_any_path_and_asks_no_page_before_it_is_needed(ps, requests_mock):
    pages = [page("dataSets", "d1", "d2", next_="?_=c1"), page("dataSets", "d3")]
    requests_mock.get(f"{BASE}/data-sets", pages)
    walk = ps.iterate("/data-sets", kind="x")
    assert not requests_mock.called
    assert [next(walk)["id"], next(walk)["id"]] == ["d1", "d2"]
    assert requests_mock.call_count == 1
    assert [r["id"] for r in walk] == ["d3"]


def test_iterate_keeps_the_same_task_of_two_runs(ps, requests_mock):
    records = [{"id": "t1", "workflowRunId": r} for r in ("r1", "r2", "r1")]
    requests_mock.get(f"{BASE}/tasks", **page("tasks", *records))
    assert len([*ps.iterate("/tasks", assigneeEmail="ada@example.com")]) == 2


def test_yes_and_no_are_spelt_as_the_service_does(ps, requests_mock):
    requests_mock.get(f"{BASE}/work/items", **page("data", {"id": "i1"}))
    ps.get("/work/items", includeCompleted=True, type=None)
    next(ps.iterate("/work/items", includeCompleted=False))
    assert [r.url.split("?")[1] for r in requests_mock.request_history] == [
        "includeCompleted=true",
        "includeCompleted=false",
    ]


@pytest.mark.parametrize("answer", [{"id": "w1", "name": "x"}, {"a": [], "b": []}, {}])
def test_iterate_over_what_is_no_list_says_to_use_get(ps, requests_mock, answer):
    requests_mock.get(f"{BASE}/x", json=answer)
    with pytest.raises(ApiError, match=r"/v1/x is no list.*ps\.get\('/x'\)"):
        next(ps.iterate("/x"))


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


@pytest.fixture
def company(requests_mock):
    """Two workflows of one name, two of their own; the service finds a name anywhere, whatever its case."""
    names = {W1: "Invoice Approval", W2: "Onboarding", "w3": "Vacation", "w4": "vacation"}

    def answer(request, context):
        wanted = dict(parse_qsl(request.query)).get("name", "").casefold()
        found = [{"id": i, "name": n} for i, n in names.items() if wanted in n.casefold()]
        return {"workflows": found, "links": []}

    requests_mock.get(f"{BASE}/workflows", json=answer)
    return requests_mock.get(f"{BASE}/workflow-runs/list", **page("data", run("r1", "2026-11-01T00:00:00Z")))


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


# Tasks ----------------------------------------------------------------------------------------------------------------


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


def test_a_run_id_cannot_leave_its_place_in_the_path(ps, requests_mock):
    for run_id in ("a/../b", "../..", "a?x", "Onboarding Ana"):
        with pytest.raises(ValueError, match="is not the id of a run"):
            ps.tasks(runs=run_id)
    assert not requests_mock.called


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
    assert_frame_equal(ps.users(), frame([ada], USERS))


# The connection -------------------------------------------------------------------------------------------------------


def test_whoami_asks_the_service_and_remembers_its_label(ps, vault, requests_mock):
    requests_mock.get(f"{BASE}/testAuth", json={"apiKeyLabel": "Acme GmbH"})
    assert ps.whoami().label == "Acme GmbH"
    assert vault.read().connection.label == "Acme GmbH"
    assert "Acme GmbH" in ps._repr_html_()


@pytest.mark.parametrize("answer", [{"json": {}}, {"json": {"apiKeyLabel": None}}, {"json": []}, {"status_code": 404}])
def test_whoami_lives_with_a_service_that_has_no_name_to_give(ps, requests_mock, answer):
    requests_mock.get(f"{BASE}/testAuth", **answer)
    connection = ps.whoami()
    assert (connection.account, connection.kind, connection.label) == ("default", "oauth", None)
    assert connection.scope == "read write"


@pytest.mark.parametrize(
    "answer",
    [{"text": "<html>"}, {"status_code": 403, "json": {"message": "Missing Authentication Token"}}, {"text": ""}],
)
def test_whoami_tells_a_service_without_a_name_from_a_wrong_address(ps, requests_mock, answer):
    requests_mock.get(f"{BASE}/testAuth", **answer)
    requests_mock.get(f"{BASE}/workflows", json={"workflows": []})
    assert ps.whoami().label is None
    requests_mock.get(f"{BASE}/workflows", **answer)
    with pytest.raises(WrongAddress, match="no Process Street API answers so"):
        psauth.ProcessStreet(Transport(ps._transport.access.current(), None)).whoami()


def test_the_budget_is_what_the_service_told_last(ps, requests_mock):
    assert "not told yet" in ps._repr_html_()
    headers = {"X-Api-Key-Rate-Limit-Limit": "2500", "X-Api-Key-Rate-Limit-Remaining": "2499"}
    requests_mock.get(f"{BASE}/x", json={}, headers=headers)
    ps.get("/x")
    assert ps.budget.remaining == 2499
    assert "2,499 of 2,500" in ps._repr_html_()


def test_what_a_service_calls_itself_is_escaped_in_the_notebook(ps, requests_mock):
    requests_mock.get(f"{BASE}/testAuth", json={"apiKeyLabel": "<script>alert(1)</script>"})
    ps.whoami()
    assert "<script>" not in ps._repr_html_()


def test_errors_come_through_as_they_are(ps, requests_mock):
    requests_mock.get(f"{BASE}/workflow-runs/r1/tasks", status_code=404, json={"error": "No such run"})
    with pytest.raises(NotFound, match="No such run"):
        ps.tasks(runs="r1")


# connect --------------------------------------------------------------------------------------------------------------


def test_a_stored_connection_needs_no_settings_and_is_used_where_it_was_made(
    vault, store, requests_mock, monkeypatch, caplog
):
    store()
    requests_mock.get(f"{BASE}/workflows", **page("workflows", "w1"))
    monkeypatch.setenv("PSAUTH_API_URL", "https://other.example/v1")
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    client = psauth.connect(interactive=False)
    assert re.search(r"another service than api\.example.*psauth\.logout\(account='default'\)", caplog.text)
    assert len(client.workflows()) == 1
    assert (client.connection.kind, requests_mock.last_request.hostname) == ("oauth", "api.example")
    assert "X-API-Key" not in requests_mock.last_request.headers


@pytest.mark.parametrize("given", [{"api_key": "key-Rt55"}, "key-Rt55", 7])
def test_what_is_no_settings_is_said_and_not_shown(given):
    with pytest.raises(SettingsError, match=r"A \w+ is no settings\. Expected psauth\.Settings") as error:
        psauth.connect(settings=given)
    assert "key-Rt55" not in str(error.value)


def test_an_api_key_of_the_settings_is_used_without_storing_it(requests_mock, monkeypatch):
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    requests_mock.get("https://public-api.process.st/api/v1.1/workflows", **page("workflows", "w1"))
    client = psauth.connect(interactive=False)
    assert len(client.workflows()) == 1
    assert client.connection.kind == "api_key"
    assert requests_mock.last_request.headers["X-API-Key"] == "key-Rt55"
    assert psauth.Vault.open().connections() == []
    assert client.refresh() == client.connection


@pytest.mark.parametrize("account", ["default", "acme"])
def test_without_any_connection_and_nobody_to_ask_the_line_to_type_is_named(account, requests_mock):
    line = r"psauth\.login\(\)" if account == "default" else r"psauth\.login\(account='acme'\)"
    with pytest.raises(LoginRequired, match=f"No connection is stored for account '{account}'.*{line}"):
        psauth.connect(account, interactive=False)
    assert not requests_mock.called


def test_when_a_connection_has_ended_the_api_key_of_the_settings_is_used(vault, store, monkeypatch):
    vault.end(store(), "the service has ended the access (invalid_grant)")
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    assert psauth.connect(interactive=False).connection.kind == "api_key"


def test_a_connection_that_has_ended_says_why_instead_of_asking(vault, store):
    vault.end(store(), "the service has ended the access (invalid_grant)")
    with pytest.raises(LoginRequired, match="has ended: the service has ended"):
        psauth.connect(interactive=False)


def test_connecting_logs_in_when_nothing_is_stored(settings, requests_mock):
    requests_mock.post("https://app.example/oauth/token", json={"access_token": "a"})
    requests_mock.get(f"{BASE}/workflows", **page("workflows"))
    seen = []

    def consent(url):
        seen.append(url)
        return f"http://localhost:8501/?code=c&state={dict(parse_qsl(urlsplit(url).query))['state']}"

    asking = settings.with_(consent=consent)
    assert psauth.connect("acme", settings=asking).connection.account == "acme"
    assert psauth.connect("acme", settings=asking).workflows().empty
    assert len(seen) == 1


def test_a_client_shows_host_account_and_kind(ps):
    assert repr(ps) == "ProcessStreet(api.example, account='default', kind='oauth')"


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
