"""Tasks: those of runs, who is assigned to them, and what approvals decided."""

from __future__ import annotations

from typing import TYPE_CHECKING

from psauth.exceptions import ArgumentError
from psauth.reading.arguments import addresses, pairs
from psauth.reading.endpoints import APPROVALS, ASSIGNED_TASKS, RUN_ASSIGNMENTS, TASK_ASSIGNMENTS, TASKS
from psauth.reading.fetch import OnError, Progress
from psauth.reading.reader import Listing
from psauth.reading.reads import Reads

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things


class TaskReads(Reads):
    """Reads of tasks, assignments and approvals."""

    def tasks(
        self,
        runs: Things | None = None,
        *,
        workflow: Things | None = None,
        assignee: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """The tasks of runs, one row for each task of a run, hidden ones included, in the template's order.

        Say which tasks by one of runs, workflow and assignee; assignee goes with workflow too.

        Parameters:
            runs: ids of runs, or a frame with run_id: one request or more for each. A workflow's name stands for all
                its runs.
            workflow: all runs of these workflows (id, name, several, or a frame with workflow_id).
            assignee: one or more e-mail addresses, or a frame with email, such as `ps.users()`: the tasks of these
                people, which takes far fewer requests. A task that several of them have comes once.
            progress, on_error: see ProcessStreet.

        Columns: task_id, name, run_name, workflow_name, run_id, status, task_type, hidden, stopped, due_date,
        completed_date, completed_by_…, updated_date, updated_by_…, link. A task_id is the template's and repeats in every
        run: merge on run_id and task_id. run_name and workflow_name are filled in where this client has read them before,
        or they stand in the frame passed as `runs`, and are missing else.

        Errors: ArgumentError for an unknown workflow, for what is no id of a run, and for what is no e-mail address.

        >>> ps.tasks(ps.runs("Purchase Request", limit=10))[["name", "workflow_name"]].head(2)
                            name     workflow_name
        0  Describe the purchase  Purchase Request
        1       Check the budget  Purchase Request
        """
        if assignee is None:
            return self._frame(TASKS, self._in_runs(TASKS, runs, workflow, progress, on_error))
        if runs is not None:
            raise ArgumentError("assignee=… lists a person's tasks by itself. Expected it without runs=….")
        people = addresses(assignee)
        queries = self._workflow_queries(workflow)
        listings = [Listing.of({"assigneeEmail": email} | each) for email in people for each in queries]
        return self._lists(ASSIGNED_TASKS, listings, progress, on_error)

    def assignments(
        self,
        runs: Things | None = None,
        *,
        tasks: pd.DataFrame | pd.Series[str] | None = None,
        workflow: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """Who is assigned to runs, or to tasks; one row for each person and run or task.

        It takes one request for each run or task, so choose them with care.

        Parameters:
            runs: ids of runs, or a frame with run_id. A workflow's name stands for all its runs.
            tasks: a frame of `tasks`, or a row of one: those who are assigned to these tasks.
            workflow: all runs of these workflows (id, name, several, or a frame with workflow_id).
            progress, on_error: see ProcessStreet.

        Columns: user_id, username, email, run_id, task_id (missing for those who are assigned to a run).

        Errors: ArgumentError for an unknown workflow, and for a frame that lacks these ids.

        >>> ps.assignments(ps.runs("Purchase Request", limit=20)).columns.tolist()
        ['user_id', 'username', 'email', 'run_id', 'task_id']
        """
        if tasks is None:
            return self._frame(RUN_ASSIGNMENTS, self._in_runs(RUN_ASSIGNMENTS, runs, workflow, progress, on_error))
        if runs is not None or workflow is not None:
            raise ArgumentError("Say which assignments: expected either tasks=…, or runs=… or workflow=….")
        listings = [Listing.of({}, run_id=r, task_id=t) for r, t in pairs(tasks, ("run_id", "task_id"), "tasks")]
        fetched = self._read.lists(TASK_ASSIGNMENTS, listings, progress=progress, on_error=on_error, unit="tasks")
        return self._frame(TASK_ASSIGNMENTS, fetched)

    def approvals(
        self,
        runs: Things | None = None,
        *,
        workflow: Things | None = None,
        subjects: bool = True,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What approval tasks decided, one row for each approval task and each task that it decided on (its subject).

        One click on Approve or Reject decides on all subjects of an approval task, and is as many rows. The service lists
        only what was decided, and of several decisions on one subject the last.

        Parameters:
            runs: ids of runs, or a frame with run_id. A workflow's name stands for all its runs.
            workflow: all runs of these workflows (id, name, several, or a frame with workflow_id).
            subjects: False gives the decisions alone, one row for each approval task of a run: Rejected where any subject
                was rejected, with the latest such decision, else Approved with the latest of all; subject_task_id is
                missing then.
            progress, on_error: see ProcessStreet.

        Columns: approval_id, run_id, approval_task_id, subject_task_id, status, comment, reviewed_by_…, created_…,
        updated_….

        Errors: ArgumentError for an unknown workflow, and for what is no id of a run.

        >>> runs = ps.runs("Purchase Request", status="Completed", limit=5)
        >>> len(ps.approvals(runs)), len(ps.approvals(runs, subjects=False))
        (10, 5)
        """
        result = self._frame(APPROVALS, self._in_runs(APPROVALS, runs, workflow, progress, on_error))
        return result if subjects else _decisions(result)


def _decisions(approvals: pd.DataFrame) -> pd.DataFrame:
    """One row for each approval task of a run, in the order in which they came."""
    from psauth.reading.frames import texts  # here, because importing psauth loads no pandas

    attrs = approvals.attrs
    order = approvals.assign(rejected=approvals["status"] == "Rejected")
    order = order.sort_values(["rejected", "updated_date"], kind="stable", na_position="first")
    last = order.drop_duplicates(["run_id", "approval_task_id"], keep="last").index
    place = approvals.groupby(["run_id", "approval_task_id"], sort=False, dropna=False).ngroup()
    chosen = sorted(last, key=lambda row: place[row])
    result = approvals.loc[chosen].reset_index(drop=True)
    result["subject_task_id"] = texts([None] * len(result))
    result.attrs = attrs
    return result
