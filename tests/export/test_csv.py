"""CSV files as spreadsheets and programs read them: rows whole, formulas harmless, numbers numbers."""

from __future__ import annotations

import csv as reader
import io
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.export import csv

UTC = ZoneInfo("UTC")
BERLIN = ZoneInfo("Europe/Berlin")


def rows(frame: pd.DataFrame, zone: ZoneInfo = UTC) -> list[list[str]]:
    """What Python's own reader makes of the file."""
    return list(reader.reader(io.StringIO(csv.to_csv(frame, zone).decode("utf-8-sig"), newline=""), strict=True))


def column(*values: object, name: str = "x") -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(values, dtype="object")})


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+49 170 1",
        "-abc",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        "\n=1",
        "\tx",
        "\rx",
        "＝1+1",
        "＋1",
        "－1",
        "＠x",
        "﹣1",
        "₌1",
        "'=1",
        '"=1',
        "“=1",
        "  =1",
        "\u00a0=1",
        "\ufeff=1",
        "\u200b=1",
        " ' +1",
        '=HYPERLINK("https://evil.example","x")',
        "-",
    ],
)
def test_a_text_that_would_run_has_an_apostrophe_before_it(text: str) -> None:
    (_, [cell]) = rows(column(text))
    assert cell.startswith("'")
    assert cell.replace("'", "") == text.replace("\r", "\n").replace("'", "")


@pytest.mark.parametrize(
    "text",
    [
        "a=1",
        "x",
        "1-2",
        "Grüße",
        "日本語",
        "'quoted'",
        "(a)",
        "3",
        " a",
        "ok; well",
        "a\tb",
        "a\nb",
        "a\n\n b; c\n1-2\n",
    ],
)
def test_any_other_text_is_as_it_was(text: str) -> None:
    assert rows(column(text)) == [["x"], [text]]


@pytest.mark.parametrize("between", [";", "; ", "\t", ' ;"'])
def test_a_formula_behind_another_separator_does_not_run_either(between: str) -> None:
    (_, [cell]) = rows(column(f"a{between}=1+1"))
    assert cell.replace("'", "") == f"a{between}=1+1"
    for part in cell.replace("\t", ";").split(";"):
        assert part.lstrip(' "').startswith(("a", "'"))


@pytest.mark.parametrize(
    "text",
    ["a\n=1+1;b", "a\r\n=1+1;b", "\n=1+1;b", "a\n\n  =1+1;b", 'a\n"=1+1;b', "a;\n=1+1;b", "\t=1+1;b", "a\n-x\n+y"],
)
@pytest.mark.parametrize("separator", [";", "\t"])
def test_a_line_break_begins_no_formula_where_another_separator_is_read(text: str, separator: str) -> None:
    """To such a reader the quotes of a text behind a comma are none, and its line breaks end rows."""
    data = csv.to_csv(pd.DataFrame({"a": ["x"], "b": [text], "c": ["y"]}), UTC).decode("utf-8-sig")
    for row in reader.reader(io.StringIO(data, newline=""), delimiter=separator):
        assert not any(cell.lstrip(' "').startswith(("=", "+", "-", "@")) for cell in row), row


def test_many_line_breaks_take_no_time() -> None:
    text = "a" + "\n" * 20_000 + "b"
    assert rows(column(text))[1] == [text]


def test_heads_are_harmless_too() -> None:
    assert rows(column("a", name="=cmd|'/c calc'!A1"))[0] == ["'=cmd|'/c calc'!A1"]
    assert rows(column("a", name="a\rb"))[0] == ["a\nb"]


def test_numbers_in_a_column_of_numbers_stay_numbers() -> None:
    frame = pd.DataFrame(
        {
            "float": [-5.0, 1.5, np.nan],
            "int": pd.array([-5, None, 7], dtype="Int64"),
            "object": pd.Series([-5, -1.5, "-5"], dtype="object"),
            "flag": pd.array([True, None, False], dtype="boolean"),
        }
    )
    assert rows(frame)[1:] == [["-5.0", "-5", "-5", "True"], ["1.5", "", "-1.5", ""], ["", "7", "'-5", "False"]]
    read = pd.read_csv(io.BytesIO(csv.to_csv(frame, UTC)))
    assert read["float"].tolist()[:2] == [-5.0, 1.5]
    assert read["int"].dtype == "float64"


def test_an_infinity_is_no_formula() -> None:
    assert rows(pd.DataFrame({"x": [np.inf, -np.inf]}))[1:] == [["inf"], ["'-inf"]]


@pytest.mark.parametrize("text", ["a\rb", "a\r\nb", "a\nb", "\r", "a\r", "\rb", "\r\r\n\r"])
def test_a_line_break_inside_a_text_splits_no_row(text: str) -> None:
    frame = pd.DataFrame({"x": [text, "last"], "y": ["1", "2"]})
    data = csv.to_csv(frame, UTC)
    assert len(rows(frame)) == 3
    assert len(pd.read_csv(io.BytesIO(data))) == 2
    assert b"\r" not in data.replace(b"\r\n", b"")
    options = pyarrow.csv.ParseOptions(newlines_in_values=True)
    assert pyarrow.csv.read_csv(io.BytesIO(data), parse_options=options).num_rows == 2


def test_a_row_of_nothing_is_a_row() -> None:
    assert rows(column("a", None, "b")) == [["x"], ["a"], [""], ["b"]]
    assert len(pd.read_csv(io.BytesIO(csv.to_csv(column("a", None, "b"), UTC)), skip_blank_lines=True)) == 3


def test_what_a_file_cannot_hold_stands_there_as_its_escape() -> None:
    assert rows(column("a\x00b\x1b", "half \ud83d", "😀"))[1:] == [["a\\x00b\\x1b"], ["half \\ud83d"], ["😀"]]


def test_times_are_in_the_zone_that_the_head_names_and_days_are_days() -> None:
    frame = pd.DataFrame(
        {
            "created_date": pd.to_datetime(["2026-07-01T22:30:05.7Z", "2026-12-01T00:00:00.0Z", None]),
            "Needed by": pd.to_datetime(["2026-01-01T00:00Z", None, "2026-12-24T00:00Z"]),
            "Both": pd.to_datetime(["2026-01-01T00:00Z", "2026-01-01T10:30Z", None]),
        }
    )
    head, *lines = rows(frame, BERLIN)
    assert head == ["created_date (Europe/Berlin)", "Needed by", "Both (Europe/Berlin)"]
    assert lines == [
        ["2026-07-02 00:30:05", "2026-01-01", "2026-01-01"],
        ["2026-12-01 01:00:00", "", "2026-01-01 11:30:00"],
        ["", "2026-12-24", ""],
    ]


def test_lists_and_what_is_nested_are_texts() -> None:
    cells = [
        ["ERP", "Mail"],
        [{"name": "plan.pdf", "url": "https://x.example"}],
        {"a": [1]},
        [],
        ["-a", "b"],
        [1, None],
    ]
    assert [row[0] for row in rows(column(*cells))[1:]] == [
        "ERP; Mail",
        '{"name": "plan.pdf", "url": "https://x.example"}',
        '{"a": [1]}',
        "",
        "'-a; b",
        "1; null",
    ]


def test_excel_reads_the_letters_by_the_mark_at_the_start() -> None:
    assert csv.to_csv(column("Grüße"), UTC).startswith(b"\xef\xbb\xbf")


def test_a_frame_without_rows_keeps_its_heads() -> None:
    assert rows(pd.DataFrame({"a": [], "b": []})) == [["a", "b"]]


def test_two_columns_of_one_name_are_both_written() -> None:
    frame = pd.DataFrame([[1, 2]], columns=["a", "a"])
    assert rows(frame) == [["a", "a"], ["1", "2"]]


def test_a_long_run_of_spaces_takes_no_time() -> None:
    text = "a" + (";" + " " * 20_000) * 3 + "\t" * 20_000 + "b"
    assert rows(column(text))[1] == [text]


@given(st.lists(st.tuples(st.text(), st.text()), min_size=1))
def test_whatever_the_texts_there_are_as_many_rows_and_none_runs(texts: list[tuple[str, str]]) -> None:
    frame = pd.DataFrame(texts, columns=["a", "b"], dtype="object")
    read = rows(frame)
    assert [len(row) for row in read] == [2] * (len(texts) + 1)
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for row in read for cell in row)
    for (first, _), row in zip(texts, read[1:], strict=True):
        if first.isalnum():
            assert row[0] == first
