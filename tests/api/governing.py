"""A governor without time passing: what tests of it stand on."""

from datetime import UTC, datetime

from psauth.api.budget import Budget

NOW = 1_790_000_000.0
"""The moment of the tests, in seconds since 1970."""


def budget(limit, remaining, resets_in, *, now=NOW):
    """What an answer says of the budget; `resets_in` seconds it begins anew."""
    return Budget(limit=limit, remaining=remaining, resets_at=datetime.fromtimestamp(now + resets_in, UTC))


class Held(Exception):
    """A governor would wait now."""


class Waits:
    """Stands where a governor waits, and says for how long it would."""

    def wait(self, seconds):
        raise Held(seconds)

    def notify_all(self):
        pass


class Time:
    """The clock of a simulation."""

    now = NOW
