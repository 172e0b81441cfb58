"""Database: the SQLite file of a store. Readers never wait and are never waited for; what was written survives a power cut."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import sqlalchemy as sa

from psauth.auth.forks import renew_in_children
from psauth.exceptions import MirrorError
from psauth.mirror.place import ELSEWHERE, Place
from psauth.vault import disk
from psauth.vault.engine import make_engine
from psauth.vault.forking import GATE
from psauth.words import printable

PATIENCE: Final = 60.0
"""Seconds to wait for another writer. One writes for less than a second; a clean-up of the log may take longer."""
DAMAGED: Final = "Restore it from a backup, or begin anew beside it: psauth sync --anew"


class Database:
    """Transactions on the file of a store, with its errors as sentences. Threads may share it, and forked children too.

    Nobody but SQLite opens the file: whoever closes it takes all locks from it that the process holds (POSIX).
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self._path = place.store
        self._engine = make_engine(self._path, patience=PATIENCE, for_secrets=False)
        self._turn = threading.Lock()
        self._open = threading.local()
        renew_in_children(self)

    def renew_in_child(self) -> None:
        """A lock that no thread of the parent can hold."""
        self._turn, self._open = threading.Lock(), threading.local()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """One moment of the store, for as long as the block lasts."""
        with self.explained(), self._engine.connect() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction: on the disk when the block ends, and undone by an error. Inside another one it is a part of that."""
        outer = getattr(self._open, "db", None)
        if outer is not None:
            yield outer
            return
        engine = self._engine.execution_options(writing=True)
        # SQLite lets those who wait for each other sleep longer and longer: threads take turns instead.
        with self._turn, GATE.held_open(), self.explained(), engine.begin() as db:
            self._open.db = db
            try:
                yield db
            finally:
                self._open.db = None

    def check(self) -> None:
        """MirrorError where the pages of the file do not fit each other; a store of 1 GB takes some seconds."""
        with self.reading() as db:
            verdict = str(db.execute(sa.text("PRAGMA quick_check(1)")).scalar())
        if verdict != "ok":
            raise self.damaged(printable(verdict.splitlines()[-1]))

    @property
    def size(self) -> int:
        """Bytes of the file."""
        with self.place.explained():
            return self._path.stat().st_size

    def damaged(self, why: str) -> MirrorError:
        """The error for a file that is damaged; `why` is a clause about it."""
        return MirrorError(f"The mirror's store {self._path} is damaged ({why}). {DAMAGED}")

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns the database's errors into one sentence about the store, without the statement and its parameters."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            cause = printable(" ".join(str(error.orig).split()))
            raise self._problem(cause, getattr(error.orig, "sqlite_errorname", "")) from None
        except UnicodeError:
            raise self.damaged("a text in it is none") from None

    def _problem(self, cause: str, name: str) -> MirrorError:
        folder = self._path.parent
        if any(
            words in cause for words in ("malformed", "not a database", "too big", "no such table", "no such column")
        ):
            return self.damaged(cause)
        if "locked" in cause:
            remedy = "Another program holds it; close it and try again"
        elif "full" in cause or disk.is_full(folder):  # its shared memory fails with "disk I/O error" there
            remedy = "The disk is full; make room and sync again. What was there is unchanged"
        elif "locking protocol" in cause or name.endswith(("LOCK", "_SHMOPEN", "_SHMMAP", "_SHMSIZE", "_NOLFS")):
            remedy = disk.without_locks(ELSEWHERE)
        elif "readonly" in cause or "unable to open" in cause:
            if not self._path.exists():
                remedy = "The file is gone; restore it from a backup, or sync again to begin anew"
            elif disk.is_read_only(folder):
                remedy = f"Its file system is read-only; {ELSEWHERE}"
            else:
                remedy = f"Make the file and its folder writable for you, or {ELSEWHERE}"
        else:
            remedy = f"Look after the file and its disk, or {ELSEWHERE}"
        return MirrorError(f"The mirror's store {self._path} cannot be used ({cause}). {remedy}.")
