"""Difference: what of a frame a data set holds already, and what has to be written."""

import pandas as pd
import pytest

from psauth import ArgumentError
from psauth.writing.difference import Difference, is_held

NAN = float("nan")
AT = pd.Timestamp("2026-11-20T09:14:03.120Z")


@pytest.mark.parametrize(
    ("kind", "value", "stored", "shown", "held"),
    [
        ("Number", 7.0, 7, 7.0, True),
        ("Number", 7, "7.00", 7.0, True),
        ("Number", "7", 7, 7.0, True),
        ("Number", 2.0**60, 2**60 + 1, 2.0**60, True),
        ("Number", 2**60 + 1, 2**60 + 1, 2.0**60, True),
        ("Number", 2**60 + 3, 2**60 + 1, 2.0**60, False),
        ("Number", NAN, "1.250,00", NAN, True),
        ("Number", None, "1.250,00", NAN, True),
        ("Number", "", "1.250,00", NAN, True),
        ("Number", "1.250,00", "1.250,00", NAN, True),
        ("Number", 1250, "1.250,00", NAN, False),
        ("Number", NAN, None, NAN, True),
        ("Number", NAN, 0, 0.0, False),
        ("Number", 0, None, NAN, False),
        ("Number", "true", True, NAN, True),
        ("DateTime", AT, "2026-11-20T09:14:03.120Z", AT, True),
        ("DateTime", "2026-11-20 10:14:03.12+01:00", "2026-11-20T09:14:03.120Z", AT, True),
        ("DateTime", AT.tz_convert("America/Los_Angeles"), "2026-11-20T09:14:03.120Z", AT, True),
        ("DateTime", AT + pd.Timedelta(seconds=1), "2026-11-20T09:14:03.120Z", AT, False),
        ("DateTime", pd.NaT, "2026-W10-1", pd.NaT, True),
        ("DateTime", "2026-W10-1", "2026-W10-1", pd.NaT, True),
        ("DateTime", "2026-03-02", "2026-W10-1", pd.NaT, False),
        ("DateTime", pd.NaT, "2026-11-20", AT, False),
        ("Text", "Linz", "Linz", "Linz", True),
        ("Text", "Graz", "Linz", "Linz", False),
        ("Text", NAN, "", "", True),
        ("Text", None, "Linz", "Linz", False),
        ("Text", 7, "007", "007", True),
        ("Text", 7.0, "7", "7", True),
        ("Text", 8, "007", "007", False),
        ("Text", 7, "seven", "seven", False),
        ("Text", '{"a": 1}', {"a": 1}, '{"a": 1}', True),
        ("Text", "\\ud83d", "\ud83d", "\\ud83d", True),
        ("Text", pd.NA, None, None, True),
    ],
)
def test_a_cell_is_held_when_a_frame_would_show_it_so_now(kind, value, stored, shown, held):
    assert is_held(kind, value, stored, shown, "'Cell'") is held


@pytest.mark.parametrize(("kind", "value"), [("Number", "x"), ("Number", True), ("DateTime", "soon"), ("Text", ["x"])])
def test_what_no_cell_can_hold_is_refused(kind, value):
    with pytest.raises(ArgumentError, match="'Cell' takes"):
        is_held(
            kind,
            value,
            {"Number": 7, "DateTime": "2026-11-20", "Text": "a"}[kind],
            {"Number": 7.0, "DateTime": AT, "Text": "a"}[kind],
            "'Cell'",
        )


FIELDS = [{"id": "c1", "name": "Name", "fieldType": "Text"}, {"id": "c2", "name": "Price", "fieldType": "Number"}]


def rows(*cells):
    return [
        {"id": f"x{n}", "cells": [{"fieldId": "c1", "value": name}, {"fieldId": "c2", "value": price}]}
        for n, (name, price) in enumerate(cells)
    ]


def steps(stored, frame, key="Name", *, remove=True):
    difference = Difference(FIELDS, rows(*stored), "/data-sets/d/records", pd.DataFrame(frame), key)
    found = list(difference.steps(remove=remove))
    return [(s.action, s.key, s.record_id, s.cells, s.outcome) for s in found], difference.unreadable(found)


def test_a_change_names_every_cell_as_it_is_stored():
    found, unreadable = steps([("a", "1.250,00"), ("b", "7.0")], {"Name": ["a", "b"], "Price": [NAN, 8.5]})
    assert found == [("change", "b", "x1", {"Name": "b", "Price": 8.5}, "planned")]
    assert unreadable == {("x0", "Price"): "1.250,00"}


def test_what_was_overwritten_is_no_longer_unreadable():
    found, unreadable = steps([("a", "1.250,00")], {"Name": ["a"], "Price": [1250]})
    assert found == [("change", "a", "x0", {"Name": "a", "Price": 1250}, "planned")]
    assert not unreadable


def test_what_is_added_and_removed_is_told_by_its_key():
    found, _ = steps([("a", 1)], {"Name": ["b"], "Price": [2.0]})
    assert found == [("add", "b", None, {"Name": "b", "Price": 2}, "planned"), ("remove", "a", "x0", {}, "planned")]


def test_a_key_twice_in_the_frame_is_written_once_and_removes_nothing():
    found, _ = steps([("a", 1)], {"Name": ["a", "a"], "Price": [2, 3]})
    assert [(action, outcome) for action, *_, outcome in found] == [("change", "planned"), ("change", "failed")]
