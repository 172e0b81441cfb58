"""psauth sync: once, again and again, anew, and as JSON."""

import json
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from psauth.mirror import sync
from psauth.mirror.place import Identity, Place
from psauth.mirror.report import SyncReport


@pytest.fixture
def unpublished(monkeypatch):
    """Syncs that publish nothing."""
    monkeypatch.setattr(sync, "publish", lambda *_, **__: None)


@pytest.fixture
def place(connected):
    import psauth

    with psauth.connect(settings=connected.settings) as ps:
        return Place.of(connected.settings, Identity.of(ps.connection))


def test_once_and_once_more(connected, terminal, unpublished):
    code, out, _ = terminal("sync")
    assert code == 0
    assert "Up to date" in out
    assert "20 added" in out
    code, out, err = terminal("sync", "--json")
    report = json.loads(out)
    assert (code, report["requests"], report["tables"], err) == (0, 2, {}, "")
    code, out, _ = terminal("sync", "--full", "--json")
    assert json.loads(out)["requests"] > 60


def test_anew_keeps_the_old_copy_beside_it(connected, terminal, unpublished, place):
    terminal("sync")
    code, out, err = terminal("sync", "--anew")
    assert code == 0
    assert "20 added" in out
    (aside,) = place.folder.glob("store-*.db")
    assert str(aside) in err
    with sqlite3.connect(aside) as db:
        assert db.execute("SELECT count(*) FROM runs").fetchone() == (20,)
    db.close()


def test_again_and_again(connected, terminal, unpublished, monkeypatch):
    naps = []

    def sleep(seconds):
        naps.append(seconds)
        if len(naps) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("psauth.cli.syncing._sleep", sleep)
    code, out, err = terminal("sync", "--watch", "15m", "--json")
    assert (code, naps) == (130, [900, 900, 900])
    assert [json.loads(line)["requests"] > 2 for line in out.splitlines()] == [True, False, False]
    assert "Stopped." in err


def test_a_list_that_fails_ends_no_watch(connected, terminal, unpublished, monkeypatch):
    def sleep(seconds):
        connected.knobs.faults.clear()
        if sleep.calls:
            raise KeyboardInterrupt
        sleep.calls += 1

    sleep.calls = 0
    monkeypatch.setattr("psauth.cli.syncing._sleep", sleep)
    connected.knobs.fault("/v1/workflows", "status", status=422, times=100)
    code, out, _ = terminal("sync", "--watch", "1h", "--json")
    assert code == 130
    assert len(out.splitlines()) == 2


def test_a_sync_that_ended_before_its_end_has_an_exit_code_of_its_own(connected, terminal, unpublished, monkeypatch):
    monkeypatch.setattr("psauth.api.transport.Transport._pause", lambda *_: None)
    connected.knobs.fault("/v1/workflow-runs", "status", status=503, times=10_000)
    code, out, _ = terminal("sync")
    assert code == 4
    assert out.startswith("Not finished: ")
    connected.knobs.faults.clear()
    assert terminal("sync")[0] == 0


def test_a_full_sync_that_failed_was_stopped_or_found_another_one_is_full_again(connected, terminal, monkeypatch):
    from psauth.client import ProcessStreet
    from psauth.exceptions import MirrorError
    from psauth.mirror.lock import Busy

    moment = datetime(2026, 11, 26, tzinfo=UTC)
    done = SyncReport(began_at=moment, ended_at=moment, requests=1)
    outcomes = [
        Busy("Another one syncs."),
        MirrorError("No."),
        replace(done, stopped="The budget is spent."),
        done,
        done,
    ]
    asked = []

    def sync(_, *, full, **options):
        asked.append(full)
        outcome = outcomes[len(asked) - 1]
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def sleep(_):
        if len(asked) == len(outcomes):
            raise KeyboardInterrupt

    monkeypatch.setattr(ProcessStreet, "sync", sync)
    monkeypatch.setattr("psauth.cli.syncing._sleep", sleep)
    code, _, err = terminal("sync", "--full", "--watch", "15m")
    assert (code, asked) == (130, [True, True, True, True, False])
    assert "Another one syncs." in err


@pytest.mark.parametrize("every", ["5", "15 minutes", "1s", "m", "-5m"])
def test_no_time_between_two_syncs(connected, terminal, every):
    code, _, err = terminal("sync", "--watch", every)
    assert code == 2
    assert "Expected one like 15m" in err


def test_nobody_is_connected(configured, terminal):
    code, _, err = terminal("sync")
    assert code == 3
    assert "psauth login" in err
