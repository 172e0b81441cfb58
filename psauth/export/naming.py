"""Naming: what files and sheets may be called, so that every file system and every spreadsheet program takes the name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Final

LONGEST_FILE: Final = 150
"""Bytes of a file's name: file systems allow 255, and programs still put something before or behind it."""
LONGEST_SHEET: Final = 31
"""UTF-16 units of a sheet's name, which is Excel's limit."""
NOT_IN_FILES: Final = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
"""What Windows forbids, what cannot be seen, and what turns the direction of a name around."""
NOT_IN_SHEETS: Final = re.compile(r"[\[\]:*?/\\\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
RESERVED: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|$)", re.IGNORECASE)
"""Devices of Windows, also with an ending behind them."""


def file_name(*parts: str, day: date, suffix: str) -> str:
    """A name for a file that says what is in it, like `runs-Purchase Request-2026-11-26.csv`.

    Empty parts are left out. The name is safe on every file system; the day and the suffix are always whole.
    """
    stem = "-".join(filter(None, map(_plain, parts)))
    end = f"-{day:%Y-%m-%d}.{suffix}"
    stem = _cut(stem, LONGEST_FILE - len(end.encode()))
    stem = stem.lstrip(".-~ ") or "data"
    return f"{'_' if RESERVED.match(stem + end) else ''}{stem}{end}"


def sheet_names(wanted: Iterable[str]) -> list[str]:
    """A name that Excel accepts for each sheet, in this order, no two alike in any case."""
    taken: set[str] = set()
    return [free_sheet_name(name, taken) for name in wanted]


def free_sheet_name(wanted: str, taken: set[str]) -> str:
    """The name as Excel accepts it, with a number behind it where it is taken; it is taken from then on."""
    plain = NOT_IN_SHEETS.sub("-", wanted).strip().strip("'").strip() or "Sheet"
    if plain.casefold() == "history":  # Excel keeps this name for itself
        plain += "_"
    name, number = _cut_sheet(plain, ""), 1
    while name.casefold() in taken:
        number += 1
        name = _cut_sheet(plain, f" ({number})")
    taken.add(name.casefold())
    return name


def _plain(part: str) -> str:
    """A part of a file's name without what some file system forbids."""
    kept = NOT_IN_FILES.sub("-", unicodedata.normalize("NFC", part))
    return re.sub(r"\s+", " ", kept).strip(" .-")


def _cut(text: str, size: int) -> str:
    """The text in at most so many bytes of UTF-8."""
    if len(text.encode()) <= size:
        return text
    return text.encode()[: size - len("…".encode())].decode(errors="ignore").rstrip(" .-") + "…"


def _cut_sheet(text: str, end: str) -> str:
    """The text and this end in at most as many UTF-16 units as a sheet's name may have."""
    room = 2 * (LONGEST_SHEET - len(end))
    return text.encode("utf-16-le")[:room].decode("utf-16-le", errors="ignore").rstrip(" '") + end
