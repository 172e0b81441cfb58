"""Days: whether a date is a calendar day or a moment is said by the value, never by its neighbours."""

import io

import pandas as pd
import pytest

from psauth import Days
from psauth.reading.endpoints import RUNS
from psauth.reading.frames import frame
from psauth.reading.values import form_values, records, wide

HIDDEN = {"value": "2026-01-01T15:00:00.000Z", "timeHidden": True}
MIDNIGHT = {"value": "2026-01-01T00:00:00.000Z", "timeHidden": False}
BARE = "2026-01-01"
ODD = {"value": "soon", "timeHidden": True}


def tidy(*data, kind="Date"):
    return form_values(
        {"id": "f", "workflowRunId": f"r{n}", "fieldType": kind, "data": d, "label": "Day", "key": "day"}
        for n, d in enumerate(data)
    )


def test_a_hidden_time_and_a_date_alone_are_days_and_midnight_is_a_moment():
    result = tidy(HIDDEN, MIDNIGHT, BARE, ODD, None)
    day = pd.Timestamp("2026-01-01", tz="UTC")
    assert result["date"].tolist()[:3] == [day] * 3
    assert result["date_only"].astype("object").where(result["date_only"].notna(), None).tolist() == [
        True,
        False,
        True,
        None,
        None,
    ]
    assert str(result["date_only"].dtype) == "boolean"


def test_the_time_zone_of_a_hidden_time_moves_no_day():
    result = tidy({"value": "2026-01-01T23:30:00-08:00", "timeHidden": True})
    assert result["date"][0] == pd.Timestamp("2026-01-01", tz="UTC")


@pytest.mark.parametrize("neighbour", [HIDDEN, MIDNIGHT, BARE, ODD, None])
def test_no_neighbour_makes_a_day_of_a_moment(neighbour):
    result = wide(tidy(HIDDEN, neighbour, MIDNIGHT))
    assert Days.of(result).flags("Day", result["run_id"])[::2] == [True, False]


def test_a_column_of_moments_has_no_days():
    result = wide(tidy(MIDNIGHT, MIDNIGHT))
    assert Days.of(result) == Days()
    assert Days.of(result).flags("Day", result["run_id"]) == [False, False]


def test_days_alone_cost_no_list_of_rows_and_survive_a_file_and_a_filter():
    result = wide(tidy(*[HIDDEN] * 500))
    assert result.attrs["days"] == {"Day": []}
    assert Days.of(result).columns == ["Day"]
    file = io.BytesIO()
    result.to_parquet(file)
    for kept in (pd.read_parquet(file), result[result["run_id"] == "r7"], result.sort_values("run_id")):
        assert all(Days.of(kept).flags("Day", kept["run_id"]))


def test_data_sets_and_due_dates_have_days_too():
    rows = [
        {"id": f"x{n}", "cells": [{"fieldId": "c", "value": v}]} for n, v in enumerate([BARE, "2026-01-01T00:00:00Z"])
    ]
    result = records(rows, [{"id": "c", "name": "Since", "fieldType": "DateTime"}])
    assert Days.of(result).flags("Since", result["record_id"]) == [True, False]
    runs = frame([{"id": "r1", "dueDate": BARE}, {"id": "r2", "dueDate": "2026-01-01T00:00:00Z"}, {"id": "r3"}], RUNS)
    assert runs.attrs["days"] == {"due_date": ["r2"]}


def test_what_was_text_when_it_was_typed_is_a_day_by_its_text():
    template = pd.DataFrame({"field_id": ["f"], "label": ["Day"], "key": ["day"], "field_type": ["Date"]})
    result = wide(tidy(BARE, "2026-01-01T09:00:00Z", kind="Text"), template)
    assert Days.of(result).flags("Day", result["run_id"]) == [True, False]


@pytest.mark.parametrize("attrs", [None, 7, "x", [], {"Day": 7}])
def test_somebody_else_s_mark_costs_no_frame(attrs):
    other = pd.DataFrame({"a": [1]})
    other.attrs["days"] = attrs
    assert Days.of(other) == Days()
