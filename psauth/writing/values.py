"""Entries: what goes into a form field or a data-set cell, as the service takes it: what `reading/values.py` decodes, encoded."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from numbers import Real  # numpy's numbers too, which a row of a frame is made of
from typing import TYPE_CHECKING, Any, Final

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import moment

if TYPE_CHECKING:
    from psauth.reading.arguments import Moment

NOT_SET_HERE: Final = frozenset({"Document", "File", "MultiFile", "SendRichEmail", "Snippet"})
"""Field types that take no value this way: files are uploaded, e-mails sent, snippets are part of the workflow."""
CHOSEN: Final = frozenset({"MultiChoice", "MultiSelect", "Members"})
"""Field types that take a list of texts."""
PLACE: Final = re.compile(r"(field|cell)s\[(\d+)\](?:\.\w+)?(?:\[\d+\])?")
"""How a refusal names an entry: by its place in what was sent."""


def by_name(refusal: str, names: Sequence[str]) -> str:
    """The words of a refusal with the entries by their names, in the order in which they were sent."""

    def name(place: re.Match[str]) -> str:
        number = int(place[2])
        return f"the {place[1]} {names[number]!r}" if number < len(names) else place[0]

    return PLACE.sub(name, refusal)


def form_entry(field: Mapping[str, Any], value: Any, *, is_day: bool = False) -> dict[str, Any]:
    """What sets a form field to a value, None to nothing; ArgumentError for what the field cannot hold.

    With `is_day`, which is what the field holds now, a moment at midnight UTC is the day that a frame shows so.
    """
    kind, named = str(field.get("fieldType")), f"The field {field.get('label') or field.get('key') or field['id']!r}"
    entry: dict[str, Any] = {"id": field["id"]}
    if kind in NOT_SET_HERE:
        raise ArgumentError(f"{named} is of type {kind}, which is not set this way. Do it in Process Street.")
    if is_missing(value):
        raise ArgumentError(f"{named} was given {value!r}. Expected a value, or None to clear it.")
    if value is None:
        return {**entry, "values": []} if kind in CHOSEN else {**entry, "value": ""}
    if kind in CHOSEN:
        values = [value] if isinstance(value, str) else list(value) if _is_many(value) else None
        if values is None or not all(isinstance(v, str) for v in values):
            raise ArgumentError(f"{named} takes a list of texts. It was given {value!r}.")
        return entry | {"values": values}
    if kind == "Table":
        return entry | {"value": _table(value, named)}
    if kind == "Date":
        return entry | _date(value, named, is_day=is_day)
    if kind == "Number":
        return entry | {"value": number_text(value, named)}
    if isinstance(value, str):
        return entry | {"value": value}
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        return entry | {"value": number_text(value, named)}
    raise ArgumentError(f"{named} takes a text. It was given {value!r}.")


def cell(field_type: str, value: Any, named: str) -> str | float | None:
    """A data-set cell: a text, a number, or nothing for None and pandas' missing values; ArgumentError for the rest."""
    if is_empty(value):
        return None
    if field_type == "Number":
        text = number_text(value, named)
        return float(text) if not text.lstrip("+-").isdigit() else int(text)
    if field_type == "DateTime":
        return written(value, named)
    if isinstance(value, str):
        return value
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        return number_text(value, named)
    raise ArgumentError(f"{named} takes a text. It was given {value!r}.")


def written(when: Moment, named: str = "A due date") -> str:
    """A moment as the service writes it: ISO 8601, UTC, milliseconds."""
    try:
        return moment(when).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise ArgumentError(f"{named} takes a date. {error}") from None


def number_text(value: Any, named: str) -> str:
    """A finite number in digits; an integral float without its point, as people write it."""
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, int) else str(value)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or "_" in text:
        raise ArgumentError(f"{named} takes a number. It was given {value!r}.")
    if not isinstance(value, str) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return text


def is_missing(value: Any) -> bool:
    """Whether it is a missing value of pandas or Python: NaN, NaT, NA, none of which equals itself."""
    try:
        return value is not None and not bool(value == value)
    except (TypeError, ValueError):  # pandas.NA does not know; an array has several answers
        return type(value).__name__ == "NAType"


def is_empty(value: Any) -> bool:
    """Whether a cell of a frame says that there is nothing: None, an empty text, a missing value."""
    return value is None or is_missing(value) or (isinstance(value, str) and not value)


def _date(value: Any, named: str, *, is_day: bool) -> dict[str, Any]:
    if not isinstance(value, str | date):
        raise ArgumentError(f"{named} takes a date. It was given {value!r}.")
    text = written(value, named)
    if isinstance(value, datetime):
        day_alone = is_day and moment(value).astimezone(UTC).time() == time(0)
    else:
        day_alone = isinstance(value, date) or len(value.strip()) == len("2026-12-01")
    return {"value": text, **({"timeHidden": True} if day_alone else {})}


def _table(value: Any, named: str) -> str:
    """Rows as CSV without a line of names, which the field has already."""
    if isinstance(value, str) or not _is_many(value):
        raise ArgumentError(f"{named} takes rows, a list of lists. It was given {value!r}.")
    text = io.StringIO()
    for row in value:
        if isinstance(row, str) or not (_is_many(row) or isinstance(row, Mapping)):
            raise ArgumentError(f"{named} takes rows, a list of lists. This is none: {row!r}.")
        cells = row.values() if isinstance(row, Mapping) else row
        csv.writer(text, lineterminator="\n").writerow(None if is_missing(cell) else cell for cell in cells)
    return text.getvalue().rstrip("\n")


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
