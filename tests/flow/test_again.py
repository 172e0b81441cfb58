"""Logging in once more, where nothing is configured any longer; and a prompt that the browser makes superfluous."""

import os
import pty
import threading

import pytest
import requests

import psauth
from psauth import LoginRequired, Vault
from psauth.settings import Settings
from tests.flow.parts import expire_at_the_service


def bare(box):
    """The home and key of the sandbox's settings, and nothing else."""
    return Settings(home=box.settings.home, secret_key=box.settings.secret_key, env_file=None)


def test_without_settings_a_login_goes_to_where_the_connection_was_made(box, vault, flow, monkeypatch):
    flow.finish(box.login(flow.begin()))
    vault.end(vault.read(), "the service has ended the access (invalid_grant)")
    opened = []

    def browser(url):
        opened.append(url)
        import requests

        requests.get(box.login(url), timeout=10)
        return True

    monkeypatch.setattr("webbrowser.open", browser)
    ps = psauth.connect(settings=bare(box))
    assert opened[0].startswith(box.url)
    assert len(ps.workflows()) == 12
    assert ps.connection.ended is None


def test_a_terminal_stops_asking_when_the_browser_has_brought_the_answer(box, monkeypatch, capsys):
    leader, follower = pty.openpty()
    settings = box.settings.with_(consent=None, redirect_uri="http://127.0.0.1/")
    addresses = []

    def no_browser_here(url):
        import requests

        # Somebody opens it by hand, on this machine, while the terminal asks.
        threading.Timer(0.3, lambda: addresses.append(requests.get(box.login(url), timeout=10).url)).start()
        return False

    monkeypatch.setattr("webbrowser.open", no_browser_here)
    with os.fdopen(follower) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        connection = psauth.login(settings=settings, timeout=20)
    os.close(leader)
    assert connection.scope
    assert "Connected, you are done" in capsys.readouterr().out
    assert Vault.open(settings).find("default") is not None


def test_a_prompt_nobody_answers_ends_after_the_timeout(box, monkeypatch):
    leader, follower = pty.openpty()
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    settings = box.settings.with_(consent=None, redirect_uri="http://127.0.0.1/")
    with os.fdopen(follower) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        with pytest.raises(psauth.LoginRequired, match="within 1 seconds"):
            psauth.login(settings=settings, timeout=1)
    os.close(leader)


def test_what_is_shown_of_a_connection_holds_no_client_secret(box, flow):
    from dataclasses import asdict

    connection = flow.finish(box.login(flow.begin()))
    assert box.client_secret not in str(asdict(connection))
    assert Vault.open(box.settings).read().service.client_secret == box.client_secret


def ended_at_the_service(box):
    """The access ends now, and the service refuses to renew it."""
    expire_at_the_service(box)
    box.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')


def test_a_client_whose_connection_ends_is_not_shown_as_one_that_is_renewed(box, ps):
    assert "renewed by itself" in ps._repr_html_()
    ended_at_the_service(box)
    with pytest.raises(LoginRequired, match="has ended"):
        ps.users()
    assert "has ended: the service has ended the access" in ps._repr_html_()
    assert "renewed" not in ps._repr_html_()
    assert ps.connection.ended


def test_a_client_whose_connection_ended_goes_on_after_a_new_login(box, ps):
    ended_at_the_service(box)
    for _ in range(2):
        with pytest.raises(LoginRequired):
            ps.users()
    psauth.login(settings=box.settings)
    assert len(ps.users()) > 0
    assert ps.connection.ended is None


@pytest.mark.parametrize("noticed", [False, True], ids=["before it was noticed", "after it was noticed"])
def test_a_client_never_sends_the_token_of_a_login_elsewhere_to_the_service_it_began_with(box, ps, other_box, noticed):
    expire_at_the_service(box)
    if noticed:
        box.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
        with pytest.raises(LoginRequired):
            ps.users()
    moved = other_box.settings.with_(home=box.settings.home, secret_key=box.settings.secret_key)
    psauth.login(settings=moved)
    token = Vault.open(moved).read().token.access_token
    sent = []
    send = requests.Session.send
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "requests.Session.send",
            lambda self, r, **more: sent.append((r.url, str(r.headers))) or send(self, r, **more),
        )
        with pytest.raises(LoginRequired, match=r"is connected to .* now.*psauth\.connect\(\)"):
            ps.users()
    assert not [url for url, headers in sent if token in headers]
    with psauth.connect(settings=moved, interactive=False) as there:
        assert len(there.users()) > 0
