"""A sandbox for each test, small enough to start in a moment."""

from pathlib import Path

import pytest

import psauth
from psauth import AuthorizationFlow, Vault
from tests.flow.parts import SOME


def pytest_collection_modifyitems(items):
    """Each of these starts a server of its own, which the quick part of the tests does without."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def box():
    with psauth.Sandbox(runs=60) as box:
        yield box


@pytest.fixture
def other_box():
    """Somebody else's service."""
    with psauth.Sandbox(runs=20, seed=8) as box:
        yield box


@pytest.fixture
def vault(box):
    return Vault.open(box.settings)


@pytest.fixture
def flow(box, vault):
    return AuthorizationFlow(box.settings, vault)


@pytest.fixture
def connected(box, flow):
    """A stored connection of the account "default"."""
    return flow.finish(box.login(flow.begin()))


@pytest.fixture
def ps(box, connected):
    """A client of that connection."""
    with psauth.connect(settings=box.settings, interactive=False) as ps:
        yield ps


@pytest.fixture
def runs(box):
    """The ids of the newest runs, as many as are enough for what is asked run by run."""
    return [run.id for run in box.company.runs[:SOME]]
