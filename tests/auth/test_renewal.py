"""Renewal, row by row of the table in docs/design.md: one request, and nothing lost on the way."""

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlencode

import pytest

from psauth import Vault
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.auth.renewal import renew
from psauth.client import ProcessStreet
from psauth.exceptions import LoginRequired, VaultError, WrongAddress

TOKEN = "https://app.example/oauth/token"
API = "https://api.example/v1/workflows"
ROTATED = {"access_token": "access-2", "refresh_token": "refresh-2", "expires_in": 3600, "scope": "read"}


@pytest.fixture
def token_endpoint(requests_mock):
    """Answers every refresh with a new pair."""
    return requests_mock.post(TOKEN, json=ROTATED)


def body(request):
    return dict(parse_qsl(request.text, strict_parsing=True))


# The request -----------------------------------------------------------------------------------------------------------


def test_the_refresh_is_a_request_of_its_own_with_the_parameters_of_rfc_6749_only(vault, store, token_endpoint):
    renew(vault, store(lives=0))
    (request,) = token_endpoint.request_history
    assert body(request) == {
        "grant_type": "refresh_token",
        "refresh_token": "refresh-1-Zp41",
        "client_id": "analyst",
        "client_secret": "client-secret-7Hq2",
    }
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.headers["Accept"] == "application/json"
    assert "Authorization" not in request.headers
    assert request.timeout == (5.0, 20.0)


@pytest.mark.parametrize(
    ("token_auth", "authorization", "secret"),
    [("basic", b"analyst:client-secret-7Hq2", None), ("none", None, None), ("post", None, "client-secret-7Hq2")],
)
def test_the_client_shows_itself_as_configured(
    settings, vault, store, token_endpoint, token_auth, authorization, secret
):
    renew(vault, store(lives=0, service=service_for_oauth(settings.with_(token_auth=token_auth))))
    header = token_endpoint.last_request.headers.get("Authorization")
    assert header == (authorization and "Basic " + base64.b64encode(authorization).decode())
    assert body(token_endpoint.last_request).get("client_secret") == secret


def test_the_callers_parameters_and_cookies_never_reach_the_token_endpoint(vault, store, token_endpoint, requests_mock):
    requests_mock.get(API, json={}, cookies={"session": "of-the-api"})
    transport = Transport(store(lives=0), vault)
    transport.get("/workflows", {"name": "Onboarding", "allow_redirects": "true"})
    assert set(body(token_endpoint.last_request)) == {"grant_type", "refresh_token", "client_id", "client_secret"}
    assert token_endpoint.last_request.query == ""
    transport.refresh()
    assert "Cookie" not in token_endpoint.last_request.headers


def test_a_netrc_file_and_a_redirect_change_nothing(vault, store, requests_mock, tmp_path):
    (tmp_path / ".netrc").write_text("machine app.example login me password hunter2\n")
    requests_mock.post(TOKEN, status_code=307, headers={"Location": "https://evil.example/token"})
    with pytest.raises(WrongAddress, match="307"):
        renew(vault, store(lives=0))
    (request,) = requests_mock.request_history
    assert "Authorization" not in request.headers
    assert request.hostname == "app.example"


# A new token -----------------------------------------------------------------------------------------------------------


def test_a_new_token_is_stored_before_it_is_used(vault, store, token_endpoint, logs):
    renewed = renew(vault, store(lives=0))
    stored = vault.read()
    assert renewed == stored
    assert (stored.token.access_token, stored.token.refresh_token, stored.token.scope) == (
        "access-2",
        "refresh-2",
        "read",
    )
    assert stored.token.expires_at > datetime.now(UTC) + timedelta(minutes=59)
    assert stored.connection.revision == 2
    assert "refreshed: account=default because=expiry" in logs.text("psauth")


@pytest.mark.parametrize("form", [True, False])
@pytest.mark.parametrize("lacking", [{}, {"refresh_token": ""}])
def test_an_answer_without_a_refresh_token_or_scope_keeps_the_old_ones(vault, store, requests_mock, form, lacking):
    answer = {"access_token": "access-2", **lacking}
    requests_mock.post(TOKEN, **({"text": urlencode(answer)} if form else {"json": answer}))
    token = renew(vault, store(lives=0)).token
    assert (token.access_token, token.refresh_token, token.scope) == ("access-2", "refresh-1-Zp41", "read write")
    assert token.expires_at is None


def test_a_token_that_is_good_is_not_renewed(vault, store, token_endpoint):
    seen = store(lives=120)
    assert renew(vault, seen) == seen
    assert not token_endpoint.called


def test_a_token_that_somebody_else_has_renewed_is_taken_without_a_request(vault, store, make_token, token_endpoint):
    seen = store(lives=0)
    vault.renew(seen, make_token(access_token="access-of-another"))
    for because in ("expiry", "rejected", "asked"):
        assert renew(vault, seen, because=because).token.access_token == "access-of-another"
    assert not token_endpoint.called


def test_renewal_on_demand_does_not_wait_for_the_end(vault, store, token_endpoint, requests_mock):
    client = ProcessStreet(Transport(store(lives=3000), vault))
    connection = client.refresh()
    assert connection.revision == 2
    assert vault.read().token.access_token == "access-2"
    client.refresh()
    assert [body(r)["refresh_token"] for r in requests_mock.request_history] == ["refresh-1-Zp41", "refresh-2"]


def test_an_api_key_has_nothing_to_renew(vault, store, requests_mock):
    stored = store(api_key="key-Rt55")
    assert renew(vault, stored, because="asked") == stored
    assert not requests_mock.called


def test_the_token_goes_where_it_came_from_whatever_the_settings_say_now(settings, vault, store, token_endpoint):
    stored = store(lives=0)
    changed = settings.with_(token_url="https://other.example/token", client_id="other")
    renew(Vault.open(changed), stored)
    assert token_endpoint.called
    assert body(token_endpoint.last_request)["client_id"] == "analyst"


# The vault first -------------------------------------------------------------------------------------------------------


def test_a_vault_that_cannot_be_written_shows_before_the_refresh_token_is_spent(
    vault, store, token_endpoint, requests_mock, monkeypatch
):
    seen = store(lives=0)

    def full(stored):
        raise VaultError("The disk is full.")

    with monkeypatch.context() as patch, pytest.raises(VaultError):
        patch.setattr(vault, "attempt", full)
        renew(vault, seen)
    assert not token_endpoint.called
    assert renew(vault, seen).token.access_token == "access-2"


def test_the_attempt_is_noted_before_and_cleared_after(vault, store, requests_mock):
    notes = []

    def attempted():
        with vault._reading() as db:
            return db.exec_driver_sql("SELECT attempted_at FROM connections").scalar()

    def answer(request, context):
        notes.append(attempted())
        return ROTATED

    requests_mock.post(TOKEN, json=answer)
    renew(vault, store(lives=0))
    assert notes[0] == pytest.approx(datetime.now(UTC).timestamp(), abs=30)
    assert attempted() is None


def test_a_connection_that_was_replaced_during_the_refresh_is_not_overwritten(
    vault, store, service, make_token, requests_mock
):
    def answer(request, context):
        vault.connect("default", service, token=make_token(access_token="of-a-new-login"))
        return ROTATED

    requests_mock.post(TOKEN, json=answer)
    with pytest.raises(LoginRequired, match="replaced meanwhile"):
        renew(vault, store(lives=0))
    assert vault.read().token.access_token == "of-a-new-login"


def test_a_connection_that_was_forgotten_is_not_brought_back(vault, store, token_endpoint):
    seen = store(lives=0)
    vault.forget("default")
    with pytest.raises(LoginRequired, match="No connection"):
        renew(vault, seen)
    assert not token_endpoint.called


# The clock -------------------------------------------------------------------------------------------------------------


def test_a_clock_that_jumps_forward_renews_and_works_on(vault, store, token_endpoint, clock):
    seen = store(lives=3600)
    clock.shift(days=30)
    assert renew(vault, seen).token.access_token == "access-2"
    assert vault.read().token.is_expired() is False


def test_a_clock_set_back_makes_no_refresh_loop_and_the_service_decides(
    vault, store, token_endpoint, requests_mock, clock
):
    requests_mock.get(API, [{"status_code": 401}, {"json": {"workflows": []}}])
    transport = Transport(store(lives=3600, obtained_at=datetime.now(UTC)), vault)
    clock.shift(days=-30)
    assert transport.get("/workflows") == {"workflows": []}
    assert token_endpoint.call_count == 1
