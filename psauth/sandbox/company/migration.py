"""A new revision of a workflow, and what it does to a run that is brought up to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random

from psauth.sandbox.company.people import Person
from psauth.sandbox.company.runs import Run, Task
from psauth.sandbox.company.templates import Field, Step, Template
from psauth.sandbox.company.worktime import due_after

_NEW_TASKS = ("Check the data protection", "Note the lessons", "Inform the works council", "Ask for a second opinion")
_NEW_FIELDS = (
    Field("Cost centre owner", "Text"),
    Field("Pages", "Number"),
    Field("Valid until", "Date"),
    Field("Risk", "Select", ("Low", "Medium", "High")),
    Field("Regions", "MultiSelect", ("Nord", "Süd", "Übersee")),
)
_ROLES = ("ops", "it", "legal", "finance")


@dataclass(slots=True)
class _Part:
    """One step with its number and its fields with theirs; `judges` are numbers of steps."""

    number: int
    step: Step
    fields: list[tuple[int, Field]]
    judges: list[int]


def revise(template: Template, rng: Random) -> Template:
    """The next revision: a task more and a field more, a task less and a field less where one can be spared.

    The first task stays, and so do approvals and what they decide on.
    """
    parts = _parts(template)
    judged = {number for part in parts for number in part.judges}
    spare = [p for p in parts[1:] if p.step.kind != "Approval" and p.number not in judged]
    if len(spare) > 1:
        parts.remove(rng.choice(spare))
    with_fields = [part for part in parts if len(part.fields) > 1]
    if with_fields:
        part = rng.choice(with_fields)
        part.fields.remove(rng.choice(part.fields))
    number = template.next_field
    rng.choice(parts).fields.append((number, rng.choice(_NEW_FIELDS)))
    step = Step(rng.choice(_NEW_TASKS), rng.choice(_ROLES), 2, due=rng.randrange(2, 9))
    new = _Part(template.next_task, step, [(number + 1, rng.choice(_NEW_FIELDS))], [])
    parts.insert(rng.randrange(1, len(parts) + 1), new)
    return _template(template, parts)


def migrate(run: Run, to: Template, moment: int, who: Person, team: Callable[[Step], list[Person]]) -> None:
    """Bring a run to another revision. What both have stays as it is; every task counts as updated."""
    old = run.template
    tasks = []
    for at, task_id in enumerate(to.task_ids):
        before, step = old.index_of(task_id), to.blueprint.steps[at]
        if before is None:
            due = None if step.due is None else due_after(moment, step.due)
            task = Task(at, moment, None, None, moment, who, due, False, team(step))
        else:
            task = replace(run.tasks[before], at=at, updated=moment, updated_by=who)
        tasks.append(task)
    places = {at: to.index_of(task_id) for at, task_id in enumerate(old.task_ids)}
    moved = [(decision, places[decision.at], places[decision.subject]) for decision in run.decisions]
    run.decisions = [replace(d, at=at, subject=of) for d, at, of in moved if at is not None and of is not None]
    numbers = {number: to.field_of(field[0]) for number, field in enumerate(old.fields)}
    run.entries = {new: entry for number, entry in run.entries.items() if (new := numbers[number]) is not None}
    run.tasks, run.template = tasks, to


def _parts(template: Template) -> list[_Part]:
    steps = template.blueprint.steps
    return [
        _Part(
            number,
            steps[at],
            [(n, f[3]) for n, f in zip(template.field_numbers, template.fields, strict=True) if f[1] == at],
            [template.task_numbers[judged] for judged in steps[at].judges],
        )
        for at, number in enumerate(template.task_numbers)
    ]


def _template(before: Template, parts: list[_Part]) -> Template:
    place = {part.number: at for at, part in enumerate(parts)}
    steps = tuple(
        replace(part.step, fields=tuple(f for _, f in part.fields), judges=tuple(sorted(place[n] for n in part.judges)))
        for part in parts
    )
    return Template(
        before.seed,
        replace(before.blueprint, steps=steps),
        [part.number for part in parts],
        [number for part in parts for number, _ in part.fields],
        next_task=before.next_task,
        next_field=before.next_field,
    )
