"""Whose connection a browser is shown, and that every place of the app asks the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.web import account
from psauth.dashboard.web.account import account_of
from psauth.exceptions import ArgumentError
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.conftest import texts
from tests.dashboard.web.asking import ask


@pytest.fixture(autouse=True)
def _asked_anew() -> Iterator[None]:
    account._owner.cache_clear()
    yield
    account._owner.cache_clear()


def start_with(monkeypatch: pytest.MonkeyPatch, *words: str) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py", *words])


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ([], "default"),
        (["--account", "acme"], "acme"),
        (["--account=acme"], "acme"),
        (["--server.port=1", "--account", "acme", "more"], "acme"),
    ],
)
def test_it_is_the_account_that_the_app_was_started_for(
    monkeypatch: pytest.MonkeyPatch, words: list[str], name: str
) -> None:
    start_with(monkeypatch, *words)
    assert account_of(None) == account_of("any browser") == name


@pytest.mark.parametrize("words", [["--account", " "], ["--account"], ["--account="], ["--account", "a\nb"]], ids=str)
def test_a_name_that_no_account_can_have_is_said(
    monkeypatch: pytest.MonkeyPatch, words: list[str], run: Callable[..., AppTest]
) -> None:
    start_with(monkeypatch, *words)
    with pytest.raises(ArgumentError):
        account_of(None)
    assert ask("/connect", cookie="b").status == 303
    page = run()
    assert [header.value for header in page.header] == ["A setting cannot be used"]
    assert "is no name for an account" in texts(page)


def test_connect_connects_that_account(monkeypatch: pytest.MonkeyPatch) -> None:
    start_with(monkeypatch, "--account", "acme")
    answer = ask("/connect", cookie="b")
    state = dict(parse_qsl(urlsplit(answer.headers["location"]).query))["state"]
    pending = Vault.open(Settings(env_file=None)).pending(state)
    assert pending is not None
    assert pending.account == "acme"


def test_an_api_key_is_kept_for_that_account(monkeypatch: pytest.MonkeyPatch) -> None:
    start_with(monkeypatch, "--account", "acme")
    with psauth.Sandbox(runs=5) as box:
        monkeypatch.setenv("PSAUTH_API_KEY", box.api_key)
        monkeypatch.setenv("PSAUTH_API_URL", box.api_url)
        assert ask("/connect", cookie="k").status == 303
    assert [c.account for c in Vault.open(Settings(env_file=None)).connections()] == ["acme"]


@pytest.mark.slow
def test_the_pages_show_that_account_and_disconnect_it(
    monkeypatch: pytest.MonkeyPatch, run: Callable[..., AppTest], connected: Vault
) -> None:
    start_with(monkeypatch, "--account", "acme")
    assert "Your Process Street workflows, as tables" in texts(run()), "the account default is connected, acme is not"
    stored = connected.read()
    connected.connect("acme", stored.service, token=stored.token, label="The acme organisation")
    page = run("connection")
    assert "The acme organisation" in texts(page)
