"""What is under way or over is bounded: by browser, in all, and in bytes. The newest stay."""

import pytest

from psauth.exceptions import ArgumentError
from psauth.vault.tables import LONGEST_ADDRESS, PENDING_KEPT, PENDING_OF_ONE, SPENT_KEPT
from tests.vault.parts import await_callback


def waiting(vault, states):
    return [state for state in states if vault.pending(state) is not None]


def test_of_one_browser_the_newest_eight_stay(vault, service, clock):
    states = [f"state-{n}" for n in range(20)]
    for state in states:
        await_callback(vault, service, state, browser="one")
        clock.shift(seconds=1)
    assert waiting(vault, states) == states[-PENDING_OF_ONE:]


def test_a_flood_of_one_browser_pushes_out_nobody_elses(vault, service, clock):
    await_callback(vault, service, "mine", browser="mine")
    await_callback(vault, service, "of a notebook")
    for n in range(300):
        await_callback(vault, service, f"flood-{n}", browser="flood")
        clock.shift(milliseconds=1)
    assert waiting(vault, ["mine", "of a notebook"]) == ["mine", "of a notebook"]


def test_of_all_browsers_the_newest_stay_and_notebooks_are_counted_apart(vault, service, clock):
    await_callback(vault, service, "of a notebook")
    states = [f"state-{n}" for n in range(PENDING_KEPT + 20)]
    for n, state in enumerate(states):
        await_callback(vault, service, state, browser=f"browser-{n}")
        clock.shift(seconds=1)
    assert waiting(vault, states) == states[-PENDING_KEPT:]
    assert vault.pending("of a notebook") is not None


def test_without_a_browser_each_account_has_its_own_bound(vault, service, clock):
    await_callback(vault, service, "other", account="other")
    states = [f"state-{n}" for n in range(20)]
    for state in states:
        clock.shift(seconds=1)
        await_callback(vault, service, state)
    assert waiting(vault, [*states, "other"]) == [*states[-PENDING_OF_ONE:], "other"]


def test_the_latest_stays_when_the_clock_was_set_back(vault, service, clock):
    for n in range(PENDING_OF_ONE):
        await_callback(vault, service, f"state-{n}", browser="one")
    clock.shift(hours=-5)
    await_callback(vault, service, "latest", browser="one")
    assert vault.pending("latest") is not None


def test_spent_states_are_bounded_and_the_latest_is_remembered(vault, service, monkeypatch):
    monkeypatch.setattr("psauth.vault.tables.SPENT_KEPT", 10)
    for n in range(30):
        await_callback(vault, service, f"state-{n}")
        vault.consume(f"state-{n}")
    assert vault.was_spent("state-29")
    with vault._reading() as db:
        assert db.exec_driver_sql("SELECT count(*) FROM spent").scalar() == 10
    assert SPENT_KEPT >= 100


@pytest.mark.parametrize("changes", [{"redirect_uri": "http://localhost/" + "a" * LONGEST_ADDRESS}])
def test_an_address_without_end_is_refused(vault, service, changes):
    with pytest.raises(ArgumentError, match="redirect_uri has 2017 characters. Expected at most 2000"):
        await_callback(vault, service, **changes)
    assert vault.pending("state-1") is None


def test_a_path_to_return_to_without_end_is_refused(vault, service, flow):
    with pytest.raises(ArgumentError, match="return_to has 5001 characters"):
        flow.begin(return_to="/" + "a" * 5_000)


def test_an_account_that_cannot_be_one_has_no_row(vault, service):
    for account in ("", "\ud800", "a\nb", 7):
        for question in (
            lambda account=account: vault.find(account),
            lambda account=account: vault.stamp(account),
            lambda account=account: vault.forget(account),
            lambda account=account: vault.connect(account, service, api_key="key"),
            lambda account=account: await_callback(vault, service, account=account),
        ):
            with pytest.raises(ArgumentError, match="no name for an account"):
                question()


@pytest.mark.slow
def test_the_file_does_not_grow_with_the_number_of_hits(vault, service, settings):
    sizes = []
    for n in range(1_200):
        await_callback(vault, service, f"state-{n}", browser=f"browser-{n}")
        if n in (600, 1_199):
            sizes.append((settings.home_path / "vault.db").stat().st_size)
    assert sizes[1] <= sizes[0] * 1.1 < 2_000_000
