"""SQLite: a vault in a file, for the people and programs of one machine. Its place, its locks, its errors in one sentence."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from filelock import lock_descriptor, unlock_descriptor
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from psauth.exceptions import SettingsError, VaultAddressError, VaultError
from psauth.settings import Settings, working_folder
from psauth.vault import disk
from psauth.vault.forking import DESCRIPTORS, GATE
from psauth.vault.modes import Access, close_to_others
from psauth.vault.store import KEPT
from psauth.vault.tables import SCHEMA_VERSION, create_tables, read_meta, upgrade_tables

EXPECTED: Final = "Expected a SQLite file, like sqlite:///path/to/vault.db"
ELSEWHERE_FILE: Final = (
    "set PSAUTH_VAULT_URL to a file on a disk of this machine (PSAUTH_VAULT_URL=sqlite:////its/path/vault.db)"
)
BUSY_PATIENCE: Final = 30.0
"""Seconds to wait for another writer; one writes for milliseconds."""
MAKING_PATIENCE: Final = 90.0
"""Seconds to wait for another process that opens the vault."""
LOOK_AGAIN: Final = 0.05
"""Seconds between two looks at a lock that somebody else holds."""
ACCOUNT: Final = "account-"
"""How the names of the locks of connections begin."""


class SQLiteStore:
    """A vault in one SQLite file. Locks are files beside it, which the operating system frees when a process dies."""

    def __init__(self, path: Path, *, private_folder: bool, elsewhere: str) -> None:
        self._path = path
        self._private_folder = private_folder
        self._elsewhere = elsewhere
        self._engine: sa.Engine | None = None
        self._engine_pid: int | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> SQLiteStore:
        """The store at the address of these settings. What stands behind `sqlite:///` is a path as it is, not decoded."""
        _, slashes, name = settings.database_url.partition(":///")
        if not slashes or name in ("", ":memory:"):
            raise VaultAddressError(
                f"PSAUTH_VAULT_URL names no file. {EXPECTED}: the vault is shared between processes."
            )
        try:
            path = _whole(Path(name).expanduser())
        except RuntimeError:  # ~somebody, who is nobody
            raise SettingsError(f"PSAUTH_VAULT_URL names a home folder that nobody has. {EXPECTED}.") from None
        if not settings.vault_url:
            return cls(path, private_folder=True, elsewhere=disk.ELSEWHERE)
        return cls(path, private_folder=path.parent == _whole(settings.home_path), elsewhere=ELSEWHERE_FILE)

    @property
    def place(self) -> str:
        """See Store."""
        return str(self._path)

    @property
    def key_folder(self) -> Path:
        """See Store."""
        return self._path.parent

    # Making -----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """See Store. The folder is closed to others where it is psauth's own; its owner's rights stay as they are.

        (Somebody who made it read-only did so on purpose.)
        """
        folder = self._path.parent
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if self._private_folder:
                close_to_others(folder)  # in vain on some drives; the modes of the files decide what is said
            is_folder = self._path.is_dir()
        except OSError as error:
            raise VaultError(
                f"The vault's folder {folder} cannot be used ({disk.describe(error)}). "
                f"{disk.remedy(error, elsewhere=self._elsewhere)}."
            ) from error
        if is_folder:
            raise VaultError(f"The vault's place {self.place} is a folder. Set PSAUTH_VAULT_URL to a file.")

    def is_new(self) -> bool:
        """See Store."""
        self._refuse_emptied()
        if not self._size():
            return True
        with self.reading() as db:
            return self.version(db) is None

    @contextmanager
    def making(self) -> Iterator[sa.Connection]:
        """See Store."""
        with self.lock("open", timeout=MAKING_PATIENCE):
            self._refuse_emptied()
            self._make_file()
            with self.writing() as db:
                yield db

    def version(self, db: sa.Connection) -> int | None:
        """See Store."""
        names = set(db.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        if not names:
            return None
        if "meta" not in names:
            raise VaultError(
                f"{self.place} is a database, but not a psauth vault. Set PSAUTH_VAULT_URL to another file."
            )
        if (verdict := db.execute(sa.text("PRAGMA quick_check(1)")).scalar()) != "ok":
            raise VaultError(
                f"The vault {self.place} is damaged ({verdict}). Restore it from a backup, or move it away; {KEPT}"
            )
        version = (read_meta(db, "schema") or b"none").decode("ascii", "replace")
        if version not in {str(known) for known in range(1, SCHEMA_VERSION + 1)}:
            raise VaultError(
                f"The vault {self.place} has schema {version!r}; this psauth reads {SCHEMA_VERSION}. Update psauth; {KEPT}"
            )
        return int(version)

    def upgrade(self, db: sa.Connection, version: int | None) -> None:
        """See Store."""
        if version is None:
            create_tables(db)
        else:
            upgrade_tables(db, version)

    def close_to_others(self) -> Access:
        """See Store."""
        with self._explained_file():
            return close_to_others(self._path)

    def _size(self) -> int | None:
        """Bytes of the file; None where there is none."""
        with self._explained_file():
            return self._path.stat().st_size if self._path.exists() else None

    def _refuse_emptied(self) -> None:
        """VaultError for a file without a byte that was a vault once: beside it lie locks of connections.

        A file without a byte and without such locks is one that was just made, here or by somebody's `touch`.
        """
        if self._size() == 0:
            locks = self._path.parent.glob(f"{escape(self._path.name)}.{ACCOUNT}*.lock")
            if any(locks):
                raise VaultError(
                    f"The vault {self.place} is empty, but there were connections in it: it is damaged. Restore it from a "
                    f"backup, or move it away to begin anew; {KEPT}"
                )

    def _make_file(self) -> None:
        """An empty file of mode 0600 where SQLite will write, so that no byte is ever readable by others."""
        with self._explained_file():
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))

    # Using ------------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """See Store."""
        with GATE.held_open(), self._explained(), self._current_engine().connect() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """See Store."""
        if GATE.is_torn:
            raise VaultError(
                f"This process was forked while another thread wrote to a vault, and cannot write to {self.place}. Start "
                "worker processes with multiprocessing.get_context('spawn')."
            )
        engine = self._current_engine().execution_options(writing=True)
        with GATE.held_open(), self._explained(), engine.begin() as db:
            yield db

    @contextmanager
    def lock(self, name: str, *, timeout: float) -> Iterator[None]:
        """See Store."""
        path = self._path.with_name(f"{self._path.name}.{name}.lock")
        with self._explained_file():
            with GATE.held_open():  # a child learns of every file that is open, and of its lock
                file = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
                DESCRIPTORS.add(file)
            try:
                self._take(file, path, timeout)
            except BaseException:
                _close(file)
                raise
        try:
            yield
        finally:
            if DESCRIPTORS.discard(file):
                unlock_descriptor(file)
                os.close(file)

    def _take(self, file: int, path: Path, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not lock_descriptor(file, blocking=False):
            if time.monotonic() >= deadline:
                raise VaultError(
                    f"Somebody has held the lock {path.name} beside the vault for {timeout:.0f} seconds. Look for a psauth "
                    "process that hangs, end it, and try again."
                )
            time.sleep(LOOK_AGAIN)

    def _current_engine(self) -> sa.Engine:
        """The engine of this very process: a forked child makes one of its own."""
        if self._engine is None or self._engine_pid != os.getpid():
            self._engine, self._engine_pid = make_engine(self._path), os.getpid()
        return self._engine

    # Errors -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _explained_file(self) -> Iterator[None]:
        """Turns an error of the file system into one sentence about the vault."""
        try:
            yield
        except OSError as error:
            raise VaultError(
                f"The vault {self.place} cannot be written ({disk.describe(error)}). "
                f"{disk.remedy(error, elsewhere=self._elsewhere)}; {KEPT}"
            ) from error

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns the database's errors into one sentence about the vault, without the statement and its parameters."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            cause = str(error.orig)
            name = getattr(error.orig, "sqlite_errorname", "")
            if "unable to open" in cause and disk.is_gone(self._path.parent):
                raise VaultError(
                    f"The vault {self.place} is gone, with its folder. A sandbox that has stopped takes its vault along: "
                    "start it again, and call psauth.connect(settings=box.settings). Any other folder is restored from a "
                    "backup."
                ) from None
            remedy = self._remedy(cause, name)
            raise VaultError(f"The vault {self.place} cannot be used ({cause}). {remedy}; {KEPT}") from None

    def _remedy(self, cause: str, name: str) -> str:
        """What to do about what SQLite said, by its words and the name of its error."""
        folder = self._path.parent
        if "locked" in cause:
            return f"Another program holds it; close it and try again. If it lies on a network drive, {self._elsewhere}"
        if "full" in cause or disk.is_full(folder):  # its shared memory fails with "disk I/O error" there
            return "The disk is full; make room and try again"
        if "locking protocol" in cause or name.endswith(("LOCK", "_SHMOPEN", "_SHMMAP", "_SHMSIZE", "_NOLFS")):
            return disk.without_locks(self._elsewhere)
        if "readonly" in cause or "unable to open" in cause:
            if disk.is_read_only(folder):
                return f"Its file system is read-only; {self._elsewhere}"
            return "Make the file and its folder writable for you"
        if "malformed" in cause or "not a database" in cause:
            return "It is damaged; restore it from a backup, or move it away to begin anew"
        return f"Look after the file and its disk, or {self._elsewhere}"


def make_engine(path: Path) -> sa.Engine:
    """An engine whose readers never wait for a writer, and whose writers (`writing=True`) queue."""
    url = sa.URL.create("sqlite", database=str(path))
    # A connection per use: nothing to go stale over a fork, and no file handle left behind in a notebook.
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": BUSY_PATIENCE}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver's own BEGIN would come too late; see _begin
        if not os.path.getsize(path):
            # Once, for a new vault: the file keeps this mode, and somebody else's database is not converted.
            raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")  # a rotated token must survive a power cut
        raw.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begin(db: sa.Connection) -> None:
        # A writer takes the write lock at once, so that two of them queue instead of failing half-way.
        db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writing") else "BEGIN")

    return engine


def _whole(path: Path) -> Path:
    """The path from the root on; SettingsError when it begins in a working folder that was deleted."""
    return path if path.is_absolute() else working_folder() / path


def _close(file: int) -> None:
    """Close a file of a lock that was not taken."""
    if DESCRIPTORS.discard(file):
        os.close(file)
