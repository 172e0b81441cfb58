"""Runs: what was started from workflows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

from psauth.reading.arguments import a_limit, a_text, known, moment, search_texts
from psauth.reading.endpoints import RUN_SEARCH, RUN_STATUSES, RUNS
from psauth.reading.fetch import OnError, Progress
from psauth.reading.incomplete import Incomplete
from psauth.reading.reader import Listing
from psauth.reading.reads import Reads, limited

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Moment, Things

SEARCH_SHOWS: Final = 200
"""Rows at which a search of runs may hide more (seen live)."""


class RunReads(Reads):
    """Reads of runs."""

    def runs(
        self,
        workflow: Things | None = None,
        *,
        status: str | Iterable[str] | None = None,
        since: Moment | None = None,
        limit: int | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Runs that are not deleted, one row each, newest created first.

        Parameters:
            workflow: an id, a name, several of them, or a frame with workflow_id; None: of all workflows.
            status: one or more of Active, Completed, Archived, in any case; None: any.
            since: the earliest creation; a date means its midnight UTC; None: the first run ever.
            limit: only the newest so many, with as few requests as that takes; None: all. Where that ended the list,
                `frame.attrs["limit"]` holds it.
            progress, on_error: see ProcessStreet.

        Columns: run_id, name, workflow_name, workflow_id, status, created_date, created_by_username, created_by_id,
        updated_date, updated_by_id, due_date, shared, migration_status, link. The service lists runs without the names
        of their workflow and creator: they are filled in when this client has read them before, by `ps.workflows()` (or
        a workflow named in a call) and by `ps.users()`, and are missing else.

        Errors: ArgumentError for an unknown workflow or status, and for what is no date or no limit.

        >>> runs = ps.runs("Purchase Request", status="Completed", limit=3)
        >>> runs[["workflow_name", "status"]]
              workflow_name     status
        0  Purchase Request  Completed
        1  Purchase Request  Completed
        2  Purchase Request  Completed
        """
        limit = a_limit(limit)
        start = moment(since) if since is not None else None
        statuses: list[Any] = known(status, RUN_STATUSES, "run status") if status is not None else [None]
        if set(statuses) == set(RUN_STATUSES):
            statuses = [None]  # every status that exists: one list instead of three
        listings = self._read.runs_of(workflow, statuses)
        fetched = self._read.lists(
            RUNS, listings, most=limit, since=start, progress=progress, on_error=on_error, unit="lists"
        )
        result = self._unique(RUNS, fetched)
        if len(listings) > 1:
            attrs = result.attrs
            result = result.sort_values("created_date", ascending=False, kind="stable", ignore_index=True)
            result.attrs = attrs
        return limited(result, limit)

    def search_runs(
        self,
        name: str | None = None,
        *,
        fields: Mapping[str, str] | None = None,
        workflow: Things | None = None,
        status: str | Iterable[str] | None = RUN_STATUSES,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Runs by a part of their name or of a field's value, in any case; the most recently updated first.

        Parameters:
            name: a part of the run's name; None: any name.
            fields: parts of values by field, as in {field_id: text}; a run with any of them is found. With `workflow` a
                field may also be named by its label or key.
            workflow: an id, a name, several of them, or a frame with workflow_id; None: of all workflows.
            status: one or more of Active, Completed, Archived, in any case; None: Active ones, as the service decides.
            progress, on_error: see ProcessStreet.

        The service shows at most 200 of each workflow; when that many came, `frame.attrs["incomplete"]` says that more
        may be hidden.

        Columns: those of `runs`.

        Errors: ArgumentError for an unknown workflow, field or status.

        >>> runs = ps.search_runs(fields={"Item": "phone"}, workflow="Purchase Request")
        >>> runs["workflow_name"].unique().tolist()
        ['Purchase Request']
        """
        chosen = known(status, RUN_STATUSES, "run status") if status is not None else None
        query = {"name": a_text(name, "name"), "status": ",".join(chosen) if chosen else None}
        texts = search_texts(fields, in_workflows=workflow is not None)
        if workflow is not None:
            workflow = self._read.workflow_ids(workflow)  # once, for the fields and for the runs
        query |= {f"fields[{f}]": text for f, text in self._read.by_field_id(texts, workflow).items()}
        listings = [Listing.of(query | each) for each in self._workflow_queries(workflow)]
        fetched = self._read.lists(RUN_SEARCH, listings, progress=progress, on_error=on_error, unit="workflows")
        result = self._unique(RUN_SEARCH, fetched)
        if any(len(runs) >= SEARCH_SHOWS for runs in fetched.lists):
            more = f"The service shows {SEARCH_SHOWS} runs of a search; there may be more."
            result = (Incomplete.of(result) | {"more runs": more}).mark(result)
        return result
