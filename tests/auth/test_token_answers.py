"""Token answers by RFC 6749 §5: what is a token, what is a refusal, and what is neither."""

import json
import re

import pytest

from psauth.exceptions import ExchangeFailed
from tests.auth.wire import ANSWER, TOKEN

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
TOKENS = {
    "JSON": {"json": {**ANSWER, "token_type": "Bearer"}},
    "JSON as a page": {"text": json.dumps(ANSWER), "headers": {"Content-Type": "text/html; charset=utf-8"}},
    "JSON as text": {"text": json.dumps(ANSWER), "headers": {"Content-Type": "text/plain"}},
    "JSON as a script": {"text": json.dumps(ANSWER), "headers": {"Content-Type": "text/javascript;charset=UTF-8"}},
    "JSON without a type": {"text": f"  {json.dumps(ANSWER)}\n"},
    "JSON behind a byte order mark": {"content": b"\xef\xbb\xbf" + json.dumps(ANSWER).encode()},
    "JSON of 201": {"status_code": 201, "json": ANSWER},
    "an error that is none": {"json": {**ANSWER, "error": None}},
    "an empty error": {"json": {**ANSWER, "error": ""}},
    "odd numbers": {"text": json.dumps({**ANSWER, "x": float("nan"), "y": float("inf")})[:-1] + ', "z": ' + "9" * 5000 + "}"},
    "more of everything": {"json": {**ANSWER, "deep": [[[{"a": "\ud83d"}]]], "many": ["x"] * 10_000}},
    "a form": {"text": "access_token=access-new&refresh_token=refresh-new&scope=read%20write&token_type=bearer", "headers": FORM},
}  # fmt: skip


@pytest.mark.parametrize("answer", TOKENS.values(), ids=TOKENS)
def test_what_is_a_token(flow, vault, requests_mock, answer):
    requests_mock.post(TOKEN, **answer)
    flow.finish({"state": flow.begin().state, "code": "c"})
    token = vault.read().token
    assert (token.access_token, token.refresh_token, token.scope) == ("access-new", "refresh-new", "read write")


@pytest.mark.parametrize("expires_in", ["3600", 3600.5, -5, True, "NaN", "1e400", "null", '"soon"', "[]", "9" * 5000])
def test_an_odd_life_loses_no_token(flow, vault, requests_mock, expires_in):
    answer = json.dumps(ANSWER).replace("3600", str(expires_in).replace("True", "true"))
    requests_mock.post(TOKEN, text=answer)
    flow.finish({"state": flow.begin().state, "code": "c"})
    assert vault.read().token.access_token == "access-new"


PAGE = "<html><a href='/x?a=b&access_token=from-a-page&token_type=bearer'>Sign in</a></html>"
NO_TOKENS = {
    # what the endpoint answers, and what is said of it
    "a page that has a token in it": ({"text": PAGE}, "a web page"),
    "a page that is called text": ({"text": PAGE, "headers": {"Content-Type": "text/plain"}}, "a web page"),
    "a page that is called a form": ({"text": PAGE, "headers": FORM}, "a web page"),
    "a page behind words": ({"text": f"Welcome! {PAGE}", "headers": {"Content-Type": "text/html"}}, "text that is no JSON"),
    "words": ({"text": "Sign in&access_token=x", "headers": {"Content-Type": "text/plain"}}, "text that is no JSON"),
    "a form that is called a page": (
        {"text": "access_token=access-new", "headers": {"Content-Type": "text/html"}}, "text that is no JSON"
    ),
    "a form that is called JSON": (
        {"text": "access_token=access-new", "headers": {"Content-Type": "application/json"}}, "text that is no JSON"
    ),
    "a form with a name twice": ({"text": "access_token=a&access_token=b", "headers": FORM}, "no access_token"),
    "JSON with a name twice": (
        {"text": '{"access_token": "first-token", "access_token": "second-token"}'}, "the same name twice"
    ),
    "JSON with a name twice, deeper": ({"text": json.dumps(ANSWER)[:-1] + ', "a": {"b": 1, "b": 2}}'}, "the same name twice"),
    "UTF-16": ({"content": json.dumps(ANSWER).encode("utf-16")}, "UTF-16"),
    "UTF-16 without a mark": ({"content": json.dumps(ANSWER).encode("utf-16-be")}, "UTF-16"),
    "no UTF-8": ({"content": b'{"access_token": "\xff\xfe-token"}'}, "no UTF-8"),
    "brackets without end": ({"text": '{"access_token": ' + "[" * 10**5}, "no access_token"),
    "too deep": ({"text": json.dumps(ANSWER)[:-1] + ', "a": ' + "[" * 500 + "]" * 500 + "}"}, "deep"),
    "half an emoji in a token": ({"text": '{"access_token": "access-\\ud83d-new"}'}, "cannot stand in a header"),
    "a line break in a token": ({"json": {"access_token": "access-\nnew"}}, "cannot stand in a header"),
    "a token without end": ({"json": {"access_token": "a" * 10**5}}, "100,000 characters"),
    "a token of blanks": ({"json": {"access_token": "   "}}, "no access_token"),
    "a token that is a number": ({"json": {"access_token": 5}}, "no access_token"),
    "a form with semicolons": (
        {"text": "access_token=access-new;token_type=bearer", "headers": FORM}, "text that is no JSON"
    ),
    "a form in parts": (
        {
            "text": '--x\r\nContent-Disposition: form-data; name="access_token"\r\n\r\naccess-new\r\n--x--\r\n',
            "headers": {"Content-Type": "multipart/form-data; boundary=x"},
        },
        "text that is no JSON",
    ),
    "a type that is False": ({"json": {**ANSWER, "token_type": False}}, "token_type is 'False'"),
    "a type that is 0": ({"json": {**ANSWER, "token_type": 0}}, "token_type is '0'"),
    "a type that is an empty list": ({"json": {**ANSWER, "token_type": []}}, r"token_type is '\[\]'"),
    "mac": ({"json": {**ANSWER, "token_type": "mac"}}, "token_type is 'mac', and the API takes Bearer tokens only"),
    "DPoP": ({"json": {**ANSWER, "token_type": "DPoP"}}, "token_type is 'DPoP'"),
    "N_A": ({"json": {**ANSWER, "token_type": "N_A"}}, "token_type is 'N_A'"),
    "a type in a list": ({"json": {**ANSWER, "token_type": ["bearer"]}}, "token_type is"),
    "an error beside a token": ({"json": {**ANSWER, "error": "odd"}}, "200 \\(odd\\)"),
    "an error that is an object": ({"json": {**ANSWER, "error": {"code": 7}}}, "200 \\(.*7"),
    "a redirect with a token": ({"status_code": 303, "json": ANSWER}, "303 with a redirect"),
    "not modified": ({"status_code": 304, "json": ANSWER}, "304 with a redirect"),
    "a token with an odd status": ({"status_code": 999, "json": ANSWER}, "answered 999"),
    "a token that is refused": ({"status_code": 400, "json": ANSWER}, "answered 400"),
    "no content": ({"status_code": 204}, "an empty answer"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "said"), NO_TOKENS.values(), ids=NO_TOKENS)
def test_what_is_no_token(flow, vault, requests_mock, answer, said):
    requests_mock.post(TOKEN, **answer)
    with pytest.raises(ExchangeFailed, match=said) as caught:
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert vault.find() is None
    assert str(caught.value).isprintable()
    for token in ("access-new", "refresh-new", "from-a-page", "first-token", "second-token"):
        assert token not in str(caught.value)
    assert re.search(r"egin again|PSAUTH_TOKEN_URL|Try again", str(caught.value))


def test_half_an_emoji_elsewhere_is_text_with_a_replacement(flow, vault, requests_mock):
    requests_mock.post(TOKEN, text=json.dumps({**ANSWER, "scope": "read \ud83d", "refresh_token": "half \ud83d"}))
    connection = flow.finish({"state": flow.begin().state, "code": "c"})
    assert connection.scope == vault.read().connection.scope == "read \ufffd"
    assert not connection.renewable
    requests_mock.post(TOKEN, status_code=400, text=json.dumps({"error": "\ud83d", "error_description": "x\ude00"}))
    with pytest.raises(ExchangeFailed) as caught:
        flow.finish({"state": flow.begin().state, "code": "c"})
    assert str(caught.value).encode()
