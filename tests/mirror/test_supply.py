"""What is given out next: while the lists of runs are walked, they come before the runs, unless the budget allows both."""

import pytest

from psauth.mirror.records import PendingRun
from psauth.mirror.supply import MissedRun, Supply


@pytest.fixture
def twenty(store, make_run, noon):
    """A store in which twenty runs wait."""
    store.note_runs([make_run(f"r{number}") for number in range(20)], noon)
    return store


@pytest.fixture
def short(twenty):
    """A supply during a walk, with a budget that is short; it stops where a thread would have to wait."""

    def has_plenty():
        supply.stop()
        return False

    supply = begin(twenty, has_plenty)
    return supply


def begin(store, has_plenty):
    supply = Supply(store, has_plenty=has_plenty)
    for _ in range(40):
        supply.add_taker()
    supply.open()
    supply.open_runs()
    supply.begin_walk()
    return supply


@pytest.mark.parametrize("pages", [0, 1, 2, 7])
def test_while_the_lists_are_walked_a_run_is_given_out_for_each_page(short, pages):
    for _ in range(pages):
        short.found_runs()
    assert all(isinstance(short.take(), PendingRun) for _ in range(pages))
    assert short.take() is None


def test_after_the_walk_all_are_given_out(short):
    short.found_runs()
    short.end_walk()
    short.close()
    jobs = [short.take() for _ in range(20)]
    assert {job.run_id for job in jobs} == {f"r{number}" for number in range(20)}
    for job in jobs:
        short.done(job, again=False)
    assert short.take() is None


def test_long_lists_wait_for_the_walk_as_well_and_what_is_urgent_does_not(short):
    long_lists, urgent = [object() for _ in range(5)], [object() for _ in range(5)]
    short.add(long_lists, urgent=False)
    short.add(urgent)
    for _ in range(30):
        short.found_runs()
    assert [short.take() for _ in range(5)] == urgent
    assert all(isinstance(short.take(), PendingRun) for _ in range(20))
    assert short.take() is None


def test_what_waits_only_at_the_end_of_the_walk_is_given_out_although_a_thread_has_looked_before(store, make_run, noon):
    asked = iter(["before", "at the end"])

    def has_plenty():
        if next(asked) == "at the end":  # a thread has found the queue empty, and looks again
            store.note_runs([make_run()], noon)
            supply.end_walk()
        return True

    supply = begin(store, has_plenty)
    assert supply.take().run_id == "r1"


@pytest.mark.parametrize("again", [True, False])
def test_a_run_that_is_there_after_all_is_read(store, make_run, noon, again):
    supply = begin(store, lambda: True)
    supply.add([MissedRun("r1")])
    job = supply.take()
    supply._next()  # the queue is empty
    store.note_runs([make_run()], noon)
    supply.done(job, again=again)
    assert isinstance(supply.take(), PendingRun)


def test_where_there_is_plenty_of_the_budget_nobody_waits_for_the_walk(twenty):
    supply = begin(twenty, lambda: True)
    assert {supply.take().run_id for _ in range(20)} == {f"r{number}" for number in range(20)}


def test_a_thread_that_waits_looks_again_whether_the_budget_allows_more(twenty):
    answers = iter([False, False, True])
    assert isinstance(begin(twenty, lambda: next(answers)).take(), PendingRun)
    assert next(answers, None) is None
