"""A flow, a token endpoint that answers, and a person at a terminal."""

import socket
import sys
import types
import webbrowser

import pytest

from psauth import AuthorizationFlow
from tests.auth.wire import ANSWER, TOKEN


@pytest.fixture
def flow(settings, vault):
    """An authorization flow with the usual settings."""
    return AuthorizationFlow(settings, vault)


@pytest.fixture
def token_endpoint(requests_mock):
    """Answers every exchange with a token."""
    return requests_mock.post(TOKEN, json=ANSWER)


@pytest.fixture
def local(settings):
    """Settings whose redirect URI is a bare loopback, so that any free port will do."""
    return settings.with_(redirect_uri="http://127.0.0.1/")


@pytest.fixture
def no_real_browser(monkeypatch):
    """No test opens a window; those with a browser bring their own."""
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("a browser was opened"))


@pytest.fixture
def terminal(monkeypatch):
    """A person at a terminal who types the given lines; returns what they were asked."""

    def type_lines(*lines):
        typed, asked = iter(lines), []

        def read(prompt=""):
            asked.append(prompt)
            line = next(typed)
            if isinstance(line, BaseException):
                raise line
            return line() if callable(line) else line

        monkeypatch.setattr("builtins.input", read)
        monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(isatty=lambda: True))
        return asked

    return type_lines


@pytest.fixture
def busy(settings):
    """Settings whose port is taken by another program."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        yield settings.with_(redirect_uri=f"http://127.0.0.1:{taken.getsockname()[1]}/")
