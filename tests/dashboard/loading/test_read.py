"""Which word on the budget is the later one, and what is dear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from psauth.api.budget import Budget
from psauth.dashboard.loading import read
from psauth.dashboard.loading.read import is_dear, later

END = datetime(2026, 11, 26, 12, tzinfo=UTC)


def left(remaining: int | None, seconds: float = 0.0) -> Budget:
    return Budget(limit=2500, remaining=remaining, resets_at=END + timedelta(seconds=seconds))


NOTHING = Budget()


@pytest.mark.parametrize(
    ("known", "new", "shown"),
    [
        (NOTHING, left(2400), left(2400)),
        (left(2400), NOTHING, left(2400)),
        (left(2400), left(2399, 1.0), left(2399, 1.0)),
        (left(2399), left(2400, -1.0), left(2399)),  # an answer that was overtaken by a later one
        (left(3), left(2499, 3600), left(2499, 3600)),  # the next window
        (left(2499, 3600), left(2, 0), left(2499, 3600)),  # a late answer from the last one
        (Budget(limit=2500, remaining=9), Budget(limit=2500, remaining=8), Budget(limit=2500, remaining=8)),
    ],
)
def test_the_later_word_is_shown(known: Budget, new: Budget, shown: Budget) -> None:
    assert later(known, new) == shown


@pytest.mark.parametrize(
    ("requests", "seconds", "budget", "dear"),
    [
        (50, 1.0, left(2500), False),
        (100, 1.0, left(2500), False),
        (250, 1.0, left(2500), False),
        (251, 1.0, left(2500), True),
        (5, 1.0, left(49), True),
        (1, 0.1, left(0), True),
        (60, 11.0, left(2500), True),
        (60, 10.0, left(2500), False),
        (2000, 1.0, NOTHING, False),  # nothing is known of a budget
        (2000, 600.0, NOTHING, True),
    ],
)
def test_what_takes_more_than_a_tenth_of_what_is_left_or_ten_seconds_is_dear(
    requests: int, seconds: float, budget: Budget, dear: bool
) -> None:
    assert is_dear(requests, seconds, budget) is dear


def test_of_only_so_many_connections_the_budget_is_remembered() -> None:
    for number in range(read.BUDGETS + 5):
        read.remember(("vault", "default", f"connection-{number}"), left(number))
    assert len(read._budgets) == read.BUDGETS
    assert ("vault", "default", "connection-4") not in read._budgets
    read._budgets.clear()


def test_once_the_window_is_over_all_of_the_budget_is_there_again() -> None:
    owner = ("vault", "default", "connection")
    here = SimpleNamespace(owner=owner)
    now = datetime.now(UTC)
    try:
        read.remember(owner, Budget(limit=2500, remaining=3, resets_at=now + timedelta(hours=1)))
        assert read.budget(here).remaining == 3  # type: ignore[arg-type]
        read._budgets[owner] = Budget(limit=2500, remaining=3, resets_at=now - timedelta(seconds=1))
        assert read.budget(here) == Budget(limit=2500, remaining=2500)  # type: ignore[arg-type]
    finally:
        read._budgets.clear()
