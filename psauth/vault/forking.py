"""Forking: what a forked child must not inherit. A fork waits for open transactions; locks on files stay the parent's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

PATIENCE: Final = 10.0
"""Seconds a fork waits for transactions of other threads. They last milliseconds, unless another program holds the file."""


class Gate:
    """Keeps forks and transactions apart.

    SQLite notes the locks it holds in the memory of the process. A child that is forked in the middle of a transaction
    inherits these notes, but neither the locks nor the thread that would clear them: it would wait for itself.
    """

    def __init__(self) -> None:
        self.is_torn = False
        """Whether this process was forked in the middle of a transaction, because PATIENCE had an end."""
        self._changed = threading.Condition()
        self._inside: dict[int, int] = {}
        self._forks = 0

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """No fork happens inside, but for one by this very thread."""
        thread = threading.get_ident()
        with self._changed:
            while self._forks and thread not in self._inside:
                self._changed.wait()
            self._inside[thread] = self._inside.get(thread, 0) + 1
        try:
            yield
        finally:
            with self._changed:
                self._inside[thread] -= 1
                if not self._inside[thread]:
                    del self._inside[thread]
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread is in a transaction inside, and none begins.

        Whoever closes a file takes all locks from it that its process holds (POSIX), also those of SQLite in another
        thread: so a database is opened by others than SQLite only here. Not for a thread that is in a transaction itself.
        """
        self.before_fork()
        try:
            yield
        finally:
            self.after_fork_in_parent()

    def before_fork(self) -> None:
        """Let nobody in, wait until everybody else is out, and keep it so until the fork is done."""
        self._changed.acquire()
        self._forks += 1
        self._changed.wait_for(lambda: not self._others(), PATIENCE)

    def after_fork_in_parent(self) -> None:
        """Go on as before."""
        self._forks -= 1
        self._changed.notify_all()
        self._changed.release()

    def after_fork_in_child(self) -> None:
        """Begin anew with the one thread that there is."""
        self.is_torn = self.is_torn or bool(self._others())
        for thread in self._others():
            del self._inside[thread]
        self._changed = threading.Condition()
        self._forks = 0

    def _others(self) -> list[int]:
        return [thread for thread in self._inside if thread != threading.get_ident()]


class Descriptors:
    """The open files of this process whose locks are its own.

    A child's copy would keep a lock alive when its parent has died, and releasing it would free the parent's.
    """

    def __init__(self) -> None:
        self._numbers: set[int] = set()

    def add(self, number: int) -> None:
        """From now on a child closes its copy."""
        self._numbers.add(number)

    def discard(self, number: int) -> bool:
        """Whether the file is this process's own and may be unlocked and closed; no child will close it any more."""
        mine = number in self._numbers
        self._numbers.discard(number)
        return mine

    def after_fork_in_child(self) -> None:
        """Close the copies, which frees no lock."""
        for number in self._numbers:
            os.close(number)
        self._numbers = set()


GATE: Final = Gate()
DESCRIPTORS: Final = Descriptors()

if hasattr(os, "register_at_fork"):  # pragma: no branch - Windows has no fork
    os.register_at_fork(
        before=GATE.before_fork,
        after_in_parent=GATE.after_fork_in_parent,
        after_in_child=GATE.after_fork_in_child,
    )
    os.register_at_fork(after_in_child=DESCRIPTORS.after_fork_in_child)
