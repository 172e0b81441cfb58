"""Columns: how the values of a table look. Times in the reader's zone, statuses as coloured words, links that open."""

from __future__ import annotations

from typing import Any, Final

import pandas as pd
import streamlit as st

from psauth.reading.frames import holds_lists

MOMENT: Final = 145
"""Pixels in which a moment stands whole: a column is as wide as its first values, and those may be empty."""
WORDS: Final = {"NotCompleted": "Not completed"}
"""Statuses whose own word reads badly."""
COLOURS: Final = {
    "Active": "#2f5fd0",
    "Completed": "#2e7d4f",
    "Archived": "#6b7280",
    "NotCompleted": "#2f5fd0",
    "Person": "#6b7280",
    "Robot": "#b45309",
    "Group": "#0f766e",
}
"""Readable with white words, on light and on dark; the word says the same as the colour."""


def text(label: str, **looks: Any) -> Any:
    """A text."""
    return st.column_config.TextColumn(label, **looks)


def time(label: str) -> Any:
    """A timestamp in the reader's own time zone; the downloads hold the exact UTC."""
    zone = st.context.timezone
    return st.column_config.DatetimeColumn(
        label,
        width=MOMENT,
        format="YYYY-MM-DD HH:mm",
        timezone=zone,
        help=f"Time zone: {zone or 'UTC'}. The downloads hold UTC.",
    )


def day(label: str) -> Any:
    """A calendar day, which stands as midnight UTC and is the same day in every zone."""
    return st.column_config.DatetimeColumn(label, format="YYYY-MM-DD", timezone="UTC")


def status(label: str) -> Any:
    """A status: a word in its colour."""
    return st.column_config.MultiselectColumn(
        label, options=list(COLOURS), color=list(COLOURS.values()), format_func=lambda word: WORDS.get(word, word)
    )


def flag(label: str) -> Any:
    """Yes or no."""
    return st.column_config.CheckboxColumn(label)


def by_kind(values: pd.Series, label: str) -> Any:
    """A column whose kind the data decide: a moment, a day where all are midnights, a number, a list, or a text."""
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return day(label) if (values.dropna().dt.normalize() == values.dropna()).all() else time(label)
    if pd.api.types.is_numeric_dtype(values.dtype):
        return st.column_config.NumberColumn(label)
    if holds_lists(values):
        return st.column_config.ListColumn(label)
    return text(label)


def link() -> Any:
    """The thing itself, in Process Street."""
    return st.column_config.LinkColumn("In Process Street", display_text="Open")
