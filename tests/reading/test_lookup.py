"""Lookup: a thing by what people call it, however they type it; the same words for every kind of thing."""

import unicodedata

import pytest

from psauth.exceptions import ArgumentError
from psauth.reading.lookup import SHOWN, find, find_all

LABELS = ("label", "key")


def things(*names):
    return [{"id": f"id{number}", "name": name} for number, name in enumerate(names)]


NFD = unicodedata.normalize("NFD", "Größe")
NFC = unicodedata.normalize("NFC", "Größe")


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        (NFC, NFD),
        (NFD, NFC),
        (NFC, NFD.upper()),
        ("Größe", "GRÖSSE"),
        ("İstanbul", "i̇stanbul"),
        ("Invoice Approval", "  invoice approval "),
        ("Invoice  Approval ", "Invoice Approval"),
        ("Invoice\u00a0Approval", "invoice approval"),
        ("Invoice\tApproval\n", "Invoice Approval"),
        ("\ufeffInvoice\u200b Approval", "Invoice Approval"),
        ("Lohn\u00adabrechnung", "lohnabrechnung"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("Ǆ", "ǆ"),
        ("일정", unicodedata.normalize("NFD", "일정")),
    ],
)
def test_what_looks_the_same_is_the_same(stored, typed):
    records = things("Vacation", stored)
    assert find(typed, records, "workflow")["id"] == "id1"


@pytest.mark.parametrize("typed", ["Onboarding", "onboarding", "ONBOARDING"])
def test_an_exact_name_wins(typed):
    records = things("Onboarding", "onboarding", "ONBOARDING")
    assert find(typed, records, "workflow")["name"] == typed


def test_the_same_case_wins_over_another():
    records = things("Onboarding ", "onboarding")
    assert find("Onboarding", records, "workflow")["id"] == "id0"


def test_what_case_alone_tells_apart_is_ambiguous_in_another_case():
    with pytest.raises(
        ArgumentError,
        match=r"2 workflows are called 'ONBOARDING': Onboarding \(id0\); onboarding \(id1\)\. Give the id",
    ):
        find("ONBOARDING", things("Onboarding", "onboarding"), "workflow")


def test_an_id_is_an_id_even_where_something_else_is_called_so():
    records = [*things("Vacation"), {"id": "x", "name": "id0"}]
    assert find("id0", records, "workflow")["name"] == "Vacation"


def test_a_field_is_called_by_its_label_or_its_key():
    fields = [{"id": "f1", "label": "Salary", "key": "salary_1"}, {"id": "f2", "key": "start"}]
    assert find("SALARY", fields, "form field", LABELS)["id"] == "f1"
    assert find("salary_1", fields, "form field", LABELS)["id"] == "f1"
    assert find("start", fields, "form field", LABELS)["id"] == "f2"
    assert [f["id"] for f in find_all("nothing", fields, LABELS)] == []


@pytest.mark.parametrize("what", ["workflow", "data set", "form field of the run", "task of the run"])
def test_every_kind_of_thing_is_missed_in_the_same_words(what):
    many = things(*(f"Thing {n}" for n in range(15)))
    with pytest.raises(
        ArgumentError, match=rf"No {what} is called 'Payroll'\. There are: Thing 0 \(id0\); .*; and 5 more\.$"
    ):
        find("Payroll", many, what)
    with pytest.raises(ArgumentError, match=rf"No {what} is called 'Invoce'\. Did you mean: Invoice \(id0\)\?$"):
        find("Invoce", things("Invoice", "Vacation"), what)
    with pytest.raises(ArgumentError, match=r"There are: none\.$"):
        find("Invoice", [], what)
    with pytest.raises(
        ArgumentError, match=r"^2 \w+(s| sets| fields)( of the run)? are called 'x': x \(id0\); x \(id1\)"
    ):
        find("x", things("x", "x"), what)


def test_part_of_a_name_suggests_it_in_any_spelling():
    with pytest.raises(ArgumentError, match=r"Did you mean: Größe und Gewicht \(id1\)\?"):
        find(NFD.upper(), things("Vacation", "Größe und Gewicht"), "form field")


def test_no_more_than_so_many_are_listed():
    alike = things(*["Invoice"] * 40)
    with pytest.raises(ArgumentError) as error:
        find("Invoice", alike, "workflow")
    assert str(error.value).count("Invoice (id") == SHOWN
    assert "; and 30 more" in str(error.value)


def test_a_thing_without_a_name_is_listed_as_one():
    with pytest.raises(ArgumentError, match=r"There are: no name \(f1\)\."):
        find("x", [{"id": "f1"}], "form field", LABELS)
