"""Exports: the local copy as files for other programs. Each appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final
from zoneinfo import ZoneInfo

from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.export.replace import replaced, replaced_by
from psauth.vault.files import make_folder

if TYPE_CHECKING:
    import pandas as pd

    from psauth.mirror.tables import Mirror
    from psauth.reading.days import Days

FORMATS: Final = ("parquet", "csv", "xlsx", "duckdb")
IN_ONE_FILE: Final = ("xlsx", "duckdb")
"""Formats of which one file holds all tables; of the others each table has its own, in a folder."""


def export(mirror: Mirror, path: Path, form: str, zone: ZoneInfo) -> list[Path]:
    """Write all tables; the files that were written.

    path: a file for xlsx and duckdb, a folder for parquet and csv, which is made where need be.
    form: one of FORMATS.
    zone: whose wall-clock times spreadsheets show; the other formats hold UTC.
    """
    if form in IN_ONE_FILE:
        if path.suffix.casefold() != f".{form}":
            raise ArgumentError(f"{str(path)!r} does not end in .{form}. Try {str(path) + '.' + form!r}.")
        if form == "xlsx":
            _write_book(mirror, path, zone)
        else:
            with replaced_by(path) as draft:
                mirror.copy_to(draft)
        return [path]
    try:
        make_folder(path)
    except OSError as error:
        raise FileNotWritten(
            f"The folder {path} cannot be made ({error.strerror}). Name another one; nothing was written."
        ) from error
    written = []
    for name in mirror:
        target = path / f"{name}.{form}"
        with replaced(target) as stream:
            (_write_csv if form == "csv" else _write_parquet)(mirror, name, stream, zone)
        written.append(target)
    return written


def _frames(mirror: Mirror, name: str) -> Iterator[pd.DataFrame]:
    """The rows of a table, some at a time, as people read them; no row is one piece, too."""
    from psauth.mirror.dated import days_in

    days = days_in(mirror, name)
    key = mirror.layouts()[name].fields[0].name
    for frame in _pieces(mirror, name):
        yield _marked(frame, mirror, name, days.of_rows(frame[key]))


def _whole(mirror: Mirror, name: str) -> pd.DataFrame:
    """All rows of a table, as people read them."""
    import pandas as pd

    from psauth.mirror.dated import days_in

    return _marked(pd.concat(_pieces(mirror, name), ignore_index=True), mirror, name, days_in(mirror, name))


def _pieces(mirror: Mirror, name: str) -> Iterator[pd.DataFrame]:
    from psauth.export.order import names_first
    from psauth.mirror.columns import to_pandas

    layout = mirror.layouts()[name]
    empty = True
    for piece in mirror.pieces(name):
        empty = False
        yield names_first(to_pandas(piece, layout.fields))
    if empty:
        yield names_first(to_pandas(layout.schema().empty_table(), layout.fields))


def _marked(frame: pd.DataFrame, mirror: Mirror, name: str, days: Days) -> pd.DataFrame:
    """The frame, which says of the dates of its fields whether they are days, as one that was read live does."""
    from psauth.mirror.dated import field_ids

    frame.attrs["field_ids"] = field_ids(mirror.layouts()[name])
    return days.mark(frame)


def _write_csv(mirror: Mirror, name: str, stream: BinaryIO, zone: ZoneInfo) -> None:
    from psauth.export.csv import to_csv

    # The head is that of the first piece, and times may come in a later one.
    moments = {field.name for field in mirror.layouts()[name].fields if field.kind == "time"}
    for number, frame in enumerate(_frames(mirror, name)):
        lines = to_csv(frame, zone, moments=moments)
        stream.write(lines if number == 0 else lines.partition(b"\r\n")[2])


def _write_parquet(mirror: Mirror, name: str, stream: BinaryIO, _: ZoneInfo) -> None:
    import pyarrow.parquet as pq

    with pq.ParquetWriter(stream, mirror.layouts()[name].schema(), compression="zstd") as writer:
        for piece in mirror.pieces(name):
            writer.write_table(piece.cast(writer.schema))


def _write_book(mirror: Mirror, path: Path, zone: ZoneInfo) -> None:
    from psauth.export.excel import warn_of_cut, write_workbook

    with replaced(path) as stream:
        sheets = [(name, _whole(mirror, name)) for name in mirror]
        cut = write_workbook(sheets, stream, zone)
    warn_of_cut(cut, "psauth export --format parquet keeps them whole.")
