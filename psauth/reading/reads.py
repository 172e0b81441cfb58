"""Reads: what every read of a noun is made of. The nouns stand in workflows, runs, tasks, forms, library and people."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from psauth.api.pace import Pace
from psauth.api.pages import Record, unique
from psauth.api.transport import Transport
from psauth.exceptions import ArgumentError
from psauth.reading.arguments import run_ids
from psauth.reading.endpoint import Endpoint
from psauth.reading.fetch import Fetched, OnError, Progress
from psauth.reading.incomplete import REST, Incomplete
from psauth.reading.reader import Listing, Reader

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things

LIMIT: Final = "limit"
"""Where the attrs of a frame say that a limit ended its list, which may go on."""
WHOSE: Final = {"tasks": "runs=…, workflow=… or assignee=…", "assignments": "runs=…, tasks=… or workflow=…"}
"""The ways to say of which runs, where there are others than runs and workflow."""


class Reads:
    """The connection that is read, and the steps from lists of records to a frame."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._read = Reader(transport)

    def _list(
        self,
        endpoint: Endpoint,
        query: Mapping[str, Any],
        progress: Progress,
        on_error: OnError,
        limit: int | None = None,
    ) -> pd.DataFrame:
        """One list."""
        fetched = self._read.lists(endpoint, [Listing.of(query)], most=limit, progress=progress, on_error=on_error)
        return limited(self._unique(endpoint, fetched), limit)

    def _lists(
        self, endpoint: Endpoint, listings: list[Listing], progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        """Lists that may overlap: each record once."""
        fetched = self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="lists")
        return self._unique(endpoint, fetched)

    def _filtered(
        self,
        endpoint: Endpoint,
        workflow: Things | None,
        query: Mapping[str, Any],
        progress: Progress,
        on_error: OnError,
        *,
        runs: Things | None = None,
    ) -> pd.DataFrame:
        """One list for each workflow and each run, by the query that narrows it to them."""
        by_run: list[dict[str, str]] = [{}] if runs is None else [{"workflowRunId": r} for r in run_ids(runs)]
        by_workflow = self._workflow_queries(workflow)
        listings = [Listing.of({**run, **query, **each}) for each in by_workflow for run in by_run]
        return self._lists(endpoint, listings, progress, on_error)

    def _workflow_queries(self, workflow: Things | None) -> list[dict[str, str]]:
        """The query that narrows a list to one workflow, for each of them; an empty one where all are meant."""
        return [{}] if workflow is None else [{"workflowId": w} for w in self._read.workflow_ids(workflow)]

    def _in_workflows(
        self, endpoint: Endpoint, workflow: Things, progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        """What is in each of these workflows."""
        listings = [Listing.of({}, workflow_id=w) for w in self._read.workflow_ids(workflow)]
        fetched = self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="workflows")
        return self._frame(endpoint, fetched)

    def _in_runs(
        self, endpoint: Endpoint, runs: Things | None, workflow: Things | None, progress: Progress, on_error: OnError
    ) -> Fetched[Listing, Record]:
        """What is in each of these runs; with `workflow` they are read while the list of its runs is still coming."""
        noun = endpoint.noun
        if (runs is None) == (workflow is None):
            raise ArgumentError(
                f"Say which {noun.replace('_', ' ')}: expected {WHOSE.get(noun, 'runs=… or workflow=…')}, one of them, "
                f"as in ps.{noun}(runs=frame)."
            )
        if runs is not None:
            runs, workflow = self._read.runs_or_workflow(runs)
        listings: list[Listing] | Callable[[Pace], Iterator[Listing]] = []
        if runs is not None:
            listings = [Listing.of({}, run_id=r) for r in run_ids(runs)]
        elif workflow is not None:
            listings = self._read.children_of_runs(workflow)
        return self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="runs")

    def _unique(self, endpoint: Endpoint, fetched: Fetched[Listing, Record]) -> pd.DataFrame:
        """A frame of lists that may overlap."""
        return self._framed(endpoint, unique(records_of(fetched), endpoint.key), fetched)

    def _frame(self, endpoint: Endpoint, fetched: Fetched[Listing, Record]) -> pd.DataFrame:
        """A frame of lists that cannot overlap."""
        return self._framed(endpoint, records_of(fetched), fetched)

    def _framed(self, endpoint: Endpoint, records: Iterable[Record], fetched: Fetched[Listing, Record]) -> pd.DataFrame:
        from psauth.reading.frames import frame  # here, because importing psauth loads no pandas

        return marked(self._read.names.fill(frame(records, endpoint)), fetched)


def records_of(fetched: Fetched[Listing, Record]) -> list[Record]:
    """The records of all lists, one list after the other."""
    return [record for records in fetched.lists for record in records]


def marked(frame: pd.DataFrame, fetched: Fetched[Listing, Record]) -> pd.DataFrame:
    """The frame, with what is missing in it (see Incomplete)."""
    missing = {str(listing) or "the list": str(error) for listing, error in fetched.failed.items()}
    if fetched.cut_short is not None:
        missing[REST] = fetched.cut_short
    return Incomplete(missing).mark(frame)


def limited(frame: pd.DataFrame, limit: int | None) -> pd.DataFrame:
    """The frame, with the limit in its attrs when it has that many rows, so that the list may go on."""
    if limit is not None and len(frame) >= limit:
        frame.attrs[LIMIT] = limit
    return frame
