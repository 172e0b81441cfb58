"""Exports: the copy as files for other programs, whole, with the times of a zone in spreadsheets, and without formulas."""

import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import duckdb
import openpyxl
import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from psauth.cli.exports import export
from psauth.exceptions import ArgumentError, FileNotWritten, PsauthWarning
from psauth.mirror import engine
from psauth.mirror.columns import Field, Layout
from tests.mirror.published.invented import LATER, a_record, a_run, a_value

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


def test_the_head_of_a_column_names_the_zone_though_times_come_late(mirror, tmp_path, monkeypatch):
    """A field of a form may have days alone in the first piece, and times in a later one."""
    layout = Layout("late", (Field("run_id", "text"), Field("Needed by", "time")))
    dates = [datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 5, 10, 30, tzinfo=UTC)]
    late = pa.table([["r1", "r2"], dates], schema=layout.schema())
    monkeypatch.setattr(mirror, "pieces", lambda name: iter([late.slice(0, 1), late.slice(1)]), raising=False)
    monkeypatch.setattr(type(mirror), "layouts", lambda _: {"late": layout})
    monkeypatch.setattr(type(mirror), "__iter__", lambda _: iter(["late"]))
    export(mirror, tmp_path / "copy", "csv", BERLIN)
    assert (tmp_path / "copy" / "late.csv").read_text("utf-8-sig").splitlines() == [
        "Needed by (Europe/Berlin),run_id",
        "2026-01-05,r1",
        "2026-01-05 11:30:00,r2",
    ]


@pytest.mark.parametrize("at_once", [1, 100_000])
def test_days_of_forms_and_data_sets_stay_days_and_moments_at_midnight_stay_moments(
    store, folder, open_mirror, tmp_path, monkeypatch, at_once
):
    """Whether a date is a day is said by the value itself, as the live frame has it."""
    new_york = ZoneInfo("America/New_York")
    for number, data in enumerate(({"value": "2026-07-02", "timeHidden": True}, {"value": "2026-07-02T00:00:00Z"})):
        run = a_run(number)
        values = [a_value(run["id"], "f7", "due_date", "Date", data), a_value(run["id"], "f8", "Asked", "Date", data)]
        store.write_run(run, {"tasks": [], "form_values": values, "approvals": []}, LATER)
    fields = [{"id": "c1", "name": "Name", "fieldType": "Text"}, {"id": "c9", "name": "Since", "fieldType": "DateTime"}]
    store.write_list("data_sets", "", [{"id": "d1", "name": "Cost centres", "fields": fields}], LATER)
    dates = ["2026-07-02", "2026-07-02T00:00:00.000Z"]
    store.write_list("records", "d1", [a_record(n, c9=each) for n, each in enumerate(dates)], LATER)
    monkeypatch.setattr(engine, "PIECE", at_once)
    export(open_mirror(), tmp_path, "csv", new_york)
    form = pd.read_csv(tmp_path / "form_values_purchase_request.csv").set_index("run_id")
    data_set = pd.read_csv(tmp_path / "records_cost_centres.csv").set_index("record_id")
    zone = "(America/New_York)"
    export(open_mirror(), tmp_path / "copy.xlsx", "xlsx", new_york)
    sheet = openpyxl.load_workbook(tmp_path / "copy.xlsx")["form_values_purchase_request"]
    heads = [cell.value for cell in sheet[1]]
    asked = {row[heads.index(f"Asked {zone}")].value for row in sheet.iter_rows(min_row=2)}
    assert asked == {datetime(2026, 7, 2), datetime(2026, 7, 1, 20), None}
    for dates in (form[f"due_date {zone}"], form[f"Asked {zone}"], data_set[f"Since {zone}"]):
        assert dates.dropna().sort_index().tolist() == ["2026-07-02", "2026-07-01 20:00:00"]


def test_a_workbook_says_how_many_texts_it_cut(mirror, tmp_path, monkeypatch):
    layout = Layout("long", (Field("text", "text"),))
    monkeypatch.setattr(
        mirror, "pieces", lambda name: iter([pa.table([["x" * 40_000]], schema=layout.schema())]), raising=False
    )
    monkeypatch.setattr(type(mirror), "layouts", lambda _: {"long": layout})
    monkeypatch.setattr(type(mirror), "__iter__", lambda _: iter(["long"]))
    with pytest.warns(PsauthWarning, match=r"A text was cut: Excel holds at most 32,767 .*--format parquet keeps them"):
        export(mirror, tmp_path / "copy.xlsx", "xlsx", BERLIN)
    assert (tmp_path / "copy.xlsx").exists()


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


@pytest.mark.skipif(os.name != "posix", reason="there is no limit to the size of a file")
def test_a_disk_that_takes_no_more_is_said_in_one_sentence(mirror, tmp_path):
    import resource

    target = tmp_path / "copy.duckdb"
    target.write_text("mine")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        with pytest.raises(FileNotWritten, match=r"copy\.duckdb could not be written: .*What stood there is unchanged"):
            export(mirror, target, "duckdb", BERLIN)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert target.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [target]


def test_a_full_disk_is_told_from_others(mirror, tmp_path, monkeypatch):
    def full(*_):
        raise duckdb.IOException('IO Error: Could not write file "x": No space left on device')

    monkeypatch.setattr(engine.duckdb, "connect", full)
    with pytest.raises(FileNotWritten, match="the disk is full. Make room"):
        export(mirror, tmp_path / "copy.duckdb", "duckdb", BERLIN)


def test_a_database_is_made_beside_its_place(mirror, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(engine.Engine, "copy_to", lambda _, path: (seen.append(path), open(path, "xb").close()))
    export(mirror, tmp_path / "copy.duckdb", "duckdb", BERLIN)
    assert [os.path.dirname(path) for path in seen] == [str(tmp_path)]


def test_a_table_that_is_left_half_read_is_in_nobodys_way(mirror):
    pieces = mirror.pieces("tasks")
    assert next(pieces).num_rows > 0
    assert mirror.sql("select count(*) as n from tasks")["n"][0] == 12
