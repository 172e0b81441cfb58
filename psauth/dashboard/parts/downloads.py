"""Downloads: the rows of a table as files to take along, made when they are asked for."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Final
from zoneinfo import ZoneInfo

import pandas as pd
import streamlit as st

from psauth.dashboard.parts.text import plain
from psauth.export import csv
from psauth.export.excel import write_workbook
from psauth.export.naming import file_name
from psauth.export.order import names_first
from psauth.export.parquet import to_parquet
from psauth.export.zones import reader_zone

SUBJECTS: Final = ("run_name", "workflow_name")
"""Columns that say what all rows of a table belong to, when each holds the same there."""
XLSX_TYPE: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSX_HELP: Final = (
    "For Excel and other spreadsheets: texts stay as they are, days stay days, and a text longer than a cell can hold is "
    "cut with a mark."
)
PARQUET_HELP: Final = "For pandas and other programs: every type and every text exactly as it came. Times are in UTC."


def downloads(frame: pd.DataFrame, noun: str, *, total: int) -> None:
    """Buttons for the rows as shown, every column of them, as XLSX, CSV and Parquet; `total` is how many rows there are."""
    if len(frame) < total:
        st.caption(f"{len(frame):,} of {total:,} rows match; the files hold these.")
    zone = reader_zone(st.context.timezone)
    about = subject(frame)
    today = datetime.now(zone).date()
    kinds: dict[str, tuple[Callable[[], bytes], str, str]] = {
        "XLSX": (
            partial(_xlsx, frame, about or noun, zone),
            XLSX_TYPE,
            f"{XLSX_HELP} Times are in the zone {plain(zone.key)}.",
        ),
        "CSV": (partial(_csv, frame, zone), "text/csv", csv.HELP),
        "Parquet": (partial(to_parquet, frame), "application/vnd.apache.parquet", PARQUET_HELP),
    }
    with st.container(horizontal=True):
        for label, (make, kind, words) in kinds.items():
            name = file_name(noun, about, day=today, suffix=label.lower())
            st.download_button(label, make, name, kind, icon=":material/download:", on_click="ignore", help=words)


def subject(frame: pd.DataFrame) -> str:
    """The run or workflow that all rows belong to; empty where there are several or none is named."""
    for column in SUBJECTS:
        if column in frame.columns:
            names = frame[column].unique()
            if len(names) == 1 and isinstance(names[0], str):
                return names[0]
    return ""


def _xlsx(frame: pd.DataFrame, sheet: str, zone: ZoneInfo) -> bytes:
    buffer = io.BytesIO()
    write_workbook([(sheet, names_first(frame))], buffer, zone)
    return buffer.getvalue()


def _csv(frame: pd.DataFrame, zone: ZoneInfo) -> bytes:
    return csv.to_csv(names_first(frame), zone)
