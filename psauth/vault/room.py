"""Room: a part of the disk that is taken before a token is spent, and given back when the new one cannot be written."""

from __future__ import annotations

import os
from pathlib import Path

from psauth.vault.files import look, open_ours

PIECE = 65_536
"""Bytes written at once."""


class Room:
    """A file of random bytes, which no file system can store in less, nor leave out."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self, size: int) -> None:
        """Fill the file up to `size` bytes that are on the disk; OSError where there is no room, and nothing is left then."""
        found = look(self._path)
        if found is not None and found.st_size >= size:
            return
        descriptor = open_ours(self._path, os.O_WRONLY | os.O_CREAT)
        try:
            missing = size - os.lseek(descriptor, 0, os.SEEK_END)
            while missing > 0:
                missing -= os.write(descriptor, os.urandom(min(PIECE, missing)))
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, 0)
            raise
        finally:
            os.close(descriptor)

    def give_back(self) -> bool:
        """Empty the file; whether there was anything in it."""
        found = look(self._path)
        if found is None or found.st_size == 0:
            return False
        descriptor = open_ours(self._path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return True
