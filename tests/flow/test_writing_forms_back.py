"""Form values given back as they were read change nothing, whatever was typed; what is changed changes alone."""

from datetime import date

import pandas as pd
import pytest

from psauth import ArgumentError, Days, Unreadable
from psauth.sandbox.company.runs import Entry
from tests.flow.parts import WRITTEN

DAY = {"value": "2026-01-01T15:00:00.000Z", "timeHidden": True}
MOMENT = {"value": "2026-01-01T15:00:00.000Z", "timeHidden": False}


class Form:
    """The form of a run of the sandbox, whose values a test plants by the type of their field."""

    def __init__(self, box, ps):
        self.box, self.ps = box, ps
        kinds = ("Number", "Date", "Text")
        self.run = next(
            r
            for r in box.company.runs
            if not r.template.blueprint.bare and {f[3].kind for f in r.template.fields} >= {*kinds}
        )
        fields = [(number, f[0], f[3]) for number, f in enumerate(self.run.template.fields)]
        self.number, self.id, self.label = {}, {}, {}
        for kind in {f.kind for _, _, f in fields}:
            self.number[kind], self.id[kind], field = next(f for f in fields if f[2].kind == kind)
            self.label[kind] = field.label

    def plant(self, **data):
        """This `data` in the first field of these types."""
        for kind, value in data.items():
            self.run.entries[self.number[kind]] = Entry(value, self.run.created, self.run.created_by)
        self.box.requests.clear()

    def data(self, kind):
        """What the service has in it."""
        return self.run.entries[self.number[kind]].data

    def wide(self):
        return self.ps.form_values(runs=self.run.id, wide=True, progress=False)

    def tidy(self):
        return self.ps.form_values(runs=self.run.id, progress=False)

    def column(self, kind):
        return next(c for c, i in self.wide().attrs["field_ids"].items() if i == self.id[kind])

    @property
    def written(self):
        return [r.method for r in self.box.requests if r.method in WRITTEN]


@pytest.fixture
def form(box, ps):
    return Form(box, ps)


ODD = [
    "1.250,00",
    "12 kg",
    "  ",
    "2026-W10-1",
    "2026-11-20T24:00:00Z",
    "1763629200",
    "0000-01-01",
    "12026-01-01",
    "soon",
    7.5,
    True,
    ["a"],
    {"odd": 1},
]


@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_every_value_given_back_is_not_sent(form, odd):
    form.plant(Number={"value": odd}, Date={"value": odd, "timeHidden": True}, Text={"value": odd})
    wide = form.wide()
    form.ps.set_form_values(form.run.id, wide.drop(columns="run_id").iloc[0].to_dict())
    form.ps.set_form_values(
        form.run.id, {form.id["Number"]: form.tidy().set_index("field_id").loc[form.id["Number"], "value"]}
    )
    assert form.written == []


def test_a_table_without_rows_is_missing_and_given_back_as_it_was(box, ps):
    run = next(r for r in box.company.runs if any(f[3].kind == "Table" for f in r.template.fields))
    number, field = next((n, f) for n, f in enumerate(run.template.fields) if f[3].kind == "Table")
    run.entries[number] = Entry({"columns": ["A"], "rows": []}, run.created, run.created_by)
    wide = ps.form_values(runs=run.id, wide=True, progress=False)
    column = next(c for c, i in wide.attrs["field_ids"].items() if i == field[0])
    assert wide[column].isna().all()
    assert not Unreadable.of(wide)
    box.requests.clear()
    ps.set_form_values(run.id, {column: wide[column][0]})
    assert not [r for r in box.requests if r.method in WRITTEN]


@pytest.mark.parametrize(
    ("kind", "odd"),
    [
        ("Number", [1]),  # a list of one, which a wide frame shows as its number
        ("Date", {"value": "2026-03-04T05:06:07.123456Z"}),  # finer than what can be written
        ("Date", {"value": "2026-03-04T05:06:07.1234567+05:30"}),
        ("Date", ["2026-03-04"]),
        ("Text", {"value": "half an emoji \ud83d"}),
        ("Select", {"value": "\ud83d"}),
        ("Table", {"columns": [], "rows": []}),
    ],
    ids=repr,
)
def test_what_a_frame_shows_is_given_back_unsent_however_it_is_stored(box, ps, kind, odd):
    run = next(r for r in box.company.runs if kind in {f[3].kind for f in r.template.fields})
    number, (field_id, *_) = next((n, f) for n, f in enumerate(run.template.fields) if f[3].kind == kind)
    run.entries[number] = Entry(odd, run.created, run.created_by)
    wide = ps.form_values(runs=run.id, wide=True, progress=False)
    (column,) = (name for name, shown in wide.attrs["field_ids"].items() if shown == field_id)
    tidy = ps.form_values(runs=run.id, progress=False).set_index("field_id")
    box.requests.clear()
    ps.set_form_values(run.id, {column: wide[column][0]})
    if kind != "Table":  # whose text is for people: rows are given as rows
        ps.set_form_values(run.id, {column: tidy.loc[field_id, "value"]})
    assert [r.method for r in box.requests if r.method in WRITTEN] == []


def test_what_could_not_be_read_is_said_tidy_and_wide(form):
    form.plant(Number={"value": "1.250,00"}, Date={"value": "2026-W10-1"})
    row = f"{form.run.id}/"
    assert Unreadable.of(form.tidy()) == {
        (row + form.id["Number"], "number"): "1.250,00",
        (row + form.id["Date"], "date"): "2026-W10-1",
    }
    assert Unreadable.of(form.wide()) == {
        (form.run.id, form.column("Number")): "1.250,00",
        (form.run.id, form.column("Date")): "2026-W10-1",
    }
    assert form.wide()[[form.column("Number"), form.column("Date")]].isna().all(axis=None)


def test_what_is_changed_is_sent_alone(form):
    form.plant(Number={"value": "1.250,00"}, Date=DAY, Text={"value": "old"})
    values = form.wide().drop(columns="run_id").iloc[0].to_dict() | {form.column("Text"): "new"}
    rows = form.ps.set_form_values(form.run.id, values)
    assert form.written == ["POST"]
    assert len(rows) == len(values)
    assert rows.set_index("field_id").loc[form.id["Text"], "value"] == "new"
    assert (form.data("Number"), form.data("Date"), form.data("Text")) == ({"value": "1.250,00"}, DAY, {"value": "new"})


def test_none_clears_what_could_not_be_read_and_missing_does_not(form):
    form.plant(Number={"value": "1.250,00"})
    form.ps.set_form_values(form.run.id, {form.id["Number"]: float("nan")})
    assert form.written == []
    form.ps.set_form_values(form.run.id, {form.id["Number"]: None})
    assert form.data("Number") is None
    form.plant(Number={"value": "7"})
    with pytest.raises(ArgumentError, match="was given nan"):
        form.ps.set_form_values(form.run.id, {form.id["Number"]: float("nan")})


@pytest.mark.parametrize(
    ("stored", "value", "sent"),
    [
        (DAY, date(2026, 1, 1), None),
        (DAY, pd.Timestamp("2026-01-01T00:00Z"), None),
        (DAY, date(2026, 1, 2), {"value": "2026-01-02T00:00:00.000Z", "timeHidden": True}),
        (DAY, pd.Timestamp("2026-01-02T00:00Z"), {"value": "2026-01-02T00:00:00.000Z", "timeHidden": True}),
        (DAY, pd.Timestamp("2026-01-02T09:30Z"), {"value": "2026-01-02T09:30:00.000Z", "timeHidden": False}),
        (MOMENT, pd.Timestamp("2026-01-01T15:00Z"), None),
        (MOMENT, pd.Timestamp("2026-01-02T00:00Z"), {"value": "2026-01-02T00:00:00.000Z", "timeHidden": False}),
        (MOMENT, date(2026, 1, 1), {"value": "2026-01-01T00:00:00.000Z", "timeHidden": True}),
    ],
)
def test_a_day_stays_a_day_and_a_moment_a_moment(form, stored, value, sent):
    form.plant(Date=stored)
    form.ps.set_form_values(form.run.id, {form.id["Date"]: value})
    assert form.written == ([] if sent is None else ["POST"])
    assert form.data("Date") == (sent or stored)


def test_days_are_told_from_moments_by_the_value(form):
    form.plant(Date=DAY)
    assert form.tidy().set_index("field_id").loc[form.id["Date"], "date_only"]
    assert form.column("Date") in Days.of(form.wide()).columns
    form.plant(Date=MOMENT)
    assert not form.tidy().set_index("field_id").loc[form.id["Date"], "date_only"]
    assert form.column("Date") not in Days.of(form.wide()).columns


@pytest.mark.parametrize("number", ["12345678901234567890", "0.30000000000000004", "1e3", "7.50"])
def test_a_number_given_back_as_its_float_is_not_sent_and_another_is(form, number):
    form.plant(Number={"value": number})
    form.ps.set_form_values(form.run.id, {form.id["Number"]: form.wide()[form.column("Number")][0]})
    assert form.written == []
    form.ps.set_form_values(form.run.id, {form.id["Number"]: "12345678901234567891"})
    assert form.data("Number") == {"value": "12345678901234567891"}


def test_an_answer_that_is_lost_beside_what_cannot_be_read_is_looked_at(box, form):
    form.plant(Date={"value": "2026-11-20T24:00:00Z"}, Number={"value": "1.250,00"})
    box.knobs.fault("/v1/workflow-runs", method="POST", kind="drop", when="after")
    form.ps.set_form_values(form.run.id, {form.id["Date"]: date(2026, 12, 1), form.id["Number"]: 3})
    assert form.data("Number") == {"value": "3"}
    assert form.written == ["POST"]


def test_a_field_is_found_by_the_name_of_its_column(form):
    form.plant(Text={"value": "old"})
    form.ps.set_form_values(form.run.id, {form.column("Text"): "new"})
    assert form.data("Text") == {"value": "new"}
