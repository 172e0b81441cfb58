"""What people have filled in, as it stands on the screen."""

from __future__ import annotations

import pandas as pd
import pytest

from psauth.dashboard.parts import cells, columns
from psauth.reading.days import Days
from psauth.reading.unreadable import Unreadable


@pytest.fixture(autouse=True)
def _los_angeles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(columns, "zone", lambda: "America/Los_Angeles")


@pytest.fixture
def frame() -> pd.DataFrame:
    midnight, noon = "2027-01-01T00:00Z", "2027-01-01T12:00Z"
    return pd.DataFrame(
        {
            "record_id": ["a", "b", "c"],
            "day": pd.to_datetime([midnight, None, midnight], utc=True),
            "moment": pd.to_datetime([midnight, noon, None], utc=True),
            "both": pd.to_datetime([midnight, midnight, None], utc=True),
            "price": [12.5, None, None],
        }
    )


def test_a_day_is_a_day_by_itself_and_a_midnight_is_none(frame: pd.DataFrame) -> None:
    Days({"day": frozenset(), "both": frozenset({"b"})}).mark(frame)
    looks, every = cells.shown(frame, ["day", "moment", "both"], "record_id")
    assert {name: look.kind for name, look in looks.items()} == {
        "day": "day",
        "moment": "moment",
        "psauth:both": "text",
    }
    assert every["psauth:both"].tolist() == ["2027-01-01", "2026-12-31 16:00", ""]
    assert looks["day"].texts(every["day"]).tolist() == ["2027-01-01", "", "2027-01-01"]
    assert looks["moment"].texts(every["moment"]).tolist() == ["2026-12-31 16:00", "2027-01-01 04:00", ""]


def test_a_cell_that_could_not_be_read_is_shown_as_its_text_and_the_file_keeps_the_column(frame: pd.DataFrame) -> None:
    Unreadable({("b", "price"): "1.250,00", ("c", "day"): "2026-13-45"}).mark(frame)
    looks, every = cells.shown(frame, ["price", "day"], "record_id")
    assert every["psauth:price"].tolist() == ["12.5", "1.250,00", ""]
    assert every["psauth:day"].tolist()[2] == "2026-13-45"
    assert [look.label for look in looks.values()] == ["price", "day"]
    assert every["price"].equals(frame["price"])


def test_an_empty_frame_has_columns_too(frame: pd.DataFrame) -> None:
    looks, every = cells.shown(frame.iloc[:0], ["day", "price"], "record_id")
    assert set(looks) == {"day", "price"}
    assert every.empty
