"""The flow: the exact authorization request, the connection that comes of it, and callbacks in every form."""

import base64
import hashlib
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
import requests

from psauth import AuthorizationFlow, Settings, Vault
from psauth.exceptions import (
    AuthorizationError,
    ServiceUnavailable,
    SettingsError,
    StateSpent,
)
from tests.auth.wire import ANSWER, body, parameters

# The authorization request --------------------------------------------------------------------------------------------


def test_the_authorization_url_holds_exactly_these_parameters(flow):
    request = flow.begin()
    sent = parameters(request.url)
    assert request.url.startswith("https://app.example/oauth/authorize?")
    assert sent.pop("state") == request.state
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", sent.pop("code_challenge"))
    assert sent == {
        "response_type": "code",
        "client_id": "analyst",
        "redirect_uri": "http://localhost:8501/",
        "scope": "read,write",
        "code_challenge_method": "S256",
    }


@pytest.mark.parametrize("scope", ["read,write", "read write", "read", "a+b&c", "workflows:read workflows:write"])
def test_the_scope_is_asked_for_exactly_as_configured(settings, vault, scope):
    url = AuthorizationFlow(settings.with_(scope=scope), vault).begin().url
    assert parameters(url)["scope"] == scope
    assert "scope=read%2Cwrite" in url or scope != "read,write"


def test_without_a_scope_none_is_asked_for(settings, vault):
    assert "scope" not in parameters(AuthorizationFlow(settings.with_(scope=""), vault).begin().url)


def test_the_state_holds_256_bits_and_is_new_each_time(flow):
    states = {flow.begin().state for _ in range(20)}
    assert len(states) == 20
    for state in states:
        assert len(base64.urlsafe_b64decode(state + "=")) * 8 >= 256


def test_the_challenge_is_the_hash_of_the_verifier_that_the_exchange_sends(flow, token_endpoint):
    for _ in range(3):
        request = flow.begin()
        flow.finish({"state": request.state, "code": "c"})
        verifier = body(token_endpoint)["code_verifier"]
        assert re.fullmatch(r"[A-Za-z0-9._~-]{43,128}", verifier)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=")
        assert parameters(request.url)["code_challenge"] == digest.decode()


def test_verifiers_are_new_each_time_and_hold_512_bits(flow, token_endpoint):
    verifiers = set()
    for _ in range(5):
        flow.finish({"state": flow.begin().state, "code": "c"})
        verifiers.add(body(token_endpoint)["code_verifier"])
    assert len(verifiers) == 5
    assert all(len(base64.urlsafe_b64decode(v + "==")) * 8 >= 512 for v in verifiers)


def test_parameters_that_the_address_has_already_stay(settings, vault):
    custom = settings.with_(authorize_url="https://app.example/authorize?tenant=acme")
    sent = parameters(AuthorizationFlow(custom, vault).begin().url)
    assert sent["tenant"] == "acme"
    assert sent["client_id"] == "analyst"


def test_a_loopback_server_is_asked_by_http_without_the_engines_switch(settings, vault, requests_mock):
    local = settings.with_(authorize_url="http://127.0.0.1:9/authorize", token_url="http://127.0.0.1:9/token")
    requests_mock.post("http://127.0.0.1:9/token", json=ANSWER)
    flow = AuthorizationFlow(local, vault)
    request = flow.begin()
    assert request.url.startswith("http://127.0.0.1:9/authorize?response_type=code&")
    assert flow.finish(f"http://localhost:8501/?code=c&state={request.state}").scope == "read write"
    assert "OAUTHLIB_INSECURE_TRANSPORT" not in os.environ


def test_another_redirect_uri_can_be_named_and_is_repeated_in_the_exchange(flow, token_endpoint):
    request = flow.begin(redirect_uri="http://127.0.0.1:41234/")
    assert request.redirect_uri == parameters(request.url)["redirect_uri"] == "http://127.0.0.1:41234/"
    flow.finish({"state": request.state, "code": "c"})
    assert body(token_endpoint)["redirect_uri"] == "http://127.0.0.1:41234/"


def test_a_service_with_a_redirect_uri_of_its_own_goes_before_the_settings(flow, service):
    elsewhere = replace(service, redirect_uri="http://127.0.0.1:41234/")
    request = flow.begin(service=elsewhere)
    assert request.redirect_uri == parameters(request.url)["redirect_uri"] == "http://127.0.0.1:41234/"


def test_the_request_names_the_account_it_is_for(flow):
    assert flow.begin("acme").account == "acme"
    assert flow.begin().account == "default"


def test_beginning_asks_nobody_when_the_addresses_are_configured(flow, requests_mock):
    flow.begin()
    assert not requests_mock.called


def test_without_a_client_nothing_can_be_begun(vault):
    with pytest.raises(SettingsError, match="PSAUTH_CLIENT_ID"):
        AuthorizationFlow(Settings(), vault).begin()


def test_an_issuer_that_is_down_is_said_at_the_beginning(settings, vault, requests_mock):
    requests_mock.get(re.compile("well-known"), exc=requests.ConnectionError)
    lost = settings.with_(issuer="https://login.example", authorize_url="", token_url="", revoke_url="")
    with pytest.raises(ServiceUnavailable):
        AuthorizationFlow(lost, vault).begin()


@pytest.mark.parametrize("path", ["/", "/connection", "/a/b?c=d#e", "/ü"])
def test_the_path_to_return_to_comes_back_with_the_connection(flow, token_endpoint, path):
    request = flow.begin(return_to=path)
    assert flow.finish({"state": request.state, "code": "c"}).return_to == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "connection",
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\/evil",
        "javascript:alert(1)",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\r\nSet-Cookie: a=b",
        "\t//evil.example",
    ],
)
def test_a_place_to_return_to_that_a_browser_may_read_as_another_host_is_refused(flow, path):
    with pytest.raises(ValueError, match="Expected a path of this app"):
        flow.begin(return_to=path)


def test_the_request_does_not_show_its_state(flow):
    request = flow.begin()
    assert request.state not in repr(request)
    assert request.state not in repr([request.state])


# The connection -------------------------------------------------------------------------------------------------------


def test_the_connection_is_stored_with_its_service_and_shows_no_token(flow, vault, service, token_endpoint, logs):
    request = flow.begin("acme")
    connection = flow.finish({"state": request.state, "code": "c"})
    assert (connection.account, connection.kind, connection.scope) == ("acme", "oauth", "read write")
    assert connection.service == service.without_secret()
    assert vault.read("acme").service == service
    assert vault.read("acme").connection == connection
    assert "access-new" not in repr(connection) + connection._repr_html_()
    assert "connected: account=acme scope=read write" in logs.text("psauth")


def test_a_new_login_takes_the_place_of_the_old_connection(flow, vault, store, token_endpoint):
    old = store()
    vault.end(old, "it was over")
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    assert connection.ended is None
    assert connection.id != old.connection.id
    assert vault.read().token.access_token == "access-new"
    assert len(vault.connections()) == 1


def test_the_exchange_goes_where_the_request_was_made_whatever_the_settings_say_by_then(
    settings, vault, flow, token_endpoint
):
    request = flow.begin()
    later = AuthorizationFlow(settings.with_(token_url="https://other.example/token", client_id="other"), vault)
    later.finish({"state": request.state, "code": "c"})
    assert token_endpoint.called
    assert body(token_endpoint)["client_id"] == "analyst"


def test_another_process_with_the_same_vault_may_finish(settings, flow, token_endpoint):
    request = flow.begin()
    other = AuthorizationFlow(settings, Vault.open(settings))
    assert other.finish({"state": request.state, "code": "c"}).kind == "oauth"


def test_any_number_of_requests_may_be_under_way(flow, token_endpoint):
    first, second = flow.begin("one"), flow.begin("two")
    assert flow.finish({"state": second.state, "code": "c"}).account == "two"
    assert flow.finish({"state": first.state, "code": "c"}).account == "one"


# Callbacks in every form ----------------------------------------------------------------------------------------------


def starlette(params):
    return pytest.importorskip("starlette.datastructures", reason="starlette is not installed").QueryParams(params)


@pytest.mark.parametrize(
    "form",
    [
        dict,
        lambda p: {k: [v] for k, v in p.items()},
        starlette,
        lambda p: "http://localhost:8501/?" + urlencode(p),
        lambda p: " http://localhost:8501/callback?" + urlencode(p) + "#\n",
        urlencode,
        lambda p: parse_qs(urlencode(p)),
    ],
    ids=["mapping", "lists", "starlette", "address", "pasted address", "query", "parse_qs"],
)
def test_a_callback_is_finished_in_every_form(flow, token_endpoint, form):
    code = "4/0A?b&c=d e+ü"
    flow.finish(form({"state": flow.begin().state, "code": code, "scope": "read"}))
    assert body(token_endpoint)["code"] == code


# Many at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_of_eight_threads_with_one_state_exactly_one_wins_forty_times(flow, token_endpoint):
    barrier, wins, losses = threading.Barrier(8), [], []

    def finish(callback):
        barrier.wait()
        try:
            wins.append(flow.finish(callback))
        except StateSpent as loss:
            losses.append(loss)

    with ThreadPoolExecutor(8) as pool:
        for round_ in range(1, 41):
            callback = {"state": flow.begin().state, "code": "c"}
            for done in [pool.submit(finish, callback) for _ in range(8)]:
                done.result()
            assert (len(wins), len(losses)) == (round_, round_ * 7)
    assert token_endpoint.call_count == 40


def test_nothing_of_the_flow_throws_the_engines_process_wide_switch(flow, token_endpoint):
    before = dict(os.environ)
    with suppress(AuthorizationError):
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert dict(os.environ) == before
