"""kill -9 in the middle of a sync, and what the next one makes of it."""

import random
import shutil

import pytest

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
def test_two_hundred_kills(copy, begin, seed):
    """Fifty in each of four companies."""
    rng = random.Random(seed)
    kills = 0
    while kills < 50:
        copy.box.company.live(steps=20, seed=100 * seed + kills)
        kills += run_with_kills(copy.box, begin, rng, least=1, most=400, faults=True)
        copy.box.knobs.faults.clear()
        copy.store.note(**{"all runs": "0"})  # only the whole list, which is due now, shows which runs are hidden
        copy.sync()
        assert _differences(copy, runs_only=True) == [], kills
        print(seed, kills, "kills", flush=True)  # noqa: T201 - half an hour is long; shown by pytest -s
    copy.sync(full=True)
    assert _differences(copy) == []


def _differences(copy, **options):
    """But for runs that were deleted while they were hidden: nothing tells of that, and they stay hidden."""
    return [each for each in copy.differences(**options) if not each.endswith(" is hidden")]
