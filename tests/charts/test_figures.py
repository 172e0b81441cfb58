"""Numbers in words."""

import pytest

from psauth.charts.figures import count_text, hours_text, long_text, share_text


@pytest.mark.parametrize(
    ("hours", "short", "long"),
    [
        (0, "<1 min", "a minute"),
        (0.004, "<1 min", "a minute"),
        (1 / 60, "1 min", "1 minute"),
        (0.2, "12 min", "12 minutes"),
        (0.995, "1 h", "1 hour"),
        (1, "1 h", "1 hour"),
        (4.52, "4.5 h", "4.5 hours"),
        (9.96, "10 h", "10 hours"),
        (31.4, "31 h", "31 hours"),
        (71.9, "72 h", "72 hours"),
        (72, "3 d", "3 days"),
        (130, "5.4 d", "5.4 days"),
        (24 * 1234, "1,234 d", "1,234 days"),
    ],
)
def test_a_duration_has_the_unit_that_people_use(hours, short, long):
    assert hours_text(hours) == short
    assert long_text(hours) == long


def test_working_hours_are_never_days():
    assert hours_text(1234, in_days=False) == "1,234 h"
    assert long_text(73, in_days=False) == "73 hours"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, "0%"),
        (0.001, "<1%"),
        (0.005, "1%"),
        (0.105, "11%"),
        (0.41, "41%"),
        (0.9949, "99%"),
        (0.999, ">99%"),
        (1, "100%"),
    ],
)
def test_little_is_not_nothing_and_nearly_all_is_not_all(share, text):
    assert share_text(share) == text


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0"), (999, "999"), (1000, "1.0k"), (4120, "4.1k"), (9949, "9.9k"), (12_400, "12k")]
)
def test_a_count_is_short(count, text):
    assert count_text(count) == text
