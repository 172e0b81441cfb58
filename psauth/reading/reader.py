"""Reader: lists as records, by the table of endpoints; many at once, names looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from psauth.api.pace import INTERACTIVE, Pace
from psauth.api.pages import Record, id_of, one_of, walk
from psauth.api.transport import Transport
from psauth.reading.arguments import ID_SHAPE, ids, moment
from psauth.reading.endpoints import DATA_SETS, FORM_FIELDS, RUNS, WORKFLOWS, Endpoint
from psauth.reading.fetch import Fetched, OnError, Progress, fetch

if TYPE_CHECKING:
    from psauth.reading.arguments import Things

SHOWN: Final = 10
"""Candidates that an error lists."""


@dataclass(frozen=True)
class Listing:
    """One list to read: the `names` in its endpoint's path, and its query; `since` ends a list of runs early."""

    names: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    since: datetime | None = None

    @classmethod
    def of(cls, query: Mapping[str, Any], *, since: datetime | None = None, **names: str) -> Listing:
        """A listing; what is None in the query is not asked for. ValueError for what is no text, such as a frame."""
        asked = tuple((name, value) for name, value in query.items() if value is not None)
        for name, value in asked:
            if not isinstance(value, str):
                raise ValueError(f"{name} takes one text. It was given a value of type {type(value).__name__}.")
        return cls(tuple(names.items()), asked, since)

    def __str__(self) -> str:
        """What it is of, for a reader who wants to know what is missing."""
        return ", ".join(value for _, value in (*self.names, *self.query))


class Reader:
    """Reads one connection's records; threads may share it."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport

    def pages(self, endpoint: Endpoint, listing: Listing, pace: Pace = INTERACTIVE) -> Iterator[list[Record]]:
        """The records of one list, page by page; each also holds the names in its path, under `@name`."""
        path = endpoint.path.format(**{name: quote(value, safe="") for name, value in listing.names})
        context = {f"@{name}": value for name, value in listing.names}
        names = dict(listing.names)
        found: Iterable[list[Record]]
        if endpoint.single:
            found = ([one_of(self.transport, path, list_key=endpoint.list_key, pace=pace)] for _ in range(1))
        else:
            query = dict(listing.query)
            found = walk(self.transport, path, query, list_key=endpoint.list_key, key=endpoint.key, pace=pace)
        for page in found:
            if listing.since is not None:
                recent = [run for run in page if not _is_before(run, listing.since)]
                yield recent
                if len(recent) < len(page):  # newest created first: everything behind is older still
                    return
            else:
                if "run_id" in names:  # should a record not say it, or say null
                    run = {"workflowRunId": names["run_id"]}
                    page = [record if record.get("workflowRunId") else record | run for record in page]
                yield [record | context for record in page] if context else page

    def records(self, endpoint: Endpoint, listing: Listing | None = None, pace: Pace = INTERACTIVE) -> Iterator[Record]:
        """The records of one list, one by one."""
        return (record for page in self.pages(endpoint, listing or Listing(), pace) for record in page)

    def lists(
        self,
        endpoint: Endpoint,
        listings: Iterable[Listing] | Callable[[Pace], Iterable[Listing]],
        *,
        on_error: OnError = "raise",
        progress: Progress = True,
        unit: str = "",
    ) -> Fetched[Listing, Record]:
        """Many lists at once, in the order of the listings; `unit` is what progress counts them as.

        Listings that are themselves read from the service come as a function. One list alone counts its records, and
        begins at the pace of somebody who waits.
        """
        jobs: Callable[[Pace], Iterable[Listing]]
        if callable(listings):
            jobs, total = listings, None
        else:
            known = list(listings)
            jobs, total = lambda _: known, len(known)
        alone = total == 1

        def read(listing: Listing, pace: Pace) -> Iterator[list[Record]]:
            return self.pages(endpoint, listing, replace(pace, background=False) if alone else pace)

        try:
            return fetch(
                jobs,
                read,
                total=None if alone else total,
                on_error=on_error,
                progress=progress,
                note=self._requests_left,
                unit=endpoint.noun.replace("_", " ") if alone else unit,
                count="items" if alone else "jobs",
            )
        finally:
            self.transport.release()

    def workflow_ids(self, given: Things) -> list[str]:
        """Ids of workflows given by id, name or frame; ValueError when a name is unknown or ambiguous."""
        return self._by_name(given, "workflow_id", WORKFLOWS, "workflow")

    def data_set_ids(self, given: Things) -> list[str]:
        """Ids of data sets given by id, name or frame; ValueError when a name is unknown or ambiguous."""
        return self._by_name(given, "data_set_id", DATA_SETS, "data set")

    def fields_of(self, data_set_id: str) -> list[Record]:
        """The fields of a data set, in its order: id, name, fieldType."""
        answer = self.transport.get(f"/data-sets/{quote(data_set_id, safe='')}")
        body = answer.get("data", answer) if isinstance(answer, Mapping) else {}
        fields = body.get("fields") if isinstance(body, Mapping) else None
        return [field for field in fields or [] if isinstance(field, dict)]

    def by_field_id(self, texts: Mapping[str, str], workflow: Things | None) -> Mapping[str, str]:
        """The texts by the ids of their fields, which may be named by label or key where the workflows are known."""
        if workflow is None or all(ID_SHAPE.fullmatch(name) for name in texts):
            return texts
        listings = [Listing.of({}, workflow_id=w) for w in self.workflow_ids(workflow)]
        fields = [field for listing in listings for field in self.records(FORM_FIELDS, listing)]
        found: dict[str, str] = {}
        for name, text in texts.items():
            called = {str(f["id"]) for f in fields if f.get("id") == name or name.casefold() in _labels_of(f)}
            if not called:
                labels = "; ".join(dict.fromkeys(str(f.get("label") or f.get("key")) for f in fields))
                raise ValueError(f"No form field is called {name!r}. There are: {labels or 'none'}.")
            found |= dict.fromkeys(called, text)
        return found

    def runs_of(self, workflow: Things | None, statuses: Iterable[str | None], since: datetime | None) -> list[Listing]:
        """The lists of the runs of these workflows (None: of all), of each status (None: of any)."""
        workflows: list[Any] = self.workflow_ids(workflow) if workflow is not None else [None]
        chosen = list(statuses)
        return [Listing.of({"workflowId": w, "status": s}, since=since) for w in workflows for s in chosen]

    def children_of_runs(self, workflow: Things) -> Callable[[Pace], Iterator[Listing]]:
        """A listing for every run of these workflows, told while the list of runs is still being read.

        That list belongs to the long read: it too waits for the budget, and survives as many faults.
        """
        lists = self.runs_of(workflow, [None], None)

        def tell(pace: Pace) -> Iterator[Listing]:
            told: set[str] = set()
            for listing in lists:
                for run in self.records(RUNS, listing, pace):
                    run_id = id_of(run, RUNS.path)
                    if run_id not in told:
                        told.add(run_id)
                        yield Listing.of({}, run_id=run_id)

        return tell

    def _by_name(self, given: Things, column: str, endpoint: Endpoint, what: str) -> list[str]:
        wanted = ids(given, column)
        if hasattr(given, "columns"):
            return wanted  # a frame says itself that these are ids, whatever their shape
        names = [w for w in wanted if not ID_SHAPE.fullmatch(w)]
        if not names:
            return wanted
        there: list[Record] = []
        if endpoint is WORKFLOWS and len(names) == 1:  # the service searches by name
            there = list(self.records(endpoint, Listing.of({"name": names[0]})))
        if not any(_name_of(w) == names[0].casefold() for w in there):
            there = list(self.records(endpoint))
        return list(dict.fromkeys(_one_called(w, there, what) if w in names else w for w in wanted))

    def _requests_left(self) -> str:
        budget = self.transport.usage.budget
        if budget.remaining is None:
            return ""
        more = f", more at {budget.resets_at.astimezone():%H:%M}" if budget.resets_at and not budget.remaining else ""
        return f"{budget.remaining:,} requests left{more}"


def _name_of(thing: Record) -> str:
    return str(thing.get("name") or "").casefold()


def _labels_of(field: Record) -> list[str]:
    return [str(field.get(name) or "").casefold() for name in ("label", "key")]


def _shown(things: list[Record]) -> str:
    more = f"; and {len(things) - SHOWN} more" if len(things) > SHOWN else ""
    return "; ".join(f"{w.get('name')} ({w.get('id')})" for w in things[:SHOWN]) + more


def _one_called(name: str, there: list[Record], what: str) -> str:
    # An id of another shape than those seen so far is still an id.
    wanted = name.casefold()
    matches = [w for w in there if _name_of(w) == wanted] or [w for w in there if w.get("id") == name]
    if len(matches) == 1:
        return str(matches[0]["id"])
    if matches:
        raise ValueError(f"{len(matches)} {what}s are called {name!r}: {_shown(matches)}. Give the id of one.")
    similar = get_close_matches(wanted, map(_name_of, there), n=3)
    near = sorted((w for w in there if _name_of(w) in similar), key=lambda w: similar.index(_name_of(w)))
    near = near or [w for w in there if wanted in _name_of(w)]
    hint = f"Did you mean: {_shown(near)}?" if near else f"There are: {_shown(there) or 'none'}."
    raise ValueError(f"No {what} is called {name!r}. {hint}")


def _is_before(run: Record, start: datetime) -> bool:
    audit = run.get("audit")
    try:
        return moment(str(audit["createdDate"] if isinstance(audit, dict) else "")) < start
    except (KeyError, ValueError):
        return False  # without a readable date it may be new: kept
