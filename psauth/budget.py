"""Budget: how many requests the service still allows in this window, as it told last."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

EPOCH_FROM = 1_000_000_000
"""A reset value at least this large is seconds since 1970 (a date after 2001), a smaller one seconds to go."""


@dataclass(frozen=True, kw_only=True)
class Budget:
    """Requests per window: `limit`, `remaining`, and when the window ends (UTC); each None until the service tells."""

    limit: int | None = None
    remaining: int | None = None
    resets_at: datetime | None = None

    @classmethod
    def from_headers(cls, headers: Mapping[str, str], *, now: datetime | None = None) -> Budget | None:
        """What an answer's `X-Api-Key-Rate-Limit-*` headers say, or None when they are not there."""
        limit = _number(headers.get("X-Api-Key-Rate-Limit-Limit"))
        remaining = _number(headers.get("X-Api-Key-Rate-Limit-Remaining"))
        reset = _number(headers.get("X-Api-Key-Rate-Limit-Reset"))
        if limit is None and remaining is None:
            return None
        return cls(
            limit=None if limit is None else int(limit),
            remaining=None if remaining is None else int(remaining),
            resets_at=None if reset is None else _moment(reset, now or datetime.now(UTC)),
        )


def retry_after(headers: Mapping[str, str], *, now: datetime | None = None) -> float | None:
    """Seconds to wait after a 429 or 503: `Retry-After` as seconds or as an HTTP date (RFC 9110 §10.2.3)."""
    text = (headers.get("Retry-After") or "").strip()
    if (seconds := _number(text)) is not None:
        return max(0.0, seconds)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):  # no date, or one with a number that no clock holds
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - (now or datetime.now(UTC))).total_seconds())


def _moment(reset: float, now: datetime) -> datetime | None:
    try:
        if reset >= EPOCH_FROM * 1000:  # milliseconds since 1970
            return datetime.fromtimestamp(reset / 1000, UTC)
        return datetime.fromtimestamp(reset, UTC) if reset >= EPOCH_FROM else now + timedelta(seconds=reset)
    except (OverflowError, ValueError, OSError):
        return None


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if 0 <= number < 1e15 else None
