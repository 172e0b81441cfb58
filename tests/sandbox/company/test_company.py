"""The invented company: the same for the same seed, and good enough to be analysed."""

from __future__ import annotations

import json
import re
from statistics import median
from typing import Any

import pytest

from psauth.sandbox import Company
from psauth.sandbox.api.records import Records
from psauth.sandbox.company.worktime import DAY, HOUR, due_after, iso, weekday, work_after
from tests.sandbox.conftest import NOW

KINDS = {
    "Date",
    "Document",
    "Email",
    "File",
    "Hidden",
    "Members",
    "MultiChoice",
    "MultiFile",
    "MultiSelect",
    "Number",
    "Select",
    "SendRichEmail",
    "Snippet",
    "Table",
    "Text",
    "Textarea",
    "Url",
}


@pytest.fixture(scope="module")
def company() -> Company:
    return Company(now=NOW)


def everything(company: Company) -> str:
    write = Records(company, "https://sandbox.example/app")
    told: list[Any] = [person.record() for person in company.staff.users]
    told += [write.workflow(template) for template in company.templates]
    told += [company.library.folders, company.library.pages, company.library.data_sets, company.library.records]
    told += [company.library.schedules, company.library.revisions]
    told += [company.remarks.comments, company.remarks.attachments]
    for run in company.runs:
        told += [write.run(run)]
        told += [write.task(run, task) for task in run.tasks]
        told += [write.value(run, number) for number in range(len(run.template.fields))]
        told += [write.approval(run, decision) for decision in run.decisions]
    return json.dumps(told)


def test_the_same_seed_and_moment_give_the_same_bytes() -> None:
    assert everything(Company(60, 7, NOW)) == everything(Company(60, 7, NOW))


def test_another_seed_gives_another_company() -> None:
    assert everything(Company(60, 7, NOW)) != everything(Company(60, 8, NOW))


def test_ids_do_not_depend_on_the_day() -> None:
    ids = [{run.id for run in Company(60, 7, NOW + days * 86_400)._drawn} for days in (0, 100)]
    assert ids[0] == ids[1]


@pytest.mark.slow
def test_without_a_size_it_has_some_thousand_runs() -> None:
    assert 2_000 < len(Company().runs) < 4_000


def test_ids_are_opaque(company: Company) -> None:
    ids = [run.id for run in company.runs] + [i for t in company.templates for i in (t.id, *t.task_ids)]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[\w-]{22}", one) for one in ids)


def test_every_workflow_has_five_to_fourteen_steps_and_the_company_every_kind_of_field(company: Company) -> None:
    assert len(company.templates) == 12
    steps = [len(t.task_ids) for t in company.templates]
    assert 4 <= min(steps) <= max(steps) <= 14
    assert {field.kind for t in company.templates for *_, field in t.fields} == KINDS
    keys = "".join(key for t in company.templates for _, _, key, _ in t.fields)
    assert set('?%":') <= set(keys)


def test_nobody_can_be_written_to_and_robots_look_like_robots(company: Company) -> None:
    assert all(p.email.endswith("@example.com") and p.email.isascii() for p in company.staff.members)
    assert len({p.email for p in company.staff.members}) == len(company.staff.members)
    assert all(re.fullmatch(r"api-[0-9a-f-]{36}@process\.st", p.email) for p in company.staff.robots)
    assert all(re.fullmatch(r"group-[\w-]{22}@process\.st", p.email) for p in company.staff.groups)
    assert any(not p.name.isascii() for p in company.staff.members)


def test_time_only_runs_forward(company: Company) -> None:
    for run in company.runs:
        assert run.created <= run.updated <= company.now
        for task in run.tasks:
            assert task.completed is None or run.created < task.completed <= company.now
            assert task.updated <= company.now


def test_statuses_are_plausible(company: Company) -> None:
    share = {
        s: sum(r.status == s for r in company.runs) / len(company.runs) for s in ("Active", "Completed", "Archived")
    }
    assert share["Completed"] > 0.6
    assert 0.05 < share["Active"] < 0.25
    assert 0.03 < share["Archived"] < 0.2


def test_a_completed_run_has_no_open_visible_task_that_somebody_would_miss(company: Company) -> None:
    done = [run for run in company.runs if run.status == "Completed"]
    without = [run for run in done if all(task.completed is None for task in run.tasks)]
    assert 0 < len(without) < len(done) / 50


def test_most_work_is_done_on_weekdays_in_office_hours(company: Company) -> None:
    done = [t.completed for r in company.runs for t in r.tasks if t.completed is not None]
    weekdays = sum(weekday(moment) < 5 for moment in done) / len(done)
    office = sum(8 <= moment % DAY // HOUR < 17 for moment in done) / len(done)
    assert 0.9 < weekdays < 1
    assert 0.85 < office < 1


def test_hidden_stopped_overdue_rejected_and_automated_tasks_all_occur(company: Company) -> None:
    active = [run for run in company.runs if run.status == "Active"]
    hidden = [t for r in company.runs for t in r.tasks if t.hidden]
    assert hidden
    assert all(t.completed is None for t in hidden)
    assert any(t.due is not None and t.due < company.now for t in hidden)
    assert any(run.stopped(task) for run in active for task in run.tasks)
    overdue = [t for r in active for t in r.tasks if t.completed is None and t.due is not None and t.due < company.now]
    assert overdue
    decided = [d.rejected for r in company.runs for d in r.decisions]
    assert 0.05 < sum(decided) / len(decided) < 0.3
    robots = sum(t.completed_by in company.staff.robots for r in company.runs for t in r.tasks if t.completed_by)
    assert robots > 100
    assert any(r.name is None for r in company.runs)


def test_legal_review_is_where_vendors_wait(company: Company) -> None:
    template = next(t for t in company.templates if t.blueprint.name == "Vendor Approval")
    names = [step.name for step in template.blueprint.steps]
    waits: dict[str, list[float]] = {name: [] for name in names}
    for run in company.runs:
        if run.template is template:
            for task in run.tasks:
                if task.completed is not None and task.ready is not None:
                    waits[names[task.at]].append(task.completed - task.ready)
    assert max(names, key=lambda name: median(waits[name])) == "Legal review"


def test_the_company_goes_on_from_its_anchor() -> None:
    first, later = Company(300, 7, NOW), Company(300, 7, NOW + 10 * 86_400, anchor=NOW)
    before, after = {run.id: run for run in first.runs}, {run.id: run for run in later.runs}
    finished = [run for run in first.runs if run.status != "Active"]
    write = Records(first, "https://sandbox.example/app")
    assert [write.run(run) for run in finished] == [write.run(after[run.id]) for run in finished]
    assert all(run.created == after[run.id].created for run in first.runs)
    for run in first.runs:
        seen, now_seen = run.tasks, after[run.id].tasks
        assert [(t.hidden, t.due, t.assignees) for t in seen] == [(t.hidden, t.due, t.assignees) for t in now_seen]
        assert all(n.completed == t.completed for t, n in zip(seen, now_seen, strict=True) if t.completed is not None)
    assert any(run.status == "Active" and after[run.id].status == "Completed" for run in first.runs)
    started = [run for run in later.runs if run.id not in before]
    assert 3 < len(started) < 30
    assert all(first.now - 7 * DAY < run.created <= later.now for run in started)


def test_office_time_skips_nights_and_weekends() -> None:
    friday = 1_790_346_600_000  # 2026-09-25, 14:30
    assert iso(friday) == "2026-09-25T14:30:00.000Z"
    assert iso(work_after(friday, 4 * HOUR)) == "2026-09-28T09:30:00.000Z"
    assert iso(work_after(friday + DAY, HOUR)) == "2026-09-28T09:00:00.000Z"
    assert iso(due_after(friday, 1)) == "2026-09-28T17:00:00.000Z"


def test_a_task_can_be_ticked_off_and_taken_back() -> None:
    company = Company(40, 7, NOW)
    run = company.start_run(company.templates[0].id, at=NOW)
    for number, task_id in enumerate(run.template.task_ids, 1):
        company.complete_task(run.id, task_id, at=NOW + number)
    assert (run.status, run.updated) == ("Completed", int((NOW + len(run.tasks)) * 1000))
    company.reopen_task(run.id, run.template.task_ids[0], at=NOW + 60)
    assert run.status == "Active"
    assert company.runs[0] is run
    company.delete_run(run.id)
    assert company.run(run.id) is None
    with pytest.raises(LookupError):
        company.complete_task(run.id, run.template.task_ids[0])
