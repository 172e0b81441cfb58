"""Entries: what goes into a form field or a data-set cell, as the service takes it; the other way round than values.py."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from numbers import Real  # numpy's numbers too, which a row of a frame is made of
from typing import TYPE_CHECKING, Any, Final

from psauth.reading.arguments import moment

if TYPE_CHECKING:
    from psauth.reading.arguments import Moment

NOT_SET_HERE: Final = frozenset({"Document", "File", "MultiFile", "SendRichEmail", "Snippet"})
"""Field types that take no value this way: files are uploaded, e-mails sent, snippets are part of the workflow."""
CHOSEN: Final = frozenset({"MultiChoice", "MultiSelect", "Members"})
"""Field types that take a list of texts."""
PLACE: Final = re.compile(r"(field|cell)s\[(\d+)\](?:\.\w+)?(?:\[\d+\])?")
"""How a refusal names an entry: by its place in what was sent."""


def by_name(refusal: str, called: Sequence[str]) -> str:
    """The words of a refusal with the entries by their names, in the order in which they were sent."""

    def name(at: re.Match[str]) -> str:
        return f"the {at[1]} {called[int(at[2])]!r}" if int(at[2]) < len(called) else at[0]

    return PLACE.sub(name, refusal)


def form_entry(field: Mapping[str, Any], value: Any) -> dict[str, Any]:
    """What sets a form field to a value, None to nothing; ValueError for what the field cannot hold."""
    kind, named = str(field.get("fieldType")), f"The field {field.get('label') or field.get('key') or field['id']!r}"
    entry: dict[str, Any] = {"id": field["id"]}
    if kind in NOT_SET_HERE:
        raise ValueError(f"{named} is of type {kind}, which is not set this way. Do it in Process Street.")
    if is_missing(value):
        raise ValueError(f"{named} was given {value!r}. Expected a value, or None to clear it.")
    if value is None:
        return {**entry, "values": []} if kind in CHOSEN else {**entry, "value": ""}
    if kind in CHOSEN:
        values = [value] if isinstance(value, str) else list(value) if _is_many(value) else None
        if values is None or not all(isinstance(v, str) for v in values):
            raise ValueError(f"{named} takes a list of texts. It was given {value!r}.")
        return entry | {"values": values}
    if kind == "Table":
        return entry | {"value": _table(value, named)}
    if kind == "Date":
        return entry | _date(value, named)
    if kind == "Number":
        return entry | {"value": number_text(value, named)}
    if isinstance(value, str):
        return entry | {"value": value}
    if isinstance(value, Real | Decimal) and not isinstance(value, bool):
        return entry | {"value": number_text(value, named)}
    raise ValueError(f"{named} takes a text. It was given {value!r}.")


def cell(field_type: str, value: Any, named: str) -> str | float | None:
    """A data-set cell: a text, a number, or nothing for None and for pandas' missing ones; ValueError for the rest."""
    if value is None or is_missing(value) or value == "":
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
    raise ValueError(f"{named} takes a text. It was given {value!r}.")


def written(when: Moment, named: str = "A due date") -> str:
    """A moment as the service writes it: ISO 8601, UTC, milliseconds."""
    try:
        return moment(when).astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    except ValueError as error:
        raise ValueError(f"{named} takes a date. {error}") from None


def number_text(value: Any, named: str) -> str:
    """A finite number in digits; an integral float without its point, as people write it."""
    text = value.strip() if isinstance(value, str) else repr(value) if isinstance(value, int) else str(value)
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if isinstance(value, bool) or not math.isfinite(number) or "_" in text:
        raise ValueError(f"{named} takes a number. It was given {value!r}.")
    if not isinstance(value, str) and number.is_integer() and abs(number) < 2**53:
        return str(int(number))
    return text


def is_missing(value: Any) -> bool:
    """Whether it is one of pandas' or Python's ways to say that there is nothing: NaN, NaT, NA; they equal nothing."""
    try:
        return value is not None and not bool(value == value)
    except (TypeError, ValueError):  # pandas.NA does not know; an array has several answers
        return type(value).__name__ == "NAType"


def _date(value: Any, named: str) -> dict[str, Any]:
    if not isinstance(value, str | date):
        raise ValueError(f"{named} takes a date. It was given {value!r}.")
    day_alone = not isinstance(value, datetime) if isinstance(value, date) else len(value.strip()) == len("2026-12-01")
    return {"value": written(value, named), **({"timeHidden": True} if day_alone else {})}


def _table(value: Any, named: str) -> str:
    """Rows as CSV without a line of names, which the field has already."""
    if isinstance(value, str) or not _is_many(value):
        raise ValueError(f"{named} takes rows, a list of lists. It was given {value!r}.")
    text = io.StringIO()
    for row in value:
        if isinstance(row, str) or not (_is_many(row) or isinstance(row, Mapping)):
            raise ValueError(f"{named} takes rows, a list of lists. One of them is {row!r}.")
        cells = row.values() if isinstance(row, Mapping) else row
        csv.writer(text, lineterminator="\n").writerow(None if is_missing(one) else one for one in cells)
    return text.getvalue().rstrip("\n")


def _is_many(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping)
