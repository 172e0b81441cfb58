"""Values: every kind of field in every shape that was seen, and that nothing of a shape never seen gets lost."""

import json

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from psauth.reading.endpoints import FIELD_TYPES, FORM_FIELDS, FORM_VALUES, RECORDS
from psauth.reading.frames import TIME_DTYPE, frame
from psauth.reading.values import LISTS, Value, decode, form_values, records, wide
from tests.dtypes import TEXT

FILE = {"url": "https://files.example/a.pdf", "name": "a.pdf", "id": "f1", "mimeType": "application/pdf", "size": 7}
READ_FILE = "a.pdf <https://files.example/a.pdf>"
TABLE = {"columns": ["No", "Product"], "rows": [["1", "Saw"], ["2", "Ünit"]]}
MAIL = {"status": "Sent", "subject": "About you", "to": []}
PLAIN = ("Text", "Textarea", "Hidden", "Snippet", "Email", "Url", "Select")
CHOICES = ("MultiChoice", "MultiSelect", "Members")

SHAPES = [
    *[(kind, {"value": "Ünal ✓"}, Value("Ünal ✓")) for kind in PLAIN],
    *[(kind, "Ünal ✓", Value("Ünal ✓")) for kind in PLAIN],
    *[(kind, {"values": ["b", "a"]}, Value("b, a", items=["b", "a"])) for kind in CHOICES],
    *[(kind, ["b", "a"], Value("b, a", items=["b", "a"])) for kind in CHOICES],
    *[(kind, {"value": ["b", "a"]}, Value("b, a", items=["b", "a"])) for kind in CHOICES],
    *[(kind, {"value": "b"}, Value("b", items=["b"])) for kind in CHOICES],
    *[(kind, {"values": []}, Value()) for kind in CHOICES],
    *[(kind, FILE, Value(READ_FILE, items=[FILE])) for kind in ("File", "Document")],
    *[(kind, {"value": FILE}, Value(READ_FILE, items=[FILE])) for kind in ("File", "Document")],
    ("File", {"url": "https://files.example/b"}, Value("https://files.example/b", items=[{"url": "https://files.example/b"}])),
    ("MultiFile", {"values": [FILE, FILE]}, Value(f"{READ_FILE}, {READ_FILE}", items=[FILE, FILE])),
    ("MultiFile", FILE, Value(READ_FILE, items=[FILE])),
    ("Table", TABLE, Value(json.dumps(TABLE, ensure_ascii=False), items=[{"No": "1", "Product": "Saw"}, {"No": "2", "Product": "Ünit"}])),
    ("Table", {"value": TABLE}, Value(json.dumps(TABLE, ensure_ascii=False), items=[{"No": "1", "Product": "Saw"}, {"No": "2", "Product": "Ünit"}])),
    ("Table", {"columns": ["A"], "rows": []}, Value('{"columns": ["A"], "rows": []}')),
    ("Table", {"columns": ["A", "A"], "rows": [["1", "2"]]}, Value('{"columns": ["A", "A"], "rows": [["1", "2"]]}', items=[["1", "2"]])),
    ("Table", {"columns": ["A"], "rows": [["1", "2"], "odd"]}, Value('{"columns": ["A"], "rows": [["1", "2"], "odd"]}', items=[["1", "2"], "odd"])),
    ("SendRichEmail", MAIL, Value(json.dumps(MAIL))),
    ("Number", {"value": "497.5"}, Value("497.5", number=497.5)),
    ("Number", {"value": 497.5}, Value("497.5", number=497.5)),
    ("Number", "12", Value("12", number=12.0)),
    ("Number", 12, Value("12", number=12.0)),
    ("Number", 12.0, Value("12", number=12.0)),
    ("Number", {"value": "-1e3"}, Value("-1e3", number=-1000.0)),
    *[("Number", {"value": odd}, Value(odd)) for odd in ("12 kg", "1,5", "1_000", "NaN", "inf", "1e999")],
    ("Number", {"value": True}, Value("true")),
    ("Number", 10**400, Value(str(10**400))),
    ("Date", {"value": "2026-08-19T15:00:00.000Z", "timeHidden": True}, Value("2026-08-19T15:00:00.000Z", moment="2026-08-19")),
    ("Date", {"value": "2026-08-19T15:00:00.000Z", "timeHidden": False}, Value("2026-08-19T15:00:00.000Z", moment="2026-08-19T15:00:00.000Z")),
    ("Date", {"value": "2026-08-19T15:00:00.000Z"}, Value("2026-08-19T15:00:00.000Z", moment="2026-08-19T15:00:00.000Z")),
    ("Date", "2026-08-19", Value("2026-08-19", moment="2026-08-19")),
    ("Date", {"value": "next week", "timeHidden": True}, Value("next week", moment="next week")),
    *[(kind, empty, Value()) for kind in FIELD_TYPES for empty in (None, {"value": None}, {"value": ""}, "", [], {"values": []}, {"values": None})],
    *[(kind, {"odd": 1}, Value('{"odd": 1}', items=[{"odd": 1}] if kind in LISTS else None)) for kind in FIELD_TYPES if kind not in ("Number", "Date")],
    ("Hologram", {"value": "x"}, Value("x")),
    ("Hologram", {"depth": 3}, Value('{"depth": 3}')),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "data", "expected"), SHAPES)
def test_each_kind_in_each_shape_that_was_seen(kind, data, expected):
    assert decode(kind, data) == expected


def test_every_kind_of_field_is_among_the_shapes():
    assert {kind for kind, data, _ in SHAPES if data} >= {*FIELD_TYPES}
    assert set(FIELD_TYPES) >= LISTS


@pytest.mark.parametrize("kind", ["Number", "Date"])
def test_an_object_where_a_number_or_date_stands_is_kept_as_text(kind):
    decoded = decode(kind, {"odd": 1})
    assert (decoded.text, decoded.number, decoded.items) == ('{"odd": 1}', None, None)


json_values = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.text(max_size=4), st.sampled_from(["rows", "columns", "name", "url"])), inner, max_size=3),
        st.fixed_dictionaries({"value": inner}),
        st.fixed_dictionaries({"values": inner}),
        st.fixed_dictionaries({"columns": st.lists(st.text(max_size=2), max_size=2), "rows": st.lists(st.lists(inner, max_size=2), max_size=2)}),
    ),
    max_leaves=8,
)  # fmt: skip


def scalars(value):
    """Every scalar in a value, as it would be read; keys included."""
    if isinstance(value, dict):
        return [s for k, v in value.items() for s in [k, *scalars(v)]]
    if isinstance(value, list):
        return [s for v in value for s in scalars(v)]
    if value is None or value == "":
        return []
    return [value]


def shown(value, text, items):
    """Whether one scalar can be found again."""
    if any(type(value) is type(item) and value == item for item in scalars(items)):
        return True
    if isinstance(value, str):
        return value in text or json.dumps(value, ensure_ascii=False)[1:-1] in text
    if isinstance(value, float) and value.is_integer() and str(int(value)) in text:
        return True
    return json.dumps(value) in text


@pytest.mark.slow
@given(st.sampled_from([*FIELD_TYPES, "Hologram", ""]), json_values)
def test_whatever_comes_decoding_never_raises_and_loses_nothing(kind, data):
    decoded = decode(kind, data)
    assert decoded.text is None or decoded.text
    assert decoded.items is None or (isinstance(decoded.items, list) and decoded.items)
    content = None if data == {"values": None} else data
    if isinstance(data, dict) and isinstance(data.get("values"), list):
        content = data["values"]
    elif isinstance(data, dict) and "value" in data:
        content = data["value"]
    for scalar in scalars(content):
        assert shown(scalar, decoded.text or "", decoded.items), (scalar, decoded)
    if kind in LISTS:
        assert (decoded.items is None) <= (decoded.text is None or kind == "Table"), "a wide column of lists loses it"


@pytest.mark.slow
@given(
    st.lists(st.tuples(st.sampled_from(["f1", "f2", None, 7]), st.sampled_from(FIELD_TYPES), json_values), max_size=4)
)
def test_whatever_comes_the_frames_have_their_shape(drawn):
    rows = [
        {"id": i, "workflowRunId": "r1", "label": "L", "key": "k", "fieldType": kind, "data": d} for i, kind, d in drawn
    ]
    tidy = form_values(rows)
    assert len(tidy) == len(rows)
    across = wide(tidy)
    assert len(across) == min(len(rows), 1)
    assert across.columns.is_unique


# Tidy -----------------------------------------------------------------------------------------------------------------

ADA = {"id": "p1", "email": "ada@example.com", "username": "Ada Łovelace"}


def value(field, kind, data, *, run="r1", label=None, key=None, at=None):
    made = {"id": field, "workflowRunId": run, "fieldType": kind, "data": data, "taskId": "t1"}
    made |= {} if label is None else {"label": label}
    made |= {} if key is None else {"key": key}
    return made | ({} if at is None else {"updatedDate": at, "updatedBy": ADA})


def text(*values):
    return pd.Series([*values], dtype="str")


def time(*values):
    return pd.Series(pd.to_datetime([*values], utc=True, format="ISO8601")).astype(TIME_DTYPE)


def test_values_become_this_frame():
    result = form_values(
        [
            value("f1", "Number", {"value": "497.5"}, label="Amount", key='Am?%":', at="2026-11-20T09:14:03.120Z"),
            value("f2", "Date", {"value": "2026-08-19T15:00:00.000Z", "timeHidden": True}, key="due"),
            value("f3", "MultiSelect", {"values": ["a", "b"]}, run="r2") | {"dataSetLinked": True},
            value("f4", "Text", None, run="r2") | {"aFieldOfNextYear": {"deep": [1]}},
        ]
    )
    expected = pd.DataFrame(
        {
            "field_id": text("f1", "f2", "f3", "f4"),
            "label": text("Amount", None, None, None),
            "key": text('Am?%":', "due", None, None),
            "run_name": text(None, None, None, None),
            "workflow_name": text(None, None, None, None),
            "run_id": text("r1", "r1", "r2", "r2"),
            "task_id": text("t1", "t1", "t1", "t1"),
            "field_type": pd.Categorical(["Number", "Date", "MultiSelect", "Text"], categories=FIELD_TYPES),
            "value": text("497.5", "2026-08-19T15:00:00.000Z", "a, b", None),
            "number": pd.Series([497.5, None, None, None], dtype="float64"),
            "date": time(None, "2026-08-19", None, None),
            "date_only": pd.array([None, True, None, None], dtype="boolean"),
            "items": pd.Series([None, None, ["a", "b"], None], dtype="object"),
            "data_set_linked": pd.array([None, None, True, None], dtype="boolean"),
            "updated_date": time("2026-11-20T09:14:03.120Z", None, None, None),
            "updated_by_username": text("Ada Łovelace", None, None, None),
            "updated_by_email": text("ada@example.com", None, None, None),
            "updated_by_id": text("p1", None, None, None),
        }
    )
    assert_frame_equal(result, expected)


def test_without_values_the_frame_has_the_same_columns_and_dtypes():
    assert_frame_equal(form_values([]), form_values([value("f", "Text", "x")]).iloc[:0])


def test_half_a_surrogate_pair_does_not_cost_the_frame():
    odd = json.loads(r'{"value": "cut in the emoji \ud83d"}')
    assert form_values([value("f", "Text", odd)])["value"].tolist() == [r"cut in the emoji \ud83d"]
    cells = [{"fieldId": "c", "value": odd["value"]}]
    assert records([{"id": "x", "cells": cells}], [{"id": "c", "name": "C"}])["C"].tolist() == [
        r"cut in the emoji \ud83d"
    ]


# Wide -----------------------------------------------------------------------------------------------------------------


def test_wide_is_this_frame():
    tidy = form_values(
        [
            value("f1", "Number", {"value": "1.5"}, label="Amount", run="r2"),
            value("f2", "Date", {"value": "2026-08-19", "timeHidden": True}, label="Day", run="r2"),
            value("f3", "Members", {"values": ["a@x"]}, label="Who", run="r2"),
            value("f4", "File", FILE, label="File", run="r2"),
            value("f5", "Table", TABLE, label="Lines", run="r2"),
            value("f1", "Number", None, label="Amount", run="r1"),
            value("f6", "Text", {"value": "t"}, run="r1", key="only-a-key"),
        ]
    )
    result = wide(tidy)
    rows = [{"No": "1", "Product": "Saw"}, {"No": "2", "Product": "Ünit"}]
    expected = pd.DataFrame(
        {
            "run_id": text("r2", "r1"),
            "Amount": pd.Series([1.5, None], dtype="float64"),
            "Day": time("2026-08-19", None),
            "Who": pd.Series([["a@x"], None], dtype="object"),
            "File": text(READ_FILE, None),
            "Lines": pd.Series([rows, None], dtype="object"),
            "only-a-key": text(None, "t"),
        }
    )
    assert_frame_equal(result, expected)
    assert result.attrs["field_ids"] == {
        "Amount": "f1", "Day": "f2", "Who": "f3", "File": "f4", "Lines": "f5", "only-a-key": "f6"
    }  # fmt: skip


def fields(*records):
    return frame(
        [{"id": i, "fieldType": kind, "label": label, "key": key} for i, kind, label, key in records], FORM_FIELDS
    )


def test_the_latest_label_names_the_column():
    tidy = form_values(
        [
            value("f", "Text", "x", label="New", run="r1", at="2026-11-20T00:00:00Z"),
            value("f", "Text", "y", label="Old", run="r2", at="2026-01-01T00:00:00Z"),
            value("f", "Text", None, label="Untouched", run="r3"),
            value("f", "Text", "z", run="r4", at="2026-12-01T00:00:00Z"),
        ]
    )
    assert wide(tidy).columns.tolist() == ["run_id", "New"]
    assert wide(tidy, fields(("f", "Text", "As it is now", "k"))).columns.tolist() == ["run_id", "As it is now"]
    assert wide(tidy, fields(("f", "Text", None, "k"))).columns.tolist() == ["run_id", "New"]


def test_labels_that_repeat_are_told_apart_by_their_keys():
    tidy = form_values(
        [
            value("f1", "Text", "1", label="Name", key="name"),
            value("f2", "Text", "2", label="Name", key="name-2"),
            value("f3", "Text", "3", label="Name"),
            value("f4", "Text", "4", label="run_id"),
        ]
    )
    result = wide(tidy)
    assert result.columns.tolist() == ["run_id", "Name (name)", "Name (name-2)", "Name (f3)", "run_id (f4)"]
    assert result.iloc[0].tolist() == ["r1", "1", "2", "3", "4"]
    assert list(result.attrs["field_ids"].values()) == ["f1", "f2", "f3", "f4"]


def test_columns_follow_the_template_and_fields_nobody_filled_in_are_there():
    tidy = form_values([value("gone", "Text", "old", label="Gone"), value("f2", "Text", "x", label="Two")])
    template = fields(("f1", "Number", "One", "one"), ("f2", "Text", "Two", "two"), ("f3", "Date", "Three", "three"),
                      ("f4", "Members", "Four", "four"))  # fmt: skip
    result = wide(tidy, template)
    assert result.columns.tolist() == ["run_id", "One", "Two", "Three", "Four", "Gone"]
    assert [str(d) for d in result.dtypes] == [TEXT, "float64", TEXT, TIME_DTYPE, "object", TEXT]
    assert result["Gone"].tolist() == ["old"]


def test_without_values_wide_has_the_template_s_columns():
    template = fields(("f1", "Number", "One", "one"), ("f2", "Date", "Two", "two"), ("f3", "Text", "Three", None))
    result = wide(form_values([]), template)
    assert result.shape == (0, 4)
    assert [str(d) for d in result.dtypes] == [TEXT, "float64", TIME_DTYPE, TEXT]
    assert wide(form_values([])).columns.tolist() == ["run_id"]


def test_a_value_without_an_id_has_a_column_all_the_same():
    tidy = form_values([{k: v for k, v in value("", "Text", "x", label="Name").items() if k != "id"}])
    assert wide(tidy)["Name"].tolist() == ["x"]


def test_the_frame_given_is_left_as_it_was():
    tidy = form_values([value("f", "Text", "x", label="A")])
    before = tidy.copy(deep=True)
    wide(tidy)
    assert_frame_equal(tidy, before)


# Data sets ------------------------------------------------------------------------------------------------------------

COLUMNS = [
    {"id": "c1", "name": "Name", "fieldType": "Text"},
    {"id": "c2", "name": "Price", "fieldType": "Number"},
    {"id": "c3", "name": "Since", "fieldType": "DateTime"},
]


def cells(**values):
    return [{"fieldId": field_id, "value": v} for field_id, v in values.items()]


def test_records_become_one_column_a_field_by_name_and_type():
    rows = [
        {"id": "x1", "dataSetId": "d", "cells": cells(c1="Ünit", c2="7.5", c3="2026-11-20T09:00:00Z")},
        {"id": "x2", "dataSetId": "d", "cells": cells(c2=8, gone={"deep": 1})},
        {"id": "x3", "dataSetId": "d"},
    ]
    result = records(rows, COLUMNS)
    expected = pd.DataFrame(
        {
            "record_id": text("x1", "x2", "x3"),
            "Name": text("Ünit", None, None),
            "Price": pd.Series([7.5, 8, None], dtype="float64"),
            "Since": time("2026-11-20T09:00:00Z", None, None),
            "gone": text(None, '{"deep": 1}', None),
        }
    )
    assert_frame_equal(result.iloc[:, :5], expected)
    assert result.columns[5:].tolist() == [c.name for c in RECORDS.columns[1:]]


def test_without_records_the_columns_are_there_and_typed():
    result = records([], COLUMNS)
    assert [str(d) for d in result.dtypes.iloc[:4]] == [TEXT, TEXT, "float64", TIME_DTYPE]
    assert len(result) == 0


def test_names_that_repeat_or_are_taken_are_told_apart_by_the_field_s_id():
    twice = [
        {"id": "c1", "name": "A"},
        {"id": "c2", "name": "A (c3)"},
        {"id": "c3", "name": "A"},
        {"id": "c4", "name": "created_date"},
    ]
    result = records([{"id": "x", "cells": cells(c1="1", c2="2", c3="3", c4="4")}], twice)
    assert result.columns.is_unique
    assert sorted(result.iloc[0, 1:5].tolist()) == ["1", "2", "3", "4"]


@pytest.mark.parametrize("odd", [None, 7, "x", {}, [None], ["x"], [{}], [{"value": 1}]])
def test_cells_of_another_shape_do_not_cost_the_record(odd):
    assert records([{"id": "x", "cells": odd}], COLUMNS)["record_id"].tolist() == ["x"]


@pytest.mark.slow
@given(st.lists(st.dictionaries(st.sampled_from(["c1", "c2", "c3", "c9"]), json_values), max_size=3))
def test_whatever_stands_in_cells_every_record_is_a_row(drawn):
    rows = [{"id": str(n), "cells": cells(**row)} for n, row in enumerate(drawn)]
    result = records(rows, COLUMNS)
    assert len(result) == len(rows)
    assert [str(d) for d in result.dtypes.iloc[:4]] == [TEXT, TEXT, "float64", TIME_DTYPE]
    for at, row in enumerate(drawn):
        if row.get("c9") is not None:
            assert isinstance(result.loc[at, "c9"], str)


def test_the_decoded_columns_stand_behind_the_type():
    names = [c.name for c in FORM_VALUES.columns]
    place = names.index("field_type") + 1
    decoded = ["value", "number", "date", "date_only", "items"]
    assert form_values([]).columns.tolist() == [*names[:place], *decoded, *names[place:]]
