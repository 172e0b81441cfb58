"""Reader: lists and their children as records, by the table of endpoints; names looked up, many runs at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from psauth.arguments import ID_SHAPE, ids, moment
from psauth.endpoints import DATA_SETS, RUNS, WORKFLOWS, Endpoint
from psauth.fetch import INTERACTIVE, Fetched, OnError, Pace, Progress, fetch
from psauth.pages import Record, one_of, walk
from psauth.transport import Transport

if TYPE_CHECKING:
    from psauth.arguments import Things

Names = tuple[tuple[str, str], ...]
"""What stands in an endpoint's path: (("run_id", …),)."""


class Reader:
    """Reads one connection's records; threads may share it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def records(
        self, endpoint: Endpoint, params: Mapping[str, Any] | None = None, names: Names = (), pace: Pace = INTERACTIVE
    ) -> Iterator[Record]:
        """The records of one list; each also holds the names in its path, under `@name`."""
        path = endpoint.path.format(**{name: quote(value, safe="") for name, value in names})
        context = {f"@{name}": value for name, value in names}
        if endpoint.single:
            return iter([one_of(self.transport, path, list_key=endpoint.list_key, pace=pace) | context])
        found = walk(self.transport, path, params or {}, list_key=endpoint.list_key, key=endpoint.key, pace=pace)
        return (record | context for record in found) if context else found

    def children(
        self,
        endpoint: Endpoint,
        parents: Iterable[Names],
        *,
        total: int | None = None,
        params: Mapping[str, Any] | None = None,
        on_error: OnError = "raise",
        progress: Progress = True,
        unit: str = "run",
    ) -> Fetched[Names, list[Record]]:
        """The lists of many parents at once, in the order of the parents."""

        def read(names: Names, pace: Pace) -> list[Record]:
            return list(self.records(endpoint, params, names, pace))

        try:
            return fetch(
                parents, read, total=total, on_error=on_error, progress=progress, note=self._requests_left, unit=unit
            )
        finally:
            self.transport.release()

    def runs(self, params: Mapping[str, Any], since: datetime | None, pace: Pace = INTERACTIVE) -> Iterator[Record]:
        """Runs come newest created first, so the walk ends at the first that is too old."""
        for run in self.records(RUNS, params, pace=pace):
            if since is not None and _is_before(run, since):
                return
            yield run

    def workflow_ids(self, given: Things) -> list[str]:
        """Ids of workflows given by id, name or frame; ValueError when a name is unknown or ambiguous."""
        return self._by_name(given, "workflow_id", WORKFLOWS, "workflow")

    def data_set_ids(self, given: Things) -> list[str]:
        """Ids of data sets given by id, name or frame; ValueError when a name is unknown or ambiguous."""
        return self._by_name(given, "data_set_id", DATA_SETS, "data set")

    def _by_name(self, given: Things, column: str, endpoint: Endpoint, what: str) -> list[str]:
        wanted = ids(given, column)
        if all(ID_SHAPE.fullmatch(w) for w in wanted):
            return wanted
        # One name is searched for by the service where it can; several are looked up in one walk.
        names = [w for w in wanted if not ID_SHAPE.fullmatch(w)]
        params = {"name": names[0]} if endpoint is WORKFLOWS and len(names) == 1 else {}
        there = list(self.records(endpoint, params))
        return [w if ID_SHAPE.fullmatch(w) else _one_called(w, there, what) for w in wanted]

    def _requests_left(self) -> str:
        remaining = self.transport.budget.remaining
        return "" if remaining is None else f"{remaining:,} requests left"


def flat(lists: Iterable[Sequence[Record]]) -> list[Record]:
    """One list of all."""
    return [record for one in lists for record in one]


def _one_called(name: str, there: list[Record], what: str) -> str:
    matches = [w for w in there if str(w.get("name", "")).casefold() == name.casefold()]
    if len(matches) == 1:
        return str(matches[0]["id"])
    near = "; ".join(f"{w.get('name')} ({w.get('id')})" for w in (matches or there)[:10])
    if matches:
        raise ValueError(f"{len(matches)} {what}s are called {name!r}: {near}. Give the id of one.")
    hint = f" Did you mean: {near}?" if near else f" See ps.{what.replace(' ', '_')}s() for those there are."
    raise ValueError(f"No {what} is called {name!r}.{hint}")


def _is_before(run: Record, start: datetime) -> bool:
    audit = run.get("audit")
    try:
        return moment(str(audit["createdDate"] if isinstance(audit, dict) else "")) < start
    except (KeyError, ValueError):
        return False  # without a readable date it may be new: kept
