"""Columns: those of the frames, there and back."""

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


def test_a_column_of_another_type_than_its_name_says_stays_what_it_is():
    read = to_pandas(pa.table({"status": [1, 2], "name": ["a", "b"]}), RUNS.fields)
    assert read["status"].tolist() == [1, 2]
    assert read["name"].tolist() == ["a", "b"]


def test_two_columns_of_one_name_are_both_there():
    table = pa.Table.from_arrays([pa.array([1]), pa.array(["x"])], ["a", "a"])
    assert to_pandas(table, ()).iloc[0].tolist() == [1, "x"]


def test_assignments_name_people_and_tasks():
    assert [field.name for field in ASSIGNMENTS.fields] == ["user_id", "username", "email", "run_id", "task_id"]
