"""When a run or a list is asked for although nothing says that it changed."""

from datetime import timedelta

import pytest

from psauth.mirror.looks import AGES, LAG, is_old, next_look

HOUR = timedelta(hours=1)


def look(run, noon, *, rested, newest=None, looked_before=False):
    """How long after noon a run is looked at again that was seen to change `rested` before."""
    again = next_look(run, noon, noon - rested, newest=newest, looked_before=looked_before)
    return None if again is None else again - noon


@pytest.mark.parametrize(
    ("rested", "pause"), [(0.1, 1), (4, 1), (12, 3), (48, 12), (96, 24), (24 * 365, 24)], ids=lambda hours: f"{hours} h"
)
def test_an_active_run_after_a_quarter_of_its_rest(make_run, noon, rested, pause):
    assert look(make_run(), noon, rested=rested * HOUR) == pause * HOUR


@pytest.mark.parametrize(
    ("due", "pause"), [(-30, 24), (-20, 4), (0, 4), (20, 4), (30, 24)], ids=lambda hours: f"{hours} h"
)
def test_an_active_run_near_its_due_date(make_run, noon, due, pause):
    run = make_run(dueDate=(noon + due * HOUR).isoformat())
    assert look(run, noon, rested=1000 * HOUR) == pause * HOUR
    assert look(run, noon, rested=HOUR) == HOUR


@pytest.mark.parametrize("status", ["Completed", "Archived"])
def test_a_closed_run_once_more_within_the_lag(make_run, noon, status):
    closed = make_run(status=status, created=(noon - LAG / 2).isoformat())
    assert look(closed, noon, rested=HOUR) == LAG
    assert look(closed, noon, rested=HOUR, looked_before=True) is None
    long_ago = make_run(status=status)
    assert look(long_ago, noon, rested=HOUR) is None


def test_the_lag_is_also_that_of_the_services_clock(make_run, noon):
    closed = make_run(status="Completed", created=(noon - 100 * HOUR).isoformat())
    assert look(closed, noon, rested=HOUR, newest=noon - 100 * HOUR) == LAG
    assert look(closed, noon, rested=HOUR, newest=noon - 50 * HOUR) is None


def test_a_list_by_its_age(noon):
    assert is_old("users", None, noon)
    assert not is_old("users", noon, noon)
    assert not is_old("users", noon - AGES["users"] + HOUR, noon)
    assert is_old("users", noon - AGES["users"], noon)
    assert is_old("users", noon + HOUR, noon), "a clock was set back"
    assert is_old("workflows", noon, noon), "they are asked for by every sync"


def test_the_cost_of_400_resting_runs_is_a_fiftieth_of_a_days_budget(make_run, noon):
    looks_a_day = timedelta(days=1) / look(make_run(), noon, rested=1000 * HOUR)
    assert 400 * looks_a_day * 2.5 <= 24 * 2500 * 0.02
