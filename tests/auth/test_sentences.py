"""What a refused login says, word for word: what was wrong, what it means, and the next step."""

import os
import re
from dataclasses import replace

import pytest

from psauth import AuthorizationFlow, Vault
from psauth.auth.renewal import renew
from psauth.auth.token_endpoint import NoAnswer
from psauth.auth.unstored import UNSTORED_TOKENS
from psauth.auth.wrong_address import ANSWERS_SO, oauth_remedy
from psauth.exceptions import AuthorizationError, LoginRequired, ServiceUnavailable, VaultError, WrongAddress
from psauth.secret import Secret
from tests.auth.wire import TOKEN

CALLBACKS = {
    "no state": (
        lambda state: {"code": "c"},
        "The callback has no state, so nothing shows that it answers a request of yours. Begin again.",
    ),
    "no state, but an error": (
        lambda state: {"error": "access_denied"},
        "The callback has no state, so nothing shows that it answers a request of yours. "
        "It reports the error 'access_denied'. Begin again.",
    ),
    "an unknown state": (
        lambda state: {"state": "x" * 43, "code": "c"},
        "This callback answers no request made here: it is from elsewhere, or more than a day old. Begin again.",
    ),
    "no code": (
        lambda state: {"state": state},
        "The callback holds neither a code nor an error. Begin again; if it happens again, the service's answer is "
        "incomplete.",
    ),
    "declined": (
        lambda state: {"state": state, "error": "access_denied"},
        "Access was declined, so nothing was connected. Begin again if that was a slip.",
    ),
    "an unknown error": (
        lambda state: {"state": state, "error": "odd"},
        "The service refused the request: odd. Begin again.",
    ),
    "an error with a description": (
        lambda state: {"state": state, "error": "invalid_scope", "error_description": "no such scope"},
        "The service refused the request: invalid_scope (no such scope). Check PSAUTH_SCOPE.",
    ),
    "another client": (
        lambda state: {"state": state, "error": "unauthorized_client"},
        "The service refused the request: unauthorized_client. Check PSAUTH_CLIENT_ID, and that the app is allowed to "
        "use the authorization code grant.",
    ),
    "trouble there": (
        lambda state: {"state": state, "error": "server_error"},
        "The service refused the request: server_error. The service has a problem; try again in a few minutes.",
    ),
    "busy there": (
        lambda state: {"state": state, "error": "temporarily_unavailable"},
        "The service refused the request: temporarily_unavailable. The service is busy; try again in a few minutes.",
    ),
    "another issuer": (
        lambda state: {"state": state, "code": "c", "iss": "https://other.example"},
        "The callback comes from 'https://other.example', but https://app.example/oauth/authorize was asked. Nothing "
        "was done with it. If both are the same service, set PSAUTH_ISSUER to the first.",
    ),
}


@pytest.mark.parametrize("wrong", CALLBACKS)
def test_a_callback_that_is_refused(flow, wrong):
    make, sentence = CALLBACKS[wrong]
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish(make(flow.begin().state))
    assert str(refusal.value) == sentence


def test_a_callback_that_comes_again(flow, token_endpoint):
    callback = {"state": flow.begin().state, "code": "c"}
    flow.finish(callback)
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish(callback)
    assert str(refusal.value) == (
        "This address was used before (a reload, or the back button). If you are connected, all is well; else begin "
        "again."
    )


def test_a_callback_of_another_browser(flow):
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish({"state": flow.begin(browser="browser-1").state, "code": "c"}, browser="browser-2")
    assert str(refusal.value) == (
        "This callback answers a request that was begun in another browser. Finish it there, or begin again with "
        "Connect in this one."
    )


def test_a_callback_that_comes_late(flow, clock):
    callback = {"state": flow.begin().state, "code": "c"}
    clock.shift(minutes=11)
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish(callback)
    assert str(refusal.value) == "This request was begun more than ten minutes ago. Begin again."


@pytest.mark.parametrize(
    ("error", "step"),
    [
        ("invalid_client", "Check PSAUTH_CLIENT_ID and PSAUTH_CLIENT_SECRET, then begin again."),
        ("invalid_grant", "Begin again."),
    ],
)
def test_a_code_that_is_not_accepted(flow, requests_mock, error, step):
    requests_mock.post(TOKEN, status_code=400, json={"error": error})
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert str(refusal.value) == f"The service did not accept the code: {TOKEN} answered 400 ({error}). {step}"


def test_a_callback_that_does_not_name_its_server_although_that_always_does(settings, vault, service):
    flow = AuthorizationFlow(settings, vault)
    asked = replace(service, issuer="https://app.example", iss_required=True)
    with pytest.raises(AuthorizationError) as refusal:
        flow.finish({"state": flow.begin(service=asked).state, "code": "c"})
    assert str(refusal.value) == (
        "The callback does not name its authorization server, although https://app.example always does. Nothing was done "
        "with it; begin again."
    )


def test_the_secret_of_a_browser_does_not_show_itself_on_the_way(flow, monkeypatch):
    seen = []
    monkeypatch.setattr(AuthorizationFlow, "_finish", lambda _, callback, browser: seen.append(browser))
    for browser in (None, "browser-1"):
        flow.finish({"state": "s", "code": "c"}, browser=browser)
    assert seen == [None, "browser-1"]
    assert isinstance(seen[1], Secret)


def test_what_the_log_says_of_a_login(flow, token_endpoint, logs):
    flow.finish({"state": flow.begin("acme").state, "code": "c"})
    with pytest.raises(AuthorizationError):
        flow.finish({"code": "c"})
    assert [record.getMessage() for record in logs.records if record.name == "psauth.auth.flow"] == [
        "authorization begun: account=acme client=analyst",
        "connected: account=acme scope=read write",
        "authorization refused: StateMissing",
    ]


# The end of an access -----------------------------------------------------------------------------------------------


def message(vault, seen, because="expiry"):
    with pytest.raises((LoginRequired, ServiceUnavailable, WrongAddress)) as failure:
        renew(vault, seen, because=because)
    return str(failure.value)


def test_an_access_without_a_refresh_token(vault, store):
    assert message(vault, store(lives=-100, refresh_token=None)) == (
        "The access of account 'default' has ended, and the service gave no refresh token. Log in with: psauth.login()"
    )


def test_an_access_that_the_service_has_ended(vault, store, requests_mock, logs):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    seen = store(lives=-100)
    assert message(vault, seen) == (
        "The connection of account 'default' has ended: the service has ended the access (invalid_grant). "
        "Log in with: psauth.login()"
    )
    assert "refresh refused: account=default invalid_grant; a new login is needed" in logs.text("psauth")


def test_an_access_that_could_not_be_renewed(vault, store, requests_mock):
    requests_mock.post(TOKEN, status_code=401, json={"error": "invalid_client"})
    assert message(vault, store(lives=-100)) == (
        f"The access of account 'default' could not be renewed: {TOKEN} answered 401 (invalid_client). Check that the "
        "client is still registered, then log in with: psauth.login()"
    )


def test_an_access_whose_token_endpoint_is_busy(vault, store, requests_mock):
    requests_mock.post(TOKEN, status_code=503)
    assert message(vault, store(lives=-100)) == (
        f"The access of account 'default' has to be renewed, but {TOKEN} answered 503. Try again in a few minutes; the "
        "connection is kept."
    )


def test_what_the_log_says_of_a_renewal(vault, store, token_endpoint, logs):
    renew(vault, store("acme", lives=-100))
    said = [record.getMessage() for record in logs.records if record.name == "psauth.auth.renewal"]
    assert said == ["refreshed: account=acme because=expiry"]


def test_what_the_log_says_of_a_renewal_that_can_wait(vault, store, requests_mock, logs):
    requests_mock.post(TOKEN, status_code=503)
    renew(vault, store(lives=30))
    requests_mock.post(TOKEN, status_code=401, json={"error": "invalid_client"})
    renew(vault, store(lives=30))
    said = [record.getMessage() for record in logs.records if record.name == "psauth.auth.renewal"]
    assert said == [
        f"refresh postponed: {TOKEN} answered 503; going on with the access token while it lives",
        f"refresh refused: {TOKEN} answered 401 (invalid_client); going on with the access token while it lives",
    ]


def lines(logs):
    return [record.getMessage() for record in logs.records if record.name == "psauth.auth.renewal"]


def refuse(*args):
    raise VaultError("The disk is full.")


def test_a_renewal_that_the_vault_cannot_begin(vault, store, monkeypatch, logs):
    seen = store(lives=30)
    monkeypatch.setattr(Vault, "attempt", refuse)
    assert renew(vault, seen) == seen
    assert lines(logs) == ["refresh postponed: The disk is full. Going on with the access token while it lives."]


def test_a_token_that_cannot_be_stored(vault, store, token_endpoint, monkeypatch, logs, settings):
    seen = store("acme", lives=30)
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "renew", refuse)
        held = renew(vault, seen)
    assert lines(logs)[0] == (
        "The new token of account acme could not be stored: The disk is full. It is used from memory, and stored with one of "
        "the next requests; do not end this program before."
    )
    monkeypatch.setattr(UNSTORED_TOKENS, "_held", {})  # as in another process
    with pytest.raises(VaultError) as refusal:
        renew(vault, seen, because="asked")
    assert re.fullmatch(
        rf"Process {os.getpid()} \(since \d\d:\d\d:\d\d UTC\) holds a new token of account 'acme' in memory, which it could "
        rf"not store in {re.escape(vault.place)} yet\. Make room on the disk, use the connection once more there, and try "
        r"again here\.",
        str(refusal.value),
    )
    monkeypatch.undo()
    assert UNSTORED_TOKENS.store(vault, held).token == held.token


def test_an_answer_that_was_lost(vault, store, requests_mock, logs):
    requests_mock.post(TOKEN, json={"token_type": "bearer"})
    lost = f"{TOKEN} answered 200, but there is no access_token in it"
    assert message(vault, store("acme", lives=-100)) == (
        f"The answer to the renewal of account 'acme' was lost twice ({lost}), so its access may be spent. Try again when the "
        "network is well, or log in with: psauth.login(account='acme')"
    )
    assert lines(logs) == [f"the answer to a refresh was lost ({lost}); asking once more"]


def test_an_access_that_the_service_has_ended_in_the_log(vault, store, requests_mock, logs):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    message(vault, store("acme", lives=-100))
    assert lines(logs) == ["refresh refused: account=acme invalid_grant; a new login is needed"]


def test_an_access_at_a_wrong_address(vault, store, requests_mock):
    requests_mock.post(TOKEN, text="<html>Welcome</html>")
    assert message(vault, store("acme", lives=-100)) == (
        f"The access of account 'acme' has to be renewed, but {TOKEN} answered 200, but there is no access_token in it: it is "
        f"a web page, and {ANSWERS_SO}. The connection is kept; if this stays so: "
        f"{oauth_remedy('PSAUTH_TOKEN_URL', 'acme')}"
    )


def test_an_access_whose_renewal_has_a_remedy_of_its_own(vault, store, monkeypatch):
    def fail(*args):
        raise NoAnswer("its certificate is not valid", sent=False, remedy="Set the clock.")

    monkeypatch.setattr("psauth.auth.renewal.ask_for_token", fail)
    assert message(vault, store(lives=-100)) == (
        "The access of account 'default' has to be renewed, but its certificate is not valid. Set the clock. Then try again; "
        "the connection is kept."
    )
