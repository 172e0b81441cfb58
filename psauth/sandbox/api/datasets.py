"""Data sets and their records: read, filtered by column, written one by one or from a CSV file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from email.message import Message
from email.parser import BytesParser
from typing import Any

from psauth.sandbox.api.bodies import BadBody, Shape, choice, decimal, many, scalar, text, when
from psauth.sandbox.api.calls import Call, Invalid, Late, existing, late, single
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.worktime import iso, opaque_id

Cells = dict[str, str | float | None]  # by the id of the column

RECORD = Shape(may={"cells": many(Shape({"fieldId": text, "value": scalar}))})
_STRATEGY = choice("Append", "Upsert", "Sync")


def _set(call: Call) -> Record:
    data_set: Record = single(call.company.library.data_sets, call.path["dataSetId"], "Data set")["data"]
    return data_set


def _records(call: Call) -> list[Record]:
    return call.company.library.records[_set(call)["id"]]


def _record(call: Call) -> Record:
    wanted = call.path["dataSetRecordId"]
    record: Record = existing(next((r for r in _records(call) if r["id"] == wanted), None), "Data set record")
    return record


def data_set(call: Call) -> Record:
    """One data set; the list wraps its dates in `audit`, the single answer does not."""
    data_set = _set(call)
    fields = [{**{k: v for k, v in f.items() if k != "audit"}, **f["audit"]} for f in data_set["fields"]]
    return {"data": {**{k: v for k, v in data_set.items() if k != "audit"}, **data_set["audit"], "fields": fields}}


def rows(call: Call) -> list[Late]:
    """The records, by id; those alone whose columns hold what was asked for, in any case."""
    wanted = {column: value.casefold() for column, value in call.bracketed("columns").items()}
    return late([r for r in _records(call) if all(_holds(r, column, value) for column, value in wanted.items())])


def row(call: Call) -> Record:
    """One record."""
    return dict(_record(call))


def _holds(record: Record, column: str, wanted: str) -> bool:
    value = next((cell["value"] for cell in record["cells"] if cell["fieldId"] == column), None)
    if isinstance(value, int | float):
        return wanted in (str(value), f"{value:g}")
    return value is not None and str(value).casefold() == wanted


# Writing


def create(call: Call) -> Record:
    """A new record; columns that are not named are empty."""
    record = _made(call, _given(call))
    _keep(call, [*_records(call), record])
    return {"id": record["id"]}


def update(call: Call) -> Record:
    """All cells of a record anew: columns that are not named are empty afterwards, as PUT replaces everything.

    What a cell holds already it may go on holding, also where it is no value of the column's type.
    """
    old = _record(call)
    record = _changed(call, old, _given(call, {cell["fieldId"]: cell["value"] for cell in old["cells"]}))
    _keep(call, [record if r is old else r for r in _records(call)])
    return record


def delete(call: Call) -> Record:
    """The record that was."""
    old = _record(call)
    _keep(call, [r for r in _records(call) if r is not old])
    return old


def _keep(call: Call, records: list[Record]) -> None:
    call.company.library.records[call.path["dataSetId"]] = sorted(records, key=lambda r: str(r["id"]))


def _given(call: Call, stored: Mapping[str, Any] | None = None) -> Cells:
    stored = stored or {}
    kinds = {field["id"]: field["fieldType"] for field in _set(call)["fields"]}
    cells: Cells = {}
    wrong: dict[str, str] = {}
    for place, cell in enumerate(call.body.get("cells", ())):
        column, at = cell["fieldId"], f"cells[{place}]"
        if column in cells:
            wrong[f"{at}.fieldId"] = "a column twice"
        elif column in stored and (type(cell["value"]), cell["value"]) == (type(stored[column]), stored[column]):
            cells[column] = cell["value"]
        elif column not in kinds:
            wrong[f"{at}.fieldId"] = "no such column"
        else:
            try:
                cells[column] = _typed(cell["value"], kinds[column])
            except ValueError as error:
                wrong[f"{at}.value"] = str(error)
    if wrong:
        raise Invalid(wrong)
    return cells


def _typed(value: str | float | None, kind: str) -> str | float | None:
    if value is None or value == "":
        return None
    if kind == "Number":
        return value if isinstance(value, int | float) else decimal(value)
    if kind == "DateTime":
        try:
            return iso(when(str(value)))
        except ValueError as error:
            raise ValueError("not an ISO-8601 date") from error
    return str(value)


def _made(call: Call, cells: Cells) -> Record:
    data_set, at = _set(call), call.company.moment()
    who = call.user.record()
    audit = {"createdDate": iso(at), "createdBy": who, "updatedDate": iso(at), "updatedBy": who}
    head = {"id": opaque_id(data_set["id"], "record", at), "organizationId": data_set["organizationId"]}
    return {**head, "dataSetId": data_set["id"], "cells": _cells(data_set, cells), "audit": audit}


def _changed(call: Call, old: Record, cells: Cells) -> Record:
    # A new record, never the old one altered: somebody may be about to send that.
    audit = {**old["audit"], "updatedDate": iso(call.company.moment()), "updatedBy": call.user.record()}
    return {**old, "cells": _cells(_set(call), cells), "audit": audit}


def _cells(data_set: Record, cells: Cells) -> list[Record]:
    columns = dict.fromkeys([*(field["id"] for field in data_set["fields"]), *cells])
    return [{"fieldId": column, "value": cells.get(column)} for column in columns]


# The CSV file


def read_import(body: bytes, kind: str) -> dict[str, Any]:
    """`strategy`, `file` (its text) and `key` of a form in parts."""
    if not kind.lower().startswith("multipart/form-data"):
        raise BadBody("expected multipart/form-data")
    message = BytesParser().parsebytes(b"Content-Type: " + kind.encode("latin-1") + b"\r\n\r\n" + body)
    parts = message.get_payload() if message.is_multipart() else []
    values: dict[str, str] = {}
    for part in parts:
        if isinstance(part, Message) and isinstance(data := part.get_payload(decode=True), bytes):
            try:
                values[str(part.get_param("name", "", "content-disposition"))] = data.decode("utf-8-sig")
            except UnicodeDecodeError as error:
                raise BadBody("not UTF-8") from error
    return Shape({"strategy": _STRATEGY, "file": text}, {"key": text})(values)


def load(call: Call) -> Record:
    """Append the file's rows, or make the rows of the same key equal to them, or the whole set."""
    data_set, strategy, key = _set(call), call.body["strategy"], call.body.get("key")
    columns = {field["name"]: field for field in data_set["fields"]}
    if (key is None) != (strategy == "Append"):
        raise Invalid({"key": "goes with Upsert and Sync, and only with them"})
    if key is not None and key not in columns:
        raise Invalid({"key": "no such column"})
    table = list(_table(call.body["file"], columns))
    if key is not None and any(columns[key]["id"] not in cells for cells in table):
        raise Invalid({"file": f"has no column {key!r}"})
    records = list(_records(call))
    before = len(records)
    places: dict[object, int] = {}  # by what stands in the key column; of records alike the first counts
    if key is not None:
        for place, record in enumerate(records):
            places.setdefault(_cell(record, columns[key]["id"]), place)
    named: set[int] = set()
    for cells in table:
        at = len(records) if key is None else places.setdefault(cells[columns[key]["id"]], len(records))
        if at == len(records):
            records.append(_made(call, cells))
        else:
            # A column that the file does not have keeps what it holds.
            held = {cell["fieldId"]: cell["value"] for cell in records[at]["cells"]}
            records[at] = _changed(call, records[at], {**held, **cells})
        named.add(at)
    left = [r for place, r in enumerate(records) if strategy != "Sync" or place in named]
    _keep(call, left)
    updated = sum(at < before for at in named)
    gone = len(records) - len(left)
    return {"id": data_set["id"], "created": len(records) - before, "updated": updated, "deleted": gone}


def _cell(record: Record, column: str) -> object:
    return next(cell["value"] for cell in record["cells"] if cell["fieldId"] == column)


def _table(content: str, columns: Mapping[str, Record]) -> Iterable[Cells]:
    try:
        lines = list(csv.reader(io.StringIO(content, newline=""), strict=True))
    except csv.Error as error:
        raise Invalid({"file": f"not CSV: {error}"}) from error
    if not lines:
        raise Invalid({"file": "has no line of column names"})
    head = lines[0]
    if len(set(head)) < len(head):
        raise Invalid({"file": "a column twice"})
    if unknown := [name for name in head if name not in columns]:
        raise Invalid({"file": f"no such column: {', '.join(unknown)}"})
    for number, line in enumerate(lines[1:], 2):
        if not line:
            continue
        if len(line) != len(head):
            raise Invalid({"file": f"line {number} has {len(line)} cells, not {len(head)}"})
        try:
            yield {columns[n]["id"]: _typed(v, columns[n]["fieldType"]) for n, v in zip(head, line, strict=True)}
        except ValueError as error:
            raise Invalid({"file": f"line {number}: {error}"}) from error
