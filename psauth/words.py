"""Words: numbers, durations and foreign texts, fit for one line that a person reads."""

from __future__ import annotations

import math


def times(attempt: int) -> str:
    """How often, in words."""
    return "once" if attempt == 1 else f"{attempt} times"


def printable(text: str, *, longest: int = 200) -> str:
    """Text from outside, fit for one line of a message: no control characters, and not endless."""
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= longest else clean[:longest] + "…"


def lasting(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
