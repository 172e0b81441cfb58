"""What may stand in a body, value by value."""

from __future__ import annotations

import json
from typing import Any

import pytest

from psauth.sandbox.api.bodies import BadBody, Shape, decimal, many, moment, scalar, text, when
from psauth.sandbox.company.worktime import iso


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2026-10-01", "2026-10-01T00:00:00.000Z"),
        ("2026-10-01T09:30Z", "2026-10-01T09:30:00.000Z"),
        ("2026-10-01T09:30:00.057Z", "2026-10-01T09:30:00.057Z"),
        ("2026-10-01T09:30:00.0579999Z", "2026-10-01T09:30:00.057Z"),
        ("2026-10-01T01:00:00+02:30", "2026-09-30T22:30:00.000Z"),
        ("1000-01-01", "1000-01-01T00:00:00.000Z"),
        ("9999-12-31", "9999-12-31T00:00:00.000Z"),
    ],
)
def test_a_moment_is_written_back_as_the_service_writes_it(given: str, shown: str) -> None:
    assert iso(when(given)) == shown


@pytest.mark.parametrize(
    "given",
    [
        "",
        "soon",
        "20261001",
        "2026-02-30",
        "2026-10-01T09:30",
        "2026-10-01 09:30Z",
        "2026-10-01T25:00Z",
        "0001-01-01",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "२०२६-१०-०१",
    ],
)
def test_what_is_no_moment_is_refused(given: str) -> None:
    with pytest.raises(ValueError):
        when(given)
    with pytest.raises(BadBody, match="at 'due'"):
        moment(given, "due")


@pytest.mark.parametrize(("given", "worth"), [("497.5", 497.5), ("-3", -3), (".5", 0.5), ("1e3", 1000)])
def test_a_number_is_decimal(given: str, worth: float) -> None:
    assert decimal(given) == worth


@pytest.mark.parametrize("given", ["", "nan", "inf", "1e999", "1_000", " 1", "0x10", "1,5", "٣"])
def test_what_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(ValueError):
        decimal(given)


@pytest.mark.parametrize("given", [True, [], {}, 10**400, "\ud800"])
def test_a_cell_holds_null_a_number_or_text(given: Any) -> None:
    assert [scalar(fine, "") for fine in (None, 1, 1.5, "x")] == [None, 1, 1.5, "x"]
    with pytest.raises(BadBody):
        scalar(given, "cells[0].value")


def test_a_shape_names_the_place_and_overlooks_what_it_does_not_know() -> None:
    shape = Shape({"name": text}, {"lines": many(Shape({"name": text}), least=1), "about": text})
    assert shape.read(b'{"name": "x", "about": null, "colour": 1}', "") == {"name": "x"}
    for body, place in (
        ([], ""),
        ({}, "name"),
        ({"name": None}, "name"),
        ({"name": "x", "lines": []}, "lines"),
        ({"name": "x", "lines": [{"name": "a"}, {}]}, "lines[1].name"),
    ):
        with pytest.raises(BadBody) as refused:
            shape.read(json.dumps(body).encode(), "")
        assert str(refused.value).endswith(f"at '{place}')")
