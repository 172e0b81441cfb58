"""Somebody who is connected, and the truth beside the app."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.loading import read
from psauth.dashboard.loading.copies import place_of
from psauth.dashboard.loading.read import Here
from psauth.dashboard.loading.syncs import Syncing, syncs
from psauth.mirror.store import Store
from psauth.settings import Settings
from psauth.vault.vault import Vault

Visit = Callable[..., AppTest]
PATIENCE = 120.0
"""Seconds after which a sync of a test counts as one without end."""


@pytest.fixture
def visit(run: Visit, connected: Vault) -> Visit:
    """Open a page of the app, with what stands in its address; somebody is connected."""
    return run


@pytest.fixture
def ps(box: psauth.Sandbox) -> psauth.ProcessStreet:
    """The truth, read without the app."""
    return psauth.connect(settings=box.settings)


@pytest.fixture
def busiest(ps: psauth.ProcessStreet) -> str:
    """The workflow with the most runs."""
    return str(ps.runs(progress=False)["workflow_id"].mode()[0])


@pytest.fixture
def dear(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three requests are dear already."""
    monkeypatch.setattr(read, "DEAR_SHARE", 0.001)


def here_of(vault: Vault) -> Here:
    """What the pages of this test show."""
    return Here(vault.read().connection, vault, Settings(env_file=None))


def waited(vault: Vault) -> Syncing:
    """The syncs of the connection, when nothing is being done any more."""
    mine = syncs.of(here_of(vault))
    assert mine.wait(PATIENCE)
    return mine


@pytest.fixture(scope="module")
def a_copy(box: psauth.Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole copy of the sandbox, made once."""
    home = tmp_path_factory.mktemp("copied")
    settings = box.settings.with_(home=str(home))
    with psauth.connect(settings=settings) as ps:
        ps.whoami()
        ps.sync(progress=False)
    return home / "mirror"


@pytest.fixture
def copied(a_copy: Path, box: psauth.Sandbox, connected: Vault) -> Vault:
    """Somebody who is connected, and has a copy."""
    settings = Settings(env_file=None)
    with psauth.connect(settings=settings) as ps:
        ps.whoami()
    shutil.copytree(a_copy, settings.home_path / "mirror")
    return connected


@pytest.fixture
def store(copied: Vault) -> Store:
    """The store of that copy."""
    place, identity = place_of(here_of(copied))
    return Store.open(place, identity)
