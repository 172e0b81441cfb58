"""Usage: nothing is lost when many threads count at once."""

import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest

from psauth.api.budget import Budget
from psauth.api.usage import Usage

THREADS, EACH = 32, 2_000


@pytest.fixture
def restless():
    """Threads take turns as often as they can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


@pytest.mark.usefixtures("restless")
def test_of_many_threads_no_request_is_lost():
    usage, gate = Usage(), threading.Barrier(THREADS)

    def count(number):
        gate.wait()
        for _ in range(EACH):
            if number % 2:
                usage.count_answer(0.5, None)
            else:
                usage.count_silence()

    threads = [threading.Thread(target=count, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert usage.requests_sent == THREADS * EACH
    assert usage.answer_time == pytest.approx(0.5)


def test_the_time_of_an_answer_is_the_first_one_s_and_then_moves_slowly():
    usage = Usage()
    assert usage.answer_time == 0.0
    usage.count_answer(1.0, None)
    assert usage.answer_time == 1.0
    usage.count_answer(2.0, None)
    assert usage.answer_time == pytest.approx(1.1)


def test_the_budget_is_what_was_said_last_and_the_longest_wait_stays():
    usage, now = Usage(), datetime.now(UTC)
    first = Budget(limit=10, remaining=9, resets_at=now + timedelta(minutes=30))
    usage.count_answer(0.1, first)
    usage.count_answer(0.1, None)
    assert usage.budget == first
    usage.count_answer(0.1, Budget(limit=10, remaining=8, resets_at=now + timedelta(minutes=10)))
    assert usage.budget.remaining == 8
    assert usage.longest_wait == pytest.approx(1800, abs=60)


def test_a_budget_without_an_end_tells_of_no_wait():
    usage = Usage()
    usage.count_answer(0.1, Budget(limit=10, remaining=9))
    assert (usage.budget.limit, usage.longest_wait, usage.requests_sent) == (10, Usage().longest_wait, 1)
