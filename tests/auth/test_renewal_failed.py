"""Renewal that brings no token: refused, nobody there, an answer lost, an answer from somewhere else."""

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from psauth.auth.renewal import renew
from psauth.exceptions import LoginRequired, ServiceUnavailable, WrongAddress

TOKEN = "https://app.example/oauth/token"
API = "https://api.example/v1/workflows"
ROTATED = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600, "scope": "read"}


# Refused ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [400, 401, 200])
@pytest.mark.parametrize("lives", [-100, 30], ids=["dead", "alive"])
def test_invalid_grant_is_remembered_and_never_asked_again(vault, store, requests_mock, status, lives):
    seen = store(lives=lives)
    requests_mock.post(TOKEN, status_code=status, json={"error": "invalid_grant"})
    for because in ("expiry", "rejected", "asked"):
        with pytest.raises(LoginRequired, match=r"has ended: .*invalid_grant.*psauth\.login\(\)"):
            renew(vault, seen, because=because)
    assert requests_mock.call_count == 1
    assert "invalid_grant" in vault.read().connection.ended
    assert vault.read().token == seen.token, "what was there stays there"


def test_the_line_to_type_names_the_account(vault, store, requests_mock):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    with pytest.raises(LoginRequired, match=r"psauth\.login\(account='acme'\)"):
        renew(vault, store("acme", lives=0))


def test_another_refusal_is_not_remembered_because_it_can_be_repaired(vault, store, requests_mock):
    seen = store(lives=0)
    requests_mock.post(TOKEN, [{"status_code": 401, "json": {"error": "invalid_client"}}, {"json": ROTATED}])
    with pytest.raises(LoginRequired, match="invalid_client"):
        renew(vault, seen)
    assert vault.read().connection.ended is None
    assert renew(vault, seen).token.access_token == "access-2"


def test_another_refusal_does_not_end_an_access_token_that_lives(vault, store, requests_mock, logs):
    seen = store(lives=30)
    requests_mock.post(TOKEN, status_code=401, json={"error": "invalid_client"})
    assert renew(vault, seen).token == seen.token
    assert "going on with the access token" in logs.text("psauth")


@pytest.mark.parametrize("because", ["rejected", "asked"])
def test_a_refusal_is_said_when_the_old_token_is_no_answer(vault, store, requests_mock, because):
    requests_mock.post(TOKEN, status_code=401, json={"error": "invalid_client"})
    with pytest.raises(LoginRequired):
        renew(vault, store(lives=30), because=because)


# Silence ---------------------------------------------------------------------------------------------------------------


def refused_connection():
    return requests.ConnectionError(MaxRetryError(None, TOKEN, NewConnectionError(None, "Connection refused")))


DOWN = {
    "503": {"status_code": 503, "json": {"error": "temporarily_unavailable"}},
    "500 in HTML": {"status_code": 500, "text": "<html>"},
    "429": {"status_code": 429},
    "connection refused": {"exc": refused_connection()},
    "no route in time": {"exc": requests.ConnectTimeout},
    "wrong certificate": {"exc": requests.exceptions.SSLError},
    "proxy down": {"exc": requests.exceptions.ProxyError},
}
LOST = {
    "no answer in time": {"exc": requests.ReadTimeout},
    "connection broken": {"exc": requests.ConnectionError("Connection aborted.")},
    "broken off within": {"exc": requests.exceptions.ChunkedEncodingError},
    "no token": {"json": {"token_type": "bearer"}},
    "cut off": {"text": '{"access_token": "access-'},
}
ELSEWHERE = {
    "a web page": {"text": "<html>Welcome</html>"},
    "a page full of fields": {"text": "<!doctype html><a href='/x?access_token=a&error=b&c=d'>Sign in</a>"},
    "an empty answer": {"text": ""},
    "no content": {"status_code": 204},
    "JSON that is no object": {"json": [1]},
    "a text": {"text": "OK"},
    "a login page elsewhere": {"status_code": 302, "headers": {"Location": "https://login.example/"}},
    "a gateway without such a path": {"status_code": 403, "json": {"message": "Missing Authentication Token"}},
    "a gateway that forbids": {"status_code": 403, "json": {"message": "Forbidden"}},
    "no such page": {"status_code": 404, "json": {"message": "Not Found"}},
    "no such page in HTML": {"status_code": 404, "text": "<html>Not here</html>"},
}


@pytest.mark.parametrize("how", DOWN)
def test_endpoint_down_while_the_access_token_lives_is_a_warning(vault, store, requests_mock, logs, how):
    seen = store(lives=30)
    requests_mock.post(TOKEN, **DOWN[how])
    assert renew(vault, seen).token == seen.token
    assert requests_mock.call_count == 1
    assert "WARNING refresh postponed" in logs.text("psauth")


@pytest.mark.parametrize("how", DOWN)
def test_endpoint_down_and_the_access_token_dead_is_unavailable_and_the_connection_kept(
    vault, store, requests_mock, how
):
    seen = store(lives=0)
    requests_mock.post(TOKEN, **DOWN[how])
    with pytest.raises(ServiceUnavailable, match="the connection is kept") as caught:
        renew(vault, seen)
    assert caught.value.status == DOWN[how].get("status_code")
    assert requests_mock.call_count == 1, "nothing was sent, so nothing need be asked again"
    assert vault.read().token == seen.token
    requests_mock.post(TOKEN, json=ROTATED)
    assert renew(vault, seen).token.access_token == "access-2"


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_is_asked_for_once_more_with_the_same_request(vault, store, requests_mock, how):
    requests_mock.post(TOKEN, [LOST[how], {"json": ROTATED}])
    assert renew(vault, store(lives=0)).token.access_token == "access-2"
    first, second = requests_mock.request_history
    assert first.text == second.text


@pytest.mark.parametrize("how", LOST)
def test_an_answer_lost_twice_needs_a_login(vault, store, requests_mock, how):
    requests_mock.post(TOKEN, **LOST[how])
    with pytest.raises(LoginRequired, match="lost twice"):
        renew(vault, store(lives=0))
    assert requests_mock.call_count == 2
    assert vault.read().connection.ended is None


def test_an_answer_lost_once_and_then_refused_needs_a_login(vault, store, requests_mock):
    requests_mock.post(TOKEN, [LOST["no answer in time"], {"status_code": 400, "json": {"error": "invalid_grant"}}])
    with pytest.raises(LoginRequired, match="invalid_grant"):
        renew(vault, store(lives=0))
    assert requests_mock.call_count == 2
    assert vault.read().connection.ended


@pytest.mark.parametrize("how", LOST)
def test_a_lost_answer_while_the_access_token_lives_is_a_warning(vault, store, requests_mock, how):
    seen = store(lives=30)
    requests_mock.post(TOKEN, **LOST[how])
    assert renew(vault, seen).token == seen.token


@pytest.mark.parametrize("lives", [-5, 0])
def test_without_a_refresh_token_the_end_is_the_end(vault, store, requests_mock, lives):
    with pytest.raises(LoginRequired, match="no refresh token"):
        renew(vault, store(lives=lives, refresh_token=None))
    assert not requests_mock.called


def test_without_a_refresh_token_the_last_seconds_of_the_access_token_count(vault, store, requests_mock):
    seen = store(lives=40, refresh_token=None)
    assert renew(vault, seen) == seen
    with pytest.raises(LoginRequired):
        renew(vault, seen, because="rejected")
    assert not requests_mock.called


# Somewhere else -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ELSEWHERE)
@pytest.mark.parametrize(
    ("account", "login"), [("default", "psauth.login()"), ("acme", "psauth.login(account='acme')")]
)
def test_an_answer_from_somewhere_else_is_asked_for_once_and_says_what_to_type(
    vault, store, requests_mock, how, account, login
):
    seen = store(account, lives=0)
    requests_mock.post(TOKEN, **ELSEWHERE[how])
    with pytest.raises(WrongAddress) as caught:
        renew(vault, seen)
    message = str(caught.value)
    for part in (TOKEN, "no Process Street API answers so", "PSAUTH_TOKEN_URL", login, "PSAUTH_API_KEY", "is kept"):
        assert part in message
    assert caught.value.status == ELSEWHERE[how].get("status_code", 200)
    assert requests_mock.call_count == 1
    assert vault.read(account).connection.ended is None
    requests_mock.post(TOKEN, json=ROTATED)
    assert renew(vault, seen).token.access_token == "access-2", "nothing was spent"


@pytest.mark.parametrize("how", ELSEWHERE)
def test_somewhere_else_while_the_access_token_lives_is_a_warning(vault, store, requests_mock, logs, how):
    seen = store(lives=30)
    requests_mock.post(TOKEN, **ELSEWHERE[how])
    assert renew(vault, seen).token == seen.token
    assert "no Process Street API answers so" in logs.text("psauth")
