"""Ratios: two ways to do the same, in turn; the median of the ratios round by round, because machines are noisy."""

from __future__ import annotations

import re
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROUNDS = 5


def timed(work: Callable[[], object]) -> float:
    """Seconds on the clock."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def peak() -> float:
    """The most memory that this process has had, in MB (Linux). `ru_maxrss` is that of the process that started it as well."""
    return float(re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())[0]) / 1000


def in_turn(*ways: Callable[[], float], rounds: int = ROUNDS) -> list[list[float]]:
    """What each way measures, round by round."""
    measured = [[way() for way in ways] for _ in range(rounds)]
    return [list(column) for column in zip(*measured, strict=True)]


def report(name: str, target: str, above: Sequence[float], below: Sequence[float], unit: str = "s") -> None:
    """One line: the median of above / below, how far the ratios spread, and the medians themselves."""
    ratios = sorted(a / b for a, b in zip(above, below, strict=True))
    line(
        name,
        target,
        f"{statistics.median(ratios):.2f}, from {ratios[0]:.2f} to {ratios[-1]:.2f}",
        f"medians {_short(statistics.median(above))} and {_short(statistics.median(below))} {unit}, {len(ratios)} rounds",
    )


def line(name: str, target: str, figure: str, more: str) -> None:
    """One line of the print-out."""
    print(f"{name} [to reach: {target}]: {figure} ({more})", flush=True)


def _short(value: float) -> str:
    return f"{value:.3g}"
