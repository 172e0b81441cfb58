"""Two syncs of one copy, and readers while one is under way."""

import signal

import pytest

from psauth.mirror.lock import Busy, find_holder
from tests.flow.parts import wait_until


def test_the_second_says_who_is_at_it_and_leaves(copy, begin):
    copy.box.knobs.latency = 0.3
    first = begin()
    wait_until(lambda: find_holder(copy.place) is not None, why="the first sync")
    with pytest.raises(Busy, match=rf"synced by process {first.pid}, since \d\d:\d\d UTC.*wait=True") as refused:
        copy.sync()
    assert refused.value.holder.pid == first.pid
    first.send_signal(signal.SIGKILL)
    first.wait(30)
    copy.box.knobs.latency = 0
    assert copy.sync().is_complete, "a dead holder holds nothing"
