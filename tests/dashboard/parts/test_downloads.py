"""What stands in the files that people take along."""

from __future__ import annotations

import io

import pandas as pd
import pytest

from psauth.dashboard.parts import downloads

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
            "run_id": pd.Series(list("abcd"), dtype="str"),
            "name": pd.Series(["Grüße", None, "x", "y"], dtype="str"),
            "status": pd.Categorical(["Active", None, "Active", "Completed"]),
            "created_date": pd.to_datetime(["2026-11-01T10:00Z"] * 4),
            "items": pd.Series(ITEMS, dtype="object"),
        }
    )


def test_csv_writes_a_column_of_days_as_days(frame: pd.DataFrame) -> None:
    days = frame.assign(created_date=pd.to_datetime(["2026-11-01", None, "2026-12-24", None], utc=True))
    read = pd.read_csv(io.BytesIO(downloads._csv(days)))
    assert read["created_date"].fillna("").tolist() == ["2026-11-01", "", "2026-12-24", ""]


def test_csv_opens_in_a_spreadsheet_with_its_letters_and_lists(frame: pd.DataFrame) -> None:
    data = downloads._csv(frame)
    assert data.startswith(b"\xef\xbb\xbf")
    read = pd.read_csv(io.BytesIO(data))
    assert read["name"].iloc[0] == "Grüße"
    assert read["created_date"].iloc[0] == "2026-11-01 10:00:00"
    assert read["items"].tolist()[0] == "ERP; Mail"
    assert pd.isna(read["items"].iloc[1])
    assert read["items"].iloc[3] == '{"Item": "Screw", "#": 3}'


def test_parquet_keeps_types_and_lists(frame: pd.DataFrame) -> None:
    read = pd.read_parquet(io.BytesIO(downloads._parquet(frame)))
    assert read["created_date"].dtype == frame["created_date"].dtype
    assert read["status"].astype("str").tolist() == frame["status"].astype("str").tolist()
    assert list(read["items"].iloc[0]) == ["ERP", "Mail"]
    assert read["items"].iloc[1] is None


def test_files_leave_the_frame_as_it_was(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    downloads._csv(frame)
    downloads._parquet(frame)
    pd.testing.assert_frame_equal(frame, before)
    assert frame["items"].tolist() == ITEMS
