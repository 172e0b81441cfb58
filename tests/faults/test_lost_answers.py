"""A token endpoint whose answers get lost, and one that is not there."""

import time

import pytest

import psauth
from psauth import LoginRequired, ServiceUnavailable, Vault, WrongAddress
from tests.flow.parts import client_of, expire_at_the_service, expire_here, refreshes

LOST = ["drop", "reset", "truncate"]


@pytest.mark.parametrize("kind", LOST)
def test_lost_after_rotation_asked_once_more_then_a_login(box, ps, vault, kind):
    box.knobs.fault("/oauth/token", kind, when="after")
    with pytest.raises(LoginRequired, match="invalid_grant"):
        ps.refresh()
    assert [r.status for r in refreshes(box)][1:] == [400], "asked once more, and no third time"
    assert vault.read().connection.ended is not None
    assert len(psauth.connect(settings=box.settings).users()) > 0


@pytest.mark.parametrize("kind", LOST)
def test_lost_after_a_service_acted_that_does_not_rotate_works(box, ps, kind):
    box.knobs.rotate = False
    box.knobs.fault("/oauth/token", kind, when="after")
    ps.refresh()
    assert len(refreshes(box)) == 2
    assert len(ps.users()) > 0


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_lost_before_the_service_acted_works(box, ps, kind):
    box.knobs.fault("/oauth/token", kind)
    ps.refresh()
    assert [r.status for r in refreshes(box)] == [None, 200]


@pytest.mark.parametrize("kind", ["drop", "reset"])
def test_lost_twice_asks_for_a_login_and_remembers_no_end(box, ps, vault, kind):
    expire_at_the_service(box)
    box.knobs.fault("/oauth/token", kind, times=2)
    with pytest.raises(LoginRequired, match=r"lost twice.*psauth\.login\(\)"):
        ps.users()
    assert len(refreshes(box)) == 2
    assert vault.read().connection.ended is None
    assert len(ps.users()) > 0, "the refresh token was not spent after all"


@pytest.mark.parametrize("body", ["{}", '{"access_token": ""}', '{"access_token": null}', '{"access_tok'])
def test_an_answer_of_200_without_a_token_is_as_good_as_lost(box, ps, vault, body):
    box.knobs.fault("/oauth/token", "body", status=200, body=body, times=2)
    with pytest.raises(LoginRequired, match="lost twice"):
        ps.refresh()
    assert vault.read().connection.ended is None
    ps.refresh()


def test_a_token_endpoint_that_never_answers_is_left_after_its_timeout(box, ps, monkeypatch):
    monkeypatch.setattr("psauth.auth.token_endpoint.TIMEOUT", (1, 0.2))
    box.knobs.fault("/oauth/token", "delay", seconds=30, times=2)
    began = time.monotonic()
    with pytest.raises(LoginRequired, match="ReadTimeout"):
        ps.refresh()
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("body", ["<html>", '"access"', "", "[]"])
def test_an_answer_of_200_that_no_token_endpoint_gives_is_asked_for_once(box, ps, vault, body):
    box.knobs.fault("/oauth/token", "body", status=200, body=body, times=2)
    with pytest.raises(WrongAddress, match="no Process Street API answers so"):
        ps.refresh()
    assert len(refreshes(box)) == 1
    box.knobs.faults.clear()
    ps.refresh()
    assert vault.read().connection.ended is None


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_down_with_a_dead_access_token_keeps_the_connection(box, ps, vault, status):
    expire_at_the_service(box)
    box.knobs.fault("/oauth/token", status=status)
    with pytest.raises(ServiceUnavailable, match=str(status)) as failure:
        ps.users()
    assert failure.value.status == status
    assert len(refreshes(box)) == 1
    assert vault.read().connection.ended is None
    assert len(ps.users()) > 0


def test_not_there_at_all_and_back_again_with_its_grants(tmp_path, naps):
    state = tmp_path / "grants.json"
    with psauth.Sandbox(runs=20, state=state) as box:
        port = int(box.url.rpartition(":")[2])
        settings = box.settings.with_(home=str(tmp_path / "kept"))
        psauth.connect(settings=settings).close()
    vault = Vault.open(settings)
    with pytest.raises(ServiceUnavailable, match="does not answer"):
        client_of(settings).users()
    expire_here(vault)
    with pytest.raises(ServiceUnavailable, match=r"renewed.*kept"):
        client_of(settings).users()
    assert vault.read().connection.ended is None
    with psauth.Sandbox(runs=20, state=state, port=port) as box:
        assert len(client_of(settings).users()) > 0
        assert [r.status for r in refreshes(box)] == [200]


def test_down_with_a_living_access_token_every_request_goes_on_and_the_next_try_may_help(box, ps, vault, monkeypatch):
    monkeypatch.setattr("psauth.api.access.RENEWED_AGAIN", 0.0)  # the pause between two tries is over at once
    expire_here(vault, ago=-30)
    box.knobs.fault("/oauth/token", status=503, times=3)
    client = client_of(box.settings)
    for _ in range(3):
        assert len(client.users()) > 0
    assert len(client.users()) > 0
    assert [r.status for r in refreshes(box)] == [503, 503, 503, 200]
