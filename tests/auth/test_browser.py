"""Logging in from a notebook or terminal: by the browser here, or by the app."""

import socket
import types
import webbrowser
from urllib.parse import parse_qsl, urlsplit

import pytest

import psauth
from psauth.auth import browser as interactive
from psauth.exceptions import (
    AccessDenied,
    ExchangeFailed,
    LoginRequired,
    VaultError,
)
from psauth.vault.vault import Vault
from tests.auth.people import consenting, paste, query, shown_address
from tests.auth.wire import TOKEN

pytestmark = pytest.mark.usefixtures("no_real_browser")


# By the browser here --------------------------------------------------------------------------------------------------


def test_the_browser_brings_the_answer_to_a_free_port(local, token_endpoint, monkeypatch, capsys):
    pages, tabs = consenting(monkeypatch, before=["favicon.ico", "?code=x&state=wrong"])
    connection = psauth.login("acme", settings=local, timeout=10)
    tabs[0].join(5)
    assert (connection.account, connection.scope) == ("acme", "read write")
    assert "Connected" in pages[0]
    assert Vault.open(local).read("acme").token.access_token == "access-new"
    sent = dict(parse_qsl(token_endpoint.last_request.text))
    assert urlsplit(sent["redirect_uri"]).hostname == "127.0.0.1"
    assert urlsplit(sent["redirect_uri"]).port
    assert "https://app.example/oauth/authorize?" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (lambda sent: {"error": "access_denied", "state": sent["state"]}, AccessDenied),
        (lambda sent: {"code": "bad", "state": sent["state"]}, ExchangeFailed),
    ],
)
def test_a_refusal_in_the_browser_is_raised_here_and_shown_there(local, requests_mock, monkeypatch, answer, error):
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    pages, tabs = consenting(monkeypatch, answer)
    with pytest.raises(error):
        psauth.login(settings=local, timeout=10)
    tabs[0].join(5)
    assert "Not connected" in pages[0]


def test_a_vault_that_breaks_meanwhile_is_said_at_once(local, token_endpoint, monkeypatch):
    def broken(*args, **kwargs):
        raise VaultError("The disk is full.")

    monkeypatch.setattr(Vault, "connect", broken)
    _, tabs = consenting(monkeypatch)
    with pytest.raises(VaultError, match="disk is full"):
        psauth.login(settings=local, timeout=10)
    tabs[0].join(5)


def test_nobody_answering_ends_with_a_login_required(local, monkeypatch):
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with pytest.raises(LoginRequired, match=r"Nobody answered .*psauth\.login\(\)"):
        psauth.login(settings=local, timeout=0.1)


def test_ctrl_c_ends_the_wait_and_frees_the_port(local, monkeypatch):
    ports = []

    def interrupted(self, timeout):
        ports.append(urlsplit(self.redirect_uri).port)
        raise KeyboardInterrupt

    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    monkeypatch.setattr("psauth.auth.receiver.Receiver.wait", interrupted)
    with pytest.raises(KeyboardInterrupt):
        psauth.login(settings=local)
    with socket.create_server(("127.0.0.1", ports[0])):
        pass


def test_settings_that_consent_by_themselves_need_no_browser(settings, token_endpoint):
    asking = settings.with_(consent=lambda url: f"http://localhost:8501/?code=c&state={query(url)['state']}")
    assert psauth.login(settings=asking).kind == "oauth"


# By the app -----------------------------------------------------------------------------------------------------------


def mark(settings):
    return settings.redirect_uri + interactive.APP_MARK.lstrip("/")


@pytest.mark.parametrize("answer", [{"status_code": 404}, {"text": "<html>"}, {"json": []}, {"json": {"app": "other"}}])
def test_a_port_taken_by_another_program_is_pasted(busy, token_endpoint, requests_mock, terminal, capsys, answer):
    requests_mock.get(mark(busy), **answer)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=busy)
    assert f"Port {urlsplit(busy.redirect_uri).port} is taken by another program" in seen[0]


@pytest.fixture
def app_time(monkeypatch):
    """The waiting for the app, without waiting: each pause runs the next of the given steps."""

    def steps(*actions):
        state = types.SimpleNamespace(now=0.0, actions=[*actions])

        def sleep(seconds):
            state.now += 10
            if state.actions:
                state.actions.pop(0)()

        monkeypatch.setattr(interactive, "time", types.SimpleNamespace(sleep=sleep, monotonic=lambda: state.now))

    return steps


def test_the_app_on_that_port_takes_the_answer(busy, token_endpoint, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)

    def the_app_finishes():
        psauth.AuthorizationFlow(busy, Vault.open(busy)).finish({"code": "c", "state": query(opened[0])["state"]})

    app_time(lambda: None, the_app_finishes)
    assert psauth.login("acme", settings=busy).scope == "read write"


def test_an_app_that_gets_no_answer_is_not_waited_for_forever(busy, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    app_time()
    with pytest.raises(LoginRequired, match="Nobody answered"):
        psauth.login(settings=busy)


def test_an_app_with_another_vault_is_just_another_program(busy, requests_mock, monkeypatch):
    requests_mock.get(mark(busy), json={"app": "psauth", "vault": "another"})
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with pytest.raises(LoginRequired, match="no terminal to ask"):
        psauth.login(settings=busy)


def test_an_app_that_is_refused_says_so_on_its_page(busy, requests_mock, monkeypatch, app_time):
    requests_mock.get(mark(busy), json=interactive.app_mark(Vault.open(busy)))
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    app_time(lambda: Vault.open(busy).consume(query(opened[0])["state"]))
    with pytest.raises(LoginRequired, match="its page says why"):
        psauth.login(settings=busy)
