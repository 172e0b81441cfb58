"""Frames: records to DataFrames, by the table of endpoints; the same columns and dtypes whatever came, nothing included."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import pandas as pd

from psauth.endpoints import APP_LINK, Column, Endpoint

TIME_DTYPE: Final = "datetime64[us, UTC]"


def frame(records: Iterable[Mapping[str, Any]], endpoint: Endpoint) -> pd.DataFrame:
    """One row a record, in the order they came; columns and dtypes are those of the endpoint's table.

    Texts are `str`, timestamps `datetime64[us, UTC]`, flags `boolean`, counts `Int64`, statuses categorical (documented values first,
    unknown ones behind them); what is missing in a record is missing in the frame.
    """
    rows = list(records)
    return pd.DataFrame({c.name: _series(c, [_reader(c.path)(row) for row in rows]) for c in endpoint.columns})


def _series(column: Column, values: list[Any]) -> pd.Series:
    match column.dtype:
        case "time":
            return times(values)
        case "flag":
            return pd.Series([v if isinstance(v, bool) else None for v in values], dtype="boolean")
        case "count":
            return pd.Series(
                [v if isinstance(v, int) and not isinstance(v, bool) else None for v in values], dtype="Int64"
            )
        case "category":
            texts = [_text(v) for v in values]
            unknown = sorted({t for t in texts if t is not None} - set(column.known))
            return pd.Series(pd.Categorical(texts, categories=[*column.known, *unknown]))
        case "text":
            return pd.Series([_text(v) for v in values], dtype="str")


def times(values: list[Any]) -> pd.Series:
    """ISO 8601 timestamps, with any offset or a date alone, as `datetime64[us, UTC]`; what is none is missing."""
    texts = pd.Series([v if isinstance(v, str) else None for v in values], dtype="object")
    return pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce").astype(TIME_DTYPE)


def _text(value: Any) -> str | None:
    """A text as it is; anything else as its JSON, so that nothing is lost."""
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.encode("utf-8", "backslashreplace").decode()  # half an emoji, cut off by the service, is not Unicode


def _reader(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function that takes the value at a dotted path out of a record, None where the way there breaks off."""
    if path == APP_LINK:
        return _app_link
    names = [path] if path.startswith("@") else path.split(".")

    def read(record: Mapping[str, Any]) -> Any:
        value: Any = record
        for name in names:
            if not isinstance(value, Mapping):
                return None
            value = value.get(name)
        return value

    return read


def _app_link(record: Mapping[str, Any]) -> str | None:
    """The address of a record in the browser; only a web address, because people will click on it."""
    links = record.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, Mapping) and link.get("type") == "App" and isinstance(href := link.get("href"), str):
            try:
                if urlsplit(href).scheme in ("http", "https"):
                    return href
            except ValueError:
                continue
    return None
