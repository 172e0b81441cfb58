"""Budget: how many requests the service still allows in this window, by its last answer."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

CLOCKS_AGREE = timedelta(minutes=1)
"""Clocks this close count as the same: an answer's `Date` has whole seconds, and may have been on its way for long."""
EPOCH_FROM = 1_000_000_000
"""A reset value at least this large is seconds since 1970 (a date after 2001), a smaller one seconds to go."""
LONGEST_WINDOW = timedelta(hours=2)
"""The service counts by the hour. A window that ends much later is a slip, and nobody waits for its end."""
ENDLESS = 1e9
"""Seconds that stand for any longer time: 31 years."""
SECONDS = re.compile(r"\d+(\.\d*)?(e\d{1,9})?", re.ASCII | re.IGNORECASE)
"""How seconds are written; some programs write large ones with an exponent."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Requests per window: `limit`, `remaining`, and when the window ends (UTC); each None until an answer says it."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, now: datetime | None = None) -> Budget | None:
        """The budget in an answer's `X-Api-Key-Rate-Limit-*` headers, or None when there are none."""
        limit = _number(headers.get("X-Api-Key-Rate-Limit-Limit"))
        remaining = _number(headers.get("X-Api-Key-Rate-Limit-Remaining"))
        reset = _number(headers.get("X-Api-Key-Rate-Limit-Reset"))
        if limit is None and remaining is None:
            return None
        return cls(
            limit=None if limit is None else int(limit),
            remaining=None if remaining is None else int(remaining),
            resets_at=None if reset is None else _moment(reset, now or datetime.now(UTC), headers),
        )


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds to wait after a 429 or 503: `Retry-After` as seconds or as an HTTP date (RFC 9110 §10.2.3).

    Where the header came several times the longest time counts; one beyond ENDLESS is that. None for what says no time.
    """
    text = (headers.get("Retry-After") or "").strip()
    several = [part.strip() for part in text.split(",")]
    if all(SECONDS.fullmatch(part) for part in several):
        return max(min(float(part), ENDLESS) for part in several)
    try:
        moment = _utc(parsedate_to_datetime(text))
    except (ValueError, OverflowError):  # no date, or one with a number that no clock holds
        return None
    now = now or datetime.now(UTC)
    return min(max(0.0, (moment + _ahead(headers, now) - now).total_seconds()), ENDLESS)


def _moment(reset: float, now: datetime, headers: Mapping[str, str]) -> datetime | None:
    try:
        if reset < EPOCH_FROM:
            moment = now + timedelta(seconds=reset)
        else:
            since_1970 = reset / 1000 if reset >= EPOCH_FROM * 1000 else reset  # milliseconds
            moment = datetime.fromtimestamp(since_1970, UTC) + _ahead(headers, now)
        return moment if moment - now <= LONGEST_WINDOW else None
    except (OverflowError, ValueError, OSError):
        return None


def _ahead(headers: Mapping[str, str], now: datetime) -> timedelta:
    """How far the clock here is ahead of the service's, by its answer's `Date` (RFC 9110 §6.6.1); behind is negative."""
    try:
        ahead = now - _utc(parsedate_to_datetime(headers.get("Date") or ""))
    except (ValueError, OverflowError):
        return timedelta()
    return ahead if abs(ahead) > CLOCKS_AGREE else timedelta()


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e15 else None
