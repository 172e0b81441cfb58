"""Unreadable: cells that are no value of their column's type are missing, and said; the frame keeps saying it."""

import io
import json

import pandas as pd
import pytest

import psauth
from psauth import Unreadable
from psauth.reading.endpoints import RUNS, TASKS
from psauth.reading.frames import frame
from psauth.reading.values import form_values, records, wide

FIELDS = [
    {"id": "c1", "name": "Name", "fieldType": "Text"},
    {"id": "c2", "name": "Price", "fieldType": "Number"},
    {"id": "c3", "name": "Since", "fieldType": "DateTime"},
]


def record(record_id, **cells):
    return {"id": record_id, "cells": [{"fieldId": field_id, "value": value} for field_id, value in cells.items()]}


@pytest.fixture
def odd():
    rows = [
        record("x1", c1="1.250,00", c2="1.250,00", c3="2026-W10-1"),
        record("x2", c1="", c2="", c3=""),
        record("x3", c2=True, c3=7),
    ]
    return records(rows, FIELDS)


def test_a_cell_that_is_no_value_of_its_type_is_missing_and_said(odd):
    assert odd[["Price", "Since"]].isna().all(axis=None)
    assert odd["Name"].tolist()[0] == "1.250,00"
    assert Unreadable.of(odd) == {
        ("x1", "Price"): "1.250,00",
        ("x3", "Price"): "true",
        ("x1", "Since"): "2026-W10-1",
        ("x3", "Since"): "7",
    }


def test_where_everything_can_be_read_nothing_is_said():
    fine = records([record("x1", c1="a", c2=7, c3="2026-11-20T09:00:00Z")], FIELDS)
    assert not Unreadable.of(fine)
    assert set(fine.attrs) == {"field_ids"}
    assert repr(Unreadable.of(fine)) == "Every cell could be read."


def test_it_stands_in_attrs_as_json_and_survives_a_file(odd):
    assert json.loads(json.dumps(odd.attrs))["unreadable"]["Price"] == {"x1": "1.250,00", "x3": "true"}
    file = io.BytesIO()
    odd.to_parquet(file)
    assert Unreadable.of(pd.read_parquet(file)) == Unreadable.of(odd)


@pytest.mark.parametrize(
    "way", [lambda f: f.copy(), lambda f: f.head(1), lambda f: f[f["Name"].notna()], lambda f: f.sort_values("Name"), lambda f: f.assign(More=1)]
)  # fmt: skip
def test_it_survives_what_pandas_does(odd, way):
    assert Unreadable.of(way(odd)) == Unreadable.of(odd)


def test_it_prints_what_a_person_needs(odd):
    assert repr(Unreadable.of(odd)).splitlines()[:2] == ["4 cells could not be read:", "  Price of x1: '1.250,00'"]
    many = Unreadable({(f"x{n}", "Price"): "?" for n in range(1_007)})
    assert repr(many).splitlines()[0] == "1,007 cells could not be read:"
    assert repr(many).splitlines()[-1] == "  and 1,002 more"


def test_it_cannot_be_changed(odd):
    unreadable = Unreadable.of(odd)
    with pytest.raises(TypeError):
        unreadable["x1", "Price"] = "7"
    assert hash(unreadable) == hash(Unreadable.of(odd))
    assert psauth.Unreadable is Unreadable


@pytest.mark.parametrize("attrs", [None, 7, "x", [], {"Price": 7}, {"Price": {"x1": 7}}])
def test_somebody_else_s_mark_costs_no_frame(attrs):
    other = pd.DataFrame({"a": [1]})
    other.attrs["unreadable"] = attrs
    assert set(Unreadable.of(other).values()) <= {"7"}


def test_a_timestamp_of_the_service_that_is_none_is_said():
    runs = frame(
        [{"id": "r1", "dueDate": "2026-11-20T24:00:00Z"}, {"id": "r2", "dueDate": "2026-11-20T09:00:00Z"}], RUNS
    )
    assert runs["due_date"].isna().tolist() == [True, False]
    assert Unreadable.of(runs) == {("r1", "due_date"): "2026-11-20T24:00:00Z"}
    tasks = frame([{"id": "t1", "workflowRunId": "r1", "dueDate": 1763629200}], TASKS)
    assert Unreadable.of(tasks) == {("r1/t1", "due_date"): "1763629200"}


def value(field_id, kind, data, *, run="r1", label="L"):
    return {"id": field_id, "workflowRunId": run, "fieldType": kind, "data": data, "label": label, "key": field_id}


def test_form_values_say_it_tidy_and_wide():
    tidy = form_values(
        [
            value("f1", "Number", {"value": "1.250,00"}, label="Amount"),
            value("f2", "Date", {"value": "soon", "timeHidden": True}, label="Day"),
            value("f1", "Number", {"value": "7"}, run="r2", label="Amount"),
            value("f3", "Number", {"values": ["1", "2"]}, label="Several"),
        ]
    )
    assert Unreadable.of(tidy) == {
        ("r1/f1", "number"): "1.250,00",
        ("r1/f2", "date"): "soon",
        ("r1/f3", "number"): "1, 2",
    }
    assert Unreadable.of(wide(tidy)) == {("r1", "Amount"): "1.250,00", ("r1", "Day"): "soon", ("r1", "Several"): "1, 2"}
    assert wide(tidy)["Amount"].fillna(-1).tolist() == [-1, 7]


def test_a_value_from_before_the_field_changed_its_type_is_read_as_the_new_type():
    old = [
        value("f1", "Text", "12"),
        value("f2", "Text", "2026-11-20"),
        value("f3", "Text", "a"),
        value("f1", "Text", "x", run="r2"),
    ]
    template = pd.DataFrame(
        {
            "field_id": ["f1", "f2", "f3"],
            "label": ["N", "D", "C"],
            "key": ["n", "d", "c"],
            "field_type": ["Number", "Date", "MultiChoice"],
        }
    )
    result = wide(form_values(old), template)
    assert result["N"].tolist()[0] == 12.0
    assert result["D"][0] == pd.Timestamp("2026-11-20", tz="UTC")
    assert result["C"][0] == ["a"]
    assert Unreadable.of(result) == {("r2", "N"): "x"}
