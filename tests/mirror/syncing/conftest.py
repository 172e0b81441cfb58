"""A living company behind a real server, and a copy of it."""

import json
import os
import re
import subprocess
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

import psauth
from psauth.mirror import sync, walk
from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store
from tests.flow.parts import PYTHON
from tests.mirror.syncing.truth import differences

ROOT = Path(__file__).parents[3]
ID = re.compile(r"/[\w-]{22}(?=/|$)")


class Copy:
    """A client of a sandbox and the store of its copy; what its syncs asked for, by path with `{}` for ids."""

    def __init__(self, box, ps):
        self.box, self.ps = box, ps
        self.place = Place.of(box.settings, Identity.of(ps.connection))
        self.identity = Identity.of(ps.connection)

    def sync(self, **options):
        """The report of a sync."""
        self.before = len(self.box.requests)
        return self.ps.sync(progress=False, **options)

    @property
    def asked(self):
        """What the last sync asked for."""
        paths = (ID.sub("/{}", seen.path.removeprefix("/v1")) for seen in list(self.box.requests)[self.before :])
        return Counter(paths)

    @property
    def asked_runs(self):
        """The runs whose tasks the last sync asked for."""
        seen = list(self.box.requests)[self.before :]
        return {m[1] for each in seen if (m := re.search(r"/workflow-runs/([\w-]{22})/tasks$", each.path))}

    @property
    def store(self):
        return Store.open(self.place, self.identity)

    def differences(self, **options):
        """What is other than in the sandbox."""
        return differences(self.store, self.box.truth(), **options)

    @property
    def runs(self):
        return {run.run_id: run for run in self.store.runs()}


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
