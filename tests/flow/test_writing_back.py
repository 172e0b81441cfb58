"""Reading a data set and writing it back changes nothing, whatever stands in its cells; one changed cell changes alone."""

import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from psauth import Unreadable
from tests.flow.sheet import Sheet

NUMBERS = [7, 0, -3, 497.5, 2**53, 2**60 + 1, 1e300, "7.5", " 7 ", "1e3", "1.250,00", "12 kg", "", "  ", "1_000", "NaN", "inf",
           "1e999", "٣", "0.1000000000000000055511151231257827"]  # fmt: skip
DATES = ["2026-11-20T09:14:03.120Z", "2026-11-20", "2026-11-20T09:14:03+05:30", "2026-11-20 09:14", "2500-01-01T00:00:00Z",
         "0000-01-01", "12026-01-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-W10-1", "2026-060", "1763629200", 1763629200,
         "2026-11-20T09:14:03.123456789Z", "2026-11-20T09:14:03[Europe/Vienna]", "2026-11-20 09:14 CET", "20.11.2026", "soon", "",
         "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-01:00", "2026-02-30", "now", "today", None]  # fmt: skip
TEXTS = ["Linz", "", " ", "007", "7", "7.0", "true", "a\nb", "=1+1", "\N{PILE OF POO}", "Am\N{COMBINING DIAERESIS}t",
         "1.250,00", "2026-W10-1", 7, 12.5, None]  # fmt: skip


@pytest.fixture
def sheet(box, ps):
    box.knobs.budget = 1_000_000
    return Sheet(box, ps)


@pytest.fixture
def odd(sheet):
    """The sheet with every odd cell of the lists above."""
    rows = [{"Name": f"Row {n}"} for n in range(len(DATES))]
    for column, values in {"Amount": NUMBERS, "Since": DATES, "Label": TEXTS}.items():
        for row, value in zip(rows, values, strict=False):
            row[column] = value
    sheet.plant(rows)
    return sheet


def with_texts(frame):
    """The frame as a file shows it: a cell that could not be read has its text."""
    shown = frame.astype("object")
    for (record_id, column), text in Unreadable.of(frame).items():
        shown.loc[shown["record_id"] == record_id, column] = text
    return shown


def through_csv(frame):
    return pd.read_csv(io.StringIO(frame.to_csv(index=False)))


def through_parquet(frame):
    buffer = io.BytesIO()
    frame.to_parquet(buffer)
    return pd.read_parquet(buffer)


WAYS = {
    "as it is": lambda frame: frame,
    "without attrs": lambda frame: pd.DataFrame(frame.to_dict("list")),
    "sorted": lambda frame: frame.sort_values("Label", ascending=False),
    "filtered": lambda frame: frame[frame["Amount"].isna() | (frame["Amount"] > 0)],
    "merged": lambda frame: frame.merge(frame[["record_id"]], on="record_id"),
    "some columns": lambda frame: frame[["record_id", "Name", "Since", "Amount"]],
    "as objects": lambda frame: frame.astype("object"),
    "through Parquet": through_parquet,
    "through CSV": through_csv,
    "with the texts of what could not be read": with_texts,
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", ["Name", "record_id"])
def test_what_was_read_is_written_back_without_a_request(odd, way, key):
    report = odd.write(WAYS[way](odd.read()), key=key, remove=way != "filtered")
    assert report.empty, report.to_string()
    assert odd.written == []


def test_what_could_not_be_read_is_said_by_frame_and_report(odd):
    unreadable = Unreadable.of(odd.read())
    texts = {column: {t for (_, c), t in unreadable.items() if c == column} for column in ("Amount", "Since", "Label")}
    assert texts == {
        "Amount": {"1.250,00", "12 kg", "  ", "1_000", "NaN", "inf", "1e999"},
        "Since": {"0000-01-01", "12026-01-01T00:00:00Z", "2026-11-20T24:00:00Z", "2026-W10-1", "2026-060", "1763629200",
                  "2026-11-20T09:14:03[Europe/Vienna]", "2026-11-20 09:14 CET", "20.11.2026", "soon", "0001-01-01T00:00:00+01:00",
                  "9999-12-31T23:59:59-01:00", "2026-02-30", "now", "today"},
        "Label": set(),
    }  # fmt: skip
    assert Unreadable.of(odd.write(odd.read(), dry_run=True)) == unreadable


NEW = {
    "Label": ["Graz", "1.250,00", 41],
    "Amount": [1234.25, -7, "12"],
    "Since": ["2031-05-06T07:08:09.123Z", pd.Timestamp("2031-05-06T07:08:09.123Z")],
}
STORED = {41: "41", -7: -7, "12": 12, NEW["Since"][1]: "2031-05-06T07:08:09.123Z"}
"""What the service has of a new value, where that is not the value itself."""


@pytest.mark.parametrize(("column", "new"), [(column, new) for column, values in NEW.items() for new in values])
def test_one_changed_cell_changes_alone(odd, column, new):
    before = odd.cells
    for row in range(0, len(before), 2):
        frame = odd.read().astype("object")
        frame.loc[row, column] = new
        report = odd.write(frame)
        if before[row].get(column) == STORED.get(new, new):
            assert report.empty
        else:
            assert report["outcome"].tolist() == ["done"], report.to_string()
            assert odd.cells == [*before[:row], {**before[row], column: STORED.get(new, new)}, *before[row + 1 :]]
        odd.plant(before)


@pytest.mark.parametrize("column", NEW)
def test_a_cell_that_can_be_read_is_emptied_and_one_that_cannot_is_left(odd, column):
    before, shown = odd.cells, odd.read()[column]
    report = odd.write(odd.read().astype("object").assign(**{column: None}))
    assert report["outcome"].eq("done").all()
    for cells, old, seen in zip(odd.cells, before, shown, strict=True):
        assert cells == (old if pd.isna(seen) or seen == "" else {**old, column: None})


ANY = st.one_of(
    st.none(), st.text(max_size=6), st.integers(-(2**70), 2**70), st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*NUMBERS, *DATES, *TEXTS]), st.datetimes().map(str), st.dates().map(str), st.floats().map(str),
)  # fmt: skip
ROWS = st.lists(st.fixed_dictionaries({"Name": ANY, "Label": ANY, "Amount": ANY, "Since": ANY}), min_size=1, max_size=4)


@given(ROWS, st.sampled_from(["Name", "Amount", "Since", "record_id"]), st.booleans())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_in_cells_is_written_back_without_a_request(sheet, rows, key, has_attrs):
    sheet.plant(rows)
    frame = sheet.read()
    report = sheet.write(frame if has_attrs else pd.DataFrame(frame.to_dict("list")), key=key, remove=True)
    assert report.empty, report.to_string()
    assert sheet.written == []


@given(ROWS, st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_stands_beside_it_a_changed_cell_changes_alone(sheet, rows, data):
    sheet.plant(rows)
    row, column = data.draw(st.integers(0, len(rows) - 1)), data.draw(st.sampled_from(list(NEW)))
    new = {"Label": "\N{SNOWMAN}", "Amount": 1234.25, "Since": pd.Timestamp("2031-05-06T07:08:09.123Z")}[column]
    frame = sheet.read()
    frame.loc[row, column] = new
    before = sheet.cells
    report = sheet.write(frame, key="record_id")
    assert report["outcome"].tolist() == ["done"], report.to_string()
    assert sheet.written == ["PUT"]
    assert sheet.cells == [*before[:row], {**before[row], column: STORED.get(new, new)}, *before[row + 1 :]]
