"""Somebody who is connected, and the truth beside the app."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.loading import read
from psauth.vault.vault import Vault

Visit = Callable[..., AppTest]


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
