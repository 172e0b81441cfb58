"""Writes: the few things that may be changed in Process Street, each so that it happens once or not at all."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from psauth.api.transport import Transport
from psauth.exceptions import ApiError, ArgumentError, OutcomeUnknown
from psauth.reading.arguments import ID_SHAPE, address, ids, only, run_ids
from psauth.reading.endpoint import Endpoint
from psauth.reading.endpoints import RUN_ASSIGNMENTS, TASK_ASSIGNMENTS, TASKS, USERS
from psauth.reading.fetch import Progress
from psauth.reading.lookup import find
from psauth.reading.reader import Listing, Reader
from psauth.writing.once import surely
from psauth.writing.states import RUN_STATE, TASK_STATE, change, explain_due_date
from psauth.writing.values import written

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Moment, Things

log = logging.getLogger(__name__)


class Writes:
    """What can be written with one connection. `psauth.connect()` makes it, as part of a ProcessStreet.

    Nothing is sent twice while it is open whether the first time was enough: when an answer is lost, psauth looks, and
    sends again only what was certainly not done. Where that cannot be found out, OutcomeUnknown says so. Every write may
    also raise the errors of the service, an ApiError; an ArgumentError is raised before anything is sent.
    """

    _transport: Transport
    _read: Reader

    def start_run(
        self,
        workflow: Things,
        *,
        name: str | None = None,
        due_date: Moment | None = None,
        reference_id: str | None = None,
    ) -> str:
        """Start a run of a workflow and return its run_id.

        Parameters:
            workflow: an id or a name.
            name: what the run is called; None: Process Street calls it by its start.
            due_date: a moment that is at least a day ahead; a date means its midnight UTC, no time zone UTC.
            reference_id: the service starts one run for a reference id, however often it is asked. Give one of yours,
                such as the number of an order; None: a new one for each call.

        Errors: ArgumentError for an unknown workflow and for what is no date; ApiError for a due date that is past.

        >>> run_id = ps.start_run("Employee Onboarding", name="Ana Lima", reference_id="HR-2026-118")
        >>> ps.start_run("Employee Onboarding", reference_id="HR-2026-118") == run_id
        True
        """
        for parameter, text in {"name": name, "reference_id": reference_id}.items():
            if text is not None and (not isinstance(text, str) or not text.strip()):
                raise ArgumentError(f"{parameter}={text!r} cannot be sent. Expected a text, or None.")
        due = None if due_date is None else written(due_date)
        workflow_id = only(self._read.workflow_ids(workflow), "workflow")
        reference = reference_id or secrets.token_urlsafe(16)
        wanted = {"workflowId": workflow_id, "name": name, "dueDate": due, "referenceId": reference}
        body = {key: value for key, value in wanted.items() if value is not None}
        try:
            answer = self._transport.send("POST", "/workflow-runs", body, content="record", repeatable=True)
        except OutcomeUnknown as unknown:
            unknown.args = (
                f"{unknown} If a run was started, the answer names no id: find it with ps.runs(), or ask again with "
                f"reference_id={reference!r}, which starts no second one.",
            )
            raise
        except ApiError as error:
            explain_due_date(error, due)
            raise
        run_id = str(answer["id"])
        log.info("started a run of workflow %s", workflow_id)
        return run_id

    def complete_task(self, run: str, task: str) -> None:
        """Tick off a task of a run; nothing is sent when it is completed already.

        Parameters:
            run: its id, or a row of `runs` or `tasks`.
            task: its id or name, or a row of `tasks`.

        Errors: ArgumentError for an unknown task; ApiError where the service refuses. It refuses a task that is overdue:
        a change sets the due date too, and one that is past is not taken. The message says so, and nothing is changed.

        >>> ps.complete_task(run_id, "Create accounts")
        >>> ps.tasks(runs=run_id).set_index("name").loc["Create accounts", "status"]
        'Completed'
        """
        self._change_task(run, task, status="Completed")

    def reopen_task(self, run: str, task: str) -> None:
        """Take back the tick of a task of a run; nothing is sent when it is open already.

        Parameters and errors are those of `complete_task`.

        >>> ps.reopen_task(run_id, "Create accounts")
        >>> ps.tasks(runs=run_id).set_index("name").loc["Create accounts", "status"]
        'NotCompleted'
        """
        self._change_task(run, task, status="NotCompleted")

    def set_due_date(self, run: str, due_date: Moment | None, *, task: str | None = None) -> None:
        """Set the due date of a run, or of one of its tasks; nothing else of it is changed.

        Parameters:
            run: its id, or a row of `runs` or `tasks`.
            due_date: a moment that is at least a day ahead; a date means its midnight UTC, no time zone UTC; None takes
                the due date away.
            task: a task's id or name, or a row of `tasks`; None: the due date of the run.

        Errors: ArgumentError for an unknown task and for what is no date; ApiError for a due date that is past.

        >>> ps.set_due_date(run_id, "2099-12-31", task="Create accounts")
        >>> ps.tasks(runs=run_id).set_index("name").loc["Create accounts", "due_date"]
        Timestamp('2099-12-31 00:00:00+0000', tz='UTC')
        """
        wanted = None if due_date is None else written(due_date)
        if task is not None:
            self._change_task(run, task, dueDate=wanted)
            return
        change(self._transport, f"/workflow-runs/{_run(run)}", RUN_STATE, {"dueDate": wanted})

    def set_form_values(self, run: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Set form fields of a run, all of them or none, and return their rows of `form_values`.

        Parameters:
            run: its id, or a row of `runs` or `tasks`.
            values: what to set, by field: its id, label or key, or the name of its column in a wide frame of
                `form_values`. Texts, numbers, dates (a date without a time of day is shown as a day), lists for choices
                and members (e-mail addresses), rows (lists) for tables; None clears a field.

        A field that holds its value already is not sent: a value that was read and is given back changes nothing, also
        where it could not be read and is missing in the frame. A day stays a day when its frame's moment is given.

        Errors: ArgumentError for an unknown field, a label that several fields have, and a value of the wrong kind;
        ApiError for what the service alone knows, like an option that a field does not have (see `field_options`).

        >>> from datetime import date
        >>> rows = ps.set_form_values(run_id, {"Full name": "Ana Lima", "Start date": date(2026, 12, 1)})
        >>> rows[["label", "value", "date_only"]]
                label                     value  date_only
        0   Full name                  Ana Lima       <NA>
        1  Start date  2026-12-01T00:00:00.000Z       True
        """
        from psauth.writing.forms import set_values  # here, because importing psauth loads no pandas

        run_id = _run(run)
        if not hasattr(values, "items") or not all(isinstance(name, str) for name, _ in values.items()):
            raise ArgumentError(f'{values!r} cannot be set. Expected values by field, like {{"Salary": 52_000}}.')
        return set_values(self._read, run_id, values)

    def assign(self, run: str, email: str, *, task: str | None = None, invite: bool = False) -> None:
        """Put a person on a run, or on one of its tasks; nothing is sent for who is on it already.

        Parameters:
            run: its id, or a row of `runs` or `tasks`.
            email: the person's address, in any case.
            task: a task's id or name, or a row of `tasks`; None: the run itself.
            invite: the service invites an unknown address to the organisation as a guest. So that a slip invites nobody,
                psauth looks among the users first; True says that it is meant.

        Errors: ArgumentError for an unknown task, and for an address that is nobody's unless `invite` is given.

        >>> ps.assign(run_id, "aiko.tanaka@example.com")
        >>> "aiko.tanaka@example.com" in list(ps.assignments(runs=run_id)["email"])
        True
        """
        address(email)
        path, listing = self._place(run, task)
        if self._assigned(listing, email) is not None:
            return
        if not invite:
            known = [str(user.get("email", "")) for user in self._read.records(USERS)]
            if email.casefold() not in map(str.casefold, known):
                raise ArgumentError(
                    f"{email!r} is nobody of this organisation; Process Street would invite them as a guest. Check the "
                    "address, or say invite=True if that is meant."
                )
        method = "POST" if task is None else "PUT"
        surely(
            lambda: self._transport.send(method, f"{path}/{quote(email, safe='@')}", content="nothing"),
            lambda: self._assigned(listing, email) is not None,
        )

    def unassign(self, run: str, email: str, *, task: str | None = None) -> None:
        """Take a person off a run, or off one of its tasks; nothing is sent for who is not on it.

        Parameters:
            run: its id, or a row of `runs` or `tasks`.
            email: the person's address, in any case.
            task: a task's id or name, or a row of `tasks`; None: the run itself.

        Errors: ArgumentError for an unknown task and for what is no address.

        >>> ps.unassign(run_id, "aiko.tanaka@example.com")
        >>> "aiko.tanaka@example.com" in list(ps.assignments(runs=run_id)["email"])
        False
        """
        address(email)
        path, listing = self._place(run, task)
        assigned = self._assigned(listing, email)
        if assigned is None:
            return
        surely(
            lambda: self._transport.send("DELETE", f"{path}/{quote(assigned, safe='@')}", content="nothing"),
            lambda: self._assigned(listing, email) is None,
        )

    def write_records(
        self,
        data_set: Things,
        frame: pd.DataFrame,
        *,
        key: str,
        remove: bool = False,
        dry_run: bool = False,
        progress: Progress = True,
    ) -> pd.DataFrame:
        """Make a data set equal to a frame, record by record, and report what was done.

        Parameters:
            data_set: an id, a name, or a frame of one.
            frame: as `records` gives it, changed. Rows that the data set lacks are added, those that differ changed.
                Columns that the frame does not have keep what they hold; what is missing in a row is emptied.
            key: the column that tells records apart; record_id is one too.
            remove: take out records that the frame lacks. None is taken out while a row cannot be told by its key.
            dry_run: write nothing, and show what would be done.
            progress: see ProcessStreet.

        A cell that is no value of its column's type, like 1.250,00 in a column of numbers, is missing in a frame. It is
        left as it is, unless the frame has a value there; `Unreadable.of(report)` has the cells that were left so. To
        empty one, write a value first. What a frame shows and is not changed is never sent otherwise than it is stored.

        The report has one row for each record to write: action (add, change, remove), the key, record_id, changes (as
        "City: Linz → Graz"), outcome (planned, done, failed, unknown) and error. A row that cannot be written does not
        stop the others. Writing again repeats nothing: it looks first.

        Errors: ArgumentError for an unknown data set, key or column, and for a frame that is incomplete.

        >>> vendors = ps.records("Vendors")
        >>> vendors.loc[vendors["Name"] == "Tanaka Seiki", "Rating"] = 9.5
        >>> ps.write_records("Vendors", vendors, key="Name", progress=False)[["action", "Name", "outcome"]]
           action          Name outcome
        0  change  Tanaka Seiki    done
        """
        from psauth.writing.records import RecordWriter

        data_set_id = only(self._read.data_set_ids(data_set), "data set")
        return RecordWriter(self._read, data_set_id).write(
            frame, key=key, remove=remove, dry_run=dry_run, progress=progress
        )

    def _change_task(self, run: str, task: str, **changes: Any) -> None:
        run_id = _run(run)
        path = f"/workflow-runs/{run_id}/tasks/{self._task(run_id, task)}"
        change(self._transport, path, TASK_STATE, changes)

    def _task(self, run_id: str, task: str) -> str:
        """The id of a task of a run, from an id, a name or a row of tasks."""
        task = only(ids(task, "task_id"), "task")
        if ID_SHAPE.fullmatch(task):
            return task
        tasks = list(self._read.records(TASKS, Listing.of({}, run_id=run_id)))
        return quote(str(find(task, tasks, "task of the run")["id"]), safe="")

    def _place(self, run: str, task: str | None) -> tuple[str, tuple[Endpoint, Listing]]:
        """Where the assignees of a run or a task are, to be written and to be read."""
        run_id = _run(run)
        if task is None:
            return f"/workflow-runs/{run_id}/assignees", (RUN_ASSIGNMENTS, Listing.of({}, run_id=run_id))
        task_id = self._task(run_id, task)
        listing = Listing.of({}, run_id=run_id, task_id=task_id)
        return f"/workflow-runs/{run_id}/tasks/{task_id}/assignees", (TASK_ASSIGNMENTS, listing)

    def _assigned(self, place: tuple[Endpoint, Listing], email: str) -> str | None:
        """The address as it stands among the assignees of that place, in whatever case; None where it does not."""
        assigned = (str(person.get("email", "")) for person in self._read.records(*place))
        return next((address for address in assigned if address.casefold() == email.casefold()), None)


def _run(run: str) -> str:
    return quote(only(run_ids(run), "run"), safe="")
