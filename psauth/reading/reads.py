"""Nouns: every readable thing of Process Street as a DataFrame, one method each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from psauth.api.pace import Pace
from psauth.api.pages import Record, unique
from psauth.api.transport import Transport
from psauth.reading import endpoints as e
from psauth.reading.arguments import address, an_id, ids, known, moment, only, pairs, run_ids, searched
from psauth.reading.endpoints import RUN_STATUSES, Endpoint
from psauth.reading.fetch import Fetched, OnError, Progress
from psauth.reading.incomplete import REST, Incomplete
from psauth.reading.reader import Listing, Reader

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Moment, Things

SEARCH_SHOWS: Final = 200
"""Rows at which a search of runs may hide more (seen live)."""


class Nouns:
    """What can be read of one connection. `psauth.connect()` makes it, as part of a ProcessStreet.

    A read that takes longer than a second shows its progress (`progress=False` is quiet; a function gets `done, total`,
    some times a second, and ends the read by answering False). It ends at the first error; with `on_error="keep"`, and
    when it was stopped, it gives what came, and `frame.attrs["incomplete"]` says what did not and why.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._read = Reader(transport)

    # Workflows --------------------------------------------------------------------------------------------------

    def workflows(
        self, name: str | None = None, *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """All workflows, one row each; `name` keeps those whose name the service finds it in.

        Columns: workflow_id, name, description, created_date, created_by_…, updated_date, updated_by_…, link.

        >>> ps.workflows().columns[:3].tolist()                             # doctest: +SKIP
        ['workflow_id', 'name', 'description']
        """
        return self._list(e.WORKFLOWS, {"name": name}, progress, on_error)

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
        self, fields: pd.DataFrame | pd.Series[str], *, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The options of form fields: one request or more for each row of `fields`, a frame of `form_fields` or a row of it.

        Columns: field_id, label, value, workflow_id, record_id.
        """
        asked = pairs(fields, ("workflow_id", "field_id"), "form_fields")
        listings = [Listing.of({}, workflow_id=w, field_id=f) for w, f in asked]
        found = self._read.lists(e.FIELD_OPTIONS, listings, progress=progress, on_error=on_error, unit="fields")
        return self._frame(e.FIELD_OPTIONS, found)

    def revisions(self, workflow: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The revisions of workflows (ids, names or a frame). Columns: revision_id, version, workflow_id, status, …."""
        return self._of_workflows(e.REVISIONS, workflow, progress, on_error)

    # Runs -------------------------------------------------------------------------------------------------------

    def runs(
        self,
        workflow: Things | None = None,
        *,
        status: str | Iterable[str] | None = None,
        since: Moment | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
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
        if set(statuses) == set(RUN_STATUSES):
            statuses = [None]  # every status there is: one walk instead of three
        start = moment(since) if since is not None else None
        listings = self._read.runs_of(workflow, statuses, start)
        result = self._lists(e.RUNS, listings, progress, on_error)
        if len(listings) > 1:
            marks = result.attrs
            result = result.sort_values("created_date", ascending=False, kind="stable", ignore_index=True)
            result.attrs = marks
        return result

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
        """Runs by part of their name, or of a field's value (`fields={field_id: text}`, any of them), in any case.

        With `workflow` a field may also be named by its label or key. The most recently updated first. The service shows
        at most 200 of each workflow and status; when that many came, `frame.attrs["incomplete"]` says that more may be
        hidden. Columns as those of `runs`.
        """
        chosen = known(status, RUN_STATUSES, "run status") if status is not None else None
        query = {"name": name, "status": ",".join(chosen) if chosen else None}
        texts = searched(fields or {}, in_workflows=workflow is not None)
        if workflow is not None:
            workflow = self._read.workflow_ids(workflow)  # once, for the fields and for the runs
        query |= {f"fields[{f}]": text for f, text in self._read.by_field_id(texts, workflow).items()}
        listings = [Listing.of(query | w) for w in self._each(workflow)]
        found = self._read.lists(e.RUN_SEARCH, listings, progress=progress, on_error=on_error, unit="workflows")
        result = self._unique(e.RUN_SEARCH, found)
        if any(len(one) >= SEARCH_SHOWS for one in found.lists):
            more = f"The service shows {SEARCH_SHOWS} runs of a search; there may be more."
            result = (Incomplete.of(result) | {"more runs": more}).mark(result)
        return result

    def tasks(
        self,
        runs: Things | None = None,
        *,
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
        if assignee is None:
            return self._of_runs(e.TASKS, runs, workflow, progress, on_error)
        if runs is not None:
            raise ValueError("assignee=… lists a person's tasks by itself. Expected it without runs=….")
        listings = [Listing.of({"assigneeEmail": address(assignee)} | w) for w in self._each(workflow)]
        return self._lists(e.ASSIGNED_TASKS, listings, progress, on_error)

    def form_values(
        self,
        runs: Things | None = None,
        *,
        workflow: Things | None = None,
        wide: bool = False,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What people typed into the forms of runs, decoded; one row a value, or with `wide` one row a run.

        Tidy columns: field_id, label, key, run_id, task_id, field_type, value (text), number, date, items (lists),
        data_set_linked, updated_date, updated_by_…; `to_parquet` takes them without items, whose lists are of many
        kinds and which value has as text. Wide: run_id and one column a field, called by its latest label, typed by its
        kind; with `workflow` in the template's order, fields nobody filled in included.
        """
        from psauth.reading import values  # here, as in _frame: importing psauth loads no pandas

        if wide and runs is None and workflow is not None:
            workflow = self._read.workflow_ids(workflow)  # once, for the values and for the fields
        found = self._children(e.FORM_VALUES, runs, workflow, progress, on_error)
        tidy = values.form_values(_flat(found))
        if wide:
            fields = self.form_fields(workflow, progress=False) if workflow is not None else None
            tidy = values.wide(tidy, fields, [dict(job.names)["run_id"] for job in found.answered])
        return _marked(tidy, found)

    def approvals(
        self,
        runs: Things | None = None,
        *,
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
        runs: Things | None = None,
        *,
        tasks: pd.DataFrame | pd.Series[str] | None = None,
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
        listings = [Listing.of({}, run_id=r, task_id=t) for r, t in pairs(tasks, ("run_id", "task_id"), "tasks")]
        found = self._read.lists(e.TASK_ASSIGNMENTS, listings, progress=progress, on_error=on_error, unit="tasks")
        return self._frame(e.TASK_ASSIGNMENTS, found)

    def comments(
        self,
        *,
        workflow: Things | None = None,
        runs: Things | None = None,
        task: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Comments of workflows, or of runs (ids or a frame) and, if given, one task in them.

        Columns: comment_id, text, run_id, task_id, created_…, updated_….
        """
        if (workflow is None) == (runs is None) or (task is not None and runs is None):
            raise ValueError("Say which comments: expected either workflow=…, or runs=… and perhaps task=….")
        return self._filtered(e.COMMENTS, workflow, {"taskId": an_id(task, "task_id")}, progress, on_error, runs=runs)

    def attachments(
        self,
        *,
        workflow: Things | None = None,
        runs: Things | None = None,
        task: str | None = None,
        created_by: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Attached files, of everything or of workflows, runs (ids or a frame), a task or a person (a user id).

        Columns: attachment_id, file_name, mime_type, size (bytes), workflow_id, run_id, task_id, created_….
        """
        query = {"taskId": an_id(task, "task_id"), "createdById": an_id(created_by, "user_id")}
        return self._filtered(e.ATTACHMENTS, workflow, query, progress, on_error, runs=runs)

    # Data sets, people and the rest -----------------------------------------------------------------------------

    def data_sets(self, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The data sets. Columns: data_set_id, name, fields (JSON: id, name, type), created_…, updated_…, deleted_…."""
        return self._list(e.DATA_SETS, {}, progress, on_error)

    def records(self, data_set: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The records of a data set (id, name or a frame of one), one column a field, by its name and type.

        Columns: record_id, the fields, data_set_id, created_…, updated_…. `.attrs["field_ids"]` maps the fields' columns
        to their ids.
        """
        from psauth.reading import values

        data_set_id = only(self._read.data_set_ids(data_set), "data set")
        fields = self._read.fields_of(data_set_id)
        listings = [Listing.of({}, data_set_id=data_set_id)]
        found = self._read.lists(e.RECORDS, listings, progress=progress, on_error=on_error)
        return _marked(values.records(_flat(found), fields), found)

    def users(self, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The people of the organisation. Columns: user_id, username, email."""
        return self._list(e.USERS, {}, progress, on_error)

    def folders(self, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """The folders of the library. Columns: folder_id, name, parent_folder_id, created_…, updated_…."""
        return self._list(e.FOLDERS, {}, progress, on_error)

    def pages(
        self,
        name: str | None = None,
        *,
        folder: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The pages. Columns: page_id, name, description, folder_id, share_level, reference_id, …."""
        return self._list(e.PAGES, {"name": name, "folderId": an_id(folder, "folder_id")}, progress, on_error)

    def schedules(
        self, *, workflow: Things | None = None, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """Scheduled workflows. Columns: schedule_id, name, workflow_id, start_date, time_zone, next_run_date, …."""
        return self._filtered(e.SCHEDULES, workflow, {}, progress, on_error)

    def work_items(
        self,
        *,
        assignee: str | None = None,
        type: str | None = None,
        workflow: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What waits in somebody's inbox (an e-mail address; None: your own).

        Columns: work_item_id, name, type, workflow_id, run_id, task_id, due_date, snoozed_until, assignees (JSON).
        """
        if type is not None:
            type = only(known(type, e.WORK_ITEM_TYPES, "type of work item"), "type")
        query = {"assigneeEmail": None if assignee is None else address(assignee), "type": type}
        return self._filtered(e.WORK_ITEMS, workflow, query, progress, on_error)

    def work_stats(self, *, assignee: str | None = None) -> dict[str, int]:
        """How much waits in somebody's inbox: total, upcoming, overdue."""
        answer = self._transport.get("/work/stats", None if assignee is None else {"assigneeEmail": address(assignee)})
        return dict(answer["data"]) if isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping) else {}

    def one_off_tasks(self, tasks: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """One-off tasks by id, or a frame with `task_id`; work items of type OneOffTask name them. One request each."""
        listings = [Listing.of({}, task_id=task_id) for task_id in ids(tasks, "task_id")]
        found = self._read.lists(e.ONE_OFF_TASKS, listings, progress=progress, on_error=on_error, unit="tasks")
        return self._frame(e.ONE_OFF_TASKS, found)

    # Inside -----------------------------------------------------------------------------------------------------

    def _list(
        self, endpoint: Endpoint, query: Mapping[str, Any], progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        return self._lists(endpoint, [Listing.of(query)], progress, on_error)

    def _lists(
        self, endpoint: Endpoint, listings: list[Listing], progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        """Lists that may overlap: each record once."""
        found = self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="lists")
        return self._unique(endpoint, found)

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
        of: list[dict[str, str]] = [{}] if runs is None else [{"workflowRunId": r} for r in run_ids(runs)]
        listings = [Listing.of({**r, **query, **w}) for w in self._each(workflow) for r in of]
        return self._lists(endpoint, listings, progress, on_error)

    def _each(self, workflow: Things | None) -> list[dict[str, str]]:
        """The query that asks for one workflow, for each of them; asking for nothing when none is given."""
        return [{}] if workflow is None else [{"workflowId": w} for w in self._read.workflow_ids(workflow)]

    def _of_workflows(
        self, endpoint: Endpoint, workflow: Things, progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        listings = [Listing.of({}, workflow_id=w) for w in self._read.workflow_ids(workflow)]
        found = self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="workflows")
        return self._frame(endpoint, found)

    def _of_runs(
        self, endpoint: Endpoint, runs: Things | None, workflow: Things | None, progress: Progress, on_error: OnError
    ) -> pd.DataFrame:
        return self._frame(endpoint, self._children(endpoint, runs, workflow, progress, on_error))

    def _children(
        self, endpoint: Endpoint, runs: Things | None, workflow: Things | None, progress: Progress, on_error: OnError
    ) -> Fetched[Listing, Record]:
        """The lists of runs; with `workflow` they are fetched while the list of its runs is still being read."""
        if (runs is None) == (workflow is None):
            noun = endpoint.noun
            ways = {"tasks": "runs=…, workflow=… or assignee=…", "assignments": "runs=…, tasks=… or workflow=…"}
            raise ValueError(
                f"Say which {noun.replace('_', ' ')}: expected {ways.get(noun, 'runs=… or workflow=…')}, one of them, "
                f"as in ps.{noun}(runs=frame)."
            )
        listings: list[Listing] | Callable[[Pace], Iterator[Listing]]
        if runs is not None:
            listings = [Listing.of({}, run_id=r) for r in run_ids(runs)]
        elif workflow is not None:
            listings = self._read.children_of_runs(workflow)
        return self._read.lists(endpoint, listings, progress=progress, on_error=on_error, unit="runs")

    def _unique(self, endpoint: Endpoint, found: Fetched[Listing, Record]) -> pd.DataFrame:
        from psauth.reading.frames import frame

        return _marked(frame(unique(_flat(found), endpoint.key), endpoint), found)

    def _frame(self, endpoint: Endpoint, found: Fetched[Listing, Record]) -> pd.DataFrame:
        from psauth.reading.frames import frame  # here, because importing psauth loads no pandas

        return _marked(frame(_flat(found), endpoint), found)


def _flat(found: Fetched[Listing, Record]) -> list[Record]:
    return [record for one in found.lists for record in one]


def _marked(frame: pd.DataFrame, found: Fetched[Listing, Record]) -> pd.DataFrame:
    """The frame, saying what is missing in it where something is."""
    missing = {str(listing) or "the list": str(error) for listing, error in found.failed.items()}
    if found.cut_short is not None:
        missing[REST] = found.cut_short
    return Incomplete(missing).mark(frame)
