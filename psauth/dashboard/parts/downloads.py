"""Downloads: the rows of a table as files to take along."""

from __future__ import annotations

import io
import json
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st


def downloads(frame: pd.DataFrame, name: str, *, of: int) -> None:
    """The rows as shown, every column of them, as CSV and as Parquet; made when they are asked for."""
    if len(frame) < of:
        st.caption(f"{len(frame):,} of {of:,} rows match; the files hold these.")
    with st.container(horizontal=True):
        for label, make, kind in (
            ("CSV", _csv, "text/csv"),
            ("Parquet", _parquet, "application/vnd.apache.parquet"),
        ):
            st.download_button(
                label,
                partial(make, frame),
                f"{name}.{label.lower()}",
                kind,
                icon=":material/download:",
                on_click="ignore",
            )


def _writable(value: Any) -> Any:
    """A list as files can hold it: texts as they are, anything else as its JSON."""
    if not isinstance(value, list):
        return None
    return [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str) for v in value]


def _csv(frame: pd.DataFrame) -> bytes:
    flat = frame.copy(deep=False)
    for column in _objects(frame):
        flat[column] = [None if v is None else "; ".join(v) for v in map(_writable, frame[column])]
    for column in map(str, frame.select_dtypes("datetimetz")):
        moments = frame[column].dt.tz_convert("UTC")
        days_alone = (moments.dropna() == moments.dropna().dt.normalize()).all()
        # Without zone and fraction, because spreadsheets take anything longer for a text.
        flat[column] = moments.dt.strftime("%Y-%m-%d" if days_alone else "%Y-%m-%d %H:%M:%S")
    # The mark at the start makes Excel read UTF-8; pandas drops it again with encoding="utf-8-sig".
    return flat.to_csv(index=False).encode("utf-8-sig")


def _parquet(frame: pd.DataFrame) -> bytes:
    plain = frame.copy(deep=False)
    for column in _objects(frame):
        plain[column] = list(map(_writable, frame[column]))
    buffer = io.BytesIO()
    plain.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _objects(frame: pd.DataFrame) -> list[str]:
    return [column for column in frame.columns if frame[column].dtype == "object"]
