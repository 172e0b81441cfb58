"""Reader: lists as records, by the table of endpoints; many at once, names looked up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from psauth.api.pace import INTERACTIVE, Pace
from psauth.api.pages import Record, Source, id_of, one_of, walk
from psauth.api.transport import Transport
from psauth.exceptions import ArgumentError
from psauth.reading.arguments import ID_SHAPE, URL_SAFE, ids, moment, shown
from psauth.reading.endpoint import Endpoint
from psauth.reading.endpoints import DATA_SETS, FORM_FIELDS, RUNS, WORKFLOWS
from psauth.reading.fetch import Fetched, OnError, Progress, fetch
from psauth.reading.forecast import USUAL_ANSWER, seconds_for, window_of
from psauth.reading.lookup import find, find_all, plain
from psauth.reading.names import Names
from psauth.words import lasting

if TYPE_CHECKING:
    from psauth.reading.arguments import Things

UNDATED: Final = datetime.max.replace(tzinfo=UTC)
"""Stands for the creation of a run whose date cannot be read: it may be new."""


@dataclass(frozen=True)
class Listing:
    """One list to read: the `names` in its endpoint's path, and its query."""

    names: tuple[tuple[str, str], ...] = ()
    query: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, query: Mapping[str, Any], **names: str) -> Listing:
        """A listing; what is None in the query is left out. ArgumentError for a value that is no text."""
        wanted = tuple((name, value) for name, value in query.items() if value is not None)
        for name, value in wanted:
            if not isinstance(value, str):
                raise ArgumentError(f"{name} takes one text. It was given {shown(value)}.")
        return cls(tuple(names.items()), wanted)

    def __str__(self) -> str:
        """How an incomplete frame names this list."""
        return ", ".join(value for _, value in (*self.names, *self.query))


class Reader:
    """Reads one connection's records; threads may share it."""

    def __init__(self, transport: Transport, source: Source | None = None) -> None:
        """`source`: what the pages of lists come from, where it is not the transport itself."""
        self.transport = transport
        self.source: Source = source or transport
        self.names = Names()

    # Lists ------------------------------------------------------------------------------------------------------

    def pages(
        self, endpoint: Endpoint, listing: Listing, pace: Pace = INTERACTIVE, *, since: datetime | None = None
    ) -> Iterator[list[Record]]:
        """The records of one list, page by page; each also holds the names in its path, under `@name`.

        `since` is for lists of runs, which come newest created first: it ends them at the first run created before.
        """
        path = endpoint.path.format(**{name: quote(value, safe="") for name, value in listing.names})
        context = {f"@{name}": value for name, value in listing.names}
        run_id = dict(listing.names).get("run_id")
        pages: Iterable[list[Record]]
        if endpoint.single:
            pages = ([one_of(self.source, path, list_key=endpoint.list_key, pace=pace)] for _ in range(1))
        else:
            query = dict(listing.query)
            pages = walk(self.source, path, query, list_key=endpoint.list_key, key=endpoint.key, pace=pace)
        for page in pages:
            self.names.learn(endpoint.noun, page)
            if since is not None:
                recent = [run for run in page if _created(run) >= since]
                yield recent
                if len(recent) < len(page):
                    return
                continue
            if run_id is not None:  # should a record not say it, or say null
                run = {"workflowRunId": run_id}
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
        most: int | None = None,
        since: datetime | None = None,
        on_error: OnError = "raise",
        progress: Progress = True,
        unit: str = "",
    ) -> Fetched[Listing, Record]:
        """Many lists at once, in the order of the listings.

        endpoint: what is listed.
        listings: the lists; a function where they are themselves read from the service.
        most: the first so many records of all lists together, as one list, with as few requests as possible: the newest
            of several lists of runs.
        since: for lists of runs, the earliest creation.
        unit: what progress counts; a list that is read alone counts its records, and begins at the pace of somebody who
            waits.
        """
        jobs: Callable[[Pace], Iterable[Listing]]
        total: int | None = None
        if callable(listings):
            jobs = listings
        else:
            every = list(listings)
            if most is not None and len(every) > 1:
                jobs, total = lambda _: [Listing()], 1
            else:
                jobs, total = lambda _: every, len(every)
        alone = total == 1

        def read(listing: Listing, pace: Pace) -> Iterator[list[Record]]:
            pace = replace(pace, background=False) if alone else pace
            if most is None:
                return self.pages(endpoint, listing, pace, since=since)
            return self._first(endpoint, every, most, since, pace)

        try:
            return fetch(
                jobs,
                read,
                total=None if alone else total,
                on_error=on_error,
                progress=progress,
                note=self.outlook(),
                unit=endpoint.noun.replace("_", " ") if alone else unit,
                count="items" if alone else "jobs",
            )
        finally:
            self.transport.release()

    def _first(
        self, endpoint: Endpoint, listings: list[Listing], most: int, since: datetime | None, pace: Pace
    ) -> Iterator[list[Record]]:
        """The first `most` records; of several lists of runs the newest, asking each for no page that is not needed."""
        if len(listings) == 1:
            for page in self.pages(endpoint, listings[0], pace, since=since):
                yield page[:most]
                most -= len(page)
                if most <= 0:
                    return
            return
        lists = [(r for page in self.pages(endpoint, each, pace, since=since) for r in page) for each in listings]
        newest = merge(*lists, key=_created, reverse=True)
        seen: set[Any] = set()
        once = (run for run in newest if run.get("id") not in seen and not seen.add(run.get("id")))  # type: ignore[func-returns-value]
        yield from ([run] for run in islice(once, most))

    def outlook(self) -> Callable[[int, int | None], str]:
        """A note for the progress of a read that begins now: the time to go with all waits, and the requests left."""
        sent = self.transport.usage.requests_sent

        def note(done: int, total: int | None) -> str:
            usage, budget = self.transport.usage, self.transport.usage.budget
            held = max(0.0, self.transport.held_until - time.time())
            parts = []
            if done and total is not None:
                requests = (total - done) * max(1.0, (usage.requests_sent - sent) / done)
                answer_time = usage.answer_time or USUAL_ANSWER
                window = window_of(usage.longest_wait)
                seconds = seconds_for(round(requests), budget, answer_time, window=window, held=held)
                parts.append(f"about {lasting(seconds)} to go")
            if budget.remaining is not None:
                parts.append(f"{budget.remaining:,} requests left")
            if held > 1.0:
                parts.append(f"the next at {datetime.fromtimestamp(time.time() + held):%H:%M}")
            elif budget.resets_at is not None and not budget.remaining:
                parts.append(f"more at {budget.resets_at.astimezone():%H:%M}")
            return ", ".join(parts)

        return note

    # Names ------------------------------------------------------------------------------------------------------

    def workflow_ids(self, workflow: Things) -> list[str]:
        """Ids of workflows, named by id, name or frame; ArgumentError when a name is unknown or ambiguous."""
        return self._ids(workflow, "workflow_id", WORKFLOWS, "workflow")

    def data_set_ids(self, data_set: Things) -> list[str]:
        """Ids of data sets, named by id, name or frame; ArgumentError when a name is unknown or ambiguous."""
        return self._ids(data_set, "data_set_id", DATA_SETS, "data set")

    def runs_or_workflow(self, runs: Things) -> tuple[Things | None, Things | None]:
        """What was passed as runs: runs, or a single text that is a workflow's name and stands for all its runs."""
        self.names.learn_from(runs)
        if not isinstance(runs, str) or not runs.strip() or ID_SHAPE.fullmatch(runs):
            return runs, None
        if URL_SAFE.fullmatch(runs) and any(c.isdigit() for c in runs):
            matches = find_all(runs, self._workflows_called(runs))
            # An id of another shape than those seen so far is still an id; a word of letters alone is a name.
            return (None, [str(find(runs, matches, "workflow")["id"])]) if matches else (runs, None)
        try:
            return None, self.workflow_ids(runs)
        except ArgumentError as error:
            raise ArgumentError(f"{error} Nor is it the id of a run, as in ps.runs()['run_id'].") from None

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
        forms = [list(self.records(FORM_FIELDS, listing)) for listing in listings]
        by_id: dict[str, str] = {}
        for name, text in texts.items():
            matches = [field for form in forms for field in find_all(name, form, FIELD_NAMES)]
            if not matches:
                find(name, [field for form in forms for field in form], "form field", FIELD_NAMES)  # says so
            by_id |= {str(field["id"]): text for field in matches}
        return by_id

    def _ids(self, things: Things, column: str, endpoint: Endpoint, what: str) -> list[str]:
        wanted = ids(things, column)
        if hasattr(things, "columns"):
            self.names.learn_from(things)
            return wanted  # a frame says itself that these are ids, whatever their shape
        named = [name for name in wanted if not ID_SHAPE.fullmatch(name)]
        if not named:
            return wanted
        records: list[Record] = []
        if endpoint is WORKFLOWS and len(named) == 1:
            records = self._workflows_called(named[0])
        if not records or not find_all(named[0], records):
            records = list(self.records(endpoint))
        every = [str(find(name, records, what)["id"]) if name in named else name for name in wanted]
        return list(dict.fromkeys(every))

    def _workflows_called(self, name: str) -> list[Record]:
        """The workflows in whose name the service finds this one, which takes fewer requests than all workflows."""
        return list(self.records(WORKFLOWS, Listing.of({"name": plain(name)})))

    # Runs -------------------------------------------------------------------------------------------------------

    def runs_of(self, workflow: Things | None, statuses: Iterable[str | None]) -> list[Listing]:
        """The lists of the runs of these workflows (None: of all), of each status (None: of any)."""
        workflows: list[Any] = self.workflow_ids(workflow) if workflow is not None else [None]
        chosen = list(statuses)
        return [Listing.of({"workflowId": w, "status": s}) for w in workflows for s in chosen]

    def children_of_runs(self, workflow: Things) -> Callable[[Pace], Iterator[Listing]]:
        """A listing for every run of these workflows, each as soon as the list of runs has named it.

        That list belongs to the long read: it too waits for the budget, and survives as many faults.
        """
        lists = self.runs_of(workflow, [None])

        def listings(pace: Pace) -> Iterator[Listing]:
            named: set[str] = set()
            for listing in lists:
                for run in self.records(RUNS, listing, pace):
                    run_id = id_of(run, RUNS.path, self.transport.masks)
                    if run_id not in named:
                        named.add(run_id)
                        yield Listing.of({}, run_id=run_id)

        return listings


FIELD_NAMES: Final = ("label", "key")
"""What a form field may be called by."""


def _created(run: Record) -> datetime:
    audit = run.get("audit")
    try:
        return moment(str(audit["createdDate"] if isinstance(audit, dict) else ""))
    except (KeyError, ValueError):
        return UNDATED
