"""Runs that wait to be read: they are neither forgotten nor taken for something else."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth.mirror import walk
from psauth.mirror.queue import Which
from psauth.mirror.schema import RUNS
from psauth.mirror.supply import Supply


@pytest.fixture
def walked(copy, monkeypatch):
    """A copy whose first sync was stopped when it had walked the lists, before it read a run."""
    _walk(copy, monkeypatch)
    assert _waiting(copy) == len(copy.box.truth()["runs"])
    assert copy.runs == {}
    return copy


def _walk(copy, monkeypatch):
    """A sync that is stopped when all lists were walked."""
    with monkeypatch.context() as patch:
        patch.setattr(Supply, "open_runs", lambda self, **_: None)
        looks = iter(range(1_000))
        copy.ps.sync(progress=lambda done, total: next(looks) < 5)


def _waiting(copy):
    with copy.store.snapshot() as snap:
        return sum(snap.pending_count().values())


def test_a_sync_of_a_table_without_runs_leaves_those_that_wait(walked):
    waiting = _waiting(walked)
    walked.sync(tables=["users"])
    assert walked.runs == {}
    assert _waiting(walked) == waiting
    walked.sync()
    assert walked.differences() == []


def test_found_runs_that_are_refused_for_a_while_are_said_and_found_again(walked, monkeypatch):
    company = walked.box.company
    emails = [user["email"] for user in walked.box.truth()["users"]]
    for template in company.templates:
        for email in emails:
            company.hide_workflow(template.id, email)
    assert "a permission was lost" in " ".join(walked.sync().warnings)
    for template in company.templates:
        for email in emails:
            company.show_workflow(template.id, email)
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    monkeypatch.setattr(walk, "is_old", lambda what, asked_at, _, real=walk.is_old: real(what, asked_at, tomorrow))
    walked.sync()
    walked.sync()
    assert walked.differences(runs_only=True) == []


def test_moves_that_were_found_are_not_forgotten_with_a_permission(synced, monkeypatch):
    company = synced.box.company
    emails = [user["email"] for user in synced.box.truth()["users"]]
    moved = [run_id for run_id, run in synced.runs.items() if run.status == "Active"][:3]
    for run_id in moved:
        company.rename_run(run_id, "Another")
    _walk(synced, monkeypatch)
    for template in company.templates:
        for email in emails:
            company.hide_workflow(template.id, email)
    synced.store.note_due(datetime.now(UTC) + timedelta(days=2))
    assert "a permission was lost" in " ".join(synced.sync().warnings)
    for template in company.templates:
        for email in emails:
            company.show_workflow(template.id, email)
    with synced.store._database.writing() as db:
        db.execute(RUNS.update().values(look_at=None))  # so that only a walk can tell of them
    tomorrow = datetime.now(UTC) + timedelta(days=1, minutes=1)
    monkeypatch.setattr(walk, "is_old", lambda what, asked_at, _, real=walk.is_old: real(what, asked_at, tomorrow))
    synced.sync()
    assert {synced.runs[run_id].record["name"] for run_id in moved} == {"Another"}


def test_a_full_sync_that_is_stopped_again_and_again_comes_to_its_end(synced):
    asked, rounds = set(), 0
    while asked != set(synced.runs):
        synced.before = len(synced.box.requests)
        synced.ps.sync(full=True, progress=lambda done, total: done < 40)
        asked |= synced.asked_runs
        rounds += 1
        assert rounds <= len(synced.runs)


def test_a_full_sync_is_full_again_although_a_run_of_the_last_one_could_not_be_read(synced):
    run_id = next(iter(synced.runs))
    synced.box.knobs.fault(f"/v1/workflow-runs/{run_id}/tasks", "status", status=422, times=10_000)
    for _ in range(2):
        assert [each.what for each in synced.sync(full=True).skipped] == [f"run {run_id}"]
        assert synced.asked_runs == set(synced.runs)


def test_a_sync_of_some_tables_leaves_what_a_full_one_wanted(synced):
    synced.store.note_all(datetime.now(UTC))
    synced.sync(tables=["tasks"])
    assert synced.asked_runs == set()
    assert _waiting(synced) == len(synced.runs)
    synced.sync(full=True)
    assert synced.asked_runs == set(synced.runs)


def test_a_full_sync_is_full_although_one_of_a_workflow_was_stopped_and_the_list_was_walked_since(synced):
    one, *_ = {run.record["workflowId"] for run in synced.runs.values()}
    synced.store.note_all(datetime.now(UTC), Which(frozenset([one])))
    synced.ps.plan_sync(full=True, progress=False)
    synced.sync(full=True)
    assert synced.asked_runs == set(synced.runs)


def test_a_narrowed_sync_does_not_say_what_became_of_runs_that_another_has_not_asked_for_yet(synced):
    """One run is not shown, and many wait: they may be hidden too, which would be a permission that was lost."""
    company, run_id = synced.box.company, next(iter(synced.runs))
    company.hide_run(run_id, company.staff.signers[0].email)
    synced.store.note_unshown(run_id, datetime.now(UTC))
    synced.store.note_all(datetime.now(UTC))
    synced.sync(tables="users")
    assert synced.runs[run_id].gone is None
    synced.sync()
    assert synced.runs[run_id].gone == "hidden"


def test_a_full_sync_of_one_workflow_is_full_although_runs_of_another_wait(synced):
    one, other, *_ = {run.record["workflowId"] for run in synced.runs.values()}
    synced.store.note_all(datetime.now(UTC), Which(frozenset([one])))
    for _ in range(2):
        synced.sync(full=True, workflows=[other])
        assert synced.asked_runs == {id for id, run in synced.runs.items() if run.record["workflowId"] == other}


def test_a_forecast_of_a_full_sync_has_nothing_wait(synced):
    coming = synced.ps.plan_sync(full=True, progress=False)
    assert coming.runs == len(synced.runs)
    synced.sync()
    assert synced.asked_runs == set()


def test_a_run_that_has_closed_and_waits_has_not_vanished(copy, no_lag, monkeypatch):
    company = copy.box.company
    for template in [*company.templates] * 3:
        company.start_run(template.id)
    copy.sync()
    active = [run_id for run_id, run in copy.runs.items() if run.status == "Active"]
    for run_id in active[:15]:
        company.finish_run(run_id)
    _walk(copy, monkeypatch)
    for run_id in active[15:]:
        company.rename_run(run_id, "Another")
    copy.store.note(**{"active runs": "1000"})
    report = copy.sync()
    assert copy.asked["/workflow-runs/list"] > 0
    assert report.warnings == ()
    assert copy.differences(runs_only=True) == []
