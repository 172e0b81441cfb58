"""Authorization: the exact requests of each step, and every callback that is refused without harm."""

import base64
import hashlib
import os
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from requests_mock import ANY

from psauth import AuthorizationFlow, Settings, Vault
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    DuplicateParameter,
    ExchangeFailed,
    IssuerMismatch,
    MalformedCallback,
    ServiceUnavailable,
    SettingsError,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
)

TOKEN = "https://app.example/oauth/token"
ANSWER = {"access_token": "access-new", "refresh_token": "refresh-new", "expires_in": 3600, "scope": "read write"}


@pytest.fixture
def token_endpoint(requests_mock):
    """Answers every exchange with a token."""
    return requests_mock.post(TOKEN, json=ANSWER)


def parameters(url):
    return dict(parse_qsl(urlsplit(url).query, strict_parsing=True, keep_blank_values=True))


def body(endpoint):
    return dict(parse_qsl(endpoint.last_request.text, strict_parsing=True))


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


def test_verifiers_are_new_each_time_and_hold_256_bits(flow, token_endpoint):
    verifiers = set()
    for _ in range(5):
        flow.finish({"state": flow.begin().state, "code": "c"})
        verifiers.add(body(token_endpoint)["code_verifier"])
    assert len(verifiers) == 5
    assert all(len(base64.urlsafe_b64decode(v + "==")) * 8 >= 256 for v in verifiers)


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


# The exchange ---------------------------------------------------------------------------------------------------------


def test_the_exchange_is_exactly_this_request(flow, token_endpoint):
    flow.finish({"state": flow.begin().state, "code": "the code/+&="})
    (request,) = token_endpoint.request_history
    sent = body(token_endpoint)
    assert len(sent.pop("code_verifier")) >= 43
    assert sent == {
        "grant_type": "authorization_code",
        "code": "the code/+&=",
        "client_id": "analyst",
        "client_secret": "client-secret-7Hq2",
        "redirect_uri": "http://localhost:8501/",
    }
    assert request.method == "POST"
    assert request.url == TOKEN
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers
    assert request.timeout == (5.0, 20.0)


@pytest.mark.parametrize(
    ("token_auth", "secret", "authorization", "in_body"),
    [
        ("post", "s3cret:+ü%", None, "s3cret:+ü%"),
        ("post", "", None, None),
        ("basic", "s3cret:+ü%", "analyst%40example:s3cret%3A%2B%C3%BC%25", None),
        ("none", "s3cret", None, None),
        ("none", "", None, None),
    ],
)
def test_the_client_shows_itself_as_configured(
    settings, vault, token_endpoint, token_auth, secret, authorization, in_body
):
    custom = settings.with_(client_id="analyst@example", client_secret=secret, token_auth=token_auth)
    flow = AuthorizationFlow(custom, vault)
    flow.finish({"state": flow.begin().state, "code": "c"})
    header = token_endpoint.last_request.headers.get("Authorization")
    assert header == (authorization and "Basic " + base64.b64encode(authorization.encode()).decode())
    assert body(token_endpoint).get("client_secret") == in_body
    assert body(token_endpoint)["client_id"] == "analyst@example"


@pytest.mark.parametrize("token_auth", ["post", "none", "basic"])
def test_a_netrc_file_never_adds_credentials(settings, vault, token_endpoint, tmp_path, monkeypatch, token_auth):
    (tmp_path / "netrc").write_text("machine app.example login me password hunter2\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    flow = AuthorizationFlow(settings.with_(token_auth=token_auth), vault)
    flow.finish({"state": flow.begin().state, "code": "c"})
    header = token_endpoint.last_request.headers.get("Authorization", "")
    assert base64.b64encode(b"me:hunter2").decode() not in header
    assert bool(header) == (token_auth == "basic")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["https://evil.example/token", "http://[::1", "https://evil.example:port/", ""])
def test_a_redirect_of_the_token_endpoint_is_not_followed(flow, requests_mock, status, location):
    requests_mock.post(TOKEN, status_code=status, headers={"Location": location})
    requests_mock.register_uri(ANY, "https://evil.example/token", json=ANSWER)
    with pytest.raises(ExchangeFailed, match=str(status)):
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert [r.hostname for r in requests_mock.request_history] == ["app.example"]


@pytest.mark.parametrize(
    "answer",
    [
        {"json": ANSWER},
        {"text": urlencode(ANSWER), "headers": {"Content-Type": "application/x-www-form-urlencoded"}},
        {"text": urlencode(ANSWER) + "\n", "headers": {"Content-Type": "text/plain"}},
        {"json": {**ANSWER, "expires_in": "3600", "token_type": "bearer", "organization": {"id": 1}}},
    ],
    ids=["json", "form", "form as text", "json with a text number"],
)
def test_the_answer_may_be_json_or_a_form(flow, vault, requests_mock, answer):
    requests_mock.post(TOKEN, **answer)
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    token = vault.read().token
    assert (token.access_token, token.refresh_token, token.scope) == ("access-new", "refresh-new", "read write")
    assert connection.expires_at == token.expires_at is not None
    assert connection.renewable


@pytest.mark.parametrize("form", [False, True], ids=["json", "form"])
@pytest.mark.parametrize("lacking", ["expires_in", "refresh_token", "scope", "all"])
def test_the_answer_may_lack_everything_but_the_access_token(flow, vault, requests_mock, form, lacking):
    answer = {k: v for k, v in ANSWER.items() if k not in (lacking if lacking != "all" else [*ANSWER][1:])}
    requests_mock.post(TOKEN, **({"text": urlencode(answer)} if form else {"json": answer}))
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    token = vault.read().token
    assert token.access_token == "access-new"
    assert (token.expires_at is None) == ("expires_in" not in answer)
    assert token.refresh_token == answer.get("refresh_token")
    assert connection.scope == token.scope == answer.get("scope")
    assert connection.renewable == ("refresh_token" in answer)


@pytest.mark.parametrize(
    ("answer", "status", "error", "said"),
    [
        ({"status_code": 400, "json": {"error": "invalid_grant", "error_description": "too late"}}, 400, "invalid_grant",
         r"answered 400 \(invalid_grant: too late\)"),
        ({"status_code": 401, "json": {"error": "invalid_client"}}, 401, "invalid_client", "Check PSAUTH_CLIENT_ID"),
        ({"status_code": 400, "text": "error=invalid_request"}, 400, "invalid_request", "400 .invalid_request."),
        ({"json": {"error": "bad_verification_code"}}, 200, "bad_verification_code", "bad_verification_code"),
        ({"text": "error=bad_verification_code&error_description=x"}, 200, "bad_verification_code", "bad_veri"),
        ({"status_code": 503, "json": {"error": "temporarily_unavailable"}}, 503, None, "503 .temporarily_unavailable."),
        ({"status_code": 500, "text": "<html>Oops</html>"}, 500, None, "answered 500"),
        ({"status_code": 429, "text": ""}, 429, None, "answered 429"),
        ({"text": "<html><a href='x?a=b&c=d'>Sign in</a></html>"}, 200, None, "200, but there is no access_token"),
        ({"text": ""}, 200, None, "200, but there is no access_token"),
        ({"json": ["access_token"]}, 200, None, "no access_token"),
        ({"text": '{"access_token": "cut o'}, 200, None, "no access_token"),
        ({"json": {"access_token": ""}}, 200, None, "no access_token"),
        ({"json": {"access_token": {"a": 1}}}, 200, None, "no access_token"),
        ({"status_code": 204}, 204, None, "no access_token"),
        ({"text": "[" * 100_000}, 200, None, "no access_token"),
        ({"content": b"\xff\xfe\x00" * 30}, 200, None, "no access_token"),
        ({"exc": requests.ConnectTimeout}, None, None, r"does not answer \(ConnectTimeout\)"),
        ({"exc": requests.ReadTimeout}, None, None, "does not answer"),
        ({"exc": requests.exceptions.SSLError}, None, None, "does not answer"),
        ({"exc": requests.exceptions.ChunkedEncodingError}, None, None, "does not answer"),
    ],
)  # fmt: skip
def test_an_exchange_that_brings_no_token_carries_status_and_error(
    flow, vault, requests_mock, answer, status, error, said
):
    requests_mock.post(TOKEN, **answer)
    request = flow.begin()
    with pytest.raises(ExchangeFailed, match=said) as caught:
        flow.finish({"state": request.state, "code": "c"})
    assert (caught.value.status, caught.value.error) == (status, error)
    assert vault.find() is None
    assert requests_mock.call_count == 1  # a code is spent by its first use
    with pytest.raises(StateSpent):
        flow.finish({"state": request.state, "code": "c"})


@pytest.mark.parametrize("odd", [{"error": 5}, {"error": {"code": "x"}}, {"error": None}, {"error": ["invalid_grant"]}])
def test_an_error_in_an_unheard_of_form_is_no_reason_to_break(flow, requests_mock, odd):
    requests_mock.post(TOKEN, status_code=400, json=odd)
    with pytest.raises(ExchangeFailed, match="400") as caught:
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert caught.value.error is None


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


# Refusals -------------------------------------------------------------------------------------------------------------

REFUSALS = {
    "no state": (lambda state: {"code": "c"}, StateMissing),
    "empty state": (lambda state: {"state": "", "code": "c"}, StateMissing),
    "an error without a state": (lambda state: {"error": "access_denied"}, StateMissing),
    "an unknown state": (lambda state: {"state": "x" * 43, "code": "c"}, StateUnknown),
    "a state cut short": (lambda state: {"state": state[:-1], "code": "c"}, StateUnknown),
    "a state in another case": (lambda state: {"state": state.swapcase(), "code": "c"}, StateUnknown),
    "a state with a blank": (lambda state: {"state": state + " ", "code": "c"}, StateUnknown),
    "the state's hash": (
        lambda state: {"state": hashlib.sha256(state.encode()).hexdigest(), "code": "c"},
        StateUnknown,
    ),
    "a path as state": (lambda state: {"state": "../../vault.db", "code": "c"}, StateUnknown),
    "sql as state": (lambda state: {"state": "' OR '1'='1", "code": "c"}, StateUnknown),
    "no code": (lambda state: {"state": state}, CodeMissing),
    "empty code": (lambda state: {"state": state, "code": ""}, CodeMissing),
    "the state twice": (lambda state: {"state": [state, state], "code": "c"}, DuplicateParameter),
    "the code twice": (lambda state: f"/?state={state}&code=a&code=b", DuplicateParameter),
    "anything twice": (lambda state: f"/?state={state}&code=a&x=1&x=2", DuplicateParameter),
    "another issuer": (lambda state: {"state": state, "code": "c", "iss": "https://evil.example"}, IssuerMismatch),
    "an issuer that is none": (lambda state: {"state": state, "code": "c", "iss": "http://[::1"}, IssuerMismatch),
    "an error from another issuer": (lambda state: {"state": state, "error": "x", "iss": "http://e"}, IssuerMismatch),
    "no texts": (lambda state: {"state": state, "code": None}, MalformedCallback),
    "a code that is no unicode": (lambda state: {"state": state, "code": "\ud800"}, MalformedCallback),
    "no address": (lambda state: f"http://[::1?state={state}&code=c", MalformedCallback),
}


@pytest.mark.parametrize("wrong", REFUSALS)
def test_a_wrong_callback_is_refused_by_its_own_class_and_the_right_one_still_works(
    flow, vault, token_endpoint, logs, wrong
):
    make, error = REFUSALS[wrong]
    request = flow.begin()
    with pytest.raises(error) as caught:
        flow.finish(make(request.state))
    assert type(caught.value) is error
    assert str(caught.value).endswith(".")
    assert not token_endpoint.called
    assert vault.find() is None
    assert f"authorization refused: {error.__name__}" in logs.text("psauth")
    assert flow.finish({"state": request.state, "code": "right"}).kind == "oauth"


@pytest.mark.parametrize(
    ("minutes", "finishes"), [(9.9, True), (-9, True), (10.1, False), (60 * 20, False), (-11, False), (-60 * 24, False)]
)
def test_a_request_lives_ten_minutes_whichever_way_the_clock_goes(flow, token_endpoint, clock, minutes, finishes):
    callback = {"state": flow.begin().state, "code": "c"}
    clock.shift(minutes=minutes)
    if finishes:
        assert flow.finish(callback)
        return
    with pytest.raises(StateExpired, match="more than ten minutes"):
        flow.finish(callback)
    assert not token_endpoint.called
    clock.shift(minutes=-minutes)
    assert flow.finish(callback), "nothing was consumed"


def test_a_callback_works_once(flow, vault, token_endpoint):
    callback = {"state": flow.begin().state, "code": "c"}
    connection = flow.finish(callback)
    with pytest.raises(StateSpent, match="used before"):
        flow.finish(callback)
    assert token_endpoint.call_count == 1
    assert vault.read().connection == connection


def test_a_callback_that_is_days_old_is_unknown(flow, token_endpoint, clock):
    spent, forgotten = {"state": flow.begin().state, "code": "c"}, {"state": flow.begin().state, "code": "c"}
    flow.finish(spent)
    clock.shift(days=2)
    flow.begin()  # clears away what nobody will come back for
    for callback in (spent, forgotten):
        with pytest.raises(StateUnknown):
            flow.finish(callback)


def test_declining_is_told_apart_and_ends_the_request(flow, token_endpoint):
    callback = {"state": flow.begin().state, "error": "access_denied"}
    with pytest.raises(AccessDenied, match="declined"):
        flow.finish(callback)
    with pytest.raises(StateSpent):
        flow.finish({"state": callback["state"], "code": "c"})
    assert not token_endpoint.called


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        ("invalid_scope", "PSAUTH_SCOPE"),
        ("unauthorized_client", "PSAUTH_CLIENT_ID"),
        ("server_error", "try again in a few minutes"),
        ("temporarily_unavailable", "try again in a few minutes"),
        ("interaction_required", "Begin again"),
    ],
)
def test_every_other_error_of_the_service_is_shown_with_its_description(flow, token_endpoint, error, hint):
    answer = {"state": flow.begin().state, "error": error, "error_description": "two\nlines\x07", "code": "c"}
    with pytest.raises(AuthorizationRefused, match=hint) as caught:
        flow.finish(answer)
    assert caught.value.error == error
    assert "(two lines)" in str(caught.value)
    assert not token_endpoint.called


def test_access_denied_wins_over_a_code_that_came_along(flow, token_endpoint):
    with pytest.raises(AccessDenied):
        flow.finish({"state": flow.begin().state, "error": "access_denied", "code": "c"})
    assert not token_endpoint.called


# The browser ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [None, "", "another", "Browser-1", "browser-1 ", "\ud800"])
def test_a_request_of_one_browser_is_not_finished_by_another(flow, token_endpoint, other):
    request = flow.begin(browser="browser-1")
    callback = {"state": request.state, "code": "c"}
    with pytest.raises(BrowserMismatch):
        flow.finish(callback, browser=other)
    assert not token_endpoint.called
    assert flow.finish(callback, browser="browser-1")


def test_a_request_without_a_browser_may_come_back_in_any(flow, token_endpoint):
    assert flow.finish({"state": flow.begin().state, "code": "c"}, browser="browser-1")


def test_another_browser_cannot_decline_for_its_owner_either(flow, token_endpoint):
    request = flow.begin(browser="browser-1")
    with pytest.raises(BrowserMismatch):
        flow.finish({"state": request.state, "error": "access_denied"}, browser="browser-2")
    assert flow.finish({"state": request.state, "code": "c"}, browser="browser-1")


# The issuer (RFC 9207) ------------------------------------------------------------------------------------------------


def issued(settings, requests_mock, *, promised):
    metadata = {
        "issuer": "https://login.example",
        "authorization_endpoint": "https://login.example/authorize",
        "token_endpoint": TOKEN,
        "authorization_response_iss_parameter_supported": promised,
    }
    requests_mock.get("https://login.example/.well-known/oauth-authorization-server", json=metadata)
    return settings.with_(issuer="https://login.example", authorize_url="", token_url="", revoke_url="")


@pytest.mark.parametrize("promised", [True, False])
def test_the_configured_issuer_is_compared_letter_by_letter(settings, vault, requests_mock, token_endpoint, promised):
    flow = AuthorizationFlow(issued(settings, requests_mock, promised=promised), vault)
    request = flow.begin()
    for iss in (
        "https://login.example/",
        "https://LOGIN.example",
        "http://login.example",
        "https://login.example.evil",
    ):
        with pytest.raises(IssuerMismatch, match="was asked"):
            flow.finish({"state": request.state, "code": "c", "iss": iss})
    assert flow.finish({"state": request.state, "code": "c", "iss": "https://login.example"})


def test_a_server_that_has_promised_its_name_must_give_it(settings, vault, requests_mock, token_endpoint):
    flow = AuthorizationFlow(issued(settings, requests_mock, promised=True), vault)
    request = flow.begin()
    for callback in ({"code": "c"}, {"error": "access_denied"}, {"code": "c", "iss": ""}):
        with pytest.raises(IssuerMismatch, match="does not name"):
            flow.finish({"state": request.state, **callback})
    assert not token_endpoint.called
    assert flow.finish({"state": request.state, "code": "c", "iss": "https://login.example"})


def test_a_server_that_has_promised_nothing_may_leave_its_name_out(settings, vault, requests_mock, token_endpoint):
    flow = AuthorizationFlow(issued(settings, requests_mock, promised=False), vault)
    assert flow.finish({"state": flow.begin().state, "code": "c"})


@pytest.mark.parametrize("iss", ["https://app.example", "https://app.example/", "https://app.example/tenant"])
def test_without_a_configured_issuer_the_origin_of_the_consent_page_must_agree(flow, token_endpoint, iss):
    assert flow.finish({"state": flow.begin().state, "code": "c", "iss": iss})


@pytest.mark.parametrize(
    "iss", ["http://app.example", "https://app.example:8443", "https://app.example@evil", "app.example"]
)
def test_without_a_configured_issuer_another_origin_is_refused(flow, token_endpoint, iss):
    with pytest.raises(IssuerMismatch):
        flow.finish({"state": flow.begin().state, "code": "c", "iss": iss})


# Callbacks nobody thought of ------------------------------------------------------------------------------------------

texts = st.text(max_size=60)
names = st.sampled_from(["state", "code", "iss", "error", "error_description", "scope", ""])
mappings = st.dictionaries(
    st.one_of(names, texts),
    st.one_of(texts, st.none(), st.integers(), st.binary(max_size=9), st.lists(texts, max_size=3)),
)
addresses = st.one_of(
    texts,
    texts.map("http://localhost:8501/?".__add__),
    st.lists(st.tuples(names, texts), max_size=5).map(
        lambda pairs: "http://localhost:8501/?" + "&".join(f"{n}={quote(v, errors='replace')}" for n, v in pairs)
    ),
    st.text(alphabet="state=code&?%/:#[]@ü\x00", max_size=80),
)


@pytest.fixture
def waiting(flow, token_endpoint):
    """A request that waits for its callback; afterwards the right callback must still find it."""
    request = flow.begin(browser="browser-1")
    yield request
    assert not token_endpoint.called
    assert flow.finish({"state": request.state, "code": "right"}, browser="browser-1")


many = examples(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.mark.slow
@many
@given(params=st.one_of(mappings, addresses))
def test_a_random_callback_is_an_authorization_error_and_consumes_nothing(flow, waiting, params):
    with pytest.raises(AuthorizationError):
        flow.finish(params, browser="browser-1")


@pytest.mark.slow
@many
@given(data=st.data())
def test_a_mutated_callback_is_an_authorization_error_and_consumes_nothing(flow, waiting, data):
    right = urlencode({"code": "right", "state": waiting.state, "iss": "https://app.example"})
    at = data.draw(st.integers(0, len(right)))
    cut = data.draw(st.integers(0, 6))
    put = data.draw(st.text(alphabet="&=%+#?abcstate0123\x00ü", max_size=8))
    mutated = right[:at] + put + right[at + cut :]
    read = dict(parse_qsl(mutated, errors="replace"))
    browser = "browser-2" if read.get("state") == waiting.state else "browser-1"
    with pytest.raises(AuthorizationError):
        flow.finish("http://localhost:8501/?" + mutated, browser=browser)


@pytest.mark.slow
@many
@given(extra=mappings, spoil=st.sampled_from(["state", "code", "iss", "browser", "twice"]), junk=texts)
def test_a_callback_that_is_right_but_for_one_thing_consumes_nothing(flow, waiting, extra, spoil, junk):
    callback = {**extra, "state": waiting.state, "code": "right", "iss": "https://app.example"}
    for name in ("error", "error_description"):
        callback.pop(name, None)
    browser = "browser-1"
    if spoil == "code":
        callback["code"] = ""
    elif spoil == "browser":
        browser = junk
    elif spoil == "twice":
        callback["iss"] = ["https://app.example", junk]
    else:
        callback[spoil] = junk + "~"
    with pytest.raises(AuthorizationError):
        flow.finish(callback, browser=browser)


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
