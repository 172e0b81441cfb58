"""What an answer means: the service's own words as an error of its own class, and what is no answer of the service."""

import json

import pytest

from psauth.exceptions import (
    ApiError,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
)

BASE = "https://api.example/v1"


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
        {"content": b"\xff\xfe\xfa"},
        {"content": b'\xef\xbb\xbf {"workflows": ['},
    ],
)
def test_an_answer_that_is_not_whole_json_is_an_api_error(door, requests_mock, answer):
    requests_mock.get(f"{BASE}/x", **answer)
    with pytest.raises(ApiError, match=r"/v1/x answered 20[04] with \d+ bytes of .* not whole JSON"):
        door.get("/x")


@pytest.mark.parametrize("answer", [{}, {"a": [None, 1.5, "ä"]}, {"message": "Not Found"}, {"error": "of the past"}])
def test_an_object_is_handed_on_as_it_came(door, requests_mock, answer):
    requests_mock.get(f"{BASE}/x", text=json.dumps(answer))
    assert door.get("/x") == answer


def test_brackets_without_end_are_no_whole_json(door, requests_mock, naps):
    requests_mock.get(f"{BASE}/x", text="[" * 100_000)
    with pytest.raises(ApiError, match="not whole JSON"):
        door.get("/x")
    requests_mock.get(f"{BASE}/x", status_code=404, text="[" * 100_000)
    with pytest.raises(NotFound):
        door.get("/x")


def test_a_network_that_wants_a_sign_in_is_said(door, requests_mock, naps):
    requests_mock.get(f"{BASE}/x", status_code=511, text="<html>Welcome to our hotel</html>")
    with pytest.raises(ServiceUnavailable, match="sign in first: open any web page in a browser"):
        door.get("/x")
