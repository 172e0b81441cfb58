"""Reads in threads: begun once, found again by whoever wants the same, dropped in the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from psauth.dashboard.loading import jobs as rooms
from psauth.dashboard.loading.jobs import Job, Jobs

ME = ("vault", "default", "connection-1")
SOMEBODY_ELSE = ("vault", "default", "connection-2")


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def kept(clock: Clock) -> Iterator[Jobs]:
    kept = Jobs(clock=clock)
    yield kept
    kept.forget()


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """What the work of a test waits at; opened in the end, so that no thread stays behind."""
    gate = threading.Event()
    yield gate
    gate.set()


def waiting_at(gate: threading.Event) -> Callable[[Job], str]:
    def work(job: Job) -> str:
        done = 0
        while job.progress(done, 9):
            done += 1
            if gate.wait(0.01):
                return "all of it"
        return "what had come"

    return work


def test_a_job_gives_what_its_work_returned(kept: Jobs) -> None:
    job = kept.start(ME, ("runs",), lambda _: 42)
    assert job.wait(10)
    assert job.result() == 42
    assert job.peek() == 42


def test_a_job_raises_what_its_work_raised_and_only_where_it_is_asked(kept: Jobs) -> None:
    job = kept.start(ME, ("runs",), lambda _: 1 // 0)
    assert job.wait(10)
    assert job.peek() is None
    with pytest.raises(ZeroDivisionError):
        job.result()


def test_two_tabs_that_want_the_same_share_one_read(kept: Jobs, gate: threading.Event) -> None:
    first = kept.start(ME, ("tasks", "a"), waiting_at(gate))
    assert kept.start(ME, ("tasks", "a"), waiting_at(gate)) is first
    assert kept.find(ME, ("tasks", "a")) is first
    assert kept.start(ME, ("tasks", "b"), waiting_at(gate)) is not first


def test_nobody_sees_the_read_of_another_connection(kept: Jobs) -> None:
    job = kept.start(ME, ("runs",), lambda _: "mine")
    assert kept.find(SOMEBODY_ELSE, ("runs",)) is None
    assert kept.of(SOMEBODY_ELSE) == []
    assert kept.of(ME) == [job]


def test_a_stopped_job_keeps_what_had_come(kept: Jobs, gate: threading.Event) -> None:
    job = kept.start(ME, ("tasks",), waiting_at(gate), long=True)
    job.stop()
    assert job.wait(10)
    assert job.result() == "what had come"


def test_it_says_how_far_it_is(kept: Jobs) -> None:
    told = threading.Event()
    go_on = threading.Event()

    def work(job: Job) -> None:
        job.progress(3, 9)
        told.set()
        assert go_on.wait(10)

    job = kept.start(ME, ("tasks",), work)
    assert told.wait(10)
    assert (job.done, job.total, job.is_over) == (3, 9, False)
    go_on.set()
    assert job.wait(10)


def test_a_dropped_job_is_stopped_and_read_anew(kept: Jobs, gate: threading.Event) -> None:
    first = kept.start(ME, ("tasks",), waiting_at(gate))
    kept.drop(first)
    assert first.wait(10)
    assert kept.find(ME, ("tasks",)) is None
    second = kept.start(ME, ("tasks",), waiting_at(gate))
    kept.drop(first)  # a late drop of the old one does not touch the new one
    assert kept.find(ME, ("tasks",)) is second


def test_a_short_read_is_made_anew_when_it_is_old(kept: Jobs, clock: Clock) -> None:
    assert kept.start(ME, ("runs",), lambda _: 1).wait(10)
    clock.now += rooms.FRESH
    assert kept.find(ME, ("runs",)) is not None
    clock.now += 1
    assert kept.find(ME, ("runs",)) is None


def test_a_long_read_is_kept_while_somebody_looks_at_it(kept: Jobs, clock: Clock) -> None:
    assert kept.start(ME, ("tasks",), lambda _: 1, long=True).wait(10)
    for _ in range(3):
        clock.now += rooms.LOOKED_AT
        assert kept.find(ME, ("tasks",)) is not None
    clock.now += rooms.LOOKED_AT + 1
    assert kept.find(ME, ("tasks",)) is None


def test_a_read_under_way_is_never_too_old(kept: Jobs, clock: Clock, gate: threading.Event) -> None:
    job = kept.start(ME, ("tasks",), waiting_at(gate), long=True)
    clock.now += 100 * rooms.LOOKED_AT
    assert kept.find(ME, ("tasks",)) is job


def test_only_so_many_results_are_kept(kept: Jobs, clock: Clock, gate: threading.Event) -> None:
    running = kept.start(ME, ("running",), waiting_at(gate))
    for number in range(rooms.MOST + 5):
        clock.now += 0.1
        assert kept.start(ME, ("run", number), lambda _: 1).wait(10)
    assert len(kept.of(ME)) == rooms.MOST
    assert kept.find(ME, ("run", 0)) is None
    assert kept.find(ME, ("run", rooms.MOST + 4)) is not None
    assert kept.find(ME, ("running",)) is running


def test_long_reads_wait_for_their_turn_and_short_ones_do_not(kept: Jobs, gate: threading.Event) -> None:
    long = [kept.start(ME, ("tasks", n), waiting_at(gate), long=True) for n in range(rooms.LONG_AT_ONCE)]
    for job in long:
        while job.begun is None:
            assert not job.wait(0.01)
    waits = kept.start(ME, ("tasks", "more"), lambda _: "had its turn", long=True)
    assert kept.start(ME, ("runs",), lambda _: "at once").wait(10)
    assert (waits.begun, waits.is_over) == (None, False)
    gate.set()
    assert waits.wait(10)
    assert waits.result() == "had its turn"


def test_who_stops_while_waiting_for_a_turn_never_begins(kept: Jobs, gate: threading.Event) -> None:
    for n in range(rooms.LONG_AT_ONCE):
        job = kept.start(ME, ("tasks", n), waiting_at(gate), long=True)
        while job.begun is None:
            assert not job.wait(0.01)
    waits = kept.start(ME, ("tasks", "more"), lambda _: "never", long=True)
    waits.stop()
    assert waits.wait(10)
    assert waits.result() is None


def test_forgetting_a_connection_stops_its_reads_and_no_others(kept: Jobs, gate: threading.Event) -> None:
    mine = kept.start(ME, ("tasks",), waiting_at(gate))
    other = kept.start(SOMEBODY_ELSE, ("tasks",), waiting_at(gate))
    kept.forget(ME)
    assert mine.wait(10)
    assert kept.of(ME) == []
    assert kept.of(SOMEBODY_ELSE) == [other]
    assert not other.is_over


def test_a_read_that_is_made_again_shows_the_earlier_result_until_it_is_over(kept: Jobs, gate: threading.Event) -> None:
    first = kept.start(ME, ("runs",), lambda _: "old")
    assert first.wait(10)
    again = kept.start_again(first, waiting_at(gate))
    assert kept.find(ME, ("runs",)) is again
    assert (again.is_over, again.peek(), again.earlier) == (False, "old", "old")
    gate.set()
    assert again.wait(10)
    assert again.peek() == "all of it"


def test_a_read_that_fails_when_it_is_made_again_keeps_the_earlier_result(kept: Jobs) -> None:
    job = kept.start(ME, ("runs",), lambda _: "old")
    assert job.wait(10)
    for _ in range(2):  # and when it fails twice
        job = kept.start_again(job, lambda _: 1 // 0)
        assert job.wait(10)
        assert isinstance(job.failure, ZeroDivisionError)
        assert job.peek() == "old"


def test_it_says_for_how_long_nothing_has_come(kept: Jobs, clock: Clock) -> None:
    heard, go_on = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        job.progress(3, 9)
        heard.set()
        assert go_on.wait(10)

    job = kept.start(ME, ("tasks",), work)
    assert heard.wait(10)
    assert job.silence == 0
    clock.now += 4.5
    assert job.silence == 4.5
    go_on.set()
    assert job.wait(10)
    assert job.silence == 0


def test_a_read_that_hears_nothing_can_be_given_up_at_once(kept: Jobs) -> None:
    go_on, ended = threading.Event(), threading.Event()

    def work(_: Job) -> str:
        assert go_on.wait(10)
        ended.set()
        return "too late"

    job = kept.start(ME, ("tasks",), work)
    job.give_up(TimeoutError("no answer"))
    assert job.is_over
    with pytest.raises(TimeoutError):
        job.result()
    go_on.set()
    assert ended.wait(10)
    assert job.peek() is None
    job.give_up(ValueError("a second time"))
    assert isinstance(job.failure, TimeoutError)
