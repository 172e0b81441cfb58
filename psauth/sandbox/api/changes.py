"""What may be done to a run: start it, change it, tick off its tasks, decide, put people on it, delete it."""

from __future__ import annotations

from typing import Any

from psauth.sandbox.api.bodies import PastDueDate, Shape, choice, flag, moment, text
from psauth.sandbox.api.calls import Call, Invalid, Missing, existing
from psauth.sandbox.api.records import Record, link
from psauth.sandbox.company.people import Person
from psauth.sandbox.company.runs import Decision, Run
from psauth.sandbox.company.worktime import SECOND

# `referenceId` stands in the document's words about retries, not in its schema.
NEW_RUN = Shape({"workflowId": text}, {"name": text, "dueDate": moment, "shared": flag, "referenceId": text})
CHANGED_RUN = Shape(
    {"name": text, "status": choice("Active", "Completed", "Archived", "Deleted"), "shared": flag},
    {"dueDate": moment},
)
CHANGED_TASK = Shape({"status": choice("NotCompleted", "Completed")}, {"dueDate": moment})
DECISION = Shape(
    {"approvalTaskId": text, "status": choice("Approved", "Rejected")}, {"subjectTaskId": text, "comment": text}
)


def start(call: Call) -> Record:
    """A new run, or the one that was started with the same reference id before, untouched and even when deleted."""
    body: dict[str, Any] = call.body
    template = call.shown(existing(call.company.template(body["workflowId"]), "Workflow"), "Workflow")
    reference = body.get("referenceId") or None
    run = call.company.started(reference)
    if run is None:
        name = body.get("name") or None
        due = _due(call)
        run = call.company.start_run(template.id, name=name, by=call.user, reference=reference)
        run.due, run.shared = due, body.get("shared", False)
    return {"id": run.id, "links": [link("app", f"{call.app}/runs/{run.id}", "Workflow Run", "App")]}


def change(call: Call) -> None:
    """Everything that may be set, anew: without a due date the run has none afterwards."""
    run, body, due = call.run(), call.body, _due(call)
    run.name, run.status, run.shared, run.due = body["name"], body["status"], body["shared"], due
    run.touch(call.company.moment(), call.user)


def delete(call: Call) -> None:
    """Softly."""
    call.company.delete_run(call.run().id, by=call.user)


def undelete(call: Call) -> None:
    """Active again, whatever it was before; nothing happens to a run that is not deleted."""
    run = call.any_run()
    if run.status == "Deleted":
        call.company.undelete_run(run.id, by=call.user)


def change_task(call: Call) -> None:
    """Tick a task off or take the tick back, and set its due date: without one it has none afterwards.

    With its last task the run is Completed, and with a tick taken back Active again.
    """
    run, task = call.task()
    due = _due(call)
    done = call.body["status"] == "Completed"
    if done and task.completed is None:
        call.company.complete_task(run.id, call.path["taskId"], by=call.user)
    elif not done and task.completed is not None:
        call.company.reopen_task(run.id, call.path["taskId"], by=call.user)
    else:
        call.company.keep_values(run, task)
        task.updated, task.updated_by = call.company.moment(), call.user
        call.company.edited(run, "tasks", task.updated, call.user)
    task.due = due


def decide(call: Call) -> None:
    """Approve or reject one subject of an approval task or, without one, all that are not decided yet."""
    run, body = call.run(), call.body
    at = existing(run.template.index_of(body["approvalTaskId"]), "Task")
    judges = run.template.blueprint.steps[at].judges
    if not judges:
        raise Invalid({"approvalTaskId": "not an approval task"})
    decided = {d.subject: d for d in run.decisions if d.at == at}
    subjects = [s for s in judges if s not in decided]
    if "subjectTaskId" in body:
        subject = existing(run.template.index_of(body["subjectTaskId"]), "Task")
        if subject not in judges:
            raise Invalid({"subjectTaskId": "not a subject of this approval task"})
        subjects = [subject]
    now, rejected = call.company.moment(), body["status"] == "Rejected"
    for subject in subjects:
        first = decided[subject].first if subject in decided else now
        if subject in decided:
            run.decisions.remove(decided[subject])
        run.decisions.append(Decision(at, subject, first, now, rejected, call.user, body.get("comment")))
    call.company.edited(run, "approvals", now, call.user)


# People


def assign_run(call: Call) -> None:
    """Put somebody on a run; whom the company does not know is invited as a guest."""
    run = call.run()
    email = call.path["email"]
    person = call.company.person(email)
    if person is None:
        if "@" not in email.strip("@"):
            raise Invalid({"email": "not an e-mail address"})
        person = call.company.staff.invite(email)
    if person not in run.assignees:
        run.assignees = [*run.assignees, person]
        _assigned(call, run)


def unassign_run(call: Call) -> None:
    """Take somebody off a run; 404 for who is not on it."""
    run = call.run()
    run.assignees = _without(call, run.assignees)
    _assigned(call, run)


def assign_task(call: Call) -> None:
    """Put somebody on a task; 404 for whom the company does not know."""
    run, task = call.task()
    person: Person = existing(call.company.person(call.path["email"]), "User")
    if person not in task.assignees:
        task.assignees = [*task.assignees, person]
        _assigned(call, run)


def unassign_task(call: Call) -> None:
    """Take somebody off a task; 404 for who is not on it."""
    run, task = call.task()
    task.assignees = _without(call, task.assignees)
    _assigned(call, run)


def _without(call: Call, people: list[Person]) -> list[Person]:
    person: Person = existing(call.company.person(call.path["email"]), "User")
    if person not in people:
        raise Missing("Assignee not found")
    return [p for p in people if p != person]


def _due(call: Call) -> int | None:
    """The due date to set. The service refuses one that is past, or as the knob says not far enough ahead, also one that
    is set already, and does not say why.
    """
    due: int | None = call.body.get("dueDate")
    if due is not None and due < call.company.moment() + call.company.knobs.due_ahead * SECOND:
        raise PastDueDate
    return due


def _assigned(call: Call, run: Run) -> None:
    call.company.edited(run, "assignees", call.company.moment(), call.user)
