"""XES: an event log as the XML of IEEE 1849-2016, which process-mining tools read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import BinaryIO, Final
from xml.sax.saxutils import quoteattr

import pandas as pd

from psauth.export.cells import Cell, clean
from psauth.export.events import ACTIVITY, CASE, NEEDED, TIME, is_moment, pieces

PREFIX: Final = "case:"
"""Begins the name of a column that says something of the run, and not of the event."""
LIFECYCLE: Final = "lifecycle:transition"
EXTENSIONS: Final = {"Concept": "concept", "Lifecycle": "lifecycle", "Organizational": "org", "Time": "time"}
UNKNOWN: Final = "UNKNOWN"
"""What the standard wants to be named for an event that lacks what all have; here none does."""


def write_xes(log: pd.DataFrame, stream: BinaryIO) -> None:
    """Write an event log that was checked. It is written some events at a time: the XML is never in memory as a whole."""
    stream.write(_joined(_head(log)))
    names = list(log.columns)
    case = names.index(CASE)
    of_run = {place: name.removeprefix(PREFIX) for place, name in enumerate(names) if name.startswith(PREFIX)}
    of_event = {place: name for place, name in enumerate(names) if place not in of_run}
    dates = {place for place in range(len(names)) if is_moment(log.iloc[:, place])}
    texts = {place for place, name in enumerate(names) if name in NEEDED} - dates
    current: Cell = None

    def attributes(row: tuple[Cell, ...], keys: dict[int, str]) -> Iterator[str]:
        for place, key in keys.items():
            value = row[place]
            if value is not None:
                kind = "date" if place in dates else "string" if place in texts else _kind(value)
                yield _attribute(kind, key, value)

    for piece in pieces(log):
        lines: list[str] = []
        for row in zip(*piece, strict=True):
            if row[case] != current:
                lines += ["<trace>"] if current is None else ["</trace>", "<trace>"]
                lines += attributes(row, of_run)
                current = row[case]
            lines.append(f"<event>{''.join(attributes(row, of_event))}</event>")
        stream.write(_joined(lines))
    stream.write(_joined([*(["</trace>"] if current is not None else []), "</log>"]))


def _head(log: pd.DataFrame) -> list[str]:
    """What a log says of itself before its runs: extensions, what every run and event has, and what makes events alike."""
    everywhere = [_attribute("string", ACTIVITY, UNKNOWN), _attribute("date", TIME, "1970-01-01T00:00:00.000+00:00")]
    if LIFECYCLE in log and log[LIFECYCLE].notna().all():
        everywhere.append(_attribute("string", LIFECYCLE, "complete"))
    return [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">',
        *(
            f'<extension name="{name}" prefix="{prefix}" uri="http://www.xes-standard.org/{prefix}.xesext"/>'
            for name, prefix in EXTENSIONS.items()
        ),
        f'<global scope="trace">{_attribute("string", CASE.removeprefix(PREFIX), UNKNOWN)}</global>',
        f'<global scope="event">{"".join(everywhere)}</global>',
        f'<classifier name="Activity" scope="event" keys="{ACTIVITY}"/>',
    ]


def _attribute(kind: str, key: str, value: Cell) -> str:
    text = str(value).lower() if kind == "boolean" else str(value)
    if kind == "float" and text in ("inf", "-inf"):
        text = text.upper()  # as XML calls it
    return f"<{kind} key={quoteattr(clean(key))} value={quoteattr(text)}/>"


def _kind(value: Cell) -> str:
    """The element that holds a value; what XES has no kind for is a text."""
    match value:
        case bool():
            return "boolean"
        case int():
            return "int" if -(2**63) <= value < 2**63 else "string"
        case float():
            return "float"
        case _:
            return "string"


def _joined(lines: Iterable[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
