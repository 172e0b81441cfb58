"""Callbacks that are refused without harm: wrong, late, used, of another browser or another issuer."""

import hashlib

import pytest

from psauth import AuthorizationFlow
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    AuthorizationRefused,
    BrowserMismatch,
    CodeMissing,
    DuplicateParameter,
    IssuerMismatch,
    MalformedCallback,
    StateExpired,
    StateMissing,
    StateSpent,
    StateUnknown,
)
from tests.auth.wire import TOKEN
from tests.repeated import FORMS, left

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


@pytest.mark.parametrize("form", FORMS)
def test_a_callback_that_repeats_what_it_knows_shows_nothing_of_it(flow, settings, vault, logs, form):
    code = "code-Xy71-9fKd93Zp41"
    request = flow.begin()
    secrets = [code, request.state, str(vault.pending(request.state).verifier), settings.client_secret]
    said = " ".join(FORMS[form](secret) for secret in secrets)
    calls = [
        {"code": code, "error": FORMS[form](code)},  # without a state nothing else is known
        {"state": request.state, "code": code, "iss": said},
        {"state": request.state, "code": code, "error": said[:4000], "error_description": said},
    ]
    text = ""
    for callback in calls:
        with pytest.raises(AuthorizationError) as caught:
            flow.finish(callback)
        text += f"{caught.value!r} {caught.value} {vars(caught.value)}"
    for secret in (code, request.state, *secrets[2:]):
        assert not left(text + logs.text("psauth"), secret)


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
