"""A store of this test's own, and runs as the service answers them."""

from datetime import UTC, datetime, timedelta

import pytest

from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


@pytest.fixture
def identity():
    return Identity("https://api.example/v1", "default", "Acme")


@pytest.fixture
def place(settings, identity):
    return Place.of(settings, identity)


@pytest.fixture
def store(place, identity):
    return Store.open(place, identity)


@pytest.fixture
def make_run():
    """A run's record; `moved` are minutes by which it was updated after its creation."""

    def make(run_id="r1", *, moved=0, created="2026-03-05T10:00:00.000Z", status="Active", **fields):
        moment = datetime.fromisoformat(created) + timedelta(minutes=moved)
        updated = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        audit = {"createdDate": created, "updatedDate": updated}
        return {"id": run_id, "name": f"Run {run_id}", "workflowId": "w1", "status": status, "audit": audit, **fields}

    return make


@pytest.fixture
def noon():
    return NOON
