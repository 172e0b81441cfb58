"""Apart: a test that runs in a process of its own, which may leave behind what it likes.

CPython 3.11 ends now and then with a segmentation fault where a tracer raises, which nothing but a tracer can do at those
places: seen three times in some hundred thousand interrupts. That says nothing of what is tested, so such a process is
begun once more. Whatever else goes wrong in it fails the test.
"""

import faulthandler
import functools
import os
import signal
import traceback
import warnings

FALLEN = {signal.SIGSEGV, signal.SIGBUS, signal.SIGABRT}
"""How an interpreter ends that has lost its way."""
TIMES = 3
"""How often a test is begun at most: a fault of ours comes back each time."""


def apart(test):
    """The same test, run in a process of its own. Servers of its fixtures stay where they are, and answer it."""

    @functools.wraps(test)
    def run_apart(*args, **kwargs):
        for _ in range(TIMES):
            words, ended_by = _run(lambda: test(*args, **kwargs))
            if ended_by not in FALLEN:
                break
        assert ended_by is None, f"{ended_by!r} ended the process of this test; one that fell is begun {TIMES} times"
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
        with os.fdopen(reader, "rb") as pipe:
            words = pipe.read().decode()
        _, status = os.waitpid(child, 0)
        ended = True
    finally:
        if not ended:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        return words, signal.Signals(os.WTERMSIG(status))
    assert os.WEXITSTATUS(status) == 0, words
    return words, None


def _answer(test, writer):
    """In the new process: run the test, say what went wrong, and end."""
    code = 1
    try:
        faulthandler.disable()
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
