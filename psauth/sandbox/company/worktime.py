"""Moments as whole milliseconds since 1970 (UTC), and the arithmetic of office hours."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# The company works 08:00 to 17:00 UTC, Monday to Friday. One zone is enough: the API only ever shows UTC.
OPENS = 8 * HOUR
WORKDAY = 9 * HOUR
_THURSDAY = 3  # 1970-01-01 was one


def iso(ms: int) -> str:
    """`ms` as the service writes it: `2026-08-19T15:00:00.000Z`."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment.isoformat()[:19]}.{ms % 1000:03d}Z"


def weekday(ms: int) -> int:
    """Monday is 0."""
    return (ms // DAY + _THURSDAY) % 7


def work_after(ms: int, work: int) -> int:
    """The moment at which `work` milliseconds of office time have passed since `ms`."""
    days, clock = divmod(ms, DAY)
    week, day = divmod(days + _THURSDAY, 7)
    today = min(max(clock - OPENS, 0), WORKDAY) if day < 5 else 0
    total = (week * 5 + min(day, 5)) * WORKDAY + today
    whole, rest = divmod(total + work, WORKDAY)
    week, day = divmod(whole, 5)
    return (week * 7 + day - _THURSDAY) * DAY + OPENS + rest


def due_after(ms: int, workdays: int) -> int:
    """Close of business `workdays` after `ms`."""
    return work_after(ms // DAY * DAY, workdays * WORKDAY) // DAY * DAY + OPENS + WORKDAY


def opaque_id(*parts: object) -> str:
    """22 url-safe characters that depend on `parts` and tell nothing about them."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
