"""Forms: what people typed in, wrote beside it and attached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import an_id, run_ids
from psauth.reading.endpoints import ATTACHMENTS, COMMENTS, FORM_VALUES
from psauth.reading.fetch import OnError, Progress
from psauth.reading.reads import marked, records_of
from psauth.reading.workflows import WorkflowReads

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things


class FormReads(WorkflowReads):
    """Reads of form values, comments and attachments."""

    def form_values(
        self,
        runs: Things | None = None,
        *,
        workflow: Things | None = None,
        wide: bool = False,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What people typed into the forms of runs, decoded: one row a value, or with `wide` one row a run.

        Parameters:
            runs: ids of runs, or a frame with run_id: one request or more for each. A workflow's name stands for all
                its runs.
            workflow: all runs of these workflows (id, name, several, or a frame with workflow_id).
            wide: one row for each run, and one column for each field, called by its latest label, typed by its kind. With
                `workflow` the columns stand in the template's order, and fields that nobody filled in are there too.
            progress, on_error: see ProcessStreet.

        Columns: field_id, label, key, run_name, workflow_name, run_id, task_id, field_type, value (text), number, date,
        date_only (a calendar day, which stands as midnight UTC), items (lists), data_set_linked, updated_date,
        updated_by_…. Wide: run_id and one column a field; `Days.of(frame)` tells days from moments. A number or date that
        cannot be read is missing; `Unreadable.of(frame)` has its text. run_name and workflow_name are filled in where
        this client has read them before, or they stand in the frame passed as `runs`, and are missing else. `to_parquet`
        takes all columns but items, whose lists are of many kinds and which value has as text.

        Errors: ArgumentError for an unknown workflow, and for what is no id of a run.

        >>> values = ps.form_values(ps.runs("Purchase Request", limit=5))
        >>> values[["label", "field_type", "workflow_name"]].head(2)
           label field_type     workflow_name
        0   Item       Text  Purchase Request
        1  Price     Number  Purchase Request
        >>> ps.form_values(ps.runs("Purchase Request", limit=5), wide=True)["Price"].dtype
        dtype('float64')
        """
        from psauth.reading import values  # here, because importing psauth loads no pandas

        if runs is not None and workflow is None:
            runs, workflow = self._read.runs_or_workflow(runs)
            runs = None if runs is None else run_ids(runs)
        if wide and runs is None and workflow is not None:
            workflow = self._read.workflow_ids(workflow)  # once, for the values and for the fields
        fetched = self._in_runs(FORM_VALUES, runs, workflow, progress, on_error)
        tidy = values.form_values(records_of(fetched))
        if not wide:
            return marked(self._read.names.fill(tidy), fetched)
        fields = self.form_fields(workflow, progress=False) if workflow is not None else None
        return marked(values.wide(tidy, fields, [dict(job.names)["run_id"] for job in fetched.answered]), fetched)

    def comments(
        self,
        *,
        workflow: Things | None = None,
        runs: Things | None = None,
        task: str | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The comments in runs, one row each.

        Parameters:
            workflow: those in all runs of these workflows (id, name, several, or a frame with workflow_id).
            runs: those in these runs (ids, or a frame with run_id).
            task: with `runs`, only those on the task of this id.
            progress, on_error: see ProcessStreet.

        Columns: comment_id, text, run_id, task_id, created_…, updated_….

        Errors: ArgumentError unless one of workflow and runs is passed, and for an unknown workflow.

        >>> ps.comments(runs=ps.runs("Purchase Request", limit=5)).columns[:4].tolist()
        ['comment_id', 'text', 'run_id', 'task_id']
        """
        if (workflow is None) == (runs is None) or (task is not None and runs is None):
            raise ArgumentError("Say which comments: expected either workflow=…, or runs=… and perhaps task=….")
        return self._filtered(COMMENTS, workflow, {"taskId": an_id(task, "task_id")}, progress, on_error, runs=runs)

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
        """The files attached to runs, one row each; without parameters all of them.

        Parameters:
            workflow: those in all runs of these workflows (id, name, several, or a frame with workflow_id).
            runs: those in these runs (ids, or a frame with run_id).
            task: those on the task of this id.
            created_by: those that the person of this user_id attached.
            progress, on_error: see ProcessStreet.

        Columns: attachment_id, file_name, mime_type, size (bytes), workflow_id, run_id, task_id, created_….

        Errors: ArgumentError for an unknown workflow, and for a name where an id is expected.

        >>> ps.attachments(runs=ps.runs("Purchase Request", limit=5)).columns[:4].tolist()
        ['attachment_id', 'file_name', 'mime_type', 'size']
        """
        query = {"taskId": an_id(task, "task_id"), "createdById": an_id(created_by, "user_id")}
        return self._filtered(ATTACHMENTS, workflow, query, progress, on_error, runs=runs)
