"""429 again and again: no wait is too short, none too long, and there is an end, which says why."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import requests

from psauth.api.budget import ENDLESS, Budget, retry_after
from psauth.api.governor import Governor
from psauth.api.pace import PATIENCE
from psauth.api.retrying import (
    ATTEMPTS,
    LONGEST_REFUSAL,
    LONGEST_WAIT,
    REFUSALS,
    SILENT_REFUSALS,
    Again,
    Raise,
    Refusals,
    Request,
    decide,
)
from psauth.exceptions import RateLimited
from tests.api.governing import Waits

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
ADDRESS = "https://api.example/v1/x"
ODD = ["0", "0.0", "-1", "-1e9", "nan", "inf", "-inf", "soon", "", " ", "1", "1e0", "0, 0", "9" * 400, "1e9", "1e999999999",
       "0x10", "1_0", "٣", "5;6", format_datetime(NOW - timedelta(days=9)), "Fri, 32 Nov 2026 99:99:99 GMT"]  # fmt: skip
"""What a Retry-After may say; None: there is none."""


def refused(header, status=429):
    answer = requests.Response()
    answer.status_code, answer._content, answer.url, answer.reason = status, b'{"error": "Slow"}', ADDRESS, "No"
    answer.request = requests.Request("GET", ADDRESS).prepare()
    if header is not None:
        answer.headers["Retry-After"] = header
    return answer


def all_tries(header, request, status=429):
    """The waits between the tries of one request that is refused for ever, as transport and governor make them."""
    governor_time = [0.0]
    governor = Governor(clock=lambda: governor_time[0])
    waits, attempt = [], 1
    for _ in range(200):
        count, seconds = governor.refusals
        step = decide(attempt, refused(header, status), request, Refusals(count=count, seconds=seconds))
        if isinstance(step, Raise):
            return waits, step.error
        assert isinstance(step, Again)
        attempt += step.counts
        waits.append(max(step.at_least, step.pause * 0.5))
        if step.everybody:
            governor.hold_back(step.at_least)
        governor_time[0] += waits[-1] + 0.01
    raise AssertionError("no end")


READ = Request(method="GET", address=ADDRESS, repeatable=True)
LONG_READ = Request(method="GET", address=ADDRESS, repeatable=True, background=True)
WRITE = Request(method="POST", address=ADDRESS)
LONG_WRITE = Request(method="POST", address=ADDRESS, background=True)
REQUESTS = pytest.mark.parametrize(
    "request_", [READ, LONG_READ, WRITE, LONG_WRITE], ids=["read", "long read", "write", "long write"]
)


@REQUESTS
@pytest.mark.parametrize("header", [None, *ODD], ids=lambda header: repr(header)[:30])
def test_there_is_an_end_and_a_growing_wait_before_it(request_, header):
    waits, error = all_tries(header, request_)
    assert isinstance(error, RateLimited)
    assert len(waits) < SILENT_REFUSALS
    assert all(wait >= 0.25 * 2**number for number, wait in enumerate(waits)), "longer each time"
    most = LONGEST_WAIT if request_.background else PATIENCE
    assert all(wait <= most for wait in waits)
    assert sum(waits) <= LONGEST_REFUSAL
    assert "inf" not in str(error).replace("information", "")


@pytest.mark.parametrize("status", [500, 502, 503, 504])
@pytest.mark.parametrize("header", [None, *ODD], ids=lambda header: repr(header)[:30])
def test_the_same_after_an_error_of_the_service(status, header):
    for request in (READ, LONG_READ):
        waits, _ = all_tries(header, request, status)
        assert len(waits) < 8
        assert all(0.1 <= wait <= PATIENCE for wait in waits)


def test_a_long_read_that_is_refused_for_ever_says_how_often_and_what_next():
    _, error = all_tries("0", LONG_READ)
    assert f"refused {REFUSALS} times in a row, over 32 s" in str(error)
    assert "Try again in an hour" in str(error)


def test_without_a_time_the_waits_of_a_long_read_come_to_more_than_the_hour_of_the_budget():
    waits, _ = all_tries(None, LONG_READ)
    assert len(waits) == SILENT_REFUSALS - 1
    assert 3600 < sum(waits) < LONGEST_REFUSAL


IN_YEARS = format_datetime(datetime.now(UTC) + timedelta(days=900))


@pytest.mark.parametrize("header", ["1e9", "9" * 400, "7201", IN_YEARS], ids=["1e9", "400 digits", "7201", "in years"])
def test_a_wait_without_reason_is_told_and_not_waited_for(header):
    waits, error = all_tries(header, LONG_READ)
    assert waits == []
    assert "longer than psauth waits by itself (2 h 00 min)" in str(error)
    assert error.retry_after == retry_after({"Retry-After": header}) or error.retry_after > 7200


def test_what_the_service_asks_for_within_reason_is_waited_for():
    assert decide(1, refused("3000"), LONG_READ).at_least == 3000
    assert decide(ATTEMPTS - 1, refused("50"), READ).at_least == 50


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1e9", ENDLESS), ("9" * 400, ENDLESS), ("3, 5", 5.0), ("5, 3", 5.0), ("0, x", None), ("1e999999999", ENDLESS), ("-0", None)],
)  # fmt: skip
def test_odd_seconds(header, seconds):
    assert retry_after({"Retry-After": header}, now=NOW) == seconds


def test_another_answer_begins_the_count_anew():
    now = [0.0]
    governor = Governor(clock=lambda: now[0])
    for number in range(1, 4):
        governor.hold_back(1.0)
        assert governor.refusals[0] == number
        governor.hold_back(1.0)
        assert governor.refusals[0] == number, "another thread's, of the same moment"
        now[0] += 1.5
    assert governor.refusals == (3, 4.5)
    governor.note_answer(None, refused=True)
    assert governor.refusals[0] == 3
    governor.note_answer(None)
    assert governor.refusals == (0, 0.0)


@pytest.mark.parametrize(
    "reset", ["90001", "999999999", str(int(NOW.timestamp()) + 90_000), "1e14", "999999999999", "1e11"]
)
def test_a_window_that_ends_after_more_than_a_day_is_a_slip(reset):
    headers = {f"X-Api-Key-Rate-Limit-{k}": v for k, v in {"Limit": "10", "Remaining": "0", "Reset": reset}.items()}
    assert Budget.from_headers(headers, now=NOW) == Budget(limit=10, remaining=0)


@pytest.mark.parametrize("reset", ["999999999", "-5", "nan", "inf", "1000000001", "0", "9" * 300])
def test_odd_resets_hold_no_request_back_for_long(reset):
    now = [NOW.timestamp()]
    governor = Governor(clock=lambda: now[0])
    governor._changed = Waits()  # raises where a request would have to wait
    headers = {f"X-Api-Key-Rate-Limit-{k}": v for k, v in {"Limit": "10", "Remaining": "0", "Reset": reset}.items()}
    governor.wait(background=True)
    governor.note_answer(Budget.from_headers(headers, now=NOW))
    now[0] += 3.0
    governor.wait(background=True)
    governor.wait()
