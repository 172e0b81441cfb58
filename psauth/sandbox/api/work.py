"""What stands on somebody's list of work, and the tasks that belong to no workflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from psauth.sandbox.api.bodies import Shape, choice, flag, many, moment, name, text
from psauth.sandbox.api.calls import BadQuery, Call, Invalid, Late, existing, late
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.oneoffs import OneOff, Subtask
from psauth.sandbox.company.people import Person
from psauth.sandbox.company.runs import Run, Task
from psauth.sandbox.company.worktime import DAY, iso, opaque_id

_ITEM_TYPES = ("Checklist", "StandardTask", "ApprovalTask", "OneOffTask", "Acknowledgment")
_STATUSES = ("NotCompleted", "Completed")

_MAY = {"description": text, "dueDate": moment, "linkedWorkflowRunId": text, "assigneeEmails": many(text, least=1)}
NEW_TASK = Shape({"name": name, "required": flag}, {**_MAY, "subtasks": many(Shape({"name": name}))})
CHANGED_TASK = Shape(
    {"name": name, "required": flag},
    {**_MAY, "subtasks": many(Shape({"name": name, "status": choice(*_STATUSES)}, {"id": text}))},
)


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the list: when it is due, where it stands among those due together, and its record."""

    due: int | None
    place: tuple[str, int]
    record: Callable[[], Record]

    @property
    def order(self) -> tuple[bool, int, tuple[str, int]]:
        """Latest due last, those without a date after them."""
        return self.due is None, self.due or 0, self.place


def assigned(call: Call, person: Person | None) -> list[tuple[Run, Task]]:
    """The tasks of a person in active runs."""
    workflow = call.query.get("workflowId")
    by_person = call.company.lists.kept(("assigned", call.user.id), lambda: _by_person(call.runs("Active")))
    every = [] if person is None else by_person.get(person.id, [])
    return [(run, task) for run, task in every if workflow in (None, run.template.id)]


def _by_person(runs: Sequence[Run]) -> dict[str, list[tuple[Run, Task]]]:
    tasks: dict[str, list[tuple[Run, Task]]] = {}
    for run in runs:
        for task in run.tasks:
            for person in task.assignees:
                tasks.setdefault(person.id, []).append((run, task))
    return tasks


def _work(call: Call, *, completed: bool) -> list[Item]:
    email = call.query.get("assigneeEmail")
    person = call.company.person(email) if email else call.user
    write, workflow = call.write, call.query.get("workflowId")
    items = [
        Item(task.due, (run.id, task.at), partial(write.work_item, run, task))
        for run, task in assigned(call, person)
        if not task.hidden and (completed or task.completed is None)
    ]
    items += [
        Item(run.due, (run.id, -1), partial(write.work_item, run, None))
        for run in call.runs("Active", workflow=workflow)
        if person in run.assignees
    ]
    items += [
        Item(task.due, (task.id, 0), partial(_item, call, task))
        for task in call.company.one_offs.values()
        if person in task.assignees and (completed or not task.done) and workflow in (None, _workflow_of(call, task))
    ]
    return items


def _moment(call: Call, name: str) -> int | None:
    text = call.query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise BadQuery(f"Invalid value for: query parameter {name}") from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1000)


def _choice(call: Call, name: str, allowed: tuple[str, ...]) -> str | None:
    value = call.query.get(name)
    if value is not None and value not in allowed:
        raise BadQuery(f"Invalid value for: query parameter {name}")
    return value


def items(call: Call) -> list[Late]:
    """A person's list, by due date."""
    kind = _choice(call, "type", _ITEM_TYPES)
    snoozed = _choice(call, "snoozeStatus", ("Active", "Snoozed"))
    completed = _choice(call, "includeCompleted", ("true", "false")) == "true"
    first, last = _moment(call, "dueDateFrom"), _moment(call, "dueDateTo")
    if last is not None and len(call.query["dueDateTo"]) == len(date.min.isoformat()):
        last += DAY - 1  # a date means its whole day
    kept = [] if snoozed == "Snoozed" else _work(call, completed=completed)
    if first is not None:
        kept = [i for i in kept if i.due is not None and i.due >= first]
    if last is not None:
        kept = [i for i in kept if i.due is not None and i.due <= last]
    records = [item.record() for item in sorted(kept, key=lambda item: item.order)]
    return late([r for r in records if kind in (None, r["type"])])


def stats(call: Call) -> Record:
    """How long the list is."""
    dues = [item.due for item in _work(call, completed=False)]
    overdue = sum(due is not None and due < call.company.now for due in dues)
    upcoming = sum(due is not None and due >= call.company.now for due in dues)
    return {"data": {"total": len(dues), "upcoming": upcoming, "overdue": overdue}}


# Tasks that belong to no workflow


def one_off(call: Call) -> Record:
    """One of them."""
    return _body(call, _task(call))


def create(call: Call) -> Record:
    """A new one; the e-mails of people that do not exist are a 422, a run that does not is a 404."""
    at = call.company.moment()
    task_id = opaque_id(call.company.seed, "one-off", at, len(call.company.one_offs))
    task = OneOff(task_id, at, call.user, at, call.user)
    _fill(call, task)
    call.company.one_offs[task.id] = task
    return _body(call, task)


def update(call: Call) -> Record:
    """Everything about it anew, except whether it is done."""
    task = _task(call)
    _fill(call, task)
    return _touched(call, task)


def delete(call: Call) -> None:
    """For good."""
    del call.company.one_offs[_task(call).id]


def complete(call: Call) -> Record:
    """Done; nothing happens to one that is."""
    return _tick(call, done=True)


def uncomplete(call: Call) -> Record:
    """Not done; nothing happens to one that is not."""
    return _tick(call, done=False)


def _task(call: Call) -> OneOff:
    task: OneOff = existing(call.company.one_offs.get(call.path["taskId"]), "One-off task")
    return task


def _tick(call: Call, *, done: bool) -> Record:
    task = _task(call)
    if task.done == done:
        return _body(call, task)
    task.done = done
    return _touched(call, task)


def _touched(call: Call, task: OneOff) -> Record:
    task.updated, task.updated_by = call.company.moment(), call.user
    return _body(call, task)


def _fill(call: Call, task: OneOff) -> None:
    body: dict[str, Any] = call.body
    if "linkedWorkflowRunId" in body:
        existing(call.company.run(body["linkedWorkflowRunId"]), "Workflow run")
    people = [call.company.person(email) for email in body.get("assigneeEmails", ())]
    known = {line.id: line for line in task.subtasks}
    wrong = {f"assigneeEmails[{n}]": "no such user" for n, person in enumerate(people) if person is None}
    lines = []
    for number, line in enumerate(body.get("subtasks", ())):
        line_id = line.get("id")
        if line_id is None:
            line_id = opaque_id(task.id, "subtask", call.company.moment(), number)
        elif line_id not in known:
            wrong[f"subtasks[{number}].id"] = "no such subtask"
        lines.append(Subtask(line_id, line["name"], line.get("status") == "Completed"))
    if wrong:
        raise Invalid(wrong)
    task.name, task.required, task.about = body["name"], body["required"], body.get("description")
    task.due, task.run_id = body.get("dueDate"), body.get("linkedWorkflowRunId")
    # Twice the same person is still one assignment.
    task.assignees, task.subtasks = list(dict.fromkeys(p for p in people if p is not None)), lines


def _workflow_of(call: Call, task: OneOff) -> str:
    run = call.company.run(task.run_id) if task.run_id else None
    return run.template.id if run else ""


def _item(call: Call, task: OneOff) -> Record:
    record: Record = {
        "id": opaque_id(task.id, "work"),
        "type": "OneOffTask",
        "name": task.name,
        "workflowId": _workflow_of(call, task),  # a required key; nothing tells what stands in it without a workflow
        "taskId": task.id,
        "assignees": [p.record() for p in task.assignees],
    }
    if record["workflowId"]:
        record["workflowRunId"] = task.run_id
    if task.due is not None:
        record["dueDate"] = iso(task.due)
    return record


def _body(call: Call, task: OneOff) -> Record:
    record: Record = {
        "id": task.id,
        "createdDate": iso(task.created),
        "createdBy": task.created_by.record(),
        "updatedDate": iso(task.updated),
        "updatedBy": task.updated_by.record(),
        "organizationId": call.company.organization_id,
        "name": task.name,
        "status": _STATUSES[task.done],
        "required": task.required,
        "visibility": "Private",
        "assignments": [{"id": opaque_id(task.id, p.id), "user": p.record()} for p in task.assignees],
        "subtasks": [{"id": line.id, "name": line.name, "status": _STATUSES[line.done]} for line in task.subtasks],
    }
    if task.about is not None:
        record["description"] = task.about
    if task.due is not None:
        record["dueDate"] = iso(task.due)
    run = call.company.run(task.run_id) if task.run_id else None
    if run is not None:
        template = run.template
        linked = {"id": run.id, "name": run.name or "", "templateId": template.id}
        record["linkedWorkflowRun"] = {**linked, "templateName": template.blueprint.name}
    return {"data": record}
