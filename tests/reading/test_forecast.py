"""Forecast: the time that requests take, waits for the budget included; in a plan, and behind the bar of a read."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from psauth.api.budget import Budget
from psauth.reading.fetch import WORKERS
from psauth.reading.forecast import WINDOW, seconds_for, window_of
from psauth.words import lasting
from tests.answers import BASE, page

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def budget(remaining, *, limit=2500, minutes=20):
    return Budget(limit=limit, remaining=remaining, resets_at=NOW + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("requests", "told", "seconds"),
    [
        (WORKERS * 10, budget(2500), 10 * 0.5),
        (10, budget(2500), 0.5),
        (WORKERS * 10, Budget(), 10 * 0.5),
        (100 + WORKERS, budget(100), 20 * 60 + 0.5),
        (100 + 2400, budget(100), 20 * 60 + 75 * 0.5),
        # The last fifty of each window are let out in its last second.
        (100 + 2500, budget(100), 20 * 60 + WINDOW),
        (40, budget(50), 20 * 60),
        (40, budget(100), 2 * 0.5),
        (100 + 2500 + WORKERS, budget(100), 20 * 60 + WINDOW + 0.5),
        (2500 + WORKERS, budget(0), 20 * 60 + WINDOW + 0.5),
        (WORKERS, Budget(limit=2500, remaining=0), WINDOW + 0.5),
    ],
)
def test_the_time_is_that_of_the_answers_and_of_the_waits_for_the_budget(requests, told, seconds):
    assert seconds_for(requests, told, 0.5, now=NOW) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("longest", "window"),
    [(0, WINDOW), (0.7, 1), (7, 10), (10.9, 10), (31, 60), (61, 60), (62, WINDOW), (1800, WINDOW), (3601, WINDOW)],
)
def test_a_service_that_counts_in_short_windows_is_known_by_the_waits_it_tells(longest, window):
    assert window_of(longest) == window


def test_in_short_windows_the_waits_are_short():
    told = Budget(limit=100, remaining=60, resets_at=NOW + timedelta(seconds=4))
    assert seconds_for(250, told, 0.5, window=10, now=NOW) == pytest.approx(4 + 10 + 1.5)


def test_a_fast_service_is_not_faster_than_this_machine():
    assert seconds_for(1000, Budget(), 0.001, now=NOW) == pytest.approx(3.0)


def test_a_budget_of_a_window_that_is_over_is_full_again():
    assert seconds_for(WORKERS, budget(0, minutes=-1), 0.5, now=NOW) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("requests", "held", "seconds"), [(10, 600, 600 + 0.5), (10, 3000, 3000 + 0.5), (100 + WORKERS, 60, 1200.5)]
)
def test_what_is_held_back_for_another_reason_waits_for_that(requests, held, seconds):
    """Other processes have spent what the last answer knew, or the service refused a request."""
    assert seconds_for(requests, budget(100), 0.5, held=held, now=NOW) == pytest.approx(seconds)


def test_without_a_known_budget_a_refusal_is_waited_for_too():
    assert seconds_for(WORKERS, Budget(), 0.5, held=90, now=NOW) == pytest.approx(90.5)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.2, "1 s"), (89, "89 s"), (91, "2 min"), (3600, "60 min"), (3900 * 2, "2 h 10 min")]
)
def test_a_time_is_said_as_people_do(seconds, said):
    assert lasting(seconds) == said


# The bar --------------------------------------------------------------------------------------------------------------


class Seen(KeyboardInterrupt):
    """What ends the read, as a person would."""


@pytest.fixture
def notes(monkeypatch):
    """The notes behind the bar; the first with a time to go ends the read."""
    seen = []

    class Bar:
        def __init__(self, **how):
            self.n = 0

        def set_postfix_str(self, note):
            seen.append(note)
            if "to go" in note and "the next at" in note:
                raise Seen

        def close(self):
            pass

    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    monkeypatch.setattr("psauth.reading.fetch.SHOWN_AFTER", 0.0)
    monkeypatch.setattr("psauth.reading.fetch.TICK", 0.02)
    return seen


@pytest.mark.parametrize("remaining", [0, 3, 40])
def test_the_bar_promises_no_seconds_where_the_next_request_is_due_in_an_hour(ps, requests_mock, notes, remaining):
    headers = {
        "X-Api-Key-Rate-Limit-Limit": "2500",
        "X-Api-Key-Rate-Limit-Remaining": str(remaining),
        "X-Api-Key-Rate-Limit-Reset": "3000",
    }
    requests_mock.get(re.compile(f"{BASE}/workflow-runs/.*/tasks"), **page("tasks"), headers=headers)
    with pytest.raises(Seen):
        ps.tasks(runs=[f"r{n}" for n in range(30)])
    assert re.fullmatch(rf"about (49|50) min to go, {remaining} requests left, the next at \d\d:\d\d", notes[-1])


def test_the_bar_says_seconds_while_there_is_enough(ps, requests_mock):
    headers = {
        "X-Api-Key-Rate-Limit-Limit": "2500",
        "X-Api-Key-Rate-Limit-Remaining": "2000",
        "X-Api-Key-Rate-Limit-Reset": "3000",
    }
    requests_mock.get(f"{BASE}/users", **page("users"), headers=headers)
    note = ps._read.outlook()
    assert note(0, 100) == ""
    ps.users()
    assert re.fullmatch(r"about \d s to go, 2,000 requests left", note(1, 100))
    assert note(1, None) == "2,000 requests left"


def test_a_plan_knows_what_is_held_back(ps, requests_mock):
    headers = {
        "X-Api-Key-Rate-Limit-Limit": "2500",
        "X-Api-Key-Rate-Limit-Remaining": "40",
        "X-Api-Key-Rate-Limit-Reset": "3000",
    }
    requests_mock.get(f"{BASE}/users", **page("users"), headers=headers)
    ps.users()
    plan = ps.plan("tasks", runs=[f"r{n}" for n in range(8)])
    assert plan.seconds == pytest.approx(3000, abs=5)
    assert re.fullmatch(
        r"tasks of 8 runs: about 8 requests, 50 min; 40 of 2,500 are left, more from \d\d:\d\d UTC", str(plan)
    )
