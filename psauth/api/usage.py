"""Usage: what a client has sent and what the service said about it, counted by all its threads together."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Final

from psauth.api.budget import Budget
from psauth.auth.forks import renew_in_children

NEWEST: Final = 0.1
"""How much the time of one answer counts in `answer_time`."""


class Usage:
    """Numbers of one client. Threads may share it; a forked child goes on counting from its parent's numbers.

    `requests_sent` counts requests that may have reached the service, and so its budget. `answer_time` is how long an
    answer takes at present, in seconds (0.0: none has come), and `quickest_answer` how long the quickest took.
    `longest_wait` is the longest time in seconds that was seen until a budget begins anew. `budget` is what the service
    said last.
    """

    def __init__(self) -> None:
        self.requests_sent = 0
        self.answer_time = 0.0
        self.quickest_answer = 0.0
        self.longest_wait = 0.0
        self.budget = Budget()
        self.renew_in_child()
        renew_in_children(self)

    def count_answer(self, seconds: float, budget: Budget | None) -> None:
        """A request was answered after so many seconds; `budget` is what the answer said of it, None for nothing."""
        with self._lock:
            self.requests_sent += 1
            self.answer_time += (seconds - self.answer_time) * (NEWEST if self.answer_time else 1.0)
            self.quickest_answer = min(seconds, self.quickest_answer or seconds)
            if budget is None:
                return
            self.budget = budget
            if budget.resets_at is not None:
                to_go = (budget.resets_at - datetime.now(UTC)).total_seconds()
                self.longest_wait = max(self.longest_wait, to_go)

    def count_silence(self) -> None:
        """A request was sent, and no answer came."""
        with self._lock:
            self.requests_sent += 1

    def renew_in_child(self) -> None:
        """A lock that no thread of the parent can hold."""
        self._lock = threading.Lock()
