"""Columns: what the published tables are called and what stands in each, as Arrow, pandas and a publication's note have it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from psauth.reading import endpoints
from psauth.reading.endpoint import Column, Endpoint
from psauth.reading.frames import TEXT_DTYPE, TIME_DTYPE
from psauth.reading.values import LISTS

Kind = Literal["text", "time", "flag", "count", "category", "number", "list"]
TYPES: Final[Mapping[str, pa.DataType]] = {
    "text": pa.string(),
    "category": pa.string(),
    "time": pa.timestamp("us", "UTC"),
    "flag": pa.bool_(),
    "count": pa.int64(),
    "number": pa.float64(),
    "list": pa.list_(pa.string()),
}
"""A status is a text in the files, so that every reader takes it and a new one breaks nothing; Parquet keeps a dictionary."""

INTERVAL: Final = pa.month_day_nano_interval()
"""What the difference of two times is to DuckDB."""
PARTS: Final = np.dtype([("months", "<i4"), ("days", "<i4"), ("nanoseconds", "<i8")])
"""How Arrow keeps one in memory."""
MOST_DAYS: Final = 100_000_000

GONE: Final = ("deleted", "hidden")
RULE_KINDS: Final = ("logic", "due_date", "assignment")
RULE_NOUNS: Final[Mapping[str, str]] = {f"{kind}_rules": kind for kind in RULE_KINDS}
"""The lists of rules, and the kind of rule that each has."""
TABLE_OF: Final[Mapping[str, str]] = {"assigned_tasks": "assignments", **dict.fromkeys(RULE_NOUNS, "rules")}
"""The tables of lists that are not called as their table is."""
MONTH: Final = "month"
"""The column of the folders in which the rows of runs and their children lie: the month in which the run was created."""
PART: Final = "part"
"""The same for the changes, which lie by number."""


class Field(NamedTuple):
    """One column of a published table.

    `known` are the values of a category that the service documents, `source` the id of the field of a form or data set.
    """

    name: str
    kind: Kind
    known: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class Layout:
    """One published table: its columns, and the column of its folders where it has any."""

    name: str
    fields: tuple[Field, ...]
    by: str | None = None

    def schema(self) -> pa.Schema:
        """The columns of a file."""
        return pa.schema([(field.name, TYPES[field.kind]) for field in self.fields])


def nouns_of(table: str) -> list[str]:
    """The lists that a table is derived from and that are not called as it is."""
    return [noun for noun, name in TABLE_OF.items() if name == table]


def of_endpoint(endpoint: Endpoint) -> tuple[Field, ...]:
    """The columns of an endpoint's frame."""
    return tuple(map(of_column, endpoint.columns))


def of_column(column: Column) -> Field:
    """A column of a frame."""
    return Field(column.name, column.dtype, column.known)


def _form_values() -> tuple[Field, ...]:
    fields = list(of_endpoint(endpoints.FORM_VALUES))
    place = [field.name for field in fields].index("field_type") + 1
    fields[place:place] = [
        Field("value", "text"),
        Field("number", "number"),
        Field("date", "time"),
        Field("date_only", "flag"),
        Field("items", "list"),
    ]
    return tuple(fields)


RUNS: Final = Layout(
    "runs",
    (
        *of_endpoint(endpoints.RUNS),
        Field("gone", "category", GONE),
        Field("last_seen", "time"),
        Field("first_missed", "time"),
    ),
    MONTH,
)
TASKS: Final = Layout("tasks", of_endpoint(endpoints.TASKS), MONTH)
FORM_VALUES: Final = Layout("form_values", _form_values(), MONTH)
APPROVALS: Final = Layout("approvals", of_endpoint(endpoints.APPROVALS), MONTH)
ASSIGNMENTS: Final = Layout("assignments", of_endpoint(endpoints.RUN_ASSIGNMENTS), MONTH)
RECORDS: Final = Layout("records", (*of_endpoint(endpoints.RECORDS), Field("cells", "text")))
RULES: Final = Layout(
    "rules",
    (
        Field("rule_id", "text"),
        Field("kind", "category", RULE_KINDS),
        Field("workflow_id", "text"),
        Field("revision_id", "text"),
        Field("task_id", "text"),
        Field("rule", "text"),
    ),
)
CHANGES: Final = Layout(
    "changes",
    (
        Field("change_id", "count"),
        Field("noun", "text"),
        Field("owner", "text"),
        Field("run_id", "text"),
        Field("key", "text"),
        Field("column", "text"),
        Field("old", "text"),
        Field("new", "text"),
        Field("seen_before", "time"),
        Field("seen_at", "time"),
    ),
    PART,
)
CHILDREN: Final[Mapping[str, Layout]] = {layout.name: layout for layout in (TASKS, FORM_VALUES, APPROVALS, ASSIGNMENTS)}
"""What is in a run, by the noun of its lists."""
WHOLE: Final[Mapping[str, Layout]] = {
    endpoint.noun: Layout(endpoint.noun, of_endpoint(endpoint))
    for endpoint in (
        endpoints.WORKFLOWS,
        endpoints.WORKFLOW_TASKS,
        endpoints.FORM_FIELDS,
        endpoints.FIELD_OPTIONS,
        endpoints.REVISIONS,
        endpoints.USERS,
        endpoints.FOLDERS,
        endpoints.DATA_SETS,
        endpoints.SCHEDULES,
        endpoints.COMMENTS,
        endpoints.ATTACHMENTS,
    )
}
"""Tables that are written as one, by the noun of their lists."""
RUN_FACTS: Final = Layout(
    "run_facts",
    (
        Field("run_id", "text"),
        Field("name", "text"),
        Field("workflow_id", "text"),
        Field("workflow_name", "text"),
        Field("status", "category", endpoints.RUN_STATUSES),
        Field("started", "time"),
        Field("started_by_id", "text"),
        Field("started_by_robot", "flag"),
        Field("finished", "time"),
        Field("finished_estimated", "flag"),
        Field("left", "time"),
        Field("hours", "number"),
        Field("working_hours", "number"),
        Field("tasks", "count"),
        Field("done", "count"),
        Field("due_date", "time"),
        Field("late_hours", "number"),
        Field("late_working_hours", "number"),
    ),
    MONTH,
)
TASK_FACTS: Final = Layout(
    "task_facts",
    (
        Field("run_id", "text"),
        Field("task_id", "text"),
        Field("name", "text"),
        Field("workflow_id", "text"),
        Field("workflow_name", "text"),
        Field("run_status", "category", endpoints.RUN_STATUSES),
        Field("started", "time"),
        Field("task_type", "category"),
        Field("stopped", "flag"),
        Field("place", "count"),
        Field("due_date", "time"),
        Field("completed_date", "time"),
        Field("completed_by_email", "text"),
        Field("by_robot", "flag"),
        Field("began", "time"),
        Field("before_by_email", "text"),
        Field("hours", "number"),
        Field("working_hours", "number"),
    ),
    MONTH,
)
EDGES: Final = Layout(
    "edges",
    (
        Field("run_id", "text"),
        Field("workflow_id", "text"),
        Field("source", "text"),
        Field("target", "text"),
        Field("source_place", "count"),
        Field("target_place", "count"),
        Field("began", "time"),
        Field("ended", "time"),
        Field("hours", "number"),
    ),
    MONTH,
)
FACTS: Final[Mapping[str, Layout]] = {layout.name: layout for layout in (RUN_FACTS, TASK_FACTS, EDGES)}
"""What many figures are made of, derived from the tables of runs and what is in them: see mirror/facts.py."""
LAYOUTS: Final[Mapping[str, Layout]] = {
    layout.name: layout
    for layout in (RUNS, *CHILDREN.values(), *WHOLE.values(), RECORDS, RULES, CHANGES, *FACTS.values())
}
"""The tables that every publication has; those of single workflows and data sets come to them."""


def to_arrow(frame: pd.DataFrame, fields: Sequence[Field]) -> pa.Table:
    """The frame as rows of a file. In a list, what is no text stands as its JSON, as `to_parquet` has it."""
    bare = frame.copy(deep=False)
    bare.attrs = {}  # pandas copies what a frame says of itself into every column that is taken out of it
    arrays = [_array(bare[field.name], field.kind) for field in fields]
    return pa.table(arrays, schema=pa.schema([(field.name, TYPES[field.kind]) for field in fields]))


def to_pandas(table: pa.Table, fields: Iterable[Field]) -> pd.DataFrame:
    """What came out of a query as a frame. A column that is called like one of the fields, and is of its type, has its dtype."""
    by_name = {field.name: field for field in fields}
    columns = [
        _series(column, by_name.get(name)) for name, column in zip(table.column_names, table.columns, strict=True)
    ]
    frame = pd.DataFrame(dict(enumerate(columns)), copy=False)
    return frame.set_axis(pd.Index(table.column_names, dtype=TEXT_DTYPE), axis="columns")


def _array(series: pd.Series, kind: Kind) -> pa.Array:
    kept = TYPES[kind]
    if kind == "list":
        return pa.array([_texts(value) for value in series], kept)
    array = pa.Array.from_pandas(series)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array if array.type == kept else array.cast(kept)


def _texts(value: Any) -> list[str] | None:
    if not isinstance(value, list):
        return None
    return [v if isinstance(v, str) else json.dumps(v, ensure_ascii=False, default=str) for v in value]


def _series(column: pa.ChunkedArray, field: Field | None) -> pd.Series:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column, kind = column.cast(kind.value_type), kind.value_type
    if pa.types.is_decimal(kind):
        column = _number(column)
        kind = column.type
    if kind == INTERVAL:
        return _interval(column)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_null(kind):
        if field is not None and field.kind == "category":
            return _category(column, field)
        return pd.Series(column.cast(pa.large_string()), dtype=TEXT_DTYPE)
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        return pd.Series(column.cast(TYPES["time"]).to_pandas()).astype(TIME_DTYPE)
    if pa.types.is_boolean(kind):
        return pd.Series(column.to_pandas(types_mapper={pa.bool_(): pd.BooleanDtype()}.get))
    if pa.types.is_integer(kind) and (column.null_count or (field is not None and field.kind == "count")):
        return pd.Series(column.cast(pa.int64()).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get))
    if pa.types.is_nested(kind):
        return pd.Series(column.to_pylist(), dtype="object")
    return pd.Series(column.to_pandas())


def _number(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Decimal numbers, which sums are, as whole ones where they are that and fit, else as floating ones."""
    if column.type.scale == 0:
        with suppress(pa.ArrowInvalid):
            return column.cast(pa.int64())
    return column.cast(pa.float64())


def _interval(column: pa.ChunkedArray) -> pd.Series:
    """Differences of times; as they are where one has months, or more days than a difference of pandas has."""
    parts = [
        np.frombuffer(chunk.buffers()[1], PARTS, len(chunk), chunk.offset * PARTS.itemsize)
        for chunk in column.chunks
        if len(chunk)
    ]
    values = np.concatenate([np.empty(0, PARTS), *parts])
    is_there = column.is_valid().to_numpy()
    if (is_there & ((values["months"] != 0) | (np.abs(values["days"].astype("int64")) > MOST_DAYS))).any():
        return pd.Series(column.to_pylist(), dtype="object")
    length = values["days"].astype("timedelta64[D]").astype("timedelta64[us]")
    length += (values["nanoseconds"] // 1000).astype("timedelta64[us]")
    return pd.Series(np.where(is_there, length, np.timedelta64("NaT", "us")))


def _category(column: pa.ChunkedArray, field: Field) -> pd.Series:
    words = pd.Series(column.dictionary_encode().to_pandas()).cat
    unknown = sorted({*words.categories} - {*field.known})
    return pd.Series(words.set_categories([*field.known, *unknown]))


def of_form_field(name: str, kind: str, source: str) -> Field:
    """The column of a form field in a wide table, by its type."""
    if kind in LISTS:
        return Field(name, "list", (), source)
    return Field(name, {"Number": "number", "Date": "time"}.get(kind, "text"), (), source)  # type: ignore[arg-type]
