"""Sync: a first copy of 2,000 runs at 50 ms, beside the bare fetch of the same pages and dlt; what later syncs ask for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import requests
from dlt.sources.rest_api import rest_api_source
from ratios import in_turn, line, report, timed
from requests.adapters import HTTPAdapter
from stand import UNLIMITED, Access, Stand

import psauth

LATENCY = 0.05
POOL = 32
ROUNDS = 3
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


def compare(stand: Stand, runs: int) -> None:
    """The first sync beside others, then the second one."""
    stand.turn(latency=LATENCY, budget=UNLIMITED)
    access = stand.access
    with copied(access) as ps:
        stand.turn()
        first = ps.sync(progress=False)
        assert first.is_complete, first
        pages = [*stand.asked()]
        stand.turn(latency=0.0)
        second = ps.sync(progress=False)
        assert second.is_complete, second
    line(
        f"second sync of {runs:,} runs, nothing changed",
        "at most 40 requests",
        f"{second.requests}",
        f"{first.requests:,} requests for the first, {first.requests / second.requests:,.0f} times as many",
    )
    stand.turn(latency=LATENCY)
    ways = [
        lambda: timed_sync(access),
        lambda: timed(lambda: bare_fetch(access, pages)),
        lambda: timed(lambda: by_dlt(access)),
        lambda: timed(lambda: by_dlt(access, workers=POOL)),
    ]
    ours, bare, fives, many = in_turn(*ways, rounds=ROUNDS)
    what = f"first sync of {runs:,} runs, {len(pages):,} pages at {LATENCY * 1000:.0f} ms"
    report(f"bare fetch by {POOL} threads / psauth, tables published: {what}", "at least 0.75", bare, ours)
    report(f"dlt rest_api into DuckDB / psauth: {what}", "at least 4", fives, ours)
    report(f"dlt rest_api with {POOL} workers / psauth", "at least 1.3", many, ours)


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
    base = access.api_url.removesuffix("/v1").rsplit("/", access.api_url.count("/") - 2)[0]
    with requests.Session() as session, ThreadPoolExecutor(POOL) as pool:
        session.trust_env = False
        session.mount("http://", HTTPAdapter(pool_maxsize=POOL))
        session.headers["Authorization"] = f"Bearer {access.token}"

        def read(page: str) -> None:
            path, _, query = page.partition("?")
            answer = session.get(f"{base}{path}", params={"_": query} if query else None, timeout=60)
            answer.raise_for_status()
            answer.json()

        list(pool.map(read, pages))


def by_dlt(access: Access, *, workers: int | None = None) -> None:
    """The rest_api source with its children marked parallelized, into a DuckDB file."""
    for name in ("EXTRACT__WORKERS", "EXTRACT__MAX_PARALLEL_ITEMS"):
        os.environ.pop(name, None)
    if workers is not None:
        os.environ |= {"EXTRACT__WORKERS": str(workers), "EXTRACT__MAX_PARALLEL_ITEMS": str(workers * 2)}
    paginator = {"type": "json_link", "next_url_path": "links[0].href"}
    resources: list[Any] = [
        {"name": name, "endpoint": {"path": path, "data_selector": key, "paginator": paginator}}
        for name, (path, key) in LISTS.items()
    ]
    for name, (parent, path, key) in CHILDREN.items():
        path = path.format(f"{{resources.{parent}.id}}")
        endpoint = {"path": path, "data_selector": key, "paginator": paginator}
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
