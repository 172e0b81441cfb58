"""Frames: records to DataFrames, by the table of endpoints; the same columns and dtypes whatever came, nothing included."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from psauth.reading.dates import date_of, is_day
from psauth.reading.days import Days
from psauth.reading.endpoint import APP_LINK, Column, Endpoint
from psauth.reading.unreadable import Unreadable

TIME_DTYPE: Final = "datetime64[us, UTC]"
TEXT_DTYPE: Final = "str"
"""pandas' own dtype for texts; pandas 2 makes `object` of it. So `object` alone tells no list: see `holds_lists`."""
WEB_ADDRESS: Final = re.compile(r"https?://([^][\s/?#]+|\[[\da-f:.]+](:\d+)?)([/?#]|$)", re.IGNORECASE)

# Arrow takes all columns out of the records in one pass.
TEXT: Final = pa.large_string()
FLAG: Final = pa.bool_()
MOMENT: Final = pa.timestamp("us", "UTC")
KINDS: Final = {"text": TEXT, "category": TEXT, "time": TEXT, "flag": FLAG}
FITTED: Final = 1_000
"""So many values at once are read one by one where one is odd: it takes Python twenty times as long as Arrow."""
FIRST: Final = -62_135_596_800_000_000
LAST: Final = 253_402_300_799_999_999
"""Microseconds from 1970 to the ends of what a datetime can be, the years 1 to 9999. Arrow reads the year 0 too."""


class Dates(NamedTuple):
    """Texts read as dates: the moments, the places of those that are calendar days, and the texts of those that are none."""

    moments: pd.Series
    days: list[int]
    unreadable: dict[int, str]


def frame(records: Iterable[Mapping[str, Any]], endpoint: Endpoint) -> pd.DataFrame:
    """One row a record, in the order they came; columns and dtypes are those of the endpoint's table.

    Texts are `str`, timestamps `datetime64[us, UTC]`, flags `boolean`, counts `Int64`, statuses categorical (documented values first,
    unknown ones behind them); what is missing in a record is missing in the frame. A timestamp that cannot be read is
    missing too, and stands in `Unreadable.of(frame)`.
    """
    rows = list(records)
    paths = {c: _steps(c.path) for c in endpoint.columns if c.dtype != "count" and c.path != APP_LINK}
    values = _array(rows, _struct({path: KINDS[c.dtype] for c, path in paths.items()}))
    columns: dict[str, pd.Series] = {}
    dates: dict[str, Dates] = {}
    for c in endpoint.columns:
        if c in paths and c.dtype == "time":
            dates[c.name] = _dates(pc.struct_field(values, paths[c]))
            columns[c.name] = dates[c.name].moments
        elif c in paths:
            columns[c.name] = _series(c, pc.struct_field(values, paths[c]))
        elif c.path == APP_LINK:
            columns[c.name] = texts([_app_link(row) for row in rows])
        else:
            columns[c.name] = pd.Series([_count(row.get(c.path)) for row in rows], dtype="Int64")
    result = pd.DataFrame(columns)
    mark_dates(result, dates, lambda place: "/".join(str(rows[place].get(name)) for name in endpoint.key) or str(place))
    return result


def texts(values: list[Any]) -> pd.Series:
    """Texts as they are, anything else as its JSON, so that nothing is lost."""
    return pd.Series(_array(values, TEXT), dtype=TEXT_DTYPE)


def times(values: list[Any]) -> pd.Series:
    """ISO 8601 timestamps, with any offset or a date alone, as `datetime64[us, UTC]`; what is none is missing."""
    return dates(values).moments


def dates(values: list[Any]) -> Dates:
    """The same, with the places of calendar days and the texts of what is no date."""
    return _dates(_array(values, TEXT))


def mark_dates(
    frame: pd.DataFrame,
    dates: Mapping[str, Dates],
    row: Callable[[int], str],
    unreadable: Mapping[tuple[str, str], str] | None = None,
) -> None:
    """Write into the frame's attrs which of its cells are days, and which could not be read; `row` names a row."""
    texts = {(row(place), name): text for name, column in dates.items() for place, text in column.unreadable.items()}
    Unreadable({**(unreadable or {}), **texts}).mark(frame)
    with_days = {name: set(column.days) for name, column in dates.items() if column.days}
    Days.among(
        {
            name: ((row(place), place in days) for place, there in enumerate(dates[name].moments.notna()) if there)
            for name, days in with_days.items()
        }
    ).mark(frame)


def holds_lists(values: pd.Series) -> bool:
    """Whether lists stand in a column. Its dtype does not say: `object` is what pandas 2 makes of texts too."""
    return values.dtype == "object" and any(isinstance(value, list) for value in values)


def plain(text: str) -> str:
    """The text without what is not Unicode: half an emoji, cut off by the service, is written out as its code."""
    return text.encode("utf-8", "backslashreplace").decode()


def _series(column: Column, values: pa.Array) -> pd.Series:
    match column.dtype:
        case "flag":
            return pd.Series(values.to_pandas(types_mapper={FLAG: pd.BooleanDtype()}.get))
        case "category":
            words = values.dictionary_encode().to_pandas().cat
            unknown = sorted({*words.categories} - {*column.known})
            return pd.Series(words.set_categories([*column.known, *unknown]))
        case _:
            return pd.Series(values, dtype=TEXT_DTYPE)


def _dates(texts: pa.Array) -> Dates:
    """Each text as the moment it means. Arrow reads those in the usual form; what it reads, `date_of` reads the same."""
    moments = _cast(texts)
    if moments is not None:
        return Dates(_moments([moments]), [], {})
    # Where one is odd, the thousand around it are read one by one, and the others as fast as without it.
    parts: list[pa.Array] = []
    days: list[int] = []
    unreadable: dict[int, str] = {}
    for start in range(0, len(texts), FITTED):
        part = texts[start : start + FITTED]
        moments = _cast(part)
        if moments is None:
            words = part.to_pylist()
            read = [date_of(word) if word else None for word in words]
            moments = pa.array(read, MOMENT)
            for place, (word, moment) in enumerate(zip(words, read, strict=True), start):
                if moment is not None and is_day(word):
                    days.append(place)
                elif moment is None and word:
                    unreadable[place] = word
        parts.append(moments)
    return Dates(_moments(parts), days, unreadable)


def _cast(texts: pa.Array) -> pa.Array | None:
    """The moments as Arrow reads them; None where it cannot read one, or reads what no datetime can be."""
    try:
        moments = pc.cast(texts, MOMENT)
    except pa.ArrowInvalid:
        return None
    ends = pc.min_max(pc.cast(moments, pa.int64())).as_py()
    if ends["min"] is not None and not FIRST <= ends["min"] <= ends["max"] <= LAST:
        return None
    return moments


def _moments(parts: list[pa.Array]) -> pd.Series:
    return pd.Series(pa.chunked_array(parts, MOMENT).to_pandas()).astype(TIME_DTYPE)


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
    """A text for anything where texts stand; an odd flag or an odd part of a path is missing rather than guessed."""
    if pa.types.is_struct(kind):
        return {f.name: _fitting(value.get(f.name), f.type) for f in kind} if isinstance(value, dict) else None
    if kind == FLAG:
        return value if isinstance(value, bool) else None
    if value is None:
        return None
    return plain(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


def _steps(path: str) -> tuple[str, ...]:
    return (path,) if path.startswith("@") else tuple(path.split("."))


def _struct(paths: Mapping[tuple[str, ...], pa.DataType]) -> pa.StructType:
    """The shape of a record that has columns of these kinds at the end of these paths."""
    deeper: dict[str, dict[tuple[str, ...], pa.DataType]] = {}
    for (name, *rest), kind in paths.items():
        deeper.setdefault(name, {})[tuple(rest)] = kind
    return pa.struct([(name, below[()] if () in below else _struct(below)) for name, below in deeper.items()])


def _count(value: Any) -> int | None:
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else None


def _app_link(record: Mapping[str, Any]) -> str | None:
    """The address of a record in the browser; only a web address, because people will click on it."""
    links = record.get("links")
    for link in links if isinstance(links, list) else []:
        href = link.get("href") if isinstance(link, dict) and link.get("type") == "App" else None
        if isinstance(href, str) and WEB_ADDRESS.match(href):
            return href
    return None
