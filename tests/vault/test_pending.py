"""Authorizations that wait for their callback: looked at as often as wanted, consumed once, cleared away after a day."""

import threading

import pytest

from tests.vault.parts import await_callback


def test_looking_at_a_pending_request_does_not_consume_it(vault, service):
    await_callback(vault, service, browser="b", verifier="verifier-7")
    for _ in range(3):
        pending = vault.pending("state-1")
        assert (pending.verifier, pending.service, pending.account) == ("verifier-7", service, "default")
        assert pending.belongs_to("b")
        assert not pending.belongs_to("c")
        assert not pending.belongs_to(None)
    assert not vault.was_spent("state-1")


def test_consuming_takes_it_out_once(vault, service):
    await_callback(vault, service)
    assert vault.consume("state-1").verifier == "verifier-1"
    assert vault.consume("state-1") is None
    assert vault.pending("state-1") is None
    assert vault.was_spent("state-1")
    assert vault.consume("never") is None
    assert not vault.was_spent("never")


def test_a_state_that_nobody_came_back_for_is_cleared_away_after_a_day(vault, service, clock):
    await_callback(vault, service, "old")
    clock.shift(minutes=11)
    assert vault.pending("old").is_expired()
    clock.shift(days=1, minutes=-2)
    await_callback(vault, service, "between")
    assert vault.pending("old") is not None
    clock.shift(minutes=2)
    await_callback(vault, service, "new")
    assert vault.pending("old") is None
    clock.shift(days=-30)
    await_callback(vault, service, "newer")
    assert vault.pending("new") is not None, "a clock set back clears nothing away"


def test_a_spent_state_is_remembered_for_a_day(vault, service, clock):
    await_callback(vault, service, "spent")
    vault.consume("spent")
    clock.shift(hours=23)
    await_callback(vault, service, "one")
    assert vault.was_spent("spent")
    clock.shift(hours=2)
    await_callback(vault, service, "two")
    assert not vault.was_spent("spent")


@pytest.mark.slow
def test_eight_threads_consume_one_state_once_forty_times(vault, service):
    for round_ in range(40):
        await_callback(vault, service, f"state-{round_}")
        barrier, won = threading.Barrier(8), []

        def take(state=f"state-{round_}", barrier=barrier, won=won):
            barrier.wait()
            won.append(vault.consume(state) is not None)

        threads = [threading.Thread(target=take) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(won) == [False] * 7 + [True]


def test_a_state_that_is_used_again_is_spent_again(vault, service):
    for _ in range(2):
        await_callback(vault, service, "again")
        assert vault.consume("again") is not None
    assert vault.was_spent("again")
