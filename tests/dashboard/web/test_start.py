"""Which person: who opens the address that the terminal says comes in, another user of this machine does not."""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from urllib.parse import quote

import pytest
import streamlit as st
from hypothesis import given, strategies

import psauth
from psauth.auth.entrance import find_entrances, keep_entrance
from psauth.dashboard.web.start import Start, announced, this_start
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.web.asking import LED, ask

CLOSED = [
    "/",
    "/runs",
    "/connect",
    "/media/a.csv",
    "/_stcore/metrics",
    "/_stcore/upload_file/a",
    "/static/x.js",
    "/notice",
    "/shown",
    "//x",
]


def test_the_address_with_the_token_lets_the_browser_in_and_is_clean_afterwards() -> None:
    answer = ask(f"/?token={this_start().token}", started=False, said={**LED, "sec-fetch-site": "none"})
    assert (answer.status, answer.headers["location"]) == (303, "/")
    assert answer.headers["cache-control"] == "no-store"
    (cookie,) = [line for line in answer.cookies if line.startswith("psauth-start-8501=")]
    assert "; HttpOnly; SameSite=Lax" in cookie
    assert "Secure" not in cookie
    assert this_start().token not in str(answer.cookies) + answer.headers["location"]
    sent = "; ".join(line.split(";")[0] for line in answer.cookies)
    assert ask("/", started=False, extra={"cookie": sent}).text == "a page"


def test_each_port_has_a_cookie_of_its_own_and_https_a_secure_one() -> None:
    path = f"/?token={this_start().token}"
    answer = ask(path, host="localhost:8511", scheme="https", started=False)
    assert any(line.startswith("psauth-start-8511=") and line.endswith("; Secure") for line in answer.cookies)


@pytest.mark.parametrize(
    ("path", "clean"),
    [
        ("/runs?workflow=a+b&token={}&status=Active", "/runs?workflow=a+b&status=Active"),
        ("/connection?token={}", "/connection"),
        ("//evil.example/?token={}", "/"),
        ("/\\evil.example?token={}", "/"),
        ("/?x=&token={}", "/?x="),
        ("/?token={}&token={}", "/"),
    ],
)
def test_the_rest_of_the_address_is_kept_and_leads_nowhere_else(path: str, clean: str) -> None:
    answer = ask(path.replace("{}", this_start().token), started=False)
    assert (answer.status, answer.headers["location"]) == (303, clean)


@pytest.mark.parametrize("path", CLOSED)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS", "HEAD"])
def test_who_knows_the_port_alone_does_not_come_in(path: str, method: str) -> None:
    extra = {"origin": "http://localhost:8501"} if method == "POST" else {}
    answer = ask(path, method=method, started=False, cookie="b", extra=extra)
    assert answer.status == 403
    assert not answer.cookies
    assert "<code>psauth app --url</code>" in answer.text
    assert "<code>python -m psauth app --url</code>" in answer.text
    assert ask("/_stcore/stream", kind="websocket", started=False).type == "websocket.close"


def test_a_tab_that_was_open_before_is_told_what_to_do_in_streamlits_own_words() -> None:
    answer = ask("/_stcore/host-config", started=False, accept="*/*", said={"sec-fetch-site": "same-origin"})
    assert answer.status == 401, "with 403 Streamlit would speak of CORS"
    assert "Open the address" in answer.text
    assert not answer.text.startswith("<")


@pytest.mark.parametrize("path", ["/_stcore/health", "/psauth-app", "/sandbox/", "/sandbox/v1/workflows"])
def test_programs_are_answered_where_nothing_of_the_owner_stands(path: str) -> None:
    assert ask(path, started=False, said={}, accept="*/*").status in (200, 401)


@pytest.mark.parametrize(
    "path", ["/sandboxes", "/sandbox.json", "/_stcore/health/../metrics", "/psauth-app/x", "/Sandbox/"]
)
def test_what_only_looks_open_is_not(path: str) -> None:
    assert ask(path, started=False).status == 403


@pytest.mark.parametrize("token", ["", "x", "é", "%00", "a" * 43, "%F0%9F%98%80", "%ED%A0%80", "%FF"])
def test_a_token_of_an_earlier_start_says_so(token: str) -> None:
    answer = ask(f"/?token={token}", started=False)
    assert (answer.status, answer.cookies) == (403, [])
    assert "from an earlier start" in answer.text
    known = ask(f"/?token={token}")
    assert (known.status, known.headers["location"]) == (303, "/")


@pytest.mark.parametrize("value", ["", "x", "a" * 43, '"{}"', "{}x", "{}={}"])
def test_another_value_of_the_cookie_does_not_let_in(value: str) -> None:
    written = value.replace("{}", this_start().cookie)
    assert ask(started=False, extra={"cookie": f"psauth-start-8501={written}"}).status == 403
    assert ask(started=False, extra={"cookie": f"psauth-start-8502={this_start().cookie}"}).status == 403
    assert ask(started=False, extra={"cookie": f"psauth-start-8501={this_start().token}"}).status == 403


def test_each_start_has_a_token_of_its_own() -> None:
    before = this_start()
    this_start.cache_clear()
    assert this_start().token != before.token
    assert ask(started=False, extra={"cookie": f"psauth-start-8501={before.cookie}"}).status == 403


@pytest.mark.parametrize("value", ["no", "OFF", "0", "false"])
def test_one_setting_leaves_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PSAUTH_START_TOKEN", value)
    assert ask(started=False).text == "a page"
    assert ask("/connect", started=False, cookie="b").status == 302
    assert ask("/connect", started=False, cookie="b", said={**LED, "sec-fetch-site": "same-site"}).status == 403
    assert ask("/_stcore/stream", kind="websocket", started=False).type == "websocket.accept"


@pytest.mark.parametrize("value", ["yes", "", " ", "on"])
def test_it_is_on_otherwise(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("PSAUTH_START_TOKEN", value)
    assert ask(started=False).status == 403


def test_settings_that_cannot_be_read_leave_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_START_TOKEN", "perhaps")
    with pytest.raises(psauth.SettingsError, match="PSAUTH_START_TOKEN .* Expected yes or no"):
        Settings(env_file=None)
    assert ask(started=False).status == 403


def test_the_token_is_no_part_of_a_repr() -> None:
    start = this_start()
    assert start.token not in repr(start) + repr(vars(start))
    assert start.cookie not in repr(start)


@given(value=strategies.text(max_size=60))
def test_no_other_token_is_the_token(value: str) -> None:
    start = Start(Secret("t" * 43), required=True, home=None)
    assert start.is_token(value) == (value == "t" * 43)
    written = quote(value, errors="replace")
    assert ask(f"/?token={written}", started=False).status == 403


# A login in a terminal ------------------------------------------------------------------------------------------------


def test_the_callback_of_a_login_in_a_terminal_is_taken_in_a_browser_that_was_never_let_in() -> None:
    with psauth.Sandbox(runs=5) as box:
        own = Settings(env_file=None)
        settings = box.settings.with_(home=own.home, secret_key=own.secret_key)
        vault = Vault.open(settings)
        flow = psauth.AuthorizationFlow(settings, vault)
        callback = box.login(flow.begin())
        came = "/?" + callback.split("?")[1]
        answer = ask(came, started=False, said={**LED, "sec-fetch-site": "cross-site"})
    assert answer.status == 200
    assert "Connected" in answer.text
    assert vault.find("default") is not None
    assert not [line for line in answer.cookies if line.startswith("psauth-start")]


def test_what_was_begun_in_the_app_is_not_finished_by_a_browser_that_was_never_let_in() -> None:
    with psauth.Sandbox(runs=5) as box:
        own = Settings(env_file=None)
        settings = box.settings.with_(home=own.home, secret_key=own.secret_key)
        vault = Vault.open(settings)
        flow = psauth.AuthorizationFlow(settings, vault)
        callback = box.login(flow.begin(browser="b" * 43))
        answer = ask("/?" + callback.split("?")[1], started=False, extra={"cookie": f"psauth-browser-8501={'b' * 43}"})
    assert answer.status == 403
    assert "Begun in another browser" in answer.text
    assert vault.find("default") is None


def test_an_invented_callback_is_refused_on_a_page() -> None:
    answer = ask("/cb?code=a&state=nobody", started=False)
    assert answer.status == 403
    assert "This answer is not ours" in answer.text


# The entrance ---------------------------------------------------------------------------------------------------------


def test_while_it_runs_the_address_stands_in_the_terminal_and_in_a_private_file(
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = Settings(env_file=None).home_path
    port = int(st.config.get_option("server.port"))

    async def run() -> None:
        async with announced(None):
            (file,) = home.glob("app-*")
            assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 or os.name == "nt"
            assert find_entrances(home) == {port: f"http://localhost:{port}/?token={this_start().token}"}

    asyncio.run(run())
    assert f"http://localhost:{port}/?token={this_start().token}" in capsys.readouterr().out
    assert list(home.iterdir()) == []


def test_a_home_that_cannot_be_written_keeps_no_address_and_nobody_out(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PSAUTH_HOME", str(tmp_path / "file" / "home"))

    async def run() -> None:
        async with announced(None):
            pass

    asyncio.run(run())
    assert "/?token=" in capsys.readouterr().out
    assert ask(f"/?token={this_start().token}", started=False).status == 303


def test_without_a_token_the_plain_address_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PSAUTH_START_TOKEN", "no")

    async def run() -> None:
        async with announced(None):
            pass

    asyncio.run(run())
    assert "http://localhost:8501\n" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_in_the_place_of_the_file_is_replaced_and_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("mine")
    home = tmp_path / "home"
    home.mkdir()
    (home / "app-8501.entrance").symlink_to(target)
    keep_entrance(home, 8501, "http://localhost:8501/?token=t")
    assert target.read_text() == "mine"
    assert find_entrances(home) == {8501: "http://localhost:8501/?token=t"}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"nonsense", b"\0"])
def test_odd_files_are_no_entrances(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "app-8501.entrance").write_bytes(content)
    (tmp_path / "app-x.entrance").write_text("http://localhost:1/?token=t")
    (tmp_path / "app-8502.entrance").mkdir()
    assert find_entrances(tmp_path) == {}
