"""Gaps: what a local copy lacks of the runs that there are, and how that is said in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from psauth.words import counted, printable

MOST_NAMED: Final = 3
"""So many workflows are named in a sentence at most."""


class Unread(NamedTuple):
    """Runs of a workflow that were listed and are not in the copy yet: how many, and when the newest was created."""

    runs: int
    newest: datetime | None


@dataclass(frozen=True)
class Gaps:
    """What a copy lacks of the runs that there are; `bool(gaps)` is False where it lacks nothing.

    `is_listed`: the list of all runs has been read to its end once. Where it has not, `workflows` has the name of each
    workflow by its id, and `listed` those of them whose own list has been, with the moment since which (None: all of it).
    `unread`: by workflow, runs that were listed and are not in the copy yet. `in_part`: by workflow, runs of which some
    lists were not asked for. `is_first`: no sync of everything has come to its end; `is_listing`: but one has begun to list.
    """

    is_listed: bool = True
    workflows: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, datetime | None] = field(default_factory=dict)
    unread: Mapping[str, Unread] = field(default_factory=dict)
    in_part: Mapping[str, int] = field(default_factory=dict)
    is_first: bool = False
    is_listing: bool = False

    def __bool__(self) -> bool:
        return not self.is_listed or bool(self.unread or self.in_part)

    def __str__(self) -> str:
        return self.sentence() or "Nothing is missing."

    def sentence(self, workflows: Collection[str] | None = None, since: datetime | None = None) -> str | None:
        """What is missing, in plain words; None where nothing is.

        Parameters:
            workflows: the ids of those that are asked about; None: all.
            since: the moment from which on runs are asked about; None: all of them.
        """
        asked = [self._of_unread(workflows, since), self._of_unlisted(workflows, since), self._of_parts(workflows)]
        return " ".join(filter(None, asked)) or None

    def _of_unread(self, workflows: Collection[str] | None, since: datetime | None) -> str | None:
        runs = sum(
            unread.runs
            for workflow, unread in self.unread.items()
            if _is_among(workflow, workflows) and (since is None or unread.newest is None or unread.newest >= since)
        )
        is_listing = self.is_listing and not self._have_all(workflows)
        if not runs and not is_listing:
            return None
        which = "first" if self.is_first else "last"
        if not runs:
            return f"The {which} sync is not finished: not all runs are in the local copy yet."
        at_least, are = "at least " if is_listing else "", "is" if runs == 1 else "are"
        oldest = ", the oldest ones" if self.is_first and runs > 1 else ""
        return f"The {which} sync is not finished: {at_least}{counted(runs, 'run')} {are} not in the local copy yet{oldest}."

    def _have_all(self, workflows: Collection[str] | None) -> bool:
        """Whether the own list of each of these workflows has been read to its end."""
        return workflows is not None and all(each in self.listed and self.listed[each] is None for each in workflows)

    def _of_unlisted(self, workflows: Collection[str] | None, since: datetime | None) -> str | None:
        if self.is_listed or self.is_listing:
            return None
        every = set(self.workflows if workflows is None else workflows)
        moments = {each: self.listed[each] for each in every if each in self.listed}
        if not moments:
            if workflows is None:
                return "The local copy lacks runs: no sync has read the list of all of them."
            return f"The local copy lacks runs: {_named(self._names(every))} {'was' if len(every) == 1 else 'were'} not synced."
        if len(moments) < len(every):
            names = self._names(moments)
            return f"The local copy has runs of {len(moments):,} of {counted(len(every), 'workflow')} alone: {_named(names)}."
        lacking = [moment for moment in moments.values() if moment is not None and (since is None or moment > since)]
        if not lacking:
            return None
        return f"The local copy has only runs that were created since {max(lacking):%Y-%m-%d %H:%M} UTC."

    def _of_parts(self, workflows: Collection[str] | None) -> str | None:
        runs = sum(count for workflow, count in self.in_part.items() if _is_among(workflow, workflows))
        if not runs:
            return None
        are = "is" if runs == 1 else "are"
        return f"{counted(runs, 'run')} {are} in the local copy without some of what is in them: a sync was for some tables alone."

    def _names(self, ids: Iterable[str]) -> list[str]:
        return sorted(printable(self.workflows.get(each) or each) for each in ids)

    def to_json(self) -> dict[str, Any]:
        """As a publication keeps it."""
        return {
            "is_listed": self.is_listed,
            "workflows": dict(self.workflows),
            "listed": {each: _text(moment) for each, moment in self.listed.items()},
            "unread": {each: [unread.runs, _text(unread.newest)] for each, unread in self.unread.items()},
            "in_part": dict(self.in_part),
            "is_first": self.is_first,
            "is_listing": self.is_listing,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Gaps:
        """Out of a publication."""
        return cls(
            is_listed=kept["is_listed"],
            workflows=kept["workflows"],
            listed={each: _moment(text) for each, text in kept["listed"].items()},
            unread={each: Unread(runs, _moment(text)) for each, (runs, text) in kept["unread"].items()},
            in_part=kept["in_part"],
            is_first=kept["is_first"],
            is_listing=kept["is_listing"],
        )


def _is_among(workflow: str, asked: Collection[str] | None) -> bool:
    return asked is None or workflow in asked


def _named(names: list[str]) -> str:
    """Names as a sentence lists them, not too many."""
    quoted = [f"“{name}”" for name in names[:MOST_NAMED]]
    if len(names) > MOST_NAMED:
        quoted.append(f"{len(names) - MOST_NAMED:,} more")
    return " and ".join(filter(None, [", ".join(quoted[:-1]), *quoted[-1:]]))


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
