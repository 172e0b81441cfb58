"""Doors to an API at an invented address, where requests-mock answers."""

import re

import pytest

from psauth.api.transport import Transport
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service


@pytest.fixture
def door(vault, store, naps):
    """A transport with an OAuth token that lives."""
    with_token = Transport(store(), vault)
    yield with_token
    with_token.close()


@pytest.fixture
def any_host(requests_mock):
    """Whatever host is asked answers; the tests look at which one was."""
    requests_mock.get(re.compile(".*"), json={"ok": True})
    return requests_mock


@pytest.fixture
def door_to():
    """Makes a transport with an API key to any address."""
    doors = []

    def make(address, *, api_key="key-Rt55"):
        service = Service(api_url=address)
        doors.append(Transport(Stored(connection=Connection.unstored("default", service), api_key=api_key), None))
        return doors[-1]

    yield make
    for door in doors:
        door.close()
