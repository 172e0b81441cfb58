"""Every run tells one story: its name, form, dates, people, status, approvals and the rows of data sets agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest

from psauth.sandbox import Company
from psauth.sandbox.api.records import Records
from psauth.sandbox.company.names import CLIENTS, COUNTRY_OF, NEWCOMERS, PRODUCTS, SYSTEMS, VENDORS
from psauth.sandbox.company.runs import Run
from tests.sandbox.conftest import NOW

Record = dict[str, Any]
HOUR = 3600.0


@dataclass(frozen=True)
class Shown:
    """One run as the API shows it."""

    company: Company
    run: Run

    @cached_property
    def record(self) -> Record:
        return self._write.run(self.run)

    @cached_property
    def tasks(self) -> list[Record]:
        return [self._write.task(self.run, task) for task in self.run.tasks]

    @cached_property
    def values(self) -> list[Record]:
        return [self._write.value(self.run, number) for number in range(len(self.run.template.fields))]

    @cached_property
    def approvals(self) -> list[Record]:
        return [self._write.approval(self.run, decision) for decision in self.run.decisions]

    @property
    def workflow(self) -> str:
        return self.run.template.blueprint.name

    @property
    def name(self) -> str:
        return str(self.record.get("name", ""))

    def filled(self, label: str) -> Iterator[Any]:
        """The value of a field, bare; nothing where nobody filled it in."""
        for value in self.values:
            if value.get("label") == label and value["data"] is not None:
                data = value["data"]
                yield data.get("value", data.get("values", data)) if isinstance(data, dict) else data

    def task(self, name: str) -> Record:
        return next(task for task in self.tasks if task["name"] == name)

    @property
    def _write(self) -> Records:
        return Records(self.company, "https://sandbox.example/app")


@pytest.fixture(
    scope="module",
    params=[(3_000, 7, 0.0, 0.0), (400, 8, 7.0, 0.0), (400, 7, 31.0, 62.0)],
    ids=["default", "another seed, seven hours ago", "begun earlier, gone on for days"],
)
def company(request: pytest.FixtureRequest) -> Company:
    runs, seed, hours_ago, gone_on = request.param
    now = NOW - hours_ago * HOUR
    return Company(runs, seed, now, anchor=now - gone_on * HOUR)


@pytest.fixture(scope="module")
def every(company: Company) -> list[Shown]:
    return [Shown(company, run) for run in company.runs]


def texts(data: Any) -> Iterator[str]:
    """Every text in a value, however deep."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list):
        for part in data:
            yield from texts(part)
    elif isinstance(data, dict):
        for name, part in data.items():
            if name not in ("id", "url", "mimeType"):
                yield from texts(part)


def text_of(shown: Shown) -> str:
    return "\n".join(text for value in shown.values for text in texts(value["data"]))


def test_every_workflow_has_runs_to_look_at(company: Company, every: list[Shown]) -> None:
    assert {shown.workflow for shown in every} == {template.blueprint.name for template in company.templates}


@pytest.mark.parametrize("names", [NEWCOMERS, VENDORS, CLIENTS, PRODUCTS, SYSTEMS])
def test_a_form_names_nobody_and_nothing_else_than_the_runs_name_does(
    every: list[Shown], names: tuple[str, ...]
) -> None:
    def named_in(text: str) -> set[str]:
        return {name for name in names if name in text}

    assert any(named_in(shown.name) for shown in every)
    wrong = [
        (shown.name, others)
        for shown in every
        if (mine := named_in(shown.name)) and (others := named_in(text_of(shown)) - mine)
    ]
    assert wrong == []


# Workflow → how its runs are called, and what must then stand in its fields (a pattern for the whole value).
TOLD_BY_THE_NAME: dict[str, tuple[str, dict[str, str]]] = {
    "Employee Onboarding": (r"Onboarding – (?P<who>.+)", {"Full name": "{who}", "Welcome text": "(?s).*{who}.*"}),
    "Employee Offboarding": (r"Offboarding – (?P<who>.+)", {}),
    "Vendor Approval": (r"Vendor: (?P<vendor>.+)", {"Vendor": "{vendor}"}),
    "Month-End Close": (
        r"Close (?P<month>\d{4}-\d\d) – (?P<unit>.+)",
        {"Report": "https://.*/{month}/.*"},
    ),
    "Purchase Request": (r"PR (?P<number>\d+) (?P<product>.+)", {"Item": "{product}", "Order number": ".*{number}"}),
    "Equipment Request": (r"(?P<product>.+) for (?P<who>.+)", {"What?": "{product}"}),
    "Customer Onboarding": (r"(?P<client>.+) – onboarding", {}),
    "Incident Response": (r"INC-(?P<number>\d+) (?P<system>.+)", {"Cause": "(?s).*{system}.*"}),
    "Access Review": (r"(?P<system>.+) access review (?P<month>.+)", {}),
    "Contract Review": (r"(?P<vendor>.+) contract", {"Counterparty": "{vendor}", "Summary": ".*{vendor}.*"}),
    "Product Release": (r"Release (?P<version>.+)", {"Version": "{version}", "Blog post": ".*{version}"}),
    "Complaint Handling": (r"Complaint (?P<number>\d+) \((?P<client>.+)\)", {}),
}
# Workflow → the part of the name that must stand in the names of all its files and the subjects of its e-mails.
IN_FILES_AND_SUBJECTS = {
    "Employee Onboarding": ("who", ("Contract", "Welcome mail")),
    "Vendor Approval": ("vendor", ("Contract draft",)),
    "Month-End Close": ("month", ("Trial balance",)),
    "Purchase Request": ("product", ("Quotes",)),
    "Customer Onboarding": ("client", ("Import file",)),
    "Incident Response": ("number", ("Report", "Message")),
    "Access Review": ("month", ("Export",)),
    "Contract Review": ("vendor", ("Contract",)),
    "Product Release": ("version", ("Draft", "Report", "Announcement")),
    "Complaint Handling": ("number", ("Answer",)),
}


def test_what_a_runs_name_says_its_form_says_too(every: list[Shown]) -> None:
    seen = set()
    for shown in every:
        if not shown.name:
            continue
        pattern, fields = TOLD_BY_THE_NAME[shown.workflow]
        parts = re.fullmatch(pattern, shown.name)
        assert parts is not None, shown.name
        told = {name: re.escape(part) for name, part in parts.groupdict().items()}
        for label, wanted in fields.items():
            for value in shown.filled(label):
                assert re.fullmatch(wanted.format_map(told), value), (shown.name, label, value)
                seen.add((shown.workflow, label))
        part, labels = IN_FILES_AND_SUBJECTS.get(shown.workflow, ("", ()))
        for label in labels:
            for value in shown.filled(label):
                assert parts[part] in " ".join(texts(value)), (shown.name, label, value)
    assert seen == {(workflow, label) for workflow, (_, fields) in TOLD_BY_THE_NAME.items() for label in fields}


def test_the_month_in_a_name_is_the_one_the_run_is_about(every: list[Shown]) -> None:
    for shown in every:
        if month := re.search(r"\b(\d{4})-(\d\d)\b", shown.name):
            months = int(month[1]) * 12 + int(month[2])
            began = shown.record["audit"]["createdDate"]
            behind = int(began[:4]) * 12 + int(began[5:7]) - months
            # A month is closed when it ends, at the end of its last days or the beginning of the next.
            assert behind in ((0, 1) if shown.workflow == "Month-End Close" else (0,)), (shown.name, began)


def test_values_of_one_form_agree_with_each_other(every: list[Shown]) -> None:
    for shown in every:

        def one(label: str, shown: Shown = shown) -> Any:
            return next(shown.filled(label), None)

        if None not in (mail := one("Private e-mail"), login := one("Login name")) and shown.workflow[0] == "E":
            assert mail.startswith(f"{login}@")
        if one("Office") == "Remote":
            assert one("Ship to an office?") in (None, "No")
        if (files := one("Certificates")) and (iso_9001 := one("ISO 9001?")):
            assert any("ISO-9001" in file["name"] for file in files) == (iso_9001 == "Yes")
        if quotes := one("Quotes"):
            assert len({quote["name"] for quote in quotes}) == 3
        if vendor := one("Vendor"):
            assert COUNTRY_OF[vendor]
        if shown.workflow == "Month-End Close" and (currency := one("Currency")):
            unit = shown.name.rpartition(" – ")[2]
            assert currency == {"Kraków": "PLN", "São Paulo": "BRL"}.get(unit, "EUR") or not unit
        if (price := one("Price")) is not None:
            assert 100 < float(price) < 10_000
        if shown.workflow == "Equipment Request" and "hire" in shown.name:
            assert one("Options") in (None, ["Rented"])
        for label in ("Score", "Explained %", "Confidence"):
            assert (percent := one(label)) is None or 0 <= float(percent) <= 100, percent


def test_tables_number_their_lines_and_name_each_thing_once(every: list[Shown]) -> None:
    tables = [value["data"] for shown in every for value in shown.values if value["fieldType"] == "Table"]
    for table in filter(None, tables):
        assert [row[0] for row in table["rows"]] == [str(line) for line in range(1, len(table["rows"]) + 1)]
        assert len({row[1] for row in table["rows"]}) == len(table["rows"])
        assert all(len(row) == len(table["columns"]) for row in table["rows"])
    assert any(tables)


def test_what_was_filled_in_was_filled_in_by_then(every: list[Shown]) -> None:
    for shown in every:
        audit, tasks = shown.record["audit"], {task["id"]: task for task in shown.tasks}
        for value in shown.values:
            if value["data"] is None:
                assert "updatedDate" not in value
                continue
            task = tasks[value["taskId"]]
            assert task["status"] == "Completed" or task is shown.tasks[0], shown.name
            assert audit["createdDate"] <= value["updatedDate"] <= audit["updatedDate"], shown.name
            if value["fieldType"] == "SendRichEmail":
                assert (value["data"]["status"], len(value["data"]["to"])) == ("Sent", 1)


def test_dates_in_a_form_fit_the_steps_they_are_about(every: list[Shown]) -> None:
    on_the_day = {
        "Start date": "First day tour",
        "Last day": "Close accounts",
        "Handed over": "Hand over",
        "Release date": "Roll out",
    }
    for shown in every:
        began = shown.record["audit"]["createdDate"][:10]
        for value in shown.values:
            if value["fieldType"] == "Date" and value["data"] is not None:
                day = (value["data"]["value"] if isinstance(value["data"], dict) else value["data"])[:10]
                assert day >= began, shown.name
                done = shown.task(on_the_day[value["label"]]) if value["label"] in on_the_day else {}
                assert day == done.get("completedDate", day)[:10], (shown.name, value["label"])
                if value["label"] == "Renewal":
                    assert day > shown.record["audit"]["updatedDate"][:10] or int(day[:4]) > int(began[:4])


def test_tasks_are_done_in_order_by_somebody_before_the_run_ended(every: list[Shown]) -> None:
    for shown in every:
        audit = shown.record["audit"]
        for task in shown.tasks:
            done = task["status"] == "Completed"
            assert done == ("completedDate" in task) == ("completedBy" in task)
            if done:
                assert audit["createdDate"] < task["completedDate"] <= audit["updatedDate"], shown.name
                assert not task["hidden"]
                assert not task["stopped"], (shown.name, task["name"])
            assert "dueDate" not in task or task["dueDate"][:10] >= audit["createdDate"][:10]
        if "dueDate" in shown.record:
            assert shown.record["dueDate"] > audit["createdDate"]


def test_an_approval_is_the_word_of_who_did_its_task_on_work_that_was_done(every: list[Shown]) -> None:
    refused = 0
    for shown in every:
        tasks = {task["id"]: task for task in shown.tasks}
        for approval in shown.approvals:
            task, subject = tasks[approval["approvalTaskId"]], tasks[approval["subjectTaskId"]]
            assert task["taskType"] == "Approval"
            assert task["completedBy"] == approval["reviewedBy"] == approval["audit"]["updatedBy"], shown.name
            assert task["completedDate"] == approval["audit"]["updatedDate"]
            assert subject["completedDate"] <= approval["audit"]["createdDate"] <= approval["audit"]["updatedDate"]
            step = shown.run.template.blueprint.steps[shown.tasks.index(task)]
            if approval["status"] == "Rejected":
                refused += 1
                assert approval["comment"] in step.refusals
                # What was refused for good is not carried out.
                assert shown.record["status"] != "Completed", shown.name
                later = shown.tasks[shown.tasks.index(task) + 1 :]
                assert [t["name"] for t in later if t["status"] == "Completed"] == [], shown.name
            else:
                assert approval.get("comment") not in step.refusals
        said = {task["id"] for task in shown.tasks if task["taskType"] == "Approval" and task["status"] == "Completed"}
        assert {approval["approvalTaskId"] for approval in shown.approvals} <= said
    assert refused


def test_choices_people_and_linked_rows_exist(company: Company, every: list[Shown]) -> None:
    emails = {person.email for person in company.staff.members}
    for shown in every:
        for number, value in enumerate(shown.values):
            data = value["data"]
            held = data.get("value", data.get("values")) if isinstance(data, dict) else data
            if held is None:
                continue
            field = shown.run.template.fields[number][3]
            if field.kind == "Members":
                assert {*held} <= emails
            elif field.source:
                assert held in company.library.choosable(field.source).values()
            elif field.options:
                assert {*([held] if isinstance(held, str) else held)} <= {*field.options}, (shown.name, held)


def test_what_is_typed_into_a_form_is_said_for_it(company: Company) -> None:
    """A text that no story tells would be about anything."""
    silent = [
        (template.blueprint.name, field.label)
        for template in company.templates
        for *_, field in template.fields
        if field.kind in ("Text", "Textarea", "Snippet", "Email", "Url", "File", "MultiFile", "Document", "Table")
        if not field.says
    ]
    assert silent == []


def rows_of(company: Company, name: str) -> list[tuple[dict[str, Any], Record]]:
    """The cells of each row by the name of their column, and the row."""
    made = next(s for s in company.library.data_sets if s["name"] == name)
    columns = {field["id"]: field["name"] for field in made["fields"]}
    return [
        ({columns[c["fieldId"]]: c["value"] for c in row["cells"]}, row) for row in company.library.records[made["id"]]
    ]


def test_a_vendors_row_says_what_its_approvals_say(company: Company, every: list[Shown]) -> None:
    latest: dict[str, str] = {}
    for shown in every:
        for approval in shown.approvals if shown.workflow == "Vendor Approval" else ():
            vendor = shown.run.story["vendor"]
            if approval["status"] == "Approved":
                latest[vendor] = max(latest.get(vendor, ""), approval["audit"]["updatedDate"])
    oldest = min(shown.record["audit"]["createdDate"] for shown in every)
    for cells, row in rows_of(company, "Vendors"):
        if cells["Name"] in latest:
            assert cells["Approved on"] == latest[cells["Name"]]
            assert row["audit"]["updatedDate"] >= cells["Approved on"]
        else:
            assert cells["Approved on"] < oldest
        assert cells["Country"] in (None, COUNTRY_OF[cells["Name"]])
        assert cells["Rating"] is None or 1 <= cells["Rating"] <= 5
        assert row["audit"]["createdDate"] <= row["audit"]["updatedDate"]
    assert latest


def test_offices_have_whole_seats_and_cost_centres_an_owner_who_works_here(company: Company) -> None:
    assert all(
        cells["Seats"] is None or cells["Seats"] == int(cells["Seats"]) for cells, _ in rows_of(company, "Offices")
    )
    names = {person.name for person in company.staff.members}
    for cells, _ in rows_of(company, "Cost centres"):
        assert cells["Owner"] is None or cells["Owner"] in names
        assert cells["Budget"] is None or cells["Budget"] >= 1_000


def test_a_run_that_was_just_started_has_an_empty_form() -> None:
    company = Company(40, 7, NOW)
    template = next(t for t in company.templates if t.blueprint.name == "Employee Onboarding")
    shown = Shown(company, company.start_run(template.id, name="Ana Lima", at=NOW))
    assert [value["data"] for value in shown.values] == [None] * len(shown.values)
    assert shown.name == "Ana Lima"
