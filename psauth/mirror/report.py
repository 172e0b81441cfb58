"""Report: what a sync did, for people and as JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Any, Final

from psauth.words import counted, lasting

STOPPED: Final = "Stopped."
"""Why a sync ended that a person has stopped."""
INTERRUPTED: Final = "Interrupted."
"""Why one ended by Ctrl-C, or by an error of who watched it."""


@dataclass(frozen=True)
class Counts:
    """Rows of one table: how many came, changed, and are there no more."""

    added: int = 0
    changed: int = 0
    gone: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(self.added + other.added, self.changed + other.changed, self.gone + other.gone)


@dataclass(frozen=True)
class Skipped:
    """What was not read this time, and why. The next sync asks for it again; not for a list that is `refused`, before it is as
    old as another one that is asked for again."""

    what: str
    why: str
    refused: bool = False


@dataclass(frozen=True, kw_only=True)
class SyncReport:
    """What a sync did.

    `tables` has the rows added, changed and gone, by table. `requests` were sent in the time from `began_at` to `ended_at`
    (UTC). `stopped` says why it ended before everything was asked for; None: it did not. `runs_left` and `requests_left`
    are what the next sync goes on with. `warnings` are what a reader should know of the copy. `narrowed`: it was asked for
    some workflows, tables or runs only.
    """

    began_at: datetime
    ended_at: datetime
    requests: int
    tables: Mapping[str, Counts] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    warnings: tuple[str, ...] = ()
    stopped: str | None = None
    runs_left: int = 0
    requests_left: int = 0
    narrowed: bool = False

    @property
    def seconds(self) -> float:
        """How long it took."""
        return (self.ended_at - self.began_at).total_seconds()

    @property
    def is_complete(self) -> bool:
        """Whether everything was asked for, and nothing skipped but lists that the service refuses to this person."""
        return self.stopped is None and all(each.refused for each in self.skipped)

    @property
    def was_stopped(self) -> bool:
        """Whether a person has stopped it."""
        return self.stopped == STOPPED

    def to_dict(self) -> dict[str, Any]:
        """The same in values that JSON has; moments are texts in ISO 8601."""
        return {
            "began_at": self.began_at.isoformat(),
            "ended_at": self.ended_at.isoformat(),
            "seconds": round(self.seconds, 3),
            "requests": self.requests,
            "tables": {name: vars(counts) for name, counts in sorted(self.tables.items())},
            "skipped": [vars(each) for each in self.skipped],
            "warnings": list(self.warnings),
            "stopped": self.stopped,
            "runs_left": self.runs_left,
            "requests_left": self.requests_left,
            "narrowed": self.narrowed,
        }

    def to_json(self) -> str:
        """The same as a line of JSON."""
        return json.dumps(self.to_dict())

    @classmethod
    def from_dict(cls, kept: Mapping[str, Any]) -> SyncReport:
        """A report out of what `to_dict` gave."""
        return cls(
            began_at=datetime.fromisoformat(kept["began_at"]),
            ended_at=datetime.fromisoformat(kept["ended_at"]),
            requests=kept["requests"],
            tables={name: Counts(**counts) for name, counts in kept["tables"].items()},
            skipped=tuple(Skipped(**each) for each in kept["skipped"]),
            warnings=tuple(kept["warnings"]),
            stopped=kept["stopped"],
            runs_left=kept["runs_left"],
            requests_left=kept["requests_left"],
            narrowed=kept.get("narrowed", False),
        )

    def _head(self) -> str:
        requests = counted(self.requests, "request")
        end = "Not finished" if self.stopped is not None else "Up to date"
        if self.stopped is None and self.skipped:
            end += ", but for what was skipped"
        return f"{end}: {requests} in {lasting(self.seconds)}, {self.ended_at:%Y-%m-%d %H:%M} UTC"

    def _nothing(self) -> str:
        return "Nothing has changed." if self.stopped is None else "Nothing that changed was seen."

    def _notes(self) -> list[str]:
        notes = [] if self.stopped is None else [self.stopped]
        if self.runs_left or self.requests_left:
            runs = f"{counted(self.runs_left, 'run')} still to be read, about" if self.runs_left else "About"
            notes.append(f"{runs} {counted(self.requests_left, 'request')} to go: sync again to go on.")
        notes += self.warnings
        of_same = [each for each in self.skipped if self.stopped and _reason(each.why) == _reason(self.stopped)]
        others = [each for each in self.skipped if each not in of_same]
        shown = [f"Skipped {each.what}: {each.why}" for each in others[:5]]
        if of_same:
            shown.insert(0, f"Skipped for the same reason: {', '.join(each.what for each in of_same[:5])}")
        if rest := len(others[5:]) + len(of_same[5:]):
            shown.append(f"Skipped {rest:,} more; see report.skipped")
        return notes + shown

    def __str__(self) -> str:
        width = max(map(len, self.tables), default=0)
        rows = [
            f"  {name:<{width}}  {counts.added:>8,} added  {counts.changed:>8,} changed  {counts.gone:>8,} gone"
            for name, counts in sorted(self.tables.items())
        ]
        return "\n".join([self._head(), *(rows or [f"  {self._nothing()}"]), *self._notes()])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><th style='text-align:left'>{escape(name)}</th>"
            f"<td>{counts.added:,}</td><td>{counts.changed:,}</td><td>{counts.gone:,}</td></tr>"
            for name, counts in sorted(self.tables.items())
        )
        head = "<tr><th></th><th>added</th><th>changed</th><th>gone</th></tr>"
        table = f"<table>{head}{rows}</table>" if rows else f"<p>{self._nothing()}</p>"
        notes = "".join(f"<p>{escape(note)}</p>" for note in self._notes())
        return f"<b>{escape(self._head())}</b>{table}{notes}"


def _reason(text: str) -> str:
    """Why something was not read, without what: a server that does not answer is named with each path that was asked for."""
    return re.sub(r" /\S+", "", text)
