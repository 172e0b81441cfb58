"""Each event by its name: what of everything that the API says it touches, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from psauth.sandbox import EVENTS, Company
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.worktime import DAY
from psauth.sandbox.knobs import MOVES
from tests.sandbox.living import NOW, a_company, changes, told

LATER = NOW + 3_600
DUE = int(NOW * 1000) + 5 * DAY
A_RUN_GOES = {"runs-", "tasks-", "form_values-", "approvals-", "assignments-", "assigned_tasks-"}


@pytest.fixture
def company() -> Company:
    return a_company()


@pytest.fixture
def run(company: Company) -> Run:
    """Active, named, with approvals, people and remarks, and with tasks both done and open."""
    return next(
        r
        for r in company.runs
        if r.status == "Active" and r.assignees and r.decisions
        if any(t.completed for t in r.tasks[1:]) and sum(t.completed is None and not t.hidden for t in r.tasks) > 1
    )


def task_of(run: Run, *, done: bool, fields: bool = False) -> str:
    """One that stops no other, with or without a form, so that nothing else changes with it."""
    steps = run.template.blueprint.steps
    fitting = (
        t
        for t in run.tasks
        if (t.completed is not None) == done and not t.hidden and not steps[t.at].stop
        if bool(steps[t.at].fields) == fields
    )
    return run.template.task_ids[next(fitting).at]


def nobody_of(company: Company, run: Run) -> str:
    busy = {p for t in run.tasks for p in t.assignees} | set(run.assignees)
    return next(p.email for p in company.staff.members if p not in busy)


def field_of(run: Run) -> str:
    """One of the first task, which is filled in from the beginning."""
    return next(f[0] for f in run.template.fields if f[1] == 0 and f[3].kind == "Text")


def subject_of(run: Run) -> tuple[str, str]:
    ids, decision = run.template.task_ids, run.decisions[0]
    return ids[decision.at], ids[decision.subject]


def of_task(*names: str) -> set[str]:
    """What is told of a task twice: in its run, and in the list of who is on it."""
    return {f"{noun}.{name}" for noun in ("tasks", "assigned_tasks") for name in ("updatedDate", "updatedBy", *names)}


TICK = of_task("status", "completedDate", "completedBy")
CASES: dict[str, tuple[Callable[[Company, Run], Any], set[str]]] = {
    "rename_run": (lambda c, r: c.rename_run(r.id, "Another"), {"runs.audit", "runs.name"}),
    "move_due_date of a run": (lambda c, r: c.move_due_date(r.id, DUE), {"runs.audit", "runs.dueDate"}),
    "move_due_date of a task": (
        lambda c, r: c.move_due_date(r.id, DUE, task_of(r, done=False), by=c.staff.members[0]),
        {"runs.audit"} | of_task("dueDate"),
    ),
    "complete_task": (
        lambda c, r: c.complete_task(r.id, task_of(r, done=False), by=c.staff.members[0]),
        {"runs.audit"} | TICK,
    ),
    "reopen_task": (
        lambda c, r: c.reopen_task(r.id, task_of(r, done=True), by=c.staff.members[0]),
        {"runs.audit"} | TICK,
    ),
    "edit_value": (
        lambda c, r: c.edit_value(r.id, field_of(r), {"value": "elsewhere"}, by=c.staff.members[0]),
        {"runs.audit", *(f"form_values.{name}" for name in ("data", "updatedDate", "updatedBy"))},
    ),
    "decide": (
        lambda c, r: c.decide(
            r.id, *subject_of(r), rejected=not r.decisions[0].rejected, comment="So.", by=c.staff.members[0]
        ),
        {"runs.audit", *(f"approvals.{name}" for name in ("audit", "status", "comment", "reviewedBy"))},
    ),
    "assign to a run": (lambda c, r: c.assign(r.id, nobody_of(c, r)), {"runs.audit", "assignments+"}),
    "assign to a task": (
        lambda c, r: c.assign(r.id, nobody_of(c, r), r.template.task_ids[0]),
        {"runs.audit", "assigned_tasks+"},
    ),
    "unassign": (lambda c, r: c.unassign(r.id, r.assignees[0].email), {"runs.audit", "assignments-"}),
    "archive_run": (lambda c, r: c.archive_run(r.id), {"runs.audit", "runs.status", "assigned_tasks-"}),
    "delete_run": (lambda c, r: c.delete_run(r.id), A_RUN_GOES | {"deleted+"}),
    "hide_run": (lambda c, r: c.hide_run(r.id, c.staff.signers[0].email), A_RUN_GOES),
    "hide_run from another": (lambda c, r: c.hide_run(r.id, c.staff.signers[1].email), set()),
    "add_comment": (lambda c, r: c.add_comment(r.id, r.template.task_ids[0], "Any news?"), {"comments+"}),
    "start_run": (
        lambda c, r: c.start_run(r.template.id),
        {"runs+", "tasks+", "form_values+", "assigned_tasks+"},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_an_event_touches_what_it_should_and_nothing_else(company: Company, run: Run, name: str) -> None:
    act, expected = CASES[name]
    before = told(company)
    act(company, run)
    optional = {"comments-", "attachments-"} if "runs-" in expected else set()  # where the run has some
    assert changes(before, told(company)) - optional == expected


BACK: dict[str, Callable[[Company, Run], Any]] = {
    "delete_run": lambda c, r: c.undelete_run(r.id),
    "hide_run": lambda c, r: c.show_run(r.id, c.staff.signers[0].email),
}


@pytest.mark.parametrize("name", BACK)
def test_a_run_that_was_gone_is_there_again_as_it_was(company: Company, run: Run, name: str) -> None:
    before = told(company)
    CASES[name][0](company, run)
    BACK[name](company, run)
    assert changes(before, told(company)) == ({"runs.audit"} if name == "delete_run" else set())


def test_a_deleted_run_is_active_again_whatever_it_was(company: Company, run: Run) -> None:
    company.archive_run(run.id)
    company.delete_run(run.id)
    company.undelete_run(run.id)
    assert run.status == "Active"


def test_a_finished_run_has_no_open_task_and_one_taken_back_opens_it(company: Company, run: Run) -> None:
    company.finish_run(run.id, by=company.staff.members[0])
    assert run.status == "Completed"
    assert all(task.completed is not None or task.hidden for task in run.tasks)
    company.reopen_task(run.id, run.template.task_ids[0])
    assert run.status == "Active"


def test_what_was_written_in_a_form_outlives_the_tick(company: Company, run: Run) -> None:
    task_id = task_of(run, done=True, fields=True)
    before = told(company)["form_values"][run.id]
    company.reopen_task(run.id, task_id)
    assert told(company)["form_values"][run.id] == before


MOVING: dict[str, Callable[[Company, Run], Any]] = {
    "tasks": lambda c, r: c.complete_task(r.id, task_of(r, done=False)),
    "fields": lambda c, r: c.edit_value(r.id, field_of(r), None),
    "approvals": lambda c, r: c.decide(r.id, *subject_of(r)),
    "assignees": lambda c, r: c.assign(r.id, nobody_of(c, r)),
    "migration": lambda c, r: c.migrate_template(r.template.id),
}


@pytest.mark.parametrize("what", MOVING)
@pytest.mark.parametrize("moves", [True, False], ids=["moves", "stays"])
def test_a_knob_says_whether_an_edit_moves_the_runs_updated_date(
    company: Company, run: Run, what: str, moves: bool
) -> None:
    assert company.knobs.moves == set(MOVING) == set(MOVES)
    company.knobs.moves = {what} if moves else set(MOVING) - {what}
    before, updated = told(company), run.updated
    MOVING[what](company, run)
    assert (run.updated > updated) is moves
    assert changes(before, told(company)) - {"runs.audit"}


def test_the_run_itself_and_its_status_move_it_always(company: Company, run: Run) -> None:
    company.knobs.moves = set()
    for act in (
        lambda: company.rename_run(run.id, "Another"),
        lambda: company.finish_run(run.id),
        lambda: company.reopen_task(run.id, run.template.task_ids[0]),
        lambda: company.delete_run(run.id),
    ):
        updated = run.updated
        act()
        assert run.updated > updated


def test_an_event_may_be_dated(company: Company, run: Run) -> None:
    company.rename_run(run.id, "Another", at=LATER)
    assert run.updated == LATER * 1000


@pytest.mark.parametrize("name", sorted(set(EVENTS) - {"start_run", "migrate_template"}))
def test_what_is_not_there_cannot_be_changed(company: Company, name: str) -> None:
    words = {"edit_value": ("f", None), "rename_run": ("x",), "move_due_date": (None,), "decide": ("a", "b")}
    words |= {"assign": ("x@example.com",), "hide_run": ("x@example.com",), "show_run": ("x@example.com",)}
    words |= {"complete_task": ("t",), "reopen_task": ("t",), "add_comment": ("t", "Hello")}
    with pytest.raises(LookupError, match="nothing"):
        getattr(company, name)("nothing", *words.get(name, ()))


@pytest.mark.parametrize("name", ["start_run", "migrate_template"])
def test_no_workflow_no_event(company: Company, name: str) -> None:
    with pytest.raises(LookupError, match="no workflow 'nothing'"):
        getattr(company, name)("nothing")


def test_nobody_is_hidden_from_nobody(company: Company, run: Run) -> None:
    with pytest.raises(LookupError, match=r"no person 'x@example.com'"):
        company.hide_run(run.id, "x@example.com")
