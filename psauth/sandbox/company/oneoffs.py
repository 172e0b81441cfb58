"""A task that belongs to no workflow."""

from __future__ import annotations

from dataclasses import dataclass, field

from psauth.sandbox.company.people import Person


@dataclass(slots=True)
class Subtask:
    """One line of a task's checklist."""

    id: str
    name: str
    done: bool = False


@dataclass(slots=True)
class OneOff:
    """One task on its own; moments in milliseconds. Nobody is on it unless somebody was named."""

    id: str
    created: int
    created_by: Person
    updated: int
    updated_by: Person
    name: str = ""
    about: str | None = None
    done: bool = False
    due: int | None = None
    required: bool = False
    run_id: str | None = None
    assignees: list[Person] = field(default_factory=list)
    subtasks: list[Subtask] = field(default_factory=list)
