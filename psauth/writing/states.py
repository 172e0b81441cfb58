"""States: what a PUT sets of a run or a task, all of it at once."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from psauth.api.pages import Record
from psauth.api.transport import Transport
from psauth.exceptions import ApiError
from psauth.reading.dates import date_of
from psauth.writing.once import surely

log = logging.getLogger(__name__)

RUN_STATE: Final = {"name": "", "status": None, "shared": False, "dueDate": None}
TASK_STATE: Final = {"status": None, "dueDate": None}
"""What a PUT of a run or a task sets, with what stands for nothing; a key left out of it is emptied (official document)."""
NOTICE: Final = timedelta(days=1, hours=1)
"""A due date that is not so far ahead may be refused (seen live: in the past, or less than about a day ahead)."""


def change(transport: Transport, path: str, state: Mapping[str, Any], changes: Mapping[str, Any]) -> None:
    """Change some values of a run or a task. A PUT sets all of them anew, so the others are read first and sent along."""

    def read() -> Record:
        record = transport.get(path)
        if not isinstance(record, Mapping) or record.get("status") is None:  # which every run and task has
            raise ApiError(
                f"{path} was read before it is changed, but the answer is no run and no task. Nothing was sent."
            )
        return {name: unset if record.get(name) is None else record[name] for name, unset in state.items()}

    before = read()
    wanted = {**before, **changes}
    if _same(before, wanted):
        return
    body = {name: value for name, value in wanted.items() if value is not None}
    try:
        surely(lambda: transport.send("PUT", path, body, content="nothing"), lambda: _same(read(), wanted))
    except ApiError as error:
        explain_due_date(error, body.get("dueDate"), sent_along="dueDate" not in changes)
        raise
    log.info("changed %s of %s", ", ".join(changes), path)


def explain_due_date(error: ApiError, due_date: object, *, sent_along: bool = False) -> None:
    """Say in a refusal that it is for the due date, where that is past or near: the service says "Bad request" alone."""
    due = date_of(due_date) if isinstance(due_date, str) else None
    if error.status not in (400, 422) or due_date is None or (due is not None and due > datetime.now(UTC) + NOTICE):
        return
    why = (
        "Process Street refuses a due date that is past, less than about a day ahead, or no date. Nothing was changed."
    )
    if sent_along:
        error.args = (
            f"{error} The due date {due_date} was sent along, because a change without it would take it away, and {why} "
            "Set a later one with ps.set_due_date(run, when, task=task), or do it in Process Street.",
        )
    else:
        error.args = (f"{error} The due date {due_date} was sent. {why} Give a later one.",)


def _same(state: Record, other: Record) -> bool:
    """Whether two states agree; dates may be written differently."""
    return _comparable(state) == _comparable(other)


def _comparable(state: Record) -> Record:
    due = state.get("dueDate")
    return {**state, "dueDate": (date_of(due) if isinstance(due, str) else None) or due or None}
