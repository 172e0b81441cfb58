"""Budget headers and Retry-After, in every form the service was seen to use."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.api.budget import Budget, retry_after

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
LIMIT, LEFT, RESET = (f"X-Api-Key-Rate-Limit-{name}" for name in ("Limit", "Remaining", "Reset"))


@pytest.mark.parametrize(
    "reset", ["1800", "1800.0", str(int(NOW.timestamp()) + 1800), str((int(NOW.timestamp()) + 1800) * 1000)]
)
def test_the_reset_is_seconds_to_go_or_an_epoch_in_seconds_or_milliseconds(reset):
    budget = Budget.from_headers({LIMIT: "2500", LEFT: "1234", RESET: reset}, now=NOW)
    assert budget == Budget(limit=2500, remaining=1234, resets_at=NOW + timedelta(minutes=30))


@pytest.mark.parametrize("headers", [{}, {RESET: "5"}, {LIMIT: "many", LEFT: "few"}, {"X-Ip-Rate-Limit-Limit": "1000"}])
def test_without_the_headers_nothing_is_known(headers):
    assert Budget.from_headers(headers) is None


@pytest.mark.parametrize("reset", ["", "soon", "-1", "nan", "inf", "9" * 30])
def test_a_reset_that_says_nothing_leaves_the_rest_standing(reset):
    assert Budget.from_headers({LIMIT: "10", LEFT: "0", RESET: reset}) == Budget(limit=10, remaining=0)


def test_one_of_the_two_numbers_is_enough():
    assert Budget.from_headers({LEFT: "3"}) == Budget(remaining=3)
    assert Budget.from_headers({LIMIT: "3"}) == Budget(limit=3)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("17", 17.0),
        (" 17 ", 17.0),
        ("0", 0.0),
        ("1.5", 1.5),
        ("Fri, 20 Nov 2026 12:01:00 GMT", 60.0),
        ("Fri, 20 Nov 2026 12:01:00 +0100", 0.0),
        ("Fri, 20 Nov 2026 12:01:00 -0000", 60.0),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0.0),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("inf", None),
        ("nan", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header, seconds):
    assert retry_after({"Retry-After": header}, now=NOW) == seconds


@pytest.mark.parametrize("off", [timedelta(hours=-2), timedelta(minutes=-5), timedelta(0), timedelta(minutes=5)])
def test_what_the_service_tells_by_its_clock_is_read_by_its_clock(off):
    there = NOW + off
    told = {LIMIT: "10", LEFT: "0", RESET: str(int(there.timestamp()) + 90), "Date": format_datetime(there)}
    assert Budget.from_headers(told, now=NOW).resets_at == NOW + timedelta(seconds=90)
    told["Retry-After"] = format_datetime(there + timedelta(seconds=30))
    assert retry_after(told, now=NOW) == 30


def test_an_answer_that_was_on_its_way_for_a_while_says_no_other_time():
    told = {LIMIT: "10", LEFT: "0", RESET: str(int(NOW.timestamp()) + 90)}
    for date in (format_datetime(NOW - timedelta(seconds=20)), "soon", ""):
        assert Budget.from_headers({**told, "Date": date}, now=NOW).resets_at == NOW + timedelta(seconds=90)


def test_without_the_header_there_is_nothing_to_wait_for():
    assert retry_after({}) is None


@pytest.mark.slow
@given(
    st.one_of(st.text(), st.from_regex(r"(Mon, )?\d{1,3} Nov \d{2,6} \d+:\d+:\d+ ([+-]\d{1,8}|GMT)", fullmatch=True))
)
def test_no_header_breaks_the_reading(text):
    seconds = retry_after({"Retry-After": text}, now=NOW)
    assert seconds is None or seconds >= 0
    Budget.from_headers({LIMIT: text, LEFT: text, RESET: text, "Date": text}, now=NOW)


def test_a_window_that_ends_in_a_day_is_a_slip_that_nobody_waits_for():
    headers = {"X-Api-Key-Rate-Limit-Limit": "100", "X-Api-Key-Rate-Limit-Remaining": "0"}
    for reset, is_believed in {"3600": True, "7200": True, "7300": False, "86000": False}.items():
        budget = Budget.from_headers({**headers, "X-Api-Key-Rate-Limit-Reset": reset}, now=NOW)
        assert (budget.resets_at is not None) is is_believed, reset
