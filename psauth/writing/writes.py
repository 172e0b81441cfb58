"""Writes: the few things that may be changed in Process Street, each so that it happens once or not at all."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from psauth.api.pages import Record
from psauth.api.transport import Transport
from psauth.exceptions import ApiError, OutcomeUnknown
from psauth.reading.arguments import ID_SHAPE, address, ids, moment, only, run_ids
from psauth.reading.endpoint import Endpoint
from psauth.reading.endpoints import FORM_VALUES, RUN_ASSIGNMENTS, TASK_ASSIGNMENTS, TASKS, USERS
from psauth.reading.fetch import Progress
from psauth.reading.lookup import find, names_of
from psauth.reading.reader import FIELD_NAMES, Listing, Reader
from psauth.writing.values import by_name, form_entry, written

if TYPE_CHECKING:
    import pandas as pd

    from psauth.reading.arguments import Moment, Things

log = logging.getLogger(__name__)

ATTEMPTS: Final = 3
"""A write of which a look shows that it was not done is sent this often."""
RUN_STATE: Final = {"name": "", "status": None, "shared": False, "dueDate": None}
TASK_STATE: Final = {"status": None, "dueDate": None}
"""What a PUT of a run or a task sets, with what stands for nothing; a key left out of it is emptied (official document)."""


class Writes:
    """What can be written with one connection. `psauth.connect()` makes it, as part of a ProcessStreet.

    Nothing is sent twice while it is open whether the first time was enough: when an answer is lost, psauth looks, and
    sends again only what was certainly not done. Where that cannot be found out, OutcomeUnknown says so.
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
        """Start a run of a workflow (id or name) and return its run_id.

        The service starts one run for a reference id, however often it is asked; psauth makes a new one for each call
        unless you give yours, such as the number of an order.

        >>> ps.start_run("Employee Onboarding", name="Ana Lima", due_date="2026-12-01")    # doctest: +SKIP
        'ohVSQR5GrQZ0IEteBL5OQw'
        """
        for what, text in {"name": name, "reference_id": reference_id}.items():
            if text is not None and (not isinstance(text, str) or not text.strip()):
                raise ValueError(f"{what}={text!r} cannot be sent. Expected a text, or None.")
        due = None if due_date is None else written(due_date)
        workflow_id = only(self._read.workflow_ids(workflow), "workflow")
        body = {
            "workflowId": workflow_id,
            "name": name,
            "dueDate": due,
            "referenceId": reference_id or secrets.token_urlsafe(16),
        }
        given = {key: value for key, value in body.items() if value is not None}
        answer = self._transport.send("POST", "/workflow-runs", given, repeatable=True)
        run_id = answer.get("id") if isinstance(answer, Mapping) else None
        if not isinstance(run_id, str):
            raise ApiError(
                "A run was started, but the answer names no id. Find it with ps.runs(), or ask again with "
                f"reference_id={body['referenceId']!r}: that starts no second one."
            )
        log.info("started a run of workflow %s", workflow_id)
        return run_id

    def complete_task(self, run: str, task: str) -> None:
        """Tick off a task (id or name) of a run; nothing is sent when it is completed already."""
        self._change_task(run, task, status="Completed")

    def reopen_task(self, run: str, task: str) -> None:
        """Take the tick of a task (id or name) of a run back; nothing is sent when it is open already."""
        self._change_task(run, task, status="NotCompleted")

    def set_due_date(self, run: str, due_date: Moment | None, *, task: str | None = None) -> None:
        """Set the due date of a run, or of one of its tasks (id or name); None takes it away.

        A date means its midnight UTC, and so does a moment without a time zone mean UTC.
        """
        wanted = None if due_date is None else written(due_date)
        if task is not None:
            self._change_task(run, task, dueDate=wanted)
            return
        self._change(f"/workflow-runs/{_run(run)}", RUN_STATE, {"dueDate": wanted})

    def set_form_values(self, run: str, values: Mapping[str, Any]) -> pd.DataFrame:
        """Set form fields of a run, by field id or label, all or none; the rows of `form_values` that were set.

        Texts, numbers, dates (a date without a time of day is shown as one), lists for choices and members (e-mail
        addresses), rows (lists) for tables; None clears a field. ValueError before anything is sent for a field there is
        not, a label that several fields have, or a value of the wrong kind; what the service alone knows, like an option
        that a field does not have (see `field_options`), is its ApiError.

        >>> ps.set_form_values(run_id, {"Start date": date(2026, 12, 1), "Salary": 52_000})   # doctest: +SKIP
        """
        from psauth.reading import values as decoding  # here, because importing psauth loads no pandas

        run_id = _run(run)
        if not hasattr(values, "items") or not all(isinstance(name, str) for name, _ in values.items()):
            raise ValueError(f'{values!r} cannot be set. Expected values by field, like {{"Salary": 52_000}}.')
        there = list(self._read.records(FORM_VALUES, Listing.of({}, run_id=run_id)))
        wanted: dict[str, Record] = {}
        called: list[str] = []
        for name, value in values.items():
            field = find(name, there, "form field of the run", FIELD_NAMES)
            called.append(names_of(field, (*FIELD_NAMES, "id"))[0])
            if str(field["id"]) in wanted:
                raise ValueError(f"{name!r} is named twice, by its id and by its label. Expected each field once.")
            wanted[str(field["id"])] = form_entry(field, value)
        if not wanted:
            return decoding.form_values([])

        def look() -> list[Record]:
            now = self._read.records(FORM_VALUES, Listing.of({}, run_id=run_id))
            return [field for field in now if str(field["id"]) in wanted]

        body = {"fields": list(wanted.values())}
        try:
            answer = self._transport.send("POST", f"/workflow-runs/{run_id}/form-fields", body)
            made = answer.get("fields") if isinstance(answer, Mapping) else None
            if not isinstance(made, list):  # done, but not shown
                made = look()
        except OutcomeUnknown as unknown:
            try:
                made = look()
            except ApiError:
                raise unknown from None
            if len(made) < len(wanted) or not all(_stands(field, wanted[str(field["id"])]) for field in made):
                raise
        except ApiError as error:  # the service counts the fields as they were sent; people call them by their labels
            error.args = (by_name(str(error), called),)
            raise
        log.info("set %d form values of run %s", len(wanted), run_id)
        return decoding.form_values(made)

    def assign(self, run: str, email: str, *, task: str | None = None, invite: bool = False) -> None:
        """Put a person on a run, or on one of its tasks (id or name); nothing is sent for who is on it already.

        The service invites an unknown address to the organisation as a guest. So that a slip invites nobody, psauth
        looks among the users first and raises ValueError, unless `invite` says that it is meant.
        """
        address(email)
        path, listing = self._place(run, task)
        if self._assigned(listing, email) is not None:
            return
        if not invite:
            known = [str(user.get("email", "")) for user in self._read.records(USERS)]
            if email.casefold() not in map(str.casefold, known):
                raise ValueError(
                    f"{email!r} is nobody of this organisation; Process Street would invite them as a guest. Check the "
                    "address, or say invite=True if that is meant."
                )
        method = "POST" if task is None else "PUT"
        self._surely(
            lambda: self._transport.send(method, f"{path}/{quote(email, safe='@')}"),
            lambda: self._assigned(listing, email) is not None,
        )

    def unassign(self, run: str, email: str, *, task: str | None = None) -> None:
        """Take a person off a run, or off one of its tasks (id or name); nothing is sent for who is not on it."""
        address(email)
        path, listing = self._place(run, task)
        there = self._assigned(listing, email)
        if there is None:
            return
        self._surely(
            lambda: self._transport.send("DELETE", f"{path}/{quote(there, safe='@')}"),
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
        """Make a data set (id or name) equal to a frame, record by record, and report what was done.

        Records are told apart by the column `key` (record_id is one too). Rows that the data set lacks are added, those
        that differ changed, and with `remove` records that the frame lacks are taken out. Columns that the frame does not
        have keep what they hold; what is missing in a row is emptied. `dry_run` writes nothing and shows what would be.

        The report has one row for each record to write: action (add, change, remove), the key, record_id, changes (as
        "City: Linz → Graz"), outcome (planned, done, failed, unknown) and error. A row that cannot be written does not
        stop the others. Writing again repeats nothing: it looks first.

        >>> suppliers = ps.records("Suppliers")                                           # doctest: +SKIP
        >>> ps.write_records("Suppliers", suppliers, key="Name", dry_run=True)            # doctest: +SKIP
        """
        from psauth.writing.records import RecordWriter

        data_set_id = only(self._read.data_set_ids(data_set), "data set")
        return RecordWriter(self._read, data_set_id).write(
            frame, key=key, remove=remove, dry_run=dry_run, progress=progress
        )

    # Inside -----------------------------------------------------------------------------------------------------

    def _change_task(self, run: str, task: str, **changes: Any) -> None:
        run_id = _run(run)
        path = f"/workflow-runs/{run_id}/tasks/{self._task(run_id, task)}"
        self._change(path, TASK_STATE, changes)

    def _change(self, path: str, state: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
        """Change some values of a thing. A PUT sets all of them anew, so the others are read first and sent along."""

        def read() -> Record:
            record = self._transport.get(path)
            if not isinstance(record, Mapping) or record.get("status") is None:  # which every run and task has
                raise ApiError(
                    f"{path} was read before it is changed, but what came is no such thing. Nothing was sent."
                )
            return {name: unset if record.get(name) is None else record[name] for name, unset in state.items()}

        before = read()
        wanted = {**before, **changes}
        if _same(before, wanted):
            return
        body = {name: value for name, value in wanted.items() if value is not None}
        self._surely(lambda: self._transport.send("PUT", path, body), lambda: _same(read(), wanted))
        log.info("changed %s of %s", ", ".join(changes), path)

    def _surely(self, send: Callable[[], Any], is_done: Callable[[], bool]) -> None:
        """Send a write; when nobody knows whether it was done, look, and send again only what was not."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                send()
            except OutcomeUnknown as unknown:
                try:
                    done = is_done()
                except ApiError:
                    raise unknown from None
                if done:
                    return
                if attempt == ATTEMPTS:
                    raise
            else:
                return

    def _task(self, run_id: str, task: str) -> str:
        """The id of a task of a run, given by id, name or a row of tasks."""
        task = only(ids(task, "task_id"), "task")
        if ID_SHAPE.fullmatch(task):
            return task
        there = list(self._read.records(TASKS, Listing.of({}, run_id=run_id)))
        return quote(str(find(task, there, "task of the run")["id"]), safe="")

    def _place(self, run: str, task: str | None) -> tuple[str, tuple[Endpoint, Listing]]:
        """Where the assignees of a run or a task are, to be written and to be read."""
        run_id = _run(run)
        if task is None:
            return f"/workflow-runs/{run_id}/assignees", (RUN_ASSIGNMENTS, Listing.of({}, run_id=run_id))
        task_id = self._task(run_id, task)
        listing = Listing.of({}, run_id=run_id, task_id=task_id)
        return f"/workflow-runs/{run_id}/tasks/{task_id}/assignees", (TASK_ASSIGNMENTS, listing)

    def _assigned(self, place: tuple[Endpoint, Listing], email: str) -> str | None:
        """The address as it stands among the assignees there, in whatever case; None where it does not."""
        there = (str(person.get("email", "")) for person in self._read.records(*place))
        return next((address for address in there if address.casefold() == email.casefold()), None)


def _run(run: str) -> str:
    return quote(only(run_ids(run), "run"), safe="")


def _stands(field: Record, entry: Record) -> bool:
    """Whether a form field, as it was read, certainly holds what the entry sets."""
    from psauth.reading.values import decode

    kind, held = str(field.get("fieldType")), decode(str(field.get("fieldType")), field.get("data"))
    if "values" in entry:
        return bool((held.items or []) == entry["values"])
    if held.text is None or not entry["value"]:
        return held.text is None and not entry["value"]
    if kind == "Date":
        return moment(held.text) == moment(entry["value"])
    if kind == "Number":
        return held.number == float(entry["value"])
    return kind != "Table" and bool(held.text == entry["value"])


def _same(one: Record, other: Record) -> bool:
    """Whether two states agree; dates may be written differently."""

    def told(state: Record) -> Record:
        return {**state, "dueDate": moment(state["dueDate"]) if state.get("dueDate") else None}

    return told(one) == told(other)
