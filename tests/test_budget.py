"""Budget headers and Retry-After, in every form the service was seen to use."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.budget import Budget, retry_after

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


def test_without_the_header_there_is_nothing_to_wait_for():
    assert retry_after({}) is None


@given(
    st.one_of(st.text(), st.from_regex(r"(Mon, )?\d{1,3} Nov \d{2,6} \d+:\d+:\d+ ([+-]\d{1,8}|GMT)", fullmatch=True))
)
def test_no_header_breaks_the_reading(text):
    seconds = retry_after({"Retry-After": text}, now=NOW)
    assert seconds is None or seconds >= 0
    Budget.from_headers({LIMIT: text, LEFT: text, RESET: text}, now=NOW)
