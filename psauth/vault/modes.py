"""Modes: who may read a file beside its owner, as it is after psauth has closed it and not as it was asked for."""

from __future__ import annotations

import os
import stat
from enum import Enum, auto
from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Access(Enum):
    """Who can read a file: what was seen, or UNKNOWN where modes say nothing (Windows)."""

    PRIVATE = auto()
    CLOSED = auto()
    """Private now; others could read it before."""
    OPEN = auto()
    """Others can read it, and the mode could not be changed."""
    UNKNOWN = auto()


def close_to_others(path: Path) -> Access:
    """Take the rights of everybody but the owner from a file or folder, then look whether they are gone.

    Folders of Windows under WSL, FAT drives and some network drives take `chmod` without an error and change nothing.
    """
    if os.name != "posix":
        return Access.UNKNOWN
    mode = stat.S_IMODE(path.stat().st_mode)
    if not mode & OTHERS:
        return Access.PRIVATE
    try:
        path.chmod(mode & ~OTHERS)
    except OSError:
        return Access.OPEN
    return Access.OPEN if stat.S_IMODE(path.stat().st_mode) & OTHERS else Access.CLOSED
