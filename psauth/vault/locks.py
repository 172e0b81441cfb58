"""Locks: files that one thread of one process holds, and which the system frees when it dies.

Such a file begins with a mark, which outlives its holders; behind it stands who holds it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import lock_descriptor, unlock_descriptor

from psauth.exceptions import VaultError
from psauth.vault.files import open_ours
from psauth.vault.forking import DESCRIPTORS, GATE

LOOK_AGAIN: Final = 0.05
"""Seconds between two looks at a lock that somebody else holds."""
SOMEBODY: Final = "Somebody"
LONGEST_NOTE: Final = 100
"""Bytes of the note in a lock at most; what is longer is no note of ours."""


MARK: Final = 8
"""Bytes of the mark."""


@contextmanager
def held(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock of this file. VaultError when somebody else has held it for `timeout` seconds; OSError without locks."""
    with GATE.held_open():  # a child learns of every file that is open, and of its lock
        file = open_ours(path, os.O_RDWR | os.O_CREAT)
        DESCRIPTORS.add(file)
    try:
        _take(file, path, timeout)
        _note(file)
    except BaseException:
        if DESCRIPTORS.discard(file):
            os.close(file)
        raise
    try:
        yield
    finally:
        if DESCRIPTORS.discard(file):
            unlock_descriptor(file)
            os.close(file)


def holder(path: Path) -> str | None:
    """Who holds the lock of this file, as the subject of a sentence; None when nobody does."""
    with GATE.held_open():
        try:
            file = open_ours(path, os.O_RDWR)
        except FileNotFoundError:
            return None
        try:
            if lock_descriptor(file, blocking=False):
                unlock_descriptor(file)
                return None
            return _who(file)
        finally:
            os.close(file)


def read_mark(path: Path) -> str:
    """The mark of a lock's file; "" where there is none. Whoever asks holds the lock."""
    try:
        file = open_ours(path, os.O_RDONLY)
    except FileNotFoundError:
        return ""
    try:
        return os.read(file, MARK).decode("ascii", "replace").rstrip("\0 ")
    finally:
        os.close(file)


def write_mark(path: Path, mark: str) -> None:
    """Mark a lock's file, so that it survives a power cut. Whoever asks holds the lock."""
    file = open_ours(path, os.O_RDWR | os.O_CREAT)
    try:
        os.write(file, mark.ljust(MARK).encode())
        os.fsync(file)
    finally:
        os.close(file)


def _take(file: int, path: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while not lock_descriptor(file, blocking=False):
        if time.monotonic() >= deadline:
            who, remedy = _who(file), "Look for a psauth process that hangs, end it, and try again"
            if who != SOMEBODY:
                pid = who.split()[1]
                remedy = f"Wait until it is done, or end it (kill {pid}), and try again"
                if _is_stopped(pid):
                    remedy = f"It is stopped: let it go on (kill -CONT {pid}) or end it (kill -9 {pid}), and try again"
            raise VaultError(
                f"{who} has held the lock {path.name} beside the vault for {timeout:.0f} seconds. {remedy}."
            )
        time.sleep(LOOK_AGAIN)


def _note(file: int) -> None:
    """Write down who holds the lock; on a full disk nobody learns it."""
    with suppress(OSError):
        os.ftruncate(file, MARK)
        os.lseek(file, MARK, os.SEEK_SET)
        os.write(file, f"{os.getpid()} {datetime.now(UTC):%H:%M:%S} UTC\n".encode())


def _who(file: int) -> str:
    """The holder that a lock names: "Process 123 (since 14:03:07 UTC)", or SOMEBODY."""
    try:
        os.lseek(file, MARK, os.SEEK_SET)
        pid, _, since = os.read(file, LONGEST_NOTE).decode("ascii").strip().partition(" ")
    except (OSError, UnicodeDecodeError):  # Windows locks what it would have to read
        return SOMEBODY
    return f"Process {pid} (since {since})" if pid.isdecimal() and since.isprintable() and since else SOMEBODY


def _is_stopped(pid: str) -> bool:
    """Whether a process was stopped by a signal, where the system says so (Linux)."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return False
    return state[:1] in (["T"], ["t"])
