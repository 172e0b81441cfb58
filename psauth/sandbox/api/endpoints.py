"""The table of everything that may be read: path, list key, filters. A path in neither table is a 404.

To add an endpoint, add a row; its function takes a `Call` and returns the records (or the body) it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import islice

from psauth.sandbox.api import datasets, permissions, rules, work
from psauth.sandbox.api.calls import BadQuery, Call, Endpoint, Late, Rows, existing, late, single
from psauth.sandbox.api.records import Record
from psauth.sandbox.company.runs import Run
from psauth.sandbox.company.values import words

_LISTED = ("Active", "Completed", "Archived")
_SEARCHED = (*_LISTED, "Deleted")


def _by_name(call: Call, records: Sequence[Record]) -> list[Late]:
    wanted = call.query.get("name", "").casefold()
    return late([r for r in records if wanted in str(r["name"]).casefold()])


def _workflows(call: Call) -> list[Late]:
    seen = [t for t in call.company.templates if call.company.sees(call.user, t)]
    return _by_name(call, [call.write.workflow(t) for t in seen])


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
    return late(call.write.options(template, existing(ids.index(wanted) if wanted in ids else None, "Form field")))


def _revisions(call: Call) -> list[Late]:
    status = call.query.get("status")
    return late([r for r in call.company.library.revisions[call.template().id] if status in (None, r["status"])])


def _search(call: Call) -> Sequence[Late]:
    statuses = frozenset(s.strip() for s in call.query.get("status", "Active").split(","))
    if not statuses <= set(_SEARCHED):
        raise BadQuery("Invalid value for: query parameter status")
    workflow, name = call.query.get("workflowId"), call.query.get("name", "").casefold()
    fields = {field: value.casefold() for field, value in call.bracketed("fields").items()}
    company, limit = call.company, call.company.knobs.search_limit

    def find() -> list[Run]:
        fitting = (
            run
            for run in company.seen(call.user, company.lists.updated)
            if run.status in statuses and (workflow is None or run.template.id == workflow)
            if (not name or name in (run.name or "").casefold()) and (not fields or _filled(call, run, fields))
        )
        return list(islice(fitting, limit))

    key = ("search", call.user.id, statuses, workflow, name, limit, *sorted(fields.items()))
    return Rows(company.lists.kept(key, find), call.write.run)


def _filled(call: Call, run: Run, wanted: dict[str, str]) -> bool:
    """Whether any of the wanted form fields holds its text somewhere, in any case."""
    for number, (field_id, *_) in enumerate(run.template.fields):
        if field_id in wanted:
            held = words(call.write.value(run, number)["data"])
            if any(wanted[field_id] in word.casefold() for word in held):
                return True
    return False


def _all_runs(call: Call) -> Sequence[Late]:
    status, workflow = call.query.get("status"), call.query.get("workflowId")
    if status not in (None, *_LISTED):
        raise BadQuery(f"Invalid status: {status}", plain=False)
    return Rows(call.runs(*(_LISTED if status is None else (status,)), workflow=workflow), call.write.run)


def _run(call: Call) -> Record:
    return call.write.run(call.any_run())


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


def _tasks_of(call: Call) -> list[Late]:
    email = call.query.get("assigneeEmail")
    if not email:
        raise BadQuery("Invalid value for: query parameter assigneeEmail (missing)")
    matching = work.assigned(call, call.company.person(email))
    matching.sort(key=lambda pair: (pair[1].due is None, pair[1].due or 0, pair[0].id, pair[1].at))
    return [partial(call.write.task, run, task) for run, task in matching]


def _comments(call: Call) -> Sequence[Late]:
    wanted, workflow, task = (call.query.get(n) for n in ("workflowRunId", "workflowId", "taskId"))
    if not wanted and not workflow:
        raise BadQuery("Either workflowId or workflowRunId is required", plain=False)
    remarks, lists = call.company.remarks, call.company.lists

    def find() -> list[Record]:
        run = lists.by_id.get(wanted) if wanted else None
        of = run.begun.id if run else workflow
        return [
            comment
            for comment in remarks.comments.get(of or "", [])
            if task in (None, comment["taskId"]) and (not wanted or comment["workflowRunId"] == wanted)
            if _on_shown(call, comment)
        ]

    return Rows(lists.kept(("comments", call.user.id, wanted, workflow, task), find), dict)


def _on_shown(call: Call, remark: Record) -> bool:
    """Whether a comment or attachment is on a run that is there for who asks."""
    run = call.company.lists.by_id[remark["workflowRunId"]]
    return run.status != "Deleted" and call.company.sees(call.user, run)


def _comment(call: Call) -> Record:
    every = (c for comments in call.company.remarks.comments.values() for c in comments)
    found = next((c for c in every if c["id"] == call.path["commentId"] and _on_shown(call, c)), None)
    return {"data": existing(found, "Comment")}


def _attachments(call: Call) -> Sequence[Late]:
    names = ("workflowRunId", "workflowId", "taskId")
    wanted = {name: call.query[name] for name in names if name in call.query}
    author = call.query.get("createdById")

    def find() -> list[Record]:
        return [
            a
            for a in call.company.remarks.attachments
            if all(a[name] == value for name, value in wanted.items()) and author in (None, a["createdBy"]["id"])
            if _on_shown(call, a)
        ]

    key = ("attachments", call.user.id, author, *wanted.items())
    return Rows(call.company.lists.kept(key, find), dict)


def _pages(call: Call) -> list[Late]:
    folder = call.query.get("folderId")
    return _by_name(call, [p for p in call.company.library.pages if folder in (None, p["folderId"])])


def _page_revisions(call: Call) -> list[Record]:
    return list(existing(call.company.library.page_revisions.get(call.path["pageId"]), "Page"))


def _markdown(call: Call) -> str:
    page = single(call.company.library.pages, call.path["pageId"], "Page")["data"]
    if "revisionId" in call.path:
        single(_page_revisions(call), call.path["revisionId"], "Revision")
    return "\n\n".join([f"# {page['name']}", *([page["description"]] if "description" in page else [])]) + "\n"


def _no_webhooks(call: Call) -> list[Late]:
    if "workflowId" in call.path:
        call.template()
    if "dataSetId" in call.path:
        datasets.data_set(call)
    return []


def _schedules(call: Call) -> list[Late]:
    workflow, text = call.query.get("workflowId"), call.query.get("search", "").casefold()
    hidden = {t.id for t in call.company.templates if not call.company.sees(call.user, t)}
    every = [s for s in call.company.library.schedules if s["workflowId"] not in hidden]
    return late([s for s in every if workflow in (None, s["workflowId"]) and text in str(s.get("name", "")).casefold()])


_RUN, _WORKFLOW, _PAGE = "/workflow-runs/{workflowRunId}", "/workflows/{workflowId}", "/pages/{pageId}"
_MARKDOWN, _REVISION = "text/markdown", f"{_WORKFLOW}/revisions/{{revisionId}}"

ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("/testAuth", lambda call: {"apiKeyLabel": f"{call.company.name} (sandbox)"}),
    Endpoint("/users", lambda c: [p.record for p in c.company.staff.users], "users", rel="Users"),
    Endpoint("/workflows", _workflows, "workflows", ("name",), "Workflow"),
    Endpoint(_WORKFLOW, lambda call: {"data": call.write.workflow(call.template())}),
    Endpoint(f"{_WORKFLOW}/tasks", _workflow_tasks, "tasks", rel="Tasks"),
    Endpoint(f"{_WORKFLOW}/form-fields", _form_fields, "fields", rel="Form Field Values"),
    Endpoint(f"{_WORKFLOW}/form-fields/{{formFieldId}}/options", _options, "options"),
    Endpoint(f"{_WORKFLOW}/revisions", _revisions, "data", ("status",)),
    Endpoint(
        f"{_WORKFLOW}/revisions/{{revisionId}}",
        lambda c: single(c.company.library.revisions[c.template().id], c.path["revisionId"], "Revision"),
    ),
    Endpoint(f"{_REVISION}/logic-rules", rules.logic, "data"),
    Endpoint(f"{_REVISION}/logic-rules/{{ruleId}}", rules.logic_rule),
    Endpoint(f"{_REVISION}/due-date-rule", rules.run_due),
    Endpoint(f"{_REVISION}/tasks/{{taskId}}/due-date-rule", rules.task_due),
    Endpoint(f"{_REVISION}/tasks/{{taskId}}/assignment-rules", rules.assignments, "data", paged=False),
    Endpoint(f"{_WORKFLOW}/permissions", permissions.workflow, "data"),
    Endpoint(f"{_WORKFLOW}/incoming-webhooks", _no_webhooks, "data"),
    Endpoint("/workflow-runs", _search, "workflowRuns", ("workflowId", "name", "status", "fields["), "Workflow Run"),
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
    Endpoint("/folders", lambda call: late(call.company.library.folders), "data"),
    Endpoint("/folders/{folderId}/permissions", permissions.folder, "data"),
    Endpoint("/pages", _pages, "data", ("name", "folderId")),
    Endpoint(_PAGE, lambda call: single(call.company.library.pages, call.path["pageId"], "Page")),
    Endpoint(f"{_PAGE}/markdown", _markdown, kind=_MARKDOWN),
    Endpoint(f"{_PAGE}/permissions", permissions.page, "data"),
    Endpoint(f"{_PAGE}/revisions", lambda call: late(_page_revisions(call)), "data"),
    Endpoint(
        f"{_PAGE}/revisions/{{revisionId}}", lambda c: single(_page_revisions(c), c.path["revisionId"], "Revision")
    ),
    Endpoint(f"{_PAGE}/revisions/{{revisionId}}/markdown", _markdown, kind=_MARKDOWN),
    Endpoint("/data-sets", lambda call: late(call.company.library.data_sets), "dataSets", rel="Data Sets"),
    Endpoint("/data-sets/{dataSetId}", datasets.data_set),
    Endpoint(
        "/data-sets/{dataSetId}/records", datasets.rows, "records", ("columns[",), "Data Set Records", trailing=True
    ),
    Endpoint("/data-sets/{dataSetId}/records/{dataSetRecordId}", datasets.row),
    Endpoint("/data-sets/{dataSetId}/incoming-webhooks", _no_webhooks, "data"),
    Endpoint("/webhooks", _no_webhooks, "data"),
    Endpoint("/comments", _comments, "data", ("workflowId", "workflowRunId", "taskId"), "Comment"),
    Endpoint("/comments/{commentId}", _comment),
    Endpoint("/attachments", _attachments, "data", ("workflowId", "workflowRunId", "taskId", "createdById")),
    Endpoint("/scheduled-workflows", _schedules, "data", ("workflowId", "search")),
    Endpoint(
        "/scheduled-workflows/{scheduledWorkflowId}",
        lambda c: single(c.company.library.schedules, c.path["scheduledWorkflowId"], "Scheduled workflow"),
    ),
    Endpoint(
        "/work/items",
        work.items,
        "data",
        ("assigneeEmail", "type", "workflowId", "dueDateFrom", "dueDateTo", "snoozeStatus", "includeCompleted"),
    ),
    Endpoint("/work/stats", work.stats),
    Endpoint("/work/tasks/{taskId}", work.one_off),
)
