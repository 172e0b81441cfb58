"""Filling in the form of a run: what each kind of field takes, and how it is kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from typing import Any, TypeVar

from psauth.sandbox.api.bodies import Shape, decimal, flag, many, text, when
from psauth.sandbox.api.calls import Call, Invalid
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.runs import Entry
from psauth.sandbox.company.templates import Field
from psauth.sandbox.company.values import COLUMNS
from psauth.sandbox.company.worktime import iso

_VALUE = Shape({"id": text}, {"value": text, "values": many(text), "timeHidden": flag, "dataSetRowId": text})
VALUES = Shape(may={"fields": many(_VALUE)})

# Files have endpoints of their own; an e-mail is sent, not filled in; a snippet belongs to the workflow.
_ELSEWHERE = ("File", "MultiFile", "Document", "SendRichEmail", "Snippet")
_LISTS = ("MultiChoice", "MultiSelect", "Members")
T = TypeVar("T")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


class _Unfit(ValueError):
    """The value is not one for its field; `key` is where in the body."""

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(reason)
        self.key = key


def fill(call: Call) -> Record:
    """Set some values, all of them or, when one does not fit, none; the answer shows those that were set."""
    run, sent = call.run(), call.body.get("fields", ())
    numbers = {field[0]: number for number, field in enumerate(run.template.fields)}
    data: dict[int, Any] = {}
    wrong: dict[str, str] = {}
    for at, value in enumerate(sent):
        number = numbers.get(value["id"])
        if number is None or number in data:
            wrong[f"fields[{at}].id"] = "no such form field" if number is None else "a form field twice"
            continue
        try:
            data[number] = call.company.forms.shown(run, _data(call, run.template.fields[number][3], value))
        except _Unfit as error:
            wrong[f"fields[{at}].{error.key}"] = str(error)
    if wrong:
        raise Invalid(wrong)
    if data:
        now = call.company.moment()
        run.entries |= {number: Entry(entry, now, call.user) for number, entry in data.items()}
        call.company.edited(run, "fields", now, call.user)
    return {"fields": [call.write.value(run, number) for number in data]}


def _data(call: Call, field: Field, sent: dict[str, Any]) -> Any:
    """`data` as a read shows it; None, which clears the field, for nothing, an empty text and an empty list."""
    kind = field.kind
    if kind in _ELSEWHERE:
        raise _Unfit("id", f"a {kind} field is not set here")
    if "values" in sent and kind not in _LISTS:
        raise _Unfit("values", f"a {kind} field takes one value")
    if "dataSetRowId" in sent and not (kind == "Select" and field.source):
        raise _Unfit("dataSetRowId", "the field is not linked to a data set")
    if kind in _LISTS:
        return _listed(call, field, sent)
    value = sent.get("dataSetRowId") or sent.get("value")
    if not value:
        return None
    match kind:
        case "Date":
            return {"value": iso(_check(when, value)), "timeHidden": sent.get("timeHidden", False)}
        case "Table":
            return {"columns": list(COLUMNS), "rows": _rows(value)}
        case "Number":
            _check(decimal, value)
        case "Email":
            if not _EMAIL.fullmatch(value):
                raise _Unfit("value", "not an e-mail address")
        case "Select":
            value = _option(call, field, sent)
    return {"value": value}


def _listed(call: Call, field: Field, sent: dict[str, Any]) -> Any:
    if "values" in sent:
        values = sent["values"]
    elif field.kind == "Members":
        values = [sent["value"]] if sent.get("value") else []
    elif sent.get("value"):
        raise _Unfit("value", f"a {field.kind} field takes values")
    else:
        values = []
    for number, value in enumerate(values):
        if field.kind == "Members" and call.company.person(value) is None:
            raise _Unfit(f"values[{number}]", "no such user")
        if field.kind != "Members" and value not in field.options:
            raise _Unfit(f"values[{number}]", "not an option")
    return {"values": list(dict.fromkeys(values))} if values else None


def _check(read: Callable[[str], T], value: str) -> T:
    try:
        return read(value)
    except ValueError as error:
        raise _Unfit("value", str(error)) from error


def _rows(value: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(value, newline=""), strict=True))
    except csv.Error as error:
        raise _Unfit("value", f"not CSV: {error}") from error
    if any(len(row) > len(COLUMNS) for row in rows):
        raise _Unfit("value", f"the table has {len(COLUMNS)} columns")
    return [row + [""] * (len(COLUMNS) - len(row)) for row in rows]


def _option(call: Call, field: Field, sent: dict[str, Any]) -> str:
    if field.source is None:
        if sent["value"] not in field.options:
            raise _Unfit("value", "not an option")
        return str(sent["value"])
    rows = call.company.library.choosable(field.source)
    if "dataSetRowId" in sent:
        if sent["dataSetRowId"] not in rows:
            raise _Unfit("dataSetRowId", "no such record")
        return rows[sent["dataSetRowId"]]
    # The row's id by the document; its label too, which is what a read shows.
    value = str(sent["value"])
    if value not in rows and value not in rows.values():
        raise _Unfit("value", "not an option")
    return rows.get(value, value)
