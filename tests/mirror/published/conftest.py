"""A store with an invented company in it, and the folder of its tables."""

from types import SimpleNamespace

import pytest

from psauth.mirror.delta import DeltaFolder
from psauth.mirror.place import Identity, Place
from psauth.mirror.publish import publish
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import fill


@pytest.fixture
def place(settings):
    return Place.of(settings, Identity("https://api.example/v1", "default"))


@pytest.fixture
def store(place):
    """Filled with a small company."""
    store = Store.open(place, Identity("https://api.example/v1", "default"))
    fill(store)
    return store


@pytest.fixture
def folder(place):
    return DeltaFolder(str(place.tables))


@pytest.fixture
def open_mirror(store, folder):
    """Opens the latest publication."""
    return lambda: Mirror.open(store, folder)


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """A company that was published, for tests that only read: its `store`, `folder` and `mirror`."""
    place = Place(tmp_path_factory.mktemp("company") / "mirror")
    store = Store.open(place, Identity("https://api.example/v1", "default"))
    fill(store)
    folder = DeltaFolder(str(place.tables))
    publish(store, folder)
    return SimpleNamespace(store=store, folder=folder, mirror=Mirror.open(store, folder))
