"""Database: the SQLite file under the vault. Its place and modes, its engine, its locks, its errors in one sentence."""

from __future__ import annotations

import logging
import os
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from filelock import FileLock, Timeout
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from psauth.exceptions import VaultError

log = logging.getLogger(__name__)

KEPT = "nothing was deleted or overwritten."
ACCOUNT = "account-"
"""How the names of the locks of connections begin."""
PAGE = 32_768
"""Bytes SQLite asks of the disk at once at most: a chunk of the shared memory beside the database."""


def parse_url(text: str) -> sa.URL:
    """The address of a SQLite file; VaultError for any other."""
    try:
        url = sa.make_url(text)
    except sa.exc.ArgumentError:
        raise VaultError("PSAUTH_VAULT_URL is not a database address. Expected sqlite:///path/to/vault.db.") from None
    if url.get_backend_name() != "sqlite" or not url.database or url.database == ":memory:":
        raise VaultError(
            f"PSAUTH_VAULT_URL names {url.get_backend_name()!r}. Expected a SQLite file, like sqlite:///path/to/vault.db: "
            "the vault is shared between processes."
        )
    return url


def make_engine(url: sa.URL) -> sa.Engine:
    """An engine whose readers never wait for a writer, and whose writers (`writing=True`) queue."""
    # A connection per use: nothing to go stale over a fork, and no file handle left behind in a notebook.
    engine = sa.create_engine(url, poolclass=NullPool, connect_args={"timeout": 30}, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.isolation_level = None  # the driver's own BEGIN would come too late; see _begin
        if not os.path.getsize(str(url.database)):
            # Once, for a new vault: the file keeps this mode, and somebody else's database is not converted.
            raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=FULL")  # a rotated token must survive a power cut
        raw.execute("PRAGMA secure_delete=ON")

    @event.listens_for(engine, "begin")
    def _begin(db: sa.Connection) -> None:
        # A writer takes the write lock at once, so that two of them queue instead of failing half-way.
        db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writing") else "BEGIN")

    return engine


def make_folder(folder: Path, *, private: bool) -> None:
    """The folder of the vault; where it is psauth's own it is closed to others, and its owner's rights stay as they are.

    (Somebody who made it read-only did so on purpose.)
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        mode = stat.S_IMODE(folder.stat().st_mode)
        if private and os.name == "posix" and mode & 0o077:
            folder.chmod(mode & ~0o077)
    except OSError as error:
        raise VaultError(
            f"The vault's folder {folder} cannot be used ({error.strerror or error}). Make it writable for you, or set "
            "PSAUTH_HOME to another folder."
        ) from error


def make_file(path: Path) -> None:
    """An empty file of mode 0600 where SQLite will write, so that no byte is ever readable by others."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise VaultError(
            f"The vault {path} cannot be written ({error.strerror or error}). Make the file and its folder writable for "
            f"you, or set PSAUTH_VAULT_URL to another place; {KEPT}"
        ) from error


def was_emptied(path: Path) -> bool:
    """Whether a file without a byte was a vault once: beside it lie locks of connections, which come after its tables.

    A file without a byte and without such locks is one that was just made, here or by somebody's `touch`.
    """
    is_empty = path.is_file() and not path.stat().st_size
    return is_empty and any(path.parent.glob(f"{escape(path.name)}.{ACCOUNT}*.lock"))


def make_private(path: Path) -> None:
    """Mode 0600 for a vault that others could read."""
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        path.chmod(0o600)
        log.warning("The vault %s was readable by others; its mode is 0600 now.", path)


@contextmanager
def file_lock(path: Path, name: str, *, timeout: float) -> Iterator[None]:
    """Hold the lock `name` beside the file; the operating system frees it when the process dies."""
    lock = FileLock(path.with_name(f"{path.name}.{name}.lock"), timeout=timeout, mode=0o600)
    try:
        lock.acquire()
    except Timeout as error:
        raise VaultError(
            f"Another process has held the lock {Path(error.lock_file).name} beside the vault for {timeout:.0f} seconds. "
            "Look for a psauth process that hangs, end it, and try again."
        ) from None
    except OSError as error:
        raise VaultError(
            f"The vault's folder {path.parent} cannot be written ({error.strerror or error}). Make it writable for you, "
            f"or set PSAUTH_HOME to another folder; {KEPT}"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def told(place: str) -> Iterator[None]:
    """Turns the database's errors into one sentence about the vault, without the statement and its parameters."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        cause = str(error.orig)
        if "unable to open" in cause and _is_gone(place):
            raise VaultError(
                f"The vault {place} is gone, with its folder. A sandbox that has stopped takes its vault along: start it "
                "again, and call psauth.connect(settings=box.settings). Any other folder is restored from a backup."
            ) from None
        if "locked" in cause:
            remedy = "Another program holds it; close it and try again"
        elif "full" in cause or _is_full(place):  # its shared memory fails with "disk I/O error" there
            remedy = "The disk is full; make room and try again"
        elif "readonly" in cause or "unable to open" in cause:
            remedy = "Make the file and its folder writable for you"
        elif "malformed" in cause or "not a database" in cause:
            remedy = "It is damaged; restore it from a backup, or move it away to begin anew"
        else:
            remedy = "Look after the file and its disk"
        raise VaultError(f"The vault {place} cannot be used ({cause}). {remedy}; {KEPT}") from None


def _is_gone(place: str) -> bool:
    """Whether the folder of the vault is there no more; one that nobody may look into is there."""
    try:
        Path(place).parent.stat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def _is_full(place: str) -> bool:
    """Whether there is no room for even one more page of the database beside it."""
    try:
        return shutil.disk_usage(Path(place).parent).free < PAGE
    except OSError:
        return False
