"""Syncs that end before their end: budget, person, service, connection, disk; and that the next one goes on."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth import LoginRequired
from psauth.api.transport import Transport
from psauth.exceptions import MirrorError
from psauth.mirror import sync
from psauth.mirror.publish import publish
from psauth.mirror.store import Store


def test_at_the_edge_of_the_budget_it_stops_and_says_so(copy, monkeypatch):
    monkeypatch.setattr(sync, "PATIENCE", 0.5)
    copy.box.knobs.budget, copy.box.knobs.window = 170, 6.0
    report = copy.sync()
    assert "budget of requests is spent" in report.stopped
    assert 0 < report.runs_left < 50
    assert report.requests_left >= report.runs_left
    assert not report.is_complete
    assert "sync again to go on" in str(report)
    done = set(copy.runs)
    assert done, "the newest runs are there already"
    report = copy.sync(wait=True)
    assert report.is_complete
    assert copy.asked_runs.isdisjoint(done)
    assert copy.differences() == []
    refused = [seen for seen in copy.box.requests if seen.status == 429]
    assert len(refused) <= 0.01 * len(copy.box.requests) + 1


def test_the_forecast_says_what_the_sync_then_takes(copy):
    coming = copy.ps.plan_sync(progress=False)
    looked = copy.ps.requests_sent
    assert (coming.runs, copy.runs) == (50, {})
    report = copy.sync()
    assert abs(report.requests - coming.requests) <= 0.2 * report.requests
    assert copy.asked["/workflow-runs/list"] == 0, "it was walked for the forecast"
    assert looked < 120
    assert copy.differences() == []


def test_a_person_stops_it(copy):
    report = copy.ps.sync(progress=lambda done, total: done < 100)
    assert report.stopped == "Stopped."
    assert copy.sync().is_complete
    assert copy.differences() == []


def test_ctrl_c(copy):
    def interrupt(done, total):
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy.ps.sync(progress=interrupt)
    (report,) = copy.store.reports(1)
    assert report["stopped"] == "Interrupted."
    assert report["requests"] > 100
    assert copy.sync().is_complete
    assert copy.differences() == []


def test_ctrl_c_is_heard_although_its_report_cannot_be_kept(copy, monkeypatch):
    def interrupt(done, total):
        raise KeyboardInterrupt

    def fail(*_):
        raise MirrorError("The disk is full; make room and sync again.")

    monkeypatch.setattr(Store, "note_report", fail)
    with pytest.raises(KeyboardInterrupt):
        copy.ps.sync(progress=interrupt)


def test_progress_is_told_in_requests(copy):
    told = []
    copy.ps.sync(progress=lambda done, total: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert all(total >= done for done, total in told)


def test_a_list_that_fails_is_skipped_and_asked_for_again(copy):
    run_id = copy.box.truth()["runs"][7]["id"]
    copy.box.knobs.fault(f"/v1/workflow-runs/{run_id}/tasks", "status", status=422, times=10_000)
    report = copy.sync()
    assert [each.what for each in report.skipped] == [f"run {run_id}"]
    assert (report.runs_left, report.stopped, report.is_complete) == (1, None, False)
    assert f"Skipped run {run_id}" in str(report)
    copy.box.knobs.faults.clear()
    assert copy.sync().is_complete
    assert copy.asked_runs == {run_id}
    assert copy.differences() == []


def test_a_run_of_which_one_list_is_refused_is_there_with_the_others(copy):
    run_id = next(run_id for run_id, approvals in copy.box.truth()["approvals"].items() if approvals)
    copy.box.knobs.fault(f"/v1/workflow-runs/{run_id}/approvals", "status", status=403, times=10_000)
    report = copy.sync()
    assert report.is_complete
    assert "The approvals of 1 run are refused, and kept as they were;" in str(report)
    assert run_id in copy.runs
    assert run_id in {each.owner for each in copy.store.lists("tasks")}
    assert copy.sync().is_complete
    assert copy.asked_runs == set()
    copy.box.knobs.faults.clear()
    copy.store.note_due(datetime.now(UTC) + timedelta(days=1, minutes=1))
    copy.sync()
    assert run_id in copy.asked_runs, "a day later it is asked for again"
    assert copy.differences() == []


def test_a_run_whose_tasks_are_refused_is_asked_for_again_in_a_day(copy):
    run_id = next(run["id"] for run in copy.box.truth()["runs"] if run["status"] == "Completed")
    copy.box.knobs.fault(f"/v1/workflow-runs/{run_id}/tasks", "status", status=403, times=10_000)
    report = copy.sync()
    assert report.is_complete
    assert "The tasks of 1 run are refused" in str(report)
    assert run_id in copy.runs
    copy.sync()
    assert copy.asked_runs == set()
    copy.box.knobs.faults.clear()
    copy.store.note_due(datetime.now(UTC) + timedelta(days=1, minutes=1))
    copy.sync()
    assert copy.differences() == []


def test_what_the_service_does_not_show_is_not_asked_for_again_by_the_next_sync(synced):
    """A sync that is ended before it has asked for everything does not know yet whether it is gone; the next one does."""
    company = synced.box.company
    run_id = max(synced.runs.values(), key=lambda run: run.record["audit"]["updatedDate"]).run_id
    company.hide_run(run_id, company.staff.signers[0].email)
    synced.before = len(synced.box.requests)

    def asked():
        return [seen.path for seen in list(synced.box.requests)[synced.before :] if seen.path.endswith(run_id)]

    synced.ps.sync(full=True, progress=lambda *_: not asked())
    assert len(asked()) == 1
    assert synced.runs[run_id].gone is None
    before = synced.before
    synced.sync(full=True)
    synced.before = before
    assert len(asked()) == 1
    assert synced.runs[run_id].gone == "hidden"
    assert synced.differences() == []


def test_a_full_sync_that_goes_on_asks_for_no_list_again(synced, monkeypatch):
    monkeypatch.setattr(sync, "LOOK", 0.01)
    synced.box.knobs.latency = 0.02
    synced.before = len(synced.box.requests)
    synced.ps.sync(full=True, progress=lambda *_: not synced.asked_runs)
    assert 0 < len(synced.asked_runs) < len(synced.runs)
    synced.sync(full=True)
    assert synced.asked["/workflow-runs/list"] == synced.asked["/users"] == synced.asked["/folders"] == 0
    assert synced.differences() == []


def test_an_answer_that_is_no_run_is_skipped(synced, monkeypatch):
    run_id = next(iter(synced.runs))
    synced.box.company.hide_run(run_id, synced.box.company.staff.signers[0].email)

    def get(self, path, *its, real=Transport.get, **more):
        return {"data": None} if path.endswith(run_id) else real(self, path, *its, **more)

    monkeypatch.setattr(Transport, "get", get)
    report = synced.sync(full=True)
    assert [each.why for each in report.skipped] == ["The service answers something else than a run."]


def test_a_refused_list_is_not_asked_for_each_time(copy):
    copy.box.knobs.fault("/v1/folders", "status", status=403, times=10_000)
    report = copy.sync()
    assert [(each.what, each.refused) for each in report.skipped] == [("folders", True)]
    assert report.is_complete, "more this person may not see"
    assert copy.sync().requests == 2
    copy.box.knobs.faults.clear()
    copy.sync(full=True)
    assert copy.differences() == []


def test_a_disk_that_is_full(synced, monkeypatch):
    run_id = next(run.run_id for run in synced.runs.values() if run.status == "Active")
    synced.box.company.rename_run(run_id, "Another")

    def fail(*_, **__):
        raise MirrorError("The disk is full; make room and sync again.")

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write_runs", fail)
        with pytest.raises(MirrorError, match="disk is full"):
            synced.sync()
    assert synced.runs[run_id].record["name"] != "Another"
    synced.sync()
    assert synced.runs[run_id].record["name"] == "Another"
    assert synced.differences(runs_only=True) == []


def test_a_service_that_is_down(synced, monkeypatch):
    monkeypatch.setattr("psauth.api.transport.Transport._pause", lambda *_: None)
    synced.box.knobs.fault("/v1/", "status", status=503, times=10_000)
    report = synced.sync()
    assert report.stopped is not None
    assert not report.is_complete
    synced.box.knobs.faults.clear()
    assert synced.sync().is_complete


def test_a_connection_that_has_ended(copy):
    copy.ps.sync(progress=lambda done, total: done < 100)
    done = set(copy.runs)
    copy.box.knobs.fault("/v1/", "status", status=401, times=10_000)
    copy.box.knobs.fault("/oauth/token", "body", status=400, times=10_000, body='{"error": "invalid_grant"}')
    with pytest.raises(LoginRequired):
        copy.sync()
    copy.box.knobs.faults.clear()
    assert set(copy.runs) == done
    assert "psauth.login()" in copy.store.reports(1)[0]["stopped"]


def test_a_long_sync_publishes_in_between(copy, monkeypatch):
    published = []
    monkeypatch.setattr(sync, "PUBLISH_FIRST", 0.0)
    monkeypatch.setattr(sync, "PUBLISH_EVERY", 0.0)
    monkeypatch.setattr(sync, "publish", lambda store, *_, **__: published.append(len(list(store.runs()))))
    copy.box.knobs.latency = 0.02
    copy.sync()
    assert published[-1] == 50
    assert len(published) > 1


def test_a_first_sync_publishes_soon_and_a_later_one_at_its_end(copy, monkeypatch):
    published = []
    monkeypatch.setattr(sync, "PUBLISH_FIRST", 0.0)
    monkeypatch.setattr(sync, "publish", lambda *args, **how: published.append(how) or publish(*args, **how))
    copy.box.knobs.latency = 0.02
    copy.sync()
    assert len(published) == 2, "once beside it, and at its end"
    published.clear()
    copy.sync(full=True)
    assert len(published) == 1
