"""Everything the API would say now for one person, without a request: what a copy of it can be compared with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psauth.sandbox.api.calls import Call
from psauth.sandbox.api.endpoints import ENDPOINTS
from psauth.sandbox.company.company import Company
from psauth.sandbox.company.people import Person

Record = dict[str, Any]
_ROWS = {row.path: row for row in ENDPOINTS}
_OF_RUN = {"tasks": "tasks", "form_values": "form-fields", "approvals": "approvals", "assignments": "assignees"}


def truth(company: Company, person: Person | None = None, *, app: str = "") -> dict[str, Any]:
    """Every list of the API as `person` sees it at this moment, whole, each record as a page of the list shows it.

    `person` is by default who the API key belongs to. `app` is the address of the pages that `links` name: that of the
    sandbox and `/app`. The keys are nouns:

    - a list each: `workflows` `users` `folders` `pages` `data_sets` `schedules` `comments` `attachments`, `runs`, of
      which none is deleted, and `deleted`, the runs that are;
    - a dict of lists by the id of what they belong to: `records` by data set; `workflow_tasks` `form_fields` `revisions`
      by workflow; `field_options` by form field; `tasks` `form_values` `approvals` `assignments` by run, none of which
      is deleted; `assigned_tasks` by the e-mail of each user;
    - rules of the newest revision, by workflow: `logic_rules`, a list each; `due_date_rules` and `assignment_rules`, a
      dict each, by task, with the rule of the run itself under "".
    """
    with company.lock:
        company.catch_up()
        asked = _Asked(company, person or company.staff.signers[0], app)
        return {**asked.organisation(), **asked.of_workflows(), **asked.of_runs()}


class _Asked:
    """The table of reads, asked without pages."""

    def __init__(self, company: Company, person: Person, app: str) -> None:
        self._company, self._person, self._app = company, person, app

    def _list(self, path: str, /, **words: str) -> list[Record]:
        return [write() for write in self._answer(path, **words)]

    def _answer(self, path: str, /, **words: str) -> Any:
        # A name that stands in the braces of the path is one there, any other a query parameter.
        return _ROWS[path].answer(Call(self._company, self._person, words, words, self._app))

    def _each(self, path: str, name: str, ids: list[str]) -> dict[str, list[Record]]:
        return {one: self._list(path, **{name: one}) for one in ids}

    def _ids(self, path: str) -> list[str]:
        return [record["id"] for record in self._list(path)]

    def organisation(self) -> dict[str, Any]:
        """What belongs to nothing else, and the records of data sets."""
        comments = [c for w in self._ids("/workflows") for c in self._list("/comments", workflowId=w)]
        users = self._list("/users")
        return {
            "workflows": self._list("/workflows"),
            "users": users,
            "folders": self._list("/folders"),
            "pages": self._list("/pages"),
            "data_sets": self._list("/data-sets"),
            "schedules": self._list("/scheduled-workflows"),
            "comments": sorted(comments, key=lambda c: (c["createdDate"], c["id"]), reverse=True),
            "attachments": self._list("/attachments"),
            "records": self._each("/data-sets/{dataSetId}/records", "dataSetId", self._ids("/data-sets")),
            "assigned_tasks": {u["email"]: self._list("/tasks", assigneeEmail=u["email"]) for u in users},
        }

    def of_workflows(self) -> dict[str, Any]:
        """What belongs to a workflow, its rules by task."""
        path, workflows = "/workflows/{workflowId}", self._ids("/workflows")
        fields = self._each(f"{path}/form-fields", "workflowId", workflows)
        revisions = self._each(f"{path}/revisions", "workflowId", workflows)
        tasks = self._each(f"{path}/tasks", "workflowId", workflows)
        rules = f"{path}/revisions/{{revisionId}}"
        options = f"{path}/form-fields/{{formFieldId}}/options"

        def newest(noun: str, ask: Callable[..., Any], workflow: str, **names: str) -> Any:
            revision = next(r["id"] for r in revisions[workflow] if r["status"] == "Finished")
            return ask(f"{rules}/{noun}", workflowId=workflow, revisionId=revision, **names)

        def of_tasks(noun: str, ask: Callable[..., Any], workflow: str) -> dict[str, Any]:
            noun = f"tasks/{{taskId}}/{noun}"
            return {t["id"]: newest(noun, ask, workflow, taskId=t["id"]) for t in tasks[workflow]}

        return {
            "workflow_tasks": tasks,
            "form_fields": fields,
            "revisions": revisions,
            "field_options": {
                field["id"]: self._list(options, workflowId=workflow, formFieldId=field["id"])
                for workflow, every in fields.items()
                for field in every
            },
            "logic_rules": {w: newest("logic-rules", self._list, w) for w in workflows},
            "due_date_rules": {
                w: {"": newest("due-date-rule", self._answer, w), **of_tasks("due-date-rule", self._answer, w)}
                for w in workflows
            },
            "assignment_rules": {w: of_tasks("assignment-rules", self._list, w) for w in workflows},
        }

    def of_runs(self) -> dict[str, Any]:
        """Runs, and what belongs to each."""
        runs = self._list("/workflow-runs/list")
        ids = [run["id"] for run in runs]
        path = "/workflow-runs/{workflowRunId}"
        company, person = self._company, self._person
        gone = [r for r in company.lists.updated if r.status == "Deleted" and company.sees(person, r)]
        write = Call(company, person, {}, {}, self._app).write
        return {
            "runs": runs,
            "deleted": [write.run(run) for run in gone],
            **{noun: self._each(f"{path}/{word}", "workflowRunId", ids) for noun, word in _OF_RUN.items()},
        }
