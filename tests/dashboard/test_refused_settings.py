"""Settings that are refused, in each state of the app: one sentence, on every view and at Connect; nothing is sent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.dashboard.parts.menu import MENU
from psauth.dashboard.web.notices import notices
from psauth.vault.vault import Vault
from tests.dashboard.conftest import labels, texts
from tests.dashboard.web.asking import arrive, ask, named

pytestmark = pytest.mark.slow
Run = Callable[..., AppTest]
VIEWS = [entry.file for entry in MENU]
EVIL = "https://evil.example"


def foreign_key(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An API key from the environment, and its address from a folder's `.env`."""
    monkeypatch.chdir(folder)
    (folder / ".env").write_text(f"PSAUTH_API_URL={EVIL}/v1\n")
    monkeypatch.setenv("PSAUTH_API_KEY", "hidden-key-7Hq2")


def foreign_app(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An OAuth app from the environment, and its addresses from a folder's `.env`."""
    monkeypatch.chdir(folder)
    (folder / ".env").write_text(f"PSAUTH_AUTHORIZE_URL={EVIL}/a\nPSAUTH_TOKEN_URL={EVIL}/t\n")
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "hidden-key-7Hq2")


def no_address(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    """An address that is none."""
    monkeypatch.chdir(folder)
    monkeypatch.setenv("PSAUTH_API_URL", "nonsense")


@pytest.mark.parametrize("refused", [foreign_key, no_address])
def test_who_is_not_connected_reads_what_to_change(
    refused: Callable[..., None], run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused(monkeypatch, tmp_path)
    page = run()
    assert [header.value for header in page.header] == ["A setting cannot be used"]
    assert labels(page) == ["Try again"]
    assert "PSAUTH_API_URL" in texts(page)
    assert "hidden-key" not in str(page)


@pytest.mark.parametrize("refused", [foreign_key, foreign_app, no_address])
def test_connect_sends_nobody_anywhere_and_says_why(
    refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    refused(monkeypatch, tmp_path)
    answer = arrive(ask("/connect", cookie="r"), cookie="r")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notice = notices.take(named("r"))
    assert notice is not None
    assert not notice.connected
    assert "PSAUTH_" in notice.text
    assert "hidden-key" not in str(notice)


def test_an_oauth_app_that_would_be_refused_is_said_before_connect_is_pressed(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign_app(monkeypatch, tmp_path)
    page = run()
    (warning,) = page.warning
    assert "PSAUTH_TRUST_ADDRESSES=yes" in warning.value
    assert "hidden-key" not in str(page)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("refused", [foreign_key, foreign_app])
def test_who_is_connected_goes_on_where_the_connection_was_made(
    refused: Callable[..., None],
    view: str,
    run: Run,
    connected: Vault,
    box: psauth.Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    refused(monkeypatch, tmp_path)
    page = run(view)
    assert not page.exception
    assert not [header for header in page.header if header.value == "A setting cannot be used"]
    assert "hidden-key" not in str(page)


@pytest.mark.parametrize("refused", [foreign_key, foreign_app])
def test_whose_connection_has_ended_is_not_sent_elsewhere(
    refused: Callable[..., None],
    run: Run,
    connected: Vault,
    box: psauth.Sandbox,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    connected.end(connected.read(), "the service has ended the access (invalid_grant)")
    refused(monkeypatch, tmp_path)
    page = run()
    expected = "A setting cannot be used" if refused is foreign_key else "The connection has ended"
    assert [header.value for header in page.header] == [expected]
    assert ask("/connect", cookie="e").status == 303
    assert "hidden-key" not in str(page)


def test_several_that_are_wrong_are_all_said(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    no_address(monkeypatch, tmp_path)
    monkeypatch.setenv("PSAUTH_TOKEN_AUTH", "telepathy")
    page = run()
    assert [text.value.split()[0] for text in page.text] == ["PSAUTH_API_URL", "PSAUTH_TOKEN_AUTH"]
