"""Tables: 100,000 tasks to a frame, by psauth and by pandas.json_normalize with the same casts; time and peak memory (POSIX)."""

from __future__ import annotations

import resource
import subprocess
import sys
from functools import partial
from random import Random
from typing import Any

import pandas as pd
from pandas.testing import assert_frame_equal
from ratios import in_turn, report, timed

from psauth.reading.endpoint import APP_LINK
from psauth.reading.endpoints import TASKS
from psauth.reading.frames import TIME_DTYPE, frame

TASKS_THERE = 100_000


def compare() -> None:
    """Two lines. Every measurement is a process of its own, so that its peak is its own."""
    assert_frame_equal(frame(tasks(1000), TASKS), normalized(tasks(1000)))
    figures: dict[str, list[tuple[float, float]]] = {"psauth": [], "pandas": []}

    def run(way: str) -> float:
        out = subprocess.run([sys.executable, __file__, way], check=True, capture_output=True, text=True).stdout
        seconds, megabytes = map(float, out.split())
        figures[way].append((seconds, megabytes))
        return seconds

    ours, theirs = in_turn(partial(run, "psauth"), partial(run, "pandas"), rounds=7)
    peaks = {way: [megabytes for _, megabytes in pairs] for way, pairs in figures.items()}
    what = f"{TASKS_THERE:,} tasks to a frame"
    report(f"json_normalize and casts / psauth: {what}", "at least 3", theirs, ours)
    report(
        f"psauth / json_normalize and casts: {what}, growth of the peak (ru_maxrss)",
        "below 1",
        peaks["psauth"],
        peaks["pandas"],
        "MB",
    )


def normalized(records: list[dict[str, Any]]) -> pd.DataFrame:
    """The same frame, as somebody would make it who knows pandas and the table of columns."""
    flat = pd.json_normalize(records)
    columns = {}
    for c in TASKS.columns:
        if c.path.startswith("@"):  # names that no record holds
            columns[c.name] = pd.Series(None, index=flat.index, dtype="str")
        elif c.path == APP_LINK:
            links = flat["links"] if "links" in flat else pd.Series(None, index=flat.index, dtype="object")
            columns[c.name] = links.map(_app_link).astype("str")
        elif c.dtype == "time":
            columns[c.name] = pd.to_datetime(flat[c.path], utc=True, format="ISO8601").astype(TIME_DTYPE)
        elif c.dtype == "flag":
            columns[c.name] = flat[c.path].astype("boolean")
        elif c.dtype == "category":
            columns[c.name] = flat[c.path].astype(pd.CategoricalDtype([*c.known]))
        else:
            columns[c.name] = flat[c.path].astype("str")
    return pd.DataFrame(columns)


def _app_link(links: Any) -> str | None:
    listed = links if isinstance(links, list) else []
    return next((link["href"] for link in listed if link["type"] == "App"), None)


def tasks(count: int) -> list[dict[str, Any]]:
    """Invented tasks, 25 a run, each with texts of its own, as parsed JSON has them."""
    rng = Random(1)

    def person() -> dict[str, str]:
        n = rng.randrange(40)
        return {"id": f"{n:022d}", "email": f"person.{n}@example.com", "username": f"Person Number {n}"}

    def moment() -> str:
        month, day, hour, second = rng.randrange(1, 13), rng.randrange(1, 29), rng.randrange(24), rng.randrange(60)
        return f"2026-{month:02d}-{day:02d}T{hour:02d}:30:{second:02d}.{rng.randrange(1000):03d}Z"

    made = []
    for n in range(count):
        task: dict[str, Any] = {
            "id": f"task{n % 25:018d}",
            "workflowRunId": f"run{n // 25:019d}",
            "name": f"Step {n % 25} of the workflow",
            "status": f"{'Completed' if n % 3 else 'NotCompleted'}",
            "hidden": n % 17 == 0,
            "stopped": False,
            "updatedDate": moment(),
            "updatedBy": person(),
            "taskType": f"{'Approval' if n % 9 == 0 else 'Standard'}",
        }
        if n % 3:
            task |= {"completedDate": moment(), "completedBy": person()}
        if n % 2:
            task["dueDate"] = moment()
        made.append(task)
    return made


def main() -> None:
    """Seconds and megabytes of one way, printed."""
    way = {"psauth": lambda records: frame(records, TASKS), "pandas": normalized}[sys.argv[1]]
    way(tasks(1000))  # imports, and what pandas sets up at its first frame
    records = tasks(TASKS_THERE)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = timed(lambda: way(records))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(seconds, (after - before) / 1024)


if __name__ == "__main__":
    main()
