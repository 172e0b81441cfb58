"""Places: the files that settings are read from, in the working folder or in the project around it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from psauth.exceptions import SettingsError

SECRETS_FILE: Final = Path(".streamlit") / "secrets.toml"
PROJECT_MARKS: Final = ("app.py", "pyproject.toml", ".git")

PLACES: Final = ("home", "vault_url", "mirror", "publish")
"""The settings that are paths, or addresses with a path in them."""
SQLITE: Final = re.compile(r"sqlite(?:\+\w+)?:///", re.IGNORECASE)
"""How an address begins in which a path follows."""


def is_incomplete(name: str, place: str) -> bool:
    """Whether the value of a setting begins in the working folder, and so is another place in each."""
    _, path = _parts(name, place)
    return path not in ("", ":memory:") and path[0] != "~" and not Path(path).is_absolute()


def completed(name: str, place: str, folder: Path) -> str:
    """The same value for the place as it is in `folder`, with its whole path."""
    before, path = _parts(name, place)
    return before + str(folder / path)


def _parts(name: str, place: str) -> tuple[str, str]:
    """What stands before a path, and the path; none in an address that is not of a file."""
    if name != "vault_url":
        return (place, "") if "://" in place else ("", place)
    match = SQLITE.match(place)
    return (match[0], place[match.end() :]) if match else (place, "")


def working_folder() -> Path:
    """The working folder; SettingsError when it was deleted."""
    try:
        return Path.cwd()
    except FileNotFoundError:
        raise SettingsError(
            "The working folder was deleted. Change to another one: cd ~ in a terminal, os.chdir(os.path.expanduser('~')) in "
            "Python."
        ) from None


def find_file(name: str | Path | None) -> Path | None:
    """The file of that name in the working folder, or above it up to the project's own; not above that.

    Notebooks lie in a folder of the project, and its `.env` beside app.py; what lies higher up belongs to others.
    """
    if name is None:
        return None
    path = Path(name)
    if path.is_absolute() or os.path.exists(path):
        return path if os.path.exists(path) else None
    here = working_folder()
    above = [here, *here.parents]
    marked = (n for n, folder in enumerate(above) if any(os.path.exists(folder / mark) for mark in PROJECT_MARKS))
    candidates = (folder / path for folder in above[: next(marked, 0) + 1])
    return next((candidate for candidate in candidates if os.path.exists(candidate)), None)
