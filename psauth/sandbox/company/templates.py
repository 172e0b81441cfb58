"""What a workflow of the invented company looks like: steps, fields, and the numbers its runs are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psauth.sandbox.company.worktime import opaque_id


@dataclass(frozen=True, slots=True)
class Field:
    """One form field.

    `options` feed choices, `source` names the data set a list is linked to. `says` are the texts of which one is what
    somebody typed, or the names of files, or the items of a table, filled in from the run's story (`{vendor}`); `every`
    file of them is there, where otherwise some are. `to` is who gets an e-mail. A date is that on which the step `day_of`
    is done, else one `ahead`: so many days, from and to, after the run began.
    """

    label: str | None
    kind: str
    options: tuple[str, ...] = ()
    source: str | None = None
    key: str | None = None
    filled: float = 0.88
    says: tuple[str, ...] = ()
    every: bool = False
    to: str = ""
    day_of: int | None = None
    ahead: tuple[int, int] = (2, 60)


@dataclass(frozen=True, slots=True)
class Step:
    """One task of a workflow.

    `hours` is the median of office hours from ready to done, `spread` the sigma of its logarithm; `hidden`, `robot`,
    `skip` and `reject` are probabilities; `due` counts working days from the start of the run, negative ones from
    the step before; `together` starts it beside the step before; `judges` are the steps an approval decides on,
    `remarks` and `refusals` what is said when it approves and when it does not.
    """

    name: str
    role: str
    hours: float
    spread: float = 0.75
    kind: str = "Standard"
    due: int | None = None
    hidden: float = 0.0
    stop: bool = False
    robot: float = 0.0
    together: bool = False
    skip: float = 0.0
    reject: float = 0.0
    judges: tuple[int, ...] = ()
    remarks: tuple[str, ...] = ("Fine with me.", "Ok", "👍")
    refusals: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class Blueprint:
    """One workflow. `share` is its part of all runs, `rhythm` when they start, `drift` how much slower they became."""

    name: str
    about: str | None
    folder: str
    share: float
    title: str
    steps: tuple[Step, ...]
    rhythm: str = "steady"
    due: int | None = None
    drift: float = 0.0
    bare: bool = False


class Template:
    """One revision of a workflow: a blueprint with its ids, which are the same in every run.

    `task_numbers` and `field_numbers` stand behind the ids. They count from 0 in the first revision; what a later one
    adds is numbered on from `next_task` and `next_field`, so that no id comes twice.
    """

    def __init__(
        self,
        seed: int,
        blueprint: Blueprint,
        task_numbers: Sequence[int] | None = None,
        field_numbers: Sequence[int] | None = None,
        *,
        next_task: int = 0,
        next_field: int = 0,
    ) -> None:
        self.seed, self.blueprint = seed, blueprint
        self.id = opaque_id(seed, "workflow", blueprint.name)
        placed = [(at, field) for at, step in enumerate(blueprint.steps) for field in step.fields]
        self.task_numbers = tuple(range(len(blueprint.steps)) if task_numbers is None else task_numbers)
        self.field_numbers = tuple(range(len(placed)) if field_numbers is None else field_numbers)
        self.next_task = max(next_task, *(n + 1 for n in self.task_numbers))
        self.next_field = max((next_field, *(n + 1 for n in self.field_numbers)))
        self.task_ids = [opaque_id(seed, self.id, "task", n) for n in self.task_numbers]
        self.fields: list[tuple[str, int, str, Field]] = []
        for number, (at, field) in zip(self.field_numbers, placed, strict=True):
            key = field.key or (field.label or field.kind).replace(" ", "_")
            self.fields.append((opaque_id(seed, self.id, "field", number), at, key, field))

    def index_of(self, task_id: str) -> int | None:
        """Position of a task, or None for an id of another workflow."""
        return self.task_ids.index(task_id) if task_id in self.task_ids else None

    def field_of(self, field_id: str) -> int | None:
        """Position of a form field, or None for an id of another workflow or revision."""
        return next((at for at, field in enumerate(self.fields) if field[0] == field_id), None)
