"""Fact tables: the facts of runs, tasks and steps as published tables, made month by month out of the rows of that month."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars
from psauth.mirror import facts
from psauth.mirror.columns import CHILDREN, FACTS, RUNS, WHOLE, Layout
from psauth.mirror.drafts import Draft, Drafts
from psauth.mirror.prepared import Prepared

if TYPE_CHECKING:
    from ibis.expr.types import Table

BATCH: Final = 8192
"""Rows in memory at once on their way into a file, and in one piece of it."""
VERSION: Final = 2
"""Another one whenever facts are made otherwise, so that those of all months are made anew."""
ORDER: Final[Mapping[str, Sequence[str]]] = {
    "run_facts": ("workflow_id", "run_id"),
    "task_facts": ("workflow_id", "run_status", "run_id", "completed_date", "place", "task_id"),
    "edges": ("workflow_id", "run_id", "ended", "began"),
}
"""Rows of a workflow lie together: who reads that one skips the others, and who reads tasks of its open runs all others."""
COLUMNS: Final[Mapping[str, Sequence[str]]] = {
    "runs": facts.RUNS,
    "tasks": facts.TASKS,
    "users": facts.USERS,
    "workflow_tasks": facts.WORKFLOW_TASKS,
}
"""What of which table facts are made of."""


class FactTables:
    """Writes the facts of the months that need them into their drafts."""

    def __init__(self, drafts: Drafts, calendars: Calendars) -> None:
        """The drafts of `runs`, `tasks`, `users` and `workflow_tasks` must be finished."""
        self._drafts, self._calendars = drafts, calendars
        self._facts: dict[str, Draft] = {name: drafts.open(layout) for name, layout in FACTS.items()}
        self._prepared: Prepared | None = None

    def derive(self, marks: Mapping[str, str]) -> None:
        """All months; `marks`: month → what its facts are derived from."""
        for month, mark in marks.items():
            if any(draft.needs(month, mark) for draft in self._facts.values()):
                self._derive_month(month, mark)
        for draft in self._facts.values():
            draft.keep_only(marks)
            draft.finish()

    def mark(self, month_mark: str, ids: Collection[str], known: Sequence[Mapping[str, str]]) -> str:
        """What the facts of a month are derived from.

        month_mark: of its runs and tasks. ids: of the workflows and people that its runs name. known: what is said of
        these, by their ids: the digest of a workflow's tasks, which have an order, and the address of a person.
        """
        content = [
            VERSION,
            month_mark,
            [sorted((each, of[each]) for each in ids if each in of) for of in known],
            _days_and_hours(self._calendars.default),
            sorted((each, _days_and_hours(own)) for each, own in self._calendars.by_workflow.items() if each in ids),
        ]
        return hashlib.blake2b(json.dumps(content).encode(), digest_size=8).hexdigest()

    def close(self) -> None:
        """Let go of the memory."""
        if self._prepared is not None:
            self._prepared.close()

    def _derive_month(self, month: str, mark: str) -> None:
        of_month = {"runs": self._rows(RUNS, month), "tasks": self._rows(CHILDREN["tasks"], month)}
        if self._prepared is None:
            self._prepared = self._prepare(of_month)
        for name, rows in of_month.items():
            self._prepared.put(name, rows)
        for name, draft in self._facts.items():
            self._prepared.make(name)
            draft.begin(month, mark)
            for rows in self._prepared.rows(name, FACTS[name].schema(), BATCH):
                draft.append(rows)
            draft.finish()

    def _prepare(self, of_month: Mapping[str, pa.Table]) -> Prepared:
        prepared = Prepared()
        runs, tasks = (prepared.put(name, rows) for name, rows in of_month.items())
        users, order = (prepared.put(name, self._rows(WHOLE[name], "")) for name in ("users", "workflow_tasks"))
        of_runs = prepared.prepare(
            "run_facts", _sorted(facts.run_facts(runs, tasks, users, self._calendars), "run_facts")
        )
        of_tasks = _sorted(facts.task_facts(runs, tasks, order, self._calendars), "task_facts")
        of_tasks = prepared.prepare("task_facts", of_tasks)
        prepared.prepare("edges", _sorted(facts.edges(of_runs, of_tasks), "edges"))
        return prepared

    def _rows(self, layout: Layout, part: str) -> pa.Table:
        """The columns of a table that facts are made of, of one part of it."""
        columns = COLUMNS[layout.name]
        schema = pa.schema([layout.schema().field(name) for name in columns])
        return pa.concat_tables([schema.empty_table(), *self._drafts.by_name[layout.name].rows(part, columns)])


def _sorted(table: Table, name: str) -> Table:
    return table.order_by(*ORDER[name])


def _days_and_hours(calendar: Calendar) -> list[object]:
    """All that tells a calendar from others, the days of its holidays too: a country may change these."""
    return [calendar.to_json(), [day.isoformat() for day in sorted(calendar.holidays)]]
