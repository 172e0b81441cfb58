"""CSV for spreadsheets: no text splits a row, and none is run as a formula."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd

from psauth.export.cells import Cell, columns

SIGNS: Final = "=＝﹦⁼₌+＋﹢⁺₊﬩\\-－﹣@＠﹫"
"""What a spreadsheet takes for the beginning of a formula (OWASP, CSV injection), in all its widths."""
DROPPED: Final = r"\x0b-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028\u2029\u202f\u205f\u2060\u3000\ufeff'\"‘’“”`´"
"""What spreadsheets and people's imports drop in front of one: spaces, quotes, what cannot be seen."""
AT_START: Final = re.compile(rf"[\t\n{DROPPED}]*+[{SIGNS}]|[\t\n]")
IN_NEW_CELL: Final = re.compile(rf"(?<=[;\t\n])( *+)(?=[{DROPPED}]*+[{SIGNS}])")
"""The same behind what is a separator to a spreadsheet of another country; to that one a line break ends the row."""
ONE_WORD: Final = re.compile(r"[A-Za-z0-9_-]+")
HELP: Final = (
    "For spreadsheets: an apostrophe stands before texts that would run as a formula (those that begin with = + - @), "
    "and times are in the zone that their column's head names. Excel guesses numbers and dates in a CSV file; "
    "XLSX keeps every text as it is, Parquet every type."
)


def to_csv(frame: pd.DataFrame, zone: ZoneInfo, *, moments: Collection[str] = ()) -> bytes:
    """The frame as UTF-8 CSV with a byte order mark, which makes Excel read its letters; times in this zone.

    A text that would run as a formula has an apostrophe before it, as have heads; columns of numbers stay numbers.
    `moments`: columns of times whose heads name the zone though there should be mere days in this frame.
    """
    table = columns(frame, zone, moments=moments)
    return (lines([[column.head] for column in table]) + lines([column.cells for column in table])).encode("utf-8-sig")


def lines(table: Iterable[Sequence[Cell]], *, ids: Collection[int] = ()) -> str:
    """The rows of a table, given by its columns. A text that would run as a formula has an apostrophe before it.

    `ids`: the places of columns of ids. An id may begin with a minus, and is harmless where it is one word: it stands there
    as it is, so that programs find it again.
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    texts = ([(_id if place in ids else _text)(cell) for cell in column] for place, column in enumerate(table))
    # A row of one empty cell would be an empty line, which readers skip: csv writes it as "".
    writer.writerows(zip(*texts, strict=True))
    return buffer.getvalue()


def _text(cell: Cell) -> str:
    """A cell as CSV has it."""
    if cell is None:
        return ""
    if isinstance(cell, str):
        return _escaped(cell)
    if isinstance(cell, datetime):
        # Without zone and fraction, because spreadsheets take anything longer for a text.
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, timedelta):
        return _escaped(_duration(cell))
    if isinstance(cell, float):
        return repr(cell) if math.isfinite(cell) else _escaped(str(cell))
    return str(cell)


def _id(cell: Cell) -> str:
    return cell if isinstance(cell, str) and ONE_WORD.fullmatch(cell) else _text(cell)


def _duration(length: timedelta) -> str:
    """Hours, minutes and seconds, hours beyond a day too."""
    seconds = round(abs(length).total_seconds())
    sign = "-" if length < timedelta() else ""
    return f"{sign}{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _escaped(text: str) -> str:
    """The text, with an apostrophe wherever a spreadsheet would see the beginning of a formula."""
    harmless = text
    if ";" in text or "\t" in text or "\n" in text:
        harmless = IN_NEW_CELL.sub(r"\1'", text)
    return f"'{harmless}" if AT_START.match(text) else harmless
