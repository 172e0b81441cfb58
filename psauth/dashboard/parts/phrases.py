"""Phrases: numbers and ages in words."""

from __future__ import annotations

from datetime import UTC, datetime


def cost(requests: int) -> str:
    """So many requests, in words."""
    return f"{requests:,} {plural('request', requests)}"


def plural(noun: str, count: int) -> str:
    """The noun for so many."""
    return noun if count == 1 else noun + "s"


def age(moment: datetime) -> str:
    """How long ago that was, in words."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    minutes = int(seconds // 60)
    if minutes < 120:
        return f"{minutes} {plural('minute', minutes)} ago"
    hours = minutes // 60
    return f"{hours} hours ago" if hours < 48 else f"{hours // 24} days ago"
