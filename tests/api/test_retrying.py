"""Retrying: what follows an attempt, row by row."""

import pytest
import requests

from psauth.api.answers import BrokenAnswer, OddAnswer
from psauth.api.retrying import ATTEMPTS, BACKOFF, LONG_READ_ATTEMPTS, Again, Raise, Request, Return, decide
from psauth.auth.network import Unanswered
from psauth.exceptions import (
    ApiError,
    NotFound,
    OutcomeUnknown,
    PermissionDenied,
    RateLimited,
    ServiceUnavailable,
    WrongAddress,
)

ADDRESS = "https://api.example/v1/x"

READ = {"method": "GET", "repeatable": True}
KNOWN = {**READ, "known": True}
LONG_READ = {**READ, "background": True}
WRITE = {"method": "POST", "body": {}}
TWICE_AS_ONCE = {**WRITE, "repeatable": True}
LONG_WRITE = {**WRITE, "background": True}


def answer(status=200, content=b"{}", **headers):
    made = requests.Response()
    made.status_code, made._content, made.url, made.reason = status, content, f"{ADDRESS}?q=1", "The reason"
    made.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    made.request = requests.Request("GET", ADDRESS).prepare()
    return made


LOST = Unanswered("ReadTimeout", sent=True, passing=True)
NEVER_SENT = Unanswered("connection refused", sent=False, passing=True)
NO_WAY = Unanswered("the certificate of api.example has expired", remedy="Do this.", sent=False, passing=False)
LOST_FOR_GOOD = Unanswered("odd", sent=True, passing=False)
CUT_OFF = b'{"workflows": [{"id'


def again(exponent=0, **how):
    return {"pause": BACKOFF * 2**exponent, **how}


ROWS = [
    # request, attempt, what came, and what follows: a value, an error's class, or how it is tried again
    (READ, 1, answer(), {}),
    (READ, 6, answer(content=b'{"a": 1}'), {"a": 1}),
    (READ, 1, answer(content=b"# A page", Content_Type="text/markdown; charset=utf-8"), "# A page"),
    (READ, 1, answer(content=b"", Content_Type="text/markdown"), ""),
    (WRITE, 1, answer(204, b""), None),
    (WRITE, 1, answer(200, b"[1]"), OutcomeUnknown),
    # nobody answered
    (READ, 1, LOST, again()),
    (READ, 2, NEVER_SENT, again(1)),
    (READ, 5, LOST, again(4)),
    (READ, ATTEMPTS, LOST, ServiceUnavailable),
    (LONG_READ, ATTEMPTS, LOST, again(5)),
    (LONG_READ, 7, LOST, again(5)),
    (LONG_READ, LONG_READ_ATTEMPTS, LOST, ServiceUnavailable),
    (READ, 1, NO_WAY, ServiceUnavailable),
    (READ, 1, LOST_FOR_GOOD, ServiceUnavailable),
    (WRITE, 1, LOST, OutcomeUnknown),
    (WRITE, 1, LOST_FOR_GOOD, OutcomeUnknown),
    (WRITE, 1, NEVER_SENT, again()),
    (WRITE, ATTEMPTS, NEVER_SENT, ServiceUnavailable),
    (WRITE, 1, NO_WAY, ServiceUnavailable),
    (TWICE_AS_ONCE, 1, LOST, again()),
    (LONG_WRITE, 1, LOST, OutcomeUnknown),
    # the service is in trouble
    (READ, 3, answer(500), again(2)),
    (READ, 1, answer(503, Retry_After="7"), again(at_least=7.0)),
    (READ, 1, answer(503, Retry_After="2400"), ServiceUnavailable),
    (READ, ATTEMPTS, answer(502, b"<html>Bad gateway</html>"), ServiceUnavailable),
    (WRITE, 1, answer(500), OutcomeUnknown),
    (WRITE, 1, answer(503, Retry_After="2400"), OutcomeUnknown),
    (TWICE_AS_ONCE, 1, answer(500), again()),
    # the budget
    (READ, 1, answer(429), {"at_least": BACKOFF * 2, "everybody": True}),
    (READ, 2, answer(429, Retry_After="7"), {"at_least": 7.0, "everybody": True}),
    (READ, 1, answer(429, Retry_After="61"), RateLimited),
    (READ, ATTEMPTS, answer(429, Retry_After="1"), RateLimited),
    (LONG_READ, 1, answer(429, Retry_After="3000"), {"at_least": 3000.0, "everybody": True, "counts": False}),
    (LONG_READ, 99, answer(429, Retry_After="1"), {"at_least": 1.0, "everybody": True, "counts": False}),
    (WRITE, 1, answer(429, Retry_After="3"), {"at_least": 3.0, "everybody": True}),
    (WRITE, 1, answer(429, b"<html>", Retry_After="3"), {"at_least": 3.0, "everybody": True}),
    # refused
    (READ, 1, answer(400, b'{"error": "So"}'), ApiError),
    (READ, 1, answer(402, b'{"error": "So"}'), PermissionDenied),
    (READ, 1, answer(403, b'{"error": "So", "message": "Forbidden"}'), PermissionDenied),
    (READ, 1, answer(404, b""), NotFound),
    (LONG_READ, 1, answer(404, b'{"error": "So"}'), NotFound),
    (WRITE, 1, answer(422, b'{"error": "So"}'), ApiError),
    # damaged on the way
    (READ, 1, answer(content=CUT_OFF), again()),
    (READ, ATTEMPTS, answer(content=CUT_OFF), BrokenAnswer),
    (WRITE, 1, answer(content=CUT_OFF), OutcomeUnknown),
    (TWICE_AS_ONCE, 1, answer(content=CUT_OFF), again()),
    # somewhere else, where the API has answered before
    (KNOWN, 1, answer(content=b"<html>"), again()),
    (KNOWN, ATTEMPTS, answer(content=b"<html>"), WrongAddress),
    (KNOWN, 1, answer(content=b"[1]"), [1]),
    (KNOWN, 1, answer(content=b""), again()),
    (KNOWN, 1, answer(403, b'{"message":"Missing Authentication Token"}'), WrongAddress),
    # somewhere else
    (READ, 1, answer(content=b""), WrongAddress),
    (READ, 1, answer(204, b""), WrongAddress),
    (READ, 1, answer(304, b""), WrongAddress),
    (READ, 1, answer(content=b" \n<!DOCTYPE html>"), WrongAddress),
    (READ, 1, answer(content=b"\xef\xbb\xbf<?xml version='1.0'?>"), WrongAddress),
    (READ, 1, answer(content=b"[1]"), WrongAddress),
    (READ, 1, answer(content=b"null"), WrongAddress),
    (READ, 1, answer(content=b"It works!"), WrongAddress),
    (LONG_READ, 1, answer(content=b"<html>"), WrongAddress),
    (READ, 1, answer(403, b'{"message":"Missing Authentication Token"}'), WrongAddress),
    (READ, 1, answer(404, b'{"message": "Not Found"}'), WrongAddress),
    (READ, 1, answer(404, b'{"detail": "Not Found"}'), WrongAddress),
    (READ, 1, answer(400, b"<html>"), WrongAddress),
    (WRITE, 1, answer(404, b'{"message":"no Route matched with those values"}'), WrongAddress),
    (WRITE, 1, answer(content=b"<html>"), OutcomeUnknown),
    (TWICE_AS_ONCE, 1, answer(content=b"<html>"), OutcomeUnknown),
    # neither yes nor no
    *[(READ, 1, answer(status), OddAnswer) for status in (103, 201, 202, 203, 206, 226, 300, 304, 600, 999)],
    *[(KNOWN, 1, answer(status), again()) for status in (103, 203, 206, 304, 600, 999)],
    *[(KNOWN, ATTEMPTS, answer(status), OddAnswer) for status in (103, 203, 206, 304, 600, 999)],
    *[(READ, 1, answer(status, b""), WrongAddress) for status in (103, 205, 300, 600, 999)],
    *[(WRITE, 1, answer(status), OutcomeUnknown) for status in (103, 199, 202, 203, 206, 207, 300, 302, 304, 600, 999)],
    *[(WRITE, 1, answer(status, b""), OutcomeUnknown) for status in (103, 199, 202, 205, 300, 303, 304, 600, 999)],
    *[(TWICE_AS_ONCE, 1, answer(status), OutcomeUnknown) for status in (103, 202, 304, 999)],
    *[(TWICE_AS_ONCE, ATTEMPTS, answer(status), OutcomeUnknown) for status in (103, 202, 304, 500, 503, 999)],
    (TWICE_AS_ONCE, ATTEMPTS, LOST, OutcomeUnknown),
    (TWICE_AS_ONCE, ATTEMPTS, NEVER_SENT, ServiceUnavailable),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row[0]['method']}-{row[1]}-{row[3]}")
def test_what_follows(row):
    request, attempt, outcome, expected = row
    step = decide(attempt, outcome, Request(address=ADDRESS, **request))
    if isinstance(expected, type):
        assert isinstance(step, Raise)
        assert type(step.error) is expected
    elif isinstance(step, Again):
        assert step == Again(why=step.why, **expected)
    else:
        assert step == Return(expected)


@pytest.mark.parametrize("row", [row for row in ROWS if row[3] is WrongAddress], ids=lambda row: f"{row[2].content!r}")
def test_a_wrong_address_is_named_whole_with_what_to_type(row):
    request, attempt, outcome, _ = row
    step = decide(attempt, outcome, Request(address=ADDRESS, if_wrong="type this", **request))
    message = str(step.error)
    assert message.startswith(f"{ADDRESS} answered {outcome.status_code} with ")
    assert message.endswith(", and no Process Street API answers so: type this.")
    assert message.isprintable()
    assert "q=1" not in message
    assert step.error.status == outcome.status_code


def test_what_to_do_about_the_network_stands_in_the_error():
    lost = decide(6, LOST, Request(address=ADDRESS, if_silent="Look after it.", **READ))
    assert str(lost.error) == "api.example does not answer /v1/x (ReadTimeout, tried 6 times). Look after it."
    no_way = decide(1, NO_WAY, Request(address=ADDRESS, if_silent="Look after it.", **READ))
    assert str(no_way.error) == (
        "api.example cannot be reached (tried once): the certificate of api.example has expired. Do this."
    )
