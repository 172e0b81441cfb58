"""ProcessStreet: any path as it came, the connection, and which one connect() takes."""

import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from requests_mock import ANY

import psauth
from psauth.api.transport import Transport
from psauth.exceptions import ApiError, LoginRequired, NotFound, SettingsError, WrongAddress
from tests.answers import BASE, page, queries

# Raw ------------------------------------------------------------------------------------------------------------------


def test_query_parameters_are_given_by_name(ps, requests_mock):
    with pytest.raises(ValueError, match=r"params=… cannot be asked for.* Expected each query parameter by its name"):
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


# The connection -------------------------------------------------------------------------------------------------------


def test_whoami_asks_the_service_and_remembers_its_label(ps, vault, requests_mock):
    requests_mock.get(f"{BASE}/testAuth", json={"apiKeyLabel": "Acme GmbH"})
    assert ps.whoami().label == "Acme GmbH"
    assert vault.read().connection.label == "Acme GmbH"
    assert "Acme GmbH" in ps._repr_html_()


@pytest.mark.parametrize("answer", [{"json": {}}, {"json": {"apiKeyLabel": None}}, {"json": []}, {"status_code": 404}])
def test_whoami_lives_with_a_service_that_has_no_name_to_give(ps, requests_mock, answer):
    requests_mock.get(f"{BASE}/testAuth", **answer)
    requests_mock.get(f"{BASE}/workflows", json={"workflows": []})
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
    with (
        psauth.ProcessStreet(Transport(ps._transport.access.current(), None)) as another,
        pytest.raises(WrongAddress, match="no Process Street API answers so"),
    ):
        another.whoami()


@pytest.mark.parametrize(
    "answer",
    [
        {"status_code": 404},
        {"status_code": 404, "text": "404 page not found"},
        {"json": {"status": "UP"}},
        {"json": []},
    ],
    ids=repr,
)
def test_what_answers_everything_alike_is_no_process_street(ps, requests_mock, answer):
    requests_mock.get(ANY, **answer)
    with pytest.raises(psauth.ApiError, match="PSAUTH_API_URL=") as error:
        ps.whoami()
    assert f"{BASE}/workflows" in str(error.value)


def test_the_budget_is_what_the_service_told_last(ps, requests_mock):
    assert "not known yet" in ps._repr_html_()
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
        ps.tasks(runs=["r1"])


def test_a_client_shows_host_account_and_kind(ps):
    assert repr(ps) == "ProcessStreet(api.example, account='default', kind='oauth')"


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
