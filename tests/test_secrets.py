"""No secret in the log, message, repr, pickle or traceback of any one failure, local variables included.

A whole session is searched in tests/flow/test_no_secret.py.
"""

import logging
import pickle
import traceback
from urllib.parse import parse_qsl, quote_plus

import pytest
import requests

import psauth
from psauth import AuthorizationFlow
from psauth.api.transport import Transport
from psauth.auth.receiver import Receiver
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.connecting import store_api_key
from psauth.exceptions import (
    ApiError,
    ArgumentError,
    AuthorizationError,
    ExchangeFailed,
    LoginRequired,
    RateLimited,
    ServiceUnavailable,
    SettingsError,
    UntrustedAddress,
)
from psauth.secret import Secret
from psauth.vault.service import Service

TOKEN = "https://app.example/oauth/token"
BROWSER = "browser-Bb31"
CODE, API_KEY = "code-Xy71/+&=", "key-Rt55"
ACCESS, REFRESH = "access-1-Kd93", "refresh-1-Zp41"


def everything_of(error):
    """Everything a handler, a notebook or an error tracker may show of an error, but for the frames of this test."""
    seen = traceback.TracebackException.from_exception(error, capture_locals=True)
    cause = seen
    while cause is not None:
        cause.stack[:] = [frame for frame in cause.stack if frame.filename != __file__]
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    plain = "".join(traceback.format_exception(error))
    return "\n".join([repr(error), str(error), repr(vars(error)), plain, *seen.format(), repr(pickle.dumps(error))])


def assert_hidden(text, *secrets):
    for secret in secrets:
        for form in (secret, quote_plus(secret)):
            assert form not in text, f"{secret!r} shows"


ANSWERS = {
    "refused": {"status_code": 400, "json": {"error": "invalid_grant"}},
    "client refused": {"status_code": 401, "json": {"error": "invalid_client"}},
    "down": {"status_code": 503, "text": "<html>"},
    "silent": {"exc": requests.ReadTimeout},
    "unreachable": {"exc": requests.ConnectTimeout},
    "cut off": {"text": '{"access_token": "access-new'},
    "no access token": {"json": {"refresh_token": "refresh-new"}},
    "an error beside tokens": {"json": {"error": "odd", "access_token": "access-new", "refresh_token": "refresh-new"}},
}


@pytest.mark.parametrize("token_auth", ["post", "basic"])
@pytest.mark.parametrize("how", ANSWERS)
def test_an_exchange_that_fails_shows_neither_code_nor_verifier_nor_client_secret(
    settings, vault, requests_mock, logs, how, token_auth
):
    requests_mock.post(TOKEN, **ANSWERS[how])
    flow = AuthorizationFlow(settings.with_(token_auth=token_auth), vault)
    request = flow.begin(browser=BROWSER)
    verifier = str(vault.pending(request.state).verifier)
    with pytest.raises(ExchangeFailed) as caught:
        flow.finish({"state": request.state, "code": CODE}, browser=BROWSER)
    secrets = [CODE, verifier, request.state, settings.client_secret, "access-new", "refresh-new", BROWSER]
    assert_hidden(everything_of(caught.value), *secrets)
    assert_hidden(logs.text("psauth", "oauthlib", "requests_oauthlib", "urllib3"), *secrets)


def test_a_request_that_cannot_be_begun_does_not_show_the_browser_it_is_for(settings, vault):
    with pytest.raises(ArgumentError) as caught:
        AuthorizationFlow(settings, vault).begin(browser=BROWSER, return_to="https://evil.example/")
    assert_hidden(everything_of(caught.value), BROWSER)


@pytest.mark.parametrize("because", ["expiry", "rejected"])
@pytest.mark.parametrize("how", ANSWERS)
def test_a_refresh_that_fails_shows_no_token(vault, store, requests_mock, logs, settings, how, because):
    requests_mock.post(TOKEN, **ANSWERS[how])
    with pytest.raises((LoginRequired, ServiceUnavailable)) as caught:
        renew(vault, store(lives=0), because=because)
    secrets = [ACCESS, REFRESH, settings.client_secret, "access-new", "refresh-new"]
    assert_hidden(everything_of(caught.value), *secrets)
    assert_hidden(logs.text("psauth", "oauthlib", "requests_oauthlib", "urllib3"), *secrets)


@pytest.mark.parametrize("kind", ["token", "api key"])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ({"status_code": 403, "json": {"error": "no"}}, ApiError),
        ({"status_code": 401}, LoginRequired),
        ({"status_code": 429, "headers": {"Retry-After": "999"}}, RateLimited),
        ({"status_code": 500}, ServiceUnavailable),
        ({"text": "{"}, ApiError),
        ({"exc": requests.ConnectionError}, ServiceUnavailable),
        ({"exc": requests.exceptions.SSLError}, ServiceUnavailable),
        ({"status_code": 302, "headers": {"Location": "https://evil.example/"}}, UntrustedAddress),
    ],
)
def test_a_request_that_fails_shows_no_credential(vault, store, requests_mock, naps, logs, kind, answer, error):
    requests_mock.get("https://api.example/v1/x", **answer)
    requests_mock.post(TOKEN, json={"access_token": "access-new"})
    stored = store() if kind == "token" else store(api_key=API_KEY)
    with pytest.raises(error) as caught:
        Transport(stored, vault).get("/x")
    assert_hidden(everything_of(caught.value), ACCESS, REFRESH, API_KEY, "access-new")
    assert_hidden(logs.text("psauth", "urllib3"), ACCESS, REFRESH, API_KEY, "access-new")


def test_an_untrusted_address_shows_no_credential(vault, store):
    with pytest.raises(UntrustedAddress) as caught:
        Transport(store(), vault).get("https://evil.example/")
    assert_hidden(everything_of(caught.value), ACCESS, REFRESH)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda state: {"code": CODE},
        lambda state: {"code": CODE, "state": "another"},
        lambda state: {"code": [CODE, "x"], "state": state},
        lambda state: {"code": CODE, "state": state, "x": "\ud800"},
        lambda state: {"code": CODE, "state": state, "iss": "https://evil.example"},
        lambda state: f"http://localhost/?code={quote_plus(CODE)}&state={state}&state={state}",
        lambda state: f"http://[::1?code={quote_plus(CODE)}&state={state}",
    ],
)
def test_a_refused_callback_shows_neither_code_nor_state_which_are_still_good(flow, logs, wrong):
    request = flow.begin()
    with pytest.raises(AuthorizationError) as caught:
        flow.finish(wrong(request.state))
    assert_hidden(everything_of(caught.value), CODE, request.state)
    assert_hidden(logs.text(), CODE, request.state)


def test_a_refusal_that_came_through_the_receiver_does_not_show_the_address_it_came_by(
    flow, requests_mock, monkeypatch
):
    monkeypatch.setattr("psauth.auth.receiver.LINGER", 0.0)
    requests_mock.post(TOKEN, status_code=503)
    with Receiver("http://127.0.0.1/") as receiver:
        request = flow.begin(redirect_uri=receiver.redirect_uri)
        receiver.await_callback(request.state, flow.finish)
        assert receiver._answer(f"/?code={quote_plus(CODE)}&state={request.state}", "127.0.0.1")[0] == 303
        outcome = receiver.wait(1)
    assert isinstance(outcome, ExchangeFailed)
    assert_hidden(everything_of(outcome), CODE, request.state)


def test_an_api_key_that_is_refused_does_not_show(settings, vault, requests_mock, logs):
    requests_mock.get("https://api.example/v1/testAuth", status_code=401)
    with pytest.raises(LoginRequired) as caught:
        store_api_key(API_KEY, Service.for_api_key(settings), vault, "default")
    assert_hidden(everything_of(caught.value) + logs.text("psauth", "urllib3"), API_KEY)


def test_a_pasted_address_that_is_refused_does_not_show(settings, requests_mock, monkeypatch):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    monkeypatch.setattr("psauth.auth.browser._check_somebody_is_here", lambda: None)
    monkeypatch.setattr("psauth.auth.browser.ask", lambda *_: Secret(f"http://localhost:8501/?code={quote_plus(CODE)}"))
    with pytest.raises(AuthorizationError) as caught:
        psauth.login(settings=settings)
    assert_hidden(everything_of(caught.value), CODE)


def test_a_wrong_setting_does_not_show_the_secrets_beside_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "client-secret-7Hq2")
    (tmp_path / ".env").write_text("PSAUTH_API_KEY=key-Rt55\n")
    with pytest.raises(SettingsError) as caught:
        psauth.Settings(token_url="http://app.example/")
    assert_hidden(everything_of(caught.value), "client-secret-7Hq2", API_KEY)


def test_a_server_that_quotes_what_it_refuses_is_not_quoted(settings, flow, vault, store, requests_mock, naps, logs):
    def quote(request, context):
        context.status_code = 400
        sent = dict(parse_qsl(request.text or "")) | dict(request.headers)
        return {"error": "odd", "error_description": f"cannot use {sent}", "details": [str(sent)]}

    requests_mock.post(TOKEN, json=quote)
    requests_mock.post("https://app.example/oauth/revoke", json=quote)
    requests_mock.get("https://api.example/v1/x", json=lambda r, c: {**quote(r, c), "error": str(dict(r.headers))})
    request = flow.begin()
    verifier = str(vault.pending(request.state).verifier)
    with pytest.raises(ExchangeFailed, match="cannot use") as caught:
        flow.finish({"state": request.state, "code": CODE})
    text = everything_of(caught.value)
    with pytest.raises(LoginRequired, match="cannot use") as caught:
        renew(vault, store(lives=0))
    text += everything_of(caught.value)
    for stored in (store(api_key=API_KEY), store()):
        with pytest.raises(ApiError, match="User-Agent") as caught:
            Transport(stored, vault).get("/x")
        text += everything_of(caught.value) + repr(caught.value.details)
    text += str(disconnect(vault)) + logs.text("psauth")
    assert_hidden(text, CODE, verifier, settings.client_secret, ACCESS, REFRESH, API_KEY)


def test_what_is_frozen_in_a_pickle_holds_no_token(settings, vault, store):
    stored = store()
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(stored)
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(stored.token.access_token)
    frozen = pickle.dumps(stored.connection)
    assert_hidden(repr(frozen), ACCESS, REFRESH, settings.client_secret)
    assert pickle.loads(frozen).service.api_url == stored.connection.service.api_url


def test_the_listener_would_hear_a_secret_at_the_lowest_level(logs):
    logging.getLogger("requests_oauthlib.oauth2_session").debug("token %s", ACCESS)
    logging.getLogger("anything.else").log(1, "x", extra={})
    with pytest.raises(AssertionError):
        assert_hidden(logs.text(), ACCESS)
