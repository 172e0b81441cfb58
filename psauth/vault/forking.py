"""Forking: what a forked child must not inherit. A fork waits for open transactions; locks on files stay the parent's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
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
        self._inside: dict[object, int] = {}
        """The threads that are in a transaction, once for each that they have begun."""
        self._alone: dict[object, int] = {}
        """The threads that fork, or want no transaction of others."""
        self._new_lock()

    def _new_lock(self) -> None:
        # It is taken by `with` on itself, which is one step. The `with` of a Condition can be interrupted after it has taken
        # its lock: everybody would wait for that. For the same reason it is never held while others' code runs.
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)

    @contextmanager
    def held_open(self) -> Iterator[None]:
        """No fork happens inside, but for one by this very thread."""
        mine, thread = object(), threading.get_ident()
        try:
            with self._lock:
                if thread not in self._inside.values():
                    self._wait_for_turn()
                self._inside[mine] = thread
            yield
        finally:
            with self._lock:
                self._inside.pop(mine, None)
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """No other thread is in a transaction inside, and none begins.

        Whoever closes a file takes all locks from it that its process holds (POSIX), also those of SQLite in another
        thread: so a database is opened by others than SQLite only here. Not for a thread that is in a transaction itself.
        """
        mine = object()
        try:
            with self._lock:
                self._enter_alone(mine)
            yield
        finally:
            with self._lock:
                self._alone.pop(mine, None)
                self._changed.notify_all()

    def before_fork(self) -> None:
        """Let nobody in, wait until everybody else is out, and keep it so until the fork is done."""
        self._lock.acquire()
        self._enter_alone(self)

    def after_fork_in_parent(self) -> None:
        """Go on as before."""
        self._alone.pop(self, None)
        self._changed.notify_all()
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Begin anew with the one thread that there is."""
        me = threading.get_ident()
        self.is_torn = self.is_torn or _others(self._inside)
        self._inside = {mine: thread for mine, thread in self._inside.items() if thread == me}
        self._alone = {}
        self._new_lock()

    def _enter_alone(self, mine: object) -> None:
        self._wait_for_turn()
        self._alone[mine] = threading.get_ident()
        self._changed.wait_for(lambda: not _others(self._inside), PATIENCE)

    def _wait_for_turn(self) -> None:
        """Wait until no other thread is alone. Nobody is so for longer than PATIENCE: an interrupt has left it there."""
        if not self._changed.wait_for(lambda: not _others(self._alone), PATIENCE):
            self._alone.clear()


def _others(threads: Mapping[object, int]) -> bool:
    """Whether other threads than this one are among them."""
    return any(thread != threading.get_ident() for thread in threads.values())


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
