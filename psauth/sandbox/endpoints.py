"""The table of everything the API answers: path, list key, filters. A path not in it is a 404.

To add an endpoint, add a row; its function takes a `Call` and returns the records (or the body) it stands for.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from psauth.sandbox.company import Company
from psauth.sandbox.people import Person
from psauth.sandbox.records import Record, Records
from psauth.sandbox.runs import Run, Task
from psauth.sandbox.templates import Template
from psauth.sandbox.worktime import DAY

SEARCH_LIMIT = 200
_STATUSES = ("Active", "Completed", "Archived")
_ITEM_TYPES = ("Checklist", "StandardTask", "ApprovalTask", "OneOffTask", "Acknowledgment")


class Missing(LookupError):
    """There is no such thing: 404."""


class BadQuery(ValueError):
    """A query parameter's value is wrong: 400, plain text where the service answers so."""

    def __init__(self, text: str, *, plain: bool = True) -> None:
        super().__init__(text)
        self.plain = plain


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as an endpoint sees it."""

    company: Company
    user: Person
    path: dict[str, str]
    query: dict[str, str]
    app: str

    @property
    def write(self) -> Records:
        """Writes records as the API shows them."""
        return Records(self.company, self.app)

    def template(self) -> Template:
        """The workflow in the path."""
        template: Template = _found(self.company.template(self.path["workflowId"]), "Workflow")
        return template

    def run(self) -> Run:
        """The run in the path."""
        run: Run = _found(self.company.run(self.path["workflowRunId"]), "Workflow run")
        return run

    def task(self) -> tuple[Run, Task]:
        """The task in the path, with its run."""
        run = self.run()
        at = run.template.index_of(self.path["taskId"])
        return run, run.tasks[_found(at, "Task")]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row. `key` is the list's key ("" for a single body), `rel` what its `next` link is of."""

    path: str
    answer: Callable[[Call], Any]
    key: str = ""
    filters: tuple[str, ...] = ()
    rel: str | None = None
    trailing: bool = False
    paged: bool = True
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        pattern = re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path) + "$")
        object.__setattr__(self, "pattern", pattern)


# A record is written only when its page is shown.
Late = Callable[[], Record]


def _found(thing: Any, what: str) -> Any:
    if thing is None:
        raise Missing(f"{what} not found")
    return thing


def _one(records: Sequence[Record], record_id: str, what: str) -> Record:
    return {"data": _found(next((r for r in records if r["id"] == record_id), None), what)}


def _late(records: Sequence[Record]) -> list[Late]:
    return [partial(dict, record) for record in records]


def _by_name(call: Call, records: Sequence[Record]) -> list[Late]:
    wanted = call.query.get("name", "").casefold()
    return _late([r for r in records if wanted in str(r["name"]).casefold()])


def _workflows(call: Call) -> list[Late]:
    return _by_name(call, [call.write.workflow(t) for t in call.company.templates])


def _workflow_tasks(call: Call) -> list[Late]:
    template = call.template()
    return [partial(call.write.workflow_task, template, at) for at in range(len(template.task_ids))]


def _form_fields(call: Call) -> list[Late]:
    template = call.template()
    return [partial(call.write.form_field, template, n) for n in range(len(template.fields))]


def _options(call: Call) -> list[Late]:
    template = call.template()
    ids = [f[0] for f in template.fields]
    wanted = call.path["formFieldId"]
    return _late(call.write.options(template, _found(ids.index(wanted) if wanted in ids else None, "Form field")))


def _revisions(call: Call) -> list[Late]:
    status = call.query.get("status")
    return _late([r for r in call.company.library.revisions[call.template().id] if status in (None, r["status"])])


def _search(call: Call) -> list[Late]:
    statuses = [s.strip() for s in call.query.get("status", "Active").split(",")]
    if not set(statuses) <= set(_STATUSES):
        raise BadQuery("Invalid value for: query parameter status")
    workflow, name = call.query.get("workflowId"), call.query.get("name", "").casefold()
    found = [
        run
        for run in call.company.runs
        if run.status in statuses and workflow in (None, run.template.id) and name in (run.name or "").casefold()
    ]
    found.sort(key=lambda run: (-run.updated, run.id))
    return [partial(call.write.run, run) for run in found[:SEARCH_LIMIT]]


def _all_runs(call: Call) -> list[Late]:
    status, workflow = call.query.get("status"), call.query.get("workflowId")
    if status not in (None, *_STATUSES):
        raise BadQuery(f"Invalid status: {status}", plain=False)
    runs = call.company.runs
    return [
        partial(call.write.run, run)
        for run in runs
        if status in (None, run.status) and workflow in (None, run.template.id)
    ]


def _run(call: Call) -> Record:
    return call.write.run(call.run())


def _tasks(call: Call) -> list[Late]:
    run = call.run()
    return [partial(call.write.task, run, task) for task in run.tasks]


def _task(call: Call) -> Record:
    return call.write.task(*call.task(), typed=False)


def _values(call: Call) -> list[Late]:
    run = call.run()
    return [partial(call.write.value, run, n) for n in range(len(run.template.fields))]


def _task_values(call: Call) -> list[Late]:
    run, task = call.task()
    return [partial(call.write.value, run, n) for n, f in enumerate(run.template.fields) if f[1] == task.at]


def _approvals(call: Call) -> list[Late]:
    run = call.run()
    return [partial(call.write.approval, run, decision) for decision in run.decisions]


def _run_assignees(call: Call) -> list[Late]:
    return [p.record for p in call.run().assignees]


def _task_assignees(call: Call) -> list[Late]:
    return [p.record for p in call.task()[1].assignees]


def _assigned(call: Call, person: Person | None) -> list[tuple[Run, Task]]:
    workflow = call.query.get("workflowId")
    return [
        (run, task)
        for run in call.company.runs
        if run.status == "Active" and workflow in (None, run.template.id)
        for task in run.tasks
        if person is not None and person in task.assignees
    ]


def _tasks_of(call: Call) -> list[Late]:
    email = call.query.get("assigneeEmail")
    if not email:
        raise BadQuery("Invalid value for: query parameter assigneeEmail (missing)")
    found = _assigned(call, call.company.person(email))
    found.sort(key=lambda pair: (pair[1].due is None, pair[1].due or 0, pair[0].id, pair[1].at))
    return [partial(call.write.task, run, task) for run, task in found]


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


def _work(call: Call, *, completed: bool) -> list[tuple[Run, Task | None]]:
    email = call.query.get("assigneeEmail")
    person = call.company.person(email) if email else call.user
    found: list[tuple[Run, Task | None]] = [
        (run, task)
        for run, task in _assigned(call, person)
        if not task.hidden and (completed or task.completed is None)
    ]
    workflow = call.query.get("workflowId")
    for run in call.company.runs:
        if run.status == "Active" and person in run.assignees and workflow in (None, run.template.id):
            found.append((run, None))  # noqa: PERF401 # a comprehension of this length hides its condition
    return found


def _due(item: tuple[Run, Task | None]) -> int | None:
    run, task = item
    return run.due if task is None else task.due


def _items(call: Call) -> list[Late]:
    kind = _choice(call, "type", _ITEM_TYPES)
    snoozed = _choice(call, "snoozeStatus", ("Active", "Snoozed"))
    completed = _choice(call, "includeCompleted", ("true", "false")) == "true"
    first, last = _moment(call, "dueDateFrom"), _moment(call, "dueDateTo")
    if last is not None and len(call.query["dueDateTo"]) == len(date.min.isoformat()):
        last += DAY - 1  # a date means its whole day
    found = [] if snoozed == "Snoozed" else _work(call, completed=completed)
    if first is not None:
        found = [i for i in found if (due := _due(i)) is not None and due >= first]
    if last is not None:
        found = [i for i in found if (due := _due(i)) is not None and due <= last]
    found.sort(key=lambda i: (_due(i) is None, _due(i) or 0, i[0].id, -1 if i[1] is None else i[1].at))
    records = [call.write.work_item(run, task) for run, task in found]
    return _late([r for r in records if kind in (None, r["type"])])


def _stats(call: Call) -> Record:
    dues = [_due(item) for item in _work(call, completed=False)]
    overdue = sum(due is not None and due < call.company.now for due in dues)
    upcoming = sum(due is not None and due >= call.company.now for due in dues)
    return {"data": {"total": len(dues), "upcoming": upcoming, "overdue": overdue}}


def _comments(call: Call) -> list[Late]:
    wanted, workflow, task = (call.query.get(n) for n in ("workflowRunId", "workflowId", "taskId"))
    if not wanted and not workflow:
        raise BadQuery("Either workflowId or workflowRunId is required", plain=False)
    runs = [r for r in call.company.runs if (r.id == wanted if wanted else r.template.id == workflow)]
    found = [c for run in runs for c in call.write.comments(run) if task in (None, c["taskId"])]
    return _late(sorted(found, key=lambda c: (str(c["createdDate"]), str(c["id"])), reverse=True))


def _comment(call: Call) -> Record:
    every = (c for run in call.company.runs for c in call.write.comments(run))
    return {"data": _found(next((c for c in every if c["id"] == call.path["commentId"]), None), "Comment")}


def _attachments(call: Call) -> list[Late]:
    names = ("workflowRunId", "workflowId", "taskId")
    wanted = {name: call.query[name] for name in names if name in call.query}
    author = call.query.get("createdById")
    found = [
        a
        for run in call.company.runs
        for a in call.write.attachments(run)
        if all(a[name] == value for name, value in wanted.items()) and author in (None, a["createdBy"]["id"])
    ]
    return _late(sorted(found, key=lambda a: (str(a["createdDate"]), str(a["id"])), reverse=True))


def _data_set(call: Call) -> Record:
    made = dict(_one(call.company.library.data_sets, call.path["dataSetId"], "Data set")["data"])
    # The list wraps its dates in `audit`, the single answer does not.
    fields = [{**{k: v for k, v in f.items() if k != "audit"}, **f["audit"]} for f in made["fields"]]
    return {"data": {**{k: v for k, v in made.items() if k != "audit"}, **made["audit"], "fields": fields}}


def _rows(call: Call) -> list[Record]:
    return list(_found(call.company.library.records.get(call.path["dataSetId"]), "Data set"))


def _row(call: Call) -> Record:
    record: Record = _one(_rows(call), call.path["dataSetRecordId"], "Data set record")["data"]
    return record


def _pages(call: Call) -> list[Late]:
    folder = call.query.get("folderId")
    return _by_name(call, [p for p in call.company.library.pages if folder in (None, p["folderId"])])


def _page_revisions(call: Call) -> list[Record]:
    return list(_found(call.company.library.page_revisions.get(call.path["pageId"]), "Page"))


def _schedules(call: Call) -> list[Late]:
    workflow, text = call.query.get("workflowId"), call.query.get("search", "").casefold()
    every = call.company.library.schedules
    return _late(
        [s for s in every if workflow in (None, s["workflowId"]) and text in str(s.get("name", "")).casefold()]
    )


_RUN, _WORKFLOW = "/workflow-runs/{workflowRunId}", "/workflows/{workflowId}"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("/testAuth", lambda call: {"apiKeyLabel": "psauth sandbox"}),
    Endpoint("/users", lambda c: [p.record for p in c.company.staff.users], "users", rel="Users"),
    Endpoint("/workflows", _workflows, "workflows", ("name",), "Workflow"),
    Endpoint(_WORKFLOW, lambda call: {"data": call.write.workflow(call.template())}),
    Endpoint(f"{_WORKFLOW}/tasks", _workflow_tasks, "tasks", rel="Tasks"),
    Endpoint(f"{_WORKFLOW}/form-fields", _form_fields, "fields", rel="Form Field Values"),
    Endpoint(f"{_WORKFLOW}/form-fields/{{formFieldId}}/options", _options, "options"),
    Endpoint(f"{_WORKFLOW}/revisions", _revisions, "data", ("status",)),
    Endpoint(
        f"{_WORKFLOW}/revisions/{{revisionId}}",
        lambda c: _one(c.company.library.revisions[c.template().id], c.path["revisionId"], "Revision"),
    ),
    Endpoint("/workflow-runs", _search, "workflowRuns", ("workflowId", "name", "status"), "Workflow Run"),
    Endpoint("/workflow-runs/list", _all_runs, "data", ("workflowId", "status"), "Workflow Run", trailing=True),
    Endpoint(_RUN, _run),
    Endpoint(f"{_RUN}/tasks", _tasks, "tasks", rel="Tasks"),
    Endpoint(f"{_RUN}/tasks/{{taskId}}", _task),
    Endpoint(f"{_RUN}/tasks/{{taskId}}/form-fields", _task_values, "fields", rel="Form Field Values"),
    Endpoint(f"{_RUN}/tasks/{{taskId}}/assignees", _task_assignees, "assignees", paged=False),
    Endpoint(f"{_RUN}/form-fields", _values, "fields", rel="Form Field Values"),
    Endpoint(f"{_RUN}/approvals", _approvals, "approvals", rel="Approvals"),
    Endpoint(f"{_RUN}/assignees", _run_assignees, "assignees", rel="Assignees"),
    Endpoint("/tasks", _tasks_of, "tasks", ("assigneeEmail", "workflowId"), "Tasks"),
    Endpoint("/folders", lambda call: _late(call.company.library.folders), "data"),
    Endpoint("/pages", _pages, "data", ("name", "folderId")),
    Endpoint("/pages/{pageId}", lambda call: _one(call.company.library.pages, call.path["pageId"], "Page")),
    Endpoint("/pages/{pageId}/revisions", lambda call: _late(_page_revisions(call)), "data"),
    Endpoint("/data-sets", lambda call: _late(call.company.library.data_sets), "dataSets", rel="Data Sets"),
    Endpoint("/data-sets/{dataSetId}", _data_set),
    Endpoint(
        "/data-sets/{dataSetId}/records", lambda c: _late(_rows(c)), "records", rel="Data Set Records", trailing=True
    ),
    Endpoint("/data-sets/{dataSetId}/records/{dataSetRecordId}", _row),
    Endpoint("/comments", _comments, "data", ("workflowId", "workflowRunId", "taskId"), "Comment"),
    Endpoint("/comments/{commentId}", _comment),
    Endpoint("/attachments", _attachments, "data", ("workflowId", "workflowRunId", "taskId", "createdById")),
    Endpoint("/scheduled-workflows", _schedules, "data", ("workflowId", "search")),
    Endpoint(
        "/scheduled-workflows/{scheduledWorkflowId}",
        lambda c: _one(c.company.library.schedules, c.path["scheduledWorkflowId"], "Scheduled workflow"),
    ),
    Endpoint(
        "/work/items",
        _items,
        "data",
        ("assigneeEmail", "type", "workflowId", "dueDateFrom", "dueDateTo", "snoozeStatus", "includeCompleted"),
    ),
    Endpoint("/work/stats", _stats),
)
