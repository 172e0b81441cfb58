"""Logging in by pasting: where the browser is elsewhere, or brings no answer."""

import sys
import types
import webbrowser

import pytest

import psauth
from psauth.exceptions import AccessDenied, ExchangeFailed, IssuerMismatch, LoginRequired, StateUnknown
from tests.auth.people import consenting, paste, shown_address
from tests.auth.wire import TOKEN

pytestmark = pytest.mark.usefixtures("no_real_browser")

REMOTE = {
    "JupyterHub": {"JUPYTERHUB_USER": "ada"},
    "Colab": {"COLAB_RELEASE_TAG": "release"},
    "an SSH session": {"SSH_CONNECTION": "10.0.0.1 22"},
}


@pytest.mark.parametrize("place", REMOTE)
def test_where_the_browser_is_elsewhere_the_address_is_printed_and_pasted_back(
    settings, token_endpoint, monkeypatch, terminal, capsys, place
):
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
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
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
