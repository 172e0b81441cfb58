"""Questions: what there is to ask beside the lists of runs, each with the list it fills, and which of it is due."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from psauth.api.pace import Pace
from psauth.api.pages import Record, walk
from psauth.exceptions import NotFound, PermissionDenied
from psauth.mirror.lists import REFUSED
from psauth.mirror.looks import is_old
from psauth.mirror.packing import Bundle
from psauth.mirror.snapshot import Snapshot
from psauth.reading.endpoint import Endpoint
from psauth.reading.endpoints import (
    APPROVALS,
    ASSIGNED_TASKS,
    ATTACHMENTS,
    COMMENTS,
    DATA_SETS,
    FIELD_OPTIONS,
    FOLDERS,
    FORM_FIELDS,
    FORM_VALUES,
    RECORDS,
    REVISIONS,
    SCHEDULES,
    TASKS,
    USERS,
    WORKFLOW_TASKS,
    WORKFLOWS,
)
from psauth.reading.reader import Listing, Reader

OF_RUNS: Final = ("tasks", "form_values", "approvals")
"""The lists of a run. Who is assigned to its tasks is asked person by person, which takes fewer requests."""
WITH_OPTIONS: Final = ("Select", "MultiChoice", "MultiSelect")
"""Fields that offer something to choose."""

_REVISION: Final = "/workflows/{workflow_id}/revisions/{revision_id}"
LOGIC_RULES: Final = Endpoint("logic_rules", f"{_REVISION}/logic-rules", "data", ("id",), ())
RUN_DUE_RULE: Final = Endpoint("due_date_rules", f"{_REVISION}/due-date-rule", "data", (), (), single=True)
TASK_DUE_RULE: Final = replace(RUN_DUE_RULE, path=f"{_REVISION}/tasks/{{task_id}}/due-date-rule")
ASSIGNMENT_RULES: Final = Endpoint(
    "assignment_rules", f"{_REVISION}/tasks/{{task_id}}/assignment-rules", "data", (), ()
)


@dataclass(frozen=True)
class Question:
    """One list to ask for: `noun` and `owner` say where it is kept; `requests` about how many it takes."""

    noun: str
    owner: str
    ask: Callable[[Reader, Pace], list[Record] | Bundle]
    requests: int = 1


def read(
    endpoint: Endpoint, query: Mapping[str, str] | None = None, **names: str
) -> Callable[[Reader, Pace], list[Record]]:
    """What asks for a whole list."""
    return lambda reader, pace: list(reader.records(endpoint, Listing.of(query or {}, **names), pace))


def read_long(
    endpoint: Endpoint, query: Mapping[str, str] | None = None, **names: str
) -> Callable[[Reader, Pace], Bundle]:
    """What asks for a whole list that may be long."""
    return lambda reader, pace: Bundle(reader.pages(endpoint, Listing.of(query or {}, **names), pace))


@dataclass(frozen=True)
class RunLists:
    """The lists of a run by noun, how many requests they took, and by noun what the service said of those it refused."""

    lists: Mapping[str, list[Record]]
    requests: int
    refused: Mapping[str, str]


def ask_run(reader: Reader, run_id: str, nouns: Iterable[str], *, has_fields: bool, pace: Pace) -> RunLists:
    """All lists of a run: approvals only where it has a task for them, form values only where its form has fields.

    PermissionDenied where its tasks are refused: a person who may not see them may not see the run.
    """
    listing = Listing.of({}, run_id=run_id)
    pages: list[list[Record]] = []

    def ask(endpoint: Endpoint) -> list[Record]:
        first = len(pages)
        pages.extend(reader.pages(endpoint, listing, pace))
        return [record for page in pages[first:] for record in page]

    lists: dict[str, list[Record]] = {}
    refused: dict[str, str] = {}

    def ask_further(endpoint: Endpoint, *, needed: bool) -> None:
        try:
            lists[endpoint.noun] = ask(endpoint) if needed else []
        except PermissionDenied as error:
            if "tasks" not in lists:
                raise
            refused[endpoint.noun] = str(error)

    if "tasks" in nouns:
        lists["tasks"] = ask(TASKS)
    if "form_values" in nouns:
        ask_further(FORM_VALUES, needed=has_fields)
    if "approvals" in nouns:
        approves = "tasks" not in nouns or any(task.get("taskType") == "Approval" for task in lists["tasks"])
        ask_further(APPROVALS, needed=approves)
    return RunLists(lists, len(pages), refused)


CHILDREN_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "workflows": (
        "workflow_tasks",
        "form_fields",
        "field_options",
        "revisions",
        "logic_rules",
        "due_date_rules",
        "assignment_rules",
    ),
    "data_sets": ("records",),
    "users": ("assigned_tasks",),
}
"""Noun → those whose lists belong to one of its records, and go with it."""


NEEDED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "form_fields": ("form_values", "field_options"),
    "workflow_tasks": ("due_date_rules", "assignment_rules"),
    "revisions": ("logic_rules", "due_date_rules", "assignment_rules"),
    "data_sets": ("records",),
    "users": ("assigned_tasks",),
    "assigned_tasks": ("assignments",),
}
"""Noun → those that cannot be asked for before it is known."""


class Planner:
    """Which questions are due. `since`: also what was asked for before; `nouns`: of these alone, None: of any."""

    def __init__(self, snap: Snapshot, now: datetime, *, since: datetime | None, nouns: frozenset[str] | None) -> None:
        self._snap, self._now, self._since, self._nouns = snap, now, since, nouns
        self._ages: dict[str, dict[str, datetime]] = {}

    def first(self) -> Iterator[Question]:
        """What must be known before runs are asked for."""
        yield Question("workflows", "", read(WORKFLOWS))

    def of_workflow(self, workflow_id: str) -> Iterator[Question]:
        """The form and the tasks of a template, and its revisions."""
        for endpoint in (WORKFLOW_TASKS, FORM_FIELDS, REVISIONS):
            if self._wants(endpoint.noun) and self._is_due(endpoint.noun, workflow_id):
                yield Question(endpoint.noun, workflow_id, read(endpoint, workflow_id=workflow_id))

    def small(self) -> Iterator[Question]:
        """Lists of the organisation that take few requests."""
        for endpoint in (USERS, FOLDERS, DATA_SETS, SCHEDULES):
            if self._wants(endpoint.noun) and self._is_due(endpoint.noun, ""):
                yield Question(endpoint.noun, "", read(endpoint))

    def details(self, workflow_id: str) -> Iterator[Question]:
        """Options and rules of a template's current revision."""

        def due(noun: str) -> bool:
            return self._wants(noun) and self._is_due(noun, workflow_id)

        fields = self._snap.records("form_fields", workflow_id)
        tasks = [str(r["id"]) for r in self._snap.records("workflow_tasks", workflow_id) if r.get("id")]
        revision = current_revision(self._snap.records("revisions", workflow_id))
        if due("field_options"):
            chosen = [str(field["id"]) for field in fields if field.get("fieldType") in WITH_OPTIONS]
            yield Question("field_options", workflow_id, _options(workflow_id, chosen), len(chosen))
        if revision is None:
            return
        names = {"workflow_id": workflow_id, "revision_id": revision}
        if due("logic_rules"):
            yield Question("logic_rules", workflow_id, read(LOGIC_RULES, None, **names))
        if due("due_date_rules"):
            yield Question("due_date_rules", workflow_id, _due_dates(names, tasks), 1 + len(tasks))
        if due("assignment_rules"):
            yield Question("assignment_rules", workflow_id, _assignments(names, tasks), len(tasks))

    def large(self, workflow_ids: Iterable[str]) -> Iterator[Question]:
        """Lists of the organisation that take many requests: comments, attachments, records, who is assigned to what."""
        if self._wants("comments"):
            for workflow_id in workflow_ids:
                if self._is_due("comments", workflow_id):
                    query = {"workflowId": workflow_id}
                    yield Question("comments", workflow_id, self._newest_first(COMMENTS, workflow_id, query))
        if self._wants("attachments") and self._is_due("attachments", ""):
            yield Question("attachments", "", self._newest_first(ATTACHMENTS, "", {}))
        if self._wants("records"):
            for data_set in self._snap.records("data_sets", ""):
                data_set_id = str(data_set["id"])
                if self._is_due("records", data_set_id):
                    yield Question("records", data_set_id, read_long(RECORDS, data_set_id=data_set_id))
        if self._wants("assigned_tasks"):
            for email in emails(self._snap):
                if self._is_due("assigned_tasks", email):
                    yield Question("assigned_tasks", email, read_long(ASSIGNED_TASKS, {"assigneeEmail": email}))

    def _wants(self, noun: str) -> bool:
        if self._nouns is None or noun in self._nouns:
            return True
        return any(self._wants(other) for other in NEEDED_BY.get(noun, ()))

    def _is_due(self, noun: str, owner: str) -> bool:
        if noun not in self._ages:
            self._ages[noun] = self._snap.tries(noun)
        asked_at = self._ages[noun].get(owner)
        if asked_at is None or (self._since is not None and asked_at < self._since):
            return True
        return is_old(noun, asked_at, self._now)

    def _newest_first(
        self, endpoint: Endpoint, owner: str, query: Mapping[str, str]
    ) -> Callable[[Reader, Pace], list[Record] | Bundle]:
        """What asks for a list that only grows at its beginning: for no page behind one on which everything is known."""
        known = [] if self._since is not None else self._snap.records(endpoint.noun, owner)
        by_id = {record.get("id"): record for record in known}

        def ask(reader: Reader, pace: Pace) -> list[Record] | Bundle:
            found = Bundle()
            for page in walk(
                reader.source, endpoint.path, query, list_key=endpoint.list_key, key=endpoint.key, pace=pace
            ):
                found.add(page)
                dates = [str(record.get("createdDate", "")) for record in page]
                if page and all(i.get("id") in by_id for i in page) and dates == sorted(dates, reverse=True):
                    came = {record.get("id"): record for record in found}
                    return list((came | {key: r for key, r in by_id.items() if key not in came}).values())
            return found

        return ask


def emails(snap: Snapshot) -> list[str]:
    """The addresses of all users."""
    return sorted({str(user["email"]) for user in snap.records("users", "") if user.get("email")})


def orphans(snap: Snapshot) -> Iterator[tuple[str, list[str]]]:
    """Nouns, and the owners of their lists that are there no more.

    Where more than half of them are missing at once, not they are gone, but a permission.
    """
    there = {
        "workflows": {str(record.get("id")) for record in snap.records("workflows", "")},
        "data_sets": {str(record.get("id")) for record in snap.records("data_sets", "")},
        "users": set(emails(snap)),
    }
    for parent, nouns in CHILDREN_OF.items():
        for noun in nouns:
            known = snap.ages(noun).keys()
            gone = sorted(known - there[parent])
            if gone and len(gone) <= max(1, len(known) // 2):
                yield noun, gone


def formless(snap: Snapshot) -> frozenset[str]:
    """Workflows of which no run has form values: the form has no fields, no run has had values, and no revision went before."""
    revised = {
        each.owner: each.digest == REFUSED or any(r.get("status") == "Revised" for r in each.records)
        for each in snap.lists("revisions", "")
    }
    forms = [each for each in snap.lists("form_fields", "") if not each.records and each.digest != REFUSED]
    without = {each.owner for each in forms if not revised.get(each.owner, True)}
    return frozenset(without - snap.workflows_with("form_values", without))


def current_revision(revisions: Iterable[Record]) -> str | None:
    """The id of the revision that new runs get: the one that is finished, the highest version of several."""
    finished = [revision for revision in revisions if revision.get("status") == "Finished" and revision.get("id")]
    finished.sort(key=lambda revision: (len(str(revision.get("version"))), str(revision.get("version"))))
    return str(finished[-1]["id"]) if finished else None


def _options(workflow_id: str, field_ids: list[str]) -> Callable[[Reader, Pace], list[Record]]:
    def ask(reader: Reader, pace: Pace) -> list[Record]:
        return [
            record
            for field_id in field_ids
            for record in reader.records(
                FIELD_OPTIONS, Listing.of({}, workflow_id=workflow_id, field_id=field_id), pace
            )
        ]

    return ask


def _due_dates(names: Mapping[str, str], task_ids: list[str]) -> Callable[[Reader, Pace], list[Record]]:
    """The rule of the run, under `@task_id` "", and those of its tasks; none where nothing is ever due."""

    def ask(reader: Reader, pace: Pace) -> list[Record]:
        found = [_one(reader, RUN_DUE_RULE, {**names}, pace) | {"@task_id": ""}]
        found += [_one(reader, TASK_DUE_RULE, {**names, "task_id": task_id}, pace) for task_id in task_ids]
        return [record for record in found if record.get("rule")]

    return ask


def _assignments(names: Mapping[str, str], task_ids: list[str]) -> Callable[[Reader, Pace], list[Record]]:
    def ask(reader: Reader, pace: Pace) -> list[Record]:
        return [
            record
            for task_id in task_ids
            for record in reader.records(ASSIGNMENT_RULES, Listing.of({}, **names, task_id=task_id), pace)
        ]

    return ask


def _one(reader: Reader, endpoint: Endpoint, names: Mapping[str, str], pace: Pace) -> Record:
    """The one record of an endpoint; an empty one where the service has none."""
    try:
        return next(reader.records(endpoint, Listing.of({}, **names), pace))
    except NotFound:
        return {}
