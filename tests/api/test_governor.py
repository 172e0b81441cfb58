"""Governor: the whole budget is used, next to nothing is refused, and everybody who shares it waits together."""

import heapq
import itertools
import json
import math
import threading
from dataclasses import replace
from datetime import UTC, datetime
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth import Vault
from psauth.api.budget import Budget
from psauth.api.governor import (
    LONGEST_BLOCK,
    PROBE_TIME,
    Governor,
    Lease,
    Ledger,
    LocalKeeper,
    VaultKeeper,
    correct,
    lease,
    plausible,
)
from psauth.api.pace import PATIENCE
from psauth.exceptions import RateLimited

NOW = 1_790_000_000.0


def told(limit, remaining, resets_in, *, now=NOW):
    return Budget(limit=limit, remaining=remaining, resets_at=datetime.fromtimestamp(now + resets_in, UTC))


def ledger(**known):
    return Ledger(**{"limit": 1000, "window_end": NOW + 100, "length": 100.0, **known})


# The two functions ----------------------------------------------------------------------------------------------------


def test_the_first_request_of_all_goes_out_alone():
    after, first = lease(Ledger(), NOW)
    assert first == Lease(1)
    _, second = lease(after, NOW + 0.1)
    assert second.permits == 0
    assert 0 < second.wait <= PROBE_TIME
    _, third = lease(after, NOW + PROBE_TIME)
    assert third.permits == 1, "whoever went out first never came back"


def test_leases_are_large_while_there_is_plenty_and_single_when_it_gets_tight():
    book, sizes = ledger(), []
    while (given := (step := lease(book, NOW))[1]).permits:
        book = step[0]
        sizes.append(given.permits)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 50
    assert sizes[-1] == 1
    assert book.used == sum(sizes) == 1000 - 20, "one in fifty is held back"
    assert given.wait == pytest.approx(99.0), "until the window's last second"


def test_long_reads_leave_something_for_the_app(governor):
    assert lease(ledger(used=980), NOW)[1].permits == 0
    governor.note_answer(told(1000, 10, 3600))
    governor.wait()  # a single request goes at once


def test_what_was_held_back_leaves_one_by_one_in_the_last_second():
    book, left = ledger(used=980), 0
    for step in range(1000):
        book, given = lease(book, NOW + 99 + step / 1000)
        left += given.permits
        assert given.permits in (0, 1)
    assert left == 20


def test_the_first_request_of_a_window_goes_out_alone_and_its_answer_opens_it():
    after, first = lease(ledger(used=1000), NOW + 100)
    assert first == Lease(1)
    assert lease(after, NOW + 100.1)[1].permits == 0
    book = correct(after, told(1000, 999, 200), NOW + 100.2)
    assert lease(book, NOW + 100.2)[1].permits > 50


def test_when_the_answer_still_knows_the_old_window_its_end_is_waited_for():
    after, _ = lease(ledger(used=1000), NOW + 100)
    book = correct(after, told(1000, 0, 100.7), NOW + 100.1)
    assert lease(book, NOW + 100.1)[1] == Lease(0, pytest.approx(0.6))
    assert lease(book, NOW + 100.7)[1] == Lease(1)


def test_a_service_that_counts_in_shorter_windows_from_now_on_is_believed():
    book = correct(ledger(limit=10**9, used=5000, window_end=NOW + 3600, length=3600.0), told(100, 99, 10), NOW)
    assert (book.limit, book.used, book.window_end) == (100, 1, NOW + 10)


def test_while_blocked_nobody_gets_anything():
    book = ledger(blocked_until=NOW + 7)
    assert lease(book, NOW) == (book, Lease(0, 7.0))
    assert lease(book, NOW + 7)[1].permits > 0


@given(
    st.integers(0, 5000), st.integers(0, 6000), st.floats(-50, 3700), st.floats(-50, 100), st.integers(0, 9)
)  # fmt: skip
def test_a_lease_never_gives_more_than_is_left_and_a_wait_is_one(limit, used, to_go, blocked, limit_known):
    book = Ledger(limit=limit if limit_known else None, used=used, window_end=NOW + to_go, blocked_until=NOW + blocked)
    after, given = lease(book, NOW)
    assert given.permits >= 0
    assert given.wait >= 0
    if given.permits and limit_known and book.window_end > NOW:
        assert after.used <= limit
    if book.window_end <= NOW:
        assert given.permits <= 1
    if not given.permits:
        assert math.isfinite(given.wait)


def test_answers_correct_what_others_spent_and_never_give_back_what_is_under_way():
    book = ledger(used=100)
    assert correct(book, told(1000, 700, 100), NOW).used == 300
    assert correct(book, told(1000, 990, 100), NOW).used == 100, "90 are leased and on their way"
    assert correct(book, told(2000, 1990, 100), NOW).limit == 2000


def test_the_end_of_a_window_is_told_up_to_a_second_late_so_the_earliest_counts():
    book = correct(ledger(), told(1000, 900, 99.2), NOW)
    assert book.window_end == pytest.approx(NOW + 99.2)
    assert correct(book, told(1000, 900, 100.1), NOW).window_end == pytest.approx(NOW + 99.2)


def test_a_new_window_is_seen_by_its_end():
    book = correct(ledger(used=990, last_single=NOW), told(1000, 999, 200), NOW + 100)
    assert (book.used, book.window_end, book.last_single) == (1, NOW + 200, 0.0)
    assert book.length == pytest.approx(100)


def test_late_answers_of_the_last_window_are_ignored():
    book = ledger(used=10)
    late = told(1000, 2, -0.5)
    assert correct(book, late, NOW) == book
    over = ledger(used=990)
    assert correct(over, told(1000, 3, 100), NOW + 100.5).used == 990


@pytest.mark.parametrize("seen", [Budget(), Budget(limit=5), Budget(remaining=5)])
def test_half_of_the_headers_says_nothing(seen):
    assert correct(ledger(probing_until=NOW + 3), seen, NOW) == ledger()


def test_without_a_reset_the_usual_length_is_assumed():
    book = correct(Ledger(), Budget(limit=10, remaining=4), NOW)
    assert (book.used, book.window_end) == (6, NOW + 3600)


def test_answers_without_a_reset_do_not_begin_a_window_each():
    book = ledger(used=100)
    after = correct(book, Budget(limit=1000, remaining=950), NOW + 5)
    assert (after.used, after.window_end) == (100, book.window_end)


@pytest.mark.parametrize(
    "left_over", [{"window_end": NOW + 102}, {"blocked_until": NOW + LONGEST_BLOCK + 1}, {"probing_until": NOW + 60, "limit": None}]
)  # fmt: skip
def test_a_clock_that_was_set_back_leaves_nobody_waiting(left_over):
    book = ledger(used=1000, window_end=NOW - 1) if "window_end" not in left_over else ledger(used=1000)
    assert lease(plausible(replace(book, **left_over), NOW), NOW)[1].permits > 0


@given(st.floats(0, 3600), st.floats(0, LONGEST_BLOCK), st.floats(0, PROBE_TIME))
def test_what_can_be_is_left_as_it_is(to_go, blocked, probing):
    book = Ledger(
        limit=9, window_end=NOW + to_go, blocked_until=NOW + blocked, probing_until=NOW + probing, last_single=NOW
    )
    assert plausible(book, NOW) == book


# A whole service, simulated -------------------------------------------------------------------------------------------


class Service:
    """A fixed window that begins with its first request, and tells whole seconds, rounded up."""

    def __init__(self, limit, window, *, epoch=False):
        self.limit, self.window, self.epoch = limit, window, epoch
        self.since, self.used = -math.inf, 0
        self.answered, self.refused, self.windows = 0, 0, []

    def ask(self, now):
        if now - self.since >= self.window:
            if self.used:
                self.windows.append(min(self.used, self.limit))
            self.since, self.used = now, 0
        self.used += 1
        self.answered += self.used <= self.limit
        self.refused += self.used > self.limit
        left = self.since + self.window - now
        reset = math.ceil(now + left) if self.epoch else math.ceil(left)
        return self.used <= self.limit, {
            "X-Api-Key-Rate-Limit-Limit": str(self.limit),
            "X-Api-Key-Rate-Limit-Remaining": str(max(0, self.limit - self.used)),
            "X-Api-Key-Rate-Limit-Reset": str(reset),
        }, math.ceil(left)  # fmt: skip


class Held(Exception):
    """A governor would wait now."""


class Waits:
    """Stands where a governor waits, and says for how long it would."""

    def wait(self, seconds):
        raise Held(seconds)

    def notify_all(self):
        pass


class Time:
    """The clock of a simulation."""

    now = NOW


def simulate(service, *, processes, threads, windows, latency=0.05, keepers=None):
    """Threads of several processes that always want to read more, one event after another; no thread, no sleep.

    A governor's own wait is replaced: whoever would wait comes back after as long, as its POLL has it.
    """
    clock = Time()
    clock.now = NOW
    shared = LocalKeeper()
    governors = [Governor(keepers[p] if keepers else shared, clock=lambda: clock.now) for p in range(processes)]

    for governor in governors:
        governor._changed = Waits()
    order = itertools.count()
    end = NOW + service.window * windows
    events = [(NOW + n / 1000, next(order), "ask", governor, None) for n in range(threads) for governor in governors]
    heapq.heapify(events)
    while events:
        clock.now, _, what, governor, answer = heapq.heappop(events)
        if clock.now >= end:
            break
        if what == "ask":
            try:
                governor.wait(background=True)
            except Held as held:
                heapq.heappush(events, (clock.now + held.args[0], next(order), "ask", governor, None))
                continue
            # On its way there and back; latencies differ, so answers overtake each other.
            there = latency * (0.3 + 0.4 * ((next(order) * 7919) % 97) / 97)
            heapq.heappush(events, (clock.now + there, next(order), "arrive", governor, None))
        elif what == "arrive":
            heapq.heappush(events, (clock.now + latency / 2, next(order), "answer", governor, service.ask(clock.now)))
        else:
            fine, headers, wait = answer
            governor.note_answer(Budget.from_headers(headers, now=datetime.fromtimestamp(clock.now, UTC)))
            if not fine:
                governor.hold_back(wait)
            heapq.heappush(events, (clock.now + 0.001, next(order), "ask", governor, None))
    return service


@pytest.mark.slow
@pytest.mark.parametrize("latency", [0.05, 0.6])
@pytest.mark.parametrize("epoch", [False, True], ids=["seconds", "epoch"])
@pytest.mark.parametrize(
    ("limit", "window", "processes", "threads"),
    [(100, 10.0, 1, 32), (100, 10.0, 4, 8), (100, 10.3, 4, 32), (2500, 60.0, 3, 16), (1000, 30.7, 2, 32)],
)
def test_the_budget_is_used_up_and_next_to_nothing_is_refused(limit, window, processes, threads, epoch, latency):
    service = Service(limit, window, epoch=epoch)
    simulate(service, processes=processes, threads=threads, windows=12, latency=latency)
    whole = service.windows[1:]
    assert len(whole) >= 9
    assert service.refused <= 0.01 * service.answered, (service.refused, service.answered)
    assert service.answered >= 0.95 * limit * 12, (service.answered, limit * 12)


@pytest.mark.slow
def test_two_vault_objects_share_one_ledger_as_processes_do(settings, vault):
    keepers = [VaultKeeper(v, "mine") for v in (vault, Vault.open(settings))]
    service = simulate(Service(60, 10.0), processes=2, threads=3, windows=3, keepers=keepers)
    assert service.refused <= 1
    assert service.answered >= 0.9 * 60 * 3


# The governor itself --------------------------------------------------------------------------------------------------


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
    free.note_answer(told(5, 4, 3600))
    free.note_silence()
    for _ in range(4):
        free.wait()


def test_headers_missing_from_one_answer_set_nothing_free(governor):
    governor.wait()
    governor.note_answer(told(5, 0, 3600))
    governor.note_answer(None)
    with pytest.raises(RateLimited):
        governor.wait()


def test_single_requests_lease_nothing_so_that_many_short_clients_spend_only_what_they_send(now):
    keeper = LocalKeeper()
    for _ in range(50):
        client = Governor(keeper, clock=lambda: now.now)
        client.wait()
        client.note_answer(told(100, 90, 3600))
    assert keeper.amend(lambda book: (book, book.used)) == 10


def test_what_a_long_read_leased_and_did_not_use_is_given_back(now):
    keeper = LocalKeeper()
    reader = Governor(keeper, clock=lambda: now.now)
    reader.wait(background=True)
    reader.note_answer(told(1000, 999, 3600))
    reader.wait(background=True)
    assert keeper.amend(lambda book: (book, book.used)) > 2
    reader.release()
    assert keeper.amend(lambda book: (book, book.used)) == 2


def test_headers_that_come_later_bind_again(governor):
    governor.wait()
    governor.note_answer(None)
    governor.note_answer(told(5, 0, 3600))
    with pytest.raises(RateLimited):
        governor.wait()


def test_a_single_request_does_not_wait_longer_than_a_person(governor, now):
    governor.wait()
    governor.note_answer(told(100, 0, PATIENCE + 60))
    with pytest.raises(RateLimited, match="used up. Try again in 2 minutes") as caught:
        governor.wait()
    assert caught.value.retry_after == pytest.approx(PATIENCE + 60)
    now.now += PATIENCE + 60
    governor.wait()


def test_a_refusal_holds_everybody_back_in_every_process(now):
    keeper = LocalKeeper()
    one, other = (Governor(keeper, clock=lambda: now.now) for _ in range(2))
    one.wait()
    one.note_answer(told(1000, 999, 3600))
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
    governor.note_answer(told(1000, 999, 3600))
    governor.wait(background=True)
    used = keeper.amend(lambda book: (book, book.used))
    governor.hold_back(2)
    now.now += 2
    governor.wait(background=True)
    assert keeper.amend(lambda book: (book, book.used)) == used, "what was leased is spent after the wait"


def test_a_day_that_the_clock_was_set_back_is_not_waited_for(free, now):
    free.wait(background=True)
    free.note_answer(told(10, 0, 3600))
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
    governor.note_answer(told(100, 0, 60))
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
    governor.note_answer(told(500, 499, 3600))
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
