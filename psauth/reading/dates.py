"""Dates: the moment that a text from the service means. Each text is read by itself, so no text changes another."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

DAY: Final = r"\s*(\d{4})-(\d\d)-(\d\d)"
TIME: Final = r"[Tt ](\d\d)(?::(\d\d)(?::(\d\d)(?:[.,](\d+))?)?)?\s?(Z|z|[+-]\d\d(?::?\d\d)?)?"
SHAPE: Final = re.compile(rf"{DAY}(?:{TIME})?\s*", re.ASCII)
"""A calendar day of ISO 8601, with or without a time of day; week dates, ordinal dates and 24:00 are not among them."""


def date_of(text: str) -> datetime | None:
    """The moment in UTC, to the microsecond; a day means its midnight, no offset means UTC. None for any other text."""
    match = SHAPE.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second, fraction, offset = match.groups()
    try:
        moment = datetime(
            int(year),
            int(month),
            int(day),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")),
            _zone(offset or "Z"),
        )
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or one outside the years 1 to 9999 in UTC
        return None


def is_day(text: str) -> bool:
    """Whether the text is a calendar day without a time of day."""
    return len(text.strip()) == len("2026-12-01") and date_of(text) is not None


def _zone(offset: str) -> timezone:
    if offset in "Zz":
        return UTC
    minutes = int(offset[1:3]) * 60 + int(offset[3:].lstrip(":") or 0)
    if int(offset[3:].lstrip(":") or 0) > 59:
        raise ValueError(offset)
    return timezone(timedelta(minutes=-minutes if offset[0] == "-" else minutes))
