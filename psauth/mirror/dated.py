"""Dated: which dates of a form's or a data set's own table are calendar days. The table says of all that they are moments."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from psauth.mirror.columns import Layout
from psauth.mirror.tables import Mirror
from psauth.reading.days import Days
from psauth.reading.frames import dates
from psauth.reading.values import text_of

FIELD: Final = "coalesce(field_id, key, label, '?')"
"""The field of a value, as the columns of a form's table have it."""
IS_DAY: Final = "coalesce(date_only, length(trim(value)) = 10)"
"""A value that was no date when it was written is a day if it has no time."""


def field_ids(layout: Layout) -> dict[str, str]:
    """Column → the field that it holds, for the columns of a form's or a data set's own table that hold one."""
    return {field.name: field.source for field in layout.fields if field.source}


def days_in(mirror: Mirror, name: str) -> Days:
    """The days of one table; none of a table that holds no form's or data set's fields."""
    layout = mirror.layouts()[name]
    columns = {field.source: field.name for field in layout.fields if field.source and field.kind == "time"}
    if not columns:
        return Days()
    is_form = layout.fields[0].name == "run_id"
    with_days, moments = _of_form(mirror, name, columns) if is_form else _of_records(mirror, name, columns)
    return Days({columns[each]: frozenset(moments.get(each, ())) for each in columns if each in with_days})


Found = tuple[set[str], dict[str, set[str]]]
"""The fields that have a day, and by field the rows that have a moment."""


def _of_form(mirror: Mirror, name: str, fields: Collection[str]) -> Found:
    chosen = ", ".join("'" + field.replace("'", "''") + "'" for field in fields)
    dated = (
        f"SELECT {FIELD} AS field, run_id, {IS_DAY} AS is_day FROM form_values "  # noqa: S608 - names of our own, quoted
        f'WHERE {FIELD} IN ({chosen}) AND value IS NOT NULL AND run_id IN (SELECT run_id FROM "{name}")'
    )
    with_days = set(mirror.sql(f"SELECT DISTINCT field FROM ({dated}) WHERE is_day")["field"])  # noqa: S608 - the same
    mixed = mirror.sql(f"SELECT field, run_id FROM ({dated}) WHERE NOT is_day")  # noqa: S608 - the same
    mixed = mixed[mixed["field"].isin(with_days)]
    return with_days, {str(field): set(rows) for field, rows in mixed.groupby("field")["run_id"]}


def _of_records(mirror: Mirror, name: str, fields: Collection[str]) -> Found:
    with_days: set[str] = set()
    moments: dict[str, set[str]] = {}
    for rows, cells in _records(mirror, name):
        for field in fields:
            read = dates([None if (value := each.get(field)) is None else text_of(value) for each in cells])
            days = set(read.days)
            if days:
                with_days.add(field)
            there = read.moments.notna()
            moments.setdefault(field, set()).update(
                row for place, row in enumerate(rows) if there.iloc[place] and place not in days
            )
    return with_days, moments


def _records(mirror: Mirror, name: str) -> Iterator[tuple[list[str], list[Mapping[str, object]]]]:
    """The records of one data set, some at a time: their ids, and their cells by field."""
    owners = set(mirror.sql(f'SELECT DISTINCT data_set_id FROM "{name}"')["data_set_id"])  # noqa: S608 - the same
    for piece in mirror.pieces("records"):
        some = piece.select(["record_id", "data_set_id", "cells"]).to_pylist()
        some = [each for each in some if each["data_set_id"] in owners]
        yield [str(each["record_id"]) for each in some], [json.loads(each["cells"] or "{}") for each in some]
