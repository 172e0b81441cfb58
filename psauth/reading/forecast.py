"""Forecast: how long so many requests take, with the waits for the budget."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

from psauth.api.budget import Budget
from psauth.api.ledger import held_back
from psauth.reading.fetch import WORKERS

WINDOW: Final = 3600.0
"""Seconds after which the budget is full again (seen live: about an hour)."""
SHORTER: Final = (1.0, 10.0, 60.0)
"""Windows of services that count in shorter ones; a wait of at most this much is taken for one of these."""
OWN_TIME: Final = 0.003
"""Seconds that a request and its records take this machine, however fast the service is."""
USUAL_ANSWER: Final = 0.3
"""Seconds an answer is taken to need before the first one came."""


def window_of(longest_wait: float) -> float:
    """Seconds that a window lasts, by the longest wait for a next one that the service named; it names up to one too many."""
    return next((usual for usual in SHORTER if 0 < longest_wait <= usual + 1.0), WINDOW)


def seconds_for(
    requests: int,
    budget: Budget,
    answer_time: float,
    *,
    window: float = WINDOW,
    held: float = 0.0,
    now: datetime | None = None,
) -> float:
    """Seconds until so many requests of a long read are answered, WORKERS at a time, with all waits.

    The last requests of a window are held back until its end (see psauth.api.ledger). `held` are the seconds for
    which nothing leaves at all, because the service refused a request or other processes have spent the budget.
    """

    def working(count: int) -> float:
        return max(math.ceil(count / WORKERS) * answer_time, count * OWN_TIME)

    left, limit = budget.remaining, budget.limit
    now = now or datetime.now(UTC)
    to_go = window if budget.resets_at is None else (budget.resets_at - now).total_seconds()
    if to_go <= 0 and limit:  # the numbers are those of a window that is over
        left, to_go = limit, window
    if left is None or not limit:
        return held + working(requests)
    later = requests - left
    if later > 0:
        whole, rest = divmod(later - 1, limit)
        last = window if rest + 1 > limit - held_back(limit) else working(rest + 1)
        seconds = max(to_go, working(left)) + whole * window + last
    elif requests > left - held_back(limit):
        seconds = max(to_go, working(requests))
    else:
        seconds = working(requests)
    return max(seconds, held + working(min(requests, limit))) if held > 0 else seconds
