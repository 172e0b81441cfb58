"""Excel: frames as a workbook in which texts stay texts, times have a named zone, and nothing is lost without a word."""

from __future__ import annotations

import io
import os
import shutil
import tempfile
import unicodedata
import warnings
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final
from zoneinfo import ZoneInfo

import pandas as pd
import xlsxwriter
from xlsxwriter.exceptions import XlsxWriterException

from psauth.exceptions import ArgumentError, PsauthWarning
from psauth.export.cells import Cell, Column, check_frame, columns
from psauth.export.naming import free_sheet_name, sheet_names
from psauth.export.replace import replaced, whole_path
from psauth.export.zones import named_zone
from psauth.reading.calls import checked

ROWS: Final = 1_048_576
"""Rows of a sheet, its head included; Excel has no more."""
COLUMNS: Final = 16_384
LONGEST_TEXT: Final = 32_767
"""UTF-16 units in a cell; Excel calls a file with more of them damaged."""
EXACT: Final = 10**15
"""Whole numbers from here on have digits that Excel drops."""
LARGEST: Final = 1e308
"""Numbers from here on are none to Excel."""
NARROWEST: Final = 8
WIDEST: Final = 60
LOOKED_AT: Final = 1_000
"""Rows by which a column's width is chosen."""
FIRST_DAY: Final = datetime(1899, 12, 31)
FORMATS: Final = {"time": "yyyy-mm-dd hh:mm:ss", "day": "yyyy-mm-dd", "clock": "hh:mm:ss", "duration": "[h]:mm:ss"}


@checked("psauth.to_excel")
def to_excel(
    frames: pd.DataFrame | Mapping[str, pd.DataFrame],
    path: str | os.PathLike[str] | BinaryIO,
    *,
    zone: str | None = None,
) -> Path | None:
    """Write a frame, or several as sheets by name, into an Excel workbook.

    `frames`: a DataFrame, or {sheet name: DataFrame}.
    `path`: the file (.xlsx), or a binary file object. A file that stood there is replaced when the new one is whole.
    `zone`: the IANA name of the time zone in which times are shown, like "Europe/Berlin"; by default that of this machine
    where it has a name, else UTC. The heads of columns with times name it.

    Texts stay texts: no formulas, links or numbers are made of them. Days stay days, lists are joined by "; ", missing is
    an empty cell. Dates before 1900 and whole numbers of more than 15 digits are texts. What Excel cannot hold in a text
    stands there as its escape, like `\\x1b`; a text longer than 32,767 characters is cut with a mark, and a PsauthWarning
    says so. Rows beyond the 1,048,576 of a sheet go on in a next one. An index is written where it has a name or labels.

    Returns the path; None for a file object. ArgumentError for what is no frame, has more than 16,384 columns, or names no
    zone; FileNotWritten where the file cannot be written.

    >>> import io
    >>> book = {"Workflows": ps.workflows(), "People": ps.users(progress=False)}
    >>> psauth.to_excel(book, io.BytesIO(), zone="Europe/Berlin")  # or a path, like "company.xlsx"
    """
    sheets = _sheets(frames)
    named = named_zone(zone)
    if isinstance(path, io.TextIOBase):
        raise ArgumentError('A workbook is no text. Expected a file opened with mode "wb", or a path.')
    if not isinstance(path, str | os.PathLike) and hasattr(path, "write"):
        with tempfile.TemporaryFile() as whole:  # a file object sees nothing of a workbook that fails half way
            cut = write_workbook(sheets, whole, named)
            whole.seek(0)
            shutil.copyfileobj(whole, path)
        target = None
    else:
        target = _target(path)
        with replaced(target) as stream:
            cut = write_workbook(sheets, stream, named)
    warn_of_cut(cut, "to_parquet keeps them whole.", stacklevel=4)  # behind the check of the arguments
    return target


def write_workbook(sheets: Sequence[tuple[str, pd.DataFrame]], stream: Any, zone: ZoneInfo) -> int:
    """Write frames as sheets into a binary stream, times in this zone; returns how many texts had to be cut."""
    names = sheet_names(name for name, _ in sheets)
    taken = {name.casefold() for name in names}
    cut = 0
    # What is written lies on disk until it is packed, so that a large frame is in memory only once.
    with tempfile.TemporaryDirectory(prefix="psauth-excel-", ignore_cleanup_errors=True) as folder:
        book = xlsxwriter.Workbook(stream, {"constant_memory": True, "tmpdir": folder})
        book.use_zip64()  # for sheets above 4 GB; smaller ones are as without
        looks = _Looks(book)
        try:
            for name, (_, frame) in zip(names, sheets, strict=True):
                table = columns(frame, zone)
                for start in range(0, max(len(frame), 1), ROWS - 1):
                    title = free_sheet_name(name, taken) if start else name
                    cut += _write_sheet(book.add_worksheet(title), table, start, len(frame), looks)
            book.close()
        except XlsxWriterException as error:
            raise OSError(str(error)) from error
        finally:
            for sheet in book.worksheets():
                sheet._opt_close()  # its file in the folder, where an error left it open
    return cut


def warn_of_cut(cut: int, remedy: str, *, stacklevel: int = 2) -> None:
    """Warn where so many texts had to be cut."""
    if cut:
        texts = "A text was" if cut == 1 else f"{cut:,} texts were"
        warnings.warn(
            f"{texts} cut: Excel holds at most {LONGEST_TEXT:,} characters in a cell. {remedy}",
            PsauthWarning,
            stacklevel=stacklevel,
        )


class _Looks:
    """The formats of a workbook's cells."""

    def __init__(self, book: Any) -> None:
        self.head = book.add_format({"bold": True, "bottom": 1, "valign": "top"})
        self.by_kind = {kind: book.add_format({"num_format": text, "align": "left"}) for kind, text in FORMATS.items()}
        # Keeps a text one when its cell is edited; without it, "=1+1" would become a formula then.
        self.plain = book.add_format()
        self.quoted = book.add_format({"quote_prefix": True})


def _write_sheet(sheet: Any, table: list[Column], start: int, length: int, looks: _Looks) -> int:
    """Write the rows from `start` on, as many as fit; returns how many texts were cut."""
    stop = min(start + ROWS - 1, length)
    cut = 0
    for place, column in enumerate(table):
        sheet.set_column(place, place, _width(column, start, stop))
        cut += _write(sheet, 0, place, column.head, looks, looks.head)
    for row, cells in enumerate(zip(*(column.cells[start:stop] for column in table), strict=True), 1):
        for place, cell in enumerate(cells):
            if cell is not None:
                cut += _write(sheet, row, place, cell, looks)
    sheet.freeze_panes(1, 0)
    if table:
        last = max(stop - start, 1)
        sheet.autofilter(0, 0, stop - start, len(table) - 1)
        sheet.ignore_errors({"number_stored_as_text": (1, 0, last, len(table) - 1)})
    return cut


def _write(sheet: Any, row: int, place: int, cell: Cell, looks: _Looks, look: Any = None) -> int:
    """Write one cell; returns 1 where its text had to be cut."""
    if isinstance(cell, bool):
        sheet.write_boolean(row, place, cell, look)
    elif isinstance(cell, str):
        return _write_text(sheet, row, place, cell, looks, look)
    elif isinstance(cell, int | float) and abs(cell) < (EXACT if isinstance(cell, int) else LARGEST):
        sheet.write_number(row, place, cell, look)
    else:
        serial = _serial(cell)
        if serial is None:
            return _write_text(sheet, row, place, _spelled(cell), looks, look)
        sheet.write_number(row, place, serial, looks.by_kind[_kind(cell)])
    return 0


def _write_text(sheet: Any, row: int, place: int, text: str, looks: _Looks, look: Any) -> int:
    if not text:
        return 0
    kept = _fitting(text)
    look = look or (None if kept[0].isalpha() else looks.quoted)
    if kept.startswith("<r>") and kept.endswith("</r>"):
        # XlsxWriter takes such a text for finished markup; in two pieces it is a text.
        sheet.write_rich_string(row, place, kept[:1], looks.plain, kept[1:], *filter(None, [look]))
    else:
        sheet.write_string(row, place, kept, look)
    return int(kept is not text)


def _fitting(text: str) -> str:
    """The text, or as much of it as a cell holds with a mark that says how long it was."""
    if 2 * len(text) <= LONGEST_TEXT or (size := len(text.encode("utf-16-le")) // 2) <= LONGEST_TEXT:
        return text
    mark = f" … (cut here: {size:,} characters are more than a cell holds)"
    return text.encode("utf-16-le")[: 2 * (LONGEST_TEXT - len(mark))].decode("utf-16-le", errors="ignore") + mark


def _serial(cell: Cell) -> float | None:
    """A date, time or duration as the number that Excel has for it; None where it has none."""
    if isinstance(cell, timedelta):
        return cell / timedelta(days=1) if cell >= timedelta() else None
    if isinstance(cell, time):
        return (cell.hour * 3600 + cell.minute * 60 + cell.second + cell.microsecond / 1e6) / 86_400
    if isinstance(cell, date):
        moment = cell if isinstance(cell, datetime) else datetime(cell.year, cell.month, cell.day)
        if moment.year < 1900:
            return None
        days = (moment - FIRST_DAY) / timedelta(days=1)
        return days if days < 60 else days + 1  # Excel believes that there was a 29 February 1900
    return None


def _kind(cell: Cell) -> str:
    if isinstance(cell, timedelta):
        return "duration"
    if isinstance(cell, time):
        return "clock"
    return "time" if isinstance(cell, datetime) else "day"


def _spelled(cell: Cell) -> str:
    """What Excel has no number for, as a text."""
    return cell.isoformat(" ", "seconds") if isinstance(cell, datetime) else str(cell)


def _width(column: Column, start: int, stop: int) -> int:
    """Characters in which the head and the first values stand whole, within bounds."""
    values = column.cells[start : min(stop, start + LOOKED_AT)]
    widest = max((_characters(cell) for cell in values if cell is not None), default=0)
    return min(max(widest + 1, _characters(column.head) + 4, NARROWEST), WIDEST)  # the head has a filter's arrow


def _characters(cell: Cell) -> int:
    """How many characters wide a cell is: its longest line, wide letters twice."""
    if isinstance(cell, date):
        return 19 if isinstance(cell, datetime) else 10
    text = str(cell)[: 4 * WIDEST]
    lines = text.split("\n")
    if text.isascii():
        return max(map(len, lines))
    return max(len(line) + sum(unicodedata.east_asian_width(letter) in "WF" for letter in line) for line in lines)


def _sheets(frames: object) -> list[tuple[str, pd.DataFrame]]:
    """The frames, each with the name of its sheet."""
    call = 'psauth.to_excel(frame, "file.xlsx")'
    if not isinstance(frames, Mapping):
        return [("Data", _within(check_frame(frames, call)))]
    if not frames:
        raise ArgumentError('There is no sheet to write. Expected at least one: psauth.to_excel({"Runs": runs}, …).')
    return [(str(name), _within(check_frame(frame, call))) for name, frame in frames.items()]


def _within(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.shape[1] + frame.index.nlevels > COLUMNS and len(columns(frame.head(0), named_zone("UTC"))) > COLUMNS:
        raise ArgumentError(
            f"The frame has {frame.shape[1]:,} columns, and a sheet holds {COLUMNS:,}. "
            "Choose some of them: frame[[…]]; or write it with to_parquet."
        )
    return frame


def _target(path: object) -> Path:
    """The path of the workbook, with an ending that Excel goes by."""
    if not isinstance(path, str | os.PathLike) or not str(path).strip():
        raise ArgumentError(f'{path!r} is not a path. Expected one, as in psauth.to_excel(frame, "file.xlsx").')
    target = whole_path(path, like="runs.xlsx")
    if target.suffix.casefold() != ".xlsx":
        better = target.with_suffix(".xlsx") if target.suffix else f"{target}.xlsx"
        raise ArgumentError(
            f"{str(path)!r} does not end in .xlsx, by which Excel knows its files. Try {str(better)!r}."
        )
    return target
