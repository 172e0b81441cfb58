"""Governor: everybody who shares a budget waits together, and nobody longer than needed."""

import itertools
import json
import threading
from unittest.mock import Mock

import pytest

from psauth import Vault
from psauth.api.budget import Budget
from psauth.api.governor import Governor, LocalKeeper, VaultKeeper
from psauth.api.ledger import PROBE_TIME, Ledger
from psauth.api.pace import PATIENCE
from psauth.exceptions import RateLimited
from tests.api.governing import NOW, Held, Time, Waits, budget


@pytest.fixture
def now():
    clock = Time()
    clock.now = NOW
    return clock


@pytest.fixture
def governor(now):
    return Governor(clock=lambda: now.now)


@pytest.fixture
def free(governor):
    """The governor; Held is raised where a request would have to wait."""
    governor._changed = Waits()
    return governor


def test_single_requests_of_the_app_find_what_long_reads_left(free):
    free.note_answer(budget(1000, 10, 3600))
    free.wait()  # a single request goes at once
    free.note_answer(budget(1000, 0, 30))
    with pytest.raises(Held):
        free.wait()


def test_a_service_that_tells_nothing_sets_every_request_free(free):
    free.wait(background=True)
    free.note_answer(None)
    for _ in range(10_000):
        free.wait(background=True)


@pytest.mark.parametrize(
    "seen",
    [None, Budget(limit=100), Budget(limit=100, remaining=0), Budget(remaining=0)],
    ids=["nothing", "limit alone", "no reset", "no limit"],
)
def test_where_the_headers_say_too_little_a_refusal_holds_long_reads_back_and_one_tries_first(now, seen):
    governor = Governor(clock=lambda: now.now)

    def leaves():
        """Whether a request of a long read may leave at once: one that has to wait is stopped at its second look."""
        looks = iter([False, True])
        try:
            governor.wait(background=True, stop=Mock(is_set=lambda: next(looks)))
        except InterruptedError:
            return False
        return True

    governor.note_answer(seen)
    assert [leaves(), leaves()] == [True, True]
    governor.note_answer(seen, refused=True)
    governor.hold_back(8)
    governor.note_answer(seen)  # one that was under way meanwhile
    assert not leaves()
    now.now += 8
    assert [leaves(), leaves()] == [True, False], "one alone, until it is answered"
    governor.note_answer(seen, refused=True)
    governor.hold_back(1)
    now.now += 1
    assert [leaves(), leaves()] == [True, False]
    governor.note_answer(seen)
    assert [leaves(), leaves()] == [True, True]
    governor.hold_back(1)
    now.now += 1
    assert [leaves(), leaves()] == [True, False]
    now.now += PROBE_TIME
    assert leaves(), "whoever tried never came back"


def test_when_no_answer_came_the_next_request_need_not_wait(free):
    for _ in range(5):
        free.wait()
        free.note_silence()
    free.wait()
    free.note_answer(budget(5, 4, 3600))
    free.note_silence()
    for _ in range(4):
        free.wait()


def test_headers_missing_from_one_answer_set_nothing_free(governor):
    governor.wait()
    governor.note_answer(budget(5, 0, 3600))
    governor.note_answer(None)
    with pytest.raises(RateLimited):
        governor.wait()


def test_single_requests_lease_nothing_so_that_many_short_clients_spend_only_what_they_send(now):
    keeper = LocalKeeper()
    for _ in range(50):
        client = Governor(keeper, clock=lambda: now.now)
        client.wait()
        client.note_answer(budget(100, 90, 3600))
    assert keeper.amend(lambda book: (book, book.used)) == 10


def test_a_client_tells_once_a_second_how_many_single_requests_it_sent(now):
    keeper = LocalKeeper()
    client = Governor(keeper, clock=lambda: now.now)
    for _ in range(10):
        client.wait()
        client.note_answer(budget(100, 90, 3600))
    assert keeper.amend(lambda book: (book, book.people)) == 0
    now.now += 1
    client.wait()
    assert keeper.amend(lambda book: (book, book.people)) == 10


def test_what_a_long_read_leased_and_did_not_use_is_given_back(now):
    keeper = LocalKeeper()
    reader = Governor(keeper, clock=lambda: now.now)
    reader.wait(background=True)
    reader.note_answer(budget(1000, 999, 3600))
    reader.wait(background=True)
    assert keeper.amend(lambda book: (book, book.used)) > 2
    reader.release()
    assert keeper.amend(lambda book: (book, book.used)) == 2


def test_headers_that_come_later_bind_again(governor):
    governor.wait()
    governor.note_answer(None)
    governor.note_answer(budget(5, 0, 3600))
    with pytest.raises(RateLimited):
        governor.wait()


def test_a_single_request_does_not_wait_longer_than_a_person(governor, now):
    governor.wait()
    governor.note_answer(budget(100, 0, PATIENCE + 60))
    with pytest.raises(RateLimited, match="used up. Try again in 2 minutes") as caught:
        governor.wait()
    assert caught.value.retry_after == pytest.approx(PATIENCE + 60)
    now.now += PATIENCE + 60
    governor.wait()


def test_a_refusal_holds_everybody_back_in_every_process(now):
    keeper = LocalKeeper()
    one, other = (Governor(keeper, clock=lambda: now.now) for _ in range(2))
    one.wait()
    one.note_answer(budget(1000, 999, 3600))
    one.hold_back(PATIENCE + 1)
    for governor in (one, other):
        with pytest.raises(RateLimited):
            governor.wait()
    now.now += PATIENCE + 1
    one.wait()
    other.wait()


def test_a_shorter_refusal_does_not_shorten_a_longer_one(governor):
    governor.hold_back(PATIENCE + 100)
    governor.hold_back(1)
    with pytest.raises(RateLimited) as caught:
        governor.wait()
    assert caught.value.retry_after == pytest.approx(PATIENCE + 100)


def test_a_refusal_with_budget_left_costs_none_of_it(now):
    keeper = LocalKeeper()
    governor = Governor(keeper, clock=lambda: now.now)
    governor.wait(background=True)
    governor.note_answer(budget(1000, 999, 3600))
    governor.wait(background=True)
    used = keeper.amend(lambda book: (book, book.used))
    governor.hold_back(2)
    now.now += 2
    governor.wait(background=True)
    assert keeper.amend(lambda book: (book, book.used)) == used, "what was leased is spent after the wait"


def test_a_day_that_the_clock_was_set_back_is_not_waited_for(free, now):
    free.wait(background=True)
    free.note_answer(budget(10, 0, 3600))
    with pytest.raises(Held):
        free.wait(background=True)
    now.now -= 24 * 3600
    free.wait(background=True)


def test_of_many_threads_that_wait_one_looks_into_the_ledger(now):
    looks = []

    class Counting(LocalKeeper):
        def amend(self, change):
            looks.append(now.now)
            return super().amend(change)

    governor = Governor(Counting(), clock=lambda: now.now)
    governor.wait(background=True)
    governor.note_answer(budget(100, 0, 60))
    del looks[:]
    governor._changed = Waits()
    for step in range(200):  # half a minute, 32 threads
        now.now = NOW + step * 0.15
        for _ in range(32):
            with pytest.raises(Held):
                governor.wait(background=True)
    assert len(looks) < 15


def test_what_waits_for_the_budget_ends_when_told_to(governor):
    governor.hold_back(10_000)
    stop = threading.Event()
    ended = []

    def wait():
        try:
            governor.wait(background=True, stop=stop)
        except InterruptedError:
            ended.append(True)

    waiting = threading.Thread(target=wait)
    waiting.start()
    stop.set()
    waiting.join(5)
    assert ended == [True]


def test_threads_share_one_ledger_and_spend_no_permit_twice(now):
    keeper = LocalKeeper()
    governor = Governor(keeper, clock=lambda: now.now)
    governor.wait()
    governor.note_answer(budget(500, 499, 3600))
    stop, count, lock = threading.Event(), itertools.count(1), threading.Lock()
    out = []

    def spend():
        try:
            while True:
                governor.wait(background=True, stop=stop)
                with lock:
                    out.append(next(count))
                    if len(out) == 489:
                        stop.set()
        except InterruptedError:
            return

    threads = [threading.Thread(target=spend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    used = keeper.amend(lambda book: (book, book.used))
    assert used == 490, "all but the ten held back for the app"
    assert len(out) == 489


def test_a_ledger_in_the_vault_is_plain_json_and_one_for_each_name(settings, vault):
    mine, again, another = (VaultKeeper(v, n) for v, n in [(vault, "a"), (Vault.open(settings), "a"), (vault, "b")])
    mine.amend(lambda book: (Ledger(limit=7, used=3), None))
    assert again.amend(lambda book: (book, book)) == Ledger(limit=7, used=3)
    assert another.amend(lambda book: (book, book)) == Ledger()
    assert json.loads(vault.amend_budget("a", lambda text: (text, text)))["used"] == 3
