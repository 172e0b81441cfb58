"""Lock: one sync at a time on one mirror. The operating system frees it when its holder dies; beside it stands who that is."""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from filelock import lock_descriptor, unlock_descriptor

from psauth.exceptions import MirrorError
from psauth.mirror.place import Place
from psauth.vault.files import open_ours
from psauth.vault.forking import DESCRIPTORS, GATE

LOOK_AGAIN: Final = 0.2
"""Seconds between two looks at a lock that somebody else holds."""
LONGEST_NOTE: Final = 500
"""Bytes of the note about a holder at most; what is longer is none of ours."""


@dataclass(frozen=True)
class Holder:
    """Who syncs: a process of a machine, since when."""

    pid: int
    host: str
    since: datetime

    def __str__(self) -> str:
        elsewhere = "" if self.host == socket.gethostname() else f" on {self.host}"
        return f"process {self.pid}{elsewhere}, since {self.since:%H:%M} UTC"


class Busy(MirrorError):
    """Somebody else is syncing this mirror; `holder` says who, None where that cannot be read."""

    def __init__(self, message: str, holder: Holder | None = None) -> None:
        super().__init__(message)
        self.holder = holder


@contextmanager
def held(place: Place, *, wait: bool, waiting: Callable[[Holder | None], bool] = lambda _: True) -> Iterator[None]:
    """Hold the lock of a mirror. Where somebody else does, wait for them, or raise Busy.

    `waiting` is called a few times a second while this waits, and ends that by answering False.
    """
    with GATE.held_open(), place.explained(place.lock):  # a child learns of every file that is open, and of its lock
        file = open_ours(place.lock, os.O_RDWR | os.O_CREAT)
        DESCRIPTORS.add(file)
    try:
        looks = 0
        while not lock_descriptor(file, blocking=False):
            looks += 1
            holder = _read(place)
            # Who only looks for the holder holds it, too, for a moment.
            if (not wait and looks > 1) or not waiting(holder):
                raise Busy(
                    f"The mirror {place.folder} is being synced by {holder or 'another process'}. Wait until it is done, or "
                    "let this wait for it: ps.sync(wait=True)",
                    holder,
                )
            time.sleep(LOOK_AGAIN)
        _note(place)
    except BaseException:
        if DESCRIPTORS.discard(file):
            os.close(file)
        raise
    try:
        yield
    finally:
        if DESCRIPTORS.discard(file):
            with suppress(OSError):
                _note_path(place).unlink()
            unlock_descriptor(file)
            os.close(file)


def find_holder(place: Place) -> Holder | None:
    """Who syncs this mirror at this moment; None when nobody does, or nobody can tell who."""
    try:
        file = open_ours(place.lock, os.O_RDWR)
    except OSError:
        return None
    try:
        if lock_descriptor(file, blocking=False):
            unlock_descriptor(file)
            return None
        return _read(place)
    finally:
        os.close(file)


def _note_path(place: Place) -> Path:
    return place.lock.with_name("sync.json")


def _note(place: Place) -> None:
    """Write down who holds the lock; on a full disk nobody learns it."""
    note = {"pid": os.getpid(), "host": socket.gethostname(), "since": datetime.now(UTC).isoformat()}
    with suppress(OSError):
        file = open_ours(_note_path(place), os.O_RDWR | os.O_CREAT | os.O_TRUNC)
        try:
            os.write(file, json.dumps(note).encode())
        finally:
            os.close(file)


def _read(place: Place) -> Holder | None:
    try:
        file = open_ours(_note_path(place), os.O_RDONLY)
        try:
            note = json.loads(os.read(file, LONGEST_NOTE))
        finally:
            os.close(file)
        return Holder(int(note["pid"]), str(note["host"]), datetime.fromisoformat(note["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
