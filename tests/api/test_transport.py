"""The one door out: the request itself, how patient it is, and the budget that answers tell."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from psauth.api.budget import Budget
from psauth.api.retrying import ATTEMPTS
from psauth.api.transport import Transport
from psauth.exceptions import (
    ApiError,
    LoginRequired,
    RateLimited,
    ServiceUnavailable,
    SettingsError,
)

BASE = "https://api.example/v1"


# The request -----------------------------------------------------------------------------------------------------------


def test_a_get_is_exactly_this_request(door, requests_mock):
    requests_mock.get(f"{BASE}/workflows", json={"workflows": []})
    assert door.get("/workflows", {"name": "Ä & b"}) == {"workflows": []}
    (request,) = requests_mock.request_history
    assert (request.method, request.path) == ("GET", "/v1/workflows")
    assert parse_qs(urlsplit(request.url).query) == {"name": ["Ä & b"]}
    assert request.headers["Authorization"] == "Bearer access-1-Kd93"
    assert "X-API-Key" not in request.headers
    assert request.headers["Accept"] == "application/json"
    assert request.text is None


def test_an_api_key_goes_into_its_own_header(door_to, requests_mock):
    requests_mock.get("https://public.example/api/v1.1/testAuth", json={})
    door_to("https://public.example/api/v1.1").get("/testAuth")
    assert requests_mock.last_request.headers["X-API-Key"] == "key-Rt55"
    assert "Authorization" not in requests_mock.last_request.headers


def test_every_request_ends_in_finite_time(door, any_host):
    door.get("/workflows")
    assert any_host.last_request.timeout == (5.0, 60.0)


def test_a_netrc_file_adds_nothing(door_to, any_host, tmp_path):
    (tmp_path / ".netrc").write_text("machine api.example login me password hunter2\n")
    door_to(BASE).get("/workflows")
    assert "Authorization" not in any_host.last_request.headers


@pytest.mark.parametrize("base", [BASE, BASE + "/"])
@pytest.mark.parametrize("path", ["/workflows", "workflows", f"{BASE}/workflows"])
def test_paths_are_relative_to_the_api_address(door_to, any_host, base, path):
    door_to(base).get(path)
    assert any_host.last_request.url == f"{BASE}/workflows"


@pytest.mark.parametrize(
    "address",
    ["http://api.example/v1", "http://10.1.2.3/", "ftp://localhost/", "https://user:pw@api.example/", "api.example"],
)
def test_an_api_address_in_the_clear_is_refused_before_any_request(door_to, any_host, address):
    with pytest.raises(SettingsError, match="The API address"):
        door_to(address)
    assert not any_host.called


@pytest.mark.parametrize("address", ["http://localhost:8123/v1", "http://127.0.0.1/v1", "http://[::1]:8123/v1"])
def test_http_is_for_loopback(door_to, any_host, address):
    assert door_to(address).get("/workflows") == {"ok": True}


# Patience --------------------------------------------------------------------------------------------------------------

PASSING = {
    "500": {"status_code": 500},
    "502 in HTML": {"status_code": 502, "text": "<html>Bad gateway</html>"},
    "503": {"status_code": 503, "json": {"error": "Down"}},
    "429": {"status_code": 429},
    "connection error": {"exc": requests.ConnectionError},
    "connect timeout": {"exc": requests.ConnectTimeout},
    "read timeout": {"exc": requests.ReadTimeout},
    "broken off": {"exc": requests.exceptions.ChunkedEncodingError},
    "damaged on the way": {"exc": requests.exceptions.ContentDecodingError},
}


@pytest.mark.parametrize("how", PASSING)
def test_what_passes_is_tried_again_with_growing_pauses(door, requests_mock, naps, how):
    requests_mock.get(f"{BASE}/x", [PASSING[how]] * 5 + [{"json": {"ok": 1}}])
    assert door.get("/x") == {"ok": 1}
    assert requests_mock.call_count == ATTEMPTS == 6
    if how == "429":
        assert naps == [0.5, 1, 2, 4, 8], (
            "told to the governor, for all: no jitter, as the window begins for all at once"
        )
    else:
        usual = [0.25, 0.5, 1, 2, 4]
        assert all(0.5 * pause <= nap <= 1.5 * pause for nap, pause in zip(naps, usual, strict=True)), naps


@pytest.mark.parametrize("how", ["connection error", "read timeout", "broken off"])
def test_where_no_whole_answer_came_from_is_said(door, requests_mock, naps, how):
    requests_mock.get(f"{BASE}/x", **PASSING[how])
    with pytest.raises(ServiceUnavailable, match=r"api\.example does not answer /v1/x \(\w+, tried 6 times\)"):
        door.get("/x")


@pytest.mark.parametrize("how", PASSING)
def test_what_does_not_pass_is_said_after_six_attempts(door, requests_mock, naps, how):
    requests_mock.get(f"{BASE}/x", **PASSING[how])
    with pytest.raises(RateLimited if how == "429" else ServiceUnavailable, match=r"again|answer"):
        door.get("/x")
    assert requests_mock.call_count == 6
    assert len(naps) == 5


@pytest.mark.parametrize(
    "how",
    [
        {"exc": requests.exceptions.SSLError},
        {"exc": requests.exceptions.InvalidURL},
        {"exc": requests.exceptions.TooManyRedirects},
    ],
)
def test_what_will_not_pass_is_not_tried_again(door, requests_mock, naps, how):
    requests_mock.get(f"{BASE}/x", **how)
    with pytest.raises(ServiceUnavailable, match=r"api\.example does not answer"):
        door.get("/x")
    assert requests_mock.call_count == 1
    assert naps == []


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_kept_to(door, requests_mock, naps, status):
    requests_mock.get(f"{BASE}/x", [{"status_code": status, "headers": {"Retry-After": "7"}}, {"json": {}}])
    door.get("/x")
    assert 7 <= naps[0] <= 7.25


def test_retry_after_as_a_date_is_kept_to(door, requests_mock, naps):
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    requests_mock.get(f"{BASE}/x", [{"status_code": 429, "headers": {"Retry-After": date}}, {"json": {}}])
    door.get("/x")
    assert 28 <= naps[0] <= 30.25


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_long_wait_is_for_the_person_to_decide_at_once(door, requests_mock, naps, status, form):
    date = format_datetime(datetime.now(UTC) + timedelta(minutes=40), usegmt=True)
    header = {"Retry-After": "2400" if form == "seconds" else date}
    requests_mock.get(f"{BASE}/x", status_code=status, headers=header, json={"error": "Too many requests"})
    with pytest.raises(RateLimited if status == 429 else ServiceUnavailable) as caught:
        door.get("/x")
    assert caught.value.retry_after == pytest.approx(2400, abs=5)
    assert requests_mock.call_count == 1
    assert naps == []


# The budget ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 404, 429])
@pytest.mark.parametrize("form", ["seconds to go", "epoch"])
def test_every_answer_tells_the_budget_whatever_its_status(door, requests_mock, status, form):
    assert door.usage.budget == Budget()
    ends = datetime.now(UTC) + timedelta(seconds=1800)
    headers = {
        "X-Api-Key-Rate-Limit-Limit": "2500",
        "X-Api-Key-Rate-Limit-Remaining": "17",
        "X-Api-Key-Rate-Limit-Reset": "1800" if form == "seconds to go" else str(int(ends.timestamp())),
        "Retry-After": "999",
    }
    requests_mock.get(f"{BASE}/x", status_code=status, headers=headers, json={})
    if status == 200:
        door.get("/x")
    else:
        with pytest.raises(ApiError):
            door.get("/x")
    assert (door.usage.budget.limit, door.usage.budget.remaining) == (2500, 17)
    assert abs(door.usage.budget.resets_at - ends) < timedelta(seconds=5)
    requests_mock.get(f"{BASE}/y", json={})
    door.get("/y")
    assert door.usage.budget.remaining == 17, "an answer that says nothing changes nothing"


# The rest --------------------------------------------------------------------------------------------------------------
def test_an_ended_connection_asks_nobody(vault, store, any_host):
    vault.end(store(), "the service has ended the access")
    with pytest.raises(LoginRequired, match=r"has ended: the service has ended the access.*psauth\.login\(\)"):
        Transport(vault.read(), vault).get("/x")
    assert not any_host.called


def test_the_sandbox_that_was_stopped_says_how_to_start_it(door_to, requests_mock, naps):
    requests_mock.get("http://localhost:8501/sandbox/v1/x", exc=requests.ConnectionError)
    with pytest.raises(ServiceUnavailable, match=r"start the app \(make app\) on port 8501"):
        door_to("http://localhost:8501/sandbox/v1").get("/x")


def test_the_label_of_the_service_is_remembered_in_the_vault(door, vault):
    assert door.access.rename("Acme").label == "Acme"
    assert vault.read().connection.label == "Acme"
    assert door.connection.label == "Acme"


def test_a_transport_shows_its_address_and_no_credential(door):
    assert repr(door) == "Transport('https://api.example/v1', account='default')"


def test_a_closed_transport_opens_again_when_used(door, any_host):
    door.close()
    assert door.get("/x") == {"ok": True}


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("Analyst", "Analyst"),
        ("two\nlines\x1b[31m", "two lines [31m"),
        ("half \ud83d an emoji", "half \ufffd an emoji"),
        ("the key is key-Rt55-9fKd93", "the key is ***"),
        ("x" * 10_000, "x" * 200 + "…"),
        *[(nothing, None) for nothing in ("", " ", "\n", None, 5, ["x"], {})],
    ],
)
def test_a_label_is_one_line_of_text(door_to, requests_mock, label, shown):
    requests_mock.get(f"{BASE}/testAuth", text=json.dumps({"apiKeyLabel": label}))
    assert door_to(BASE, api_key="key-Rt55-9fKd93").ask_label() == shown
