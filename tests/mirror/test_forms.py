"""Forms: the names of tables and columns, and which field is which as forms change."""

import pandas as pd
import pytest

from psauth.mirror.forms import fields_in, layout_of, merged, of_template, table_name, widened
from psauth.mirror.publication import FormField
from psauth.reading.values import form_values
from tests.mirror.published.invented import a_value, values_of


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Purchase Request", "purchase_request"),
        ("  Büro / Ausstattung (neu)!  ", "buro_ausstattung_neu"),
        ("A" * 80, "a" * 40),
        ("'; drop table runs; --", "drop_table_runs"),
    ],
)
def test_a_table_is_called_in_plain_letters(name, slug):
    assert table_name("form_values", name, "w1", []) == f"form_values_{slug}"


def test_a_name_that_is_taken_or_has_no_letters_gets_a_number_that_stays():
    first = table_name("form_values", "Orders", "w1", [])
    second = table_name("form_values", "orders!", "w2", [first])
    assert second.startswith("form_values_orders_")
    assert table_name("form_values", "orders!", "w2", [first]) == second
    assert table_name("form_values", "採購", "w3", []) != table_name("form_values", "採購", "w4", [])
    assert table_name("form_values", None, "w3", []).startswith("form_values_")


def tidy(*records):
    return form_values(records)


def test_fields_are_found_by_workflow_as_the_latest_value_names_them():
    old = a_value("r1", "f1", "Cost", "Number", 1, updatedDate="2026-01-01T00:00:00Z")
    new = a_value("r2", "f1", "Price", "Number", 2, updatedDate="2026-02-01T00:00:00Z")
    found = fields_in(tidy(new, old, a_value("r3", "f2", "Other", "Text", "x")), {"r1": "w1", "r2": "w1", "r3": "w2"})
    assert {key: [(each.field_id, each.label, each.kind) for each in fields] for key, fields in found.items()} == {
        "w1": [("f1", "Price", "Number")],
        "w2": [("f2", "Other", "Text")],
    }


def test_a_later_name_wins_whatever_comes_first():
    early, late = FormField("f1", "Cost", "cost", "Text", 1.0), FormField("f1", "Price", None, "Number", 2.0)
    assert merged([early], [late]) == [FormField("f1", "Price", "cost", "Number", 2.0)]
    assert merged([late], [early]) == [late._replace(key="cost")]


def test_a_value_without_a_label_takes_no_name_away():
    named = a_value("r1", "f1", "Price", "Number", 1, updatedDate="2026-01-01T00:00:00Z", key="price")
    nameless = a_value("r2", "f1", None, "Number", 2, updatedDate="2026-02-01T00:00:00Z")
    blank = a_value("r3", "f1", "  ", "Number", 3, updatedDate="2026-03-01T00:00:00Z", key="")
    values = tidy(named, nameless, blank)
    fields = fields_in(values, dict.fromkeys(["r1", "r2", "r3"], "w1"))["w1"]
    assert [(each.label, each.key) for each in fields] == [("Price", "price")]
    layout = layout_of("form_values_x", fields)
    assert [row["Price"] for row in widened(values, fields, layout).to_pylist()] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize("named", [True, False])
def test_the_rows_of_a_table_have_its_columns_whatever_their_values_are_called(named):
    """The names of columns are those of the fields, which come from the template and from other months as well."""
    field = FormField("f1", "Now" if named else None, "key", "Text", 9.0)
    layout = layout_of("form_values_x", [field])
    row = widened(tidy(a_value("r1", "f1", "Before", "Text", "x")), [field], layout).to_pylist()
    assert row == [{"run_id": "r1", "Now" if named else "key": "x"}]


def test_the_template_names_its_fields_and_puts_them_in_order():
    fields = [FormField("f1", "Old", "old", "Text", 9.0), FormField("f2", "Left", "left", "Date", 9.0)]
    template = [
        {"id": "f3", "label": "New", "key": "new", "fieldType": "Number"},
        {"id": "f1", "label": "Now", "fieldType": "Text"},
    ]
    assert [(each.field_id, each.label, each.kind) for each in of_template(fields, template)] == [
        ("f3", "New", "Number"),
        ("f1", "Now", "Text"),
        ("f2", "Left", "Date"),
    ]


def test_every_piece_of_a_table_has_the_same_columns():
    fields = of_template(merged([], fields_in(tidy(*values_of("r1")), {"r1": "w1"})["w1"]), [])
    layout = layout_of("form_values_x", fields)
    assert [(field.name, field.kind) for field in layout.fields] == [
        ("run_id", "text"),
        ("Price", "number"),
        ("Colours", "list"),
        ("In budget?", "text"),
    ]
    part = widened(tidy(values_of("r2")[1]), fields, layout)
    assert part.schema == layout.schema()
    assert part.to_pylist() == [{"run_id": "r2", "Price": None, "Colours": ["red", "blue"], "In budget?": None}]


def test_a_value_without_an_id_has_a_column_too():
    odd = a_value("r1", None, "Odd", "Text", "x")
    fields = fields_in(tidy(odd), {"r1": "w1"})["w1"]
    layout = layout_of("form_values_x", fields)
    assert widened(tidy(odd), fields, layout).to_pylist() == [{"run_id": "r1", "Odd": "x"}]


def test_a_run_of_no_known_workflow_has_no_fields():
    assert fields_in(tidy(*values_of("r1")), {}) == {}
    assert isinstance(tidy(), pd.DataFrame)


def test_a_field_called_month_does_not_clash_with_the_column_of_the_folders():
    def field(label):
        return FormField(label, label, None, "Text", 0.0)

    assert layout_of("form_values_x", [field("Price")]).by == "month"
    assert layout_of("form_values_x", [field("Month")]).by == "run_month"
    assert layout_of("form_values_x", [field("month"), field("RUN_MONTH")]).by == "run_run_month"
