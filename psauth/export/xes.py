"""XES: an event log as the XML of IEEE 1849-2016, which process-mining tools read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import BinaryIO, Final, NamedTuple
from xml.sax.saxutils import quoteattr

import pandas as pd

from psauth.export.cells import Cell, clean
from psauth.export.events import ACTIVITY, CASE, NEEDED, TIME, is_moment, pieces

OF_RUN: Final = "case:"
"""Begins the name of a column that says something of the run, and not of the event."""
LIFECYCLE: Final = "lifecycle:transition"
EXTENSIONS: Final = {"Concept": "concept", "Lifecycle": "lifecycle", "Organizational": "org", "Time": "time"}
UNKNOWN: Final = "UNKNOWN"
BEGINNING: Final = "1970-01-01T00:00:00.000+00:00"
"""What the standard wants to be named for an event that lacks what all have; here none does."""
MOST: Final = 2**63
"""From here on a whole number is none to XES."""


class Attribute(NamedTuple):
    """What a column of the log is in XES."""

    place: int
    key: str
    """In quotation marks, as XML has it."""
    kind: str | None
    """Its element; None where each value has its own."""

    def of(self, row: tuple[Cell, ...]) -> str:
        """The attribute of one row; none where the value is missing."""
        value = row[self.place]
        if value is None:
            return ""
        if self.kind == "date":
            return f'<date key={self.key} value="{value}"/>'
        kind = self.kind or _kind(value)
        return f"<{kind} key={self.key} value={quoteattr(_text(value))}/>"


def write_xes(log: pd.DataFrame, stream: BinaryIO) -> None:
    """Write an event log that was checked. It is written some events at a time: the XML is never in memory as a whole."""
    stream.write(_joined(_head(log)))
    names = list(log.columns)
    of_run = [_attribute(log, place) for place, name in enumerate(names) if name.startswith(OF_RUN)]
    of_event = [_attribute(log, place) for place, name in enumerate(names) if not name.startswith(OF_RUN)]
    case, current = names.index(CASE), None
    for piece in pieces(log):
        lines = []
        for row in zip(*piece, strict=True):
            if row[case] != current:
                if current is not None:
                    lines.append("</trace>")
                lines.append("<trace>" + "".join([attribute.of(row) for attribute in of_run]))
                current = row[case]
            lines.append(f"<event>{''.join([attribute.of(row) for attribute in of_event])}</event>")
        stream.write(_joined(lines))
    stream.write(_joined(["</trace>", "</log>"] if len(log) else ["</log>"]))


def _head(log: pd.DataFrame) -> list[str]:
    """What a log says of itself before its runs: extensions, what every run and event has, and what makes events alike."""
    everywhere = LIFECYCLE in log and log[LIFECYCLE].notna().all()
    lifecycle = f'<string key="{LIFECYCLE}" value="complete"/>' if everywhere else ""
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">',
        *(
            f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>'
            for name, prefix in EXTENSIONS.items()
        ),
        f'<global scope="trace"><string key="{ACTIVITY}" value="{UNKNOWN}"/></global>',
        '<global scope="event">'
        f'<string key="{ACTIVITY}" value="{UNKNOWN}"/><date key="{TIME}" value="{BEGINNING}"/>{lifecycle}</global>',
        f'<classifier name="Activity" scope="event" keys="{ACTIVITY}"/>',
    ]


def _attribute(log: pd.DataFrame, place: int) -> Attribute:
    name = log.columns[place]
    kind = "date" if is_moment(log.iloc[:, place]) else "string" if name in NEEDED else None
    return Attribute(place, quoteattr(clean(name.removeprefix(OF_RUN))), kind)


def _kind(value: Cell) -> str:
    """The element that holds a value; what XES has none for is a text."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "int" if -MOST <= value < MOST else "string"
        case float():
            return "float"
        case _:
            return "string"


def _text(value: Cell) -> str:
    """A value as XML calls it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and math.isinf(value):
        return str(value).upper()
    return str(value)


def _joined(lines: Iterable[str]) -> bytes:
    return "".join([f"{line}\n" for line in lines]).encode()
