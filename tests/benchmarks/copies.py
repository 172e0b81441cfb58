"""Copies: the published tables of a big company, written directly, so that millions of tasks are there within minutes.

`python tests/benchmarks/copies.py FOLDER RUNS` makes one. About 20 tasks a run, 36 months, 25 workflows of different sizes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable
from numpy.random import Generator, default_rng

from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars
from psauth.mirror.columns import FACTS, LAYOUTS, Layout
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.derive import BLOCK
from psauth.mirror.drafts import Draft, Drafts
from psauth.mirror.fact_tables import COLUMNS, FactTables
from psauth.mirror.place import Identity, Place
from psauth.mirror.publication import Content
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror

IDENTITY = Identity("https://api.example/v1", "bench")
CALENDARS = Calendars(Calendar(zone="UTC"))
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
MONTHS = [f"{2023 + month // 12}-{month % 12 + 1:02}" for month in range(11, 47)]
WORKFLOWS = 25
TEN_THOUSAND = 18
"""The number of the workflow that has one of a hundred runs."""
MIDDLE = 12
"""The number of the one that has as many bigger as smaller beside it."""
PEOPLE, ROBOTS = 300, 4
WITH_FORM = (0, 3, MIDDLE, TEN_THOUSAND, 22)
CHOICES = ("Berlin", "Lisbon", "Oslo")
TOPICS = ("new", "change", "return", "complaint")
APPROVAL_EACH = 7
"""So many tasks are between two approvals."""
HOUR = 3_600_000_000
DAY = 24 * HOUR
NEVER = np.iinfo("int64").max
"""Stands for a moment that there is not, in arrays of microseconds."""
PIECE = 7_168
"""Rows that are appended at once, about as many as psauth does."""
ALPHABET = np.frombuffer(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", "uint8")
MOMENT = pa.timestamp("us", "UTC")
LINK = pa.scalar("https://app.example/runs/")
ALWAYS = -1
"""Stands for the choice where a task is shown for all."""
STOP = 8
"""The place of the task that keeps those behind it from being done."""
NOBODYS = 11
"""The place of the task that is assigned to nobody."""
REVISED = "2026-01"
"""The month since which runs go faster."""
PUBLISHED = ("2023-11-20", "2024-12-31", "2025-12-31")
"""When the revisions of every workflow were."""
STATUSES = ("Active", "Completed", "Archived")
ACTIVE, COMPLETED, ARCHIVED = 0, 1, 2
EMAILS = [f"person.{n}@example.com" for n in range(PEOPLE)] + [f"api-{n}@process.st" for n in range(ROBOTS)]
USER_IDS = [f"user{n:018}" for n in range(PEOPLE + ROBOTS)]
USERNAMES = [f"Person Number {n}" for n in range(PEOPLE + ROBOTS)]
Columns = dict[str, Any]


def workflow_name(number: int) -> str:
    """What a workflow is called."""
    return f"Workflow {number}"


def open_copy(folder: Path) -> Mirror:
    """The copy in a folder, as `ps.mirror` has it."""
    place = Place(folder)
    return Mirror.open(Store.open(place, IDENTITY), DeltaFolder(str(place.tables)))


def files_of(folder: str, table: str) -> list[str]:
    """The files of the latest version of a published table."""
    return DeltaTable(f"{folder}/{table}").file_uris()


def make_copy(folder: Path, runs: int) -> None:
    """Writes a company with so many runs, without its facts, and notes its publication; one that is there already stays."""
    place = Place(folder)
    store = Store.open(place, IDENTITY)
    if store.publication() is not None:
        return
    began = time.perf_counter()
    tables = DeltaFolder(str(place.tables))
    company = Company(runs)
    with Drafts(tables, {}) as drafts:
        by_name = {name: drafts.open(layout) for name, layout in LAYOUTS.items() if name not in FACTS}
        company.write(by_name)
        published = {name: draft.commit()[0] for name, draft in by_name.items()}
    store.note_publication(Content(tables.url, NOW, tables=published, calendars=CALENDARS).to_json(), NOW)
    rows = {name: published[name].rows for name in ("runs", "tasks", "form_values", "changes")}
    print(f"A copy was made in {time.perf_counter() - began:.0f} s: {rows}", flush=True)


def publish_facts(folder: Path, changed: Collection[str] = ()) -> None:
    """Publishes the facts of a copy: of months that have none, and of those that are said to have changed, like "2026-03"."""
    place = Place(folder)
    store, tables = Store.open(place, IDENTITY), DeltaFolder(str(place.tables))
    noted = store.publication()
    before = None if noted is None else Content.from_json(noted.content)
    assert before is not None
    known = before.tables["run_facts"].parts if "run_facts" in before.tables else {}
    marks = {month: known[month].mark if month in known else "1" for month in MONTHS}
    marks |= {month: marks[month] + "1" for month in changed}
    with Drafts(tables, before.tables) as drafts, closing(FactTables(drafts, before.calendars)) as facts:
        for name in COLUMNS:
            drafts.open(LAYOUTS[name])
        facts.derive(marks)
        published = {name: draft.commit()[0] for name, draft in drafts.by_name.items()}
    store.note_publication(replace(before, tables={**before.tables, **published}).to_json(), NOW)


@dataclass(frozen=True)
class Template:
    """One workflow: for each of its tasks, in their order, an entry of each array."""

    number: int
    task_ids: np.ndarray
    hours: np.ndarray
    """What a task takes in the middle."""
    shown_for: np.ndarray
    """The choice for which a task is shown; ALWAYS, or -2 for none."""
    is_skipped: np.ndarray
    """Whether nobody ever does it."""
    due: np.ndarray
    """Hours from the start of a run until it is due; NaN for none."""
    team: np.ndarray
    """Three people a task."""
    run_due: float

    @property
    def workflow_id(self) -> str:
        """Its id, as long as those of the service."""
        return f"workflow{self.number:014}"

    @property
    def names(self) -> list[str]:
        """The names of its tasks."""
        return [f"Step {place + 1} of workflow {self.number}" for place in range(len(self.task_ids))]

    @property
    def is_approval(self) -> np.ndarray:
        """Whether a task is one."""
        return np.arange(len(self.task_ids)) % APPROVAL_EACH == APPROVAL_EACH - 1

    @classmethod
    def invented(cls, number: int, rng: Generator) -> Template:
        """One with 12 to 28 tasks."""
        tasks = 20 + number * 7 % 17 - 8
        shown_for = np.full(tasks, ALWAYS)
        shown_for[3:6] = (0, 1, 1)
        if number % 4 == 0:
            shown_for[9] = -2
        is_skipped = np.zeros(tasks, bool)
        is_skipped[10] = number % 5 == 0
        hours = np.exp(rng.normal(1.0, 1.2, tasks))
        due = np.where(np.arange(tasks) % 3 == 1, np.ceil(1.6 * hours.cumsum()), np.nan)
        run_due = np.nan if number % 5 == 4 else float(np.ceil(1.7 * hours.sum()))
        task_ids = np.array([f"task{number:08}{place:010}" for place in range(tasks)])
        team = rng.integers(0, PEOPLE, (tasks, 3))
        return cls(number, task_ids, hours, shown_for, is_skipped, due, team, run_due)


@dataclass(frozen=True)
class Work:
    """What happened in some runs of one workflow: a row a run and, of `done` and the flags, a column a task."""

    template: Template
    run_ids: np.ndarray
    started: np.ndarray
    updated: np.ndarray
    status: np.ndarray
    """ACTIVE, COMPLETED or ARCHIVED."""
    starter: np.ndarray
    first_due: np.ndarray
    due: np.ndarray
    choice: np.ndarray
    done: np.ndarray
    """When each task was completed; NEVER where it was not."""
    hidden: np.ndarray
    task_due: np.ndarray
    by: np.ndarray
    """The number of the person."""


class Company:
    """Everything that is invented, from one seed."""

    def __init__(self, runs: int) -> None:
        self._rng = default_rng(7)
        self._templates = [Template.invented(number, self._rng) for number in range(WORKFLOWS)]
        weights = np.exp(-np.arange(WORKFLOWS) / 7)
        weights[TEN_THOUSAND] = 0
        self._shares = 0.99 * weights / weights.sum()
        self._shares[TEN_THOUSAND] = 0.01
        self._runs = runs
        self._changes = 0

    def write(self, drafts: Mapping[str, Draft]) -> None:
        """All tables, those of runs month by month."""
        made = np.zeros(WORKFLOWS)
        for number, month in enumerate(MONTHS):
            counts = np.rint(self._runs * self._shares * (number + 1) / len(MONTHS) - made).astype(int)
            made += counts
            works = [
                _work(template, month, count, self._rng)
                for template, count in zip(self._templates, counts.tolist(), strict=True)
                if count
            ]
            for name, of_work in OF_RUNS.items():
                drafts[name].begin(month, "1")
                rows = [of_work(work, self._rng) for work in works]
                _append(drafts[name], pa.concat_tables([_table(LAYOUTS[name], columns) for columns in rows if columns]))
            self._write_changes(drafts["changes"], works)
        for name, columns in _of_templates(self._templates).items():
            drafts[name].begin("", "1")
            _append(drafts[name], _table(LAYOUTS[name], columns))
        for draft in drafts.values():
            if not draft.parts:
                draft.begin("", "1")
            draft.finish()

    def _write_changes(self, draft: Draft, works: list[Work]) -> None:
        """What the copy saw to change, in blocks by number, as psauth has them."""
        rows = pa.concat_tables([_table(LAYOUTS["changes"], _changes(work, self._rng)) for work in works])
        numbers = np.arange(self._changes + 1, self._changes + 1 + len(rows))
        rows = rows.set_column(0, "change_id", pa.array(numbers))
        for block in np.unique(numbers // BLOCK).tolist():
            part = f"{block:06}"
            if draft.part != part:
                draft.begin(part, "")
            of_block = np.flatnonzero(numbers // BLOCK == block)
            _append(draft, rows.slice(of_block[0], len(of_block)))
        self._changes += len(rows)


def _work(template: Template, month: str, count: int, rng: Generator) -> Work:
    """What happened in so many runs of one workflow that were started in one month."""
    tasks, now = len(template.task_ids), _micros(NOW)
    first, last = _month(month)
    days = rng.integers(0, (min(last, now) - first) // DAY, count) * DAY
    started = first + days + rng.integers(6 * 3600, 20 * 3600, count) * 1_000_000
    choice = rng.integers(0, len(CHOICES), count)
    slow = np.exp(rng.normal(0, 0.4, count)) * np.where(choice == 1, 1.4, 1.0)
    lasts = template.hours * np.exp(rng.normal(0, 0.8, (count, tasks))) * slow[:, None]
    lasts *= 0.8 if month >= REVISED else 1.0
    done = started[:, None] + (np.cumsum(lasts, axis=1) * HOUR).astype("int64") // 1000 * 1000
    together = rng.random((count, tasks)) < 0.03
    done[:, 1:] = np.where(together[:, 1:], done[:, :-1], done[:, 1:])
    for place in range(tasks - 1):
        swapped = rng.random(count) < 0.05
        done[swapped, place : place + 2] = done[swapped, place : place + 2][:, ::-1]
    hidden = (template.shown_for != ALWAYS) & (template.shown_for != choice[:, None])
    never = hidden | template.is_skipped | (rng.random((count, tasks)) < 0.01)
    fate = rng.random(count)
    is_archived, is_left = fate < 0.03, (fate >= 0.03) & (fate < 0.04)
    stop = done[np.arange(count), rng.integers(0, tasks, count)]
    is_done = ~never & (done <= np.minimum(np.where(is_archived | is_left, stop, NEVER), now)[:, None])
    is_completed = ~is_archived & ~is_left & (is_done | never).all(axis=1)
    is_done[is_completed & (fate > 0.995), 1] = False  # reopened
    is_done[is_completed & (fate > 0.99) & (fate < 0.992)] = False  # an end that can only be estimated
    updated = np.maximum(np.where(is_done, done, 0).max(axis=1), started) + 60_000_000
    updated = np.where(is_archived, np.minimum(stop + 5 * DAY, now), updated)
    first_due = np.full(count, NEVER)
    if not np.isnan(template.run_due):
        first_due = started + int(template.run_due) * HOUR
    is_moved = (rng.random(count) < 0.05) & (first_due != NEVER)
    offsets = (np.nan_to_num(template.due) * HOUR).astype("int64")
    by = template.team[np.arange(tasks), rng.integers(0, 3, (count, tasks))]
    by = np.where(rng.random((count, tasks)) < 0.04, PEOPLE + rng.integers(0, ROBOTS, (count, tasks)), by)
    return Work(
        template=template,
        run_ids=_ids(rng, count),
        started=started,
        updated=updated,
        status=np.where(is_archived, ARCHIVED, np.where(is_completed, COMPLETED, ACTIVE)),
        starter=rng.integers(0, PEOPLE + ROBOTS, count),
        first_due=first_due,
        due=np.where(is_moved, np.where(is_moved, first_due, 0) + rng.integers(1, 15, count) * DAY, first_due),
        choice=choice,
        done=np.where(is_done, done, NEVER),
        hidden=hidden,
        task_due=np.where(np.isnan(template.due), NEVER, started[:, None] + offsets),
        by=by,
    )


# Rows of one month and workflow ---------------------------------------------------------------------------------


def _runs(work: Work, rng: Generator) -> Columns:
    count = len(work.run_ids)
    return {
        "run_id": pa.array(work.run_ids),
        "name": _run_names(work),
        "workflow_name": [workflow_name(work.template.number)] * count,
        "workflow_id": [work.template.workflow_id] * count,
        "status": _chosen(STATUSES, work.status),
        "created_date": _moments(work.started),
        "created_by_username": _chosen(USERNAMES, work.starter),
        "created_by_id": _chosen(USER_IDS, work.starter),
        "updated_date": _moments(work.updated),
        "updated_by_id": _chosen(USER_IDS, work.starter),
        "due_date": _moments(work.due),
        "shared": np.zeros(count, bool),
        "migration_status": ["Inactive"] * count,
        "link": pc.binary_join_element_wise(LINK, pa.array(work.run_ids), ""),
        "gone": pa.array(np.where(rng.random(count) < 0.001, "deleted", None)),
        "last_seen": _moments(np.full(count, _micros(NOW))),
    }


def _tasks(work: Work, rng: Generator) -> Columns:
    template = work.template
    count, tasks = work.done.shape
    row, place = np.repeat(np.arange(count), tasks), np.tile(np.arange(tasks), count)
    done, by = work.done.ravel(), work.by.ravel()
    is_done = done != NEVER
    # A task that stops the run keeps those behind it from being done.
    is_stopped = (work.done[:, STOP, None] == NEVER) & (np.arange(tasks) > STOP) & (work.done == NEVER)
    run_ids = _chosen(work.run_ids, row)
    updated = np.where(is_done, done, work.started[row])
    return {
        "task_id": _chosen(template.task_ids, place),
        "name": _chosen(template.names, place),
        "run_name": _run_names(work).take(pa.array(row)),
        "workflow_name": _chosen([workflow_name(template.number)], np.zeros(len(row), int)),
        "run_id": run_ids,
        "status": _chosen(("NotCompleted", "Completed"), is_done.astype(int)),
        "task_type": _chosen(("Standard", "Approval"), template.is_approval.astype(int)[place]),
        "hidden": work.hidden.ravel(),
        "stopped": is_stopped.ravel(),
        "due_date": _moments(work.task_due.ravel()),
        "completed_date": _moments(done),
        **_person("completed_by", by, is_done),
        "updated_date": _moments(updated),
        **_person("updated_by", by),
        "link": pc.binary_join_element_wise(LINK, run_ids, "/tasks/", _chosen(template.task_ids, place), ""),
    }


def _form_values(work: Work, rng: Generator) -> Columns:
    template, count = work.template, len(work.run_ids)
    if template.number not in WITH_FORM:
        return {}
    choices = _chosen(CHOICES, work.choice)
    amounts = np.round(np.exp(rng.normal(6, 1, count)), 2)
    topics = rng.random((count, len(TOPICS))) < 0.4
    listed = [[topic for topic, has_it in zip(TOPICS, row, strict=True) if has_it] for row in topics.tolist()]
    wanted = work.started + rng.integers(3, 40, count) * DAY // DAY * DAY
    nothing = pa.nulls(count, pa.string())
    joined = pa.array([", ".join(row) or None for row in listed])
    values = {"Select": choices, "Number": pa.array(amounts.astype(str)), "MultiChoice": joined, "Date": _texts(wanted)}
    parts = []
    for field_id, label, kind, place in _fields(template):
        is_this = {each: kind == each for each in ("Select", "Number", "MultiChoice", "Date")}
        parts.append(
            {
                "field_id": [field_id] * count,
                "label": [label] * count,
                "key": [label.lower()] * count,
                "run_name": _run_names(work),
                "workflow_name": [workflow_name(template.number)] * count,
                "run_id": pa.array(work.run_ids),
                "task_id": [template.task_ids[place]] * count,
                "field_type": [kind] * count,
                "value": values.get(kind, nothing),
                "number": pa.array(amounts) if is_this["Number"] else pa.nulls(count, pa.float64()),
                "date": _moments(wanted) if is_this["Date"] else pa.nulls(count, MOMENT),
                "date_only": [False if is_this["Date"] else None] * count,
                "items": [row or None for row in listed] if is_this["MultiChoice"] else [None] * count,
                "data_set_linked": np.zeros(count, bool),
                "updated_date": _moments(work.started),
                **_person("updated_by", work.starter),
            }
        )
    tables = [_table(LAYOUTS["form_values"], part) for part in parts]
    # Those of a run stand together.
    order = np.argsort(np.tile(np.arange(count), len(parts)), kind="stable")
    every = pa.concat_tables(tables).take(pa.array(order))
    return dict(zip(every.column_names, every.columns, strict=True))


def _approvals(work: Work, rng: Generator) -> Columns:
    template = work.template
    row, place = np.nonzero((work.done != NEVER) & template.is_approval)
    who, at = work.by[row, place], _moments(work.done[row, place])
    return {
        "approval_id": pa.array(_ids(rng, len(row))),
        "run_id": _chosen(work.run_ids, row),
        "approval_task_id": _chosen(template.task_ids, place),
        "subject_task_id": _chosen(template.task_ids, place - 1),
        "status": _chosen(("Approved", "Rejected"), (rng.random(len(row)) < 0.08).astype(int)),
        **_person("reviewed_by", who),
        "created_date": at,
        **_person("created_by", who),
        "updated_date": at,
        **_person("updated_by", who),
    }


def _assignments(work: Work, rng: Generator) -> Columns:
    """One of the team for each task of an open run, two for some and nobody for one of the tasks; the starter for the run."""
    template, tasks = work.template, len(work.template.task_ids)
    is_open = np.flatnonzero(work.status == ACTIVE)
    row, place = np.repeat(is_open, tasks), np.tile(np.arange(tasks), len(is_open))
    kept = place != NOBODYS
    row, place = row[kept], place[kept]
    second = rng.random(len(row)) < 0.05
    who = np.concatenate([template.team[place, 0], template.team[place[second], 1], work.starter])
    of_tasks = np.concatenate([row, row[second]])
    places = np.concatenate([place, place[second], np.zeros(len(work.run_ids), int)])
    of_run = np.arange(len(who)) >= len(of_tasks)
    columns = _person("", who)
    return {
        "user_id": columns["_id"],
        "username": columns["_username"],
        "email": columns["_email"],
        "run_id": _chosen(work.run_ids, np.concatenate([of_tasks, np.arange(len(work.run_ids))])),
        "task_id": _chosen(template.task_ids, places, of_run),
    }


def _changes(work: Work, rng: Generator) -> Columns:
    """Due dates of runs that moved, those of some tasks, and some completions, as the copy saw them."""
    template = work.template
    moved = np.flatnonzero(work.due != work.first_due)
    row, place = np.nonzero((work.task_due != NEVER) & ~work.hidden & (rng.random(work.done.shape) < 0.01))
    done_row, done_place = np.nonzero((work.done != NEVER) & (rng.random(work.done.shape) < 0.03))
    nouns = ["runs"] * len(moved) + ["tasks"] * (len(row) + len(done_row))
    rows = np.concatenate([moved, row, done_row])
    old = np.concatenate([work.first_due[moved], work.task_due[row, place] - DAY, np.full(len(done_row), NEVER)])
    new = np.concatenate([work.due[moved], work.task_due[row, place], work.done[done_row, done_place]])
    seen_at = np.concatenate([work.started[moved], work.started[row], work.done[done_row, done_place]]) + DAY
    keys = [*work.run_ids[moved].tolist(), *template.task_ids[np.concatenate([place, done_place])].tolist()]
    run_ids = _chosen(work.run_ids, rows)
    return {
        "noun": nouns,
        "owner": run_ids,
        "run_id": run_ids,
        "key": keys,
        "column": ["dueDate"] * (len(moved) + len(row)) + ["completedDate"] * len(done_row),
        "old": _texts(old),
        "new": _texts(new),
        "seen_before": _moments(seen_at - 2 * DAY),
        "seen_at": _moments(seen_at),
    }


OF_RUNS = {
    "runs": _runs,
    "tasks": _tasks,
    "form_values": _form_values,
    "approvals": _approvals,
    "assignments": _assignments,
}
"""What makes the rows of each table that lies by months."""


# What belongs to no run -----------------------------------------------------------------------------------------


def _fields(template: Template) -> list[tuple[str, str, str, int]]:
    """Id, label and type of the fields of a form, and the place of the task of each."""
    kinds = (("Office", "Select", 0), ("Amount", "Number", 0), ("Topics", "MultiChoice", 1), ("Wanted", "Date", 0))
    listed = (*kinds, ("Remark", "Text", 4))
    return [(f"field{template.number:08}{n:09}", *each) for n, each in enumerate(listed)]


def _of_templates(templates: list[Template]) -> dict[str, Columns]:
    tasks = [
        {
            "task_id": task_id, "name": name, "workflow_id": each.workflow_id, "order_tree": str(place + 1),
            "task_type": "Approval" if each.is_approval[place] else "Standard", "stop_task": place == STOP,
        }
        for each in templates
        for place, (task_id, name) in enumerate(zip(each.task_ids.tolist(), each.names, strict=True))
    ]  # fmt: skip
    fields = [
        {
            "field_id": field_id, "label": label, "key": label.lower(), "field_type": kind,
            "workflow_id": each.workflow_id, "task_id": str(each.task_ids[place]),
        }
        for each in templates
        if each.number in WITH_FORM
        for field_id, label, kind, place in _fields(each)
    ]  # fmt: skip
    options = [
        {"field_id": each["field_id"], "label": choice, "value": choice, "workflow_id": each["workflow_id"]}
        for each in fields
        if each["field_type"] == "Select"
        for choice in CHOICES
    ]
    revisions = [
        {
            "revision_id": f"revision{each.number:06}{version}", "version": str(version), "workflow_id": each.workflow_id,
            "status": "Revised" if version < len(PUBLISHED) else "Finished",
            "created_date": datetime.fromisoformat(f"{day}T00:00Z"), "updated_date": datetime.fromisoformat(f"{day}T12:00Z"),
        }
        for each in templates
        for version, day in enumerate(PUBLISHED, 1)
    ]  # fmt: skip
    schedules = [
        {
            "schedule_id": f"schedule{each.number}", "name": "Weekly", "workflow_id": each.workflow_id,
            "next_run_date": datetime.fromisoformat("2026-11-30T08:00Z"),
        }
        for each in templates[::4]
    ]  # fmt: skip
    workflows = [{"workflow_id": each.workflow_id, "name": workflow_name(each.number)} for each in templates]
    users = {"user_id": USER_IDS, "username": USERNAMES, "email": EMAILS}
    listed = {
        "workflows": workflows, "workflow_tasks": tasks, "form_fields": fields, "field_options": options,
        "revisions": revisions, "schedules": schedules, "rules": [rule for each in templates for rule in _rules(each)],
    }  # fmt: skip
    return {"users": users} | {
        name: {key: [row[key] for row in rows] for key in rows[0]} for name, rows in listed.items()
    }


def _rules(template: Template) -> list[Columns]:
    """A due date for each task that has one, and for the run; a rule that shows tasks, and one that never holds."""
    offsets = {str(task_id): due for task_id, due in zip(template.task_ids, template.due.tolist(), strict=True)}
    due = [
        {
            "rule_id": None, "kind": "due_date", "workflow_id": template.workflow_id, "task_id": task_id,
            "rule": json.dumps(
                {
                    "rule": {
                        "sourceType": "ChecklistStartDate", "offsetDirection": "After", "dueOffset": f"PT{int(hours)}H",
                        "businessDaysHandlingMode": "AllDays",
                    }
                }
            ),
        }
        for task_id, hours in [*offsets.items(), (None, template.run_due)]
        if not np.isnan(hours)
    ]  # fmt: skip
    if template.number not in WITH_FORM:
        return due
    office = _fields(template)[0][0]
    shown = [(choice, template.task_ids[template.shown_for == code].tolist()) for code, choice in enumerate(CHOICES)]
    for choice, task_ids in [*shown, ("Rome", [])]:
        rule_id = f"rule{template.number:06}{choice}"
        leaf = {"widgetId": office, "operator": "Is", "value": choice}
        rule = {
            "id": rule_id,
            "description": f"Office in {choice}",
            "condition": {"or": [{"and": [leaf]}]},
            "action": "Show",
        }
        due.append(
            {
                "rule_id": rule_id, "kind": "logic", "workflow_id": template.workflow_id, "task_id": None,
                "rule": json.dumps(rule | {"targets": {"taskIds": task_ids}}),
            }
        )  # fmt: skip
    return due


# Arrays ---------------------------------------------------------------------------------------------------------


def _append(draft: Draft, rows: pa.Table) -> None:
    for start in range(0, len(rows), PIECE):
        draft.append(rows.slice(start, PIECE))


def _table(layout: Layout, columns: Columns) -> pa.Table:
    """Rows of a table; columns that are not given are empty."""
    count = len(next(iter(columns.values()))) if columns else 0
    schema = layout.schema()
    arrays = []
    for field in schema:
        values = columns[field.name] if field.name in columns else pa.nulls(count, field.type)
        array = values if isinstance(values, pa.Array | pa.ChunkedArray) else pa.array(values, from_pandas=True)
        arrays.append(array if array.type == field.type else array.cast(field.type))
    return pa.table(arrays, schema=schema)


def _person(prefix: str, who: np.ndarray, is_there: np.ndarray | None = None) -> Columns:
    missing = None if is_there is None else ~is_there
    return {
        f"{prefix}_username": _chosen(USERNAMES, who, missing),
        f"{prefix}_email": _chosen(EMAILS, who, missing),
        f"{prefix}_id": _chosen(USER_IDS, who, missing),
    }


def _run_names(work: Work) -> pa.Array:
    customers = [f"Order of customer {n}" for n in range(997)]
    numbers = pa.array(work.started // 1_000_000 % 1_000_003).cast(pa.string())
    return pc.binary_join_element_wise(_chosen(customers, work.started // 1_000_000 % 997), numbers, ", ")


def _chosen(texts: Sequence[str] | np.ndarray, number: np.ndarray, missing: np.ndarray | None = None) -> pa.Array:
    """The texts of these numbers; none where it is missing."""
    return pa.array(texts, pa.string()).take(pa.array(number, mask=missing))


def _moments(micros: np.ndarray) -> pa.Array:
    return pa.array(micros, pa.int64(), mask=micros == NEVER).cast(MOMENT)


def _texts(micros: np.ndarray) -> pa.Array:
    """Moments as the copy keeps them among changes: JSON."""
    seconds = _moments(micros).cast(pa.timestamp("s", "UTC"), safe=False)
    return pc.strftime(seconds, '"%Y-%m-%dT%H:%M:%SZ"')


def _ids(rng: Generator, count: int) -> np.ndarray:
    """Ids like those of the service: 22 letters and digits, as texts of numpy."""
    letters = ALPHABET[rng.integers(0, len(ALPHABET), (count, 22))]
    return np.ascontiguousarray(letters).view("S22").ravel().astype(str)


def _micros(moment: datetime) -> int:
    return round(moment.timestamp()) * 1_000_000


def _month(month: str) -> tuple[int, int]:
    """When it begins and when it ends."""
    year, number = map(int, month.split("-"))
    ends = [date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)]
    first, last = (_micros(datetime(day.year, day.month, day.day, tzinfo=UTC)) for day in ends)
    return first, last


if __name__ == "__main__":
    make_copy(Path(sys.argv[1]), int(sys.argv[2]))
