"""Engine: how a file of SQLite is opened, for the vault and the mirror."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.pool import NullPool

from psauth.vault import at_rest

BUSY_PATIENCE: Final = 15.0
"""Seconds to wait for another writer; one writes for milliseconds."""
LONGEST_VALUE: Final = 4_000_000
"""Bytes of a value or a row: longer ones are damage, and are not read into memory."""


def make_engine(path: Path, *, patience: float = BUSY_PATIENCE, for_secrets: bool = True) -> sa.Engine:
    """An engine whose readers never wait for a writer, and whose writers (`writing=True`) queue for `patience` seconds.

    for_secrets: values are short, and what is deleted is overwritten.
    """

    def connect() -> sqlite3.Connection:
        # Never a new file: one that is gone is missed, and not put back empty.
        return sqlite3.connect(at_rest.address(path, "mode=rw"), uri=True, timeout=patience, check_same_thread=False)

    # A connection per use: nothing to go stale over a fork, and no file handle left behind in a notebook.
    engine = sa.create_engine("sqlite://", creator=connect, poolclass=NullPool, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        is_new = False
        if for_secrets:
            raw.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, LONGEST_VALUE)
        raw.isolation_level = None  # the driver's own BEGIN would come too late; see _begin
        with suppress(OSError):
            is_new = os.path.getsize(path) == 0
        if is_new:
            # Once, for a new file: it keeps this mode, and somebody else's database is not converted.
            raw.execute("PRAGMA journal_mode=WAL")
        # What was committed survives a power cut: a rotated token, an answer that took a request.
        raw.execute("PRAGMA synchronous=FULL")
        if for_secrets:
            raw.execute("PRAGMA secure_delete=ON")
        raw.execute("PRAGMA trusted_schema=OFF")

    @event.listens_for(engine, "begin")
    def _begin(db: sa.Connection) -> None:
        # A writer takes the write lock at once, so that two of them queue instead of failing half-way.
        db.exec_driver_sql("BEGIN IMMEDIATE" if db.get_execution_options().get("writing") else "BEGIN")

    return engine
