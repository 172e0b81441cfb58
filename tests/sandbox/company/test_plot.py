"""What the plot lets happen; what it tells who analyses the records is in tests/analysis/test_story.py."""

from __future__ import annotations

from collections import Counter

import pytest

from psauth.sandbox import Company
from psauth.sandbox.company.runs import Run
from tests.sandbox.conftest import NOW

Dues = dict[str | None, int | None]
Slipped = tuple[Company, list[Run], dict[str, Dues]]


def a_company() -> Company:
    return Company(1_200, 7, NOW)


@pytest.fixture(scope="module")
def slipped() -> Slipped:
    """A company whose deadlines slipped, the runs in which they did, and all due dates of before, by run and task."""
    company = a_company()
    before = {run.id: dues(run) for run in company.runs}
    runs = [company.lists.by_id[run_id] for run_id in company.let_deadlines_slip()]
    return company, runs, before


def dues(run: Run) -> Dues:
    return {None: run.due, **{run.template.task_ids[task.at]: task.due for task in run.tasks}}


def test_due_dates_move_to_a_later_day_that_is_to_come(slipped: Slipped) -> None:
    company, runs, before = slipped
    assert len(runs) > 5
    for run in runs:
        moved = [(due, before[run.id][key]) for key, due in dues(run).items() if due != before[run.id][key]]
        assert moved
        assert all(due > old and due > company.now for due, old in moved)


def test_nothing_moves_in_other_runs(slipped: Slipped) -> None:
    company, runs, before = slipped
    ids = {run.id for run in runs}
    assert all(dues(run) == before[run.id] for run in company.runs if run.id not in ids)


def test_one_person_moves_them_most(slipped: Slipped) -> None:
    _, runs, _ = slipped
    owners = Counter(run.created_by.name for run in runs)
    assert owners.most_common(1)[0][0] == "Rafael Núñez"
    assert len(owners) > 1


def test_some_of_the_runs_are_then_finished_in_time(slipped: Slipped) -> None:
    company, runs, _ = slipped
    finished = [run for run in runs if run.status == "Completed"]
    assert 0 < len(finished) < len(runs)
    for run in finished:
        done = [task for task in run.tasks if not task.hidden]
        assert all(task.completed is not None and task.completed_by in company.staff.by_id.values() for task in done)
        assert all(task.due is None or task.completed < task.due for task in done if task.completed > company.now)


def test_what_is_approved_in_them_is_the_word_of_who_ticked_it_off(slipped: Slipped) -> None:
    company, runs, _ = slipped
    fresh = [(run, decision) for run in runs for decision in run.decisions if decision.last > company.now]
    assert fresh
    for run, decision in fresh:
        assert not decision.rejected
        assert (run.tasks[decision.at].completed, run.tasks[decision.at].completed_by) == (decision.last, decision.by)


def test_the_same_company_slips_in_the_same_way(slipped: Slipped) -> None:
    _, runs, _ = slipped
    assert a_company().let_deadlines_slip() == [run.id for run in runs]


def test_a_moment_may_be_named() -> None:
    company = a_company()
    [run_id, *_] = company.let_deadlines_slip(at=NOW + 86_400)
    assert company.lists.by_id[run_id].updated > (NOW + 86_400) * 1000
