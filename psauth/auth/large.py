"""Large: answers of more than a megabyte, read and used one at a time, so that many threads hold no more of them than one."""

from __future__ import annotations

import threading
import time
from typing import Final, NamedTuple

from psauth.auth.forks import renew_in_children
from psauth.auth.limits import Allowance

LARGE: Final = 1_000_000
"""Bytes. A page of records has a tenth; what has more takes some ten times its size when it is unpacked and read."""
LOOK: Final = 0.01
"""Seconds after which who waits looks again."""


class _Holder(NamedTuple):
    """Which thread has its turn, and the request for which it has it."""

    thread: int
    allowance: Allowance


class LargeAnswers:
    """The turn of a thread whose answer is large.

    No lock: an interrupt could leave one taken. A turn ends with the time of its request, whatever has become of the thread.
    """

    def __init__(self) -> None:
        self.renew_in_child()
        renew_in_children(self)

    def renew_in_child(self) -> None:
        """The turns of the parent are the parent's."""
        self._turn: dict[str, _Holder] = {}

    def take(self, allowance: Allowance) -> None:
        """Wait for this thread's turn, which it may have; LimitReached when the time of the request is over before."""
        own = _Holder(threading.get_ident(), allowance)
        while (holder := self._turn.setdefault("now", own)).thread != own.thread:
            if holder.allowance.is_over:
                self._turn.pop("now", None)
            else:
                time.sleep(min(LOOK, allowance.wait_at_most(None)))

    def leave(self) -> None:
        """This thread has done with its answer, large or not."""
        holder = self._turn.get("now")
        if holder is not None and holder.thread == threading.get_ident():
            self._turn.pop("now", None)


LARGE_ANSWERS: Final = LargeAnswers()
