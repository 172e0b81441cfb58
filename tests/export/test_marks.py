"""What a frame says of its cells reaches the files: days stay days, and what could not be read stands there as its text."""

from __future__ import annotations

import csv as reader
import datetime as dt
import io
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest

import psauth
from psauth.export import csv
from psauth.reading.endpoints import RUNS
from psauth.reading.frames import frame

LOS_ANGELES = ZoneInfo("America/Los_Angeles")


@pytest.fixture
def vendors() -> pd.DataFrame:
    """Records with a day, a moment at midnight, a moment, and texts that are no values."""
    frame = pd.DataFrame(
        {
            "record_id": [f"record-{number}" for number in range(1, 5)],
            "Name": ["a", "b", "c", "d"],
            "Rating": [5.0, None, None, None],
            "Since": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T00:00Z", "2026-01-01T10:30Z", None]),
        }
    )
    frame.attrs["field_ids"] = {"Name": "f-name", "Rating": "f-rating", "Since": "f-since"}
    frame.attrs["days"] = {"Since": ["record-2", "record-3"]}
    frame.attrs["unreadable"] = {
        "Rating": {"record-2": "1.250,00", "record-4": "=1+1"},
        "Since": {"record-4": "24 December"},
    }
    return frame


def rows(frame: pd.DataFrame) -> list[list[str]]:
    data = csv.to_csv(frame, LOS_ANGELES).decode("utf-8-sig")
    return list(reader.reader(io.StringIO(data, newline="")))


def test_a_csv_file_has_days_as_days_and_unreadable_cells_as_their_texts(vendors: pd.DataFrame) -> None:
    assert rows(vendors) == [
        ["record_id", "Name", "Rating", "Since (America/Los_Angeles)"],
        ["record-1", "a", "5.0", "2026-01-01"],
        ["record-2", "b", "1.250,00", "2025-12-31 16:00:00"],
        ["record-3", "c", "", "2026-01-01 02:30:00"],
        ["record-4", "d", "'=1+1", "24 December"],
    ]


def test_they_are_known_too_where_the_key_became_the_index(vendors: pd.DataFrame) -> None:
    assert rows(vendors.set_index("record_id")) == rows(vendors)


def test_a_workbook_has_them_too_whatever_the_order_of_the_rows(vendors: pd.DataFrame) -> None:
    stream = io.BytesIO()
    psauth.to_excel(vendors.iloc[::-1][["Since", "Rating", "record_id"]], stream, zone="America/Los_Angeles")
    assert list(openpyxl.load_workbook(stream).active.iter_rows(min_row=2, values_only=True)) == [
        ("24 December", "=1+1", "record-4"),
        (dt.datetime(2026, 1, 1, 2, 30), None, "record-3"),
        (dt.datetime(2025, 12, 31, 16), "1.250,00", "record-2"),
        (dt.datetime(2026, 1, 1), 5, "record-1"),
    ]


def test_a_cell_that_somebody_has_filled_in_is_what_they_wrote(vendors: pd.DataFrame) -> None:
    vendors.loc[1, "Rating"] = 1250.0
    assert rows(vendors)[2][2] == "1250.0"


def test_tidy_form_values_say_it_row_by_row() -> None:
    tidy = pd.DataFrame(
        {
            "date": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T00:00Z", None]),
            "date_only": pd.array([True, False, None], dtype="boolean"),
        }
    )
    assert [row[0] for row in rows(tidy)] == ["date (America/Los_Angeles)", "2026-01-01", "2025-12-31 16:00:00", ""]


def test_a_timestamp_of_the_service_at_midnight_is_a_moment() -> None:
    runs = frame([{"id": "r", "audit": {"createdDate": "2026-01-01T00:00:00.000Z"}}], RUNS)
    assert rows(runs[["created_date"]]) == [["created_date (America/Los_Angeles)"], ["2025-12-31 16:00:00"]]


def test_without_the_ids_of_the_rows_midnight_is_a_day(vendors: pd.DataFrame) -> None:
    assert [row[0] for row in rows(vendors[["Since"]])][1:] == ["2026-01-01", "2026-01-01", "2026-01-01 02:30:00", ""]
