"""Exports: the copy as files for other programs, whole, with the times of a zone in spreadsheets, and without formulas."""

from zoneinfo import ZoneInfo

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from psauth.cli.exports import export
from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.mirror import engine

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.fixture
def mirror(company):
    return company.mirror


def test_parquet_has_every_type_as_it_is(mirror, tmp_path):
    written = export(mirror, tmp_path / "copy", "parquet", BERLIN)
    assert {path.stem for path in written} == set(mirror)
    read = pd.read_parquet(tmp_path / "copy" / "tasks.parquet")
    tasks = mirror.tasks.to_pandas()
    assert_frame_equal(read, tasks.astype(read.dtypes.to_dict()))
    assert str(read["completed_date"].dtype) == "datetime64[us, UTC]"


def test_csv_shows_times_of_the_zone_and_runs_no_formula(mirror, tmp_path):
    export(mirror, tmp_path / "copy", "csv", BERLIN)
    text = (tmp_path / "copy" / "comments.csv").read_text("utf-8-sig")
    assert "'=1+1" in text
    tasks = pd.read_csv(tmp_path / "copy" / "tasks.csv")
    assert "2026-03-06 10:00:00" in set(tasks["completed_date (Europe/Berlin)"])


def test_csv_in_pieces_has_one_head(mirror, tmp_path, monkeypatch):
    export(mirror, tmp_path / "whole", "csv", BERLIN)
    rows = pa.concat_tables(mirror.pieces("tasks"))
    monkeypatch.setattr(
        mirror, "pieces", lambda name: iter([rows.slice(n, 1) for n in range(rows.num_rows)]), raising=False
    )
    monkeypatch.setattr(type(mirror), "__iter__", lambda _: iter(["tasks"]))
    export(mirror, tmp_path / "pieces", "csv", BERLIN)
    assert (tmp_path / "pieces" / "tasks.csv").read_bytes() == (tmp_path / "whole" / "tasks.csv").read_bytes()


def test_a_workbook_has_a_sheet_a_table(mirror, tmp_path):
    export(mirror, tmp_path / "copy.xlsx", "xlsx", BERLIN)
    book = openpyxl.load_workbook(tmp_path / "copy.xlsx")
    assert len(book.sheetnames) == len(mirror)
    heads = [cell.value for cell in book["tasks"][1]]
    assert "completed_date (Europe/Berlin)" in heads
    assert book["comments"]["A2"].data_type == "s"
    assert book["tasks"].max_row == 13


def test_a_duckdb_file_has_all_tables(mirror, tmp_path):
    export(mirror, tmp_path / "copy.duckdb", "duckdb", BERLIN)
    with duckdb.connect(str(tmp_path / "copy.duckdb"), read_only=True) as copy:
        names = [name for (name,) in copy.sql("show tables").fetchall()]
        assert names == list(mirror)
        assert copy.sql("select count(*), count(distinct run_id) from tasks").fetchall() == [(12, 6)]
        kinds = dict(copy.sql("select column_name, column_type from (describe form_values)").fetchall())
        assert kinds["date"] == "TIMESTAMP WITH TIME ZONE"
        assert kinds["items"] == "VARCHAR[]"


@pytest.mark.parametrize("form", ["xlsx", "duckdb"])
def test_another_ending_is_refused_with_a_better_one(mirror, tmp_path, form):
    with pytest.raises(ArgumentError, match=rf"copy' does not end in \.{form}\. Try .*copy\.{form}"):
        export(mirror, tmp_path / "copy", form, BERLIN)


def test_a_file_where_a_folder_should_be_is_named(mirror, tmp_path):
    (tmp_path / "copy").write_text("mine")
    with pytest.raises(FileNotWritten, match="folder .*copy cannot be made"):
        export(mirror, tmp_path / "copy", "csv", BERLIN)
    assert (tmp_path / "copy").read_text() == "mine"


def test_what_stood_there_stays_when_the_copy_cannot_be_read(mirror, tmp_path, monkeypatch):
    target = tmp_path / "copy.duckdb"
    target.write_text("mine")

    def broken(*_):
        raise ArgumentError("no")

    monkeypatch.setattr(engine.Engine, "pieces", broken)
    with pytest.raises(ArgumentError):
        export(mirror, target, "duckdb", BERLIN)
    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


def test_a_table_that_is_left_half_read_is_in_nobodys_way(mirror):
    pieces = mirror.pieces("tasks")
    assert next(pieces).num_rows > 0
    assert mirror.sql("select count(*) as n from tasks")["n"][0] == 12
