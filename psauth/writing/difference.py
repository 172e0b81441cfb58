"""Difference: what has to be written so that a data set equals a frame, record by record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING, Any, Final

from psauth.api.pages import Record, id_of
from psauth.exceptions import ArgumentError
from psauth.reading.frames import plain
from psauth.reading.unreadable import Unreadable
from psauth.reading.values import cells_of, columns_of, number_of, records, text_of
from psauth.writing.values import cell, is_empty

if TYPE_CHECKING:
    import pandas as pd

UNCLEAR: Final = (
    "It was not removed: the frame has a row that cannot be told by its key, and that may be this record. Mend that row, "
    "or tell the records apart by record_id."
)

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
    along: Mapping[str, str] = field(default_factory=dict)
    """Cells that are no value of their type and are sent as they stand, because a PUT empties what it does not name."""

    @property
    def target(self) -> Any:
        """What it is told by: the record, or the key of one that is to be added."""
        return self.key if self.record_id is None else self.record_id


@dataclass(frozen=True)
class Stored:
    """A record of the data set: its cells as the service has them, and as a frame shows them now."""

    record_id: str
    cells: Cells
    shown: Cells


class Difference:
    """The steps from the records of a data set to a frame. They are told apart by the column `key`.

    A cell is changed where the frame says something else than a frame would show if it were read now. So a cell that is
    no value of its type, which is shown as missing, is left alone while the frame has nothing there, whether or not the
    frame's attrs still say so.
    """

    def __init__(
        self, fields: Sequence[Record], rows: Sequence[Record], path: str, frame: pd.DataFrame, key: str
    ) -> None:
        self._key = key
        self._frame = frame
        listed = {str(f.get("id")) for f in fields}
        self._columns = columns_of(fields, map(cells_of, rows))
        self.field_ids = {name: str(f.get("id")) for name, f in self._columns.items()}
        self._listed = {name for name, field_id in self.field_ids.items() if field_id in listed}
        now = records(rows, fields)
        self._unreadable = Unreadable.of(now)
        cells = ({name: cells_of(row).get(field_id) for name, field_id in self.field_ids.items()} for row in rows)
        shown = now[list(self._columns)].to_dict("records")
        self._stored = [
            Stored(id_of(row, path), stored, {str(name): value for name, value in seen.items()})
            for row, stored, seen in zip(rows, cells, shown, strict=True)
        ]
        self._by_key: dict[Any, list[Stored]] = {}
        for record in self._stored:
            for identity in self._identities(record):
                self._by_key.setdefault(identity, []).append(record)

    def unknown_columns(self, own: Iterable[str]) -> list[str]:
        """Columns of the frame that are neither the data set's nor about the record."""
        return [str(name) for name in self._frame.columns if name not in self._columns and name not in own]

    def unreadable(self, steps: Iterable[Step]) -> Unreadable:
        """The cells that are no value of their type, and that these steps leave as they are."""
        stored = {record.record_id: record.cells for record in self._stored}
        overwritten = {
            (step.record_id, column)
            for step in steps
            if step.outcome != "failed" and step.record_id in stored
            for column in self._columns
            if step.action == "remove" or step.cells[column] != stored[step.record_id][column]
        }
        return Unreadable({place: text for place, text in self._unreadable.items() if place not in overwritten})

    def steps(self, *, remove: bool) -> Iterator[Step]:
        """What has to be written, in the order of the frame, and behind it what is removed."""
        seen: set[Any] = set()
        is_clear = True
        columns = [name for name in self._frame.columns if name in self._columns]
        wanted = list(dict.fromkeys([*columns, self._key, *({"record_id"} & {*self._frame.columns})]))
        for row in self._frame[wanted].to_dict("records"):
            try:
                alike = self._alike(row)
            except ArgumentError as error:
                is_clear = False
                yield _failed("add", row[self._key], str(error))
                continue
            if self._key == "record_id" and not alike and not is_empty(row[self._key]):
                yield _failed("change", row[self._key], "The data set has no record of this id.")
                continue
            step = self._step(row, columns, alike, seen)
            seen.update(record.record_id for record in alike)
            if step is not None:
                yield step
        for record in self._stored if remove else []:
            if record.record_id not in seen:
                key = record.record_id if self._key == "record_id" else self._entry(self._key, record)
                step = Step("remove", key, record.record_id, changes=_shown(self._entries(record)))
                yield step if is_clear else replace(step, outcome="failed", problem=UNCLEAR)

    def _alike(self, row: Mapping[Any, Any]) -> list[Stored]:
        """The records that a row may mean: none when it is new. ArgumentError where its key tells none."""
        value = row[self._key]
        own = row.get("record_id")
        if self._key == "record_id":
            return self._by_key.get(cell("Text", value, "'record_id'"), [])
        if is_empty(value):
            # Records without a readable key are told by their id, where the frame has kept it.
            alike = [r for r in self._by_key.get(None, []) if r.record_id == own]
            if not alike:
                raise ArgumentError(
                    f"It has no {self._key!r}. Expected one to tell it by, or tell the records apart by record_id."
                )
            return alike
        alike = self._by_key.get(("text", value), []) if isinstance(value, str) else []
        if not alike:
            kind = self._kind(self._key)
            alike = self._by_key.get(cell(kind, value, repr(self._key)), [])
            if not alike and kind == "Text" and isinstance(value, Real):
                # A file that was read back has 7 where the text 007 stood.
                alike = self._by_key.get(("number", float(value)), [])
        if len(alike) > 1:
            return [r for r in alike if r.record_id == own] or alike
        return alike

    def _step(self, row: Mapping[Any, Any], columns: list[Any], alike: list[Stored], seen: set[Any]) -> Step | None:
        """What a row asks for; None when it stands there already."""
        value = row[self._key]
        action = "change" if alike else "add"
        if len(alike) > 1:
            problem = f"{value!r} stands {len(alike)} times in the data set. Tell the records apart by record_id."
            return _failed(action, value, problem)
        kind = "Text" if self._key == "record_id" else self._kind(self._key)
        target = (
            alike[0].record_id if alike else None if is_empty(value) else ("new", cell(kind, value, repr(self._key)))
        )
        if target in seen:
            return _failed(action, value, f"{value!r} stands twice in the frame. Expected it once.")
        if target is not None:
            seen.add(target)
        before = alike[0] if alike else Stored("", {}, {})
        try:
            cells = {
                name: self._cell(name, row[name])
                for name in columns
                if not (
                    alike and is_held(self._kind(name), row[name], before.cells[name], before.shown[name], repr(name))
                )
            }
        except ArgumentError as error:
            return _failed(action, value, str(error))
        if not alike:
            cells = {name: entry for name, entry in cells.items() if name in self._listed}
            return Step("add", value, cells=cells, changes=_shown(cells))
        if not cells:
            return None
        changes = "; ".join(f"{n}: {_word(self._entry(n, before))} → {_word(v)}" for n, v in cells.items())
        # A PUT empties what it does not name, so the other cells go along as they are stored.
        kept = {n: v for n, v in before.cells.items() if n in self._listed or v is not None}
        unread = ((name, self._unreadable.get((before.record_id, name))) for name in kept if name not in cells)
        along = {name: text for name, text in unread if text is not None}
        return Step("change", value, before.record_id, kept | cells, changes, along=along)

    def _kind(self, name: str) -> str:
        kind = str(self._columns[name].get("fieldType"))
        return kind if kind in ("Number", "DateTime") else "Text"

    def _cell(self, name: str, value: Any) -> str | float | None:
        if name not in self._listed and not is_empty(value):
            raise ArgumentError(f"The data set no longer lists {name!r}, so it cannot be written. Drop that column.")
        return cell(self._kind(name), value, repr(name))

    def _identities(self, record: Stored) -> set[Any]:
        """What a record is told by; None where it has no key that can be read."""
        if self._key == "record_id":
            return {record.record_id}
        kind, shown, stored = self._kind(self._key), record.shown[self._key], record.cells[self._key]
        if is_empty(shown):
            return {None} if is_empty(stored) else {None, ("text", plain(text_of(stored)))}
        entry = cell(kind, shown, repr(self._key))
        if kind == "Number":
            return {entry, cell(kind, stored, repr(self._key))}
        number = number_of(shown) if kind == "Text" else None
        return {entry} if number is None else {entry, ("number", number)}

    def _entry(self, name: str, record: Stored) -> Any:
        """A cell in words: as it would be written, or as it is stored where it cannot be read."""
        shown, stored = record.shown[name], record.cells[name]
        if is_empty(shown):
            return None if is_empty(stored) else plain(text_of(stored))
        return cell(self._kind(name), shown, repr(name))

    def _entries(self, record: Stored) -> Cells:
        return {name: self._entry(name, record) for name in self._columns}


def is_held(kind: str, value: Any, stored: Any, shown: Any, named: str) -> bool:
    """Whether a cell of a frame says what the data set holds there; ArgumentError for what no such cell can hold.

    `stored` is what the service has, `shown` what a frame makes of it, missing where it cannot be read.
    """
    if is_empty(value):
        return is_empty(shown)
    if type(value) is type(shown) and value == shown:
        return True
    if is_empty(stored):
        return False
    if isinstance(value, str) and value in (stored, plain(text_of(stored))):
        return True
    if is_empty(shown):
        return False
    if kind == "Text" and isinstance(value, Real) and not isinstance(value, bool):
        return number_of(shown) == value  # a file that was read back has 7 where the text 007 stood
    entry = cell(kind, value, named)
    return entry in (cell(kind, shown, named), cell(kind, stored, named) if kind == "Number" else None)


def _failed(action: str, key: Any, problem: str) -> Step:
    return Step(action, key, outcome="failed", problem=problem)


def _shown(cells: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {_word(value)}" for name, value in cells.items() if value is not None)


def _word(value: Any) -> str:
    return "(empty)" if value is None else f"{value:.15g}" if isinstance(value, float) else str(value)
