"""Logging in once more, where nothing is configured any longer; and a prompt that the browser makes superfluous."""

import os
import pty
import threading

import pytest

import psauth
from psauth import Vault
from psauth.settings import Settings


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
