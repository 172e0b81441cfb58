"""Disk: why a file or folder cannot be used and what to do about it, in words."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path
from typing import Final

from psauth.vault.files import NotOurs

PAGE: Final = 32_768
"""Bytes SQLite asks of the disk at once at most: a chunk of the shared memory beside the database."""


def _numbers(*names: str) -> frozenset[int]:
    """The numbers of these errors; not every system has every one."""
    return frozenset(getattr(errno, name) for name in names if hasattr(errno, name))


ELSEWHERE: Final = "set PSAUTH_HOME to a folder on a disk of this machine (PSAUTH_HOME=/its/path)"
"""The advice where a home cannot be used."""
FULL: Final = _numbers("ENOSPC", "EDQUOT")
NO_LOCKS: Final = _numbers("ENOLCK", "ENOTSUP", "EOPNOTSUPP", "ENOSYS")
NO_FOLDER: Final = _numbers("ENOTDIR", "EISDIR", "EEXIST", "ELOOP")
AWAY: Final = _numbers("ESTALE", "ETIMEDOUT", "EHOSTDOWN", "EHOSTUNREACH", "ENOTCONN", "EREMOTEIO", "EIO")


def describe(error: OSError) -> str:
    """What the operating system calls the error."""
    return error.strerror or str(error) or type(error).__name__


def remedy(error: OSError, *, elsewhere: str) -> str:
    """What to do about an error of the file system; `elsewhere` is the advice to go to another place."""
    if isinstance(error, NotOurs):
        return f"Only regular files of your own are used and changed. Move it away, or {elsewhere}"
    if error.errno in FULL:
        return "The disk is full; make room and try again"
    if error.errno == errno.EROFS:
        return f"Its file system is read-only; {elsewhere}"
    if error.errno in NO_LOCKS:
        return without_locks(elsewhere)
    if error.errno in AWAY:
        return f"Its drive does not answer; connect it again, or {elsewhere}"
    if error.errno == errno.ENAMETOOLONG:
        return f"The name is too long; {elsewhere}"
    if error.errno in NO_FOLDER:
        return f"A file or a folder stands where the other was expected. Move it away, or {elsewhere}"
    return f"Make it and its folder writable for you, or {elsewhere}"


def without_locks(elsewhere: str) -> str:
    """What to do where files cannot be locked."""
    return f"Files cannot be locked there, as on some network drives and shared folders; {elsewhere}"


def is_gone(folder: Path) -> bool:
    """Whether a folder is there no more; one that nobody may look into is there."""
    try:
        folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        pass
    return False


def is_full(folder: Path) -> bool:
    """Whether there is no room for even one more page of a database."""
    try:
        return shutil.disk_usage(folder).free < PAGE
    except OSError:
        return False


def is_read_only(folder: Path) -> bool:
    """Whether the whole file system of a folder is read-only; False where nobody can tell."""
    try:
        return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)
    except (AttributeError, OSError):  # Windows has no statvfs
        return False
