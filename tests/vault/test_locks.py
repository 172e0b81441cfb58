"""The locks of connections: one for each account, over threads and processes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from psauth.auth.session import TIMEOUT
from psauth.exceptions import VaultError
from psauth.vault import locks
from psauth.vault.engine import BUSY_PATIENCE
from psauth.vault.vault import LOCK_PATIENCE
from tests.vault.parts import in_a_child, posix


def test_the_lock_is_free_again_after_an_error_inside(vault):
    with pytest.raises(RuntimeError), vault.lock("default"):
        raise RuntimeError
    with vault.lock("default", timeout=0.5):
        pass


def test_the_locks_of_two_accounts_do_not_know_each_other(vault):
    with vault.lock("one"), vault.lock("two", timeout=0.5):
        pass


@posix
def test_the_system_frees_the_lock_of_a_process_that_dies(vault):
    def die_holding_it():
        vault.lock("default").__enter__()
        os._exit(9)

    in_a_child(die_holding_it)
    with vault.lock("default", timeout=0.5):
        pass


HOLD = """
import sys, time
from psauth import Settings, Vault
with Vault.open(Settings(home=sys.argv[1], secret_key=sys.argv[2], env_file=None)).lock("default"):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def another_holder(settings, vault):
    """A process that holds the lock of the account until its input ends."""
    arguments = [sys.executable, "-c", HOLD, settings.home, settings.secret_key]
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    process = subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": root}
    )
    assert process.stdout.readline() == b"held\n"
    yield process
    process.send_signal(signal.SIGCONT)
    process.communicate()


@posix
@pytest.mark.slow
def test_who_holds_a_lock_is_named_with_what_to_do(vault, another_holder):
    pid = another_holder.pid
    said = rf"Process {pid} \(since ..:..:.. UTC\) has held the lock .* for 0 seconds. Wait until .* \(kill {pid}\)"
    with pytest.raises(VaultError, match=said), vault.lock("default", timeout=0.1):
        pass
    assert re.match(rf"Process {pid} \(since", vault.holder("default"))


@pytest.mark.slow
@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="only Linux says whether a process is stopped")
def test_a_holder_that_sleeps_is_told_from_one_that_works(vault, another_holder):
    another_holder.send_signal(signal.SIGSTOP)
    os.waitpid(another_holder.pid, os.WUNTRACED)
    pid, began = another_holder.pid, time.monotonic()
    said = rf"It is stopped: let it go on \(kill -CONT {pid}\)"
    with pytest.raises(VaultError, match=said), vault.lock("default", timeout=0.2):
        pass
    assert time.monotonic() - began < 10


def test_nobody_holds_a_lock_that_was_never_taken_or_is_free_again(vault):
    assert vault.holder("default") is None
    with vault.lock("default"):
        assert vault.holder("default").startswith(f"Process {os.getpid()} ")
    assert vault.holder("default") is None


@pytest.mark.parametrize("note", [b"", b"\xff" * 50, b"made    ", b"made    no number here\n", b"x" * 5_000])
def test_a_note_that_is_none_names_nobody(vault, settings, note):
    with vault.lock("default"):
        (path,) = settings.home_path.glob("vault.db.account-*.lock")
        path.write_bytes(note)
        with pytest.raises(VaultError, match="^Somebody has held the lock"), vault.lock("default", timeout=0):
            pass
        assert vault.holder("default") == "Somebody"


def test_a_full_disk_keeps_nobody_from_a_lock(vault, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(locks.os, "write", full)
    with vault.lock("default"):
        assert vault.holder("default") == "Somebody"


def test_the_patience_covers_a_whole_refresh():
    """Two requests, and three writes that wait for another writer: taking the room, storing, storing in that room."""
    assert 2 * sum(TIMEOUT) + 3 * BUSY_PATIENCE <= LOCK_PATIENCE


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="only Linux says whether a process is stopped")
def test_whether_a_process_is_stopped_is_read_from_the_system_whatever_its_name(tmp_path):
    program = os.path.join(os.fsencode(tmp_path), b"R) T \xff")
    shutil.copy(shutil.which("sleep"), program)
    process = subprocess.Popen([program, "60"])
    try:
        assert not locks._is_stopped(str(process.pid))
        process.send_signal(signal.SIGSTOP)
        os.waitpid(process.pid, os.WUNTRACED)
        assert locks._is_stopped(str(process.pid))
    finally:
        process.kill()
        process.wait(30)
    assert not locks._is_stopped(str(process.pid))


@pytest.mark.parametrize(
    ("text", "is_stopped"),
    [("1 (a) T 2", True), ("1 (a) t 2", True), ("1 (a T) S 2", False), ("1 (a)", False), ("", False)],
)
def test_a_process_that_a_debugger_stopped_is_stopped_too(monkeypatch, text, is_stopped):
    monkeypatch.setattr(locks.Path, "read_text", lambda *_: text)
    assert locks._is_stopped("1") is is_stopped


def test_who_holds_a_lock_that_is_no_file_is_said(vault, settings):
    with vault.lock("default"):
        pass
    (path,) = settings.home_path.glob("vault.db.account-*.lock")
    path.unlink()
    path.mkdir()
    with pytest.raises(VaultError, match=rf"because of {path.name} beside it \(it is a folder\)"):
        vault.holder("default")


def test_whoever_does_not_want_to_wait_looks_once(vault, monkeypatch):
    looks = []
    monkeypatch.setattr(locks, "lock_descriptor", lambda file, *, blocking: looks.append(blocking))
    monkeypatch.setattr(locks.time, "monotonic", lambda: 7.0)
    with pytest.raises(VaultError, match="has held the lock"):
        vault.lock("default", timeout=0).__enter__()
    assert looks == [False]


def test_the_time_of_a_holder_is_in_utc(vault, monkeypatch):
    zones = []

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            zones.append(tz)
            return datetime(2030, 1, 1, 14, 3, 7, tzinfo=tz)

    monkeypatch.setattr(locks, "datetime", Clock)
    with vault.lock("default"):
        assert vault.holder("default") == f"Process {os.getpid()} (since 14:03:07 UTC)"
    assert zones == [UTC]
