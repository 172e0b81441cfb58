"""Refreshing before the end, after a 401 and on demand; and how a connection ends."""

import pytest

import psauth
from psauth import LoginRequired, ServiceUnavailable, Vault
from tests.flow.parts import client_of, expire_at_the_service, expire_here, refreshes


def spend_the_refresh_token(box, vault):
    """Somebody copied the vault and used the refresh token: it is spent, and its successor is not here."""
    copied = vault.read()
    client_of(box.settings).refresh()
    stored = vault.read()
    vault.renew(stored, copied.token)
    box.requests.clear()


def test_a_token_near_its_end_is_renewed_before_the_request(box, ps, clock):
    clock.shift(seconds=3600 - 59)  # within the leeway of a minute
    box.requests.clear()
    ps.users()
    assert box.requests[0].path == "/oauth/token"
    assert all(r.status == 200 for r in box.requests)


def test_a_token_with_more_than_the_leeway_left_is_used_as_it_is(box):
    box.knobs.token_lifetime = 90
    with psauth.connect(settings=box.settings) as ps:
        ps.users()
    assert refreshes(box) == []


def test_after_a_401_one_refresh_and_one_retry(box, ps):
    ps.users()
    expire_at_the_service(box)
    box.requests.clear()
    assert len(ps.users()) > 0
    assert [(r.path, r.status) for r in box.requests][:3] == [
        ("/v1/users", 401),
        ("/oauth/token", 200),
        ("/v1/users", 200),
    ]
    assert len(refreshes(box)) == 1


def test_a_401_that_a_fresh_token_does_not_help_ends_in_a_login(box, ps):
    box.knobs.fault("/v1/users", status=401, times=9)
    with pytest.raises(LoginRequired, match="even a fresh one"):
        ps.users()
    assert len(refreshes(box)) == 1
    assert len(box.requests.matching("/v1/users")) == 2


def test_on_demand_whatever_its_age(box, vault, ps):
    before = vault.read().token
    connection = ps.refresh()
    after = vault.read().token
    assert after.access_token != before.access_token
    assert connection == vault.read().connection == ps.connection
    assert len(refreshes(box)) == 1


def test_the_server_rotates_and_every_new_refresh_token_is_used(box, vault, ps):
    seen = {vault.read().token.refresh_token}
    for _ in range(5):
        ps.refresh()
        seen.add(vault.read().token.refresh_token)
    assert len(seen) == 6
    assert [r.status for r in refreshes(box)] == [200] * 5


def test_without_rotation_the_refresh_token_is_kept(box, vault, ps):
    box.knobs.rotate = False
    before = vault.read().token
    ps.refresh()
    ps.refresh()
    after = vault.read().token
    assert after.refresh_token == before.refresh_token
    assert after.access_token != before.access_token


def test_a_scope_that_a_refresh_leaves_out_is_kept(box, vault, ps):
    box.knobs.omit = {"scope", "refresh_token"}
    assert ps.refresh().scope == "read write"
    assert ps.connection.renewable


def test_a_caller_s_parameters_never_reach_the_token_endpoint(box, ps):
    expire_at_the_service(box)
    ps.get("/workflows", name="x", client_id="evil", refresh_token="evil", allow_redirects="true")
    (refresh,) = refreshes(box)
    assert set(refresh.parameters) == {"grant_type", "refresh_token", "client_id", "client_secret"}
    assert refresh.query == {}


def test_a_new_token_that_cannot_be_stored_is_used_from_memory_and_stored_with_the_next_request(
    box, ps, vault, monkeypatch, logs
):
    def full(*_):
        raise psauth.VaultError("The disk is full; make room and try again.")

    expire_here(vault)
    stale = client_of(box.settings)
    box.requests.clear()
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "renew", full)
        assert len(stale.users()) > 0
    assert "could not be stored: The disk is full" in logs.text("psauth")
    assert len(refreshes(box)) == 1
    before = vault.read().token
    assert len(stale.users()) > 0
    assert vault.read().token != before
    assert len(client_of(box.settings).users()) > 0
    assert len(refreshes(box)) == 1, "another client takes what was stored, and no token is spent twice"


def test_a_disk_that_is_full_beforehand_spends_no_refresh_token(box, vault, monkeypatch, connected):
    def full(*_, **__):
        raise psauth.VaultError("The disk is full; make room and try again")

    stored = vault.read()
    with monkeypatch.context() as patch:
        patch.setattr(Vault, "_change", full)
        with pytest.raises(psauth.VaultError, match="full"):
            client_of(box.settings).refresh()
    assert refreshes(box) == []
    assert vault.read() == stored
    client_of(box.settings).refresh()


def test_somebody_else_s_refresh_is_taken_over(box, ps, vault):
    other = client_of(box.settings)
    other.refresh()
    expire_here(vault)
    other2 = client_of(box.settings)
    other2.users()
    box.requests.clear()
    expire_at_the_service(box)
    other2.users()
    assert len(ps.users()) > 0, "this one holds a token that has been replaced three times"
    assert len(refreshes(box)) == 1


def test_a_spent_refresh_token_ends_the_family_is_remembered_and_not_asked_again(box, ps, vault):
    spend_the_refresh_token(box, vault)
    expire_at_the_service(box)
    stale = client_of(box.settings)
    with pytest.raises(LoginRequired, match=r"invalid_grant.*psauth\.login\(\)"):
        stale.users()
    assert [r.status for r in refreshes(box)] == [400]
    assert vault.read().connection.ended == "the service has ended the access (invalid_grant)"
    box.requests.clear()
    for client in (stale, client_of(box.settings), ps):
        for _ in range(3):
            with pytest.raises(LoginRequired):
                client.refresh()
    with pytest.raises(LoginRequired):
        stale.users()
    with pytest.raises(LoginRequired):
        psauth.connect(settings=box.settings, interactive=False)
    assert refreshes(box) == [], "remembered: nobody asks again"


def test_a_new_login_follows_an_ended_connection(box, ps, vault):
    spend_the_refresh_token(box, vault)
    with pytest.raises(LoginRequired):
        client_of(box.settings).refresh()
    again = psauth.connect(settings=box.settings)
    assert again.connection.ended is None
    assert len(again.users()) > 0


def test_a_client_registration_that_is_gone_is_said_and_not_remembered_as_the_end(box, ps, vault):
    box.knobs.fault("/oauth/token", "body", status=401, body='{"error": "invalid_client"}')
    with pytest.raises(LoginRequired, match=r"invalid_client.*still registered"):
        ps.refresh()
    assert vault.read().connection.ended is None
    ps.refresh()


def test_refused_while_the_access_token_lives_goes_on_with_it(box, ps, vault, logs):
    expire_here(vault, ago=-20)  # within the leeway, and alive
    box.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_request"}')
    assert len(client_of(box.settings).users()) > 0
    assert "going on with the access token" in logs.text("psauth")


@pytest.mark.parametrize("fault", [{"status": 503}, {"kind": "drop", "times": 2}, {"status": 429}])
def test_the_token_endpoint_down_and_the_access_token_alive_a_warning_and_on(box, ps, vault, logs, fault):
    expire_here(vault, ago=-20)
    box.knobs.fault("/oauth/token", **fault)
    assert len(client_of(box.settings).users()) > 0
    (warning,) = [r for r in logs.records if r.levelname == "WARNING" and "postponed" in r.getMessage()]
    assert warning.name == "psauth.auth.renewal"


def test_while_the_access_token_lives_a_silent_token_endpoint_is_not_waited_for_again_and_again(box, ps, vault):
    expire_here(vault, ago=-20)
    box.knobs.fault("/oauth/token", "drop", times=100)
    client = client_of(box.settings)
    for _ in range(5):
        assert len(client.users()) > 0
    assert len(refreshes(box)) == 2, "one try, and its one retry"
    expire_at_the_service(box)
    with pytest.raises(LoginRequired):
        client.users()
    assert len(refreshes(box)) == 4, "a token that is refused is not good enough"


def test_the_token_endpoint_down_and_the_access_token_dead(box, ps, vault):
    expire_at_the_service(box)
    box.knobs.fault("/oauth/token", status=503, body='{"error": "temporarily_unavailable"}')
    with pytest.raises(ServiceUnavailable, match=r"503.*temporarily_unavailable.*kept") as failure:
        ps.users()
    assert failure.value.status == 503
    assert vault.read().connection.ended is None
    assert len(ps.users()) > 0, "the connection was kept"


def test_the_clock_runs_ahead_nothing_but_a_refresh_happens(box, ps, clock):
    clock.shift(days=400)
    assert len(ps.users()) > 0
    assert len(refreshes(box)) == 1


def test_the_clock_is_set_back_the_token_s_end_is_unknown_and_a_401_decides(box, ps, clock):
    clock.shift(days=-400)
    assert len(ps.users()) > 0
    assert refreshes(box) == []
    expire_at_the_service(box)
    assert len(ps.users()) > 0
    assert len(refreshes(box)) == 1


def test_the_clock_jumps_back_and_forth_between_requests(box, ps, clock):
    for jump in (2, -2, -30, 60, -30):
        clock.shift(hours=jump)
        assert len(ps.users()) > 0
    assert all(r.status == 200 for r in refreshes(box))
    assert len(refreshes(box)) <= 5
