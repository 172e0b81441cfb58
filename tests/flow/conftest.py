"""Every test of this folder talks to a sandbox of its own."""

import pytest

import psauth
from tests.flow.fixtures import connected, ps, settings  # noqa: F401 # fixtures
from tests.flow.parts import SOME, WRITTEN
from tests.hunt import secrets  # noqa: F401 # a fixture


@pytest.fixture
def other_box():
    """Somebody else's service."""
    with psauth.Sandbox(runs=20, seed=8) as box:
        yield box


@pytest.fixture
def short_pauses(monkeypatch):
    """Between the attempts of a request there is next to no pause."""
    monkeypatch.setattr("psauth.api.retrying.BACKOFF", 0.001)


@pytest.fixture
def writes(box):
    """What was written since this fixture was set up or `box.requests` cleared, as (method, path) in turn."""
    box.requests.clear()
    return lambda: [(r.method, r.path.removeprefix("/v1")) for r in box.requests if r.method in WRITTEN]


@pytest.fixture
def run(box):
    """An active run with an open task whose due date is some days ahead, as the service wants it."""
    soon = box.company.now + 3 * 24 * 3600 * 1000
    return next(
        r
        for r in box.company.runs
        if r.status == "Active" and any(t.due and t.due > soon and not t.completed for t in r.tasks)
    )


@pytest.fixture
def at(box, run):
    """The number of that task."""
    soon = box.company.now + 3 * 24 * 3600 * 1000
    return next(n for n, t in enumerate(run.tasks) if t.due and t.due > soon and not t.completed)


@pytest.fixture
def task_id(run, at):
    """The id of that task."""
    return run.template.task_ids[at]


@pytest.fixture
def somebody(box, run):
    """The address of somebody who is not on that run."""
    return next(p for p in box.company.staff.users if p not in run.assignees).email


@pytest.fixture
def runs(box):
    """The ids of the newest runs, as many as are enough for what is asked run by run."""
    return [run.id for run in box.company.runs[:SOME]]
