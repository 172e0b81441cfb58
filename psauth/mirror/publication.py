"""Publication: which versions of which tables were published together, and from what; as the store notes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from psauth.calendars.calendars import Calendars
from psauth.mirror.columns import LAYOUTS, Field, Layout
from psauth.mirror.gaps import Gaps
from psauth.mirror.rows import FORMAT


class Part(NamedTuple):
    """One part of a table: a mark of what it was derived from, and its rows."""

    mark: str
    rows: int


@dataclass(frozen=True)
class Published:
    """One table: its version, its columns, and its parts, by the name of each ("" where it has but one)."""

    version: int
    layout: Layout
    parts: Mapping[str, Part]

    @property
    def rows(self) -> int:
        """Rows of all parts."""
        return sum(part.rows for part in self.parts.values())


class FormField(NamedTuple):
    """A form field as it was named last, and when that was (seconds since 1970; 0 where no value says it)."""

    field_id: str
    label: str | None
    key: str | None
    kind: str
    at: float


@dataclass(frozen=True)
class Content:
    """A whole publication.

    `place`: the folder or address of the tables. `as_of`: up to when they are current; None before the first complete
    sync. `whole`: the number of what belongs to no run (see Snapshot.months). `ages`: by table, when the oldest and the
    latest of what it was derived from was asked for. `names`: by month, the names that its rows repeat, by id. `forms`: by
    workflow, its form fields. `wide`: the tables of single workflows and data sets, by the id of each. `retired`: by table,
    the files that were replaced, and when; they are deleted later. `calendars`: what working hours are in the facts. `gaps`: what
    the copy lacks; None in a publication of a psauth that did not note it.
    """

    place: str
    as_of: datetime | None
    whole: int = 0
    tables: Mapping[str, Published] = field(default_factory=dict)
    ages: Mapping[str, tuple[datetime, datetime]] = field(default_factory=dict)
    names: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    forms: Mapping[str, Sequence[FormField]] = field(default_factory=dict)
    wide: Mapping[str, str] = field(default_factory=dict)
    retired: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    calendars: Calendars = field(default_factory=Calendars)
    gaps: Gaps | None = None

    def to_json(self) -> dict[str, Any]:
        """As the store keeps it."""
        tables = {
            name: {
                "version": table.version,
                "parts": table.parts,
                **({} if name in LAYOUTS else {"fields": table.layout.fields, "by": table.layout.by}),
            }
            for name, table in self.tables.items()
        }
        return {
            "format": FORMAT,
            "place": self.place,
            "as_of": None if self.as_of is None else self.as_of.isoformat(),
            "whole": self.whole,
            "tables": tables,
            "ages": {name: [moment.isoformat() for moment in span] for name, span in self.ages.items()},
            "names": self.names,
            "forms": self.forms,
            "wide": self.wide,
            "retired": self.retired,
            "calendars": self.calendars.to_json(),
            "gaps": None if self.gaps is None else self.gaps.to_json(),
        }

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Content | None:
        """Out of the store; None for a publication of a psauth that had other tables."""
        if noted.get("format") != FORMAT:
            return None
        return cls(
            place=noted["place"],
            as_of=None if noted["as_of"] is None else datetime.fromisoformat(noted["as_of"]),
            whole=noted["whole"],
            tables={
                name: Published(
                    table["version"], _layout(name, table), {p: Part(*v[:2]) for p, v in table["parts"].items()}
                )
                for name, table in noted["tables"].items()
            },
            ages={
                name: (datetime.fromisoformat(oldest), datetime.fromisoformat(latest))
                for name, (oldest, latest) in noted.get("ages", {}).items()
            },
            names=noted["names"],
            forms={key: [FormField(*each) for each in fields] for key, fields in noted["forms"].items()},
            wide=noted["wide"],
            retired=noted["retired"],
            calendars=Calendars.from_json(noted["calendars"]),
            gaps=Gaps.from_json(noted["gaps"]) if noted.get("gaps") is not None else None,
        )


def _layout(name: str, table: Mapping[str, Any]) -> Layout:
    if "fields" not in table:
        return LAYOUTS[name]
    return Layout(
        name, tuple(Field(n, kind, tuple(known), *source) for n, kind, known, *source in table["fields"]), table["by"]
    )
