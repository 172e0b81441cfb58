"""Forms: form fields of a run set, all or none, and only those that do not hold their value already."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any

from psauth.api.pages import Record
from psauth.exceptions import ApiError, ArgumentError, OutcomeUnknown, PsauthError
from psauth.reading.arguments import moment
from psauth.reading.dates import date_of, is_day
from psauth.reading.endpoints import FORM_VALUES
from psauth.reading.frames import plain
from psauth.reading.lookup import find, names_of
from psauth.reading.reader import FIELD_NAMES, Listing, Reader
from psauth.reading.values import LISTS, OWN, Value, column_names, decode, form_values, number_of
from psauth.writing.values import by_name, form_entry, is_missing

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger(__name__)


def set_values(reader: Reader, run_id: str, values: Mapping[str, Any]) -> pd.DataFrame:
    """See Writes.set_form_values. `run_id` is fit for a path."""
    listing = Listing.of({}, run_id=run_id)
    fields = list(reader.records(FORM_VALUES, listing))
    named = _by_name(fields, values)
    wanted = {
        field_id: form_entry(field, value, is_day=_is_day(field))
        for field_id, (field, value) in named.items()
        if not is_held(field, value)
    }
    after = {field_id: field for field_id, (field, _) in named.items()}
    if wanted:
        names = [names_of(after[field_id], (*FIELD_NAMES, "id"))[0] for field_id in wanted]
        after |= _send(reader, listing, f"/workflow-runs/{run_id}/form-fields", wanted, names)
        log.info("set %d form values of run %s", len(wanted), run_id)
    return form_values(after.values())


def _by_name(fields: list[Record], values: Mapping[str, Any]) -> dict[str, tuple[Record, Any]]:
    """The fields that are named, each with the value for it, by their ids."""
    columns = column_names([(str(f["id"]), f.get("label"), f.get("key")) for f in fields], OWN)
    by_column = dict(zip(columns, fields, strict=True))  # what a wide frame calls them
    named: dict[str, tuple[Record, Any]] = {}
    for name, value in values.items():
        field = by_column.get(name) or find(name, fields, "form field of the run", FIELD_NAMES)
        field_id = str(field["id"])
        if field_id in named:
            raise ArgumentError(f"{name!r} names a field that is named already. Expected each field once.")
        named[field_id] = field, value
    return named


def _send(
    reader: Reader, listing: Listing, path: str, wanted: Mapping[str, Record], names: list[str]
) -> dict[str, Record]:
    """Set these fields, and give them as they are afterwards, by id."""

    def look() -> dict[str, Record]:
        return _by_id(reader.records(FORM_VALUES, listing), wanted)

    try:
        answer = reader.transport.send("POST", path, {"fields": list(wanted.values())}, content="fields")
    except OutcomeUnknown as unknown:
        try:
            after = look()
        except PsauthError:  # also where the look was sent elsewhere
            raise unknown from None
        if after.keys() != wanted.keys() or not all(_has(field, wanted[field_id]) for field_id, field in after.items()):
            raise
        return after
    except ApiError as error:  # the service counts the fields as they were sent; people call them by their labels
        error.args = (by_name(str(error), names),)
        raise
    shown = answer.get("fields") if isinstance(answer, Mapping) else None
    after = _by_id(shown, wanted) if isinstance(shown, list) else {}
    return after if after.keys() == wanted.keys() else look()  # done, and perhaps not shown


def _by_id(fields: Iterable[Any], wanted: Mapping[str, Record]) -> dict[str, Record]:
    by_id = {str(field["id"]): field for field in fields if isinstance(field, dict) and "id" in field}
    return {field_id: by_id[field_id] for field_id in wanted if field_id in by_id}


def is_held(field: Record, value: Any) -> bool:
    """Whether a form field, as it was read, holds a value already: the one that a frame shows, or its text.

    A missing value says nothing else than a field that is shown as missing, also where its text could not be read; only
    None clears that one.
    """
    kind, stored = str(field.get("fieldType")), _decoded(field)
    shown = _shown(kind, stored)
    if is_missing(value):
        return shown is None
    if value is None:
        return stored.text is None or (kind in LISTS and shown is None)  # a table without rows is empty already
    if stored.text is None:
        return False
    if isinstance(value, str) and value in (stored.text, plain(stored.text)):
        return True
    if shown is not None and _is_list(value) and list(value) == shown:
        return True
    if kind == "Number" and isinstance(value, Real) and not isinstance(value, Integral):
        return shown is not None and shown == float(value)  # a frame has floats
    if kind == "Date" and isinstance(value, datetime) and shown is not None and moment(value) == shown:
        return True  # to the microsecond, though no more than milliseconds can be written
    try:
        return _has(field, form_entry(field, value, is_day=_is_day(field)))
    except ArgumentError:
        return False


def _has(field: Record, entry: Record) -> bool:
    """Whether a form field, as it was read, certainly holds what the entry sets."""
    kind, stored = str(field.get("fieldType")), _decoded(field)
    if "values" in entry:
        return bool((stored.items or []) == entry["values"])
    if stored.text is None or not entry["value"]:
        return stored.text is None and not entry["value"]
    if kind == "Date":
        # Some workflows show the date alone, without saying whether its time is hidden.
        says = isinstance(field.get("data"), dict) and "timeHidden" in field["data"]
        same = date_of(stored.moment or "") == date_of(entry["value"])
        return same and (not says or _is_day(field) == entry.get("timeHidden", False))
    if kind == "Number":
        try:
            return Decimal(stored.text) == Decimal(entry["value"])
        except InvalidOperation:
            return False
    return kind != "Table" and bool(stored.text == entry["value"])


def _decoded(field: Record) -> Value:
    return decode(str(field.get("fieldType")), field.get("data"))


def _is_day(field: Record) -> bool:
    """Whether a date field holds a calendar day."""
    return str(field.get("fieldType")) == "Date" and is_day(_decoded(field).moment or "")


def _shown(kind: str, stored: Value) -> Any:
    """What a wide frame has of a value; None for missing."""
    if stored.text is None:
        return None
    if kind == "Number":
        return number_of(stored.text)
    if kind == "Date":
        return date_of(stored.moment or stored.text)
    if kind in LISTS:
        return stored.items
    return plain(stored.text)


def _is_list(value: Any) -> bool:
    return isinstance(value, list | tuple)
