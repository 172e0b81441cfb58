"""Disconnecting: revoked at the service, forgotten here; and a credential that never goes anywhere else."""

from dataclasses import replace
from urllib.parse import urlsplit

import pytest
import requests

import psauth
from psauth import LoginRequired, UntrustedAddress, Vault, VaultError
from psauth.auth.discovery import service_for_oauth
from tests.flow.parts import client_of, expire_here, refreshes


def answer_to(box, token):
    headers = {"Authorization": f"Bearer {token}"}
    return requests.get(f"{box.api_url}/users", headers=headers, timeout=10).status_code


def test_disconnecting_revokes_both_tokens_and_forgets(box, vault, ps):
    token = vault.read().token
    assert answer_to(box, token.access_token) == 200
    done = psauth.logout(settings=box.settings)
    assert (done.existed, done.revoked) == (True, True)
    assert "revoked" in str(done)
    assert answer_to(box, token.access_token) == 401
    assert vault.connections() == []
    assert [r.status for r in box.requests.matching("/oauth/revoke")] == [200, 200]
    with pytest.raises(LoginRequired):
        psauth.connect(settings=box.settings, interactive=False)


def test_after_a_sandbox_has_ended_its_client_says_what_happened_and_what_to_do():
    with psauth.Sandbox(runs=5) as box:
        ps = psauth.connect(settings=box.settings)
    assert repr(box) == "Sandbox(stopped)"
    with pytest.raises(
        VaultError, match=r"is gone.*A sandbox that has stopped.*psauth.connect\(settings=box.settings\)"
    ):
        ps.workflows()


def test_a_client_still_open_after_disconnecting_asks_for_a_login(box, ps):
    psauth.logout(settings=box.settings)
    with pytest.raises(LoginRequired):
        ps.users()
    assert refreshes(box) == []


@pytest.mark.parametrize("token_auth", ["basic", "none"])
def test_every_kind_of_client_revokes(box, token_auth):
    changes = {"client_id": box.public_client_id, "client_secret": ""} if token_auth == "none" else {}
    settings = box.settings.with_(token_auth=token_auth, **changes)
    psauth.connect(settings=settings)
    assert psauth.logout(settings=settings).revoked
    assert {r.credential for r in box.requests.matching("/oauth/revoke")} == {token_auth}


def test_the_service_cannot_be_reached_forgotten_here_and_it_says_so(box, vault, ps, logs):
    token, settings = vault.read().token, box.settings
    box.knobs.fault("/oauth/revoke", "drop")
    done = psauth.logout(settings=settings)
    assert (done.existed, done.revoked) == (True, False)
    assert "not revoked" in str(done)
    assert vault.connections() == []
    assert "not revoked" in logs.text("psauth")
    assert answer_to(box, token.access_token) == 200, "as it was said"


def test_the_service_is_not_there_at_all(tmp_path):
    with psauth.Sandbox(runs=20) as box:
        settings = box.settings.with_(home=str(tmp_path / "kept"))
        psauth.connect(settings=settings)
    done = psauth.logout(settings=settings)
    assert (done.existed, done.revoked, done.gone) == (True, False, True)
    host = urlsplit(settings.api_url).netloc
    assert str(done) == f"Disconnected: the sandbox at {host} is gone, and the access with it."
    assert Vault.open(settings).connections() == []


@pytest.mark.parametrize("app", ["client_id", "public_client_id"])
def test_a_sandbox_is_known_by_its_apps(box, app):
    service = service_for_oauth(box.settings.with_(client_id=getattr(box, app)))
    assert service.is_sandbox
    assert not replace(service, client_id="acme").is_sandbox
    assert not replace(service, api_url="https://api.process.st/v1").is_sandbox


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_the_service_refuses_to_revoke(box, vault, ps, status):
    box.knobs.fault("/oauth/revoke", status=status, times=2)
    done = psauth.logout(settings=box.settings)
    assert not done.revoked
    assert str(status) in str(done)
    assert vault.connections() == []


def test_there_was_nothing_to_disconnect(box):
    done = psauth.logout("nobody", settings=box.settings)
    assert (done.existed, done.revoked) == (False, False)
    assert "no connection" in str(done)


def test_changed_settings_never_carry_a_token_elsewhere(box, vault, ps, other_box):
    moved = other_box.settings.with_(home=box.settings.home, secret_key=box.settings.secret_key)
    with psauth.connect(settings=moved, interactive=False) as there:
        assert there.connection.service.api_url == box.api_url
        assert len(there.users()) > 0
        there.refresh()
        expire_here(vault)
    assert psauth.logout(settings=moved).revoked
    assert len(other_box.requests) == 0, "the new service has heard of nothing"
    assert [r.status for r in box.requests.matching("/oauth/revoke")] == [200, 200]


def test_a_new_login_with_changed_settings_goes_to_the_new_service(box, ps, other_box):
    moved = other_box.settings.with_(home=box.settings.home, secret_key=box.settings.secret_key)
    assert psauth.login(settings=moved).service.api_url == other_box.api_url


def test_other_addresses_redirects_and_next_links_get_nothing(box, ps, other_box):
    with pytest.raises(UntrustedAddress, match="Nothing was sent"):
        ps.get(f"{other_box.api_url}/users")
    for status in (301, 302, 303, 307, 308):
        box.knobs.fault("/v1/users", "redirect", status=status, location=f"{other_box.api_url}/users")
        with pytest.raises(UntrustedAddress, match="not followed"):
            ps.users()
    box.knobs.next_host = other_box.url
    assert ps.runs()["run_id"].is_unique
    assert len(other_box.requests) == 0


def test_a_redirect_within_the_api_is_followed_with_the_credential(box, ps):
    box.knobs.fault("/v1/users", "redirect", location=f"{box.api_url}/folders")
    assert "data" in ps.get("/users")
    assert [r.credential for r in box.requests.matching("/v1/")] == ["bearer", "bearer"]


def test_a_redirect_that_turns_in_circles_ends(box, ps):
    box.knobs.fault("/v1/users", "redirect", times=50, location=f"{box.api_url}/users")
    with pytest.raises(psauth.ApiError, match="redirects more than"):
        ps.users()
    assert len(box.requests.matching("/v1/users")) < 10


def test_an_api_key_lives_beside_an_oauth_connection(box, ps, vault):
    keyed = box.settings.with_(client_id="", client_secret="", issuer="", api_key=box.api_key)
    psauth.login("robot", settings=keyed)
    assert [(c.account, c.kind) for c in vault.connections()] == [("default", "oauth"), ("robot", "api_key")]
    with client_of(box.settings, "robot") as robot:
        assert robot.whoami().label == "Larkspur Instruments (sandbox)"
        assert robot.users().equals(ps.users())
        assert robot.refresh().kind == "api_key"
    assert {r.credential for r in box.requests.matching("/v1/users")} == {"api_key", "bearer"}
    done = psauth.logout("robot", settings=keyed)
    assert (done.existed, done.revoked) == (True, False)
    assert "API key stays valid" in str(done)
    assert len(ps.users()) > 0


def test_an_api_key_in_the_settings_is_used_without_being_kept(box, vault):
    keyed = box.settings.with_(client_id="", client_secret="", issuer="", api_key=box.api_key)
    with psauth.connect(settings=keyed, interactive=False) as ps:
        assert len(ps.users()) > 0
        assert ps.connection.kind == "api_key"
    assert vault.connections() == []


@pytest.mark.parametrize("how", ["stored", "in the settings"])
def test_an_api_key_that_is_refused(box, vault, how):
    keyed = box.settings.with_(client_id="", client_secret="", issuer="", api_key="mistyped")
    use = psauth.login if how == "stored" else lambda settings: psauth.connect(settings=settings).users()
    with pytest.raises(LoginRequired, match=r"API key.*PSAUTH_API_KEY"):
        use(settings=keyed)
    assert vault.connections() == []
