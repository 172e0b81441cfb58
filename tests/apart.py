"""Apart: a test that runs in a process of its own, which may leave behind what it likes.

A fork of a process with threads may fall or stand still for reasons that say nothing of what is tested: one that does is
begun again. Whatever else goes wrong in it fails the test, and one that stands still each time says where.
"""

import faulthandler
import functools
import os
import select
import signal
import time
import traceback
import warnings

FALLEN = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT}
"""How an interpreter ends that has lost its way."""
TIMES = 3
"""How often a test is begun at most: a fault of ours comes back each time."""
STANDS_STILL = 120.0
"""Seconds without any work after which a process is taken to stand still. However busy the machine is, one that runs works."""


def apart(test):
    """The same test, run in a process of its own. Servers of its fixtures stay where they are, and answer it."""

    @functools.wraps(test)
    def run_apart(*args, **kwargs):
        for _ in range(TIMES):
            words, ended_by = _run(lambda: test(*args, **kwargs))
            if ended_by not in FALLEN:
                break
        assert ended_by is None, (
            f"{ended_by!r} ended the process of this test; one that fell is begun {TIMES} times. {words}"
        )
        if words:
            raise AssertionError(words)

    return run_apart if hasattr(os, "fork") else test


def _run(test):
    """What a test has to say that went wrong, empty if nothing did; and the signal that has ended its process."""
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads that are not in the new process: they are the servers
        child = os.fork()
    if not child:
        _answer(test, writer)
    os.close(writer)
    ended = False
    try:
        words = _read(reader, child).decode()
        _, status = os.waitpid(child, 0)
        ended = True
    finally:
        os.close(reader)
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return words, signal.Signals(os.WTERMSIG(status))
    assert os.WEXITSTATUS(status) == 0, words
    return words, None


def _read(reader, child):
    """All that the process says. One that stands still is made to say where it is, and ended as if it had fallen."""
    words, worked, since = b"", None, time.monotonic()
    while True:
        if select.select([reader], [], [], 1.0)[0]:
            some = os.read(reader, 65536)
            words += some
            if not some:
                return words
        if (work := _work_of(child)) != worked:
            worked, since = work, time.monotonic()
        elif time.monotonic() - since > STANDS_STILL:
            os.kill(child, signal.SIGUSR1)
            while select.select([reader], [], [], 1.0)[0] and (some := os.read(reader, 65536)):
                words += some
            os.kill(child, signal.SIGABRT)
            return words


def _work_of(process):
    """How much processor time a process has had, in ticks; where the system does not say it, never the same."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            fields = file.read().rpartition(b")")[2].split()
    except OSError:
        return time.monotonic()
    return int(fields[11]) + int(fields[12])


def _answer(test, writer):
    """In the new process: run the test, say what went wrong, and end."""
    code = 1
    try:
        faulthandler.disable()
        faulthandler.register(signal.SIGUSR1, file=writer)
        words = ""
        try:
            test()
        except BaseException:  # noqa: BLE001 - whatever it is, the first process raises it
            words = traceback.format_exc()
        with os.fdopen(writer, "wb") as pipe:
            pipe.write(words.encode(errors="backslashreplace"))
        code = 0
    finally:
        os._exit(code)
