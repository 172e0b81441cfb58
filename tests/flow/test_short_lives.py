"""Access tokens that live a minute or less: renewed about once a life, not for every request."""

import pytest

from psauth.exceptions import LoginRequired
from tests.flow.parts import client_of, refreshes

REQUESTS = 12


def read(ps, times=REQUESTS):
    for _ in range(times):
        ps.get("/users")


@pytest.mark.parametrize("life", [60, 30, 15])
def test_a_token_is_renewed_once_in_its_life(box, vault, flow, clock, life):
    """The clock here is moved on; the server's own shows that no token is used beyond its life."""
    box._server.grants.clock = lambda: clock.now().timestamp()
    box.knobs.token_lifetime = life
    flow.finish(box.login(flow.begin()))
    ps = client_of(box.settings)
    box.requests.clear()
    read(ps)
    assert refreshes(box) == []
    for lives in (1, 2, 3):
        clock.shift(seconds=life * 0.95)
        read(ps)
        assert [request.status for request in refreshes(box)] == [200] * lives
    assert {request.status for request in box.requests.matching("/v1/users")} == {200}


def test_threads_and_another_client_share_the_one_renewal(box, vault, flow, clock):
    box._server.grants.clock = lambda: clock.now().timestamp()
    box.knobs.token_lifetime = 20
    flow.finish(box.login(flow.begin()))
    clients = [client_of(box.settings) for _ in range(3)]
    for ps in clients:
        read(ps, 2)
    clock.shift(seconds=19)
    box.requests.clear()
    for ps in clients:
        read(ps, 4)
    assert [request.status for request in refreshes(box)] == [200]


def test_a_token_that_lives_for_no_time_is_used_until_the_service_refuses_it(box, vault, flow, knob_lifetime_zero):
    flow.finish(box.login(flow.begin()))
    ps = client_of(box.settings)
    box.requests.clear()
    read(ps)
    assert refreshes(box) == []
    box._server.grants.expire_access_tokens()
    read(ps)
    assert [request.status for request in refreshes(box)] == [200]
    assert [request.status for request in box.requests.matching("/v1/users")].count(401) == 1


def test_without_a_refresh_token_a_token_that_lives_for_no_time_ends_in_a_login_when_it_is_refused(
    box, vault, flow, knob_lifetime_zero
):
    box.knobs.issue_refresh_token = False
    flow.finish(box.login(flow.begin()))
    ps = client_of(box.settings)
    read(ps)
    assert ps.whoami().expires_at is None
    box._server.grants.expire_access_tokens()
    with pytest.raises(LoginRequired, match="gave no refresh token"):
        ps.get("/users")


@pytest.fixture
def knob_lifetime_zero(box, monkeypatch):
    """The server says `expires_in: 0`, and takes the token for an hour: its lifetime is said as a whole number."""

    class AnHour(float):
        def __int__(self):
            return 0

    box.knobs.token_lifetime = AnHour(3600)
