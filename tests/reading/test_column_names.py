"""Names of columns: no field's column is taken for another, nor for one that the table has of its own."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.reading.endpoints import RECORDS
from psauth.reading.values import OWN, column_names, columns_of, form_values, records, wide


def alike(name):
    """What a database without cases, or a reader, cannot tell apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip().replace(" ", "_")


def of_form(*labels):
    """The columns of a wide frame whose fields have these labels, and the keys k0, k1, …"""
    rows = [
        {
            "id": f"f{n}",
            "key": f"k{n}",
            "workflowRunId": "r1",
            "fieldType": "Text",
            "data": f"value {n}",
            "label": label,
        }
        for n, label in enumerate(labels)
    ]
    result = wide(form_values(rows))
    assert result.iloc[0].tolist() == ["r1", *(f"value {n}" for n in range(len(labels)))]
    return result.columns[1:].tolist()


@pytest.mark.parametrize(
    ("labels", "columns"),
    [
        (["Amount", "Due"], ["Amount", "Due"]),
        (["run_name", "Amount"], ["run_name (k0)", "Amount"]),
        (["Run Name"], ["Run Name (k0)"]),
        (["RUN_ID", "workflow_name", "Workflow ID"], ["RUN_ID (k0)", "workflow_name (k1)", "Workflow ID (k2)"]),
        (["Name", "NAME", "name"], ["Name (k0)", "NAME (k1)", "name (k2)"]),
        (["Straße", "STRASSE"], ["Straße (k0)", "STRASSE (k1)"]),
        (["Gr\u00f6\u00dfe", "Gro\u0308\u00dfe"], ["Gr\u00f6\u00dfe (k0)", "Gr\u00f6\u00dfe (k1)"]),
        ([" Amount", "Amount "], ["Amount (k0)", "Amount (k1)"]),
        ([" Amount "], ["Amount"]),
        (["", "  ", None, "\u00a0"], ["k0", "k1", "k2", "k3"]),
        (["k1", ""], ["k1 (k0)", "k1 (k1)"]),
        (["A (k1)", "A", "a"], ["A (k1)", "A (k1) (f1)", "a (k2)"]),
    ],
)
def test_labels_that_are_alike_have_their_keys_behind_them(labels, columns):
    assert of_form(*labels) == columns


def test_a_field_without_label_and_key_is_called_by_its_id():
    assert column_names([("f1", None, None), ("f2", " ", "")], OWN) == ["f1", "f2"]


def test_fields_of_a_data_set_are_named_the_same_way():
    names = ["Name", "name", "Record ID", "created date", " ", "Größe"]
    fields = [{"id": f"c{n}", "name": name, "fieldType": "Text"} for n, name in enumerate(names)]
    cells = [{"fieldId": f"c{n}", "value": str(n)} for n in range(len(names))] + [{"fieldId": "gone", "value": "old"}]
    result = records([{"id": "x", "cells": cells}], fields)
    expected = ["Name (c0)", "name (c1)", "Record ID (c2)", "created date (c3)", "c4", "Größe", "gone"]
    assert result.columns[1:8].tolist() == expected
    assert result.iloc[0, 1:8].tolist() == ["0", "1", "2", "3", "4", "5", "old"]
    assert list(columns_of(fields)) == expected[:6]


def test_a_field_that_is_no_longer_listed_renames_no_other():
    fields = [{"id": "c1", "name": "gone", "fieldType": "Text"}]
    result = records(
        [{"id": "x", "cells": [{"fieldId": "gone", "value": "old"}, {"fieldId": "c1", "value": "new"}]}], fields
    )
    assert result.columns[1:3].tolist() == ["gone", "gone (gone)"]
    assert result.iloc[0, 1:3].tolist() == ["new", "old"]


labels = st.one_of(
    st.none(),
    st.text(max_size=3),
    st.sampled_from([*OWN, "Name", "NAME", " name", "N\u0303", "\u00d1", "Run Name", "a (f1)"]),
)


@pytest.mark.slow
@given(
    st.lists(labels, max_size=6),
    st.lists(labels, min_size=6, max_size=6),
    st.sampled_from([OWN, [c.name for c in RECORDS.columns]]),
)
def test_whatever_the_labels_are_no_two_columns_are_alike(drawn, keys, own):
    fields = [(f"f{n}", label, key) for n, (label, key) in enumerate(zip(drawn, keys, strict=False))]
    names = column_names(fields, own)
    assert len({alike(name) for name in [*names, *own]}) == len(names) + len(own)
    assert names == column_names(fields, own)
