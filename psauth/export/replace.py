"""Replace: a file appears whole or not at all, and what stood there before stays until then."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.reading.arguments import shown


def whole_path(path: str | os.PathLike[str], *, like: str) -> Path:
    """The path, with ~ as the home folder; ArgumentError for that of somebody who has none, and for what is no path.

    `like`: a path that would do.
    """
    if not isinstance(path, str | os.PathLike) or not str(path).strip():
        raise ArgumentError(f"{shown(path, first=True)} is not a path. Expected one, like {like!r}.")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise ArgumentError(
            f"{os.fspath(path)!r} is in a home folder that nobody has. Expected a whole path."
        ) from None


@contextmanager
def replaced(path: Path) -> Iterator[BinaryIO]:
    """A file to write to, which takes the place of `path` when the block ends without an error.

    FileNotWritten where the folder or the file does not allow that.
    """
    with replaced_by(path) as draft, draft.open("xb") as stream:
        yield stream
        stream.flush()
        os.fsync(stream.fileno())


@contextmanager
def replaced_by(path: Path) -> Iterator[Path]:
    """The same for a program that opens its file by itself: a path beside `path`, at which there is nothing yet."""
    target = Path(os.path.realpath(path))  # a link goes on pointing to its file
    draft = target.with_name(f".{target.name[:40]}.{secrets.token_hex(4)}.tmp")
    try:
        if not target.parent.is_dir():
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(target))
        if target.exists() and not target.is_file():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
        yield draft
        if target.exists():
            if not os.access(target, os.W_OK):  # renaming would not ask
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
            shutil.copymode(target, draft)
        draft.replace(target)
    except OSError as error:
        raise FileNotWritten(_sentence(path, error)) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
            draft.with_name(f"{draft.name}.wal").unlink(missing_ok=True)  # what DuckDB has beside one


def _sentence(path: Path, error: OSError) -> str:
    """What stands in the way, and what to do."""
    match error:
        case IsADirectoryError():
            why, remedy = "there is a folder or a device of that name", "Choose another name."
        case FileNotFoundError() | NotADirectoryError() if (file := _file_above(path)) is not None:
            why, remedy = f"{file} is a file, and not a folder", "Choose another folder."
        case FileNotFoundError() | NotADirectoryError():
            why, remedy = f"there is no folder {path.parent}", "Create the folder first, or choose another."
        case PermissionError():
            why = "that is not permitted"
            remedy = "Close the file if a program such as Excel has it open, or choose a place that you may write to."
        case _ if error.errno in (errno.ENOSPC, errno.EDQUOT):
            why, remedy = "the disk is full", "Make room, or choose another place."
        case _:
            why, remedy = error.strerror or str(error), "Choose another place."
    return f"{path} could not be written: {why}. {remedy} What stood there is unchanged."


def _file_above(path: Path) -> Path | None:
    """What stands in the place of a folder in which the file would be."""
    return next((above for above in path.parents if above.exists() and not above.is_dir()), None)
