"""A sandbox, a connection, and a crew of processes that is always sent home."""

from pathlib import Path

import pytest

import psauth
from psauth import AuthorizationFlow, Vault
from tests.faults.crew import Crew


def pytest_collection_modifyitems(items):
    """Each of these starts a server of its own, which the quick part of the tests does without."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def box():
    with psauth.Sandbox(runs=30) as box:
        yield box


@pytest.fixture
def vault(box):
    return Vault.open(box.settings)


@pytest.fixture
def flow(box, vault):
    return AuthorizationFlow(box.settings, vault)


@pytest.fixture
def connected(box, flow):
    return flow.finish(box.login(flow.begin()))


@pytest.fixture
def ps(box, connected):
    with psauth.connect(settings=box.settings, interactive=False) as ps:
        yield ps


@pytest.fixture
def make_crew():
    """Makes crews of processes; whoever is still there afterwards is killed."""
    crews = []

    def make(size, settings):
        crews.append(Crew(size, settings))
        return crews[-1]

    yield make
    for crew in crews:
        crew.dismiss()
