"""Disconnecting: revoked at the service (RFC 7009), forgotten here in any case, and said honestly."""

from urllib.parse import parse_qsl

import pytest
import requests

import psauth
from psauth.auth.discovery import service_for_oauth
from psauth.auth.revocation import disconnect

REVOKE = "https://app.example/oauth/revoke"


def bodies(requests_mock):
    return [dict(parse_qsl(r.text, strict_parsing=True)) for r in requests_mock.request_history]


def test_both_tokens_are_revoked_and_the_connection_forgotten(requests_mock, vault, store, logs):
    store()
    requests_mock.post(REVOKE, status_code=200)
    outcome = disconnect(vault)
    assert bodies(requests_mock) == [
        {
            "token": "refresh-1-Zp41",
            "token_type_hint": "refresh_token",
            "client_id": "analyst",
            "client_secret": "client-secret-7Hq2",
        },
        {
            "token": "access-1-Kd93",
            "token_type_hint": "access_token",
            "client_id": "analyst",
            "client_secret": "client-secret-7Hq2",
        },
    ]
    assert (outcome.existed, outcome.revoked) == (True, True)
    assert "revoked" in str(outcome)
    assert vault.find() is None
    assert "revoked and forgotten: account=default" in logs.text("psauth")


def test_the_request_is_a_form_without_redirects_and_with_an_end(requests_mock, vault, store):
    store(refresh_token=None)
    requests_mock.post(REVOKE, status_code=307, headers={"Location": "https://evil.example/"})
    assert not disconnect(vault).revoked
    (request,) = requests_mock.request_history
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.timeout == (5.0, 20.0)


@pytest.mark.parametrize(
    ("token_auth", "authorization", "secret"),
    [
        ("basic", "Basic YW5hbHlzdDpjbGllbnQtc2VjcmV0LTdIcTI=", None),
        ("none", None, None),
        ("post", None, "client-secret-7Hq2"),
    ],
)
def test_the_client_shows_itself_as_it_did_at_the_token_endpoint(
    requests_mock, settings, vault, store, token_auth, authorization, secret
):
    store(service=service_for_oauth(settings.with_(token_auth=token_auth)), refresh_token=None)
    requests_mock.post(REVOKE)
    assert disconnect(vault).revoked
    assert requests_mock.last_request.headers.get("Authorization") == authorization
    assert bodies(requests_mock)[0].get("client_secret") == secret


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"exc": requests.ConnectionError}, "does not answer"),
        ({"exc": requests.ReadTimeout}, "does not answer"),
        ({"status_code": 503, "json": {"error": "temporarily_unavailable"}}, "503 (temporarily_unavailable)"),
        ({"status_code": 401, "json": {"error": "invalid_client"}}, "401 (invalid_client)"),
        ({"status_code": 400, "text": "<html>no</html>"}, "400"),
        ({"text": "<!doctype html><title>Process Street</title>"}, "200 with a web page, and no Process Street API"),
        ({"status_code": 404, "text": "<html>Not here</html>"}, "404 with a web page"),
        ({"status_code": 302, "headers": {"Location": "https://login.example/"}}, "answered 302"),
        *[
            ({"status_code": s}, f"answered {s}, which confirms nothing")
            for s in (103, 201, 202, 203, 206, 299, 304, 999)
        ],
        *[
            ({"status_code": s, "text": "<html>Sign in</html>"}, f"{s} with a web page")
            for s in (200, 202, 204, 206, 303)
        ],
        ({"json": {"error": "unsupported_token_type"}}, "200 (unsupported_token_type) and did not revoke it"),
        ({"json": {"error": {"code": 1}}}, "and did not revoke it"),
        ({"text": "It works!"}, "200 with text that is no JSON, which confirms nothing"),
        ({"text": '{"cut o'}, "200 with JSON that is damaged, which confirms nothing"),
        ({"text": '["a list"]'}, "200 with JSON that is no object, which confirms nothing"),
    ],
)
def test_a_service_that_does_not_revoke_is_forgotten_all_the_same_and_that_is_said(
    requests_mock, vault, store, answer, said
):
    store()
    requests_mock.post(REVOKE, **answer)
    outcome = disconnect(vault)
    assert (outcome.existed, outcome.revoked) == (True, False)
    assert "not revoked" in outcome.message
    assert said in outcome.message
    assert outcome.message.endswith("Remove the app in the service's own settings.")
    assert vault.find() is None


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"text": " \r\n"},
        {"json": {}},
        {"json": {"revoked": True}},
        {"text": '{"a": 1}', "headers": {"Content-Type": "text/html"}},
        {"content": b"\xef\xbb\xbf{}"},
        {"status_code": 204},
    ],
)
def test_what_confirms_a_revocation(requests_mock, vault, store, answer):
    store()
    requests_mock.post(REVOKE, **answer)
    assert disconnect(vault).revoked


def test_without_a_revocation_address_nothing_is_asked(requests_mock, settings, vault, store):
    store(service=service_for_oauth(settings.with_(revoke_url="")))
    outcome = disconnect(vault)
    assert "publishes no revocation address" in outcome.message
    assert not requests_mock.called
    assert vault.find() is None


def test_an_api_key_is_forgotten_and_its_owner_told_where_to_delete_it(requests_mock, vault, store):
    store(api_key="key-Rt55")
    outcome = disconnect(vault)
    assert not outcome.revoked
    assert "stays valid until it is deleted" in outcome.message
    assert not requests_mock.called
    assert vault.find() is None


def test_where_there_was_nothing_nothing_is_done(requests_mock, vault):
    outcome = disconnect(vault, "nobody")
    assert (outcome.existed, outcome.revoked) == (False, False)
    assert "no connection for account 'nobody'" in outcome.message


def test_only_the_one_account_is_forgotten(requests_mock, vault, store):
    store("one")
    store("two")
    requests_mock.post(REVOKE)
    disconnect(vault, "one")
    assert [c.account for c in vault.connections()] == ["two"]


def test_logout_is_the_same_by_settings(requests_mock, settings, vault, store):
    store("acme")
    requests_mock.post(REVOKE)
    assert psauth.logout("acme", settings=settings).revoked
    assert vault.find("acme") is None


def test_logout_says_that_a_key_of_the_settings_goes_on_working(requests_mock, settings, vault, store):
    store()
    requests_mock.post(REVOKE)
    done = psauth.logout(settings=settings.with_(api_key="key-Rt55"))
    assert done.message.endswith("PSAUTH_API_KEY is still set, and psauth.connect() goes on with it; take it out too.")
    assert "key-Rt55" not in done.message


def test_the_tokens_go_to_the_service_they_came_from_whatever_the_settings_say_now(
    requests_mock, settings, vault, store
):
    store()
    requests_mock.post(REVOKE)
    psauth.logout(settings=settings.with_(revoke_url="https://other.example/revoke"))
    assert {r.url for r in requests_mock.request_history} == {REVOKE}
