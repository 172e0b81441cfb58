"""Calendars: one for all workflows, and one of its own for each workflow that works at other times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from psauth.calendars.calendar import Calendar

if TYPE_CHECKING:
    from ibis.expr.types import Table


@dataclass(frozen=True)
class Calendars:
    """Which calendar working hours are counted by.

    default: of all workflows that have none of their own.
    by_workflow: workflow id → its own.
    """

    default: Calendar = field(default_factory=Calendar)
    by_workflow: Mapping[str, Calendar] = field(default_factory=dict)

    @property
    def zone(self) -> str:
        """The time zone in which days and weeks begin."""
        return self.default.zone

    def of(self, workflow_id: str) -> Calendar:
        """That of a workflow."""
        return self.by_workflow.get(workflow_id, self.default)

    def with_calendar(self, calendar: Calendar | None, workflow_id: str | None = None) -> Calendars:
        """The same with another calendar for one workflow, or by default; None takes away the one of a workflow."""
        if workflow_id is None:
            return replace(self, default=calendar or Calendar())
        others = {key: value for key, value in self.by_workflow.items() if key != workflow_id}
        return replace(self, by_workflow=others if calendar is None else {**others, workflow_id: calendar})

    def add_hours(self, table: Table, name: str, start: str, end: str) -> Table:
        """A table with one column more: the working hours between two of its columns; see `Calendar.add_hours`.

        table: has workflow_id, by which the calendar is chosen.
        """
        added = self.default.add_hours(table, name, start, end)
        for workflow_id, calendar in sorted(self.by_workflow.items()):
            own = "_" + name
            added = calendar.add_hours(added, own, start, end)
            is_its = (added.workflow_id == workflow_id).fill_null(False)
            added = added.mutate(**{name: is_its.ifelse(added[own], added[name])}).drop(own)
        return added

    def to_json(self) -> dict[str, Any]:
        """What `from_json` makes the same calendars of."""
        own = {workflow_id: calendar.to_json() for workflow_id, calendar in sorted(self.by_workflow.items())}
        return {"default": self.default.to_json(), "by_workflow": own}

    @classmethod
    def from_json(cls, noted: Mapping[str, Any]) -> Calendars:
        """Out of what `to_json` gave."""
        own = {workflow_id: Calendar(**each) for workflow_id, each in noted["by_workflow"].items()}
        return cls(Calendar(**noted["default"]), own)

    def __str__(self) -> str:
        """As they are said beside a figure."""
        number = len(self.by_workflow)
        if not number:
            return str(self.default)
        own = (
            "1 workflow has a calendar of its own" if number == 1 else f"{number} workflows have calendars of their own"
        )
        return f"{self.default}; {own}"
