"""Records: a data set made equal to a frame, record by record, and the report of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote

import pandas as pd

from psauth.api.pace import Pace
from psauth.api.pages import Record
from psauth.exceptions import ArgumentError, OutcomeUnknown, PsauthError
from psauth.reading.arguments import ID_SHAPE
from psauth.reading.endpoints import RECORDS
from psauth.reading.fetch import Progress, fetch
from psauth.reading.frames import TEXT_DTYPE
from psauth.reading.incomplete import Incomplete
from psauth.reading.reader import Listing, Reader
from psauth.reading.reads import LIMIT
from psauth.reading.values import columns_of
from psauth.writing.difference import Difference, Step
from psauth.writing.values import by_name, is_missing

log = logging.getLogger(__name__)

ACTIONS: Final = ("add", "change", "remove")
OUTCOMES: Final = ("planned", "done", "failed", "unknown")
OWN: Final = frozenset(column.name for column in RECORDS.columns)
"""Columns of a frame of `records` that are about the record and not its cells: not written."""
UNDER_WAY: Final = "Stopped while it was under way. Write again: what was done is not done twice."


class RecordWriter:
    """Writes one data set."""

    def __init__(self, reader: Reader, data_set_id: str) -> None:
        self._reader = reader
        self._data_set_id = data_set_id
        self._listed = reader.fields_of(data_set_id)
        self._fields = columns_of(self._listed)
        self._path = f"/data-sets/{quote(data_set_id, safe='')}/records"

    def write(self, frame: pd.DataFrame, *, key: str, remove: bool, dry_run: bool, progress: Progress) -> pd.DataFrame:
        """See Writes.write_records."""
        self._check(frame, key)
        if remove and LIMIT in frame.attrs:  # the records behind the limit would be taken out
            raise ArgumentError(
                f"The frame was read up to a limit of {frame.attrs[LIMIT]:,} records. Expected all of them with "
                "remove=True: read it without limit=…."
            )
        difference = self._difference(frame, key, progress)
        steps = list(difference.steps(remove=remove))
        if not dry_run:
            steps = self._do(steps, difference.field_ids, progress)
            # A look at what is still on its way would come too early.
            if any(s.outcome == "unknown" for s in steps) and not any(s.problem == UNDER_WAY for s in steps):
                again = self._difference(frame, key, False).steps(remove=remove)
                left = {s.target for s in again if s.outcome == "planned"}  # other keys may be anything, lists too
                steps = [_settled(step, left) for step in steps]
        return difference.unreadable(steps).mark(_report(steps, key))

    def _check(self, frame: pd.DataFrame, key: str) -> None:
        if not isinstance(frame, pd.DataFrame):
            raise ArgumentError(
                f"A {type(frame).__name__} cannot be written. Expected a DataFrame, as ps.records() gives."
            )
        if Incomplete.of(frame):
            raise ArgumentError("The frame is incomplete, as its attrs say. Expected one that was read to its end.")
        if not isinstance(key, str) or key not in frame.columns or (key not in self._fields and key != "record_id"):
            known = ", ".join(["record_id", *self._fields])
            where = "the data set" if isinstance(key, str) and key in frame.columns else "the frame"
            raise ArgumentError(
                f"{where.capitalize()} has no column {key!r} to tell records apart by. Expected one of {known}."
            )
        # A column of a field that the data set no longer lists is called by the field's id. It is looked at later.
        ids = frame.attrs.get("field_ids", {})
        unlisted = {n for n in frame.columns if isinstance(n, str) and (ids.get(n) == n or ID_SHAPE.fullmatch(n))}
        self._refuse([str(n) for n in frame.columns if n not in self._fields and n not in OWN and n not in unlisted])
        if not frame.columns.is_unique:
            raise ArgumentError("The frame has a column twice. Expected each name once.")

    def _refuse(self, unknown: list[str]) -> None:
        if unknown:
            raise ArgumentError(
                f"The data set has no column {', '.join(map(repr, unknown))}. Expected {', '.join(self._fields)}. "
                "Rename or drop the others first."
            )

    def _difference(self, frame: pd.DataFrame, key: str, progress: Progress) -> Difference:
        """What the frame asks for, beside the records as they are now."""
        difference = Difference(self._listed, self._read(progress), self._path, frame, key)
        self._refuse(difference.unknown_columns(OWN))
        return difference

    def _read(self, progress: Progress) -> list[Record]:
        """The records as they are now, all of them: one that was not read would be added a second time."""
        fetched = self._reader.lists(RECORDS, [Listing.of({}, data_set_id=self._data_set_id)], progress=progress)
        if fetched.cut_short is not None:
            raise PsauthError("Stopped while the data set was being read, so nothing was written. Write again.")
        return [record for page in fetched.lists for record in page]

    def _do(self, steps: list[Step], field_ids: Mapping[str, str], progress: Progress) -> list[Step]:
        """Write what is planned, many at once; a record that fails does not stop the others."""
        planned = [number for number, step in enumerate(steps) if step.outcome == "planned"]
        begun: set[int] = set()

        def write(number: int, pace: Pace) -> Iterable[list[Step]]:
            begun.add(number)
            yield [self._send(steps[number], field_ids, pace)]

        note = self._reader.outlook()
        try:
            fetched = fetch(lambda _: planned, write, total=len(planned), progress=progress, note=note, unit="records")
        finally:
            self._reader.transport.release()
        # Fewer than planned when it was stopped.
        done = {number: written[0] for number, written in zip(planned, fetched.lists, strict=False) if written}
        for number in list(begun):
            if number not in done:
                done[number] = replace(steps[number], outcome="unknown", problem=UNDER_WAY)
        return [done.get(number, step) for number, step in enumerate(steps)]

    def _send(self, step: Step, field_ids: Mapping[str, str], pace: Pace) -> Step:
        send = self._reader.transport.send
        body = {"cells": [{"fieldId": field_ids[name], "value": value} for name, value in step.cells.items()]}
        try:
            if step.action == "add":
                answer = send("POST", self._path, body, content="record", pace=pace)
                return replace(step, outcome="done", record_id=answer["id"])
            if step.action == "change":
                send("PUT", f"{self._path}/{step.record_id}", body, content="change", pace=pace)
            else:
                send("DELETE", f"{self._path}/{step.record_id}", content="change", pace=pace)
            return replace(step, outcome="done")
        except OutcomeUnknown as error:
            return replace(step, outcome="unknown", problem=str(error))
        except PsauthError as error:
            along = "; ".join(f"{name} {text!r}" for name, text in step.along.items())
            why = f" Sent along as the data set holds it: {along}. Mend that first." if along else ""
            return replace(step, outcome="failed", problem=by_name(str(error), list(step.cells)) + why)


def _settled(step: Step, left: set[Any]) -> Step:
    """A step of which nobody knew the outcome, after a look at what there is still left to write."""
    if step.outcome != "unknown" or step.target is None or is_missing(step.target):
        return step
    if step.target in left:
        return replace(step, outcome="failed", problem="It was not written: no answer came. Write again.")
    return replace(step, outcome="done", problem=None)


def _report(steps: list[Step], key: str) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "action": pd.Categorical([s.action for s in steps], categories=ACTIONS),
            key: pd.Series([None if is_missing(s.key) else s.key for s in steps], dtype="object").infer_objects(),
            **({} if key == "record_id" else {"record_id": pd.Series([s.record_id for s in steps], dtype=TEXT_DTYPE)}),
            "changes": pd.Series([s.changes for s in steps], dtype=TEXT_DTYPE),
            "outcome": pd.Categorical([s.outcome for s in steps], categories=OUTCOMES),
            "error": pd.Series([s.problem for s in steps], dtype=TEXT_DTYPE),
        }
    )
