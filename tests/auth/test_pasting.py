"""Logging in by pasting: where the browser is elsewhere, or brings no answer."""

import errno
import os
import sys
import threading
import types
import webbrowser
from urllib.parse import urlencode

import pytest

import psauth
from psauth.auth.place import remote_place
from psauth.exceptions import (
    AccessDenied,
    AuthorizationError,
    ExchangeFailed,
    IssuerMismatch,
    LoginRequired,
    StateUnknown,
)
from tests.auth.people import consenting, paste, query, shown_address, visit
from tests.auth.wire import TOKEN

pytestmark = pytest.mark.usefixtures("no_real_browser")

REMOTE = {
    "JupyterHub": {"JUPYTERHUB_USER": "ada"},
    "Colab": {"COLAB_RELEASE_TAG": "release"},
    "an SSH session": {"SSH_CONNECTION": "10.0.0.1 22"},
    "Codespaces": {"CODESPACES": "true", "REMOTE_CONTAINERS": "true", "BROWSER": "/vscode/bin/helpers/browser.sh"},
    "a dev container": {"REMOTE_CONTAINERS": "true", "BROWSER": "true"},
    "Gitpod": {"GITPOD_WORKSPACE_ID": "ada-psauth-1", "GP_EXTERNAL_BROWSER": "gp preview"},
    "Kaggle": {"KAGGLE_KERNEL_RUN_TYPE": "Interactive"},
    "Binder": {"BINDER_SERVICE_HOST": "mybinder.org", "JUPYTERHUB_USER": "psauth-x1"},
    "Deepnote": {"DEEPNOTE_PROJECT_ID": "8a-1"},
}


@pytest.mark.parametrize("place", REMOTE)
def test_where_the_browser_is_elsewhere_the_address_is_printed_and_pasted_back(
    settings, token_endpoint, monkeypatch, terminal, capsys, place
):
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a browser was started"))
    for name, value in REMOTE[place].items():
        monkeypatch.setenv(name, value)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    seen = []
    asked = terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings).kind == "oauth"
    assert asked == ["Callback address: "]
    assert f"This is {place}" in seen[0]
    assert "begins with http://localhost:8501/" in seen[0]


@pytest.mark.parametrize("value", ["", "0", "false", "False"])
def test_a_variable_that_says_no_is_no_place(monkeypatch, value):
    monkeypatch.setenv("CODESPACES", value)
    assert remote_place() is None


@pytest.mark.parametrize("place", ["Codespaces", "JupyterHub"])
def test_where_the_browser_is_elsewhere_its_answer_may_come_by_a_forwarded_port(
    local, token_endpoint, monkeypatch, terminal, capsys, place
):
    for name, value in REMOTE[place].items():
        monkeypatch.setenv(name, value)
    address = shown_address(capsys, seen := [])

    def forwarded():
        sent = query(address())
        visit(sent["redirect_uri"] + "?" + urlencode({"code": "c", "state": sent["state"]}))
        return threading.Event().wait(30)  # nobody types: the login itself ends the asking

    terminal(forwarded)
    assert psauth.login(settings=local).kind == "oauth"
    assert "If the page says Connected, you are done" in seen[0]


@pytest.mark.parametrize("place", ["Codespaces", "an SSH session"])
def test_where_the_browser_is_elsewhere_a_taken_port_is_no_obstacle(
    busy, token_endpoint, monkeypatch, terminal, capsys, place
):
    for name, value in REMOTE[place].items():
        monkeypatch.setenv(name, value)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=busy).kind == "oauth"
    assert f"This is {place}" in seen[0]
    assert "taken" not in seen[0]


def test_what_the_app_makes_of_an_answer_is_seen_where_the_browser_is_elsewhere_too(
    busy, token_endpoint, monkeypatch, terminal, capsys
):
    monkeypatch.setenv("CODESPACES", "true")
    address = shown_address(capsys, [])

    def the_app_finishes():
        state = query(address())["state"]
        psauth.AuthorizationFlow(busy, psauth.Vault.open(busy)).finish({"code": "c", "state": state})
        return threading.Event().wait(30)

    terminal(the_app_finishes)
    assert psauth.login(settings=busy).kind == "oauth"


def test_asked_to_paste_nothing_is_opened_and_no_port_is_used(settings, token_endpoint, monkeypatch, terminal, capsys):
    monkeypatch.setattr("psauth.auth.browser.Receiver", lambda address: pytest.fail("a port was used"))
    monkeypatch.setenv("BROWSER", "some-browser")
    monkeypatch.setattr("subprocess.Popen", lambda *_, **__: pytest.fail("a browser was started"))
    seen = []
    asked = terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings, paste=True).kind == "oauth"
    assert asked == ["Callback address: "]
    assert seen[0].startswith("1. Open this address in a browser, on any machine")


def test_asked_to_paste_without_anybody_to_ask(settings):
    with pytest.raises(LoginRequired, match="no terminal to ask"):
        psauth.login(settings=settings, paste=True)


def test_a_paste_is_taken_while_the_receiver_waits_for_a_browser_that_says_yes(
    local, token_endpoint, monkeypatch, terminal, capsys
):
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    seen = []
    terminal("", paste(shown_address(capsys, seen)))
    assert psauth.login(settings=local).kind == "oauth"
    assert "Your browser shows the consent page now" in seen[0]
    assert "copy its whole address and paste it here" in seen[0]


def test_an_input_that_does_not_work_leaves_it_to_the_browser(local, token_endpoint, monkeypatch, terminal):
    terminal(RuntimeError("raw_input was called, but this frontend does not support it"))
    _, tabs = consenting(monkeypatch)
    assert psauth.login(settings=local, timeout=10).kind == "oauth"
    tabs[0].join(5)


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EACCES, "may not listen on port 80 (Permission denied)"),
        (errno.EPERM, "may not listen on port 80"),
        (errno.EADDRNOTAVAIL, "cannot listen on port 80"),
        (errno.EADDRINUSE, "Port 80 is taken by another program"),
    ],
)
def test_a_port_that_cannot_be_had_is_said_for_what_it_is(
    settings, token_endpoint, requests_mock, monkeypatch, terminal, capsys, number, words
):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("psauth.auth.receiver._Server", refuse)
    requests_mock.get("http://localhost:80/psauth-app", status_code=404)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings.with_(redirect_uri="http://localhost:80/"))
    assert words in seen[0]
    assert ("taken" in seen[0]) == (number == errno.EADDRINUSE)


# The other way in -----------------------------------------------------------------------------------------------------


@pytest.fixture
def soon(monkeypatch):
    """Half a minute is over in a moment."""
    monkeypatch.setattr("psauth.auth.browser.API_KEY_MENTIONED_AFTER", 0.01)


def test_half_a_minute_it_is():
    assert psauth.auth.browser.API_KEY_MENTIONED_AFTER == 30


def test_a_browser_that_brings_no_answer_has_the_api_key_mentioned(local, soon, monkeypatch, capsys):
    monkeypatch.setattr(webbrowser, "open", lambda url: True)
    with pytest.raises(LoginRequired, match="Nobody answered"):
        psauth.login(settings=local, timeout=0.5)
    assert capsys.readouterr().out.count("PSAUTH_API_KEY=your-key") == 1


def test_a_person_who_does_not_paste_has_the_api_key_mentioned(
    settings, soon, token_endpoint, monkeypatch, terminal, capsys
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    seen = []
    pasted = paste(shown_address(capsys, seen))

    def hesitating():
        line = pasted()
        while "PSAUTH_API_KEY=your-key" not in "".join(seen):
            seen.append(capsys.readouterr().out)
        return line

    terminal(hesitating)
    assert psauth.login(settings=settings).kind == "oauth"


def test_an_answer_in_time_has_no_api_key_mentioned(local, token_endpoint, monkeypatch, capsys):
    _, tabs = consenting(monkeypatch)
    psauth.login(settings=local, timeout=10)
    tabs[0].join(5)
    assert "API" not in capsys.readouterr().out
    waiting = [t for t in threading.enumerate() if isinstance(t, threading.Timer) and not t.finished.is_set()]
    assert not [t for t in waiting if t.interval == psauth.auth.browser.API_KEY_MENTIONED_AFTER]


# At the prompt --------------------------------------------------------------------------------------------------------


def test_an_ssh_session_with_a_display_has_a_browser(local, token_endpoint, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 22")
    monkeypatch.setenv("DISPLAY", ":0")
    _, tabs = consenting(monkeypatch)
    assert psauth.login(settings=local, timeout=10)
    tabs[0].join(5)


def test_wrong_pastes_are_explained_and_the_right_one_still_works(
    settings, token_endpoint, monkeypatch, terminal, capsys
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    seen = []
    terminal("not an address", "http://localhost:8501/?code=c&state=wrong", paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings).kind == "oauth"
    assert "no state" in "".join(seen)
    assert "answers no request made here" in "".join(seen)


def test_three_wrong_pastes_end_the_login(settings, token_endpoint, monkeypatch, terminal):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    asked = terminal(*["http://localhost:8501/?code=c&state=wrong"] * 3)
    with pytest.raises(StateUnknown):
        psauth.login(settings=settings)
    assert len(asked) == 3


NO_ADDRESSES = [
    "hello",
    "https://app.example/oauth/authorize?client_id=a",
    "http://localhost:8501/",
    "http://localhost:8501/?state=of-another-tab&code=c",
    "http://[::1",
    "http://localhost:8501/?state=a&state=b",
]


@pytest.mark.parametrize("pasted", NO_ADDRESSES)
def test_a_paste_that_is_no_callback_address_is_told_what_one_looks_like(
    settings, monkeypatch, terminal, capsys, pasted
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    asked = terminal(*[pasted] * 3)
    with pytest.raises(AuthorizationError) as refusal:
        psauth.login("acme", settings=settings)
    expected = "which looks like http://localhost:8501/?code=…&state=… Copy all of it from the browser's address bar."
    assert str(refusal.value).endswith(f"{expected} Begin again: psauth.login(account='acme')")
    assert capsys.readouterr().out.count(f"{expected}\nTry once more.") == 2
    assert len(asked) == 3


@pytest.mark.parametrize(
    ("changes", "error", "pastes"),
    [
        ({"error": "access_denied"}, AccessDenied, 1),
        ({"code": "bad"}, ExchangeFailed, 1),
        ({"iss": "http://evil"}, IssuerMismatch, 3),
    ],
)
def test_an_answer_that_ends_the_request_is_not_asked_for_again(
    settings, requests_mock, monkeypatch, terminal, capsys, changes, error, pastes
):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    requests_mock.post(TOKEN, status_code=400, json={"error": "invalid_grant"})
    seen = []
    asked = terminal(*[paste(shown_address(capsys, seen), **changes)] * 3)
    with pytest.raises(error):
        psauth.login(settings=settings)
    assert len(asked) == pastes


@pytest.mark.parametrize(
    ("redirect_uri", "why"),
    [("https://callback.example/psauth", "is not on this machine"), ("https://localhost/", "is not")],
)
def test_a_redirect_uri_that_psauth_cannot_serve_is_pasted(
    settings, token_endpoint, terminal, capsys, redirect_uri, why
):
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=settings.with_(redirect_uri=redirect_uri))
    assert why in seen[0]


@pytest.mark.parametrize("how", ["no browser", "an error"])
def test_a_machine_without_a_browser_is_pasted(local, token_endpoint, monkeypatch, terminal, capsys, how):
    def open_(url):
        if how == "an error":
            raise webbrowser.Error("no browser")
        return False

    monkeypatch.setattr(webbrowser, "open", open_)
    seen = []
    terminal(paste(shown_address(capsys, seen)))
    assert psauth.login(settings=local)
    assert "No browser was found" in seen[0]


def test_without_a_terminal_there_is_nobody_to_ask(settings, monkeypatch):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    for stdin in (None, types.SimpleNamespace(isatty=lambda: False)):
        monkeypatch.setattr(sys, "stdin", stdin)
        with pytest.raises(LoginRequired, match=r"no terminal to ask.*psauth login"):
            psauth.login(settings=settings)


@pytest.mark.parametrize(
    "error", [EOFError(), RuntimeError("raw_input was called, but this frontend does not support it")]
)
def test_an_input_that_does_not_work_is_a_login_required(settings, monkeypatch, terminal, error):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    terminal(error)
    with pytest.raises(LoginRequired, match="none can be asked here"):
        psauth.login(settings=settings)


def test_ctrl_c_at_the_prompt_is_ctrl_c(settings, monkeypatch, terminal):
    monkeypatch.setenv("JUPYTERHUB_USER", "ada")
    terminal(KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        psauth.login(settings=settings)


def test_colab_is_a_place_elsewhere(monkeypatch):
    monkeypatch.setitem(sys.modules, "google.colab", types.ModuleType("google.colab"))
    assert remote_place() == "Colab"
