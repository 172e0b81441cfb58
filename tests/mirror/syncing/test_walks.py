"""The lists of runs: where a walk goes on, and what may move under it."""

from collections import Counter

import pytest

import psauth
from psauth.api.pace import Pace
from psauth.exceptions import MirrorError
from psauth.mirror import walk
from psauth.mirror.looks import LAG
from psauth.mirror.records import moment_of
from psauth.mirror.store import Store
from tests.mirror.syncing.lazy import LazyWriter


@pytest.fixture
def box():
    with psauth.Sandbox(runs=110, seed=4) as box:
        box.knobs.budget = 100_000
        yield box


@pytest.fixture
def broken_off(copy, monkeypatch):
    """A copy whose first walk ended at its fourth page."""
    _break_off(copy, monkeypatch)
    return copy


def _break_off(copy, monkeypatch):
    """A sync whose walk of the list ends at its fourth page."""
    with monkeypatch.context() as patch:
        patch.setattr("psauth.api.transport.Transport._pause", lambda *_: None)
        copy.box.knobs.fault("/v1/workflow-runs/list", "status", status=503, skip=3, times=10_000)
        assert copy.sync().stopped is not None
        copy.box.knobs.faults.clear()


def test_a_walk_goes_on_where_it_was(broken_off):
    pages = len(broken_off.box.truth()["runs"]) // 20 + 1
    broken_off.sync()
    assert broken_off.asked["/workflow-runs/list"] <= pages - 3 + 2
    assert broken_off.differences() == []


@pytest.mark.parametrize("deleted", [1, 15, 40])
def test_runs_that_were_deleted_meanwhile_hide_none(broken_off, deleted):
    for run in broken_off.box.truth()["runs"][:deleted]:
        broken_off.box.company.delete_run(run["id"])
    broken_off.sync()
    broken_off.sync()
    assert broken_off.differences(runs_only=True) == []


def test_what_moved_meanwhile_on_a_page_that_was_read_is_found_by_the_same_sync(broken_off):
    run_id = next(run["id"] for run in broken_off.box.truth()["runs"][:40] if run["status"] == "Active")
    broken_off.box.company.rename_run(run_id, "Another")
    assert broken_off.sync().is_complete
    assert broken_off.differences(runs_only=True) == []


@pytest.mark.parametrize("updated", [3, 30])
def test_a_run_that_a_deleted_one_has_moved_to_a_page_that_was_read_is_found(copy, monkeypatch, updated):
    """However many runs were updated after it was deleted: its deletion stands behind them in the search."""
    run_ids = [run["id"] for run in copy.box.truth()["runs"]]
    pages = []

    def note(walker, page, scope, number, priority, notes=None, real=walk.Walker._note_page):
        beyond = real(walker, page, scope, number, priority, notes)
        if notes is not None:
            pages.append(page)
            if len(pages) == 2:
                copy.box.company.delete_run(run_ids[3])
                for run_id in run_ids[5 : 5 + updated]:
                    copy.box.company.rename_run(run_id, "Another")
        return beyond

    copy.box.knobs.repeats = False
    monkeypatch.setattr(walk.Walker, "_note_page", note)
    copy.sync()
    copy.sync()
    assert copy.differences(runs_only=True) == []


def test_runs_that_were_begun_meanwhile_do_not_begin_the_walk_anew(broken_off):
    """They move others to pages to come, which are read again there."""
    company = broken_off.box.company
    for template in [*company.templates] * 3:
        company.start_run(template.id)
    pages = len(broken_off.box.truth()["runs"]) // 20 + 1
    broken_off.sync()
    assert broken_off.asked["/workflow-runs/list"] <= pages - 1
    broken_off.sync()
    assert broken_off.differences(runs_only=True) == []


def test_a_walk_whose_end_cannot_be_noted_goes_on_at_its_end(broken_off, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(Store, "end_walk", lambda *_: (_ for _ in ()).throw(MirrorError("The disk is full.")))
        with pytest.raises(MirrorError, match="disk is full"):
            broken_off.sync()
    assert broken_off.store.get_note("list") is not None
    broken_off.sync()
    assert broken_off.asked["/workflow-runs/list"] <= 2
    assert broken_off.differences() == []


@pytest.fixture
def overdue(synced):
    """A copy for which the list of all runs is to be walked again."""
    synced.store.note(**{"all runs": "1000"})
    synced.box.knobs.repeats = False
    return synced


def test_a_list_in_which_a_run_was_deleted_meanwhile_is_not_walked_each_time(overdue, monkeypatch):
    run_ids = iter([run["id"] for run in overdue.box.truth()["runs"][3:]])

    def note(walker, page, *its, real=walk.Walker._note_page):
        if len(its) > 3:
            overdue.box.company.delete_run(next(run_ids))
        return real(walker, page, *its)

    with monkeypatch.context() as patch:
        patch.setattr(walk.Walker, "_note_page", note)
        overdue.sync()
        assert overdue.asked["/workflow-runs/list"] > 3
    overdue.sync()
    assert overdue.asked["/workflow-runs/list"] == 0
    assert overdue.differences(runs_only=True) == []


def test_a_walk_of_the_list_that_goes_on_takes_the_signpost_not_back(overdue, monkeypatch):
    _break_off(overdue, monkeypatch)
    run_id = next(run.run_id for run in overdue.runs.values() if run.status == "Active")
    overdue.box.company.rename_run(run_id, "Another")
    overdue.sync()
    newest = max(run["audit"]["updatedDate"] for run in overdue.box.truth()["runs"])
    assert overdue.store.signpost() == moment_of(newest)


def test_a_search_that_is_cut_is_not_whole_because_nothing_was_read_yet(copy, monkeypatch):
    """What was counted for a forecast waits to be read; a deleted run fills a place of the search as well."""
    monkeypatch.setattr(walk, "CUT", 10)
    copy.box.knobs.search_limit, copy.box.knobs.search_paged = 10, False
    copy.box.knobs.search_page = 10
    copy.ps.plan_sync(progress=False)
    company = copy.box.company
    for template in company.templates:
        company.start_run(template.id)
    company.delete_run(copy.box.truth()["runs"][0]["id"])
    copy.sync()
    assert copy.differences(runs_only=True) == []


def test_a_link_that_the_service_has_forgotten(broken_off):
    broken_off.box.knobs.fault("/v1/workflow-runs/list", "status", status=400, times=1)
    assert broken_off.sync().stopped is None
    assert broken_off.differences() == []


def test_a_search_in_another_order_is_not_trusted(synced, monkeypatch):
    monkeypatch.setattr(walk, "updated_of", lambda run, real=walk.updated_of: _mirrored(real(run)))
    run_id = next(run.run_id for run in synced.runs.values() if run.status == "Active")
    synced.box.company.rename_run(run_id, "Another")
    synced.sync()
    assert synced.asked["/workflow-runs/list"] > 0
    assert synced.runs[run_id].record["name"] == "Another"


def _mirrored(moment):
    """A moment such that what was updated last comes first in time."""
    middle = walk.datetime(2026, 1, 1, tzinfo=walk.UTC)
    return None if moment is None else middle - (moment - middle)


def test_a_clock_that_was_set_back_hides_nothing(synced, monkeypatch):
    signpost = synced.store.signpost()
    monkeypatch.setattr(walk, "datetime", _Clock)
    run_id = next(run.run_id for run in synced.runs.values() if run.status == "Active")
    synced.box.company.rename_run(run_id, "Another")
    synced.sync()
    assert synced.runs[run_id].record["name"] == "Another"
    assert synced.store.signpost() < signpost - LAG
    monkeypatch.undo()
    synced.box.company.rename_run(run_id, "A third")
    synced.sync()
    assert synced.runs[run_id].record["name"] == "A third"
    assert synced.differences(runs_only=True) == []


class _Clock(walk.datetime):
    @classmethod
    def now(cls, tz=None):
        return super().now(tz) - walk.LAG * 6 * 24 * 100


def test_repeated_records_and_empty_last_pages_count_once(synced):
    seen = Counter(run.run_id for run in synced.store.runs())
    assert set(seen.values()) == {1}
    assert len(seen) == len(synced.box.truth()["runs"])


def test_a_walk_that_is_faster_than_the_disk_waits_for_it(copy, monkeypatch):
    monkeypatch.setattr(walk, "PAGES_AHEAD", 2)
    writer = LazyWriter(copy.store)
    walk.Walker(copy.ps._transport, copy.store, writer, Pace()).walk(walk.Scope(), since=None)
    assert (writer.most, writer.waiting) == (2, [])
    with copy.store.snapshot() as snap:
        assert sum(snap.pending_count().values()) == len(copy.box.truth()["runs"]) > 5 * 20
