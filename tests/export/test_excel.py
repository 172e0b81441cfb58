"""Workbooks, read back by another library and as the XML that Excel reads."""

from __future__ import annotations

import datetime as dt
import io
import re
import warnings
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
import pytest

import psauth
from psauth.export import excel

Read = Callable[..., list[list[Any]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    """Writes a frame, and returns the cells of its only sheet, row by row."""

    def read(frame: pd.DataFrame, zone: str = "UTC") -> list[list[Any]]:
        path = tmp_path / "read.xlsx"
        assert psauth.to_excel(frame, path, zone=zone) == path
        [sheet] = openpyxl.load_workbook(path).worksheets
        return [list(row) for row in sheet.iter_rows(values_only=True)]

    return read


def xml(path: Path, part: str = "xl/worksheets/sheet1.xml") -> str:
    return zipfile.ZipFile(path).read(part).decode()


def column(*values: object, name: str = "x") -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype="object")})


TEXTS = [
    "-abc",
    "=1+1",
    "+49 170",
    "@x",
    "1e5",
    "007",
    "12345678901234567890",
    "http://x.example",
    "mailto:a@x.example",
    "internal:Sheet!A1",
    "{=SUM(A1)}",
    "TRUE",
    "1.5",
    "2026-11-26",
    "#N/A",
    " spaces ",
    "a\nb\tc",
    "<b>&amp;",
    "<r><t>x</t></r>",
    "<r></r>",
    "日本語 😀",
    "'quoted",
    "nan",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_stays_a_text(read: Read, tmp_path: Path, text: str) -> None:
    assert read(column(text)) == [["x"], [text]]
    sheet = xml(tmp_path / "read.xlsx")
    assert "<f>" not in sheet
    assert "hyperlink" not in sheet
    assert re.search(r'<c r="A2"[^>]* t="inlineStr">', sheet)


def test_a_text_like_a_formula_is_still_one_after_somebody_has_edited_its_cell(tmp_path: Path) -> None:
    psauth.to_excel(column("=1+1", "007", "plain"), tmp_path / "x.xlsx", zone="UTC")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert [bool(sheet.cell(row, 1).quotePrefix) for row in (2, 3, 4)] == [True, True, False]


def test_what_looks_like_an_escape_of_excel_is_read_by_excel_as_it_was(tmp_path: Path) -> None:
    psauth.to_excel(column("_x0041_"), tmp_path / "x.xlsx", zone="UTC")
    assert "_x005F_x0041_" in xml(tmp_path / "x.xlsx")  # Excel reads _x005F_ as an underscore


def test_what_xml_forbids_stands_there_as_its_escape(read: Read) -> None:
    cells = read(column("a\x00\x1bb", "half \ud83d", "\ufffe\uffff", "a\r\nb\rc", "\x0b"))
    assert [row[0] for row in cells[1:]] == ["a\\x00\\x1bb", "half \\ud83d", "\\ufffe\\uffff", "a\nb\nc", "\\x0b"]


@pytest.mark.parametrize("letter", ["x", "😀"])
def test_a_text_too_long_for_a_cell_is_cut_with_a_mark_and_said(tmp_path: Path, letter: str) -> None:
    frame = column(letter * 40_000, letter * (32_767 // (len(letter.encode("utf-16-le")) // 2)))
    with pytest.warns(psauth.PsauthWarning, match="A text was cut: Excel holds at most 32,767") as warned:
        psauth.to_excel(frame, tmp_path / "x.xlsx", zone="UTC")
    assert warned[0].filename == __file__
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    cut, whole = sheet["A2"].value, sheet["A3"].value
    units = 40_000 * len(letter.encode("utf-16-le")) // 2
    assert cut.endswith(f" … (cut here: {units:,} characters are more than a cell holds)")
    assert cut.startswith(letter * 10_000)
    assert len(cut.encode("utf-16-le")) // 2 <= 32_767
    assert whole == frame["x"][1]


def test_times_are_wall_clock_times_of_the_zone_that_the_head_names(read: Read) -> None:
    frame = pd.DataFrame(
        {
            "created_date": pd.to_datetime(
                ["2026-07-01T22:30:05Z", "2026-01-31T23:00:00Z", None, "2026-12-01T00:00:00Z"]
            ),
            "Needed by": pd.to_datetime(["2026-01-01T00:00Z", None, "2026-12-24T00:00Z", None]),
        }
    )
    assert read(frame, "Europe/Berlin") == [
        ["created_date (Europe/Berlin)", "Needed by"],
        [dt.datetime(2026, 7, 2, 0, 30, 5), dt.datetime(2026, 1, 1)],
        [dt.datetime(2026, 2, 1), None],
        [None, dt.datetime(2026, 12, 24)],
        [dt.datetime(2026, 12, 1, 1), None],
    ]


def test_days_and_times_look_like_what_they_are(tmp_path: Path) -> None:
    frame = pd.DataFrame({"created_date": pd.to_datetime(["2026-01-01T10:00Z"]), "day": pd.to_datetime(["2026-01-01"])})
    psauth.to_excel(frame, tmp_path / "x.xlsx", zone="America/Los_Angeles")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert [cell.number_format for cell in sheet[2]] == ["yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"]
    assert [cell.value for cell in sheet[1]] == ["created_date (America/Los_Angeles)", "day"]


def test_a_day_beside_a_moment_is_still_that_day(read: Read) -> None:
    frame = pd.DataFrame({"Start": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T10:30Z"])})
    head, day, moment = read(frame, "America/Los_Angeles")
    assert (head, day, moment) == (
        ["Start (America/Los_Angeles)"],
        [dt.datetime(2026, 1, 1)],
        [dt.datetime(2026, 1, 1, 2, 30)],
    )


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (dt.date(1900, 1, 1), dt.datetime(1900, 1, 1)),
        (dt.date(1900, 3, 1), dt.datetime(1900, 3, 1)),
        (dt.date(9999, 12, 31), dt.datetime(9999, 12, 31)),
        (dt.date(1899, 12, 31), "1899-12-31"),
        (dt.datetime(1500, 1, 1, 12), "1500-01-01 12:00:00"),
        (dt.time(9, 5), dt.time(9, 5)),
        (dt.timedelta(hours=30), dt.timedelta(hours=30)),
        (pd.Timedelta(minutes=-5), "-1 day, 23:55:00"),
        (pd.Timestamp("2026-01-01T10:00"), dt.datetime(2026, 1, 1, 10)),
        (np.datetime64("2026-01-01T10:00"), dt.datetime(2026, 1, 1, 10)),
        (pd.Period("2026-01"), "2026-01"),
        (Decimal("1.10"), 1.1),
        (Decimal("12345678901234567.8"), "12345678901234567.8"),
        (10**15 - 1, 10**15 - 1),
        (10**15, "1000000000000000"),
        (-(10**15), "-1000000000000000"),
        (np.int64(5), 5),
        (np.float32(1.5), 1.5),
        (np.bool_(True), True),
        (float("inf"), "inf"),
        (float("-inf"), "-inf"),
        (1.7e308, "1.7e+308"),
        (["a", "b"], "a; b"),
        ([{"name": "x"}, 3], '{"name": "x"}; 3'),
        (("a",), "a"),
        (np.array(["a", "b"]), "a; b"),
        pytest.param({"b", "a"}, "a; b", id="set"),
        ({"k": np.int64(1), "ö": [None]}, '{"k": 1, "ö": [null]}'),
        (b"bytes", "bytes"),
        (3 + 4j, "(3+4j)"),
    ],
    ids=lambda value: "a set" if isinstance(value, set) else repr(value),  # whose order is another in each process
)
def test_every_value_is_a_cell(read: Read, value: object, cell: object) -> None:
    assert read(column(value)) == [["x"], [cell]]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.float64("nan"), [], "", Decimal("NaN")])
def test_what_is_missing_is_an_empty_cell(read: Read, missing: object) -> None:
    assert read(column("a", missing, "b")) == [["x"], ["a"], [None], ["b"]]


def test_every_kind_of_column(read: Read) -> None:
    frame = pd.DataFrame(
        {
            "int": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "word": pd.Categorical(["a", None]),
            "number": [np.nan, -5.5],
            "count": pd.Categorical([3, 4]),
            "when": pd.Categorical(pd.to_datetime(["2026-01-01T10:00Z", None])),
            "arrow": pd.array(["x", None], dtype="string"),
            "stamp": pd.Series(["2026-01-01T10:00:00Z", None], dtype="timestamp[ns, UTC][pyarrow]"),
            "wide": pd.Series(np.array(["9999-12-31T23:30", "0001-01-01T10:00"], "datetime64[us]")).dt.tz_localize(
                "UTC"
            ),
        }
    )
    head, first, second = read(frame, "Asia/Tokyo")
    assert head == [*frame.columns[:5], "when (Asia/Tokyo)", "arrow", "stamp (Asia/Tokyo)", "wide"]
    moment = dt.datetime(2026, 1, 1, 19)
    assert first == [1, True, "a", None, 3, moment, "x", moment, "9999-12-31 23:30:00 UTC"]
    assert second == [None, None, None, -5.5, 4, None, None, None, "0001-01-01 10:00:00 UTC"]


def test_the_last_day_of_the_calendar_is_a_day(read: Read) -> None:
    never = np.array(["9999-12-31", "0001-01-01", "2026-01-01"], "datetime64[us]")
    frame = pd.DataFrame({"until": pd.Series(never).dt.tz_localize("UTC"), "naive": pd.Series(never)})
    assert read(frame, "Asia/Tokyo")[1:] == [
        [dt.datetime(9999, 12, 31)] * 2,
        ["0001-01-01"] * 2,
        [dt.datetime(2026, 1, 1)] * 2,
    ]


def test_times_that_somebody_has_brought_into_another_zone_are_moments(read: Read) -> None:
    local = pd.to_datetime(["2026-01-01T00:00Z", "2026-01-02T00:00Z"]).tz_convert("Europe/Berlin")
    assert read(pd.DataFrame({"local": local}), "Europe/Berlin") == [
        ["local (Europe/Berlin)"],
        [dt.datetime(2026, 1, 1, 1)],
        [dt.datetime(2026, 1, 2, 1)],
    ]


def test_columns_are_as_wide_as_what_is_in_them_within_bounds(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"n": [1], "name": ["x" * 30], "text": ["word " * 100], "日本": ["日本語の長いテキスト"], "a": ["b\n" * 50]}
    )
    psauth.to_excel(frame, tmp_path / "x.xlsx", zone="UTC")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    widths = [round(sheet.column_dimensions[letter].width) for letter in "ABCDE"]
    assert widths == [9, 32, 61, 22, 9]


def test_the_head_stays_in_sight_and_can_be_filtered(tmp_path: Path) -> None:
    psauth.to_excel(pd.DataFrame({"a": [1, 2], "b": [3, 4]}), tmp_path / "x.xlsx", zone="UTC")
    sheet = openpyxl.load_workbook(tmp_path / "x.xlsx").active
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B3")
    assert all(cell.font.bold for cell in sheet[1])


def test_a_frame_without_rows_keeps_its_heads(read: Read) -> None:
    assert read(pd.DataFrame({"a": [], "created_date": pd.to_datetime([], utc=True)})) == [["a", "created_date (UTC)"]]


def test_a_frame_of_nothing_is_an_empty_sheet(tmp_path: Path) -> None:
    psauth.to_excel(pd.DataFrame(), tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames == ["Data"]


@pytest.mark.parametrize(
    ("frame", "cells"),
    [
        (pd.DataFrame({"a": [1, 2]}).iloc[[1]], [["a"], [2]]),
        (pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="run_id")), [["run_id", "a"], ["x", 1]]),
        (pd.DataFrame({"a": [1]}, index=["mean"]), [["index", "a"], ["mean", 1]]),
        (pd.DataFrame({"a": [1]}, index=pd.Index(["x"], name="a")), [["a", "a"], ["x", 1]]),
        (
            pd.DataFrame({"a": [1]}, index=pd.MultiIndex.from_tuples([("x", 2)], names=["p", None])),
            [["p", "level_1", "a"], ["x", 2, 1]],
        ),
        (pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "x"), ("b", "")])), [["a / x", "b"], [1, 2]]),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), [["a", "a"], [1, 2]]),
        (pd.DataFrame([[1]], columns=[5]), [["5"], [1]]),
        (pd.DataFrame([[1]], columns=["=1+1\r\n\x00"]), [["=1+1\n\\x00"], [1]]),
    ],
)
def test_heads_and_indexes(read: Read, frame: pd.DataFrame, cells: list[list[object]]) -> None:
    assert read(frame) == cells


def test_several_frames_are_sheets(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [1]})
    psauth.to_excel({"Runs": frame, "runs": frame, "a/b": frame, "": frame, 5: frame, "5": frame}, tmp_path / "x.xlsx")
    assert openpyxl.load_workbook(tmp_path / "x.xlsx").sheetnames == ["Runs", "runs (2)", "a-b", "Sheet", "5", "5 (2)"]


def test_rows_beyond_a_sheet_go_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excel, "ROWS", 4)
    frame = pd.DataFrame({"n": range(8)})
    psauth.to_excel({"Runs": frame, "Runs (2)": frame.head(3)}, tmp_path / "x.xlsx")
    book = openpyxl.load_workbook(tmp_path / "x.xlsx")
    cells = {sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book}
    assert cells == {
        "Runs": ["n", 0, 1, 2],
        "Runs (3)": ["n", 3, 4, 5],
        "Runs (4)": ["n", 6, 7],
        "Runs (2)": ["n", 0, 1, 2],
    }


def test_more_columns_than_a_sheet_has_are_an_error(tmp_path: Path) -> None:
    wide = pd.DataFrame([range(16_385)])
    with pytest.raises(psauth.ArgumentError, match=r"16,385 columns, and a sheet holds 16,384"):
        psauth.to_excel(wide, tmp_path / "x.xlsx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("frames", [5, None, [1], "frame", pd.Series([1]), {"a": 1}, {"a": [1]}])
def test_what_is_no_frame_is_an_error_of_ours(tmp_path: Path, frames: Any) -> None:
    with pytest.raises(psauth.ArgumentError, match="is not a DataFrame. Expected one, as in psauth.to_excel"):
        psauth.to_excel(frames, tmp_path / "x.xlsx")


def test_an_argument_that_there_is_not_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(psauth.ArgumentError, match=r"psauth.to_excel\(\) takes no 'zon'. Did you mean 'zone'"):
        psauth.to_excel(pd.DataFrame(), tmp_path / "x.xlsx", zon="UTC")  # type: ignore[call-arg]


def test_no_sheet_at_all_is_an_error_of_ours(tmp_path: Path) -> None:
    with pytest.raises(psauth.ArgumentError, match="no sheet"):
        psauth.to_excel({}, tmp_path / "x.xlsx")


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("report.xls", r"Try 'report.xlsx'"),
        ("report.csv", r"Try 'report.xlsx'"),
        ("report", r"Try 'report.xlsx'"),
        ("", "is not a path"),
        (None, "is not a path"),
        (5, "is not a path"),
        (io.StringIO(), 'mode "wb"'),
    ],
)
def test_a_path_that_excel_would_not_open_is_an_error_of_ours(path: Any, words: str) -> None:
    with pytest.raises(psauth.ArgumentError, match=words):
        psauth.to_excel(pd.DataFrame({"a": [1]}), path)


def test_an_unknown_zone_is_said_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(psauth.ArgumentError, match="Did you mean 'Europe/Berlin'"):
        psauth.to_excel(pd.DataFrame({"a": [1]}), tmp_path / "x.xlsx", zone="Europe/Berln")
    assert list(tmp_path.iterdir()) == []


def test_a_file_object_gets_the_workbook() -> None:
    stream = io.BytesIO()
    assert psauth.to_excel(pd.DataFrame({"a": [1]}), stream) is None
    assert openpyxl.load_workbook(stream).active["A2"].value == 1


def test_a_path_may_be_a_text_in_the_home_folder(tmp_path: Path) -> None:
    assert psauth.to_excel(pd.DataFrame({"a": [1]}), "~/x.XLSX") == tmp_path / "x.XLSX"


def test_a_workbook_that_fails_half_way_leaves_what_stood_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    psauth.to_excel(pd.DataFrame({"a": ["old"]}), tmp_path / "x.xlsx")
    before = (tmp_path / "x.xlsx").read_bytes()

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(excel, "_write", stop)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    with pytest.raises(KeyboardInterrupt):
        psauth.to_excel(pd.DataFrame({"a": ["new"]}), tmp_path / "x.xlsx")
    assert (tmp_path / "x.xlsx").read_bytes() == before
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["temporary", "x.xlsx"]


def test_the_frame_is_left_as_it_was(tmp_path: Path) -> None:
    frame = pd.DataFrame({"created_date": pd.to_datetime(["2026-01-01T10:00Z"]), "x": [["a"]]}, index=["row"])
    before = frame.copy(deep=True)
    psauth.to_excel(frame, tmp_path / "x.xlsx")
    pd.testing.assert_frame_equal(frame, before)


def test_pandas_reads_it_back_without_a_warning(tmp_path: Path) -> None:
    frame = pd.DataFrame({"run_id": ["-abc", "=1"], "n": [1.5, -2.0], "name": ["x", None]})
    psauth.to_excel(frame, tmp_path / "x.xlsx")
    with warnings.catch_warnings(action="error"):
        read = pd.read_excel(tmp_path / "x.xlsx")
    assert read.fillna("").to_dict("list") == {"run_id": ["-abc", "=1"], "n": [1.5, -2.0], "name": ["x", ""]}
