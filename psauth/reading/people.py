"""People: who is in the organisation, and what waits for them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from psauth.reading.arguments import a_limit, address, ids, known, only
from psauth.reading.endpoints import ONE_OFF_TASKS, USERS, WORK_ITEM_TYPES, WORK_ITEMS
from psauth.reading.fetch import OnError, Progress
from psauth.reading.reader import Listing
from psauth.reading.reads import Reads

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Things


class PeopleReads(Reads):
    """Reads of people and their inboxes."""

    def users(
        self, *, limit: int | None = None, progress: Progress = True, on_error: OnError = "raise"
    ) -> pd.DataFrame:
        """The people of the organisation, one row each; robots and groups are among them.

        Parameters:
            limit: only the first so many; None: all. Where that ended the list, `frame.attrs["limit"]` holds it.
            progress, on_error: see ProcessStreet.

        Columns: user_id, username, email.

        >>> ps.users()[["username", "email"]].head(2)
                username                      email
        0  Ada Lindqvist  ada.lindqvist@example.com
        1    Aiko Tanaka    aiko.tanaka@example.com
        """
        return self._list(USERS, {}, progress, on_error, a_limit(limit))

    def work_items(
        self,
        *,
        assignee: str | None = None,
        type: str | None = None,
        workflow: Things | None = None,
        progress: Progress = True,
        on_error: OnError = "raise",
    ) -> pd.DataFrame:
        """What waits in a person's inbox, one row an item.

        Parameters:
            assignee: the person's e-mail address; None: your own inbox.
            type: one of Checklist, StandardTask, ApprovalTask, OneOffTask, Acknowledgment; None: any.
            workflow: only items of these workflows (id, name, several, or a frame with workflow_id); None: all.
            progress, on_error: see ProcessStreet.

        Columns: work_item_id, name, type, workflow_id, run_id, task_id, due_date, snoozed_until, assignees (JSON).

        Errors: ArgumentError for what is no e-mail address, an unknown type or workflow.

        >>> items = ps.work_items(type="StandardTask")
        >>> items["type"].unique().tolist()
        ['StandardTask']
        """
        if type is not None:
            type = only(known(type, WORK_ITEM_TYPES, "type of work item"), "type")
        query = {"assigneeEmail": None if assignee is None else address(assignee), "type": type}
        return self._filtered(WORK_ITEMS, workflow, query, progress, on_error)

    def work_stats(self, *, assignee: str | None = None) -> dict[str, int]:
        """How many items wait in a person's inbox: total, upcoming and overdue, in one request.

        Parameters:
            assignee: the person's e-mail address; None: your own inbox.

        Errors: ArgumentError for what is no e-mail address.

        >>> sorted(ps.work_stats(assignee="ada.lindqvist@example.com"))
        ['overdue', 'total', 'upcoming']
        """
        answer = self._transport.get("/work/stats", None if assignee is None else {"assigneeEmail": address(assignee)})
        return dict(answer["data"]) if isinstance(answer, Mapping) and isinstance(answer.get("data"), Mapping) else {}

    def one_off_tasks(self, tasks: Things, *, progress: Progress = True, on_error: OnError = "raise") -> pd.DataFrame:
        """Tasks that belong to no workflow, one row and one request each. The service has no list of them.

        Parameters:
            tasks: their ids, or a frame with task_id, such as `ps.work_items(type="OneOffTask")`.
            progress, on_error: see ProcessStreet.

        Columns: task_id, name, description, status, due_date, required, visibility, run_id, assignments (JSON), subtasks
        (JSON), created_…, updated_….

        Errors: ArgumentError for what is no id.

        >>> ps.one_off_tasks(ps.work_items(type="OneOffTask").head(1)).columns[:2].tolist()
        ['task_id', 'name']
        """
        listings = [Listing.of({}, task_id=task_id) for task_id in ids(tasks, "task_id")]
        fetched = self._read.lists(ONE_OFF_TASKS, listings, progress=progress, on_error=on_error, unit="tasks")
        return self._frame(ONE_OFF_TASKS, fetched)
