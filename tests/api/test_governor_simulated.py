"""Governor, simulated: the whole budget is used, next to nothing is refused, whoever shares it."""

import heapq
import itertools
import math
from datetime import UTC, datetime

import pytest

from psauth import Vault
from psauth.api.budget import Budget
from psauth.api.governor import (
    Governor,
    LocalKeeper,
    VaultKeeper,
)
from psauth.mirror.sync import SHARE
from tests.api.governing import NOW, Held, Time, Waits


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


def simulate(service, *, processes, threads, windows, latency=0.05, keepers=None, waits=None):
    """Threads of several processes that always want to read more, one event after another; no thread, no sleep.

    A governor's own wait is replaced: whoever would wait comes back after as long, as its POLL has it.
    `waits`: where it is noted how long somebody waited who asks once a second, in a process of their own.
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
    person = Governor(shared, clock=lambda: clock.now)
    person._changed = Waits()
    if waits is not None:
        events += [(NOW + 0.4 + n, next(order), "ask", person, NOW + 0.4 + n) for n in range(int(end - NOW))]
    heapq.heapify(events)
    while events:
        clock.now, _, what, governor, answer = heapq.heappop(events)
        if clock.now >= end:
            break
        if what == "ask":
            try:
                governor.wait(background=governor is not person, share=0.0 if waits is None else SHARE)
            except Held as held:
                heapq.heappush(events, (clock.now + held.args[0], next(order), "ask", governor, answer))
                continue
            if governor is person:
                waits.append(clock.now - answer)
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
            if governor is not person:
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
@pytest.mark.parametrize("latency", [0.05, 0.6])
@pytest.mark.parametrize(
    ("limit", "window", "processes", "threads"), [(100, 10.0, 1, 24), (100, 10.0, 3, 8), (600, 60.0, 1, 24)]
)
def test_who_asks_once_a_second_waits_for_no_long_read(limit, window, processes, threads, latency):
    service, waits = Service(limit, window), []
    simulate(service, processes=processes, threads=threads, windows=12, latency=latency, waits=waits)
    assert len(waits) >= 11 * window
    assert max(waits) <= 2.0
    assert service.refused <= 0.01 * service.answered
    assert service.answered >= 0.95 * limit * 12


@pytest.mark.slow
def test_two_vault_objects_share_one_ledger_as_processes_do(settings, vault):
    keepers = [VaultKeeper(v, "mine") for v in (vault, Vault.open(settings))]
    service = simulate(Service(60, 10.0), processes=2, threads=3, windows=3, keepers=keepers)
    assert service.refused <= 1
    assert service.answered >= 0.9 * 60 * 3
