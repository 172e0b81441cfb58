"""Sync: a first copy beside the bare fetch of the same pages and dlt, what later ones ask for, the budget's use, and memory.

`python tests/benchmarks/sync.py` alone runs what stands in `compare`.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import urlsplit

import dlt
import requests
from budget import BUDGET, WINDOW, WINDOWS
from dlt.sources.helpers.rest_client.paginators import JSONLinkPaginator
from dlt.sources.rest_api import rest_api_source
from ratios import in_turn, line, peak, report, timed
from requests.adapters import HTTPAdapter
from stand import UNLIMITED, Access, Stand

import psauth

LATENCY = 0.05
POOL = 32
ROUNDS = 3
FEW_RUNS = 1_000
RUNS = 2_000
MANY_RUNS = 10_000
FEW_AND_MANY = (5_000, 50_000)
"""Runs of the two companies whose peaks of memory are compared."""
KILLS = 10
STEPS = 100
"""Things that happen in the company before the third sync."""
CHILDREN = {
    "workflow_tasks": ("workflows", "workflows/{}/tasks", "tasks"),
    "form_fields": ("workflows", "workflows/{}/form-fields", "fields"),
    "revisions": ("workflows", "workflows/{}/revisions", "data"),
    "tasks": ("runs", "workflow-runs/{}/tasks", "tasks"),
    "form_values": ("runs", "workflow-runs/{}/form-fields", "fields"),
    "approvals": ("runs", "workflow-runs/{}/approvals", "approvals"),
    "records": ("data_sets", "data-sets/{}/records", "records"),
}
LISTS = {
    "workflows": ("workflows", "workflows"),
    "runs": ("workflow-runs/list", "data"),
    "users": ("users", "users"),
    "folders": ("folders", "data"),
    "data_sets": ("data-sets", "dataSets"),
    "schedules": ("scheduled-workflows", "data"),
    "attachments": ("attachments", "data"),
}
"""The tables that dlt reads: those of a sync without comments, rules and assignments, which would take it longer still."""


def compare() -> None:
    """A company of its own for each size."""
    with Stand(RUNS) as stand:
        compare_speed(stand)
        compare_kills(stand)
        compare_budget(stand)
    with Stand(FEW_RUNS) as stand:
        compare_time_to_go(stand)
    with Stand(MANY_RUNS) as stand:
        compare_requests(stand)
    compare_memory()


def compare_speed(stand: Stand) -> None:
    """The first sync beside others."""
    stand.turn(latency=0.0, budget=UNLIMITED)
    access = stand.access
    with copied(access) as ps:
        stand.turn()
        first = ps.sync(progress=False)
        assert first.is_complete, first
        pages = [*stand.asked()]
    stand.turn(latency=LATENCY)
    ours, bare, fives, many = in_turn(
        lambda: timed_sync(access),
        lambda: timed(lambda: bare_fetch(access, pages)),
        lambda: timed(lambda: by_dlt(access)),
        lambda: timed(lambda: by_dlt(access, workers=POOL)),
        rounds=ROUNDS,
    )
    what = f"first sync of {RUNS:,} runs, {len(pages):,} pages at {LATENCY * 1000:.0f} ms"
    report(f"bare fetch by {POOL} threads / psauth, tables published: {what}", "at least 0.75", bare, ours)
    report("dlt rest_api into DuckDB / psauth, fewer tables: the same", "at least 4", fives, ours)
    report(f"dlt rest_api into DuckDB with {POOL} workers / psauth", "at least 1.3", many, ours)


def compare_kills(stand: Stand) -> None:
    """What a kill -9 at a random moment of a first sync costs: requests of both syncs beside those of one without."""
    stand.turn(latency=LATENCY, budget=UNLIMITED)
    with copied(stand.access) as ps:
        without = ps.sync(progress=False)
    spawn, random, more = multiprocessing.get_context("spawn"), Random(8), []
    for _ in range(KILLS):
        folder = tempfile.mkdtemp(prefix="psauth-bench-")
        settings = stand.access.settings.with_(mirror=folder)
        stand.turn()
        syncing = spawn.Process(target=_sync, args=(stand.access, folder), daemon=True)
        syncing.start()
        while not stand.asked():
            time.sleep(0.1)
        time.sleep(random.uniform(0.05, 0.8) * without.seconds)
        syncing.kill()
        syncing.join()
        with psauth.connect(settings=settings) as ps:
            assert ps.sync(progress=False).is_complete
        more.append(sum(stand.asked().values()) - without.requests)
        shutil.rmtree(folder)
    line(
        f"requests that a kill -9 at a random moment of a first sync costs, of {without.requests:,}",
        "at most 2 %",
        f"median {statistics.median(more) / without.requests:.2%}, at most {max(more) / without.requests:.2%}",
        f"{min(more)} to {max(more)} requests, {len(more)} kills",
    )


def compare_requests(stand: Stand) -> None:
    """What later syncs ask for."""
    stand.turn(latency=0.0, budget=UNLIMITED)
    with copied(stand.access) as ps:
        first, second = ps.sync(progress=False), ps.sync(progress=False)
        stand.live(STEPS)
        third = ps.sync(progress=False)
        active = ps.sql("select count(*) from runs where status = 'Active'").iat[0, 0]
    assert all(report.is_complete for report in (first, second, third))
    line(
        f"second sync of {MANY_RUNS:,} runs, {active:,} of them Active, nothing changed",
        "at most 40 requests",
        f"{second.requests}",
        f"{first.requests:,} for the first, {first.requests / second.requests:,.0f} times as many",
    )
    line(
        f"third sync, after {STEPS} things happened in the company",
        "the lists of those runs",
        f"{third.requests} requests",
        f"{third.tables['runs'].added + third.tables['runs'].changed} runs new or changed",
    )


def compare_budget(stand: Stand) -> None:
    """A first sync that must wait for the budget, and somebody who asks once a second meanwhile."""
    stand.turn(latency=LATENCY, budget=BUDGET, window=WINDOW)
    time.sleep(WINDOW)
    stand.turn()
    spawn = multiprocessing.get_context("spawn")
    folder = tempfile.mkdtemp(prefix="psauth-bench-")
    syncing = spawn.Process(target=_sync, args=(stand.access, folder), daemon=True)
    waits = []
    with stand.access.connect() as ps:
        syncing.start()
        until = time.monotonic() + WINDOW * (WINDOWS + 2)
        while (began := time.monotonic()) < until:
            ps.get("/users")
            waits.append(time.monotonic() - began)
            time.sleep(max(0.0, 1.0 - waits[-1]))
    syncing.terminate()
    syncing.join()
    shutil.rmtree(folder)
    whole = stand.windows(WINDOW, WINDOWS)
    used, refused = [w.count(200) for w in whole], sum(w.count(429) for w in whole)
    line(
        f"budget of {BUDGET} per {WINDOW:.0f} s, used by a sync and somebody who asks once a second",
        "at least 95 %",
        f"{statistics.median(used) / BUDGET:.0%}, from {min(used) / BUDGET:.0%} to {max(used) / BUDGET:.0%}",
        f"{len(used)} windows, {refused / (sum(used) + refused):.1%} answered 429 (at most 1 %)",
    )
    line(
        "the longest wait of somebody who asks once a second",
        "at most 2 s",
        f"{max(waits):.1f} s",
        f"median {statistics.median(waits):.2f} s, {len(waits)} requests",
    )


def compare_time_to_go(stand: Stand) -> None:
    """What a sync that waits for the budget says of the time to go, from its second minute on, beside what was true."""
    stand.turn(latency=LATENCY, budget=BUDGET, window=WINDOW)
    time.sleep(WINDOW)
    said: list[tuple[float, float]] = []
    with copied(stand.access) as ps:
        sync = ps._sync(False, None, None, None, wait=True, progress=False)
        worker = threading.Thread(target=sync.run)
        began = time.monotonic()
        worker.start()
        while worker.is_alive():
            worker.join(1.0)
            standing = sync.standing
            if standing is not None and standing.seconds is not None and standing.left:
                said.append((time.monotonic() - began, standing.seconds))
        ended = time.monotonic() - began
    off = [abs(seconds - (ended - at)) / (ended - at) for at, seconds in said if at > 60 and ended - at > WINDOW]
    line(
        f"time to go, as said from the second minute of a sync of {ended:.0f} s until its last {WINDOW:.0f} s",
        "within 20 % of what was true",
        f"{statistics.median(off):.0%} off, {sum(each <= 0.2 for each in off) / len(off):.0%} of the time within 20 %",
        f"looked at {len(off)} times, at worst {max(off):.0%} off",
    )


def compare_memory() -> None:
    """The peak of a first sync, publication included, in a process of its own, of a small and of a large company."""
    peaks = []
    for runs in FEW_AND_MANY:
        with Stand(runs) as stand:
            stand.turn(latency=0.0, budget=UNLIMITED)
            access = stand.access
            command = [sys.executable, __file__, access.home, access.secret_key, access.api_url]
            peaks.append(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout))
    few, many = FEW_AND_MANY
    line(
        f"peak memory of a first sync of {many:,} runs / of {few:,}",
        "at most 1.3",
        f"{peaks[1] / peaks[0]:.2f}",
        f"{peaks[1]:.0f} and {peaks[0]:.0f} MB",
    )


def _sync(access: Access, folder: str) -> None:
    """Another process: a sync that waits for the budget."""
    with psauth.connect(settings=access.settings.with_(mirror=folder)) as ps:
        ps.sync(progress=False, wait=True)


@contextmanager
def copied(access: Access) -> Iterator[psauth.ProcessStreet]:
    """A client whose copy is a new one, gone at the end."""
    folder = tempfile.mkdtemp(prefix="psauth-bench-")
    try:
        with psauth.connect(settings=access.settings.with_(mirror=folder)) as ps:
            yield ps
    finally:
        shutil.rmtree(folder)


def timed_sync(access: Access) -> float:
    """Seconds for a first sync, up to the end of its publication."""
    with copied(access) as ps:
        return timed(lambda: ps.sync(progress=False))


def bare_fetch(access: Access, pages: list[str]) -> None:
    """Every page once, nothing checked, nothing kept."""
    base = access.api_url.removesuffix(urlsplit(access.api_url).path)
    with requests.Session() as session, ThreadPoolExecutor(POOL) as pool:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(pool_maxsize=POOL))
        session.headers["Authorization"] = f"Bearer {access.token}"

        def read(page: str) -> None:
            answer = session.get(f"{base}{page}", timeout=60)
            answer.raise_for_status()
            answer.json()

        list(pool.map(read, pages))


class UntilEmpty(JSONLinkPaginator):
    """dlt's own follows the link of the last page to itself for ever; nobody would use it so for this service."""

    def __init__(self) -> None:
        super().__init__(next_url_path="links[0].href")

    def update_state(self, response: requests.Response, data: list[Any] | None = None) -> None:
        super().update_state(response, data)
        if not data:
            self._has_next_page = False


def by_dlt(access: Access, *, workers: int | None = None) -> None:
    """The rest_api source with its children marked parallelized, into a DuckDB file."""
    for name in ("EXTRACT__WORKERS", "EXTRACT__MAX_PARALLEL_ITEMS"):
        os.environ.pop(name, None)
    if workers is not None:
        os.environ |= {"EXTRACT__WORKERS": str(workers), "EXTRACT__MAX_PARALLEL_ITEMS": str(workers * 2)}
    resources: list[Any] = [
        {"name": name, "endpoint": {"path": path, "data_selector": key, "paginator": UntilEmpty()}}
        for name, (path, key) in LISTS.items()
    ]
    for name, (parent, path, key) in CHILDREN.items():
        path = path.format(f"{{resources.{parent}.id}}")
        endpoint = {"path": path, "data_selector": key, "paginator": UntilEmpty()}
        resources.append({"name": name, "parallelized": True, "endpoint": endpoint})
    client = {"base_url": f"{access.api_url}/", "auth": {"type": "bearer", "token": access.token}}
    folder = Path(tempfile.mkdtemp(prefix="psauth-bench-"))
    try:
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=str(folder / "pipelines"),
            destination=dlt.destinations.duckdb(str(folder / "dlt.duckdb")),
            dataset_name="copy",
        )
        pipeline.run(rest_api_source({"client": client, "resources": resources}))
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    if sys.argv[1:]:
        with copied(Access(*sys.argv[1:])) as measured:
            measured.sync(progress=False)
        print(peak())
    else:
        compare()
