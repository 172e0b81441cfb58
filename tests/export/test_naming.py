"""Names of files and sheets that every file system and every spreadsheet takes."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.export.naming import file_name, sheet_names

DAY = date(2026, 11, 26)


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        (("runs", "Purchase Request"), "runs-Purchase Request-2026-11-26.csv"),
        (("runs", ""), "runs-2026-11-26.csv"),
        (("runs", "a/b\\c:d"), "runs-a-b-c-d-2026-11-26.csv"),
        (("runs", "Größe 日本"), "runs-Größe 日本-2026-11-26.csv"),
        (("runs", "Gro\u0308ße"), "runs-Größe-2026-11-26.csv"),
        (("runs", " a\r\n\tb\x00 "), "runs-a-b-2026-11-26.csv"),
        (("runs", "..."), "runs-2026-11-26.csv"),
        (("runs", "Ends. "), "runs-Ends-2026-11-26.csv"),
        (("runs", 'a "b" <c>|?*'), "runs-a -b- -c-2026-11-26.csv"),
        (("runs", "exe\u202egpj"), "runs-exe-gpj-2026-11-26.csv"),
        (("../../etc/passwd",), "etc-passwd-2026-11-26.csv"),
        (("CON",), "CON-2026-11-26.csv"),
        (("con.x",), "_con.x-2026-11-26.csv"),
        (("",), "data-2026-11-26.csv"),
        (("runs", "\ud83d"), "runs-2026-11-26.csv"),
    ],
)
def test_a_file_says_what_is_in_it(parts: tuple[str, ...], name: str) -> None:
    assert file_name(*parts, day=DAY, suffix="csv") == name


@given(st.lists(st.text(), max_size=3))
def test_any_name_is_safe_on_every_file_system(parts: list[str]) -> None:
    name = file_name(*parts, day=DAY, suffix="parquet")
    assert name.endswith("-2026-11-26.parquet")
    assert len(name.encode()) <= 200
    assert not re.search(r'[<>:"/\\|?*\x00-\x1f\x7f]', name)
    assert name[0] not in ".-~ "
    assert name.split(".")[0].rstrip().casefold() not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


def test_a_long_name_is_cut_and_keeps_its_day() -> None:
    name = file_name("runs", "é" * 300, day=DAY, suffix="xlsx")
    assert name.endswith("é…-2026-11-26.xlsx")
    assert len(name.encode()) <= 150


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (["Runs", "Tasks"], ["Runs", "Tasks"]),
        (["a[b]:c*d?e/f\\g"], ["a-b-c-d-e-f-g"]),
        (["'quoted'", ""], ["quoted", "Sheet"]),
        (["Runs", "runs", "RUNS"], ["Runs", "runs (2)", "RUNS (3)"]),
        (["x" * 40, "x" * 50], ["x" * 31, "x" * 27 + " (2)"]),
        (["History", "\x00\ud83d", " "], ["History_", "-", "Sheet"]),
        (["😀" * 20], ["😀" * 15]),
    ],
)
def test_sheets_have_names_that_excel_accepts(wanted: list[str], names: list[str]) -> None:
    assert sheet_names(wanted) == names


@given(st.lists(st.text(), min_size=1, max_size=30))
def test_any_names_of_sheets_are_accepted_and_differ(wanted: list[str]) -> None:
    names = sheet_names(wanted)
    assert len({name.lower() for name in names}) == len(names) == len(wanted)
    for name in names:
        assert 0 < len(name.encode("utf-16-le")) <= 62
        assert not re.search(r"[\[\]:*?/\\]|^'|'$", name)
