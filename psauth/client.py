"""ProcessStreet: what analysts call. DataFrames of workflows, runs, tasks and people; any other path as plain records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from psauth import endpoints as e
from psauth.arguments import ids, known, moment, pairs
from psauth.budget import Budget
from psauth.connection import Connection, Stored, check_account, ended, fingerprint, login_line
from psauth.endpoints import RUN_STATUSES, Endpoint
from psauth.exceptions import LoginRequired
from psauth.fetch import Fetched, OnError, Pace, Progress
from psauth.governor import VaultKeeper
from psauth.interactive import login
from psauth.pages import Record, unique, walk
from psauth.reader import Names, Reader, flat
from psauth.service import Service
from psauth.settings import Settings
from psauth.tokens import Secret
from psauth.transport import Transport
from psauth.vault import Vault

if TYPE_CHECKING:
    import pandas as pd

    from psauth.arguments import Moment, Things


SEARCH_SHOWS = 200
"""Rows at which a search of runs may hide more (seen live)."""


def connect(
    account: str = "default", *, settings: Settings | None = None, interactive: bool | None = None
) -> ProcessStreet:
    """A client for the stored connection of `account`, else for PSAUTH_API_KEY, else after a login.

    A stored connection is used at the service it was made with and needs no settings. With `interactive=False`
    nothing is asked: LoginRequired tells what to do instead.

    >>> ps = psauth.connect()                                               # doctest: +SKIP
    >>> ps.workflows()[["name", "updated_date"]]                            # doctest: +SKIP
                      name                     updated_date
    0  Employee Onboarding 2026-11-20 09:14:03.120000+00:00
    """
    settings = settings or Settings()
    vault = Vault.open(settings)
    stored = vault.find(check_account(account))
    if stored is not None and stored.connection.ended is None:
        return ProcessStreet(Transport(stored, vault))
    if settings.api_key:
        # Nobody logged in with it, so it is used as it stands in the settings and not copied into the vault.
        connection = Connection.unstored(account, Service.for_api_key(settings))
        keeper = VaultKeeper(vault, "api-key-" + fingerprint(settings.api_key)[:16])
        return ProcessStreet(Transport(Stored(connection=connection, api_key=Secret(settings.api_key)), None, keeper))
    if interactive is False:
        if stored is not None:
            raise ended(stored.connection)
        raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
    login(account, settings=settings)
    return ProcessStreet(Transport(vault.read(account), vault))


class ProcessStreet:
    """One connection's view of Process Street. Make one with `psauth.connect()`; threads may share it.

    Methods that read one list after another for many runs or workflows show their progress once that takes longer than a
    second (`progress=False` is quiet, a function gets `done, total`), and end at the first error; with
    `on_error="keep"` they give what came, and `frame.attrs["incomplete"]` says what did not and why.

    Every method that reads may raise LoginRequired (log in again), RateLimited (wait), PermissionDenied, NotFound,
    ServiceUnavailable or another ApiError, each with the service's own words and its request id.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._read = Reader(transport)

    # Workflows --------------------------------------------------------------------------------------------------

    def workflows(self, *, name: str | None = None) -> pd.DataFrame:
        """All workflows, one row each; `name` keeps those whose name the service finds it in.

        Columns: workflow_id, name, description, created_date, created_by_…, updated_date, updated_by_…, link.

        >>> ps.workflows().columns[:3].tolist()                             # doctest: +SKIP
        ['workflow_id', 'name', 'description']
        """
        return self._frame(e.WORKFLOWS, self._read.records(e.WORKFLOWS, {"name": name}))

    def workflow_tasks(
        self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The tasks of workflows (ids, names or a frame) as the template has them, in its order.

        Columns: task_id, name, workflow_id, task_type, order_tree, stop_task, hidden_by_default, created_…, updated_….
        """
        return self._of_workflows(e.WORKFLOW_TASKS, workflow, progress, on_error)

    def form_fields(self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The form fields of workflows (ids, names or a frame), in the template's order.

        Columns: field_id, label, key, field_type, workflow_id, task_id, data_set_linked, created_…, updated_….
        """
        return self._of_workflows(e.FORM_FIELDS, workflow, progress, on_error)

    def field_options(
        self, fields: pd.DataFrame, *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The options of form fields: one request or more for each row of `fields`, a frame of `form_fields`.

        Columns: field_id, label, value, workflow_id, record_id.
        """
        found = pairs(fields, ("workflow_id", "field_id"))
        parents: list[Names] = [(("workflow_id", w), ("field_id", f)) for w, f in found]
        return self._children(e.FIELD_OPTIONS, parents, progress, on_error, unit="field")

    def revisions(self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The revisions of workflows (ids, names or a frame). Columns: revision_id, version, workflow_id, status, …."""
        return self._of_workflows(e.REVISIONS, workflow, progress, on_error)

    # Runs -------------------------------------------------------------------------------------------------------

    def runs(
        self, *, workflow: Things | None = None, status: str | Iterable[str] | None = None, since: Moment | None = None
    ) -> pd.DataFrame:
        """Workflow runs that are not deleted, newest created first.

        `workflow` is an id, a name or several (also a frame with `workflow_id`), `status` one or more of Active,
        Completed, Archived, `since` the earliest creation (a date means its midnight UTC).
        Columns: run_id, name, workflow_id, status, created_date, created_by_id, updated_date, updated_by_id,
        due_date, shared, migration_status, link.

        >>> ps.runs(status="Active", since="2026-11-01")["name"].head(1)    # doctest: +SKIP
        0    PR 11376 Torque gauge
        Name: name, dtype: str
        """
        statuses: list[Any] = known(status, RUN_STATUSES, "run status") if status is not None else [None]
        start = moment(since) if since is not None else None
        workflows: list[Any] = self._read.workflow_ids(workflow) if workflow is not None else [None]
        if set(statuses) == set(RUN_STATUSES):
            statuses = [None]  # every status there is: one walk instead of three
        records: list[Record] = []
        for workflow_id in workflows:
            for one in statuses:
                records += self._read.runs({"workflowId": workflow_id, "status": one}, start)
        result = self._frame(e.RUNS, unique(records, e.RUNS.key))
        if len(workflows) * len(statuses) > 1:
            result = result.sort_values("created_date", ascending=False, kind="stable", ignore_index=True)
        return result

    def search_runs(
        self,
        *,
        name: str | None = None,
        fields: Mapping[str, str] | None = None,
        workflow: Things | None = None,
        status: str | Iterable[str] | None = RUN_STATUSES,
    ) -> pd.DataFrame:
        """Runs by part of their name, or of a field's value (`fields={field_id: text}`, any of them), in any case.

        The most recently updated first. The service shows at most 200 of each workflow and status; when that many came,
        `frame.attrs["incomplete"]` says that more may be hidden. Columns as those of `runs`.
        """
        chosen = known(status, RUN_STATUSES, "run status") if status is not None else None
        workflows: list[Any] = self._read.workflow_ids(workflow) if workflow is not None else [None]
        query = {"name": name, "status": ",".join(chosen) if chosen else None}
        query |= {f"fields[{field_id}]": text for field_id, text in (fields or {}).items()}
        found = [list(self._read.records(e.RUN_SEARCH, {**query, "workflowId": w})) for w in workflows]
        result = self._frame(e.RUN_SEARCH, unique(flat(found), e.RUNS.key))
        if any(len(one) >= SEARCH_SHOWS for one in found):
            result.attrs["incomplete"] = f"The service shows {SEARCH_SHOWS} runs of a search; there may be more."
        return result

    def tasks(
        self,
        *,
        runs: Things | None = None,
        workflow: Things | None = None,
        assignee: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The tasks of runs, one row a task and run, hidden ones included, in the template's order.

        `runs` are ids (also a frame with `run_id`); `workflow` means all its runs; one request or more a run.
        `assignee`, an e-mail address, means that person's tasks, which costs far less. `task_id` is the template's and
        repeats in every run: merge on run_id and task_id.
        Columns: task_id, name, run_id, status, task_type, hidden, stopped, due_date, completed_date, completed_by_…,
        updated_date, updated_by_…, link.

        >>> ps.tasks(runs=ps.runs(status="Active").head(10))["status"].value_counts()   # doctest: +SKIP
        status
        NotCompleted    31
        Completed       23
        Name: count, dtype: int64
        """
        if assignee is not None and runs is None:
            query = {"assigneeEmail": assignee}
            workflows: list[Any] = self._read.workflow_ids(workflow) if workflow is not None else [None]
            found = [list(self._read.records(e.ASSIGNED_TASKS, query | {"workflowId": w})) for w in workflows]
            return self._frame(e.TASKS, unique(flat(found), e.TASKS.key))
        if assignee is not None:
            raise ValueError("assignee=… lists a person's tasks by itself. Expected it without runs=….")
        return self._of_runs(e.TASKS, runs, workflow, progress, on_error)

    def form_values(
        self,
        *,
        runs: Things | None = None,
        workflow: Things | None = None,
        wide: bool = False,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What people typed into the forms of runs, decoded; one row a value, or with `wide` one row a run.

        Tidy columns: field_id, label, key, run_id, task_id, field_type, value (text), number, date, items (lists),
        data_set_linked, updated_date, updated_by_…. Wide: run_id and one column a field, called by its latest label,
        typed by its kind; with `workflow` in the template's order, fields nobody filled in included.
        """
        from psauth import values

        found = self._fetch_of_runs(e.FORM_VALUES, runs, workflow, progress, on_error)
        tidy = _marked(values.form_values(flat(found.results)), found)
        if not wide:
            return tidy
        fields = self.form_fields(workflow, progress=False) if workflow is not None else None
        return _marked(values.wide(tidy, fields), found)

    def approvals(
        self,
        *,
        runs: Things | None = None,
        workflow: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The decisions in runs, the last one of each pair of approval and subject.

        Columns: approval_id, run_id, approval_task_id, subject_task_id, status, comment, reviewed_by_…, created_…,
        updated_….
        """
        return self._of_runs(e.APPROVALS, runs, workflow, progress, on_error)

    def assignments(
        self,
        *,
        runs: Things | None = None,
        tasks: pd.DataFrame | None = None,
        workflow: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Who is assigned: to runs, or to tasks (a frame of `tasks`); one request each, so choose them with care.

        Columns: user_id, username, email, run_id, task_id (missing for a run's own assignees).
        """
        if tasks is None:
            return self._of_runs(e.RUN_ASSIGNMENTS, runs, workflow, progress, on_error)
        if runs is not None or workflow is not None:
            raise ValueError("Say which assignments: expected either tasks=…, or runs=… or workflow=….")
        found = pairs(tasks, ("run_id", "task_id"))
        parents: list[Names] = [(("run_id", r), ("task_id", t)) for r, t in found]
        return self._children(e.TASK_ASSIGNMENTS, parents, progress, on_error, unit="task")

    def comments(
        self, *, workflow: Things | None = None, run: str | None = None, task: str | None = None
    ) -> pd.DataFrame:
        """Comments of workflows, or of a run and, if given, one task in it.

        Columns: comment_id, text, run_id, task_id, created_…, updated_….
        """
        if (workflow is None) == (run is None) or (task is not None and run is None):
            raise ValueError("Say which comments: expected either workflow=…, or run=… and perhaps task=….")
        return self._filtered(e.COMMENTS, workflow, {"workflowRunId": run, "taskId": task})

    def attachments(
        self,
        *,
        workflow: Things | None = None,
        run: str | None = None,
        task: str | None = None,
        created_by: str | None = None,
    ) -> pd.DataFrame:
        """Attached files, of everything or of a workflow, run, task or person (a user id).

        Columns: attachment_id, file_name, mime_type, size (bytes), workflow_id, run_id, task_id, created_….
        """
        return self._filtered(
            e.ATTACHMENTS, workflow, {"workflowRunId": run, "taskId": task, "createdById": created_by}
        )

    # Data sets, people and the rest -----------------------------------------------------------------------------

    def data_sets(self) -> pd.DataFrame:
        """The data sets. Columns: data_set_id, name, fields (JSON: id, name, type), created_…, updated_…, deleted_…."""
        return self._frame(e.DATA_SETS, self._read.records(e.DATA_SETS))

    def records(self, data_set: str) -> pd.DataFrame:
        """The records of a data set (id or name), one column a field, by its name and type.

        Columns: record_id, the fields, data_set_id, created_…, updated_….
        """
        from psauth import values

        [data_set_id] = self._read.data_set_ids([data_set])
        described = self._transport.get(f"/data-sets/{data_set_id}")
        body = described.get("data", described) if isinstance(described, Mapping) else {}
        fields = body.get("fields") if isinstance(body, Mapping) else None
        rows = self._read.records(e.RECORDS, names=(("data_set_id", data_set_id),))
        return values.records(rows, [f for f in fields or [] if isinstance(f, Mapping)])

    def users(self) -> pd.DataFrame:
        """The people of the organisation. Columns: user_id, username, email."""
        return self._frame(e.USERS, self._read.records(e.USERS))

    def folders(self) -> pd.DataFrame:
        """The folders of the library. Columns: folder_id, name, parent_folder_id, created_…, updated_…."""
        return self._frame(e.FOLDERS, self._read.records(e.FOLDERS))

    def pages(self, *, name: str | None = None, folder: str | None = None) -> pd.DataFrame:
        """The pages. Columns: page_id, name, description, folder_id, share_level, reference_id, …."""
        return self._frame(e.PAGES, self._read.records(e.PAGES, {"name": name, "folderId": folder}))

    def schedules(self, *, workflow: Things | None = None) -> pd.DataFrame:
        """Scheduled workflows. Columns: schedule_id, name, workflow_id, start_date, time_zone, next_run_date, …."""
        return self._filtered(e.SCHEDULES, workflow, {})

    def work_items(
        self, *, assignee: str | None = None, type: str | None = None, workflow: Things | None = None
    ) -> pd.DataFrame:
        """What waits in somebody's inbox (an e-mail address; None: your own).

        Columns: work_item_id, name, type, workflow_id, run_id, task_id, due_date, snoozed_until, assignees (JSON).
        """
        if type is not None:
            known(type, e.WORK_ITEM_TYPES, "type of work item")
        return self._filtered(e.WORK_ITEMS, workflow, {"assigneeEmail": assignee, "type": type})

    def work_stats(self, *, assignee: str | None = None) -> dict[str, int]:
        """How much waits in somebody's inbox: total, upcoming, overdue."""
        answer = self.get("/work/stats", assigneeEmail=assignee)
        return dict(answer["data"]) if isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping) else {}

    def one_off_tasks(self, tasks: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """One-off tasks by id, or a frame with `task_id`; work items of type OneOffTask name them. One request each."""
        parents: list[Names] = [(("task_id", task_id),) for task_id in ids(tasks, "task_id")]
        return self._children(e.ONE_OFF_TASKS, parents, progress, on_error, unit="task")

    # Raw --------------------------------------------------------------------------------------------------------

    def get(self, path: str, **params: Any) -> Any:
        """The answer to a GET of any documented path, as it came.

        >>> ps.get("/workflows/ID")                                         # doctest: +SKIP
        """
        return self._transport.get(path, {name: value for name, value in params.items() if value is not None})

    def iterate(self, path: str, **params: Any) -> Iterator[Record]:
        """The records of any documented list, page by page, each once.

        >>> for run in ps.iterate("/workflow-runs/list", status="Completed"): ...   # doctest: +SKIP
        """
        return walk(self._transport, path, params, list_key=None, key=("workflowRunId", "taskId", "id"))

    # The connection ---------------------------------------------------------------------------------------------

    def whoami(self) -> Connection:
        """Who is connected, after asking the service: account, kind, scope, expires_at, label; never a token."""
        label = self._transport.ask_label()
        return self._transport.rename(label) if label else self._transport.connection

    def refresh(self) -> Connection:
        """Renew the access token now instead of when it is due."""
        return self._transport.refresh()

    @property
    def connection(self) -> Connection:
        """The connection as last seen, without asking the service."""
        return self._transport.connection

    @property
    def budget(self) -> Budget:
        """Limit, remaining and resets_at as the service told last; all None before the first answer."""
        return self._transport.budget

    @property
    def requests_sent(self) -> int:
        """How many requests this client has made so far: each counts against the hour's budget."""
        return self._transport.requests_sent

    def close(self) -> None:
        """Let go of the network connections; the client opens new ones when used again."""
        self._transport.close()

    def __enter__(self) -> ProcessStreet:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        c = self.connection
        return f"ProcessStreet({c.service.host}, account={c.account!r}, kind={c.kind!r})"

    def _repr_html_(self) -> str:
        budget = self.budget
        left = "not told yet" if budget.remaining is None else f"{budget.remaining:,} of {budget.limit or 0:,}"
        return f"<b>Process Street</b>{self.connection._repr_html_()}Requests left this hour: {left}"

    # Inside -----------------------------------------------------------------------------------------------------

    def _frame(self, endpoint: Endpoint, records: Iterable[Record]) -> pd.DataFrame:
        from psauth.frames import frame  # here, because `import psauth` loads no pandas

        return frame(records, endpoint)

    def _filtered(self, endpoint: Endpoint, workflow: Things | None, query: Mapping[str, Any]) -> pd.DataFrame:
        workflows: list[Any] = self._read.workflow_ids(workflow) if workflow is not None else [None]
        found = [self._read.records(endpoint, {**query, "workflowId": w}) for w in workflows]
        return self._frame(endpoint, unique((r for one in found for r in one), endpoint.key))

    def _of_workflows(
        self, endpoint: Endpoint, workflow: Things, progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        parents: list[Names] = [(("workflow_id", w),) for w in self._read.workflow_ids(workflow)]
        return self._children(endpoint, parents, progress, on_error, unit="workflow")

    def _of_runs(
        self, endpoint: Endpoint, runs: Things | None, workflow: Things | None, progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        found = self._fetch_of_runs(endpoint, runs, workflow, progress, on_error)
        return _marked(self._frame(endpoint, flat(found.results)), found)

    def _fetch_of_runs(
        self, endpoint: Endpoint, runs: Things | None, workflow: Things | None, progress: Progress, on_error: OnError
    ) -> Fetched[Names, list[Record]]:
        """The children of runs; with `workflow` they are fetched while the list of its runs is still being read."""
        if (runs is None) == (workflow is None):
            noun = endpoint.noun
            raise ValueError(
                f"Say which {noun.replace('_', ' ')}: expected either runs=… or workflow=…, as in ps.{noun}(runs=frame)."
            )
        if runs is not None:
            parents: Iterable[Names] = [(("run_id", r),) for r in ids(runs, "run_id")]
            return self._read.children(
                endpoint, parents, total=len(list(parents)), on_error=on_error, progress=progress
            )
        workflows = self._read.workflow_ids(workflow)  # type: ignore[arg-type] # one of the two is given
        # The list belongs to the long read: it too waits for the budget, and survives as many faults.
        listed = (run for w in workflows for run in self._read.runs({"workflowId": w}, None, Pace(background=True)))
        return self._read.children(
            endpoint, ((("run_id", str(run["id"])),) for run in listed), on_error=on_error, progress=progress
        )

    def _children(
        self, endpoint: Endpoint, parents: list[Names], progress: Progress, on_error: OnError, *, unit: str
    ) -> pd.DataFrame:
        found = self._read.children(
            endpoint, parents, total=len(parents), on_error=on_error, progress=progress, unit=unit
        )
        return _marked(self._frame(endpoint, flat(found.results)), found)


def _marked(frame: pd.DataFrame, found: Fetched[Names, list[Record]]) -> pd.DataFrame:
    """The frame, saying what is missing in it where something is."""
    missing = {", ".join(v for _, v in names): str(error) for names, error in found.failed.items()}
    if found.cut_short is not None:
        missing["the rest of the list"] = str(found.cut_short)
    if missing:
        frame.attrs["incomplete"] = missing
    return frame


def logout(account: str = "default", *, settings: Settings | None = None) -> Any:
    """Revoke the connection at the service, forget it here, and say what was done."""
    from psauth.oauth import disconnect

    return disconnect(Vault.open(settings), account)
