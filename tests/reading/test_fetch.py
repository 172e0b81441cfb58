"""Fetch: many reads at once, whose result does not depend on the timing, and which an error or Ctrl-C ends."""

import random
import threading
import time
from typing import ClassVar

import pytest

from psauth.exceptions import ApiError, NotFound, ServiceUnavailable
from psauth.reading import fetch as fetching
from psauth.reading.fetch import WORKERS, fetch


def workers():
    return [t for t in threading.enumerate() if t.name.startswith("psauth-fetch")]


def all_gone(seconds=5.0):
    deadline = time.monotonic() + seconds
    while workers():
        assert time.monotonic() < deadline, workers()
        time.sleep(0.005)
    return True


def quick(jobs, work, **how):
    """A fetch of jobs that are known, each of which finds one thing."""
    return fetch(lambda pace: jobs, lambda job, pace: [[work(job, pace)]], **{"progress": False, **how})


def found(told):
    return [item for one in told.lists for item in one]


@pytest.mark.parametrize("seed", range(5))
def test_results_stand_in_the_order_of_the_jobs_whatever_the_timing(seed):
    rng = random.Random(seed)
    naps = [rng.random() / 200 for _ in range(60)]

    def work(job, pace):
        time.sleep(naps[job])
        return job * 2

    assert found(quick(range(60), work)) == [job * 2 for job in range(60)]
    assert all_gone()


def test_no_more_than_so_many_are_under_way_and_that_many_are():
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Event()

    def work(job, pace):
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
            if now == WORKERS:
                full.set()
        full.wait(5)
        with lock:
            now -= 1

    quick(range(WORKERS * 3), work)
    assert most == WORKERS


def test_work_is_done_in_the_background_s_pace_and_nothing_is_stopped():
    paces = []
    quick([1], lambda job, pace: paces.append((pace.background, pace.stop.is_set())))
    assert paces == [(True, False)]


def test_jobs_are_begun_while_others_are_still_being_told():
    begun = threading.Event()

    def jobs():
        yield 1
        assert begun.wait(5), "the first is under way before the second is known"
        yield 2

    assert found(quick(jobs(), lambda job, pace: begun.set() or job)) == [1, 2]


def test_without_jobs_there_is_nothing():
    told = quick([], lambda job, pace: job)
    assert (told.lists, told.failed, told.cut_short) == ([], {}, None)


# Errors ---------------------------------------------------------------------------------------------------------------


def test_the_first_error_ends_everything():
    begun = []
    held = threading.Event()

    def work(job, pace):
        begun.append(job)
        if job == 3:
            raise NotFound("gone")
        assert pace.stop.wait(5), "the others are told to stop"
        held.set()

    with pytest.raises(NotFound, match="gone"):
        quick(range(500), work)
    assert all_gone()
    assert held.is_set()
    assert len(begun) <= WORKERS + 1


def test_what_failed_can_be_kept_apart():
    def work(job, pace):
        if job % 3 == 0:
            raise ApiError(f"no {job}")
        return job

    told = quick(range(9), work, on_error="keep")
    assert found(told) == [1, 2, 4, 5, 7, 8]
    assert {job: str(error) for job, error in told.failed.items()} == {0: "no 0", 3: "no 3", 6: "no 6"}


@pytest.mark.parametrize("on_error", ["ignore", "", None, True])
def test_another_way_with_errors_is_refused_before_anything_is_done(on_error):
    done = []
    with pytest.raises(ValueError, match="no on_error=.* Expected 'raise' or 'keep'"):
        quick(range(9), lambda job, pace: done.append(job), on_error=on_error)
    assert not done


@pytest.mark.parametrize("on_error", ["raise", "keep"])
def test_a_defect_is_never_kept_apart(on_error):
    with pytest.raises(ZeroDivisionError):
        quick(range(9), lambda job, pace: 1 / 0, on_error=on_error)
    assert all_gone()


def half(error):
    yield from (1, 2)
    raise error


def test_a_list_of_jobs_that_breaks_off_ends_everything():
    with pytest.raises(ApiError, match="cut"):
        quick(half(ApiError("cut")), lambda job, pace: job)
    assert all_gone()


def test_with_keep_what_was_told_before_the_break_is_done():
    told = quick(half(ApiError("cut")), lambda job, pace: job, on_error="keep")
    assert found(told) == [1, 2]
    assert str(told.cut_short) == "cut"


# Ctrl-C ---------------------------------------------------------------------------------------------------------------


def waiting(job, pace):
    """What waits for the budget: it ends as soon as it is told to."""
    if pace.stop.wait(10):
        raise InterruptedError("stopped")
    raise AssertionError("nobody stopped it")


@pytest.mark.parametrize("on_error", ["raise", "keep"])
def test_ctrl_c_while_jobs_are_told_leaves_nothing_running(on_error):
    before = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        quick(half(KeyboardInterrupt()), waiting, on_error=on_error)
    assert all_gone()
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("on_error", ["raise", "keep"])
def test_ctrl_c_between_results_leaves_nothing_running(on_error):
    done = []

    def work(job, pace):
        return done.append(job) if job == 0 else waiting(job, pace)

    def progress(number, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(range(300), work, progress=progress, on_error=on_error)
    assert all_gone()
    assert done == [0]


def test_with_keep_what_a_list_brought_before_its_error_stays():
    def work(job, pace):
        yield [1, 2]
        raise ApiError("cut")

    told = fetch(lambda pace: ["one"], work, on_error="keep", progress=False)
    assert told.lists == [[1, 2]]
    assert str(told.failed["one"]) == "cut"


def test_with_keep_a_service_that_stays_down_is_given_up():
    begun = []

    def work(job, pace):
        begun.append(job)
        if job >= 500:
            assert pace.stop.wait(10), "nobody gave up"
        if job >= 10:
            raise ServiceUnavailable("down")
        return job

    told = quick(range(3000), work, on_error="keep")
    assert found(told) == [*range(10)]
    assert told.cut_short == f"Given up: the service failed {WORKERS} times in a row. Try again later."
    assert len(begun) <= 500 + WORKERS
    assert all_gone()


def test_with_keep_what_is_not_there_never_ends_a_read():
    def work(job, pace):
        if job < 200:
            raise NotFound("gone")
        return job

    assert found(quick(range(210), work, on_error="keep")) == [*range(200, 210)]


def test_an_interpreter_that_wants_to_end_waits_for_no_answer():
    held, let_go = threading.Event(), threading.Event()

    def work(job, pace):
        held.set()
        let_go.wait(10)

    def progress(done, total):
        if held.wait(5):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        quick(range(3), work, progress=progress)
    assert all(thread.daemon for thread in workers())
    let_go.set()
    assert all_gone()


# Progress -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("total", [None, 7])
def test_a_function_is_told_of_every_job_done_or_failed(total):
    told = []

    def work(job, pace):
        if job == 2:
            raise ApiError("no")

    quick(iter(range(7)), work, total=total, on_error="keep", progress=lambda *seen: told.append(seen))
    assert [*dict.fromkeys(told)][-7:] == [(n, total) for n in range(1, 8)]


def test_a_list_alone_counts_what_it_found():
    told = []
    going_on = threading.Semaphore(0)

    def work(job, pace):
        for part in ([1, 2], [3], [4, 5, 6]):
            yield part
            assert going_on.acquire(timeout=5)

    def progress(done, total):
        told.append((done, total))
        going_on.release()

    fetch(lambda pace: ["one"], work, progress=progress, count="items")
    assert told[-1] == (6, None)


def test_a_function_is_told_some_times_a_second_although_nothing_comes():
    told = threading.Semaphore(0)

    def work(job, pace):
        return all(told.acquire(timeout=5) for _ in range(3))

    assert found(quick([1], work, progress=lambda done, total: told.release())) == [True]


def test_answering_false_ends_the_read_and_keeps_what_came():
    def work(job, pace):
        return job if job < 3 else waiting(job, pace)

    told = quick(range(300), work, total=300, progress=lambda done, total: done < 3)
    assert found(told) == [0, 1, 2]
    assert told.cut_short == "Stopped after 3 of 300."
    assert all_gone()


def test_a_list_that_was_stopped_in_the_middle_is_named():
    def work(job, pace):
        yield [1, 2]
        if not pace.stop.wait(10):
            raise AssertionError("nobody stopped it")

    told = fetch(lambda pace: ["one"], work, progress=lambda done, total: not done, count="items")
    assert told.lists == [[1, 2]]
    assert [*told.failed] == ["one"]
    assert told.cut_short == "Stopped before its end."


class Bar:
    made: ClassVar = []

    def __init__(self, **how):
        self.how, self.n, self.notes, self.closed = how, 0, [], False
        Bar.made.append(self)

    def set_postfix_str(self, note):
        self.notes.append((self.n, note))

    def close(self):
        self.closed = True


@pytest.fixture
def bars(monkeypatch):
    monkeypatch.setattr("tqdm.auto.tqdm", Bar)
    monkeypatch.setattr("psauth.reading.fetch.SHOWN_AFTER", 0.0)
    monkeypatch.setattr("psauth.reading.fetch.TICK", 0.0)
    Bar.made = []
    return Bar.made


def test_by_default_a_bar_is_drawn(bars):
    quick(
        range(5),
        lambda job, pace: job,
        progress=True,
        total=5,
        note=lambda done, total: f"{done} of {total}, 7 left",
        unit="task",
    )
    (bar,) = bars
    assert (bar.how["total"], bar.how["leave"]) == (5, False)
    assert "{n_fmt}/{total_fmt} task" in bar.how["bar_format"]
    assert bar.notes[-1] == (5, "5 of 5, 7 left")
    assert "remaining" not in bar.how["bar_format"], "tqdm knows nothing of the budget"
    assert bar.closed


def test_the_bar_goes_away_when_the_read_fails(bars):
    def work(job, pace):
        if job:
            raise ApiError("no")

    with pytest.raises(ApiError):
        quick(range(5), work, progress=True)
    assert all(bar.closed for bar in bars)


@pytest.mark.parametrize("progress", [False, lambda done, total: None])
def test_no_bar_where_none_was_asked_for(bars, progress):
    quick(range(5), lambda job, pace: job, progress=progress)
    assert bars == []


def test_what_is_over_within_a_second_draws_no_bar(bars, monkeypatch):
    monkeypatch.setattr("psauth.reading.fetch.SHOWN_AFTER", 1e6)
    quick(range(5), lambda job, pace: job, progress=True, total=5)
    assert bars == []


def test_one_pool_is_enough_for_any_budget():
    assert fetching.WORKERS <= 32, "the transport keeps that many connections alive"
