"""Tables: what every table page has around its table. Facts, search, times in the reader's zone, downloads."""

from __future__ import annotations

import io
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import pandas as pd
import streamlit as st

from psauth.dashboard.loaders import Loaded

SHOWN_WHOLE: Final = 30
"""Up to this many rows a table is as high as its rows; a longer one scrolls inside."""


def facts(loaded: Loaded, noun: str) -> bool:
    """One line: how many, how old, what it cost; whether Reload was pressed."""
    count, cost = len(loaded.frame), loaded.requests
    line = f"{count:,} {_plural(noun, count)} · read {_age(loaded.read_at)} · {cost} {_plural('request', cost)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(line)
        return st.button("Reload", type="tertiary", icon=":material/refresh:")


def search(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The rows in which the reader's words stand, in any of the columns and any case."""
    words = st.text_input("Search", placeholder="Search", label_visibility="collapsed", icon=":material/search:")
    found = pd.Series(True, index=frame.index)
    for word in words.split():
        hits = [frame[c].str.contains(word, case=False, regex=False, na=False) for c in columns]
        found &= pd.concat(hits, axis="columns").any(axis="columns")
    return frame[found]


def time_column(label: str) -> Any:
    """A timestamp in the reader's own time zone; the downloads hold the exact UTC."""
    zone = st.context.timezone
    return st.column_config.DatetimeColumn(
        label, format="YYYY-MM-DD HH:mm", timezone=zone, help=f"Time zone: {zone or 'UTC'}. The downloads hold UTC."
    )


def downloads(frame: pd.DataFrame, name: str) -> None:
    """The rows as shown, every column of them, as CSV and as Parquet."""
    with st.container(horizontal=True):
        st.download_button("CSV", _csv(frame), f"{name}.csv", "text/csv", icon=":material/download:", on_click="ignore")
        st.download_button(
            "Parquet",
            _parquet(frame),
            f"{name}.parquet",
            "application/vnd.apache.parquet",
            icon=":material/download:",
            on_click="ignore",
        )


def _csv(frame: pd.DataFrame) -> bytes:
    # The mark at the start makes Excel read UTF-8; pandas drops it again with encoding="utf-8-sig".
    return frame.to_csv(index=False).encode("utf-8-sig")


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _age(moment: datetime) -> str:
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    minutes = int(seconds // 60)
    return f"{minutes} {_plural('minute', minutes)} ago"


def _plural(noun: str, count: int) -> str:
    return noun if count == 1 else noun + "s"
