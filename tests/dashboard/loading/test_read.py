"""Which word on the budget is the later one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from psauth.api.budget import Budget
from psauth.dashboard.loading.read import later

END = datetime(2026, 11, 26, 12, tzinfo=UTC)


def told(remaining: int | None, seconds: float = 0.0) -> Budget:
    return Budget(limit=2500, remaining=remaining, resets_at=END + timedelta(seconds=seconds))


NOTHING = Budget()


@pytest.mark.parametrize(
    ("known", "new", "shown"),
    [
        (NOTHING, told(2400), told(2400)),
        (told(2400), NOTHING, told(2400)),
        (told(2400), told(2399, 1.0), told(2399, 1.0)),
        (told(2399), told(2400, -1.0), told(2399)),  # an answer that was overtaken by a later one
        (told(3), told(2499, 3600), told(2499, 3600)),  # the next window
        (told(2499, 3600), told(2, 0), told(2499, 3600)),  # a late answer from the last one
        (Budget(limit=2500, remaining=9), Budget(limit=2500, remaining=8), Budget(limit=2500, remaining=8)),
    ],
)
def test_the_later_word_is_shown(known: Budget, new: Budget, shown: Budget) -> None:
    assert later(known, new) == shown
