"""Facts: those that were published with the copy, or the same made of the tables of runs and tasks."""

from __future__ import annotations

import ibis
import pyarrow as pa
from ibis.expr.types import Table

from psauth.analysis.sources import Sources
from psauth.calendars.calendars import Calendars
from psauth.mirror import facts
from psauth.mirror.columns import FACTS


def run_facts(sources: Sources, calendars: Calendars) -> Table:
    """One row a run that is there, with its times, counts and lateness: see `psauth.mirror.facts.run_facts`."""
    kept = _published(sources, "run_facts")
    if kept is None:
        users = sources.table("users", *facts.USERS) if "users" in sources else None
        return facts.run_facts(sources.table("runs", *facts.RUNS), _tasks(sources), users, calendars)
    if calendars != sources.calendars:
        kept = _counted_by(calendars, kept, "working_hours", "started", "finished")
        kept = _counted_by(calendars, kept, "late_working_hours", "due_date", "finished")
    return kept


def task_facts(sources: Sources, calendars: Calendars) -> Table:
    """One row a visible task of a run that is there, with the time it took: see `psauth.mirror.facts.task_facts`."""
    kept = _published(sources, "task_facts")
    if kept is None:
        order = sources.table("workflow_tasks", *facts.WORKFLOW_TASKS) if "workflow_tasks" in sources else None
        return facts.task_facts(sources.table("runs", *facts.RUNS), _tasks(sources), order, calendars)
    if calendars != sources.calendars:
        kept = _counted_by(calendars, kept, "working_hours", "began", "completed_date")
        kept = kept.mutate(working_hours=ibis.ifelse(kept.working_hours < 0, 0.0, kept.working_hours))
    return kept


def edges(sources: Sources, runs: Table, tasks: Table) -> Table:
    """One row a step from one event to the next: see `psauth.mirror.facts.edges`.

    Those that were published are of all runs, others of these; `runs` and `tasks` are facts.
    """
    kept = _published(sources, "edges")
    return facts.edges(runs, tasks) if kept is None else kept


def visible_tasks(sources: Sources) -> Table:
    """The tasks that are not hidden: hidden ones count nowhere."""
    return facts.visible(_tasks(sources))


def template_order(sources: Sources) -> Table:
    """ordered_task and its place, from 1, in the template as it is now."""
    if "workflow_tasks" not in sources:
        columns = pa.schema([("ordered_task", pa.string()), ("place", pa.int64())])
        return ibis.memtable(columns.empty_table())
    return facts.template_order(sources.table("workflow_tasks", *facts.WORKFLOW_TASKS))


def _published(sources: Sources, name: str) -> Table | None:
    return sources.table(name, *(field.name for field in FACTS[name].fields)) if name in sources else None


def _tasks(sources: Sources) -> Table:
    return sources.table("tasks", *facts.TASKS)


def _counted_by(calendars: Calendars, kept: Table, name: str, start: str, end: str) -> Table:
    """The same table with its working hours by other calendars than those that it was published with."""
    return calendars.add_hours(kept.drop(name), name, start, end).select(*kept.columns)
