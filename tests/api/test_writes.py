"""Writes: sent once, unless it is sure that nothing was written or that twice is the same as once."""

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from psauth.api.retrying import ATTEMPTS
from psauth.exceptions import (
    ApiError,
    OutcomeUnknown,
    UntrustedAddress,
)

BASE = "https://api.example/v1"


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


def test_a_write_carries_json_and_the_credential_and_nothing_else(door, requests_mock):
    requests_mock.put(f"{BASE}/x", status_code=204)
    assert door.send("PUT", "/x", {"a": "ä"}) is None
    request = requests_mock.last_request
    assert request.json() == {"a": "ä"}
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"].startswith("Bearer ")
    assert request.url == f"{BASE}/x"


def test_a_write_without_a_body_sends_none(door, requests_mock):
    requests_mock.delete(f"{BASE}/x", json={"id": 1})
    assert door.send("DELETE", "/x") == {"id": 1}
    assert requests_mock.last_request.body is None


UNCLEAR = [how for how in PASSING if how not in ("429", "connect timeout")]


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
@pytest.mark.parametrize("how", UNCLEAR)
def test_a_write_of_which_nobody_knows_whether_it_was_done_is_sent_once(door, requests_mock, naps, how, method):
    requests_mock.register_uri(method, f"{BASE}/x", **PASSING[how])
    with pytest.raises(OutcomeUnknown, match=f"^{method} /v1/x: nobody knows whether it was written"):
        door.send(method, "/x", {})
    assert requests_mock.call_count == 1
    assert naps == []


def test_a_write_whose_answer_cannot_be_read_is_unclear_too(door, requests_mock):
    requests_mock.post(f"{BASE}/x", text='{"id": "tru')
    with pytest.raises(OutcomeUnknown, match="not whole JSON"):
        door.send("POST", "/x", {})
    assert requests_mock.call_count == 1


@pytest.mark.parametrize("how", PASSING)
def test_a_write_that_is_repeatable_is_tried_like_a_get(door, requests_mock, naps, how):
    requests_mock.post(f"{BASE}/x", [PASSING[how]] * 5 + [{"json": {"id": "1"}}])
    assert door.send("POST", "/x", {}, repeatable=True) == {"id": "1"}
    assert requests_mock.call_count == ATTEMPTS


NEVER_SENT = {
    "no connection": requests.ConnectionError(MaxRetryError(None, "/x", NewConnectionError(None, "refused"))),
    "no connection in time": requests.ConnectTimeout(),
}


@pytest.mark.parametrize("how", NEVER_SENT)
def test_a_write_that_was_never_sent_is_sent_again(door, requests_mock, naps, how):
    requests_mock.post(f"{BASE}/x", [{"exc": NEVER_SENT[how]}, {"json": {"id": "1"}}])
    assert door.send("POST", "/x", {}) == {"id": "1"}
    assert len(naps) == 1


def test_a_write_that_was_refused_for_the_budget_is_sent_again(door, requests_mock, naps):
    requests_mock.post(f"{BASE}/x", [{"status_code": 429, "headers": {"Retry-After": "3"}}, {"json": {"id": "1"}}])
    assert door.send("POST", "/x", {}) == {"id": "1"}
    assert naps == [3.0]


@pytest.mark.parametrize("status", [400, 403, 404, 409, 422])
def test_a_write_that_was_refused_is_an_error_in_the_service_s_words(door, requests_mock, status):
    requests_mock.post(f"{BASE}/x", status_code=status, json={"error": "Not so", "requestId": "r1"})
    with pytest.raises(ApiError, match=r"Not so \(request r1\)") as error:
        door.send("POST", "/x", {})
    assert not isinstance(error.value, OutcomeUnknown)
    assert requests_mock.call_count == 1


def test_a_write_goes_to_the_api_only(door, requests_mock):
    with pytest.raises(UntrustedAddress):
        door.send("POST", "https://other.example/v1/x", {"a": 1})
    assert not requests_mock.called


@pytest.mark.parametrize("place", [f"{BASE}/y", "https://other.example/y"])
def test_a_write_follows_no_redirect(door, requests_mock, place):
    requests_mock.post(f"{BASE}/x", status_code=307, headers={"Location": place})
    with pytest.raises(ApiError, match="redirects a POST elsewhere"):
        door.send("POST", "/x", {})
    assert requests_mock.call_count == 1
