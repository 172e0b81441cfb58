"""Figures: durations, shares and counts in words."""

from __future__ import annotations

import math
from typing import Final

FEWEST: Final = 5
"""Under so many observations there is no percentile: the values themselves are shown."""
DAYS_FROM: Final = 72
"""Durations of so many hours are said in days of 24 hours."""


def hours_text(hours: float, *, in_days: bool = True) -> str:
    """A duration, short: `40 min`, `4.5 h`, `31 h`, `12 d`. Working hours are never days: `in_days=False`."""
    amount, unit = _parts(hours, in_days)
    return "<1 min" if amount == "0" else f"{amount} {unit}"


def long_text(hours: float, *, in_days: bool = True) -> str:
    """The same in a sentence: `40 minutes`, `31 hours`, `12 days`."""
    amount, unit = _parts(hours, in_days)
    if amount == "0":
        return "a minute"
    name = {"min": "minute", "h": "hour", "d": "day"}[unit]
    return f"{amount} {name}{'' if amount == '1' else 's'}"


def share_text(share: float) -> str:
    """A share of 1 in per cent; what is little is not nothing, and what is nearly all not all."""
    percent = share * 100
    if 0 < percent < 0.5:
        return "<1%"
    if 99.5 <= percent < 100:
        return ">99%"
    return f"{math.floor(percent + 0.5)}%"


def count_text(count: float) -> str:
    """A count, short: `412`, `4.1k`, `12k`."""
    if count < 1000:
        return f"{count:,.0f}"
    return f"{count / 1000:.1f}k" if count < 9950 else f"{count / 1000:,.0f}k"


def _parts(hours: float, in_days: bool) -> tuple[str, str]:
    if round(hours * 60) < 60:
        return f"{hours * 60:.0f}", "min"
    if in_days and hours >= DAYS_FROM:
        return _amount(hours / 24), "d"
    return _amount(hours), "h"


def _amount(value: float) -> str:
    return f"{value:,.0f}" if value >= 9.95 else f"{value:.1f}".removesuffix(".0")
