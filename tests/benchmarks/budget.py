"""Budget: how much of 100 requests per 10 seconds a long read uses, and how many are refused, counted at the server."""

from __future__ import annotations

import multiprocessing
import statistics
import time

from ratios import line
from stand import Access, Stand

BUDGET = 100
WINDOW = 10.0
WINDOWS = 6
"""Whole ones; the first, in which the processes start, does not count, nor does the last, which is cut off."""


def compare(stand: Stand) -> None:
    """One line for one process, one for four that share a connection."""
    for processes in (1, 4):
        stand.turn(latency=0.05, budget=BUDGET, window=WINDOW)
        time.sleep(WINDOW)  # what was asked for before is of an older window
        used, refused = _measure(stand, processes)
        share = statistics.median(used) / BUDGET
        who = "one process" if processes == 1 else f"{processes} processes on one connection"
        line(
            f"budget of {BUDGET} per {WINDOW:.0f} s, used by {who}",
            "at least 95 %",
            f"{share:.0%}, from {min(used) / BUDGET:.0%} to {max(used) / BUDGET:.0%}",
            f"{len(used)} windows",
        )
        line(
            f"budget of {BUDGET} per {WINDOW:.0f} s, answered 429, {who}",
            "at most 1 %",
            f"{sum(refused) / (sum(used) + sum(refused)):.1%}",
            f"{sum(refused)} of {sum(used) + sum(refused)} requests",
        )


def _measure(stand: Stand, processes: int) -> tuple[list[int], list[int]]:
    """Requests answered and refused, window by window."""
    with stand.access.connect() as ps:
        runs = ps.runs(progress=False)["run_id"].tolist()
    stand.turn()
    spawn = multiprocessing.get_context("spawn")
    readers = [spawn.Process(target=_read, args=(stand.access, runs), daemon=True) for _ in range(processes)]
    for reader in readers:
        reader.start()
    time.sleep(WINDOW * (WINDOWS + 2))
    for reader in readers:
        reader.terminate()
        reader.join()
    whole = stand.windows(WINDOW, WINDOWS)
    return [w.count(200) for w in whole], [w.count(429) for w in whole]


def _read(access: Access, runs: list[str]) -> None:
    """Another process: it reads as much as it is let."""
    with access.connect() as ps:
        while True:
            ps.tasks(runs=runs, progress=False)
