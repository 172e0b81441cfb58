"""Every test of this folder talks to a sandbox of its own."""

import pytest

import psauth
from tests.flow.fixtures import connected, ps, settings  # noqa: F401 # fixtures
from tests.flow.parts import SOME
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
def runs(box):
    """The ids of the newest runs, as many as are enough for what is asked run by run."""
    return [run.id for run in box.company.runs[:SOME]]
