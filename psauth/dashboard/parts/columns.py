"""Columns: how the values of a table look, how wide they are, and which words of them a search finds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import pandas as pd
import streamlit as st

from psauth.dashboard.parts.text import clean, safe_link
from psauth.reading.frames import holds_lists

Kind = Literal["text", "moment", "day", "status", "number", "list", "link"]

ONLY_SHOWN: Final = "psauth:"
"""Begins the names of columns that are for the screen alone, and not for the files."""
WORDS: Final = {"NotCompleted": "Not completed"}
"""Statuses whose own word reads badly."""
COLOURS: Final = {
    "Active": "#2f5fd0",
    "Completed": "#2e7d4f",
    "Archived": "#6b7280",
    "NotCompleted": "#2f5fd0",
    "Robot": "#b45309",
    "Group": "#0f766e",
    "Overdue": "#b42318",
}
"""Readable with white words, on light and on dark; the word says the same as the colour."""
MOMENT_FORMAT: Final = ("YYYY-MM-DD HH:mm", "%Y-%m-%d %H:%M")
"""How a moment stands on the screen: for the browser, and for Python."""
DAY_FORMAT: Final = ("YYYY-MM-DD", "%Y-%m-%d")

YES_OR_NO: Final = {True: "Yes", False: "No"}
"""A box to tick would look as if it could be changed."""

LETTER: Final = 7.3
"""Pixels of a usual letter in a cell."""
PADDING: Final = 20
HEADER_ROOM: Final = 34
"""Pixels beside the words of a header: its padding, and the arrow of a sorted column."""
WIDEST: Final = 400
"""Pixels of the widest column; longer texts are cut, and stand whole when the cell is opened."""
USUAL_SHARE: Final = 0.98
"""Share of the cells that a column shows whole; single long ones may be cut."""


@dataclass(frozen=True)
class Column:
    """How one column of a table looks.

    `label` is its header, `kind` says how its values are shown, `pinned` keeps it in sight while the table scrolls.
    """

    label: str
    kind: Kind = "text"
    pinned: bool = False

    def config(self, values: pd.Series) -> Any:
        """What Streamlit needs to show these values: the widest usual one, and the header, fit."""
        header = clean(self.label)
        looks: dict[str, Any] = {"width": self.width(values), "pinned": self.pinned or None}
        if self.kind == "moment":
            return st.column_config.DatetimeColumn(header, format=MOMENT_FORMAT[0], timezone=zone(), **looks)
        if self.kind == "day":
            return st.column_config.DatetimeColumn(header, format=DAY_FORMAT[0], timezone="UTC", **looks)
        if self.kind == "status":
            return st.column_config.MultiselectColumn(
                header,
                options=list(COLOURS),
                color=list(COLOURS.values()),
                format_func=lambda word: WORDS.get(word, word),
                **looks,
            )
        if self.kind == "number":
            return st.column_config.NumberColumn(header, **looks)
        if self.kind == "list":
            return st.column_config.ListColumn(header, **looks)
        if self.kind == "link":
            return st.column_config.LinkColumn(header, display_text="Open", **looks)
        return st.column_config.TextColumn(header, **looks)

    def cells(self, values: pd.Series) -> pd.Series:
        """The values as the table draws them: chips and lists want lists of texts, and only a safe link is one."""
        if self.kind == "link":
            return values.map(safe_link).astype("object")
        if self.kind == "status":
            return pd.Series([[] if pd.isna(v) else [str(v)] for v in values], index=values.index, dtype="object")
        if self.kind == "list":
            names = [[item_name(v) for v in value] if isinstance(value, list) else None for value in values]
            return pd.Series(names, index=values.index, dtype="object")
        if pd.api.types.is_bool_dtype(values.dtype):
            words = [None if pd.isna(value) else YES_OR_NO[bool(value)] for value in values]
            return pd.Series(words, index=values.index, dtype="object")  # as a text, pandas 2 would write "nan"
        return values

    def texts(self, values: pd.Series) -> pd.Series:
        """The values as they stand on the screen; empty where nothing is shown."""
        if self.kind == "link":
            return pd.Series("", index=values.index, dtype="str")
        if self.kind in ("moment", "day"):
            local = values.dt.tz_convert("UTC" if self.kind == "day" else zone() or "UTC")
            words = local.dt.strftime(DAY_FORMAT[1] if self.kind == "day" else MOMENT_FORMAT[1])
        elif self.kind == "status":
            words = values.astype("str").replace(WORDS)
        elif self.kind == "number":
            words = values.map(number_text, na_action="ignore")
        elif self.kind == "list":
            words = values.map(lambda value: ", ".join(map(item_name, value)) if isinstance(value, list) else "")
        else:
            words = self.cells(values).astype("str")
        cells: pd.Series = words.astype("object").where(values.notna(), "").fillna("").astype("str")
        return cells

    def findable(self, values: pd.Series) -> pd.Series:
        """What a search looks at: the texts, and of numbers the other ways to write them."""
        return (
            values.map(number_spellings, na_action="ignore").astype("object").where(values.notna(), "").astype("str")
            if self.kind == "number"
            else self.texts(values)
        )

    def width(self, values: pd.Series) -> int:
        """Pixels in which the header and nearly all values stand whole."""
        if self.kind == "link":
            return _limited(_header(self.label))
        lengths = self.texts(values.drop_duplicates() if self.kind == "text" else values).str.len()
        usual = float(lengths[lengths > 0].quantile(USUAL_SHARE)) if (lengths > 0).any() else 0.0
        chip = 26 if self.kind in ("status", "list") else 0
        return _limited(max(_header(self.label), usual * LETTER + PADDING + chip))


def text(label: str, *, pinned: bool = False) -> Column:
    """A text."""
    return Column(label, pinned=pinned)


def moment(label: str) -> Column:
    """A moment, in the time zone of the person; the files hold the exact UTC."""
    return Column(label, "moment")


def day(label: str) -> Column:
    """A calendar day, which is kept as its midnight UTC and is the same day in every zone."""
    return Column(label, "day")


def status(label: str) -> Column:
    """A status: a word in its colour."""
    return Column(label, "status")


def link(label: str = "In Process Street") -> Column:
    """The thing itself, in Process Street."""
    return Column(label, "link")


def by_kind(values: pd.Series, label: str) -> Column:
    """A column whose kind the data decide: a status, a moment, a number, a list, or a text."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        return status(label)
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return moment(label)
    if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
        return Column(label, "number")
    if holds_lists(values):
        return Column(label, "list")
    return text(label)


def zone() -> str | None:
    """The time zone of the person's browser, where it says one."""
    return st.context.timezone


def says_times(columns: Iterable[Column]) -> bool:
    """Whether a table with these columns has to name its time zone."""
    return any(column.kind == "moment" for column in columns)


def number_text(number: float) -> str:
    """A number as a table shows it."""
    return f"{int(number)}" if _is_whole(number) else f"{number:.15g}"


def number_spellings(number: float) -> str:
    """A number plain and with its thousands apart, each with a decimal point and with a decimal comma."""
    plain = number_text(number)
    apart = f"{int(number):,}" if _is_whole(number) else f"{number:,.15g}"
    swapped = str.maketrans(",.", ".,")
    return " ".join(dict.fromkeys((plain, apart, plain.translate(swapped), apart.translate(swapped))))


def item_name(item: Any) -> str:
    """One of a list as a person would call it: a file by its name, a row of a table as its JSON."""
    name = item.get("name") if isinstance(item, Mapping) else item
    return name if isinstance(name, str) else json.dumps(item, ensure_ascii=False, default=str)


def _is_whole(number: float) -> bool:
    return float(number).is_integer() and abs(number) < 1e15


def _header(label: str) -> float:
    return len(label) * LETTER + HEADER_ROOM


def _limited(pixels: float) -> int:
    return round(min(pixels, WIDEST))
