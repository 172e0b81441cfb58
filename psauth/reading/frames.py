"""Frames: records to DataFrames, by the table of endpoints; the same columns and dtypes whatever came, nothing included."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from psauth.reading.endpoint import APP_LINK, Column, Endpoint

TIME_DTYPE: Final = "datetime64[us, UTC]"
WEB_ADDRESS: Final = re.compile(r"https?://([^][\s/?#]+|\[[\da-f:.]+](:\d+)?)([/?#]|$)", re.IGNORECASE)

# Arrow takes all columns out of the records in one pass. Its two kinds of text tell apart what an odd value becomes.
TEXT: Final = pa.large_string()
MOMENT: Final = pa.string()
FLAG: Final = pa.bool_()
KINDS: Final = {"text": TEXT, "category": TEXT, "time": MOMENT, "flag": FLAG}
FITTED: Final = 1_000
"""So many values at once are made to fit where one is odd: it takes Python twenty times as long as Arrow."""


def frame(records: Iterable[Mapping[str, Any]], endpoint: Endpoint) -> pd.DataFrame:
    """One row a record, in the order they came; columns and dtypes are those of the endpoint's table.

    Texts are `str`, timestamps `datetime64[us, UTC]`, flags `boolean`, counts `Int64`, statuses categorical (documented values first,
    unknown ones behind them); what is missing in a record is missing in the frame.
    """
    rows = list(records)
    plain = {c: _way(c.path) for c in endpoint.columns if c.dtype != "count" and c.path != APP_LINK}
    taken = _array(rows, _struct({way: KINDS[c.dtype] for c, way in plain.items()}))
    columns = {}
    for c in endpoint.columns:
        if c in plain:
            columns[c.name] = _series(c, pc.struct_field(taken, plain[c]))
        elif c.path == APP_LINK:
            columns[c.name] = texts([_app_link(row) for row in rows])
        else:
            columns[c.name] = pd.Series([_count(row.get(c.path)) for row in rows], dtype="Int64")
    return pd.DataFrame(columns)


def texts(values: list[Any]) -> pd.Series:
    """Texts as they are, anything else as its JSON, so that nothing is lost."""
    return pd.Series(_array(values, TEXT), dtype="str")


def times(values: list[Any]) -> pd.Series:
    """ISO 8601 timestamps, with any offset or a date alone, as `datetime64[us, UTC]`; what is none is missing."""
    return _moments(_array(values, MOMENT))


def _series(column: Column, values: pa.Array) -> pd.Series:
    match column.dtype:
        case "time":
            return _moments(values)
        case "flag":
            return pd.Series(values.to_pandas(types_mapper={FLAG: pd.BooleanDtype()}.get))
        case "category":
            words = values.dictionary_encode().to_pandas().cat
            unknown = sorted({*words.categories} - {*column.known})
            return pd.Series(words.set_categories([*column.known, *unknown]))
        case _:
            return pd.Series(values, dtype="str")


def _moments(told: pa.Array) -> pd.Series:
    try:
        return pd.Series(pc.cast(told, pa.timestamp("us", "UTC")).to_pandas()).astype(TIME_DTYPE)
    except pa.ArrowInvalid:  # one without an offset, finer than a microsecond, or none at all
        # pandas takes the texts "now" and "today" for the moment of reading them.
        dates = pc.if_else(pc.match_substring_regex(told, r"^\s*\d"), told, pa.scalar(None, told.type))
        each = pd.Series(dates.to_pylist(), dtype="object")
        return pd.to_datetime(each, utc=True, format="ISO8601", errors="coerce", cache=False).astype(TIME_DTYPE)


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    """The values as Arrow has them; those that are of another kind made to fit first, and their neighbours with them."""
    try:
        return pa.array(values, kind)
    except (pa.ArrowException, UnicodeEncodeError):
        if len(values) > FITTED:
            parts = [_array(values[at : at + FITTED], kind) for at in range(0, len(values), FITTED)]
            return pa.concat_arrays(parts)
        return pa.array([_fitting(value, kind) for value in values], kind)


def _fitting(value: Any, kind: pa.DataType) -> Any:
    """A text for anything where texts stand; an odd moment, flag or way is missing rather than guessed."""
    if pa.types.is_struct(kind):
        return {f.name: _fitting(value.get(f.name), f.type) for f in kind} if isinstance(value, dict) else None
    if kind == FLAG:
        return value if isinstance(value, bool) else None
    if value is None or (kind == MOMENT and not isinstance(value, str)):
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # half an emoji, cut off by the service, is not Unicode


def _way(path: str) -> tuple[str, ...]:
    return (path,) if path.startswith("@") else tuple(path.split("."))


def _struct(ways: Mapping[tuple[str, ...], pa.DataType]) -> pa.StructType:
    """The shape of a record that has these columns at the end of these ways."""
    deeper: dict[str, dict[tuple[str, ...], pa.DataType]] = {}
    for (name, *rest), kind in ways.items():
        deeper.setdefault(name, {})[tuple(rest)] = kind
    return pa.struct([(name, below[()] if () in below else _struct(below)) for name, below in deeper.items()])


def _count(value: Any) -> int | None:
    held = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if held else None


def _app_link(record: Mapping[str, Any]) -> str | None:
    """The address of a record in the browser; only a web address, because people will click on it."""
    links = record.get("links")
    for link in links if isinstance(links, list) else []:
        href = link.get("href") if isinstance(link, dict) and link.get("type") == "App" else None
        if isinstance(href, str) and WEB_ADDRESS.match(href):
            return href
    return None
