"""Real parts: every test of this folder talks to a sandbox of its own."""

import pytest

import psauth


@pytest.fixture
def settings(box):
    """Those of the sandbox: the vault and the flow of the other fixtures are there too."""
    return box.settings


@pytest.fixture
def connected(box, flow):
    """A stored connection of the account "default"."""
    return flow.finish(box.login(flow.begin()))


@pytest.fixture
def ps(box, connected):
    """A client of that connection."""
    with psauth.connect(settings=box.settings, interactive=False) as ps:
        yield ps
