"""How long a sync still takes, and whether it may hurry."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth.api.budget import Budget
from psauth.api.usage import Usage
from psauth.mirror.forecast import PLENTY, has_plenty


def usage(*budgets):
    """What a client knows after answers with these budgets: limit, remaining, and the seconds until the window's end."""
    usage = Usage()
    for limit, remaining, to_go in budgets:
        resets_at = None if to_go is None else datetime.now(UTC) + timedelta(seconds=to_go)
        usage.count_answer(0.1, Budget(limit=limit, remaining=remaining, resets_at=resets_at))
    return usage


HOUR = (2500, 2499, 3600)


@pytest.mark.parametrize(
    ("budgets", "plenty"),
    [
        ([], True),
        ([(None, None, None)], True),
        ([(2500, 2499, None)], True),
        ([HOUR, (2500, 2000, 3500)], False),
        ([HOUR, (2500, 1300, 1800)], True),
        ([HOUR, (2500, 1200, 1800)], False),
        ([HOUR, (2500, 1, 1)], True),
        ([HOUR, (2500, 0, 1)], False),
        ([HOUR, (2500, 1000, -5)], False),
        ([(100, 99, 10), (100, 20, 5)], False),
        ([(100, 99, 10), (100, 80, 5)], True),
        ([(int(3600 * PLENTY), 5, 3600)], True),
    ],
)
def test_there_is_plenty_where_an_even_use_until_the_end_of_the_window_would_leave_some(budgets, plenty):
    assert has_plenty(usage(*budgets)) is plenty
