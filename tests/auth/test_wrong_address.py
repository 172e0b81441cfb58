"""Wrong address: what shows that another server answered, and the line to type for each kind of connection."""

import json

import pytest

from psauth.auth.wrong_address import api_remedy, foreign_refusal, foreign_success, oauth_remedy, says_nothing
from psauth.settings import API_KEY_API_URL, OAUTH_API_URL

SUCCESSES = [
    (b'{"workflows": []}', None),
    (b'  \r\n{"a": 1}', None),
    (b'\xef\xbb\xbf{"a"', None),
    (b'{"cut off', None),
    (b"[1, 2", None),
    (b"\x1f\x8b\x08 damaged", None),
    (b"", "an empty answer"),
    (b" \r\n\t", "an empty answer"),
    (b"<!DOCTYPE html>", "a web page"),
    (b"\n<html>", "a web page"),
    (b"\xef\xbb\xbf<?xml version='1.0'?><Error/>", "a web page"),
    ("<html>".encode("utf-16"), "a web page"),
    ("<html>".encode("utf-16-be"), "a web page"),
    (b"[]", "JSON that is no object"),
    (b"null", "JSON that is no object"),
    (b'"access"', "JSON that is no object"),
    (b"3.5", "JSON that is no object"),
    (b"OK", "text that is no JSON"),
    ("Привет".encode(), None),
]


@pytest.mark.parametrize(("content", "what"), SUCCESSES)
def test_what_a_success_holds(content, what):
    assert foreign_success(content) == what


REFUSALS = [
    (403, {"message": "Missing Authentication Token"}, "the words of a gateway ('Missing Authentication Token')"),
    (403, {"Message": "Forbidden"}, "the words of a gateway ('Forbidden')"),
    (404, {"detail": "Not Found"}, "the words of a gateway ('Not Found')"),
    (405, {"message": "Method Not Allowed\n"}, "the words of a gateway ('Method Not Allowed')"),
    (404, {"message": "no Route matched with those values", "request_id": "x"}, "the words of a gateway ('no Route matched with those values')"),
    (400, {"message": "a refusal in the service's way"}, None),
    (403, {"error": "Forbidden", "message": "Forbidden"}, None),
    (404, {"errorCode": "NotFound", "message": "No such run"}, None),
    (404, {"message": {"deep": "er"}}, None),
    (404, {}, None),
    (404, ["message"], None),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "what"), REFUSALS)
def test_what_a_refusal_holds(status, body, what):
    assert foreign_refusal(status, json.dumps(body).encode()) == what


@pytest.mark.parametrize("status", [400, 401, 403, 404, 418])
def test_a_refusal_by_a_web_page_is_never_the_service_s(status):
    assert foreign_refusal(status, b"<html>") == "a web page"


@pytest.mark.parametrize("content", [b"", b"Not found", b'{"message": "cut o', b"[" * 100_000])
def test_a_refusal_that_says_nothing_is_taken_for_the_service_s(content):
    assert foreign_refusal(404, content) is None


def test_the_other_address_is_the_one_that_is_not_in_use():
    for kind in ("oauth", "api_key"):
        assert f"set PSAUTH_API_URL={API_KEY_API_URL}" in api_remedy(OAUTH_API_URL, kind, None)
        assert f"set PSAUTH_API_URL={OAUTH_API_URL}" in api_remedy(API_KEY_API_URL + "/", kind, None)
        assert f"set PSAUTH_API_URL={API_KEY_API_URL}" in api_remedy("https://elsewhere.example/v1", kind, None)


def test_an_api_key_is_offered_to_whom_has_none():
    assert "PSAUTH_API_KEY=your-key" in api_remedy(OAUTH_API_URL, "oauth", None)
    assert "PSAUTH_API_KEY" not in api_remedy(OAUTH_API_URL, "api_key", None)


@pytest.mark.parametrize(
    ("account", "lines"),
    [
        (None, []),
        ("default", ["psauth.logout()", "psauth.login()"]),
        ("acme", ["psauth.logout(account='acme')", "psauth.login(account='acme')"]),
    ],
)
def test_a_stored_connection_has_to_be_made_anew(account, lines):
    for remedy in (api_remedy(OAUTH_API_URL, "oauth", account), oauth_remedy("PSAUTH_TOKEN_URL", account)):
        assert [line for line in lines if line in remedy] == lines
        assert ("keeps its addresses" in remedy) == bool(lines)


@pytest.mark.parametrize(
    ("status", "content", "nothing"),
    [(404, b"", True), (404, b"{}", True), (404, b'{"error": "x"}', False), (500, b"", False), (200, b"", False)],
)
def test_an_answer_that_says_nothing_is_told_from_one_of_the_service(status, content, nothing):
    assert says_nothing(status, content) is nothing
