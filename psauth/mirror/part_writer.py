"""Part writer: the files of a table that is written, one a part at a time, in pieces that a reader takes or skips."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from psauth.mirror.columns import Layout

ROWS: Final = 8192
"""Rows that a reader can skip or take at once, about: rows of a workflow lie together, and few of them are read in vain."""


class File(NamedTuple):
    """One file of a table: its path in the table's folder, bytes, rows, and the part that it holds ("" for all)."""

    path: str
    size: int
    rows: int
    part: str


class PartWriter:
    """Appends rows to new files of a table, one file a part at a time."""

    def __init__(self, layout: Layout, open_file: Callable[[str], Any], *, is_durable: bool) -> None:
        """`open_file` opens a new file at a path in the table's folder; `is_durable`: a whole one is to be on the disk."""
        self.files: list[File] = []
        """The files that are whole."""
        self._open_file, self._is_durable, self._schema, self._by = open_file, is_durable, layout.schema(), layout.by
        self._part = ""
        self._path = ""
        self._parquet: Any = None
        self._is_open = False
        self._stream: Any = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def begin(self, part: str) -> None:
        """The rows that follow are of this part; it gets a file, though none should follow."""
        self.close()
        folder = f"{self._by}={part}/" if self._by else ""
        self._part, self._path, self._rows = part, f"{folder}{uuid.uuid4().hex}.parquet", 0
        self._is_open = True

    def append(self, rows: pa.Table) -> None:
        """Write rows, together with those before them while they are few."""
        self._waiting.append(rows)
        if sum(table.num_rows for table in self._waiting) >= ROWS * 3 // 4:
            self._write()

    def close(self) -> None:
        """Make the file of this part whole."""
        if not self._is_open:
            return
        self._write()
        self._parquet.close()
        self._parquet, self._is_open = None, False
        if self._is_durable:
            self._stream.flush()
            os.fsync(self._stream.fileno())
        size = self._stream.tell()
        self._stream.close()
        self._stream = None
        self.files.append(File(self._path, size, self._rows, self._part))

    def abandon(self) -> None:
        """Let go of a file that will not be whole."""
        self._is_open, self._waiting = False, []
        for left in (self._parquet, self._stream):
            if left is not None:
                with suppress(OSError, pa.ArrowException):
                    left.close()
        self._parquet = self._stream = None

    def _write(self) -> None:
        """What waits becomes one piece of the file, of which a reader takes all or nothing."""
        if self._parquet is None:  # not before there is something to write: many parts may be under way at once
            self._stream = self._open_file(self._path)
            self._parquet = pq.ParquetWriter(self._stream, self._schema, compression="zstd", write_page_checksum=True)
        if self._waiting:
            rows = pa.concat_tables(self._waiting)
            self._parquet.write_table(rows, row_group_size=max(1, rows.num_rows))
            self._rows += rows.num_rows
            self._waiting = []
