"""Columns: those of the frames, there and back."""

from decimal import Decimal

import pandas as pd
import pyarrow as pa
import pytest
from pandas.testing import assert_frame_equal

from psauth.mirror.columns import ASSIGNMENTS, CHILDREN, FORM_VALUES, LAYOUTS, RUNS, WHOLE, Field, to_arrow, to_pandas
from psauth.reading import values
from psauth.reading.endpoints import ENDPOINTS
from psauth.reading.frames import frame


def frame_of(noun, records=()):
    return values.form_values(records) if noun == "form_values" else frame(records, ENDPOINTS[noun])


@pytest.mark.parametrize("noun", [*CHILDREN, *WHOLE])
def test_the_columns_of_a_table_are_those_of_its_frame(noun):
    empty = frame_of(noun)
    assert [field.name for field in LAYOUTS[noun].fields] == list(empty.columns)
    assert_frame_equal(to_pandas(to_arrow(empty, LAYOUTS[noun].fields), LAYOUTS[noun].fields), empty)


def test_runs_also_say_what_became_of_those_that_are_gone():
    names = [field.name for field in RUNS.fields]
    assert names == [*frame_of("runs").columns, "gone", "last_seen", "first_missed"]


def test_every_dtype_comes_back_as_it_was():
    records = [
        {"id": "t1", "status": "Completed", "hidden": True, "dueDate": "2026-03-09", "links": []},
        {"id": "t2", "status": "Postponed", "hidden": None, "dueDate": "soon"},
        {},
    ]
    tasks = frame_of("tasks", records)
    read = to_pandas(to_arrow(tasks, CHILDREN["tasks"].fields), CHILDREN["tasks"].fields)
    tasks.attrs = {}
    assert_frame_equal(read, tasks)
    assert list(read["status"].cat.categories) == ["NotCompleted", "Completed", "Postponed"]


def test_in_lists_what_is_no_text_stands_as_its_json():
    records = [{"id": "f", "fieldType": "MultiFile", "data": {"values": [{"url": "https://x.example/a"}, "b"]}}]
    read = to_pandas(to_arrow(frame_of("form_values", records), FORM_VALUES.fields), FORM_VALUES.fields)
    assert read["items"].tolist() == [['{"url": "https://x.example/a"}', "b"]]


def test_counts_are_whole_numbers_where_some_are_missing():
    table = pa.table({"size": pa.array([1, None], pa.int64()), "n": pa.array([1, 2], pa.int32())})
    read = to_pandas(table, [Field("size", "count")])
    assert read.dtypes.astype(str).tolist() == ["Int64", "int32"]


def test_sums_are_whole_numbers_where_they_are_that_and_fit():
    sums = pa.table(
        {
            "whole": pa.array([Decimal(3), Decimal(-4)], pa.decimal128(38, 0)),
            "missing": pa.array([Decimal(3), None], pa.decimal128(38, 0)),
            "large": pa.array([Decimal(2**63), Decimal(1)], pa.decimal128(38, 0)),
            "broken": pa.array([Decimal("1.25"), None], pa.decimal128(5, 2)),
        }
    )
    read = to_pandas(sums, ())
    assert read.dtypes.astype(str).tolist() == ["int64", "Int64", "float64", "float64"]
    assert read["whole"].tolist() == [3, -4]
    assert read["missing"].tolist() == [3, pd.NA]
    assert read["large"].tolist() == [2.0**63, 1.0]
    assert read["broken"].tolist()[0] == 1.25


def test_differences_of_times_are_those_of_pandas():
    interval, some = pa.month_day_nano_interval(), [(0, 2, 1500), None, (0, -1, -1000)]
    table = pa.table(
        {
            "interval": pa.chunked_array([pa.array(some, interval), pa.array([], interval)]),
            "months": pa.array([(1, 0, 0), None, (0, 1, 0)], interval),
            "ages": pa.array([(0, 2**31 - 1, 0), None, None], interval),
            "duration": pa.array([1, None, 2], pa.duration("us")),
        }
    )
    read = to_pandas(table, ())
    assert read.dtypes.astype(str).tolist() == ["timedelta64[us]", "object", "object", "timedelta64[us]"]
    assert read["interval"].tolist() == [pd.Timedelta("2D") + pd.Timedelta("1us"), pd.NaT, -pd.Timedelta("1D 1us")]
    assert read["months"].tolist() == [(1, 0, 0), None, (0, 1, 0)]
    assert to_pandas(table.slice(2), ())["interval"].tolist() == [-pd.Timedelta("1D 1us")]
    assert str(to_pandas(table.slice(3), ())["interval"].dtype) == "timedelta64[us]"


def test_a_column_of_another_type_than_its_name_says_stays_what_it_is():
    read = to_pandas(pa.table({"status": [1, 2], "name": ["a", "b"]}), RUNS.fields)
    assert read["status"].tolist() == [1, 2]
    assert read["name"].tolist() == ["a", "b"]


def test_two_columns_of_one_name_are_both_there():
    table = pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], ["a", "a"])
    assert to_pandas(table, ()).iloc[0].tolist() == [1, "x"]


def test_assignments_name_people_and_tasks():
    assert [field.name for field in ASSIGNMENTS.fields] == ["user_id", "username", "email", "run_id", "task_id"]
