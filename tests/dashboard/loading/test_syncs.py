"""The switch of a copy that cannot be written: the page shows one sentence, and no click fails."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from psauth.dashboard.loading.copies import OWNER, place_of
from psauth.dashboard.loading.read import Here
from psauth.dashboard.loading.syncs import EVERY, Syncing
from psauth.exceptions import MirrorError
from psauth.mirror.store import Store
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.flow.parts import wait_until


@pytest.fixture
def here(vault: Vault, settings: Settings, make_token) -> Here:  # type: ignore[no-untyped-def] # a fixture of all tests
    """A connection with a copy."""
    from psauth.auth.discovery import service_for_oauth

    connection = vault.connect("default", service_for_oauth(settings), token=make_token())
    here = Here(connection, vault, settings)
    store = Store.open(*place_of(here))
    store.note(**{OWNER: connection.id})
    return here


def damage(here: Here) -> None:
    place, _ = place_of(here)
    place.store.write_bytes(b"damaged" * 1000)
    for beside in place.folder.glob("store.db-*"):
        beside.unlink()


@pytest.mark.parametrize("turn", [Syncing.stop, lambda syncing: syncing.keep(False)])
def test_a_damaged_copy_is_said_by_the_page_and_not_by_the_click(here: Here, turn) -> None:  # type: ignore[no-untyped-def] # either
    syncing = Syncing(here)
    assert syncing.error is None
    damage(here)
    turn(syncing)
    assert isinstance(syncing.error, MirrorError)
    assert "psauth sync --anew" in str(syncing.error)
    assert not syncing.keeps


def test_what_the_switch_could_not_note_is_said_though_a_sync_ends_meanwhile(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncing = Syncing(here)

    def do(*_: object) -> None:
        damage(here)
        syncing.stop()

    monkeypatch.setattr(syncing, "_do", do)
    syncing.start()
    assert syncing.wait(10.0)
    assert isinstance(syncing.error, MirrorError)


def test_to_go_on_with_a_damaged_copy_is_no_failure_of_the_click(here: Here, monkeypatch: pytest.MonkeyPatch) -> None:
    syncing = Syncing(here)
    damage(here)
    monkeypatch.setattr(syncing, "_do", lambda _: Store.open(*place_of(here)))
    syncing.go_on()
    assert syncing.wait(10.0)
    assert isinstance(syncing.error, MirrorError)
    syncing.end(10.0)


def test_a_clock_that_was_set_back_does_not_put_off_the_next_sync(here: Here) -> None:
    syncing = Syncing(here)
    syncing.keep(True)
    with syncing._changed:
        assert syncing.next_at is not None
        syncing.next_at += timedelta(days=1)
        syncing._changed.notify_all()
    wait_until(
        lambda: syncing.next_at is not None and syncing.next_at <= datetime.now(UTC) + EVERY,
        why="a look at the clock",
    )
    syncing.end(10.0)
