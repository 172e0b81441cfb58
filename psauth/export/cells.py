"""Cells: the values of a frame as a spreadsheet can hold them. Both kinds of file, Excel and CSV, are written from these."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from psauth.exceptions import ArgumentError
from psauth.export import marks

Cell: TypeAlias = "bool | int | float | str | date | datetime | time | timedelta | None"
"""A datetime here has no zone of its own: it is wall-clock time. None is an empty cell."""

UNWRITABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""Characters that XML forbids, halves of an emoji included; most readers of CSV stumble over them too."""
LINE_BREAK: Final = re.compile(r"\r\n?")
BETWEEN: Final = "; "
"""Stands between the items of a list."""


class Column(NamedTuple):
    """One column of a file: its head, which names the zone of its times, and a cell for each row."""

    head: str
    cells: list[Cell]


def columns(frame: pd.DataFrame, zone: ZoneInfo, *, moments: Collection[str] = ()) -> list[Column]:
    """The columns of a frame, times in this zone. The heads of `moments` name it though there should be mere days here.

    An index that has a name or holds labels stands in front; one of mere row numbers is left out. Texts have one kind of
    line break, and what a file cannot hold stands in them as its escape, like `\\x1b`. Lists are joined, what is nested is JSON.
    A date that is a calendar day is that day in every zone. What could not be read as a value stands there as its text.
    """
    source = frame
    if frame.columns.nlevels > 1:
        frame = frame.set_axis([_joined(labels) for labels in frame.columns], axis="columns")
    if _says_something(frame.index):
        frame = frame.reset_index(allow_duplicates=True)
    return [_column(frame.iloc[:, place], source, zone, moments) for place in range(frame.shape[1])]


def clean(text: str) -> str:
    """The text with one kind of line break, and with what a file cannot hold as its escape."""
    if "\r" in text:
        text = LINE_BREAK.sub("\n", text)
    if UNWRITABLE.search(text):
        text = UNWRITABLE.sub(lambda match: match[0].encode("unicode_escape").decode(), text)
    return text


def check_frame(frame: object, call: str) -> pd.DataFrame:
    """The frame; ArgumentError with a call that works for anything else."""
    if isinstance(frame, pd.DataFrame):
        return frame
    hint = f" Make one of it: {call.replace('frame', 'series.to_frame()', 1)}" if isinstance(frame, pd.Series) else ""
    raise ArgumentError(f"A {type(frame).__name__} is not a DataFrame. Expected one, as in {call}.{hint}")


def _column(series: pd.Series, frame: pd.DataFrame, zone: ZoneInfo, moments: Collection[str]) -> Column:
    column = _read(series, frame, zone, moments)
    for place, text in marks.unreadable(series.name, frame).items():
        if column.cells[place] is None:
            column.cells[place] = clean(text)
    return column


def _read(series: pd.Series, frame: pd.DataFrame, zone: ZoneInfo, moments: Collection[str] = ()) -> Column:
    head = clean(str(series.name))
    if isinstance(series.dtype, pd.ArrowDtype) and series.dtype.kind == "M":
        zoned = getattr(series.dtype.pyarrow_dtype, "tz", None)
        series = series.astype(pd.DatetimeTZDtype("us", zoned) if zoned else "datetime64[us]")
    if isinstance(series.dtype, pd.CategoricalDtype):
        words = _read(pd.Series(series.cat.categories, name=series.name), pd.DataFrame(), zone)
        every = [*words.cells, None]  # the code of what is missing is -1
        return Column(words.head, [every[code] for code in series.cat.codes])
    if series.dtype.kind == "M":
        cells: list[Cell] = _times(series, frame, zone)
        zoned = isinstance(series.dtype, pd.DatetimeTZDtype)
        known = head in marks.MOMENTS or series.name in moments
        has_times = known or any(isinstance(cell, datetime) for cell in cells)
        return Column(f"{head} ({zone.key})" if zoned and has_times else head, cells)
    values = series.tolist()
    if series.dtype == "object" and any(isinstance(v, datetime) and v.tzinfo is not None for v in values):
        head = f"{head} ({zone.key})"
    return Column(head, [_cell(value, zone) for value in values])


def _times(series: pd.Series, frame: pd.DataFrame, zone: ZoneInfo) -> list[Cell]:
    """Wall-clock times, days where a value is one, and texts in the years that Python's calendar does not have."""
    if not isinstance(series.dtype, pd.DatetimeTZDtype):
        utc = wall = series
        days = series == series.dt.normalize()
    else:
        utc = series.dt.tz_convert("UTC").dt.tz_localize(None)
        in_utc = str(series.dtype.tz) == "UTC"  # somebody who chose another zone has moments
        days = marks.days(utc, frame) if in_utc else pd.Series(False, index=series.index)
        # In its first and last year a calendar may end on the way to another zone.
        far = (utc.dt.year < 2) | (utc.dt.year > 9998)
        wall = series.where(~far).dt.tz_convert(zone).dt.tz_localize(None).where(~days, utc)
    outside = (wall.isna() & utc.notna()) | (wall.dt.year < 1) | (wall.dt.year > 9999)
    moments = pd.DatetimeIndex(wall.where(~outside)).to_pydatetime()
    cells: list[Cell] = [
        None if moment is pd.NaT else moment.date() if day else moment
        for moment, day in zip(moments, days, strict=True)
    ]
    if outside.any():
        end = "" if utc is series else " UTC"
        texts = utc.to_numpy().astype("datetime64[s]").astype(str)
        cells = [f"{t.replace('T', ' ')}{end}" if o else c for c, o, t in zip(cells, outside, texts, strict=True)]
    return cells


def _cell(value: Any, zone: ZoneInfo) -> Cell:
    """One value of a column of any kind."""
    if isinstance(value, str):
        return clean(value)
    if value is None or value is pd.NA or value is pd.NaT:
        return None
    if isinstance(value, np.generic):
        value = value.item() if value.dtype.kind not in "mM" else pd.Series([value]).iloc[0]
        return _cell(value, zone)
    if isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return None if math.isnan(value) else value
    if isinstance(value, datetime):
        wall = value if value.tzinfo is None else value.astimezone(zone).replace(tzinfo=None)
        return wall.to_pydatetime(warn=False) if isinstance(wall, pd.Timestamp) else wall
    if isinstance(value, pd.Timedelta):
        return value.to_pytimedelta()
    if isinstance(value, date | time | timedelta):
        return value
    return _other(value)


def _other(value: Any) -> Cell:
    """A value that no spreadsheet has a kind for, as a text; a decimal number as a number where none of its digits is lost."""
    if isinstance(value, Decimal):
        if value.is_nan():
            return None
        exact = value.is_finite() and len(value.as_tuple().digits) <= 15
        return float(value) if exact else str(value)
    if isinstance(value, Mapping):
        return clean(_json(value))
    if isinstance(value, list | tuple | np.ndarray):
        return clean(BETWEEN.join(map(_item, value))) if len(value) else None
    if isinstance(value, set | frozenset):
        return clean(BETWEEN.join(sorted(map(_item, value)))) or None
    if isinstance(value, bytes | bytearray):
        return clean(bytes(value).decode("utf-8", "backslashreplace"))
    return clean(str(value))


def _item(value: Any) -> str:
    """One of a list: a text as it is, anything else as its JSON."""
    return value if isinstance(value, str) else _json(value)


def _json(value: Any) -> str:
    # Numbers and arrays of numpy know their plain values; a date is its ISO text.
    return json.dumps(value, ensure_ascii=False, default=lambda v: v.tolist() if hasattr(v, "tolist") else str(v))


def _says_something(index: pd.Index) -> bool:
    """Whether an index is more than the numbers of the rows."""
    return any(name is not None for name in index.names) or not pd.api.types.is_integer_dtype(index.dtype)


def _joined(labels: Any) -> str:
    """The labels of a column of several levels as one head."""
    return " / ".join(str(label) for label in labels if label != "")
