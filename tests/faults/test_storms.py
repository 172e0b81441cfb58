"""Sixteen processes at each expiry: one refresh an expiry, for tokens that live seconds and for those that live an hour."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from psauth.vault.service import Service
from tests.faults import crew
from tests.faults.strict import StrictServer

pytestmark = pytest.mark.slow

SIXTEEN = 16
LIVES = [4, 30, 60, 3600]


@pytest.fixture
def strict():
    server = StrictServer()
    yield server
    server.close()


@pytest.fixture
def storm(settings, vault, strict, make_token, make_crew):
    """Lets a connection expire again and again, under sixteen processes; how often the service was asked."""
    service = Service(api_url=f"{strict.url}/v1", token_url=f"{strict.url}/token", client_id="analyst")
    token = make_token(access_token=strict.access_token(), refresh_token=strict.refresh_token())
    vault.connect("default", service, token=token)
    processes = make_crew(SIXTEEN, settings)

    def let_expire(lives):
        stored = vault.read()
        obtained_at = datetime.now(UTC) - timedelta(seconds=lives)  # its whole life has passed
        token = replace(stored.token, obtained_at=obtained_at, expires_at=obtained_at + timedelta(seconds=lives))
        vault.renew(stored, token)

    def run(expiries):
        before = strict.count
        # The new tokens live long: on a busy machine one of four seconds may end again before all have seen it.
        strict.lives = 3600
        for number in range(expiries):
            let_expire(LIVES[number % len(LIVES)])
            answers = processes.together(crew.renew_when_expired)
            assert answers == [("done", strict.access_token())] * SIXTEEN, f"expiry {number}"
        return strict.count - before

    return run


def test_sixteen_processes_forty_expiries_forty_refreshes(storm, strict):
    assert storm(40) == 40
    assert not strict.is_revoked


@pytest.mark.soak
def test_sixteen_processes_a_thousand_expiries_a_thousand_refreshes(storm, strict):
    assert storm(1_000) == 1_000
    assert not strict.is_revoked
