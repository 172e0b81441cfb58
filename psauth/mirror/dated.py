"""Dated: which dates of a form's or a data set's own table are calendar days. The table says of all that they are moments."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Final

import pandas as pd

from psauth.mirror.columns import Layout
from psauth.mirror.tables import Mirror
from psauth.reading.days import Days
from psauth.reading.frames import dates
from psauth.reading.values import text_of

PLACE: Final = "coalesce(field_id, key, label, '?')"
"""What a value belongs to, as the columns of a form's table have it."""


def field_ids(layout: Layout) -> dict[str, str]:
    """Column → the field that it holds, for the columns of a form's or a data set's own table that hold one."""
    return {field.name: field.source for field in layout.fields if field.source}


def days_in(mirror: Mirror, name: str) -> Days:
    """The days of one table; none of a table that holds no form's or data set's fields."""
    layout = mirror.layouts()[name]
    columns = {field.source: field.name for field in layout.fields if field.source and field.kind == "time"}
    if not columns:
        return Days()
    of_form = layout.fields[0].name == "run_id"
    return Days.among(dict(_of_form(mirror, name, columns) if of_form else _of_records(mirror, name, columns)))


def _of_form(mirror: Mirror, name: str, columns: Mapping[str, str]) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    values = mirror.sql(
        f"SELECT run_id, {PLACE} AS field_id, date_only, value FROM form_values "  # noqa: S608 - a name of our own, quoted
        f'WHERE value IS NOT NULL AND run_id IN (SELECT run_id FROM "{name}")'
    )
    for field_id, some in values[values["field_id"].isin([*columns])].groupby("field_id", sort=False):
        # A value that was no date when it was written is a day if it has no time.
        read = set(dates(list(some["value"])).days)
        flags = zip(some["run_id"], some["date_only"], strict=True)
        yield (
            columns[str(field_id)],
            [(str(run), n in read if pd.isna(flag) else bool(flag)) for n, (run, flag) in enumerate(flags)],
        )


def _of_records(mirror: Mirror, name: str, columns: Mapping[str, str]) -> Iterator[tuple[str, list[tuple[str, bool]]]]:
    records = mirror.sql(
        "SELECT record_id, cells FROM records "  # noqa: S608 - a name of our own, quoted
        f'WHERE record_id IN (SELECT record_id FROM "{name}")'
    )
    cells = [json.loads(each) if isinstance(each, str) else {} for each in records["cells"]]
    for field_id, column in columns.items():
        texts = [None if (value := each.get(field_id)) is None else text_of(value) for each in cells]
        read = dates(texts)
        days = set(read.days)
        there = read.moments.notna()
        yield column, [(str(row), n in days) for n, row in enumerate(records["record_id"]) if there.iloc[n]]
