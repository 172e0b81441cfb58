"""Difference: what makes a data set equal to a frame, and the doing of it, record by record."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from psauth.api.pace import Pace
from psauth.api.pages import Record, id_of
from psauth.exceptions import ArgumentError, OutcomeUnknown, PsauthError
from psauth.reading.endpoints import RECORDS
from psauth.reading.fetch import Progress, fetch
from psauth.reading.incomplete import Incomplete
from psauth.reading.reader import Listing, Reader
from psauth.reading.reads import LIMIT
from psauth.reading.values import columns_of
from psauth.writing.values import by_name, cell, is_missing

log = logging.getLogger(__name__)

ACTIONS: Final = ("add", "change", "remove")
OUTCOMES: Final = ("planned", "done", "failed", "unknown")
OURS: Final = frozenset(column.name for column in RECORDS.columns)
"""Columns of a frame of `records` that are about the record and not its cells: not written."""
UNDER_WAY: Final = "Stopped while it was under way. Write again: what was done is not done twice."

Cells = dict[str, Any]
"""Values by the name of their column, as the service takes them."""


@dataclass(frozen=True)
class Step:
    """One record to write. `problem` says why it cannot be, or what came of it."""

    action: str
    key: Any
    record_id: str | None = None
    cells: Cells = field(default_factory=dict)
    changes: str = ""
    outcome: str = "planned"
    problem: str | None = None


@dataclass(frozen=True)
class _Held:
    """A record as the data set has it: its cells as they came, and in the form in which they are compared."""

    record_id: str
    raw: Cells
    cells: Cells


class RecordWriter:
    """Writes one data set."""

    def __init__(self, reader: Reader, data_set_id: str) -> None:
        self._reader = reader
        self._data_set_id = data_set_id
        self._fields = columns_of(reader.fields_of(data_set_id))
        self._path = f"/data-sets/{quote(data_set_id, safe='')}/records"

    def write(self, frame: pd.DataFrame, *, key: str, remove: bool, dry_run: bool, progress: Progress) -> pd.DataFrame:
        """See Writes.write_records."""
        self._check(frame, key)
        if remove and LIMIT in frame.attrs:  # the records behind the limit would be taken out
            raise ArgumentError(
                f"The frame was read up to a limit of {frame.attrs[LIMIT]:,} records. Expected all of them with "
                "remove=True: read it without limit=…."
            )
        steps = list(self._difference(frame, key, self._there(progress), remove=remove))
        if not dry_run:
            steps = self._do(steps, progress)
            # A look at what is still on its way would come too early.
            if any(s.outcome == "unknown" for s in steps) and not any(s.problem == UNDER_WAY for s in steps):
                again = self._difference(frame, key, self._there(False), remove=remove)
                left = {s.key for s in again if s.outcome == "planned"}  # other keys may be anything, lists too
                steps = [_settled(step, left) for step in steps]
        return _report(steps, key)

    # The difference ---------------------------------------------------------------------------------------------

    def _check(self, frame: pd.DataFrame, key: str) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ValueError(
                f"A {type(frame).__name__} cannot be written. Expected a DataFrame, as ps.records() gives."
            )
        if Incomplete.of(frame):
            raise ValueError("The frame is incomplete, as its attrs say. Expected one that was read to its end.")
        if not isinstance(key, str) or key not in frame.columns or (key not in self._fields and key != "record_id"):
            known = ", ".join(["record_id", *self._fields])
            where = "the data set" if isinstance(key, str) and key in frame.columns else "the frame"
            raise ValueError(
                f"{where.capitalize()} has no column {key!r} to tell records apart by. Expected one of {known}."
            )
        if unknown := [str(name) for name in frame.columns if name not in self._fields and name not in OURS]:
            raise ValueError(
                f"The data set has no column {', '.join(map(repr, unknown))}. Expected {', '.join(self._fields)}. "
                "Rename or drop the others first."
            )
        if not frame.columns.is_unique:
            raise ValueError("The frame has a column twice. Expected each name once.")

    def _there(self, progress: Progress) -> list[Record]:
        """The records as they are now, all of them: one that was not read would be added a second time."""
        found = self._reader.lists(RECORDS, [Listing.of({}, data_set_id=self._data_set_id)], progress=progress)
        if found.cut_short is not None:
            raise PsauthError("Stopped while the data set was being read, so nothing was written. Write again.")
        return [record for one in found.lists for record in one]

    def _difference(self, frame: pd.DataFrame, key: str, there: list[Record], *, remove: bool) -> Iterator[Step]:
        """What has to be written, in the order of the frame, and behind it what is removed."""
        held: dict[Any, list[_Held]] = {}
        for record in there:
            one = self._held(record)
            held.setdefault(one.record_id if key == "record_id" else one.cells[key], []).append(one)
        named: set[Any] = set()
        columns = [name for name in frame.columns if name in self._fields]
        for row in frame[list(dict.fromkeys([*columns, key]))].to_dict("records"):
            step = self._step(row, key, columns, held, named)
            if step is not None:
                yield step
        if remove:
            for identity, alike in held.items():
                for one in alike if identity not in named else []:
                    yield Step("remove", identity, one.record_id, changes=_shown(one.cells))

    def _step(
        self, row: Mapping[Any, Any], key: str, columns: list[Any], held: Mapping[Any, list[_Held]], named: set[Any]
    ) -> Step | None:
        """What one row asks for; None when it stands there already."""
        given = row[key]
        try:
            identity = cell("Text", given, repr(key)) if key == "record_id" else self._cell(key, given)
        except ValueError as error:
            return _failed("add", given, str(error))
        alike = held.get(identity, [])
        action = "change" if alike else "add"
        if identity in named:
            return _failed(action, given, f"{given!r} stands twice in the frame. Expected it once.")
        if identity is not None:
            named.add(identity)
        elif key != "record_id":
            return _failed("add", given, f"It has no {key!r}. Expected one to tell it by.")
        if key == "record_id" and identity is not None and not alike:
            return _failed("change", given, "The data set has no record of this id.")
        if len(alike) > 1:
            problem = f"{given!r} stands {len(alike)} times in the data set. Tell the records apart by record_id."
            return _failed(action, given, problem)
        try:
            cells = {name: self._cell(name, row[name]) for name in columns}
        except ValueError as error:
            return _failed(action, given, str(error))
        if not alike:
            return Step("add", given, cells=cells, changes=_shown(cells))
        [before] = alike
        differing = [name for name in columns if before.cells[name] != cells[name]]
        if not differing:
            return None
        changes = "; ".join(f"{name}: {_word(before.cells[name])} → {_word(cells[name])}" for name in differing)
        # A PUT empties what it does not name: the other cells go along as they are.
        return Step("change", given, before.record_id, before.raw | {n: cells[n] for n in differing}, changes)

    def _cell(self, name: str, value: Any) -> str | float | None:
        return cell(str(self._fields[name].get("fieldType")), value, repr(name))

    def _held(self, record: Record) -> _Held:
        told = record.get("cells")
        values = (
            {str(c.get("fieldId")): c.get("value") for c in told if isinstance(c, dict)}
            if isinstance(told, list)
            else {}
        )
        raw = {name: values.get(str(described["id"])) for name, described in self._fields.items()}
        cells = dict(raw)
        for name, value in raw.items():
            with suppress(ValueError):  # what stands there and is none of its type is compared as it stands
                cells[name] = self._cell(name, value)
        return _Held(id_of(record, self._path), raw, cells)

    # The doing --------------------------------------------------------------------------------------------------

    def _do(self, steps: list[Step], progress: Progress) -> list[Step]:
        """Write what is planned, many at once; a record that fails does not stop the others."""
        planned = [number for number, step in enumerate(steps) if step.outcome == "planned"]
        begun: set[int] = set()

        def write(number: int, pace: Pace) -> Iterable[list[Step]]:
            begun.add(number)
            yield [self._one(steps[number], pace)]

        note = self._reader.outlook()
        try:
            done = fetch(lambda _: planned, write, total=len(planned), progress=progress, note=note, unit="records")
        finally:
            self._reader.transport.release()
        made = {number: one[0] for number, one in zip(planned, done.lists, strict=False) if one}  # fewer when stopped
        for number in list(begun):
            if number not in made:
                made[number] = replace(steps[number], outcome="unknown", problem=UNDER_WAY)
        return [made.get(number, step) for number, step in enumerate(steps)]

    def _one(self, step: Step, pace: Pace) -> Step:
        send = self._reader.transport.send
        body = {"cells": [{"fieldId": self._fields[n]["id"], "value": v} for n, v in step.cells.items()]}
        try:
            if step.action == "add":
                answer = send("POST", self._path, body, pace=pace)
                made = answer.get("id") if isinstance(answer, Mapping) else None
                return replace(step, outcome="done", record_id=made)
            if step.action == "change":
                send("PUT", f"{self._path}/{step.record_id}", body, pace=pace)
            else:
                send("DELETE", f"{self._path}/{step.record_id}", pace=pace)
            return replace(step, outcome="done")
        except OutcomeUnknown as error:
            return replace(step, outcome="unknown", problem=str(error))
        except PsauthError as error:
            return replace(step, outcome="failed", problem=by_name(str(error), list(step.cells)))


def _failed(action: str, key: Any, problem: str) -> Step:
    return Step(action, key, outcome="failed", problem=problem)


def _settled(step: Step, left: set[Any]) -> Step:
    """A step of which nobody knew the outcome, after a look at what there is still left to write."""
    if step.outcome != "unknown" or step.key is None:
        return step
    if step.key in left:
        return replace(step, outcome="failed", problem="It was not written: no answer came. Write again.")
    return replace(step, outcome="done", problem=None)


def _report(steps: list[Step], key: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action": pd.Categorical([s.action for s in steps], categories=ACTIONS),
            key: pd.Series([None if is_missing(s.key) else s.key for s in steps], dtype="object").infer_objects(),
            **({} if key == "record_id" else {"record_id": pd.Series([s.record_id for s in steps], dtype="str")}),
            "changes": pd.Series([s.changes for s in steps], dtype="str"),
            "outcome": pd.Categorical([s.outcome for s in steps], categories=OUTCOMES),
            "error": pd.Series([s.problem for s in steps], dtype="str"),
        }
    )


def _shown(cells: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_word(value)}" for name, value in cells.items() if value is not None)


def _word(value: Any) -> str:
    return "(empty)" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
