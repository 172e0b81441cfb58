"""Entries: what a form field and a data-set cell take, and what they refuse before anything is sent."""

import json
import math
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.writing.values import CHOSEN, NOT_SET_HERE, cell, form_entry, is_missing, written


def field(kind, **more):
    return {"id": "f", "label": "Start", "fieldType": kind, **more}


def entered(kind, value):
    return {name: held for name, held in form_entry(field(kind), value).items() if name != "id"}


@pytest.mark.parametrize("kind", ["Text", "Textarea", "Email", "Url", "Select", "Hidden", "Something new"])
def test_a_text_goes_as_it_is(kind):
    assert entered(kind, " Łódź – 50 % ") == {"value": " Łódź – 50 % "}


@pytest.mark.parametrize(
    ("value", "text"),
    [(3, "3"), (3.0, "3"), (497.5, "497.5"), (Decimal("0.10"), "0.10"), ("1e3", "1e3"), (" 7 ", "7"), (-2, "-2")],
)
def test_a_number_goes_in_digits(value, text):
    assert entered("Number", value) == {"value": text}


def test_a_text_field_takes_a_number_too():
    assert entered("Text", 52_000) == {"value": "52000"}
    assert entered("Text", np.int64(52_000)) == {"value": "52000"}  # as the rows of a frame hold it
    assert cell("Text", np.int64(52_000), "'City'") == "52000"


VIENNA = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("value", "entry"),
    [
        (date(2026, 12, 1), {"value": "2026-12-01T00:00:00.000Z", "timeHidden": True}),
        ("2026-12-01", {"value": "2026-12-01T00:00:00.000Z", "timeHidden": True}),
        (datetime(2026, 12, 1, 9, 30, tzinfo=VIENNA), {"value": "2026-12-01T08:30:00.000Z"}),
        (datetime(2026, 12, 1, 9, 30), {"value": "2026-12-01T09:30:00.000Z"}),
        (pd.Timestamp("2026-12-01T09:30:00.123Z"), {"value": "2026-12-01T09:30:00.123Z"}),
        ("2026-12-01T10:00:00+01:00", {"value": "2026-12-01T09:00:00.000Z"}),
    ],
)
def test_a_date_goes_in_utc_and_a_day_without_its_time(value, entry):
    assert entered("Date", value) == entry


@pytest.mark.parametrize("kind", sorted(CHOSEN))
def test_choices_are_a_list(kind):
    assert entered(kind, ["a", "b"]) == {"values": ["a", "b"]}
    assert entered(kind, ("a",)) == {"values": ["a"]}
    assert entered(kind, "a") == {"values": ["a"]}


def test_a_table_is_rows_or_what_a_read_gave():
    assert entered("Table", [["Alice", 'says "hi"'], ["Jon", "a,b"]]) == {"value": 'Alice,"says ""hi"""\nJon,"a,b"'}
    assert entered("Table", [{"Name": "Alice", "Role": "IT"}]) == {"value": "Alice,IT"}
    assert entered("Table", [["Alice", None], [math.nan, pd.NA]]) == {"value": "Alice,\n,"}


@pytest.mark.parametrize("kind", ["Text", "Number", "Date", "Select", "Table"])
def test_none_clears(kind):
    assert entered(kind, None) == {"value": ""}


@pytest.mark.parametrize("kind", sorted(CHOSEN))
def test_none_clears_a_list(kind):
    assert entered(kind, None) == {"values": []}


@pytest.mark.parametrize("kind", ["Text", "Number", "Date", "MultiChoice"])
@pytest.mark.parametrize("missing", [math.nan, pd.NA, pd.NaT], ids=["nan", "NA", "NaT"])
def test_what_is_missing_is_not_taken_for_clearing(kind, missing):
    with pytest.raises(ValueError, match=r"'Start' was given .*Expected a value, or None to clear it"):
        form_entry(field(kind), missing)


@pytest.mark.parametrize("kind", sorted(NOT_SET_HERE))
def test_what_is_set_elsewhere_is_said(kind):
    with pytest.raises(ValueError, match=rf"'Start' is of type {kind}, which is not set this way"):
        form_entry(field(kind), "x")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("Text", True),
        ("Text", ["a"]),
        ("Text", {"a": 1}),
        ("Number", "many"),
        ("Number", True),
        ("Number", math.inf),
        ("Number", "1_000"),
        ("Date", 20261201),
        ("Date", "tomorrow"),
        ("MultiChoice", 3),
        ("MultiChoice", [1]),
        ("Members", {"a@example.com": 1}),
        ("Table", "a,b"),
        ("Table", [1, 2]),
        ("Table", ["ab"]),
    ],
)
def test_what_a_field_cannot_hold_is_refused_by_its_name(kind, value):
    with pytest.raises(ValueError, match=r"The field 'Start' takes"):
        form_entry(field(kind), value)


def test_a_field_without_a_label_is_named_by_its_key():
    with pytest.raises(ValueError, match=r"The field 'what\?' takes a number"):
        form_entry({"id": "f", "key": "what?", "fieldType": "Number"}, "x")


@pytest.mark.parametrize(
    ("kind", "value", "held"),
    [
        ("Number", "12.50", 12.5),
        ("Number", "7", 7),
        ("Number", 3.0, 3),
        ("Text", 4102, "4102"),
        ("Text", "", None),
        ("Number", math.nan, None),
        ("DateTime", pd.NaT, None),
        ("DateTime", pd.Timestamp("2026-12-01T09:30:00Z"), "2026-12-01T09:30:00.000Z"),
        ("Text", pd.NA, None),
    ],
)
def test_a_cell_is_a_text_a_number_or_nothing(kind, value, held):
    assert cell(kind, value, "'City'") == held
    assert type(cell(kind, value, "'City'")) is type(held)


@pytest.mark.parametrize(("kind", "value"), [("Number", "x"), ("DateTime", "x"), ("Text", ["x"]), ("Text", False)])
def test_a_cell_that_cannot_be_is_refused_by_its_column(kind, value):
    with pytest.raises(ValueError, match="'City' takes"):
        cell(kind, value, "'City'")


def test_a_moment_is_written_in_utc_with_milliseconds():
    assert written(date(2026, 12, 1)) == "2026-12-01T00:00:00.000Z"
    assert written(datetime(2026, 12, 1, 1, tzinfo=VIENNA)) == "2026-12-01T00:00:00.000Z"
    with pytest.raises(ValueError, match="A due date takes a date. 'soon' is not a date"):
        written("soon")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.slow
@given(
    kind=st.sampled_from(["Text", "Number", "Date", "Table", *sorted(CHOSEN), *sorted(NOT_SET_HERE)]), value=ANYTHING
)
def test_whatever_comes_is_json_or_a_clear_error(kind, value):
    try:
        entry = form_entry(field(kind), value)
    except ValueError as error:
        entry, refusal = {}, str(error)
    else:
        refusal = "'Start'"
    json.dumps(entry, allow_nan=False)
    assert entry.keys() <= {"id", "value", "values", "timeHidden"}
    assert "'Start'" in refusal


@pytest.mark.slow
@given(kind=st.sampled_from(["Text", "Number", "DateTime"]), value=ANYTHING)
def test_whatever_stands_in_a_frame_is_a_cell_or_a_clear_error(kind, value):
    try:
        held = cell(kind, value, "'City'")
    except ValueError as error:
        held, refusal = None, str(error)
    else:
        refusal = "'City'"
    assert held is None or isinstance(held, str | int | float)
    json.dumps(held, allow_nan=False)
    assert "'City'" in refusal


def test_missing_is_what_equals_nothing():
    assert [is_missing(v) for v in (math.nan, pd.NaT, pd.NA)] == [True] * 3
    assert not any(is_missing(v) for v in (None, 0, "", [], [math.nan], "nan"))
