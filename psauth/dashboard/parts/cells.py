"""Cells: columns that people have filled in, as they stand on the screen. Days as days, and what could not be read as its text."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from psauth.dashboard.parts.columns import ONLY_SHOWN, Column, by_kind, day, moment, text
from psauth.reading.days import Days
from psauth.reading.unreadable import Unreadable


def shown(frame: pd.DataFrame, names: Sequence[str], row: str) -> tuple[dict[str, Column], pd.DataFrame]:
    """How these columns of a frame look, and the frame with what is shown; `row` is the column that names a row.

    A column in which days and moments stand together, or in which a cell could not be read, is shown as texts. These
    stand in a column beside it, so that files keep the values.
    """
    looks: dict[str, Column] = {}
    days, unreadable = Days.of(frame), Unreadable.of(frame)
    rows = frame[row].astype("str").tolist()
    for name in names:
        values = frame[name]
        is_date = isinstance(values.dtype, pd.DatetimeTZDtype)
        is_day = pd.Series(days.flags(name, rows) if is_date else False, index=frame.index, dtype="bool")
        lost = {number: unreadable[r, name] for number, r in enumerate(rows) if (r, name) in unreadable}
        dates = is_day[values.notna()] if is_date else is_day
        if not lost and (not is_date or dates.all() or not dates.any()):
            look = day(name) if is_date and dates.any() else moment(name) if is_date else by_kind(values, name)
            looks[name] = look
            continue
        words = dates_in_words(values, is_day) if is_date else by_kind(values, name).texts(values)
        texts = [lost.get(number, word) for number, word in enumerate(words)]
        frame = frame.assign(**{f"{ONLY_SHOWN}{name}": pd.Series(texts, index=frame.index, dtype="str")})
        looks[f"{ONLY_SHOWN}{name}"] = text(name)
    return looks, frame


def dates_in_words(dates: pd.Series, is_day: pd.Series) -> pd.Series:
    """Dates as they stand on the screen, each as a day or as a moment in the time zone of the person."""
    return day("").texts(dates).where(is_day, moment("").texts(dates))
