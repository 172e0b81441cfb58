"""Files: only regular files of ours are opened, made or given a mode. Pipes, devices and what others link to are left alone."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

KINDS: Final = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
    stat.S_IFLNK: "a link",
}
PRIVATE_FILE: Final = 0o600
PRIVATE_FOLDER: Final = 0o700
SAFELY: Final = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""How a file is opened that is ours: not through a link, and without waiting for the other end of a pipe."""


class NotOurs(OSError):
    """What stands at a path is no regular file of ours; the text says what it is."""

    def __init__(self, what: str) -> None:
        super().__init__(errno.EINVAL, what)


def look(path: Path) -> os.stat_result | None:
    """What stands at `path`, which is a regular file of ours; None where nothing does. NotOurs for anything else."""
    try:
        found = os.lstat(path)
    except FileNotFoundError:
        return None
    if stat.S_ISLNK(found.st_mode):
        try:
            found = os.stat(path)
        except FileNotFoundError:
            raise NotOurs("it is a link to nothing") from None
        if os.name == "posix" and found.st_uid != os.geteuid():
            raise NotOurs("it is a link to somebody else's file")
    return _regular(found)


def open_ours(path: Path, flags: int) -> int:
    """The descriptor of a regular file of ours, made with mode 0600 where `flags` ask for that."""
    look(path)
    path = path.resolve() if path.is_symlink() else path
    descriptor = os.open(path, flags | SAFELY, PRIVATE_FILE)
    try:
        _regular(os.fstat(descriptor))
        if flags & os.O_CREAT:
            _hand_over(descriptor, path.parent)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


def make_folder(folder: Path) -> bool:
    """Make a folder with its parents, each for nobody but its owner; whether it was not there before."""
    if folder.is_dir():
        return False
    if folder.parent != folder:
        make_folder(folder.parent)
    try:
        os.mkdir(folder, PRIVATE_FOLDER)
    except FileExistsError:
        if not folder.is_dir():
            raise
        return False  # somebody else made it just now
    if os.name == "posix":
        with suppress(OSError):
            owner = os.stat(folder.parent)
            if os.geteuid() == 0 and not _is_for_all(owner):
                os.chown(folder, owner.st_uid, owner.st_gid)
    return True


def device_in(folder: Path) -> tuple[Path, str] | None:
    """What stands in the way to a folder and is neither a folder nor a file: the path, and what it is."""
    for path in (folder, *folder.parents):
        try:
            mode = path.stat().st_mode
        except OSError:
            continue
        if stat.S_ISDIR(mode) or stat.S_ISREG(mode):
            return None
        return path, KINDS.get(stat.S_IFMT(mode), "no folder")
    return None


def may_close(folder: Path) -> bool:
    """Whether a folder is ours alone, so that others' rights in it may be taken: no home, no root, no place for everybody."""
    if os.name != "posix":
        return True
    found = folder.stat()
    home = Path(os.path.expanduser("~"))
    return found.st_uid == os.geteuid() and not _is_for_all(found) and folder not in (home, Path(folder.anchor))


def _regular(found: os.stat_result) -> os.stat_result:
    if not stat.S_ISREG(found.st_mode):
        raise NotOurs(f"it is {KINDS.get(stat.S_IFMT(found.st_mode), 'no file')}")
    if found.st_nlink > 1:
        raise NotOurs("it has a second name, a hard link, under which others would change it")
    return found


def _is_for_all(found: os.stat_result) -> bool:
    """Whether a folder is one like /tmp, in which everybody has files."""
    return bool(found.st_mode & stat.S_ISVTX)


def _hand_over(descriptor: int, folder: Path) -> None:
    """Root gives what it makes in somebody's folder to them: else they could not use their own vault any more."""
    if os.name != "posix" or os.geteuid() != 0:
        return
    owner = os.stat(folder)
    if owner.st_uid != 0 and os.fstat(descriptor).st_uid == 0 and not _is_for_all(owner):
        with suppress(OSError):
            os.fchown(descriptor, owner.st_uid, owner.st_gid)
