"""Pins: which files are being read. Each reader holds a lock that the system frees when its process dies."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Final

from psauth.exceptions import MirrorError, VaultError
from psauth.vault.files import make_folder
from psauth.vault.locks import held, holder

STALE: Final = 3600.0
"""Seconds after which a lock without a pin is what a process left that died at once."""


class Pin:
    """Keeps files from being deleted until it is let go, or its process ends."""

    def __init__(self, folder: Path, files: Mapping[str, Sequence[str]]) -> None:
        """`folder`: where the pins of a mirror are; `files`: by table, their paths."""
        self._held = ExitStack()
        self._path = folder / f"{os.getpid()}-{uuid.uuid4().hex}.json"
        try:
            make_folder(folder)
            self._held.enter_context(held(_lock(self._path), timeout=1.0))
            draft = self._path.with_suffix(".draft")
            draft.write_text(json.dumps({name: list(paths) for name, paths in files.items()}), "utf-8")
            draft.replace(self._path)
        except (OSError, VaultError) as error:
            self._held.close()
            raise MirrorError(
                f"Nobody can note in {folder} that the published tables are being read ({error}). Make the folder writable "
                "for you, or set PSAUTH_MIRROR to a folder of yours."
            ) from None

    def release(self) -> None:
        """Let go of the files."""
        with suppress(OSError):
            self._path.unlink(missing_ok=True)
        self._held.close()
        with suppress(OSError):
            _lock(self._path).unlink(missing_ok=True)


def pinned(folder: Path) -> dict[str, set[str]]:
    """By table, the files that somebody reads. What dead processes left is cleared away."""
    files: dict[str, set[str]] = {}
    for path in folder.glob("*.json") if folder.is_dir() else ():
        if holder(_lock(path)) is None:
            for left in (path, _lock(path)):
                with suppress(OSError):
                    left.unlink(missing_ok=True)
            continue
        with suppress(FileNotFoundError):  # let go this moment
            for name, paths in json.loads(path.read_text("utf-8")).items():
                files.setdefault(name, set()).update(paths)
    for lock in folder.glob("*.lock") if folder.is_dir() else ():
        with suppress(OSError):
            if time.time() - lock.stat().st_mtime > STALE and holder(lock) is None:
                lock.unlink()
    return files


def _lock(path: Path) -> Path:
    return path.with_suffix(".lock")
