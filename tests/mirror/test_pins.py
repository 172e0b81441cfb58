"""Pins: files are kept for those who read them, and for nobody who died."""

import os
import time

import pytest

from psauth.exceptions import MirrorError
from psauth.mirror.pins import STALE, Pin, pinned


@pytest.fixture
def readers(tmp_path):
    return tmp_path / "readers"


def test_what_is_pinned_is_named_until_it_is_released(readers):
    one, two = Pin(readers, {"tasks": ["a", "b"]}), Pin(readers, {"tasks": ["b", "c"], "runs": ["d"]})
    assert pinned(readers) == {"tasks": {"a", "b", "c"}, "runs": {"d"}}
    two.release()
    assert pinned(readers) == {"tasks": {"a", "b"}}
    one.release()
    assert pinned(readers) == {}
    assert list(readers.iterdir()) == []


def test_what_a_dead_process_left_is_cleared_away(readers):
    readers.mkdir()
    (readers / "1-dead.json").write_text('{"tasks": ["a"]}')
    (readers / "1-dead.lock").write_text("")
    assert pinned(readers) == {}
    assert list(readers.iterdir()) == []


def test_a_lock_without_a_pin_is_left_for_a_while(readers):
    readers.mkdir()
    young, old = readers / "1-young.lock", readers / "1-old.lock"
    for lock in (young, old):
        lock.write_text("")
    os.utime(old, (time.time() - STALE - 1,) * 2)
    assert pinned(readers) == {}
    assert list(readers.iterdir()) == [young]


def test_without_readers_nothing_is_pinned(readers):
    assert pinned(readers) == {}


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MirrorError, match="file/readers.*PSAUTH_MIRROR"):
        Pin(tmp_path / "file" / "readers", {})
