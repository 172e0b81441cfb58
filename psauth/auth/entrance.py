"""Entrance: the address that lets the person who started the app into it, and the file in which they find it again."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from psauth.secret import Secret
from psauth.vault.files import make_folder

PARAMETER: Final = "token"
"""The name of the query parameter that holds the start token."""
PREFIX: Final = "app-"
SUFFIX: Final = ".entrance"


def entrance_of(base_url: str, token: str) -> Secret:
    """The address of an app with its start token: `http://localhost:8501/?token=…`."""
    return Secret(f"{base_url}/?{PARAMETER}={token}")


def keep_entrance(home: Path, port: int, entrance: str) -> None:
    """Write an entrance where only the same user reads it (mode 0600), in the place of an older one. Raises OSError."""
    make_folder(home)
    # A new file under a name that nobody can know, put into place whole: an older one may be a link to anywhere.
    new = home / f"{PREFIX}{secrets.token_hex(8)}.new"
    try:
        with open(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(entrance)
        new.replace(_file(home, port))
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def forget_entrance(home: Path, port: int, entrance: str) -> None:
    """Delete an entrance; one that a later start has written stays."""
    if find_entrances(home).get(port) == entrance:
        _file(home, port).unlink(missing_ok=True)


def find_entrances(home: Path) -> dict[int, Secret]:
    """The entrance of each app of this home by its port; one that was killed has left its own behind."""
    entrances = {}
    for file in sorted(home.glob(f"{PREFIX}*{SUFFIX}")):
        port = file.name.removeprefix(PREFIX).removesuffix(SUFFIX)
        try:
            entrance = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        if port.isascii() and port.isdigit() and entrance.startswith("http"):
            entrances[int(port)] = Secret(entrance)
    return entrances


def _file(home: Path, port: int) -> Path:
    return home / f"{PREFIX}{port}{SUFFIX}"
