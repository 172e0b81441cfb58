"""What stands beside the runs: folders, pages, data sets, schedules, revisions. Records as the API shows them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from random import Random
from typing import Any

from psauth.sandbox.company.names import COUNTRY_OF, OFFICES, VENDORS
from psauth.sandbox.company.people import Person, Staff
from psauth.sandbox.company.plot import REVISIONS, WORKFLOW
from psauth.sandbox.company.templates import Template
from psauth.sandbox.company.worktime import DAY, HOUR, iso, opaque_id

Record = dict[str, Any]

_LONG_AGO = 450 * DAY  # longer than any run is remembered
_FOLDERS = ("People", "Finance", "Customers", "IT", "Legal", "Product", "Year end", "Archive 2024")
_PAGES = (
    ("Travel policy", "People", "Which train, which hotel, which receipt."),
    ("How we name files", "IT", None),
    ("Delegation of authority", "Finance", "Who may sign up to which amount."),
    ("Tone of voice", "Customers", "Short, warm, without jargon."),
    ("Büroregeln Berlin", "People", None),
    ("Incident severity table", "IT", "SEV1 to SEV3 with examples."),
)
_DATA_SETS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Vendors", (("Name", "Text"), ("Rating", "Number"), ("Approved on", "DateTime"), ("Country", "Text"))),
    ("Offices", (("Name", "Text"), ("Seats", "Number"))),
    ("Cost centres", (("Name", "Text"), ("Budget", "Number"), ("Owner", "Text"))),
)
# Each cost centre with the team whose first member owns it.
_CENTRES = {
    "4100 Management": "exec",
    "4101 Sales": "sales",
    "4102 IT": "it",
    "4103 Plant": "ops",
    "4104 Service": "support",
}
_ROWS: dict[str, tuple[str, ...]] = {"Vendors": VENDORS, "Offices": OFFICES, "Cost centres": tuple(_CENTRES)}
_SCHEDULES: tuple[tuple[str, str | None, list[Record]], ...] = (
    ("Month-End Close", "Close of the month", [{"frequency": "Monthly", "interval": 1, "by": "DayOfMonth"}]),
    ("Access Review", "Quarterly access review", [{"frequency": "Monthly", "interval": 3, "by": "DayOfWeek"}]),
    (
        "Product Release",
        None,
        [{"frequency": "Weekly", "interval": 2, "weekDay": day} for day in ("Monday", "Thursday")],
    ),
    ("Incident Response", "Fire drill", [{"frequency": "Yearly", "interval": 1}]),
    ("Purchase Request", "Water and coffee", [{"frequency": "Daily", "interval": 7}]),
)


class Library:
    """Records that belong to no run; `now` is in milliseconds.

    `approvals` tells when each vendor was approved last and by whom, as the runs have it; it is asked for when somebody
    reads a data set, and not before.
    """

    def __init__(
        self,
        seed: int,
        now: int,
        organization: str,
        staff: Staff,
        templates: list[Template],
        approvals: Callable[[], Mapping[str, tuple[int, Person]]] = dict,
    ) -> None:
        self._seed, self._now, self._staff, self._organization = seed, now, staff, organization
        self._approvals = approvals
        rng = Random(f"{seed}/library")
        by_name = {t.blueprint.name: t for t in templates}
        self.stamps = {t.id: self._stamp(rng, 900, 20) for t in templates}
        self.folders = self._folders(rng)
        self.pages = self._pages(rng)
        self.page_revisions = {page["id"]: self._revisions(rng, "pageId", page["id"]) for page in self.pages}
        self.data_sets = self._data_sets(rng)
        self.schedules = [self._schedule(rng, by_name[name], label, rules) for name, label, rules in _SCHEDULES]
        self.schedules.sort(key=lambda s: s["nextRunDate"])
        self.revisions = {t.id: self._revisions(rng, "workflowId", t.id) for t in templates}
        self.revisions[by_name[WORKFLOW].id] = self._told_revisions(by_name[WORKFLOW].id)
        self._first = {t.id: t for t in templates}
        self._published: dict[str, Template] = {}  # by the id of the revision

    def publish(self, template: Template, moment: int, who: Person) -> None:
        """A new revision of a workflow, which takes the place of the one that was Finished."""
        older = self.revisions[template.id]
        number = len(older) + 1
        stamp = {"createdDate": iso(moment), "createdBy": who.record()}
        stamp |= {"updatedDate": iso(moment), "updatedBy": who.record()}
        revision_id = opaque_id(self._seed, template.id, "revision", number)
        head = {"id": revision_id, "workflowId": template.id, "version": f"{number}.0", "status": "Finished"}
        self.revisions[template.id] = [{**head, **stamp}, *({**r, "status": "Revised"} for r in older)]
        self._published[revision_id] = template
        created, by, *_ = self.stamps[template.id]
        self.stamps[template.id] = (created, by, moment, who)

    def template_of(self, workflow_id: str, revision_id: str) -> Template | None:
        """A workflow as one of its revisions has it; all that were there at first are alike."""
        if all(revision["id"] != revision_id for revision in self.revisions[workflow_id]):
            return None
        return self._published.get(revision_id, self._first[workflow_id])

    @property
    def choices(self) -> dict[str, list[str]]:
        """Labels a field linked to a data set offered at first, by the name of the set."""
        return {name: list(labels) for name, labels in _ROWS.items()}

    def row_id(self, data_set: str, label: str) -> str:
        """Id of the row of `data_set` that stands behind an option."""
        return opaque_id(self._seed, "row", data_set, label)

    def choosable(self, data_set: str) -> dict[str, str]:
        """What a field linked to `data_set` offers now: label by id of the row, rows that are new at the end."""
        entry = next(s for s in self.data_sets if s["name"] == data_set)
        column = next(f["id"] for f in entry["fields"] if f["name"] == "Name")
        labels = {
            row["id"]: str(cell["value"])
            for row in self.records[entry["id"]]
            for cell in row["cells"]
            if cell["fieldId"] == column and cell["value"] is not None
        }
        first = [self.row_id(data_set, label) for label in _ROWS[data_set]]
        order = {row_id: number for number, row_id in enumerate(first)}
        return dict(sorted(labels.items(), key=lambda item: order.get(item[0], len(order))))

    def _stamp(self, rng: Random, oldest: int, newest: int) -> tuple[int, Person, int, Person]:
        created = self._now - rng.randrange(newest * DAY, oldest * DAY)
        updated = created + rng.randrange(self._now - created)
        return created, rng.choice(self._staff.members), updated, rng.choice(self._staff.members)

    def _flat(self, rng: Random, oldest: int = 800) -> Record:
        created, by, updated, updated_by = self._stamp(rng, oldest, 30)
        return {
            "createdDate": iso(created),
            "createdBy": by.record(),
            "updatedDate": iso(updated),
            "updatedBy": updated_by.record(),
        }

    def folder_id(self, name: str) -> str:
        """Id of a folder by its name."""
        return opaque_id(self._seed, "folder", name)

    def _folders(self, rng: Random) -> list[Record]:
        folders = [{"id": self.folder_id(name), "name": name, **self._flat(rng)} for name in _FOLDERS]
        folders[6]["parentFolderId"] = self.folder_id("Finance")
        return folders

    def _pages(self, rng: Random) -> list[Record]:
        pages = []
        for name, folder, about in sorted(_PAGES):
            page: Record = {"id": opaque_id(self._seed, "page", name), "name": name, "folderId": self.folder_id(folder)}
            page |= {"shareLevel": rng.choice(("None", "View")), **self._flat(rng)}
            if about:
                page["description"] = about
            pages.append(page)
        return pages

    def _revisions(self, rng: Random, owner: str, owner_id: str) -> list[Record]:
        count = rng.randrange(1, 7)
        revisions: list[Record] = []
        for number in range(count, 0, -1):
            status = "Finished" if number == count else "Revised"
            entry = self._flat(rng, 700)
            revision_id = opaque_id(self._seed, owner_id, "revision", number)
            revisions.append({"id": revision_id, owner: owner_id, "version": f"{number}.0", "status": status, **entry})
        revisions.sort(key=lambda r: str(r["createdDate"]), reverse=True)
        for number, revision in zip(range(count, 0, -1), revisions, strict=True):
            revision["version"] = f"{number}.0"
            revision["status"] = "Finished" if number == count else "Revised"
        return revisions

    def _told_revisions(self, workflow_id: str) -> list[Record]:
        """Those of the workflow that the plot is about, newest first."""
        who = self._staff.by_role["finance"][0].record()
        revisions: list[Record] = []
        for number, (begun, published) in enumerate(REVISIONS, 1):
            entry = {"createdDate": iso(self._now - begun * DAY), "createdBy": who}
            entry |= {"updatedDate": iso(self._now - published * DAY), "updatedBy": who}
            revision_id = opaque_id(self._seed, workflow_id, "revision", number)
            status = "Finished" if number == len(REVISIONS) else "Revised"
            head = {"id": revision_id, "workflowId": workflow_id, "version": f"{number}.0", "status": status}
            revisions.insert(0, {**head, **entry})
        return revisions

    def _data_sets(self, rng: Random) -> list[Record]:
        sets: list[Record] = []
        for name, columns in _DATA_SETS:
            set_id = opaque_id(self._seed, "data-set", name)
            fields = [
                {"id": opaque_id(set_id, column), "name": column, "fieldType": kind, "audit": self._flat(rng)}
                for column, kind in columns
            ]
            entry = {"id": set_id, "name": name, "organizationId": self._organization, "fields": fields}
            sets.append({**entry, "audit": self._flat(rng)})
        sets.sort(key=lambda s: str(s["audit"]["createdDate"]))
        return sets

    @cached_property
    def records(self) -> dict[str, list[Record]]:
        """The rows of each data set by its id, in the order of their own ids."""
        approved = self._approvals()
        rows = {}
        for entry in self.data_sets:
            rng = Random(f"{self._seed}/rows/{entry['name']}")
            every = [self._row(rng, entry, label, approved.get(label)) for label in _ROWS[entry["name"]]]
            rows[entry["id"]] = sorted(every, key=lambda r: str(r["id"]))
        return rows

    def _row(self, rng: Random, data_set: Record, label: str, approval: tuple[int, Person] | None) -> Record:
        audit = self._flat(rng)
        # Who is approved in no run that is remembered was so before the first of them.
        approved, by = approval or (self._now - rng.randrange(_LONG_AGO, 2 * _LONG_AGO), None)
        values: dict[str, str | float] = {
            "Name": label,
            "Rating": round(rng.uniform(1.5, 5), 1),
            "Approved on": iso(approved),
            "Country": COUNTRY_OF.get(label, ""),
            "Seats": 0 if label == "Remote" else rng.randrange(12, 90),
            "Budget": rng.randrange(40, 900) * 1_000,
            "Owner": self._staff.by_role[_CENTRES[label]][0].name if label in _CENTRES else "",
        }
        if by is not None:
            # The approval wrote it there.
            audit |= {"updatedDate": max(audit["updatedDate"], iso(approved)), "updatedBy": by.record()}
        cells: list[Record] = []
        for field in data_set["fields"]:
            missing = field["name"] not in ("Name", "Approved on") and rng.random() < 0.15
            cells.append({"fieldId": field["id"], "value": None if missing else values[field["name"]]})
        ids = {"id": self.row_id(data_set["name"], label), "organizationId": self._organization}
        return {**ids, "dataSetId": data_set["id"], "cells": cells, "audit": audit}

    def _schedule(self, rng: Random, template: Template, name: str | None, rules: list[Record]) -> Record:
        schedule: Record = {
            "id": opaque_id(self._seed, "schedule", template.id),
            "workflowId": template.id,
            "startDate": iso(self._now - rng.randrange(100 * DAY, 600 * DAY)),
            "timeZone": "Europe/Berlin",
            "nextRunDate": iso(self._now + rng.randrange(HOUR, 30 * DAY)),
            "previousRunDate": iso(self._now - rng.randrange(HOUR, 30 * DAY)),
            "rules": rules,
            "assigneeEmails": [rng.choice(self._staff.members).email],
            **self._flat(rng),
        }
        if name:
            schedule["name"] = name
        else:
            schedule["duePeriod"] = "P5D"
        return schedule
