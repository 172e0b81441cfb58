"""What stands in the files that people take along from the app, and what they are called."""

from __future__ import annotations

import io
import re
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import openpyxl
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from psauth.dashboard.parts import downloads

BERLIN = ZoneInfo("Europe/Berlin")
ITEMS = [
    ["ERP", "Mail"],
    None,
    [{"name": "plan.pdf", "url": "https://files.example/plan.pdf"}],
    [{"Item": "Screw", "#": 3}],
]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "run_id": pd.Series(["-abc", "b", "c", "d"], dtype="str"),
            "name": pd.Series(["Grüße", None, "two\rlines", "=1+1"], dtype="str"),
            "workflow_id": pd.Series(["w"] * 4, dtype="str"),
            "status": pd.Categorical(["Active", None, "Active", "Completed"]),
            "created_date": pd.to_datetime(["2026-11-01T10:00Z"] * 4),
            "items": pd.Series(ITEMS, dtype="object"),
            "workflow_name": pd.Series(["Purchase Request"] * 4, dtype="str"),
        }
    )


def test_csv_writes_a_column_of_days_as_days(frame: pd.DataFrame) -> None:
    days = frame.assign(day=pd.to_datetime(["2026-11-01", None, "2026-12-24", None], utc=True))
    read = pd.read_csv(io.BytesIO(downloads._csv(days, BERLIN)))
    assert read["day"].fillna("").tolist() == ["2026-11-01", "", "2026-12-24", ""]


def test_csv_opens_in_a_spreadsheet_with_its_letters_and_lists(frame: pd.DataFrame) -> None:
    data = downloads._csv(frame, BERLIN)
    assert data.startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(io.BytesIO(data))
    assert read["name"].iloc[0] == "Grüße"
    assert read["created_date (Europe/Berlin)"].iloc[0] == "2026-11-01 11:00:00"
    assert read["items"].tolist()[0] == "ERP; Mail"
    assert pd.isna(read["items"].iloc[1])
    assert read["items"].iloc[3] == '{"Item": "Screw", "#": 3}'


def test_csv_runs_no_formula_and_splits_no_row(frame: pd.DataFrame) -> None:
    read = pd.read_csv(io.BytesIO(downloads._csv(frame, BERLIN)))
    assert read["run_id"].tolist() == ["'-abc", "b", "c", "d"]
    assert read["name"].tolist()[2:] == ["two\nlines", "'=1+1"]


def test_the_files_for_people_have_names_before_ids(frame: pd.DataFrame) -> None:
    heads = ["name", "workflow_name", "status", "created_date (Europe/Berlin)", "items", "run_id", "workflow_id"]
    assert list(pd.read_csv(io.BytesIO(downloads._csv(frame, BERLIN))).columns) == heads
    assert list(pd.read_excel(io.BytesIO(downloads._xlsx(frame, "runs", BERLIN))).columns) == heads


def test_a_workbook_holds_the_texts_as_they_are_and_times_in_the_zone_of_the_reader(frame: pd.DataFrame) -> None:
    book = openpyxl.load_workbook(io.BytesIO(downloads._xlsx(frame, "Purchase Request", BERLIN)))
    assert book.sheetnames == ["Purchase Request"]
    row = [cell.value for cell in book.active[2]]
    assert row == ["Grüße", "Purchase Request", "Active", datetime(2026, 11, 1, 11), "ERP; Mail", "-abc", "w"]


def test_parquet_keeps_types_texts_and_lists(frame: pd.DataFrame) -> None:
    read = pd.read_parquet(io.BytesIO(downloads.to_parquet(frame)))
    assert list(read.columns) == list(frame.columns)
    assert read["created_date"].dtype == frame["created_date"].dtype
    assert read["status"].astype("str").tolist() == frame["status"].astype("str").tolist()
    assert list(read["items"].iloc[0]) == ["ERP", "Mail"]
    assert read["items"].iloc[1] is None
    assert read["name"].tolist()[2:] == ["two\rlines", "=1+1"]
    assert read["run_id"].tolist() == ["-abc", "b", "c", "d"]


def test_files_leave_the_frame_as_it_was(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    downloads._csv(frame, BERLIN)
    downloads._xlsx(frame, "runs", BERLIN)
    downloads.to_parquet(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame["items"].tolist() == ITEMS


@pytest.mark.parametrize(
    ("columns", "subject"),
    [
        ({"workflow_name": ["Purchase Request", "Purchase Request"]}, "Purchase Request"),
        ({"workflow_name": ["A", "B"]}, ""),
        ({"workflow_name": ["A", None]}, ""),
        ({"workflow_name": [None, None]}, ""),
        ({"workflow_name": ["A", "A"], "run_name": ["PR 1", "PR 1"]}, "PR 1"),
        ({"workflow_name": ["A", "A"], "run_name": ["PR 1", "PR 2"]}, "A"),
        ({"name": ["A", "A"]}, ""),
        ({"workflow_name": []}, ""),
    ],
)
def test_what_all_rows_belong_to_is_their_subject(columns: dict[str, list[str]], subject: str) -> None:
    assert downloads.subject(pd.DataFrame(columns)) == subject


def test_the_buttons_say_what_the_files_hold_and_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: dict[str, dict[str, Any]] = {}

    def keep(label: str, make: Any, name: str, kind: str, **more: Any) -> None:
        shown[label] = {"make": make, "name": name, "kind": kind, **more}

    def page() -> None:
        import pandas as pd

        from psauth.dashboard.parts import downloads

        names = pd.Series(["Purchase: Request"] * 2, dtype="str")
        downloads.downloads(pd.DataFrame({"run_id": ["a", "b"], "workflow_name": names}), "runs", total=3)

    monkeypatch.setattr(downloads.st, "download_button", keep)
    script = AppTest.from_function(page).run()
    assert not script.exception
    assert [caption.value for caption in script.caption] == ["2 of 3 rows match; the files hold these."]
    assert list(shown) == ["XLSX", "CSV", "Parquet"]
    assert [re.sub(r"\d{4}-\d\d-\d\d", "DAY", button["name"]) for button in shown.values()] == [
        "runs-Purchase- Request-DAY.xlsx",
        "runs-Purchase- Request-DAY.csv",
        "runs-Purchase- Request-DAY.parquet",
    ]
    assert "an apostrophe stands before texts" in shown["CSV"]["help"]
    assert "exactly as it came" in shown["Parquet"]["help"]
    assert shown["XLSX"]["make"]().startswith(b"PK")
    assert shown["Parquet"]["make"]().startswith(b"PAR1")
