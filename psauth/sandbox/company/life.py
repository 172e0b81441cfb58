"""What happens next in the company: one event at a time, drawn from what there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from psauth.sandbox.company.people import Staff
from psauth.sandbox.company.remarks import REMARKS
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.templates import Field, Template
from psauth.sandbox.company.values import Forms
from psauth.sandbox.company.worktime import DAY, HOUR, iso

_TRIES = 32  # a run is drawn so many times before all of them are looked through
_WORDS = ("as agreed on the phone", "siehe Anhang", "to be confirmed", "n/a", "très urgent", "12 pcs", "ok 👍")
_SUFFIXES = ("(urgent)", "– corrected", "(zweiter Anlauf)", "v2")


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: the name of a method of `Company`, and what it was called with."""

    name: str
    arguments: Mapping[str, Any]


class Chances:
    """Draws events for a company that consists of these runs, workflows and people."""

    def __init__(self, rng: Random, runs: Sequence[Run], templates: Sequence[Template], staff: Staff) -> None:
        self._rng, self._runs, self._templates, self._staff = rng, runs, templates, staff

    def draw(self, weights: Mapping[str, float], now: int) -> Event | None:
        """The next event, `now` in milliseconds; None where nothing of what has a weight can happen."""
        unknown = [name for name in weights if name not in _DRAWERS]
        if unknown:
            raise LookupError(f"no event {unknown[0]!r}; there are {', '.join(_DRAWERS)}")
        left = {name: weight for name, weight in weights.items() if weight > 0}
        while left:
            name = self._rng.choices(list(left), list(left.values()))[0]
            arguments = _DRAWERS[name](self, now)
            if arguments is not None:
                return Event(name, arguments)
            del left[name]
        return None

    def _run(self, fits: Callable[[Run], bool]) -> Run | None:
        if not self._runs:
            return None
        for _ in range(_TRIES):
            run = self._rng.choice(self._runs)
            if fits(run):
                return run
        fitting = [run for run in self._runs if fits(run)]
        return self._rng.choice(fitting) if fitting else None

    def _start(self, _: int) -> dict[str, Any] | None:
        template = self._rng.choice(self._templates)
        return {"workflow_id": template.id, "by": self._rng.choice(self._staff.members)}

    def _of_run(self, *statuses: str) -> dict[str, Any] | None:
        run = self._run(lambda r: r.status in statuses)
        return None if run is None else {"run_id": run.id, "by": self._rng.choice(self._staff.members)}

    def _task(self, *, done: bool) -> dict[str, Any] | None:
        def fit(run: Run) -> list[int]:
            return [t.at for t in run.tasks if not t.hidden and (t.completed is not None) == done]

        statuses = ("Active", "Completed") if done else ("Active",)
        run = self._run(lambda r: r.status in statuses and bool(fit(r)))
        if run is None:
            return None
        # Mostly the next one, as people work; what is taken back is any.
        at = self._rng.choice(fit(run)) if done or self._rng.random() < 0.2 else fit(run)[0]
        who = self._rng.choice(self._staff.members)
        return {"run_id": run.id, "task_id": run.template.task_ids[at], "by": who}

    def _value(self, now: int) -> dict[str, Any] | None:
        def fit(run: Run) -> list[int]:
            return [n for n, field in enumerate(run.template.fields) if field[3].kind in _TYPED]

        run = self._run(lambda r: r.status == "Active" and bool(fit(r)))
        if run is None:
            return None
        field_id, _, _, field = run.template.fields[self._rng.choice(fit(run))]
        data = None if self._rng.random() < 0.1 else Forms.shown(run, self._typed(field, now))
        return {"run_id": run.id, "field_id": field_id, "data": data, "by": self._rng.choice(self._staff.members)}

    def _typed(self, field: Field, now: int) -> Any:
        rng = self._rng
        match field.kind:
            case "Number":
                return {"value": str(rng.randrange(1, 10_000))}
            case "Date":
                return {"value": iso(now // DAY * DAY + rng.randrange(1, 90) * DAY + 15 * HOUR), "timeHidden": True}
            case "Select" if field.options:
                return {"value": rng.choice(field.options)}
            case "MultiChoice" | "MultiSelect" if field.options:
                picked = rng.sample(field.options, rng.randrange(1, len(field.options) + 1))
                return {"values": [option for option in field.options if option in picked]}
            case "Members":
                return {"values": [person.email for person in rng.sample(self._staff.members, rng.randrange(1, 4))]}
            case "Email":
                return {"value": rng.choice(self._staff.members).email}
        return {"value": f"{rng.choice(_WORDS)} {rng.randrange(100)}"}

    def _name(self, _: int) -> dict[str, Any] | None:
        run = self._run(lambda r: r.status != "Deleted")
        if run is None:
            return None
        name = f"{(run.name or 'Unnamed')[:40]} {self._rng.choice(_SUFFIXES)}"
        return {"run_id": run.id, "name": name, "by": self._rng.choice(self._staff.members)}

    def _due(self, now: int) -> dict[str, Any] | None:
        run = self._run(lambda r: r.status == "Active")
        if run is None:
            return None
        task_id = None if self._rng.random() < 0.4 else self._rng.choice(run.template.task_ids)
        due = None if self._rng.random() < 0.15 else now // HOUR * HOUR + self._rng.randrange(2 * DAY, 40 * DAY, HOUR)
        return {"run_id": run.id, "due": due, "task_id": task_id, "by": self._rng.choice(self._staff.members)}

    def _decision(self, _: int) -> dict[str, Any] | None:
        run = self._run(lambda r: r.status == "Active" and any(step.judges for step in r.template.blueprint.steps))
        if run is None:
            return None
        at = self._rng.choice([at for at, step in enumerate(run.template.blueprint.steps) if step.judges])
        subject = self._rng.choice(run.template.blueprint.steps[at].judges)
        ids = run.template.task_ids
        who = self._rng.choice(self._staff.members)
        rejected = self._rng.random() < 0.2
        return {"run_id": run.id, "task_id": ids[at], "subject_id": ids[subject], "rejected": rejected, "by": who}

    def _assignment(self, _: int) -> dict[str, Any] | None:
        run = self._run(lambda r: r.status == "Active")
        if run is None:
            return None
        task_id = None if self._rng.random() < 0.4 else self._rng.choice(run.template.task_ids)
        who = self._rng.choice(self._staff.members)
        return {"run_id": run.id, "email": who.email, "task_id": task_id, "by": self._rng.choice(self._staff.members)}

    def _hide(self, _: int) -> dict[str, Any] | None:
        who = self._rng.choice(self._staff.signers)
        run = self._run(lambda r: r.status != "Deleted" and who.id not in r.hidden_from)
        return None if run is None else {"run_id": run.id, "email": who.email}

    def _show(self, _: int) -> dict[str, Any] | None:
        run = self._run(lambda r: bool(r.hidden_from))
        if run is None:
            return None
        return {"run_id": run.id, "email": self._staff.by_id[self._rng.choice(sorted(run.hidden_from))].email}

    def _comment(self, _: int) -> dict[str, Any] | None:
        arguments = self._task(done=self._rng.random() < 0.5)
        return None if arguments is None else {**arguments, "words": self._rng.choice(REMARKS)}

    def _migration(self, _: int) -> dict[str, Any] | None:
        return {"workflow_id": self._rng.choice(self._templates).id}


_TYPED = (
    *("Text", "Textarea", "Number", "Date", "Select", "MultiChoice", "MultiSelect"),
    *("Members", "Email", "Url", "Hidden"),
)

_DRAWERS: Mapping[str, Callable[[Chances, int], dict[str, Any] | None]] = {
    "start_run": Chances._start,
    "complete_task": lambda chances, now: chances._task(done=False),
    "reopen_task": lambda chances, now: chances._task(done=True),
    "edit_value": Chances._value,
    "rename_run": Chances._name,
    "move_due_date": Chances._due,
    "decide": Chances._decision,
    "assign": Chances._assignment,
    "finish_run": lambda chances, now: chances._of_run("Active"),
    "archive_run": lambda chances, now: chances._of_run("Active", "Completed"),
    "delete_run": lambda chances, now: chances._of_run("Active", "Completed", "Archived"),
    "undelete_run": lambda chances, now: chances._of_run("Deleted"),
    "hide_run": Chances._hide,
    "show_run": Chances._show,
    "add_comment": Chances._comment,
    "migrate_template": Chances._migration,
}

EVENTS: Mapping[str, float] = {
    "start_run": 8,
    "complete_task": 40,
    "reopen_task": 3,
    "edit_value": 25,
    "rename_run": 2,
    "move_due_date": 5,
    "decide": 3,
    "assign": 3,
    "finish_run": 3,
    "archive_run": 3,
    "delete_run": 2,
    "undelete_run": 1,
    "hide_run": 1.5,
    "show_run": 1,
    "add_comment": 3,
    "migrate_template": 0.5,
}
"""What may happen by itself, and how often each comes among a hundred or so."""
