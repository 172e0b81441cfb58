"""Runs, tasks, fields and the rest as the API writes them: keys that are unset are absent, never null."""

from __future__ import annotations

from typing import Any

from psauth.sandbox.company.company import Company
from psauth.sandbox.company.people import Person
from psauth.sandbox.company.runs import Decision, Run, Task
from psauth.sandbox.company.templates import Template
from psauth.sandbox.company.worktime import iso, opaque_id

Record = dict[str, Any]


def link(name: str, href: str, rel: str | None = None, kind: str = "Api") -> Record:
    """One entry of `links`."""
    record = {"name": name, "href": href, "type": kind}
    return record if rel is None else {**record, "rel": rel}


class Records:
    """Writes what the company holds; `app` is the address of the pages that show a record to people."""

    def __init__(self, company: Company, app: str) -> None:
        self.company = company
        self.app = app

    def workflow(self, template: Template) -> Record:
        """One workflow; `audit` names people."""
        created, by, updated, updated_by = self.company.library.stamps[template.id]
        record: Record = {
            "id": template.id,
            "name": template.blueprint.name,
            "audit": _audit(created, by, updated, updated_by),
        }
        if template.blueprint.about:
            record["description"] = template.blueprint.about
        record["links"] = [link("app", f"{self.app}/workflows/{template.id}", "Workflow", "App")]
        return record

    def workflow_task(self, template: Template, at: int) -> Record:
        """One step of a workflow."""
        step = template.blueprint.steps[at]
        created, by, updated, updated_by = self.company.library.stamps[template.id]
        return {
            "id": template.task_ids[at],
            "workflowId": template.id,
            "name": step.name,
            "orderTree": str(at + 1),
            "stopTask": step.stop,
            "hiddenByDefault": step.hidden > 0,
            "taskType": step.kind,
            "audit": _audit(created, by, updated, updated_by),
        }

    def form_field(self, template: Template, number: int) -> Record:
        """One form field of a workflow."""
        field_id, at, key, field = template.fields[number]
        created, by, updated, updated_by = self.company.library.stamps[template.id]
        record: Record = {
            "id": field_id,
            "taskId": template.task_ids[at],
            "fieldType": field.kind,
            "key": key,
            "audit": _audit(created, by, updated, updated_by),
        }
        if field.label:
            record["label"] = field.label
        if field.source:
            record["dataSetLinked"] = True
        return record

    def options(self, template: Template, number: int) -> list[Record]:
        """What one choice offers."""
        field = template.fields[number][3]
        if field.source:
            rows = self.company.library.choosable(field.source)
            return [{"value": label, "label": label, "dataSetRowId": row_id} for row_id, label in rows.items()]
        return [{"value": label, "label": label} for label in field.options]

    def run(self, run: Run) -> Record:
        """One run; `audit` names ids."""
        record: Record = {
            "id": run.id,
            "audit": {
                "createdDate": iso(run.created),
                "createdById": run.created_by.id,
                "updatedDate": iso(run.updated),
                "updatedById": run.updated_by.id,
            },
            "status": run.status,
            "workflowId": run.template.id,
            "shared": run.shared,
            "migrationStatus": run.migration,
        }
        if run.name:
            record["name"] = run.name
        if run.due is not None:
            record["dueDate"] = iso(run.due)
        record["links"] = [link("app", f"{self.app}/runs/{run.id}", "Workflow Run", "App")]
        return record

    def task(self, run: Run, task: Task, *, typed: bool = True) -> Record:
        """One task of a run; its id is that of the workflow's step. Asked for alone it has no `taskType`."""
        step = run.template.blueprint.steps[task.at]
        record: Record = {
            "id": run.template.task_ids[task.at],
            "workflowRunId": run.id,
            "name": step.name,
            "status": "Completed" if task.completed is not None else "NotCompleted",
            "hidden": task.hidden,
            "stopped": run.stopped(task),
            "updatedDate": iso(task.updated),
            "updatedBy": task.updated_by.record(),
        }
        if task.completed is not None and task.completed_by is not None:
            record |= {"completedDate": iso(task.completed), "completedBy": task.completed_by.record()}
        if task.due is not None:
            record["dueDate"] = iso(task.due)
        if typed:
            record["taskType"] = step.kind
        return record

    def value(self, run: Run, number: int) -> Record:
        """One form field value of a run; its id is that of the workflow's field."""
        field_id, at, key, field = run.template.fields[number]
        task, entry = run.tasks[at], run.entries.get(number)
        data = self.company.drawn_value(run, field_id, field) if entry is None else entry.data
        record: Record = {
            "id": field_id,
            "workflowRunId": run.id,
            "taskId": run.template.task_ids[at],
            "key": key,
            "fieldType": field.kind,
            "data": data if entry is not None or run.filled_in(task) else None,
        }
        if field.label:
            record["label"] = field.label
        if entry is not None:
            record |= {"updatedDate": iso(entry.at), "updatedBy": entry.by.record()}
        elif record["data"] is not None:
            record |= {"updatedDate": iso(task.updated), "updatedBy": task.updated_by.record()}
        if field.source:
            record["dataSetLinked"] = True
        return record

    def approval(self, run: Run, decision: Decision) -> Record:
        """The last decision on one subject task."""
        numbers = run.template.task_numbers
        record: Record = {
            "id": opaque_id(run.id, "approval", numbers[decision.at], numbers[decision.subject]),
            "audit": _audit(decision.first, decision.by, decision.last, decision.by),
            "organizationId": self.company.organization_id,
            "workflowRunId": run.id,
            "approvalTaskId": run.template.task_ids[decision.at],
            "subjectTaskId": run.template.task_ids[decision.subject],
            "status": "Rejected" if decision.rejected else "Approved",
            "reviewedBy": decision.by.record(),
        }
        if decision.comment:
            record["comment"] = decision.comment
        return record

    def work_item(self, run: Run, task: Task | None) -> Record:
        """What stands on somebody's list of work: a task, or (None) the run itself."""
        if task is None:
            kind, name, due, people = "Checklist", run.name or "", run.due, run.assignees
        else:
            step = run.template.blueprint.steps[task.at]
            kind = "ApprovalTask" if step.kind == "Approval" else "StandardTask"
            name, due, people = step.name, task.due, task.assignees
        record: Record = {
            "id": opaque_id(run.id, "work", -1 if task is None else run.template.task_numbers[task.at]),
            "type": kind,
            "name": name,
            "workflowId": run.template.id,
            "workflowRunId": run.id,
            "assignees": [p.record() for p in people],
        }
        if task is not None:
            record["taskId"] = run.template.task_ids[task.at]
        if due is not None:
            record["dueDate"] = iso(due)
        return record


def _audit(created: int, by: Person, updated: int, updated_by: Person) -> Record:
    return {
        "createdDate": iso(created),
        "createdBy": by.record(),
        "updatedDate": iso(updated),
        "updatedBy": updated_by.record(),
    }
