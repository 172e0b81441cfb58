"""Runs: tasks and form values of 500 runs at 50 ms of latency, by psauth, by a plain loop, and by dlt."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import dlt
import requests
from dlt.sources.rest_api import rest_api_source
from ratios import in_turn, report, timed
from requests.adapters import HTTPAdapter
from requests_oauthlib import OAuth2Session
from stand import UNLIMITED, Access, Stand

LATENCY = 0.05
LISTS = {"tasks": "tasks", "form-fields": "fields"}
"""What is read of each run: the end of its path, and the key of its records."""
FIFTH = 5
"""The loop takes a minute and a half; it reads a fifth of the runs, and its time is taken times five."""
POOL = 32


def compare(stand: Stand) -> None:
    """One line a competitor."""
    stand.turn(latency=LATENCY, budget=UNLIMITED)
    access = stand.access
    with access.connect() as ps:
        runs = ps.runs(progress=False)["run_id"].tolist()
        few = runs[::FIFTH]

        def psauth() -> float:
            stand.turn()
            frames: list[Any] = []
            seconds = timed(
                lambda: frames.extend([ps.tasks(runs=runs, progress=False), ps.form_values(runs=runs, progress=False)])
            )
            asked = stand.asked()
            there = sum(int((frame.groupby("run_id").size() // 20 + 1).sum()) for frame in frames)
            assert sum(asked.values()) == len(asked) == there, "every page that exists is asked for once"
            return seconds

        def loop() -> float:
            stand.turn()
            seconds = timed(lambda: plain_loop(access, few))
            share = sum(stand.asked().values()) / pages
            return seconds / share

        psauth()
        pages = sum(stand.asked().values())
        ours, loops, pools, fives, many = in_turn(
            psauth,
            loop,
            lambda: timed(lambda: bare_pool(access, runs)),
            lambda: timed(lambda: by_dlt(access, runs)),
            lambda: timed(lambda: by_dlt(access, runs, workers=POOL)),
        )
    what = f"tasks and form values of {len(runs)} runs, {pages:,} pages at {LATENCY * 1000:.0f} ms"
    report(f"requests-oauthlib in a loop (a fifth of the runs, scaled) / psauth: {what}", "at least 15", loops, ours)
    report(f"dlt rest_api, children parallelized / psauth: {what}", "at least 4", fives, ours)
    report(f"dlt rest_api, the same with {POOL} workers / psauth", "none, for information", many, ours)
    report(f"a bare pool of {POOL} threads, without frames / psauth", "none, for information", pools, ours)


def plain_loop(access: Access, runs: list[str]) -> None:
    """Page by page, as the documentation of requests-oauthlib has it."""
    os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # the sandbox speaks http
    with OAuth2Session(token={"access_token": access.token, "token_type": "Bearer"}) as session:
        for run in runs:
            for tail in LISTS:
                list(_records(session, f"{access.api_url}/workflow-runs/{run}/{tail}", LISTS[tail]))


def bare_pool(access: Access, runs: list[str]) -> None:
    """A list a thread, nothing checked, nothing kept."""
    with requests.Session() as session, ThreadPoolExecutor(POOL) as pool:
        session.trust_env = False  # a netrc file would take the place of the bearer
        session.mount("http://", HTTPAdapter(pool_maxsize=POOL))
        session.headers["Authorization"] = f"Bearer {access.token}"

        def read(run: str, tail: str) -> int:
            return len(list(_records(session, f"{access.api_url}/workflow-runs/{run}/{tail}", LISTS[tail])))

        for tail in LISTS:
            list(pool.map(partial(read, tail=tail), runs))


def _records(session: requests.Session, address: str | None, key: str) -> Iterator[Any]:
    while address is not None:
        page = session.get(address, timeout=60).json()
        yield from page[key]
        address = next((link["href"] for link in page["links"] if link["name"] == "next"), None)


def by_dlt(access: Access, runs: list[str], *, workers: int | None = None) -> None:
    """The rest_api source with the runs given, its children marked parallelized, read without a destination."""
    if workers is None:
        os.environ.pop("EXTRACT__WORKERS", None)
        os.environ.pop("EXTRACT__MAX_PARALLEL_ITEMS", None)
    else:
        os.environ["EXTRACT__WORKERS"], os.environ["EXTRACT__MAX_PARALLEL_ITEMS"] = str(workers), str(workers * 2)
    parent = dlt.resource([[{"id": run} for run in runs]], name="runs")
    children = [
        {
            "name": tail.replace("-", "_"),
            "parallelized": True,
            "endpoint": {
                "path": f"workflow-runs/{{resources.runs.id}}/{tail}",
                "data_selector": key,
                "paginator": {"type": "json_link", "next_url_path": "links[0].href"},
            },
        }
        for tail, key in LISTS.items()
    ]
    client = {"base_url": f"{access.api_url}/", "auth": {"type": "bearer", "token": access.token}}
    source = rest_api_source({"client": client, "resources": [parent, *children]})
    assert sum(1 for _ in source.with_resources("tasks", "form_fields")) > len(runs)
