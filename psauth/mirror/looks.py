"""Looks: when a run whose signature has not moved is asked for all the same.

The rule. An Active run is looked at again after a quarter of the time for which it has not been seen to change, at least
an hour and at most a day after the last look; within a day of its due date, before it or after, at most four hours after.
A run that was closed less than ten minutes before it was asked for is looked at once more, ten minutes later.

The reason. Whether an edit of a task or a field moves a run's updatedDate is not proven; that completing it does was seen.
The cost. 400 Active runs that rest are 400 looks a day: at 2.5 requests a look 1,000 requests, 2% of a day's budget.

How old a list that belongs to no run may become before it is asked for again stands in AGES, in the same way.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from psauth.mirror.records import Record, moment_of, updated_of

SOONEST: Final = timedelta(hours=1)
LATEST: Final = timedelta(days=1)
SHARE: Final = 0.25
NEAR: Final = timedelta(days=1)
"""How far from its due date a run is near it."""
LATEST_NEAR: Final = timedelta(hours=4)
LAG: Final = timedelta(minutes=10)
"""How long after an update the service may still show lists, or the run itself, as they were before."""

AGES: Final = {
    "workflows": timedelta(0),
    "users": timedelta(hours=12),
    "folders": timedelta(days=1),
    "data_sets": timedelta(hours=1),
    "records": timedelta(hours=12),
    "schedules": timedelta(hours=6),
    "comments": timedelta(hours=6),
    "attachments": timedelta(hours=2),
    "assigned_tasks": timedelta(days=1),
    "workflow_tasks": timedelta(days=7),
    "form_fields": timedelta(days=7),
    "field_options": timedelta(days=7),
    "revisions": timedelta(days=1),
    "logic_rules": timedelta(days=7),
    "due_date_rules": timedelta(days=7),
    "assignment_rules": timedelta(days=7),
    "active runs": timedelta(days=1),
    "all runs": timedelta(days=7),
}
"""Noun → age at which its list is asked for again although nothing says that it changed. The two lists of runs are walked
to their end then, because only a whole list shows what is not in it any more."""


def next_look(
    run: Record, asked_at: datetime, moved_at: datetime, *, newest: datetime | None, looked_before: bool
) -> datetime | None:
    """When a run is due for another look; None: when its signature moves.

    Parameters:
        run: its record.
        asked_at: when its lists were asked for last.
        moved_at: when it was last seen to change.
        newest: the newest update of any run that a walk has seen, which is what the service's clock shows.
        looked_before: it had this very signature at an earlier look, too.
    """
    if run.get("status") == "Active":
        pause = min(LATEST, max(SOONEST, (asked_at - moved_at) * SHARE))
        due = moment_of(run.get("dueDate"))
        if due is not None and abs(due - asked_at) <= NEAR:
            pause = min(pause, LATEST_NEAR)
        return asked_at + pause
    updated = updated_of(run)
    if looked_before or updated is None:
        return None
    is_fresh = asked_at - updated < LAG or (newest is not None and newest - updated < LAG)
    return asked_at + LAG if is_fresh else None


def is_old(noun: str, asked_at: datetime | None, now: datetime) -> bool:
    """Whether a list of this noun is to be asked for; so is one from the future, which a clock set back leaves."""
    return asked_at is None or not timedelta(0) <= now - asked_at < AGES[noun]
