"""ProcessStreet: what analysts call. DataFrames of workflows, runs, tasks and people; any other path as plain records."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from psauth.api.budget import Budget
from psauth.api.pages import Record, walk
from psauth.api.transport import Transport
from psauth.exceptions import ArgumentError, needs_extra
from psauth.reading.arguments import moment, shown
from psauth.reading.calls import checked_methods
from psauth.reading.forms import FormReads
from psauth.reading.library import LibraryReads
from psauth.reading.people import PeopleReads
from psauth.reading.plan import Plan, Planner
from psauth.reading.runs import RunReads
from psauth.reading.tasks import TaskReads
from psauth.settings import Settings
from psauth.vault.connection import Connection
from psauth.writing.writes import Writes

if TYPE_CHECKING:
    import pandas as pd

    from psauth.analysis.answers import Answers
    from psauth.analysis.report import Report
    from psauth.mirror.delta import DeltaFolder
    from psauth.mirror.forecast import Forecast
    from psauth.mirror.place import Identity, Place
    from psauth.mirror.report import SyncReport
    from psauth.mirror.store import Store
    from psauth.mirror.sync import Sync
    from psauth.mirror.tables import Mirror
    from psauth.reading.arguments import Moment, Things
    from psauth.reading.fetch import Progress

log = logging.getLogger(__name__)


@checked_methods("ps")
class ProcessStreet(RunReads, TaskReads, FormReads, LibraryReads, PeopleReads, Writes):
    """One connection's view of Process Street. Make one with `psauth.connect()`; threads may share it.

    Every read of a noun is a DataFrame: help(ps.runs) lists its parameters and columns, and so on for each. Two
    parameters are the same everywhere:

        progress: True shows a bar once a read takes longer than a second; False shows nothing. A function is called with
            done and total some times a second, and ends the read by answering False.
        on_error: "raise" ends a read at its first error. "keep" gives what came, also when the read was stopped, and
            `psauth.Incomplete.of(frame)` says what is missing and why; it also stands in `frame.attrs["incomplete"]`.

    Errors: ArgumentError for arguments that cannot be used; LoginRequired (log in again), RateLimited (wait),
    PermissionDenied, NotFound, ServiceUnavailable or another ApiError, each with the service's own words and its request id.

    >>> with psauth.connect(settings=box.settings) as ps:
    ...     ps.tasks("Purchase Request", progress=False)["task_type"].dtype.name
    'category'
    """

    def __init__(self, transport: Transport, settings: Settings | None = None) -> None:
        super().__init__(transport)
        self._plans = Planner(self._read)
        self._settings = settings
        self._opening = threading.Lock()
        self._store: Store | None = None
        self._mirror: Mirror | None = None

    # Raw --------------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """The answer to a GET of any documented path, as it came.

        Parameters:
            path: below the API's address, like "/users".
            params: query parameters by their names; None leaves one out, several values are a list.

        Errors: UntrustedAddress for what is no path of the API, ArgumentError for what is no query parameter.

        >>> sorted(ps.get("/work/stats")["data"])
        ['overdue', 'total', 'upcoming']
        """
        return self._transport.get(path, _query(params))

    def iterate(self, path: str, **params: Any) -> Iterator[Record]:
        """The records of any documented list, each once; a page is asked for when its first record is.

        Parameters:
            path: below the API's address, like "/workflow-runs/list".
            params: query parameters by their names; None leaves one out, several values are a list.

        Errors: UntrustedAddress for what is no path of the API, ArgumentError for what is no query parameter, ApiError
        for a path that answers no list.

        >>> next(ps.iterate("/workflows", name="purchase"))["name"]
        'Purchase Request'
        """
        pages = walk(self._transport, path, _query(params), list_key=None, key=("workflowRunId", "taskId", "id"))
        return (record for page in pages for record in page)

    def plan(self, *nouns: str, runs: Things | None = None, workflow: Things | None = None) -> Plan:
        """What reading these nouns of runs will cost, before it is begun: requests, and seconds with all waits.

        How many pages a run has is learned from one run of each workflow, and remembered.

        Parameters:
            nouns: one or more of tasks, form_values, approvals, assignments.
            runs: ids of runs, or a frame with run_id. A workflow's name stands for all its runs.
            workflow: all runs of these workflows (id, name, several, or a frame with workflow_id). Counting them takes a
                request for 20; pass `plan.run_ids` to the read, so that they are not asked for again.

        Errors: ArgumentError for another noun, unless one of runs and workflow is passed, and for an unknown workflow.

        >>> plan = ps.plan("tasks", "form_values", runs=ps.runs("Purchase Request", limit=5))
        >>> plan.requests, len(plan.run_ids)
        (10, 5)
        """
        return self._plans.plan(nouns, runs, workflow)

    # The local copy ---------------------------------------------------------------------------------------------

    def sync(
        self,
        *,
        full: bool = False,
        workflows: Things | None = None,
        tables: Iterable[str] | None = None,
        since: Moment | None = None,
        wait: bool = False,
        progress: Progress = True,
    ) -> SyncReport:
        """Bring the local copy up to date, with as few requests as possible, and say what was done.

        The first time it takes what it takes; afterwards it asks for what changed. It can be ended at any moment and goes
        on where it was. At the edge of the hour's budget it ends, with a summary.

        Parameters:
            full: look at everything again, whatever the service says of it.
            workflows: only runs and templates of these (id, name, several, or a frame with workflow_id).
            tables: only these nouns, like ["runs", "tasks"]; the rest stays as old as it is.
            since: only runs created since this moment.
            wait: wait for the budget as long as it takes, and for another process that is syncing this copy.
            progress: see ProcessStreet.

        Errors: ArgumentError for an unknown workflow or table; MirrorError for a copy that cannot be used, or that somebody
        else is syncing; LoginRequired when the connection has ended.

        >>> report = ps.sync(progress=False)
        >>> report.is_complete
        True
        """
        return self._sync(full, workflows, tables, since, wait=wait, progress=progress).run()

    def plan_sync(
        self,
        *,
        full: bool = False,
        workflows: Things | None = None,
        tables: Iterable[str] | None = None,
        since: Moment | None = None,
        progress: Progress = True,
    ) -> Forecast:
        """What ps.sync() with the same parameters will take: runs, requests, and seconds with all waits for the budget.

        The lists of runs are walked for it, 20 runs a request; the sync does not do that again. It reads nothing in them.

        Parameters:
            full, workflows, tables, since, progress: see ps.sync().

        Errors: those of ps.sync(); RateLimited when the budget does not last even for that.

        >>> ps.plan_sync(progress=False).runs
        0
        """
        return self._sync(full, workflows, tables, since, wait=False, progress=progress).forecast()

    def _sync(
        self,
        full: bool,
        workflows: Things | None,
        tables: Iterable[str] | None,
        since: Moment | None,
        *,
        wait: bool,
        progress: Progress,
    ) -> Sync:
        with needs_extra("mirror", "ps.sync()"):
            from psauth.mirror.publish import folder_of
            from psauth.mirror.store import Store
            from psauth.mirror.sync import Sync, Wanted

        wanted = Wanted.of(
            full=full,
            workflows=None if workflows is None else self._read.workflow_ids(workflows),
            tables=tables,
            since=None if since is None else moment(since),
        )
        place, identity = self._mirror_place()
        store, folder = Store.open(place, identity), folder_of(self._settings or Settings(), place)
        return Sync(self._transport, store, folder, wanted, wait=wait, progress=progress)

    @property
    def mirror(self) -> Mirror:
        """The local copy as it was published last: `ps.mirror.tasks` and so on are Ibis tables, `.to_pandas()` away from a frame.

        It takes no request. Each `ps.mirror` is that of the latest publication; keep one in a variable, and all its tables
        stay of one moment, which is `.as_of`. `list(ps.mirror)` names the tables: those that psauth reads as frames, runs
        with what became of those that are gone, rules, changes, and for each workflow and data set a table of its form values
        or records, with one column a field.

        Errors: MirrorError where there is no copy yet (ps.sync() makes one), MissingExtra without psauth[mirror].

        >>> tasks = ps.mirror.tasks
        >>> tasks.filter(tasks.workflow_name == "Purchase Request").to_pandas()["status"].dtype.name
        'category'
        """
        with needs_extra("mirror", "ps.mirror"):
            from psauth.mirror.tables import Mirror

        with self._opening:
            self._mirror = Mirror.latest(self._mirror, *self._copy())
            return self._mirror

    def _copy(self) -> tuple[Store, DeltaFolder]:
        """The store of the local copy, and where its tables are."""
        from psauth.mirror.publish import folder_of
        from psauth.mirror.store import Store

        place, identity = self._mirror_place()
        if self._store is None or self._store.place != place:
            self._store = Store.open(place, identity)
        return self._store, folder_of(self._settings or Settings(), place)

    def sql(self, text: str) -> pd.DataFrame:
        """The answer to a question in DuckDB's SQL on the local copy, all of one moment. It takes no request.

        Parameters:
            text: one SELECT; its tables are those of `ps.mirror`.

        Errors: ArgumentError with DuckDB's own words and its caret where the question has a mistake, or is none;
        MirrorError where there is no copy yet (ps.sync() makes one), MissingExtra without psauth[mirror].

        >>> ps.sql("select status, count(*) as runs from runs group by 1 order by 1")["status"].tolist()
        ['Active', 'Archived', 'Completed']
        """
        return self.mirror.sql(text)

    @property
    def analysis(self) -> Answers:
        """What the local copy says: `ps.analysis.run_times(workflow=…)` and so on, each a frame. It takes no request.

        `dir(ps.analysis)` names the questions, and help(ps.analysis.run_times) says what one takes and answers. Parameters
        that all of them have: workflow, since, until, status, person, robots, calendar, now. `psauth.analysis` has the same
        questions as expressions of any tables.

        Errors: MirrorError where there is no copy yet (ps.sync() makes one), MissingExtra without psauth[mirror].

        >>> bool(ps.analysis.run_times(workflow="Purchase Request", status="Completed")["hours"].min() > 0)
        True
        """
        with needs_extra("mirror", "ps.analysis"):
            from psauth.analysis.answers import Answers
            from psauth.mirror.publish import set_calendars

        return Answers(lambda: self.mirror, lambda calendars: set_calendars(*self._copy(), calendars))

    def report(self, workflow: str | Iterable[str] | None = None, *, since: Moment | None = None) -> Report:
        """A page about a workflow out of the local copy: sentences, then pictures and figures with their definitions.

        A notebook shows it; `.save("report.html")` writes it as one file, which opens without a network, prints, and runs
        nothing. `.sentences` has what it begins with. It takes no request.

        Parameters:
            workflow: the name or id of one, or several, of which there is one page together; all of them by default.
            since: only runs that were started from this moment on; a date means its midnight UTC.

        Errors: ArgumentError for a workflow that there is not, and for what is no moment; MirrorError where there is no copy
        yet (ps.sync() makes one), MissingExtra without psauth[analysis].

        >>> ps.report("Purchase Request", since="2026-01-01").title
        'Purchase Request'
        """
        with needs_extra("analysis", "ps.report(…)"):
            from psauth.analysis.answers import warn_of_copy
            from psauth.analysis.report import make_report
            from psauth.analysis.scope import Filters

        mirror = self.mirror
        warn_of_copy(mirror, Filters(workflow=workflow, since=since))
        return make_report(mirror, workflow, since)

    def _mirror_place(self) -> tuple[Place, Identity]:
        """Where this connection's local copy is, and whose it is."""
        from psauth.mirror.place import Identity, Place

        identity = Identity.of(self.connection)
        return Place.of(self._settings or Settings(), identity), identity

    # The connection ---------------------------------------------------------------------------------------------

    def whoami(self) -> Connection:
        """Who is connected, after asking the service: account, kind, scope, expires_at, label; never a token.

        Errors: LoginRequired when the connection has ended.

        >>> ps.whoami().kind
        'oauth'
        """
        label = self._transport.ask_label()
        if label is None:  # what says so little may be anything; every Process Street has a list of workflows
            next(walk(self._transport, "/workflows", {}, list_key="workflows", key=("id",)))
        return self._transport.access.rename(label) if label else self._transport.connection

    def refresh(self) -> Connection:
        """Renew the access token now instead of when it is due.

        Errors: LoginRequired when the service does not renew it any more.

        >>> ps.refresh().ended is None
        True
        """
        return self._transport.refresh()

    @property
    def connection(self) -> Connection:
        """The connection as last seen, without asking the service.

        >>> ps.connection.account
        'default'
        """
        return self._transport.connection

    @property
    def budget(self) -> Budget:
        """The requests left: limit, remaining and resets_at of the last answer; all None before the first.

        >>> users = ps.users(limit=20)
        >>> ps.budget.limit
        2500
        """
        return self._transport.usage.budget

    @property
    def requests_sent(self) -> int:
        """How many requests this client has made; each counts against the hour's budget.

        >>> before = ps.requests_sent
        >>> users = ps.users(limit=20)
        >>> ps.requests_sent - before
        1
        """
        return self._transport.usage.requests_sent

    def close(self) -> None:
        """Let go of the network connections; the client opens new ones when it is used again.

        >>> ps.close()
        """
        self._transport.close()

    def __enter__(self) -> ProcessStreet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        connection = self.connection
        return f"ProcessStreet({connection.service.host}, account={connection.account!r}, kind={connection.kind!r})"

    def _repr_html_(self) -> str:
        budget = self.budget
        left = "not known yet" if budget.remaining is None else f"{budget.remaining:,} of {budget.limit or 0:,}"
        return f"<b>Process Street</b>{self.connection._repr_html_()}Requests left this hour: {left}"


def _query(params: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters without those that are None; yes and no as JSON has them, which Python spells differently."""
    for name, value in params.items():
        several = value if isinstance(value, list | tuple | set) else [value]
        if odd := [v for v in several if hasattr(v, "columns") or isinstance(v, Mapping | bytes | list | tuple | set)]:
            raise ArgumentError(
                f"{name}=… cannot be asked for: it was given {shown(odd[0])}. Expected each query parameter by its name, "
                "like name='x', with a text, a number or a list of them."
            )
    present = {name: value for name, value in params.items() if value is not None}
    return {name: str(value).lower() if isinstance(value, bool) else value for name, value in present.items()}
