"""Due dates: the service refuses those that are past, also when psauth only sends them along; then it is said."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth import ApiError
from tests.flow.parts import WRITTEN

PAST = datetime.now(UTC).replace(microsecond=0) - timedelta(days=3)
FAR = PAST + timedelta(days=400)


def millis(moment):
    return round(moment.timestamp() * 1000)


@pytest.fixture
def run(box):
    return next(r for r in box.company.runs if r.status == "Active" and any(not t.completed for t in r.tasks))


@pytest.fixture
def task(run):
    return next(t for t in run.tasks if not t.completed)


@pytest.fixture
def task_id(run, task):
    return run.template.task_ids[run.tasks.index(task)]


def test_a_task_that_is_overdue_says_why_it_is_not_ticked_off(ps, run, task, task_id):
    task.due = millis(PAST)
    with pytest.raises(ApiError) as refusal:
        ps.complete_task(run.id, task_id)
    assert refusal.value.status == 400
    sent = PAST.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert f"The due date {sent} was sent along, because a change without it would take it away" in str(refusal.value)
    assert "refuses a due date that is past" in str(refusal.value)
    assert "Nothing was changed." in str(refusal.value)
    assert "ps.set_due_date(run, when, task=task)" in str(refusal.value)
    assert (task.completed, task.due) == (None, millis(PAST))
    ps.set_due_date(run.id, FAR, task=task_id)
    ps.complete_task(run.id, task_id)
    assert (task.completed is not None, task.due) == (True, millis(FAR))


def test_a_completed_task_that_is_overdue_says_why_it_is_not_reopened(box, ps, run, task, task_id):
    box.company.complete_task(run.id, task_id)
    task.due = millis(PAST)
    with pytest.raises(ApiError, match="was sent along"):
        ps.reopen_task(run.id, task_id)
    assert task.completed is not None


@pytest.mark.parametrize("of_task", [False, True])
def test_a_due_date_that_is_past_is_named(ps, run, task, task_id, of_task):
    before = run.due, task.due
    with pytest.raises(ApiError, match=r"The due date \S+Z was sent\. Process Street refuses .* Give a later one"):
        ps.set_due_date(run.id, PAST, task=task_id if of_task else None)
    assert (run.due, task.due) == before


def test_a_run_is_not_started_with_a_due_date_that_is_past(box, ps):
    before = len(box.company.runs)
    with pytest.raises(ApiError, match="Process Street refuses a due date that is past"):
        ps.start_run(box.company.templates[0].id, due_date=PAST)
    assert len(box.company.runs) == before


def test_an_overdue_run_gets_a_later_due_date_or_none(ps, run):
    run.due = millis(PAST)
    ps.set_due_date(run.id, FAR)
    assert run.due == millis(FAR)
    run.due = millis(PAST)
    ps.set_due_date(run.id, None)
    assert run.due is None


def test_another_refusal_is_not_blamed_on_the_due_date(box, ps, run, task, task_id):
    task.due = millis(FAR)
    box.knobs.fault("/v1/workflow-runs", method="PUT", status=400, body='{"error": "No"}')
    with pytest.raises(ApiError) as refusal:
        ps.complete_task(run.id, task_id)
    assert "due date" not in str(refusal.value)


@pytest.mark.parametrize("odd", ["2026-11-20T24:00:00Z", "2026-W10-1", "soon"])
def test_a_due_date_that_is_no_date_is_sent_along_as_it_stands(box, ps, run, task_id, odd):
    path = f"/v1/workflow-runs/{run.id}/tasks/{task_id}"
    box.knobs.fault(path, method="GET", status=200, times=2, body=f'{{"status": "NotCompleted", "dueDate": "{odd}"}}')
    with pytest.raises(ApiError, match=odd):
        ps.complete_task(run.id, task_id)
    box.requests.clear()
    ps.reopen_task(run.id, task_id)
    assert not [r for r in box.requests if r.method in WRITTEN]
