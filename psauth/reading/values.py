"""Values: what people typed into form fields, and data-set cells, decoded; tidy or one column a field."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import pandas as pd

from psauth.reading.endpoints import FORM_VALUES, RECORDS
from psauth.reading.frames import TIME_DTYPE, frame, texts, times

LISTS: Final = frozenset({"MultiChoice", "MultiSelect", "Members", "MultiFile", "Table"})
"""Field types whose column in a wide frame holds lists, empty never: nothing chosen is missing."""

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
    address; a bare scalar or list itself; anything else its JSON. One thing where a list is usual is a list of one; the
    items of a table are its rows, by column name. A date without a time of day (`timeHidden`) is that
    calendar day at midnight UTC. (Shapes: live observations, see README.)
    """
    inner = _unwrapped(data)
    if inner is None:
        return Value()
    if isinstance(inner, list):
        return Value(text=", ".join(_read(item) for item in inner) if inner else None, items=inner or None)
    text = _read(inner)
    if not text:
        return Value()
    if field_type in LISTS:
        return Value(text=text, items=(_rows(inner) or None) if field_type == "Table" else [inner])
    if _is_file(inner):
        return Value(text=text, items=[inner])
    if field_type == "Number":
        return Value(text=text, number=_number(inner))
    if field_type == "Date":
        hidden = isinstance(data, dict) and data.get("timeHidden") is True
        return Value(text=text, moment=text[:10] if hidden and _is_day(text) else text)
    return Value(text=text)


def form_values(records: Iterable[Record]) -> pd.DataFrame:
    """One row a value: the columns of the table, and `value`, `number`, `date`, `items` decoded from `data`.

    `value` is the text, also of numbers and dates; `number` float64, `date` datetime64[us, UTC], `items` a list for
    choices, members, files and tables, else missing.
    """
    rows = list(records)
    values = [decode(str(row.get("fieldType")), row.get("data")) for row in rows]
    result = frame(rows, FORM_VALUES)
    place = result.columns.get_loc("field_type")
    assert isinstance(place, int)  # noqa: S101 - the table names each column once
    decoded = {
        "value": texts([v.text for v in values]),
        "number": pd.Series([v.number for v in values], dtype="float64"),
        "date": times([v.moment for v in values]),
        "items": pd.Series([v.items for v in values], dtype="object"),
    }
    for offset, (name, column) in enumerate(decoded.items(), 1):
        result.insert(place + offset, name, column)
    return result


def wide(tidy: pd.DataFrame, fields: pd.DataFrame | None = None, run_ids: Iterable[str] = ()) -> pd.DataFrame:
    """One row a run, one column a field, from a frame of `form_values`.

    A column is called by the field's latest label, its key where it has none; where names repeat, the key is added.
    Numbers are float64, dates datetime64[us, UTC], choices, members, files and tables lists, everything else `str`.
    Columns follow `fields` (a frame of `form_fields`, in the template's order), fields no longer in the template last;
    runs stand in the order of `run_ids`, which has those without any value too, others behind them as they came.
    `.attrs["field_ids"]` maps column names to field ids.
    """
    # A value that came without an id has its key or label for one, rather than no column.
    told = tidy["field_id"].fillna(tidy["key"]).fillna(tidy["label"]).fillna("?")
    tidy = tidy.assign(field_id=told)
    runs = pd.Index(dict.fromkeys([*run_ids, *tidy["run_id"]]), name="run_id", dtype="str")
    order = [] if fields is None else fields["field_id"].tolist()
    order = list(dict.fromkeys([*order, *tidy["field_id"].tolist()]))
    names = _names(tidy, fields, order)
    kinds = _kinds(tidy, fields)
    by_field = dict(tuple(tidy.groupby("field_id", sort=False)))
    columns: dict[str, pd.Series] = {}
    for field_id in order:
        kind = kinds.get(field_id, "Text")
        source = "number" if kind == "Number" else "date" if kind == "Date" else "items" if kind in LISTS else "value"
        values = by_field.get(field_id)
        if values is None:
            dtype = {"number": "float64", "date": TIME_DTYPE, "items": "object"}.get(source, "str")
            columns[names[field_id]] = pd.Series(index=runs, dtype=dtype)
        else:
            columns[names[field_id]] = (
                values.drop_duplicates("run_id", keep="last").set_index("run_id")[source].reindex(runs)
            )
    result = pd.DataFrame(columns, index=runs).reset_index()
    result.attrs["field_ids"] = {names[field_id]: field_id for field_id in order}
    return result


def records(rows: Iterable[Record], fields: Sequence[Record]) -> pd.DataFrame:
    """Data-set records, one column a field of the data set, by its name and type; `fields` as the data set lists them.

    Text is `str`, Number float64, DateTime datetime64[us, UTC]. A cell of a field that the data set no longer lists
    keeps its own column, called by the field's id.
    """
    listed = list(rows)
    result = frame(listed, RECORDS)
    cells = [_cells(row) for row in listed]
    known = columns_of(fields)
    told = {str(f.get("id")) for f in known.values()}
    unlisted = dict.fromkeys(field_id for row in cells for field_id in row if field_id not in told)
    every = columns_of([*known.values(), *({"id": field_id} for field_id in unlisted)])
    for place, (name, field) in enumerate(every.items(), 1):
        values = [row.get(str(field.get("id"))) for row in cells]
        result.insert(place, name, _cell_column(str(field.get("fieldType")), values))
    result.attrs["field_ids"] = {name: str(field.get("id")) for name, field in every.items()}
    return result


def columns_of(fields: Sequence[Record]) -> dict[str, Record]:
    """The fields of a data set by the names of their columns, in a frame of `records`."""
    taken = {column.name for column in RECORDS.columns}
    named: dict[str, Record] = {}
    for field in fields:
        field_id = str(field.get("id"))
        name = _free(str(field.get("name") or field_id), field_id, taken)
        taken.add(name)
        named[name] = field
    return named


def _cell_column(field_type: str, values: list[Any]) -> pd.Series:
    if field_type == "Number":
        return pd.Series([_number(v) for v in values], dtype="float64")
    if field_type == "DateTime":
        return times(values)
    return texts([None if v is None else _read(v) for v in values])


def _cells(row: Record) -> dict[str, Any]:
    cells = row.get("cells")
    pairs = cells if isinstance(cells, list) else []
    return {str(c["fieldId"]): c.get("value") for c in pairs if isinstance(c, dict) and "fieldId" in c}


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


def _read(value: Any) -> str:
    """One thing as a person would read it; what has no plain reading stands there as JSON."""
    if isinstance(value, str):
        return value
    if _is_file(value):
        name = value.get("name")
        return f"{name} <{value['url']}>" if isinstance(name, str) and name else str(value["url"])
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False, default=str)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, str) and "_" in value:  # Python's own way to write numbers, nobody else's
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _is_day(text: str) -> bool:
    try:
        datetime.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _names(tidy: pd.DataFrame, fields: pd.DataFrame | None, order: list[str]) -> dict[str, str]:
    """The name of each field's column: its latest label, its key when it has none, told apart by the key."""
    latest: dict[str, tuple[str | None, str | None]] = {}
    parts = [tidy.sort_values("updated_date", kind="stable", na_position="first")]
    if fields is not None:
        parts.append(fields)  # the template as it stands now is later than any value
    for part in parts:
        for field_id, label, key in zip(part["field_id"], part["label"], part["key"], strict=True):
            old_label, old_key = latest.get(field_id, (None, None))
            latest[field_id] = (
                label if isinstance(label, str) and label else old_label,
                key if isinstance(key, str) and key else old_key,
            )
    plain = {field_id: label or key or field_id for field_id, (label, key) in latest.items()}
    counts = pd.Series(list(plain.values()), dtype="str").value_counts()
    names: dict[str, str] = {}
    taken = {"run_id"}
    for field_id in order:
        name = plain[field_id]
        if counts[name] > 1:
            name = f"{name} ({latest[field_id][1] or field_id})"
        names[field_id] = _free(name, field_id, taken)
        taken.add(names[field_id])
    return names


def _free(name: str, field_id: str, taken: set[str]) -> str:
    while name in taken:
        name = f"{name} ({field_id})"
    return name


def _kinds(tidy: pd.DataFrame, fields: pd.DataFrame | None) -> dict[str, str]:
    kinds = dict(zip(tidy["field_id"], tidy["field_type"].astype("str"), strict=True))
    if fields is not None:
        kinds |= dict(zip(fields["field_id"], fields["field_type"].astype("str"), strict=True))
    return kinds
