"""How many runs come and go."""

import pytest

from psauth import Calendar
from psauth.analysis import throughput
from psauth.exceptions import ArgumentError
from tests.analysis.logs import Log, answer, rows

UTC = Calendar(zone="UTC")
LOG = (
    Log()
    .run("a", "2026-11-02 09:00", ("t", "2026-11-03 09:00"))
    .run("b", "2026-11-02 10:00", ("t", "2026-11-17 09:00"))
    .run("c", "2026-11-10 10:00", ("t", None), status="Archived", updated="2026-11-18")
    .run("d", "2026-11-18 10:00", ("t", None), status="Active")
)


def test_arrivals_departures_and_what_is_under_way_by_week():
    frame = answer(throughput, LOG, calendar=UTC)
    assert frame.columns.tolist() == ["period", "arrivals", "departures", "in_progress"]
    assert rows(frame, *frame) == [
        ("2026-11-02 00:00", 2, 1, 1),
        ("2026-11-09 00:00", 1, 0, 2),
        ("2026-11-16 00:00", 1, 2, 1),
    ]


def test_a_day_without_anything_is_there():
    frame = answer(throughput, LOG, calendar=UTC, every="day")
    assert len(frame) == 19
    assert rows(frame, *frame)[2] == ("2026-11-04 00:00", 0, 0, 1)


def test_months():
    assert rows(answer(throughput, LOG, calendar=UTC, every="month"), "period", "arrivals", "departures") == [
        ("2026-11-01 00:00", 4, 3)
    ]


def test_a_period_counts_what_came_before_it():
    frame = answer(throughput, LOG, calendar=UTC, since="2026-11-09", until="2026-11-16")
    assert rows(frame, *frame) == [("2026-11-09 00:00", 1, 0, 2)]


@pytest.mark.parametrize(
    ("zone", "first"), [("Asia/Tokyo", "2026-10-31 15:00"), ("America/New_York", "2026-11-01 04:00")]
)
def test_a_month_begins_in_its_zone(zone, first):
    frame = answer(throughput, LOG, calendar=Calendar(zone=zone), every="month", since="2026-11-01")
    assert rows(frame, "period", "arrivals") == [(first, 4)]


def test_a_day_of_twenty_three_hours_is_a_day():
    log = Log().run("r", "2026-03-29 00:30", ("t", "2026-03-29 22:30")).run("s", "2026-03-29 23:30", status="Active")
    frame = answer(throughput, log, every="day", calendar=Calendar(zone="Europe/London"), now="2026-03-30 12:00")
    assert rows(frame, "period", "arrivals", "departures") == [("2026-03-29 00:00", 1, 1), ("2026-03-29 23:00", 1, 0)]


def test_what_left_after_now_has_not_left():
    assert rows(answer(throughput, LOG, calendar=UTC, now="2026-11-16 12:00"), "in_progress")[-1] == (2,)


def test_no_runs_make_no_periods():
    assert answer(throughput, Log()).empty


def test_another_word_for_a_period():
    with pytest.raises(ArgumentError, match="every='fortnight' is no period. Expected one of day, week, month"):
        answer(throughput, LOG, every="fortnight")
