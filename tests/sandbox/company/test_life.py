"""A company that lives: the same events for the same seed, all kinds of them, and only what has a weight."""

from __future__ import annotations

from collections import Counter

import pytest

from psauth.sandbox import EVENTS, Knobs, Life
from tests.sandbox.living import NOW, HandClock, a_company, changes, told

MINUTE = 60.0


def test_the_same_seed_gives_the_same_life() -> None:
    first, second = a_company(), a_company()
    assert first.live(200, seed=3) == second.live(200, seed=3)
    assert told(first) == told(second)


def test_another_seed_gives_another_life() -> None:
    first, second = a_company(), a_company()
    assert first.live(20, seed=3) != second.live(20, seed=4)
    assert changes(told(first), told(second))


def test_what_is_read_in_between_changes_nothing() -> None:
    asked, left = a_company(), a_company()
    for step in range(30):
        told(asked)
        asked.live(1, seed=step)
        left.live(1, seed=step)
    assert told(asked) == told(left)


def test_everything_happens_in_time() -> None:
    happened = Counter(event.name for event in a_company().live(1_500, seed=1))
    assert set(happened) == set(EVENTS)


def test_only_what_has_a_weight_happens() -> None:
    company = a_company()
    weights = {"archive_run": 1.0, "rename_run": 2.0, "delete_run": 0.0}
    assert {event.name for event in company.live(40, seed=1, weights=weights)} == {"archive_run", "rename_run"}


def test_what_cannot_happen_any_more_does_not() -> None:
    company = a_company(20)
    there = len(company.runs)
    happened = company.live(100, seed=1, weights={"delete_run": 1})
    assert [event.name for event in happened] == ["delete_run"] * there
    assert company.runs == []


def test_an_event_that_there_is_not_is_said() -> None:
    with pytest.raises(LookupError, match="no event 'explode'; there are start_run, "):
        a_company().live(1, weights={"explode": 1})


def test_events_are_dated_by_the_clock_each_later_than_the_one_before() -> None:
    clock = HandClock()
    company = a_company(clock=clock)
    clock.advance(86_400)
    events = company.live(10, seed=1, weights={"rename_run": 1})
    runs = [company.run(event.arguments["run_id"]) for event in events]
    moments = [event.arguments["at"] for event in events] if "at" in events[0].arguments else []
    assert moments == []  # it is no choice of the event's
    updated = sorted({run.updated for run in runs if run})
    assert updated[0] >= (NOW + 86_400) * 1000
    assert len(updated) == len({run.id for run in runs if run})


def test_every_event_can_be_called_again_by_its_name() -> None:
    first, second = a_company(), a_company()
    for event in first.live(120, seed=5):
        getattr(second, event.name)(**event.arguments)
    alike = ("tasks", "form_values", "approvals", "assignments", "runs", "deleted")
    a, b = told(first), told(second)
    assert [len(a[noun]) for noun in alike] == [len(b[noun]) for noun in alike]
    assert {run["id"]: run.get("name") for run in a["runs"]} == {run["id"]: run.get("name") for run in b["runs"]}


# By itself ------------------------------------------------------------------------------------------------------------


def test_by_default_nothing_happens_by_itself() -> None:
    clock = HandClock()
    company = a_company(clock=clock)
    before = told(company)
    clock.advance(86_400)
    assert told(company) == before


def test_it_lives_at_the_rate_that_was_set() -> None:
    clock, knobs = HandClock(), Knobs(life=Life(events_per_minute=30, weights={"start_run": 1}))
    company = a_company(clock=clock, knobs=knobs)
    told(company)  # from here on
    there = len(company.runs)
    for minutes, begun in ((1, 30), (0.5, 45), (0.01, 45), (0.49, 60)):
        clock.advance(minutes * MINUTE)
        told(company)
        assert len(company.runs) - there == begun
    first, *_, last = sorted(run.created for run in company.runs[:60])
    assert first == round((NOW + 2) * 1000)
    assert last == round((NOW + 120) * 1000)


def test_a_life_may_begin_and_end_while_it_is_asked() -> None:
    clock = HandClock()
    company = a_company(clock=clock)
    before = told(company)
    company.knobs.life = Life(events_per_minute=60, seed=2)
    clock.advance(MINUTE)
    assert told(company) == before  # nobody looked when it began: it begins now
    clock.advance(MINUTE)
    after = told(company)
    assert changes(before, after)
    company.knobs.life = None
    clock.advance(MINUTE)
    assert told(company) == after


def test_two_companies_live_alike_however_often_they_are_asked() -> None:
    clocks = [HandClock(), HandClock()]
    often, once = (a_company(clock=clock, knobs=Knobs(life=Life(seed=4))) for clock in clocks)
    told(often), told(once)
    for clock in clocks:
        for _ in range(6):
            clock.advance(10)
            if clock is clocks[0]:
                told(often)
    assert told(often) == told(once)


def test_after_a_long_sleep_it_is_not_all_made_up_for() -> None:
    clock, knobs = HandClock(), Knobs(life=Life(events_per_minute=60, weights={"start_run": 1}))
    company = a_company(20, clock=clock, knobs=knobs)
    told(company)
    there = len(company.runs)
    clock.advance(7 * 86_400)
    told(company)
    assert len(company.runs) - there == 1_000
    told(company)
    assert len(company.runs) - there == 1_000


@pytest.mark.parametrize("seconds", [-3_600, 0])
def test_a_clock_that_was_set_back_makes_nothing_happen_and_breaks_nothing(seconds: float) -> None:
    clock = HandClock()
    company = a_company(clock=clock, knobs=Knobs(life=Life()))
    before = told(company)
    clock.advance(seconds)
    assert told(company) == before
