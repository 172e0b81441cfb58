"""Values: what people typed into form fields, and data-set cells, decoded; tidy or one column a field."""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import pandas as pd
from pandas.api.extensions import ExtensionDtype, take

from psauth.reading.dates import date_of
from psauth.reading.days import Days
from psauth.reading.endpoints import FORM_VALUES, RECORDS
from psauth.reading.frames import TEXT_DTYPE, Dates, dates, frame, mark_dates, plain, texts
from psauth.reading.unreadable import Unreadable

LISTS: Final = frozenset({"MultiChoice", "MultiSelect", "Members", "MultiFile", "Table"})
"""Field types whose column in a wide frame holds lists, empty never: nothing chosen is missing."""
OWN: Final = ("run_id", "run_name", "workflow_id", "workflow_name")
"""Columns that a wide table has beside its fields, or gets in the app and in files. No field's column is called so."""

NOWHERE: Final = np.array([], dtype="int64")
"""The rows of a field without a value."""

Record = Mapping[str, Any]


class Value(NamedTuple):
    """One decoded value: its `text` as a person would read it, and the same as number, moment or items where it is one."""

    text: str | None = None
    number: float | None = None
    moment: str | None = None
    items: list[Any] | None = None


def decode(field_type: str, data: Any) -> Value:
    """The value of a form field, in any of the shapes seen; never raises and loses nothing.

    null is missing; `{"values": […]}` a list; `{"value": x, …}` x; `{"url": …, "name": …}` a file, read as its name and
    address; a bare scalar or list itself; anything else its JSON. A single value in a field that takes several becomes a
    list of one; the items of a table are its rows, by column name. A date whose time is hidden (`timeHidden`) is the
    calendar day that is written there. (Shapes: live observations, see README.)
    """
    inner = _unwrapped(data)
    if inner is None:
        return Value()
    if isinstance(inner, list):
        return Value(text=", ".join(text_of(item) for item in inner) if inner else None, items=inner or None)
    text = text_of(inner)
    if not text:
        return Value()
    if field_type in LISTS:
        return Value(text=text, items=(_rows(inner) or None) if field_type == "Table" else [inner])
    if _is_file(inner):
        return Value(text=text, items=[inner])
    if field_type == "Number":
        return Value(text=text, number=number_of(inner))
    if field_type == "Date":
        is_hidden = isinstance(data, dict) and data.get("timeHidden") is True
        return Value(text=text, moment=text.strip()[:10] if is_hidden and date_of(text) is not None else text)
    return Value(text=text)


def form_values(records: Iterable[Record]) -> pd.DataFrame:
    """One row a value: the columns of the table, and `value`, `number`, `date`, `date_only`, `items` decoded from `data`.

    `value` is the text, also of numbers and dates; `number` float64, `date` datetime64[us, UTC], `items` a list for
    choices, members, files and tables, else missing. `date_only` is True for a date that is a calendar day, which stands
    as midnight UTC, and False for a moment. A Number or Date that could not be read stands in `Unreadable.of(frame)`.
    """
    rows = list(records)
    kinds = [str(row.get("fieldType")) for row in rows]
    values = [decode(kind, row.get("data")) for kind, row in zip(kinds, rows, strict=True)]
    result = frame(rows, FORM_VALUES)
    read = dates([v.moment for v in values])
    days = set(read.days)
    there = read.moments.notna()
    decoded = {
        "value": texts([v.text for v in values]),
        "number": pd.Series([v.number for v in values], dtype="float64"),
        "date": read.moments,
        "date_only": pd.Series([n in days if d else None for n, d in enumerate(there)], dtype="boolean"),
        "items": pd.Series([v.items for v in values], dtype="object"),
    }
    place = list(result.columns).index("field_type")
    for offset, (name, column) in enumerate(decoded.items(), 1):
        result.insert(place + offset, name, column)
    unread = {
        (f"{row.get('workflowRunId')}/{row.get('id')}", kind.lower()): plain(value.text)
        for kind, row, value, dated in zip(kinds, rows, values, there, strict=True)
        if value.text is not None and ((kind == "Number" and value.number is None) or (kind == "Date" and not dated))
    }
    return Unreadable({**Unreadable.of(result), **unread}).mark(result)


def wide(tidy: pd.DataFrame, fields: pd.DataFrame | None = None, run_ids: Iterable[str] = ()) -> pd.DataFrame:
    """One row a run, one column a field, from a frame of `form_values`.

    A column is called by the field's latest label, its key where it has none; where names are alike, the key is added
    (see `column_names`). Numbers are float64, dates datetime64[us, UTC], choices, members, files and tables lists,
    everything else `str`. What is no value of its column's type is missing and stands in `Unreadable.of(frame)`;
    `Days.of(frame)` tells days from moments. Columns follow `fields` (a frame of `form_fields`, in the template's order),
    fields no longer in the template last; runs stand in the order of `run_ids`, which has those without any value too,
    others behind them as they came. `.attrs["field_ids"]` maps column names to field ids.
    """
    # A value that came without an id has its key or label for one, rather than no column.
    tidy = tidy.assign(field_id=tidy["field_id"].fillna(tidy["key"]).fillna(tidy["label"]).fillna("?"))
    runs = pd.Index(dict.fromkeys([*run_ids, *tidy["run_id"]]), name="run_id", dtype=TEXT_DTYPE)
    order = [] if fields is None else fields["field_id"].tolist()
    order = list(dict.fromkeys([*order, *tidy["field_id"].tolist()]))
    names = _names(tidy, fields, order)
    kinds = _kinds(tidy, fields)
    latest = tidy.drop_duplicates(["field_id", "run_id"], keep="last")
    by_field: dict[Any, Any] = latest.groupby("field_id", sort=False).indices
    run_of, row_of = latest["run_id"].tolist(), runs.get_indexer(pd.Index(latest["run_id"]))
    arrays = {name: _array(latest[name]) for name in ("value", "number", "date", "items", "field_type")}
    columns: dict[str, Any] = {}
    unreadable: dict[tuple[str, str], str] = {}
    days: dict[str, list[tuple[str, bool]]] = {}
    for field_id in order:
        name, kind = names[field_id], kinds.get(field_id, "Text")
        places = by_field.get(field_id, NOWHERE)
        text = arrays["value"].take(places)
        column = _column(kind, text, places, arrays)
        if kind in ("Number", "Date"):
            lost = np.flatnonzero(pd.isna(column) & ~pd.isna(text))
            unreadable |= {(str(run_of[places[n]]), name): str(text[n]) for n in lost}
        if kind == "Date":
            days[name] = list(_days(places, latest, column))
        # One row a run: -1 stands for those without a value.
        chosen = np.full(len(runs), -1)
        chosen[row_of[places]] = np.arange(len(places))
        columns[name] = take(column, chosen, allow_fill=True)
        if column.dtype == "object":
            columns[name][pd.isna(columns[name])] = None
    result = pd.DataFrame(columns, index=runs).reset_index()
    Unreadable(unreadable).mark(result)
    Days.among(days).mark(result)
    result.attrs["field_ids"] = {names[field_id]: field_id for field_id in order}
    return result


def records(rows: Iterable[Record], fields: Sequence[Record]) -> pd.DataFrame:
    """Data-set records, one column a field of the data set, by its name and type; `fields` as the data set lists them.

    Text is `str`, Number float64, DateTime datetime64[us, UTC]. A cell that is no value of its type is missing, and
    stands in `Unreadable.of(frame)`. A cell of a field that the data set no longer lists keeps its own column, called by
    the field's id.
    """
    rows = list(rows)
    result = frame(rows, RECORDS)
    cells = [cells_of(row) for row in rows]
    columns = columns_of(fields, cells)
    read: dict[str, Dates] = {}
    unread: dict[tuple[str, str], str] = {}
    for place, (name, field) in enumerate(columns.items(), 1):
        values = [row.get(str(field.get("id"))) for row in cells]
        kind = field.get("fieldType")
        if kind == "Number":
            column = pd.Series([number_of(v) for v in values], dtype="float64")
            lost = {n: text_of(v) for n, v in enumerate(values) if v is not None and v != "" and number_of(v) is None}
            unread |= {(_row_of(rows, n), name): plain(text) for n, text in lost.items()}
        elif kind == "DateTime":
            read[name] = dates(values)
            column = read[name].moments
        else:
            column = texts([None if v is None else text_of(v) for v in values])
        result.insert(place, name, column)
    mark_dates(result, read, lambda place: _row_of(rows, place), {**Unreadable.of(result), **unread})
    result.attrs["field_ids"] = {name: str(field.get("id")) for name, field in columns.items()}
    return result


def columns_of(fields: Sequence[Record], cells: Iterable[Mapping[str, Any]] = ()) -> dict[str, Record]:
    """The fields of a data set by the names of their columns; behind them those that only the cells of records have."""
    listed = {str(field.get("id")): field for field in fields}
    unlisted = dict.fromkeys(field_id for row in cells for field_id in row if field_id not in listed)
    own = [column.name for column in RECORDS.columns]
    names = column_names([(field_id, str(field.get("name") or ""), None) for field_id, field in listed.items()], own)
    more = column_names([(field_id, None, None) for field_id in unlisted], [*own, *names])
    return dict(zip([*names, *more], [*listed.values(), *({"id": field_id} for field_id in unlisted)], strict=True))


def cells_of(record: Record) -> dict[str, Any]:
    """The cells of a record by the id of their field, as the service wrote them."""
    cells = record.get("cells")
    pairs = cells if isinstance(cells, list) else []
    return {str(c["fieldId"]): c.get("value") for c in pairs if isinstance(c, dict) and "fieldId" in c}


def column_names(fields: Iterable[tuple[str, str | None, str | None]], own: Iterable[str]) -> list[str]:
    """A name for the column of each field, given as (id, label, key): no two alike, and none like the table's `own`.

    That is the label without outer spaces, the key where it has none, the id where it has neither. Names are alike when
    a database or a reader could take one for the other: in any case, any Unicode form, with spaces or underscores. Each
    of those has the key behind it, or the id where that does not tell them apart.
    """
    fields, own = list(fields), list(own)
    names = [_clean(label) or _clean(key) or field_id for field_id, label, key in fields]
    alike = Counter(map(_folded, [*own, *names]))
    taken = set(map(_folded, own))
    unique: list[str] = []
    for name, (field_id, _, key) in zip(names, fields, strict=True):
        if alike[_folded(name)] > 1:
            name = f"{name} ({_clean(key) or field_id})"
        while _folded(name) in taken:
            name = f"{name} ({field_id})"
        taken.add(_folded(name))
        unique.append(name)
    return unique


def number_of(value: Any) -> float | None:
    """A finite number, or a text that is one as people write it; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and "_" in value:  # Python's own way to write numbers, nobody else's
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _array(column: pd.Series) -> Any:
    """What a column holds, without its index."""
    return column.array if isinstance(column.dtype, ExtensionDtype) else column.to_numpy()


def _column(kind: str, text: Any, places: np.ndarray, arrays: Mapping[str, Any]) -> Any:
    """The values of one field as its kind has them. A value of another kind, from before the field changed, is read anew.

    `places` are its rows in the `arrays` of the tidy frame, `text` is what people read there.
    """
    if kind in LISTS:
        lists = np.empty(len(places), dtype="object")
        triples = zip(arrays["items"].take(places), text, arrays["field_type"].take(places), strict=True)
        for row, (items, single, written_as) in enumerate(triples):
            # A table without rows has a text and no items: nothing is in it.
            is_single = written_as not in LISTS and not pd.isna(single)
            lists[row] = items if isinstance(items, list) else [single] if is_single else None
        return lists
    if kind not in ("Number", "Date"):
        return text
    column = arrays["number" if kind == "Number" else "date"].take(places)
    anew = np.flatnonzero(pd.isna(column) & ~pd.isna(text))
    if len(anew):
        unread = [str(text[row]) for row in anew]
        if kind == "Number":
            column[anew] = np.array([number_of(each) for each in unread], dtype="float64")
        else:
            column[anew] = dates(unread).moments.array
    return column


def _days(places: np.ndarray, tidy: pd.DataFrame, column: Any) -> Iterable[tuple[str, bool]]:
    """The runs that have a date, and whether it is a day."""
    values = tidy.iloc[places]
    flags = values["date_only"] if "date_only" in values else values["date"].isna()
    for run, text, missing, flag in zip(values["run_id"], values["value"], pd.isna(column), flags, strict=True):
        if not missing:
            yield str(run), len(str(text).strip()) == len("2026-12-01") if pd.isna(flag) else bool(flag)


def _row_of(rows: Sequence[Record], place: int) -> str:
    record_id = rows[place].get("id")
    return str(place) if record_id is None else str(record_id)


def _unwrapped(data: Any) -> Any:
    if isinstance(data, dict):
        if isinstance(data.get("values"), list):
            return data["values"]
        if "value" in data:
            return data["value"]
        if data == {"values": None}:  # nothing chosen, not one odd choice
            return None
    return data


def _rows(table: Any) -> list[Any]:
    """The rows of a table by column name, as they came where names and cells do not match; another shape is one item."""
    rows = table.get("rows") if isinstance(table, dict) else None
    if not isinstance(rows, list):
        return [table]
    names = table.get("columns")
    if not isinstance(names, list) or len(set(map(str, names))) != len(names):
        return rows
    named = [str(name) for name in names]
    return [dict(zip(named, r, strict=True)) if isinstance(r, list) and len(r) == len(named) else r for r in rows]


def _is_file(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("url"), str)


def text_of(value: Any) -> str:
    """A single value as a person would read it; what has no plain reading stands there as JSON."""
    if isinstance(value, str):
        return value
    if _is_file(value):
        name = value.get("name")
        return f"{name} <{value['url']}>" if isinstance(name, str) and name else str(value["url"])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def _clean(name: str | None) -> str:
    return unicodedata.normalize("NFC", name).strip() if isinstance(name, str) else ""


def _folded(name: str) -> str:
    """What two names that are alike have in common."""
    caseless = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return re.sub(r"[\s_]+", "_", caseless.strip())


def _names(tidy: pd.DataFrame, fields: pd.DataFrame | None, order: list[str]) -> dict[str, str]:
    """The name of each field's column, from its latest label and key."""
    latest: dict[str, tuple[str | None, str | None]] = {}
    parts = [tidy.sort_values("updated_date", kind="stable", na_position="first")]
    if fields is not None:
        parts.append(fields)  # the template as it stands now is later than any value
    for part in parts:
        for field_id, label, key in zip(part["field_id"], part["label"], part["key"], strict=True):
            old_label, old_key = latest.get(field_id, (None, None))
            latest[field_id] = (label if _clean(label) else old_label, key if _clean(key) else old_key)
    return dict(zip(order, column_names([(field_id, *latest[field_id]) for field_id in order], OWN), strict=True))


def _kinds(tidy: pd.DataFrame, fields: pd.DataFrame | None) -> dict[str, str]:
    kinds = dict(zip(tidy["field_id"], tidy["field_type"].astype(TEXT_DTYPE), strict=True))
    if fields is not None:
        kinds |= dict(zip(fields["field_id"], fields["field_type"].astype(TEXT_DTYPE), strict=True))
    return kinds
