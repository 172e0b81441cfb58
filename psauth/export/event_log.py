"""Event log: what happened in runs as one file for process-mining tools, as XES, CSV or Parquet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from psauth.exceptions import ArgumentError
from psauth.export.csv import lines
from psauth.export.events import ACTIVITY, CASE, NEEDED, TIME, checked_log, pieces
from psauth.export.replace import replaced, whole_path
from psauth.export.xes import write_xes
from psauth.reading.calls import checked

UNNAMED: Final = "(no name)"
"""An activity without a name, in a CSV file, whose readers take what is empty for missing."""


@checked("psauth.save_event_log")
def save_event_log(log: pd.DataFrame, path: str | os.PathLike[str]) -> Path:
    """Write an event log as a file for pm4py, ProM, Celonis, Disco or Apromore: whole, or not at all.

        log = ps.analysis.event_log(workflow="Purchase Request")
        psauth.save_event_log(log, "purchases.xes")

    Parameters:
        log: as ps.analysis.event_log(…) gives it; columns of your own beside it are written too. A column whose name begins
            with case: says something of the run: XES has what stands at its first event.
        path: a name that ends in .xes (IEEE 1849-2016), .csv or .parquet, which says what is written.

    Events of a run stand together, in the order of time. Moments are in UTC, with their offset. Parquet keeps every
    character. In XES and CSV, what XML cannot hold stands as its escape, like `\\x1b`. In CSV, an apostrophe stands before a
    text that a spreadsheet would run as a formula, and an activity without a name is "(no name)". (pandas takes texts such
    as NA for missing, unless it is told keep_default_na=False.)

    Returns the path. Errors: ArgumentError for what is no event log, for an event without run, activity or moment, and for
    another ending; FileNotWritten where the place does not allow it.
    """
    target = log_path(path)
    ordered = checked_log(log)
    with replaced(target) as stream:
        write_log(ordered, target.suffix, stream)
    return target


def log_path(path: str | os.PathLike[str]) -> Path:
    """Where an event log is to be written; ArgumentError for a name that does not end like one."""
    target = whole_path(path, like="log.xes")
    if target.suffix.casefold() not in WRITERS:
        raise ArgumentError(
            f"{str(path)!r} does not end in .xes, .csv or .parquet, which says what is written. Expected a name like 'log.xes'."
        )
    return target


def write_log(log: pd.DataFrame, ending: str, stream: BinaryIO) -> None:
    """Write an event log that was checked, in the format that has this ending."""
    WRITERS[ending.casefold()](log, stream)


def _write_csv(log: pd.DataFrame, stream: BinaryIO) -> None:
    """For programs: without a byte order mark, which some would take for a part of the first head."""
    activity = list(log.columns).index(ACTIVITY)
    ids = {place for place, name in enumerate(log.columns) if name == CASE or name.endswith("_id")}
    stream.write(lines([[name] for name in log.columns]).encode())
    for piece in pieces(log):
        piece[activity] = [UNNAMED if name == "" else name for name in piece[activity]]
        stream.write(lines(piece, ids=ids).encode())


def _write_parquet(log: pd.DataFrame, stream: BinaryIO) -> None:
    try:
        table = pa.Table.from_pandas(log, preserve_index=False)
    except (TypeError, ValueError) as error:  # Arrow's own errors are among them
        raise ArgumentError(f"Parquet cannot hold a column of this frame: {error}. Write it as .xes or .csv.") from None
    schema = table.schema
    for place, field in enumerate(schema):
        if pa.types.is_null(field.type):  # nothing in a whole column, as in an empty log, says what would be in it
            field = field.with_type(pa.string())
        if field.name == TIME:
            field = field.with_type(pa.timestamp("us", "UTC"))
        schema = schema.set(place, field.with_nullable(field.name not in NEEDED))
    pq.write_table(table.cast(schema, safe=False), stream, compression="zstd")


WRITERS: Final = {".xes": write_xes, ".csv": _write_csv, ".parquet": _write_parquet}
"""What writes an event log, by the ending of the file."""
