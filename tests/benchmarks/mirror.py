"""Mirror: 4,000,000 tasks of 36 months published, published again after a few changed, and read; time and peak memory (POSIX).

`python tests/benchmarks/mirror.py FOLDER` makes the store there if there is none, which takes some minutes and 1.5 GB.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

from ratios import in_turn, line, peak, report, timed

from psauth.mirror.delta import DeltaFolder
from psauth.mirror.place import Identity, Place
from psauth.mirror.publish import publish
from psauth.mirror.records import month_of
from psauth.mirror.store import Answer, Store
from psauth.mirror.tables import Mirror

TASKS = int(os.environ.get("TASKS", "4_000_000"))
MONTHS = 36
WORKFLOWS = 12
IN_A_RUN = 20
CHANGED = 1_000
"""Tasks that change before the second publication, all in the runs of three months."""
IDENTITY = Identity("https://api.example/v1", "bench")
NOW = datetime(2026, 11, 26, tzinfo=UTC)
FIRST = datetime(2023, 12, 1, tzinfo=UTC)
WORKFLOW = "Workflow 3"


def compare(folder: Path) -> None:
    """Every measurement is a process of its own, so that its peak is its own."""
    place = Place(folder)
    if not place.store.exists():
        fill(open_store(folder))

    def run(what: str) -> tuple[float, float]:
        command = [sys.executable, __file__, str(folder), what]
        out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seconds, megabytes = map(float, out.split())
        return seconds, megabytes

    subprocess.run(["rm", "-rf", str(place.tables)], check=True)
    seconds, peak = run("publish")
    size = sum(path.stat().st_size for path in place.tables.rglob("*.parquet")) / 1e6
    line(
        f"{TASKS:,} tasks published, peak memory",
        "at most 1000 MB",
        f"{peak:.0f} MB",
        f"{seconds:.0f} s, {size:.0f} MB",
    )
    again = []
    for _ in range(3):
        change(open_store(folder), Random())
        again.append(run("publish"))
    middle = statistics.median(seconds for seconds, _ in again)
    line(
        f"{CHANGED:,} changed tasks in 3 of {MONTHS} months / all: time to publish",
        "at most 0.10",
        f"{middle / seconds:.3f}",
        f"{middle:.1f} s and {seconds:.0f} s, peak {max(peak for _, peak in again):.0f} MB",
    )
    nothing = run("publish")
    line("nothing changed / all: time to publish", "-", f"{nothing[0] / seconds:.4f}", f"{nothing[0]:.2f} s")
    ours, theirs = in_turn(*(partial(lambda what: run(what)[0], what) for what in ("read", "pandas")))
    report(f"pandas / ps.mirror: the tasks of one workflow out of {TASKS:,}", "at least 10", theirs, ours)
    filtered, ours = in_turn(*(partial(lambda what: run(what)[0], what) for what in ("pandas-filter", "read")))
    report("pandas with filters= / ps.mirror: the same", "-", filtered, ours)
    total, opened = in_turn(*(partial(lambda what: run(what)[0], what) for what in ("sql", "open")))
    report("a median by task name over all tasks / opening the mirror", "-", total, opened)


def measure(folder: Path, what: str) -> None:
    """Seconds and the peak in MB, printed."""
    store = open_store(folder)
    tables = DeltaFolder(str(store.place.tables))
    files = tables.paths("tasks", tables.version("tasks").files) if what.startswith("pandas") else []

    def read() -> Any:
        tasks = mirror.tasks
        return tasks.filter(tasks.workflow_name == WORKFLOW).to_pandas()

    def read_by_pandas(**options: Any) -> Any:
        import pandas as pd

        tasks = pd.read_parquet(files, **options)
        return tasks[tasks["workflow_name"] == WORKFLOW]

    if what in ("read", "sql"):
        mirror = Mirror.open(store, tables)
        mirror.sql("select 1")
        # What DuckDB and Ibis set up once is not measured, as the import of pandas is not.
        mirror.workflows.limit(1).to_pandas()
    ways = {
        "publish": lambda: publish(store, tables),
        "read": read,
        "pandas": read_by_pandas,
        "pandas-filter": partial(read_by_pandas, filters=[("workflow_name", "==", WORKFLOW)]),
        "sql": lambda: mirror.sql("select name, median(epoch(completed_date - updated_date)) from tasks group by name"),
        "open": lambda: Mirror.open(store, tables),
    }
    if what.startswith("pandas"):
        import pandas  # noqa: F401 # importing it is not what is measured
    answers: list[Any] = []
    seconds = timed(lambda: answers.append(ways[what]()))
    if what in ("read", "pandas", "pandas-filter"):
        assert set(answers[0]["workflow_name"]) == {WORKFLOW}
    print(seconds, peak())


def open_store(folder: Path) -> Store:
    """The store in a folder."""
    return Store.open(Place(folder), IDENTITY)


def fill(store: Store) -> None:
    """A company with so many tasks."""
    began = time.time()
    workflows = [{"id": f"workflow-{n}", "name": f"Workflow {n}"} for n in range(WORKFLOWS)]
    store.write_list("workflows", "", workflows, NOW)
    store.write_list("users", "", [person(n) for n in range(60)], NOW)
    answers: list[Answer] = []
    for run in runs():
        answers.append(Answer(run, {"tasks": tasks(run)}, NOW))
        if len(answers) == 500:
            store.write_runs(answers)
            answers = []
    store.write_runs(answers)
    print(f"The store of {TASKS:,} tasks was made in {time.time() - began:.0f} s.", flush=True)


def change(store: Store, random: Random) -> None:
    """So many tasks change, in the runs that were created in three months."""
    months = random.sample(sorted({month_of(run) for run in runs()}), 3)
    chosen = [run for run in runs() if month_of(run) in months]
    answers = []
    for run in random.sample(chosen, CHANGED // 4):
        changed = tasks(run)
        for task in random.sample(changed, 4):
            task["name"] += f", {random.random()}"
        answers.append(Answer(run, {"tasks": changed}, NOW + timedelta(seconds=1)))
    store.write_runs(answers)


def runs() -> Iterator[dict[str, Any]]:
    """The runs, the same each time."""
    random = Random(7)
    total = TASKS // IN_A_RUN
    for number in range(total):
        month = number * MONTHS // total
        created = FIRST + timedelta(days=month * 30.4375, seconds=random.randrange(28 * 86_400))
        workflow = random.randrange(WORKFLOWS)
        yield {
            "id": f"run-{number:018}",
            "name": f"Order {random.randrange(10**9)} of customer {number % 997}",
            "workflowId": f"workflow-{workflow}",
            "status": random.choice(["Active", "Completed", "Completed", "Completed", "Archived"]),
            "dueDate": stamp(created + timedelta(days=20)),
            "audit": {
                "createdDate": stamp(created),
                "createdById": f"person-{random.randrange(60)}",
                "updatedDate": stamp(created + timedelta(days=random.random() * 30)),
                "updatedById": f"person-{random.randrange(60)}",
            },
            "shared": False,
        }


def tasks(run: dict[str, Any]) -> list[dict[str, Any]]:
    """The tasks of a run, the same each time."""
    random = Random(run["id"])
    created = datetime.fromisoformat(run["audit"]["createdDate"])
    answer = []
    for number in range(IN_A_RUN):
        done = created + timedelta(days=random.random() * 30)
        task = {
            "id": f"{run['workflowId']}-task-{number:04}",
            "name": f"Step {number} of {run['workflowId']}",
            "workflowRunId": run["id"],
            "status": "Completed",
            "taskType": "Approval" if number % 7 == 6 else "Standard",
            "hidden": number % 11 == 10,
            "stopped": False,
            "dueDate": stamp(created + timedelta(days=number)),
            "completedDate": stamp(done),
            "completedBy": person(random.randrange(60)),
            "updatedDate": stamp(done),
            "updatedBy": person(random.randrange(60)),
            "links": [{"type": "App", "name": "self", "href": f"https://app.example/runs/{run['id']}/tasks/{number}"}],
        }
        if random.random() < 0.2:
            task |= {"status": "NotCompleted", "completedDate": None, "completedBy": None}
        answer.append(task)
    return answer


def person(number: int) -> dict[str, str]:
    """Somebody of the company."""
    return {"id": f"person-{number}", "username": f"Person {number}", "email": f"person-{number}@example.com"}


def stamp(moment: datetime) -> str:
    """A moment as the service writes it."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


if __name__ == "__main__":
    if len(sys.argv) > 2:
        measure(Path(sys.argv[1]), sys.argv[2])
    else:
        compare(Path(sys.argv[1]))
