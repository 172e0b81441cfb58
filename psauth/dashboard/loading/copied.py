"""Copied: what the views show, out of the local copy. Each frame is the one that the same live read gives.

None where the copy has not got it, as with a run that began after the last sync.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from psauth.dashboard.loading.copies import Copy
from psauth.reading.arguments import moment
from psauth.reading.reads import LIMIT

if TYPE_CHECKING:
    from ibis.expr.types import Table


def whole(copy: Copy, noun: str) -> pd.DataFrame | None:
    """All rows of a table."""
    return _frame(copy.mirror[noun]) if _shows(copy, noun) else None


def runs(
    copy: Copy, workflow: str | None, status: str | None, since: str | None, newest: int | None
) -> pd.DataFrame | None:
    """Runs that are there, newest first."""
    if not _walked(copy):
        return None
    table = _runs(copy)
    if workflow is not None:
        table = table.filter(table.workflow_id == workflow)
    if status is not None:
        table = table.filter(table.status == status)
    if since is not None:
        table = table.filter(table.created_date >= moment(since))
    table = table.order_by(table.created_date.desc())
    frame = _frame(table if newest is None else table.limit(newest))
    if newest is not None and len(frame) >= newest:
        frame.attrs[LIMIT] = newest
    return frame


def runs_by_id(copy: Copy, run_ids: Sequence[str]) -> pd.DataFrame | None:
    """These runs, if all of them are there."""
    table = _runs(copy)
    frame = _frame(table.filter(table.run_id.isin([*run_ids])))
    return frame if frame["run_id"].nunique() == len(set(run_ids)) else None


def in_runs(copy: Copy, noun: str, run_ids: Sequence[str]) -> pd.DataFrame | None:
    """What is in these runs: run after run, and in each in the order of its list."""
    if not _shows(copy, noun, *run_ids) or runs_by_id(copy, run_ids) is None:
        return None
    table = copy.mirror[noun]
    frame = _frame(table.filter(table.run_id.isin([*run_ids])))
    places = frame["run_id"].map({run_id: number for number, run_id in enumerate(run_ids)})
    return frame.iloc[places.argsort(kind="stable")].reset_index(drop=True)


def tasks_of_person(copy: Copy, email: str, workflow: str | None) -> pd.DataFrame | None:
    """The tasks that are assigned to a person, in runs that are there."""
    if not _walked(copy) or not _shows(copy, "assigned_tasks", email):
        return None
    assigned, tasks, there = copy.mirror.assignments, copy.mirror.tasks, _runs(copy)
    if workflow is not None:
        there = there.filter(there.workflow_id == workflow)
    mine = assigned.filter(assigned.email.lower() == email.lower())
    return _frame(tasks.semi_join(mine, ["run_id", "task_id"]).semi_join(there, "run_id"))


def form_fields(copy: Copy, workflow: str) -> pd.DataFrame | None:
    """The form fields of a workflow, in the template's order."""
    table = copy.mirror.form_fields
    return _frame(table.filter(table.workflow_id == workflow)) if _shows(copy, "form_fields", workflow) else None


def records(copy: Copy, data_set: str) -> pd.DataFrame | None:
    """The records of a data set, one column a field."""
    from psauth.reading import values

    with copy.store.snapshot() as snap:
        stored = next((each for each in snap.lists("records") if each.owner == data_set), None)
        sets = {str(record.get("id")): record for each in snap.lists("data_sets") for record in each.records}
    fields: Any = sets.get(data_set, {}).get("fields")
    if stored is None or not isinstance(fields, list) or not _shows(copy, "records", data_set):
        return None
    return values.records(stored.records, [each for each in fields if isinstance(each, dict)])


def _shows(copy: Copy, noun: str, *owners: str) -> bool:
    """Whether the service has shown these lists; where it refuses them, or was never asked, no row means nothing.

    While the first sync goes on, what it has asked for since the last publication is not in the tables yet.
    """
    before = None if copy.runs_left is None else copy.mirror.published_at
    with copy.store.snapshot() as snap:
        return snap.has_lists(noun, owners or [""], before=before)


def _walked(copy: Copy) -> bool:
    """Whether the copy is one of all runs, and not only of some that somebody wanted."""
    with copy.store.snapshot() as snap:
        return snap.has_walked()


def _runs(copy: Copy) -> Table:
    """The runs that are there, with the columns that a live read gives."""
    table = copy.mirror.runs
    return table.filter(table.gone.isnull()).drop("gone", "last_seen", "first_missed")


def _frame(table: Table) -> pd.DataFrame:
    frame: pd.DataFrame = table.to_pandas()
    return frame
