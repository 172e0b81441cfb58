"""Form fields are set all or none, once, and what does not fit is said before anything is sent."""

from datetime import date

import pandas as pd
import pytest

from psauth import ApiError, OutcomeUnknown
from tests.flow.filled import fields_of, run_with
from tests.flow.parts import LOST, NOT_DONE, fault_name

pytestmark = pytest.mark.usefixtures("short_pauses")


@pytest.mark.parametrize(
    ("kind", "value", "column", "read"),
    [
        ("Text", "Łódź 50 %", "value", "Łódź 50 %"),
        ("Textarea", "one\ntwo", "value", "one\ntwo"),
        ("Number", 497.5, "number", 497.5),
        ("Date", date(2026, 12, 1), "date", pd.Timestamp("2026-12-01", tz="UTC")),
        ("Email", "ana@example.com", "value", "ana@example.com"),
        ("Url", "https://example.com/a?b=1", "value", "https://example.com/a?b=1"),
        ("Table", [["a", "b"]], "value", None),
    ],
)
def test_a_value_that_is_set_is_read_back(box, ps, kind, value, column, read):
    run = run_with(box, kind)
    field_id = fields_of(run, kind)[0][0]
    answered = ps.set_form_values(run.id, {field_id: value})
    there = ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]
    assert answered["field_id"].tolist() == [field_id]
    assert there[column] == read if read is not None else there["items"][0]
    ps.set_form_values(run.id, {field_id: None})
    assert pd.isna(ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]["value"])


def test_choices_and_members_are_set_as_lists(box, ps):
    run = run_with(box, "MultiChoice")
    field_id, *_, field = fields_of(run, "MultiChoice")[0]
    ps.set_form_values(run.id, {field_id: field.options[:2]})
    assert ps.form_values(runs=[run.id]).set_index("field_id").loc[field_id]["items"] == list(field.options[:2])


def test_a_field_is_found_by_its_label(box, ps, writes):
    run = run_with(box, "Text")
    there = ps.form_values(runs=[run.id])
    text = there[(there["field_type"] == "Text") & ~there["label"].duplicated(keep=False)].iloc[0]
    ps.set_form_values(run.id, {text["label"].upper(): "by its label"})
    assert ps.form_values(runs=[run.id]).set_index("field_id").loc[text["field_id"]]["value"] == "by its label"
    assert writes() == [("POST", f"/workflow-runs/{run.id}/form-fields")]


def test_values_that_do_not_fit_are_said_before_anything_is_sent(box, ps, writes):
    run = run_with(box, "Number")
    field_id = fields_of(run, "Number")[0][0]
    with pytest.raises(ValueError, match="takes a number"):
        ps.set_form_values(run.id, {field_id: "many"})
    with pytest.raises(ValueError, match=r"No form field of the run is called 'Shoe size'\. There are: "):
        ps.set_form_values(run.id, {"Shoe size": 43})
    assert writes() == []


@pytest.mark.parametrize("body", ["", "{}", "[]"])
def test_values_that_were_set_and_not_shown_are_looked_at(box, ps, body):
    run = run_with(box, "Number")
    field_id = fields_of(run, "Number")[0][0]
    box.knobs.fault("/v1/workflow-runs", method="POST", status=200, when="after", body=body)
    rows = ps.set_form_values(run.id, {field_id: 7})
    assert rows[["field_id", "number"]].values.tolist() == [[field_id, 7.0]]


def test_what_the_service_does_not_take_names_the_field(box, ps):
    run = run_with(box, "Select")
    field_id, field = fields_of(run, "Select")[0][0], fields_of(run, "Select")[0][3]
    with pytest.raises(ApiError) as refusal:
        ps.set_form_values(run.id, {field_id: "no option"})
    assert refusal.value.status == 422
    assert "fields[0].value" in refusal.value.details
    assert f"the field {field.label!r}: " in str(refusal.value)
    assert "fields[" not in str(refusal.value)


SET = {"Text": "x", "Number": 497.50, "Date": date(2026, 12, 1), "MultiChoice": 1, "Email": None}


@pytest.mark.parametrize("fault", LOST, ids=fault_name)
@pytest.mark.parametrize("kind", SET)
def test_form_values_whose_answer_is_lost_are_looked_at_and_not_sent_again(box, ps, writes, kind, fault):
    run = run_with(box, kind)
    field_id, *_, field = fields_of(run, kind)[0]
    box.knobs.fault("/v1/workflow-runs", method="POST", **fault)
    set_to = list(field.options[:1]) if kind == "MultiChoice" else SET[kind]
    assert ps.set_form_values(run.id, {field_id: set_to})["field_id"].tolist() == [field_id]
    assert len(writes()) == 1


@pytest.mark.parametrize("fault", NOT_DONE, ids=fault_name)
@pytest.mark.parametrize("kind", SET)
def test_form_values_that_were_not_set_are_said_and_not_sent_again(box, ps, writes, kind, fault):
    run = run_with(box, kind)
    field_id, *_, field = fields_of(run, kind)[0]
    options = list(field.options[:1]) if kind == "MultiChoice" else None
    ps.set_form_values(run.id, {field_id: options or {"Email": "a@example.com"}.get(kind)})
    box.requests.clear()
    box.knobs.fault("/v1/workflow-runs", method="POST", **fault)
    with pytest.raises(OutcomeUnknown):
        ps.set_form_values(run.id, {field_id: list(field.options[1:2]) if options else SET[kind]})
    assert len(writes()) == 1
