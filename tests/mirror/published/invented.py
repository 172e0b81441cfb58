"""Invented records, as the service answers them: enough of every list for all tables."""

from datetime import UTC, datetime

from psauth.mirror.store import Answer

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 26, 13, tzinfo=UTC)
MONTHS = ("2026-01", "2026-02", "2026-03")
WORKFLOWS = {"w1": "Purchase Request", "w2": "Onboarding"}
STAMPS = {"createdDate": "2026-01-01T08:00:00.000Z", "updatedDate": "2026-01-02T08:00:00.000Z"}


def a_person(number):
    return {"id": f"u{number}", "username": f"Person {number}", "email": f"p{number}@example.com"}


def a_run(number, month="2026-03", workflow="w1", **fields):
    audit = {
        "createdDate": f"{month}-05T10:00:00.000Z",
        "createdById": "u1",
        "updatedDate": f"{month}-06T10:00:00.000Z",
        "updatedById": "u2",
    }
    link = {"name": "self", "type": "App", "href": f"https://app.example/runs/r{number}"}
    more = {"status": "Active", "dueDate": f"{month}-20", "shared": False, "links": [link]}
    return {"id": f"r{number}", "name": f"Run {number}", "workflowId": workflow, "audit": audit, **more, **fields}


def a_task(run_id, number, **fields):
    more = {"status": "NotCompleted", "taskType": "Standard", "hidden": False, "stopped": False}
    return {"id": f"t{number}", "name": f"Step {number}", "workflowRunId": run_id, **more, **fields}


def a_value(run_id, field_id, label, kind, data, **fields):
    more = {"taskId": "t1", "updatedDate": "2026-03-07T10:00:00.000Z", "updatedBy": a_person(1)}
    names = {"id": field_id, "label": label, "key": label, "fieldType": kind}
    return {**names, "workflowRunId": run_id, "data": data, **more, **fields}


def values_of(run_id, workflow="w1"):
    if workflow == "w2":
        return [a_value(run_id, "f9", "First day", "Date", {"value": "2026-03-09", "timeHidden": True})]
    return [
        a_value(run_id, "f1", "Price", "Number", {"value": "497.5"}),
        a_value(run_id, "f2", "Colours", "MultiChoice", {"values": ["red", "blue"]}),
        a_value(run_id, "f3", "In budget?", "Select", {"value": "Yes"}),
    ]


def lists_of(run_id, workflow="w1", **tasks):
    """All lists of a run; `tasks` are fields of its first task."""
    approval = {"id": f"a-{run_id}", "workflowRunId": run_id, "status": "Approved", "reviewedBy": a_person(2)}
    return {
        "tasks": [
            a_task(run_id, 1, **tasks),
            a_task(run_id, 2, status="Completed", completedDate="2026-03-06T09:00:00Z"),
        ],
        "form_values": values_of(run_id, workflow),
        "approvals": [approval | {"approvalTaskId": "t2", "subjectTaskId": "t1", "audit": STAMPS}],
    }


def an_answer(number, month="2026-03", workflow="w1", *, at=NOON, fields=None, **tasks):
    """A run with all its lists."""
    return Answer(a_run(number, month, workflow, **(fields or {})), lists_of(f"r{number}", workflow, **tasks), at)


def fill(store, runs=6):
    """A company: runs in three months, by turns of two workflows, and what belongs to no run."""
    store.write_runs([an_answer(n, MONTHS[n % 3], ("w1", "w2")[n % 2]) for n in range(runs)])
    store.write_list("workflows", "", [{"id": key, "name": name} for key, name in WORKFLOWS.items()], NOON)
    store.write_list("users", "", [a_person(1), a_person(2)], NOON)
    for workflow in WORKFLOWS:
        store.write_list("workflow_tasks", workflow, [{"id": "t1", "name": "Step 1", "workflowId": workflow}], NOON)
    template = [{"id": "f1", "label": "Price", "key": "price", "fieldType": "Number"}]
    store.write_list("form_fields", "w1", template, NOON)
    fields = [{"id": "c1", "name": "Name", "fieldType": "Text"}, {"id": "c2", "name": "Budget", "fieldType": "Number"}]
    store.write_list("data_sets", "", [{"id": "d1", "name": "Cost centres", "fields": fields}], NOON)
    store.write_list("records", "d1", [a_record(1), a_record(2)], NOON)
    store.write_list("folders", "", [{"id": "o1", "name": "Finance"}], NOON)
    store.write_list("schedules", "", [{"id": "s1", "name": "Monthly", "workflowId": "w1"}], NOON)
    store.write_list("comments", "", [{"id": "c1", "text": "=1+1", "workflowRunId": "r1"}], NOON)
    store.write_list("attachments", "", [{"id": "x1", "fileName": "a.pdf", "size": 12, "workflowRunId": "r1"}], NOON)
    store.write_list(
        "revisions", "w1", [{"id": "v1", "version": "1.0", "workflowId": "w1", "status": "Finished"}], NOON
    )
    store.write_list("logic_rules", "w1", [{"id": "l1", "workflowRevisionId": "v1", "when": [1]}], NOON)
    store.write_list("assigned_tasks", "p1@example.com", [a_task("r1", 1)], NOON)


def a_record(number, **cells):
    values = {"c1": f"Centre {number}", "c2": number * 100, **cells}
    return {
        "id": f"row{number}",
        "dataSetId": "d1",
        "cells": [{"fieldId": key, "value": v} for key, v in values.items()],
    }
