"""What Connect connects to, and what the first page says about the settings before anybody presses it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from psauth.dashboard.web.target import find_target, mismatch_of
from psauth.vault.vault import Vault
from tests.dashboard.conftest import as_read, texts

Run = Callable[..., AppTest]


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")


@pytest.mark.parametrize("host", ["localhost:8502", "127.0.0.1:80", "[::1]:8511", "localhost"])
def test_a_port_that_the_answer_would_not_come_back_to_is_known_beforehand(own: None, host: str) -> None:
    assert "PSAUTH_REDIRECT_URI is http://localhost:8501/" in (mismatch_of(find_target(), host) or "")


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", None, "[::1", "localhost:port"])
def test_a_port_that_fits_or_that_nobody_can_tell_is_no_mismatch(own: None, host: str | None) -> None:
    assert mismatch_of(find_target(), host) is None


def test_the_sandbox_and_an_api_key_come_back_to_any_port(monkeypatch: pytest.MonkeyPatch) -> None:
    assert mismatch_of(find_target(), "localhost:8502") is None
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    assert mismatch_of(find_target(), "localhost:8502") is None


@pytest.mark.slow
def test_the_first_page_says_the_mismatch_before_connect(own: None, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    mismatch = mismatch_of(find_target(), "localhost:8502")
    monkeypatch.setattr("psauth.dashboard.web.target.mismatch_of", lambda target, host: mismatch)
    page = run()
    assert mismatch in [as_read(warning.value) for warning in page.warning]
    assert 'href="/connect"' in texts(page)


@pytest.mark.slow
def test_the_first_page_says_a_misspelt_name_and_which_env_file_was_read(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "no `.env`" in texts(run())
    monkeypatch.setenv("PSAUTH_APIKEY", "key-Rt55")
    (tmp_path / ".env").write_text("PSAUTH_SCOPE=read\n")
    page = run()
    assert "PSAUTH_APIKEY is not a setting of psauth. Did you mean PSAUTH_API_KEY?" in texts(page)
    assert f"the environment and {tmp_path / '.env'}." in texts(page)
    assert "key-Rt55" not in str(page)


@pytest.mark.slow
def test_an_ended_connection_with_an_api_key_in_the_settings(
    run: Run, connected: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    connected.end(connected.read(), "the service has ended the access (invalid_grant)")
    assert "API key" not in texts(run())
    monkeypatch.setenv("PSAUTH_API_KEY", "key-Rt55")
    page = run()
    assert "psauth.connect() uses the API key of your settings meanwhile" in texts(page)
    assert "The connection has ended" in texts(page)
    assert "renewed by itself" not in texts(run("connection"))
