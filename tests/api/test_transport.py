"""The one door out: where the credential may go, how patient it is, and what an answer becomes."""

import json
import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from urllib3.exceptions import MaxRetryError, NewConnectionError

from psauth.api.budget import Budget
from psauth.api.origin import Origin
from psauth.api.retrying import ATTEMPTS
from psauth.api.transport import Transport
from psauth.exceptions import (
    ApiError,
    LoginRequired,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    SettingsError,
    UntrustedAddress,
)
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service

BASE = "https://api.example/v1"


@pytest.fixture
def door(vault, store, naps):
    """A transport with an OAuth token that lives."""
    with_token = Transport(store(), vault)
    yield with_token
    with_token.close()


@pytest.fixture
def any_host(requests_mock):
    """Whatever host is asked answers; the tests look at which one was."""
    requests_mock.get(re.compile(".*"), json={"ok": True})
    return requests_mock


def door_to(address, *, api_key="key-Rt55"):
    service = Service(api_url=address)
    return Transport(Stored(connection=Connection.unstored("default", service), api_key=api_key), None)


# The request ----------------------------------------------------------------------------------------------------------


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


def test_an_api_key_goes_into_its_own_header(requests_mock):
    requests_mock.get("https://public.example/api/v1.1/testAuth", json={})
    door_to("https://public.example/api/v1.1").get("/testAuth")
    assert requests_mock.last_request.headers["X-API-Key"] == "key-Rt55"
    assert "Authorization" not in requests_mock.last_request.headers


def test_every_request_ends_in_finite_time(door, any_host):
    door.get("/workflows")
    assert any_host.last_request.timeout == (5.0, 60.0)


def test_a_netrc_file_adds_nothing(any_host, tmp_path):
    (tmp_path / ".netrc").write_text("machine api.example login me password hunter2\n")
    door_to(BASE).get("/workflows")
    assert "Authorization" not in any_host.last_request.headers


@pytest.mark.parametrize("base", [BASE, BASE + "/"])
@pytest.mark.parametrize("path", ["/workflows", "workflows", f"{BASE}/workflows"])
def test_paths_are_relative_to_the_api_address(any_host, base, path):
    door_to(base).get(path)
    assert any_host.last_request.url == f"{BASE}/workflows"


@pytest.mark.parametrize(
    "address",
    ["http://api.example/v1", "http://10.1.2.3/", "ftp://localhost/", "https://user:pw@api.example/", "api.example"],
)
def test_an_api_address_in_the_clear_is_refused_before_any_request(any_host, address):
    with pytest.raises(SettingsError, match="The API address"):
        door_to(address)
    assert not any_host.called


@pytest.mark.parametrize("address", ["http://localhost:8123/v1", "http://127.0.0.1/v1", "http://[::1]:8123/v1"])
def test_http_is_for_loopback(any_host, address):
    assert door_to(address).get("/workflows") == {"ok": True}


# Where the credential may go ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "https://evil.example/v1/workflows",
        "http://api.example/v1/workflows",
        "https://api.example:8443/v1/workflows",
        "https://api.example.evil.example/v1",
        "https://evil.example/?https://api.example/v1",
        "https://evil.example/#https://api.example/v1",
        "https://api.example@evil.example/v1",
        "https://user@api.example/v1",
        "https://user:pw@api.example/v1",
        "https://:pw@api.example/v1",
        "https://api.example./v1",
        "https://[::1]/v1",
        "https://[::1",
        "https://api.example:99999/",
        "https://ａpi.example/v1",
        "//evil.example/v1",
        "//api.example/v1",
        "///evil.example/v1",
        "\\\\evil.example\\v1",
        "/\\evil.example",
        "https:\\\\evil.example",
        "https:/evil.example",
        "https:evil.example",
        "https:///v1",
        "ftp://api.example/v1",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "/a b",
        "/a\tb",
        "/a\r\nHost: evil.example",
        "\x00/workflows",
        " https://evil.example",
    ],
)
def test_the_credential_goes_nowhere_but_to_the_origin_of_the_api(door, any_host, path):
    with pytest.raises(UntrustedAddress):
        door.get(path)
    assert not any_host.called


@pytest.mark.parametrize(
    "path", ["/../oauth", "/workflows/../../admin", "..", "/a/./b", "/%2e%2e/x", "/a/%2E%2e", "/a%2f..%2fb"]
)
def test_a_path_does_not_climb_out_of_its_folder(door, any_host, path):
    with pytest.raises(UntrustedAddress, match="climbs out"):
        door.get(path)
    assert not any_host.called


@pytest.mark.parametrize(
    "path",
    ["https://API.Example/v1/x", "HTTPS://api.example/v1/x", "https://api.example:443/v1/x", "/x?a=..", "/x..y/..z"],
)
def test_other_ways_to_write_the_same_origin_are_fine(door, any_host, path):
    door.get(path)
    assert any_host.last_request.hostname == "api.example"
    assert "Authorization" in any_host.last_request.headers


def test_an_untrusted_address_names_both_hosts_and_says_that_nothing_was_sent(door):
    with pytest.raises(
        UntrustedAddress, match=r"'evil\.example' is not the API.*https://api\.example:443 only.*Nothing was sent"
    ):
        door.get("https://evil.example/x")


# Redirects ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("location", ["/v1/there", "there", f"{BASE}/there", "https://api.example:443/v1/there"])
def test_a_redirect_within_the_origin_is_followed(door, requests_mock, status, location):
    requests_mock.get(f"{BASE}/here", status_code=status, headers={"Location": location})
    requests_mock.get(re.compile(r"https://api\.example(:443)?/v1/there"), json={"arrived": True})
    assert door.get("/here") == {"arrived": True}
    assert requests_mock.last_request.headers["Authorization"] == "Bearer access-1-Kd93"


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/v1/there",
        "//evil.example/v1/there",
        "http://api.example/v1/there",
        "https://api.example:8443/there",
        "https://api.example@evil.example/",
        "https://api.example\\@evil.example/",
        "http://[::1",
        "https://api.example:notaport/",
        "javascript:alert(1)",
    ],
)
def test_a_redirect_elsewhere_is_refused_and_nothing_sent_there(door, any_host, location):
    any_host.get(f"{BASE}/here", status_code=302, headers={"Location": location})
    with pytest.raises(UntrustedAddress):
        door.get("/here")
    assert any_host.call_count == 1


@pytest.mark.parametrize("location", ["/\\evil.example", "https:\\\\evil.example/", "/v1//evil.example"])
def test_a_redirect_that_a_browser_might_read_otherwise_stays_on_the_origin(door, any_host, location):
    any_host.get(f"{BASE}/here", status_code=302, headers={"Location": location})
    door.get("/here")
    assert {r.hostname for r in any_host.request_history} == {"api.example"}


def test_a_redirect_that_goes_round_in_circles_ends(door, requests_mock):
    requests_mock.get(f"{BASE}/here", status_code=302, headers={"Location": "/v1/here"})
    with pytest.raises(ApiError, match="redirects more than 5 times"):
        door.get("/here")
    assert requests_mock.call_count == 5


# Next pages -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("href", "place", "query"),
    [
        (f"{BASE}/workflows?_=c1&name=x", f"{BASE}/workflows", [("_", "c1"), ("name", "x")]),
        ("/v1/workflows?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("https://api.example/v2/elsewhere?_=c1", "https://api.example/v2/elsewhere", [("_", "c1")]),
        ("https://other.example/v9/workflows?_=c1&status=", f"{BASE}/workflows", [("_", "c1"), ("status", "")]),
        ("//other.example/x?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        ("https://api.example@evil.example/?_=c1", f"{BASE}/workflows", [("_", "c1")]),
        (f"{BASE}/workflows?status=Active&status=Completed&_=a%2Bb", f"{BASE}/workflows",
         [("status", "Active"), ("status", "Completed"), ("_", "a+b")]),
        ("https://other.example:99999/?_=c1", f"{BASE}/workflows", [("_", "c1")]),
    ],
)  # fmt: skip
def test_a_next_link_is_followed_on_the_origin_and_asked_again_there_when_it_names_another(door, href, place, query):
    at, asked = door.origin.next_page(f"{BASE}/workflows", href)
    assert at == place
    assert [*asked] == query


def test_a_next_link_that_is_no_address_is_an_api_error(door):
    with pytest.raises(ApiError, match="next"):
        door.origin.next_page(f"{BASE}/workflows", "http://[::1?_=c1")


# Patience -------------------------------------------------------------------------------------------------------------

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


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "BadRequest", ApiError),
        (402, "PaymentRequired", PermissionDenied),
        (403, "Forbidden", PermissionDenied),
        (404, "NotFound", NotFound),
        (405, "MethodNotAllowed", ApiError),
        (409, "Conflict", ApiError),
        (413, "PayloadTooLarge", ApiError),
        (418, None, ApiError),
        (422, "Validation", ApiError),
        (429, "RateLimited", RateLimited),
        (500, "InternalError", ServiceUnavailable),
    ],
)
def test_each_status_has_its_error_in_the_services_own_words(door, requests_mock, status, code, error):
    answer = {"error": "It says why.", "errorCode": code, "requestId": "req-7", "details": [{"at": "name"}]}
    requests_mock.get(f"{BASE}/x", status_code=status, json=answer)
    with pytest.raises(error, match=rf"/v1/x answered {status}: It says why \(request req-7\)\.") as caught:
        door.get("/x", {"q": "of the caller"})
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.code, caught.value.request_id) == (status, code, "req-7")
    assert caught.value.details == [{"at": "name"}]
    assert "of the caller" not in str(caught.value)


def test_reasons_by_their_place_are_told_too(door, requests_mock):
    answer = {"error": "at: b", "details": {"at": "b", "fields[1].value": "takes a\ndate"}, "requestId": "req-7"}
    requests_mock.get(f"{BASE}/x", status_code=422, json=answer)
    with pytest.raises(ApiError) as caught:
        door.get("/x")
    assert str(caught.value) == "/v1/x answered 422: at: b (fields[1].value: takes a date) (request req-7)."


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            {"text": "Invalid cursor", "headers": {"Content-Type": "text/plain; charset=utf-8"}},
            "answered 400: Invalid cursor.",
        ),
        ({"json": {"error": "only this"}}, "answered 400: only this."),
        ({"json": {"message": "said otherwise"}}, "answered 400: said otherwise."),
        (
            {
                "text": "<html>Nothing for people</html>",
                "headers": {"Content-Type": "text/html"},
                "reason": "Bad Request",
            },
            "Bad Request",
        ),
        ({"text": "", "reason": "Bad Request"}, "Bad Request"),
        ({"text": '{"error": "cut o', "reason": "Bad Request"}, "Bad Request"),
        ({"json": ["list"], "reason": "Bad Request"}, "Bad Request"),
        ({"json": {"error": {"deep": "er"}}}, "deep"),
        ({"text": "a\x00b\x1b[31m\nc" * 999, "headers": {"Content-Type": "text/plain"}}, "answered 400: a b"),
    ],
)
def test_an_error_in_any_form_has_a_readable_message(door, requests_mock, answer, said):
    requests_mock.get(f"{BASE}/x", status_code=400, **answer)
    with pytest.raises(ApiError, match=said) as caught:
        door.get("/x")
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 400
    assert (caught.value.code, caught.value.request_id, caught.value.details) == (None, None, None)


@pytest.mark.parametrize(
    "answer",
    [
        {"text": '{"workflows": [{"id": "1"'},
        {"text": "<html>Sign in</html>", "headers": {"Content-Type": "text/html"}},
        {"text": ""},
        {"status_code": 204},
        {"content": b"\xff\xfe\xfa"},
    ],
)
def test_an_answer_that_is_not_whole_json_is_an_api_error(door, requests_mock, answer):
    requests_mock.get(f"{BASE}/x", **answer)
    with pytest.raises(ApiError, match=r"/v1/x answered 20[04] with \d+ bytes of .* not whole JSON"):
        door.get("/x")


@pytest.mark.parametrize("answer", [{}, [], None, "text", 7])
def test_any_json_is_handed_on_as_it_came(door, requests_mock, answer):
    requests_mock.get(f"{BASE}/x", text=json.dumps(answer))
    assert door.get("/x") == answer


def test_an_ended_connection_asks_nobody(vault, store, any_host):
    vault.end(store(), "the service has ended the access")
    with pytest.raises(LoginRequired, match=r"has ended: the service has ended the access.*psauth\.login\(\)"):
        Transport(vault.read(), vault).get("/x")
    assert not any_host.called


def test_the_sandbox_that_was_stopped_says_how_to_start_it(requests_mock, naps):
    requests_mock.get("http://localhost:8501/sandbox/v1/x", exc=requests.ConnectionError)
    with pytest.raises(ServiceUnavailable, match=r"start the app \(make app\) on port 8501"):
        door_to("http://localhost:8501/sandbox/v1").get("/x")


# The budget -----------------------------------------------------------------------------------------------------------


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


# The rest -------------------------------------------------------------------------------------------------------------


def test_the_label_of_the_service_is_remembered_in_the_vault(door, vault):
    assert door.access.rename("Acme").label == "Acme"
    assert vault.read().connection.label == "Acme"
    assert door.connection.label == "Acme"


def test_a_transport_shows_its_address_and_no_credential(door):
    assert repr(door) == "Transport('https://api.example/v1', account='default')"


def test_a_closed_transport_opens_again_when_used(door, any_host):
    door.close()
    assert door.get("/x") == {"ok": True}


def test_the_last_look_at_a_prepared_request_stops_the_credential_too(store):
    stored = store()
    put = Origin("https://api.example/v1").credential(stored)
    elsewhere = requests.Request("GET", "https://evil.example/").prepare()
    with pytest.raises(UntrustedAddress):
        put(elsewhere)
    assert "Authorization" not in elsewhere.headers


def test_brackets_without_end_are_no_whole_json(door, requests_mock, naps):
    requests_mock.get(f"{BASE}/x", text="[" * 100_000)
    with pytest.raises(ApiError, match="not whole JSON"):
        door.get("/x")
    requests_mock.get(f"{BASE}/x", status_code=404, text="[" * 100_000)
    with pytest.raises(NotFound):
        door.get("/x")


# Writes ---------------------------------------------------------------------------------------------------------------


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
