"""Twenty at a time: cursors, links to another host, repeats, and last pages that are empty."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests

from psauth.sandbox import SandboxServer
from tests.sandbox.conftest import next_of


def test_a_page_has_twenty_records_whatever_the_limit(get: Any) -> None:
    for query in ({}, {"limit": "100"}, {"limit": "5", "unknown": "x"}):
        assert len(get("/workflow-runs/list", **query).json()["data"]) == 20


def test_the_next_link_names_another_host_and_carries_the_filters(get: Any) -> None:
    body = get("/workflow-runs/list", status="Completed", limit="7").json()
    link = next(link for link in body["links"] if link["name"] == "next")
    assert link["rel"] == "Workflow Run"
    parts = urlsplit(link["href"])
    assert (parts.scheme, parts.netloc, parts.path) == ("https", "api.process.st", "/v1/workflow-runs/list")
    assert set(parse_qs(parts.query)) == {"status", "_"}


def test_the_link_can_name_the_sandbox_itself(box: SandboxServer, api: requests.Session) -> None:
    box.knobs.next_host = None
    link = next_of(api.get(f"{box.url}/api/v1.1/workflow-runs/list", timeout=10).json())
    assert link is not None
    assert link.startswith(f"{box.url}/api/v1.1/workflow-runs/list?_=")
    assert api.get(link, timeout=10).json()["data"]


def test_a_walk_finds_every_run_with_some_twice(box: SandboxServer, walk: Any) -> None:
    pages = walk("/workflow-runs/list", "data")
    ids = [run["id"] for page in pages for run in page]
    assert list(dict.fromkeys(ids)) == [run.id for run in box.company.runs]
    assert len(ids) > len(set(ids))
    assert pages[2][0] == pages[1][-1]


def test_without_repeats_there_are_none(box: SandboxServer, walk: Any) -> None:
    box.knobs.repeats = False
    ids = [run["id"] for page in walk("/workflow-runs/list", "data") for run in page]
    assert ids == [run.id for run in box.company.runs]


def test_the_last_page_of_runs_is_empty_and_links_to_itself(box: SandboxServer, walk: Any, get: Any) -> None:
    pages = walk("/workflow-runs/list", "data", status="Archived")
    assert 0 < len(pages[-2]) <= 20
    assert pages[-1] == []


def test_a_full_last_page_has_a_next_link_too(walk: Any) -> None:
    assert [len(page) for page in walk("/users", "users")] == [20, 20, 0]


def test_the_empty_page_leads_to_itself(box: SandboxServer, api: requests.Session) -> None:
    query: dict[str, str] = {}
    seen = []
    for _ in range(4):
        body = api.get(f"{box.api_url}/users", params=query, timeout=10).json()
        seen.append(next_of(body))
        query = {name: values[-1] for name, values in parse_qs(urlsplit(seen[-1] or "").query).items()}
    assert seen[2] == seen[3] is not None


def test_an_empty_list_has_no_link(get: Any) -> None:
    assert get("/workflow-runs/list", workflowId="nothing").json() == {"data": [], "links": []}
