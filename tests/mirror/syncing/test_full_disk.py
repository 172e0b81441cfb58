"""A disk that is full, a real one where one may be mounted: the sync says so, what was there stays, and the next one goes on when there is room."""

import os
from functools import partial

import pytest

import psauth
from psauth.exceptions import MirrorError
from tests.faults.small_disk import LimitedDatabases, make_disk
from tests.mirror.syncing.copies import Copy

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="there is nothing to mount on Windows")]

KB = 1024


@pytest.fixture(params=[partial(make_disk, otherwise=LimitedDatabases), LimitedDatabases], ids=["disk", "limit"])
def disk(request, tmp_path):
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = request.param(folder, 20_000 * KB)
    yield disk
    disk.close()


@pytest.fixture
def copy(box, disk):
    """A company whose copy stands on the small disk, and nothing else of psauth."""
    settings = box.settings.with_(mirror=str(disk.folder))
    with psauth.connect(settings=settings) as ps:
        yield Copy(box, ps, settings)


@pytest.mark.parametrize("leave", [0, 40 * KB, 150 * KB])
def test_a_first_sync_goes_on_when_there_is_room(copy, disk, leave):
    disk.fill(leave=leave)
    with pytest.raises(MirrorError, match="disk is full; make room and sync again"):
        copy.sync()
    disk.free()
    assert copy.sync().is_complete
    assert copy.differences() == []
    assert copy.ps.mirror.counts()["runs"] == len(copy.runs)


def test_a_disk_that_fills_while_the_service_answers(copy, disk):
    def fill(done, total):
        if done > 60:
            disk.fill(leave=0)

    with pytest.raises(MirrorError, match="disk is full; make room and sync again"):
        copy.ps.sync(progress=fill)
    disk.free()
    before = set(copy.runs)
    assert before
    assert copy.sync().is_complete
    assert copy.asked_runs.isdisjoint(before)
    assert copy.differences() == []


def test_what_was_there_stays(copy, disk):
    assert copy.sync().is_complete
    before, rows = copy.ps.mirror.counts(), copy.runs
    copy.box.company.rename_run(next(iter(rows)), "Another")
    disk.fill(leave=0)
    with pytest.raises(MirrorError, match="disk is full"):
        copy.sync()
    disk.free()
    assert copy.ps.mirror.counts() == before
    assert set(copy.runs) == set(rows)
    assert copy.sync().is_complete
    assert "Another" in set(copy.ps.sql("select name from runs")["name"])
    assert copy.differences() == []
