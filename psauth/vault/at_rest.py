"""At rest: a SQLite file looked at without a trace, before SQLite itself may write to it or beside it."""

from __future__ import annotations

import os
import sqlite3
import sys
from pathlib import Path
from typing import Final
from urllib.parse import quote

from psauth.vault.files import open_ours

MAGIC: Final = b"SQLite format 3\0"
HEAD: Final = 100
"""Bytes of the header (https://www.sqlite.org/fileformat2.html#the_database_header)."""


def read_head(path: Path) -> bytes:
    """The header of a file that may also be written; OSError where it may not."""
    file = open_ours(path, os.O_RDWR)
    try:
        return os.read(file, HEAD)
    finally:
        os.close(file)


def is_head(head: bytes) -> bool:
    """Whether a SQLite file begins so."""
    return head.startswith(MAGIC) and len(head) == HEAD


def has_log(head: bytes) -> bool:
    """Whether the file is written through a log (WAL), and so never through a journal."""
    return head[18:20] == b"\2\2"


def read_names(path: Path) -> set[str]:
    """The tables in the file itself, whatever its log says; none where nobody can tell."""
    try:
        peek = sqlite3.connect(address(path, "mode=ro&immutable=1"), uri=True)
    except sqlite3.Error:
        return set()
    try:
        return {str(name) for (name,) in peek.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (sqlite3.Error, UnicodeError):  # damaged; or another process writes at this moment
        return set()
    finally:
        peek.close()


def address(path: Path, how: str) -> str:
    """The file as SQLite takes it; none is made where `how` says so."""
    name = quote(path.as_posix(), encoding=sys.getfilesystemencoding(), errors="surrogateescape")
    return f"file://{'' if name.startswith('/') else '/'}{name}?{how}"
