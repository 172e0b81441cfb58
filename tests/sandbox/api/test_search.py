"""The search of runs: newest update first, deleted ones where they are asked for, and cut as the knobs say."""

from __future__ import annotations

from typing import Any

import pytest

from psauth.sandbox import SandboxServer

EVERY = "Active,Completed,Archived"


def ids(pages: list[list[dict[str, Any]]]) -> list[str]:
    return list(dict.fromkeys(run["id"] for page in pages for run in page))


def newest(box: SandboxServer, *statuses: str) -> list[str]:
    runs = [run for run in box.company.lists.every if run.status in statuses]
    return [run.id for run in sorted(runs, key=lambda run: (-run.updated, run.id))]


def test_deleted_runs_are_found_by_who_asks_for_them(box: SandboxServer, walk: Any) -> None:
    run = box.company.start_run(box.company.templates[0].id)
    box.company.delete_run(run.id)
    found = walk("/workflow-runs", "workflowRuns", status="Deleted")
    assert {record["status"] for page in found for record in page} == {"Deleted"}
    assert ids(found) == newest(box, "Deleted")
    assert found[0][0]["id"] == run.id
    assert ids(walk("/workflow-runs", "workflowRuns", status=f"{EVERY},Deleted"))[0] == run.id


@pytest.mark.parametrize("status", ["Bogus", "Active,Bogus", "deleted", ""])
def test_another_status_is_refused_in_plain_text(get: Any, status: str) -> None:
    answer = get("/workflow-runs", status=status)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/plain")


@pytest.mark.parametrize("paged", [True, False])
@pytest.mark.parametrize("limit", [200, 30, None])
@pytest.mark.parametrize("size", [20, 200])
def test_the_search_is_cut_and_paged_as_the_knobs_say(
    box: SandboxServer, walk: Any, paged: bool, limit: int | None, size: int
) -> None:
    box.knobs.search_paged, box.knobs.search_limit, box.knobs.search_page = paged, limit, size
    pages = walk("/workflow-runs", "workflowRuns", status=EVERY)
    expected = newest(box, *EVERY.split(","))
    assert len(expected) > 200
    assert ids(pages) == expected[:limit]
    if paged:
        assert max(map(len, pages)) == min(size, len(expected[:limit]))
    else:
        assert len(pages) == 1


def test_what_was_changed_last_comes_first(box: SandboxServer, get: Any) -> None:
    runs = [run for run in box.company.runs if run.status == "Active"][5:8]
    for run in runs:
        box.company.rename_run(run.id, run.name or "Named now")
    first = [run["id"] for run in get("/workflow-runs").json()["workflowRuns"]]
    assert first[:3] == [run.id for run in reversed(runs)]


def test_a_page_writes_no_more_records_than_it_has(box: SandboxServer, get: Any, monkeypatch: Any) -> None:
    written, seen = [], []
    records = "psauth.sandbox.api.records.Records.run"
    monkeypatch.setattr(records, lambda self, run: written.append(run.id) or {"id": run.id})
    monkeypatch.setattr(type(box.company), "seen", lambda self, who, runs: seen.append(who) or iter(runs))
    for path in ("/workflow-runs/list", "/workflow-runs"):
        for _ in range(3):
            assert get(path).status_code == 200
        assert (len(written), len(seen)) == (60, 1)  # and looks through the runs once, until something changes
        box.company.rename_run(box.company.runs[0].id, "Another")
        get(path)
        assert (len(written), len(seen)) == (80, 2)
        written.clear(), seen.clear()
