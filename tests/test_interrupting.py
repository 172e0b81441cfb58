"""The tracer that interrupts: what it leaves behind is in nobody's way."""

import gc
import logging
import threading

import pytest

from tests.apart import apart
from tests.interrupting import Interrupted


@apart
def test_an_interrupt_within_logging_keeps_no_other_thread_waiting():
    def log():
        logging.getLogger("psauth.tests.interrupting").warning("a line")

    length = len(Interrupted(log).places)
    assert length > 20
    for moment in range(1, length + 1):
        Interrupted(log, moment)
        other = threading.Thread(target=log, daemon=True)
        other.start()
        other.join(30)
        assert not other.is_alive(), moment


WORK = """
def work(lock, *, fails):
    with lock:
        if fails:
            raise KeyError
        return
"""
"""As a file of its own: the lines of a test are passed by."""


@pytest.mark.parametrize("fails", [False, True])
@apart
def test_an_interrupt_leaves_no_lock_taken_that_a_signal_would_not(fails):
    names = {}
    exec(compile(WORK, "work.py", "exec"), names)
    lock = threading.Lock()

    def work():
        names["work"](lock, fails=fails)

    length = len(Interrupted(work).places)
    assert length >= 3
    for moment in range(1, length + 1):
        Interrupted(work, moment)
        assert not lock.locked(), moment


class Cycle:
    """What only a collection tidies away, in lines of its own."""

    def __init__(self, tidied):
        self._itself = self
        self._tidied = tidied

    def __del__(self):
        self._tidied.append(self)


@apart
def test_garbage_waits_until_a_run_is_over():
    tidied = []
    during = []

    def work():
        for _ in range(100):
            Cycle(tidied)
        during.extend(tidied)

    gc.set_threshold(1)
    Interrupted(work)
    assert during == []
    gc.collect()
    assert len(tidied) == 100
    assert gc.isenabled()
