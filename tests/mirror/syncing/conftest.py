"""A living company behind a real server, and a copy of it."""

import json
import os
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

import psauth
from psauth.mirror import sync, walk
from tests.flow.parts import PYTHON
from tests.mirror.syncing.copies import Copy

ROOT = Path(__file__).parents[3]


@pytest.fixture
def box():
    with psauth.Sandbox(runs=36, seed=3) as box:
        box.knobs.budget = 100_000
        for template in [*box.company.templates, *box.company.templates][:14]:
            box.company.start_run(template.id)
        yield box


@pytest.fixture
def unpublished(monkeypatch):
    """Syncs that publish nothing, for what is only about asking."""
    monkeypatch.setattr(sync, "publish", lambda *_, **__: None)


@pytest.fixture
def copy(box, unpublished):
    with psauth.connect(settings=box.settings) as ps:
        yield Copy(box, ps)


@pytest.fixture
def synced(copy):
    """A copy that has been made."""
    report = copy.sync()
    assert report.is_complete, report
    return copy


@pytest.fixture
def no_lag(monkeypatch):
    """A service whose answers are never behind: a run that was just updated is not looked at twice."""
    monkeypatch.setattr(walk, "LAG", timedelta(0))


@pytest.fixture
def begin(box, monkeypatch):
    """Starts a sync as a process of its own; what is still there at the end is killed."""
    for name in ("home", "secret_key"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", getattr(box.settings, name))
    started = []

    def begin(**options):
        process = subprocess.Popen(
            [PYTHON, "-m", "tests.mirror.syncing.stage", json.dumps(options)],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.communicate()
