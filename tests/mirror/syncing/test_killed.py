"""kill -9 in the middle of a sync, and what the next one makes of it."""

import random
import shutil
from functools import partial

import pytest

from psauth.mirror.delta import DeltaFolder
from psauth.mirror.publish import publish
from psauth.mirror.tables import Mirror
from tests.mirror.syncing.killing import killed_after, run_with_kills


def test_killed_again_and_again(copy, begin):
    kills = run_with_kills(copy.box, begin, random.Random(5))
    assert kills >= 1
    assert copy.differences() == []


def test_killed_while_the_service_fails(copy, begin):
    kills = run_with_kills(copy.box, begin, random.Random(6), faults=True)
    copy.box.knobs.faults.clear()
    copy.sync()
    assert kills >= 1
    assert copy.differences() == []


def test_killed_while_runs_change(copy, begin):
    rng = random.Random(7)
    for number in range(3):
        copy.box.company.live(steps=10, seed=number)
        if not killed_after(copy.box, begin(), rng.randint(50, 200)):
            break
    copy.sync()
    assert copy.differences(runs_only=True) == []
    copy.sync(full=True)
    assert copy.differences() == []


def test_a_kill_costs_only_what_was_under_way(copy, begin):
    """What a killed sync has written is not asked for again."""
    assert killed_after(copy.box, begin(), 150)
    written = {run.run_id for run in copy.store.runs()}
    copy.sync()
    assert copy.asked_runs.isdisjoint(written)
    assert copy.differences() == []


def test_a_kill_costs_few_requests(copy, begin):
    """Beside what a sync without kills asks for: what was under way, and what every sync begins with.

    Some twenty requests, as a rule; where the disk stands still for a moment, all jobs that may be ahead of it. Who began
    again would ask for half as many once more, or for nearly all.
    """
    copy.sync()
    without = len(copy.box.requests)
    for moment in (40, without // 2, without - 40):
        shutil.rmtree(copy.place.folder)
        before = len(copy.box.requests)
        assert killed_after(copy.box, begin(), moment)
        copy.sync()
        assert len(copy.box.requests) - before <= without * 1.4
        assert copy.differences() == []


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(4))
def test_two_hundred_kills(copy, begin, seed, tmp_path):
    """Fifty in each of four companies, while it asks and while it publishes; every third copy begins anew."""
    rng = random.Random(seed)
    kills = rounds = 0
    while kills < 50:
        if rounds % 3 == 0:
            shutil.rmtree(copy.place.folder, ignore_errors=True)
        copy.box.company.live(steps=20, seed=100 * seed + rounds)
        kills += run_with_kills(
            copy.box, partial(begin, publish=True), rng, least=1, most=120, faults=True, longest=6.0
        )
        rounds += 1
        copy.box.knobs.faults.clear()
        copy.store.note(**{"all runs": "0"})  # only the whole list, which is due now, shows which runs are hidden
        copy.sync()
        assert _differences(copy, runs_only=True) == [], kills
        print(seed, rounds, "syncs", kills, "kills", flush=True)  # noqa: T201 - it takes minutes; shown by pytest -s
    copy.sync(full=True)
    assert _differences(copy) == []
    publish(copy.store, DeltaFolder(str(copy.place.tables)))
    published = copy.ps.mirror
    publish(copy.store, DeltaFolder(str(tmp_path / "anew")))
    anew = Mirror.open(copy.store, DeltaFolder(str(tmp_path / "anew")))
    assert published.number < anew.number
    assert list(published) == list(anew)
    for name in anew:
        assert _rows(published, name) == _rows(anew, name), name


def _rows(mirror, name):
    """The rows of a published table, in an order that says nothing of their files."""
    return sorted(map(repr, mirror[name].to_pyarrow().to_pylist()))


def _differences(copy, **options):
    """But for runs that were deleted while they were hidden: nothing tells of that, and they stay hidden."""
    return [each for each in copy.differences(**options) if not each.endswith(" is hidden")]
