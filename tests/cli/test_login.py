"""psauth login: words and exit codes, and real processes that wait, are pasted to and are interrupted."""

import contextlib
import json
import os
import re
import socket
import time

import pytest

from psauth import Vault
from tests.cli.processes import CONSENTS, POSIX, free_port, interrupt, line_with, program, visit
from tests.flow.parts import changed, environment, query_of


def test_login_without_settings_says_what_to_set(terminal):
    code, out, err = terminal("login")
    assert (code, out) == (1, "")
    assert "PSAUTH_CLIENT_ID" in err
    assert "try psauth sandbox first" in err  # as it is typed here
    assert len(err.splitlines()) == 1


def test_login_by_the_receiver(configured, terminal, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda url: visit(configured.login(url)) == 200)
    code, out, err = terminal("login", "--account", "analyst")
    assert (code, err) == (0, "")
    assert "Connected: analyst at 127.0.0.1" in out


def test_login_denied(configured, terminal, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda url: visit(configured.login(url, allow=False)) == 200)
    code, _, err = terminal("login")
    assert code == 1
    assert "Access was declined" in err


def test_login_nobody_answers(configured, terminal, monkeypatch):
    monkeypatch.setattr("webbrowser.open", lambda url: True)
    code, _, err = terminal("login", "--timeout", "0.3")
    assert code == 3
    assert "Nobody answered the consent page" in err
    assert "psauth login" in err
    assert "psauth.login()" not in err


def test_login_without_a_terminal_asks_nothing(configured, terminal, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 50000 10.0.0.2 22")
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    code, _, err = terminal("login")
    assert code == 3
    assert "there is no terminal to ask" in err


def test_login_with_an_api_key(box, terminal, monkeypatch):
    monkeypatch.setenv("PSAUTH_API_KEY", box.api_key)
    monkeypatch.setenv("PSAUTH_API_URL", box.api_url)
    code, out, _ = terminal("login")
    assert code == 0
    assert "(api_key)" in out
    assert box.api_key not in out
    code, out, _ = terminal("status")
    assert code == 0
    assert "Larkspur Instruments (sandbox)" in out
    assert box.api_key not in out


@POSIX
@pytest.mark.slow
def test_login_status_and_logout_as_processes(box, browser):
    env = environment(box.settings, BROWSER=browser(*CONSENTS))
    with program("login", env=env) as login:
        out, err = login.communicate(timeout=60)
    assert (login.returncode, err) == (0, "")
    assert "Connected: default at 127.0.0.1" in out
    token = Vault.open(box.settings).read().token
    for name in ("CLIENT_ID", "CLIENT_SECRET", "ISSUER", "API_URL"):
        del env[f"PSAUTH_{name}"]  # the stored connection needs none of them
    with program("status", "--json", env=env) as status:
        said, err = status.communicate(timeout=60)
    assert (status.returncode, err) == (0, "")
    assert json.loads(said)["connections"][0]["answers"] is True
    with program("logout", env=env) as logout:
        bye, err = logout.communicate(timeout=60)
    assert (logout.returncode, err) == (0, "")
    assert "revoked" in bye
    for secret in (token.access_token, token.refresh_token, box.client_secret):
        assert secret not in out + said + bye


@POSIX
@pytest.mark.slow
def test_strangers_do_not_end_a_login(box, browser, tmp_path):
    shown = tmp_path / "address"
    script = browser("import pathlib", f"pathlib.Path({str(shown)!r}).write_text(sys.argv[1])")
    env = environment(box.settings, BROWSER=script, PSAUTH_REDIRECT_URI=f"http://localhost:{free_port()}/callback")
    with program("login", env=env) as login:
        line_with(login, "Your browser shows")
        url = shown.read_text()
        here = query_of(url)["redirect_uri"]
        good = box.login(url)
        assert visit(here.replace("/callback", "/favicon.ico")) == 404
        assert visit(here) == 404
        assert visit(changed(good, state="of somebody else")) == 400
        assert visit(good + "&code=again") == 400
        assert visit(changed(good, iss="https://evil.example")) == 400
        assert login.poll() is None
        assert visit(good) == 200
        out, err = login.communicate(timeout=30)
    assert (login.returncode, err) == (0, "")
    assert "Connected" in out


@POSIX
@pytest.mark.slow
def test_ctrl_c_ends_a_login_and_frees_the_port(box, browser):
    port = free_port()
    env = environment(box.settings, BROWSER=browser("pass"), PSAUTH_REDIRECT_URI=f"http://127.0.0.1:{port}/")
    with program("login", env=env) as login:
        line_with(login, "Your browser shows")
        began = time.monotonic()
        code, _, err = interrupt(login)
    assert time.monotonic() - began < 5
    assert code == 130
    assert err.strip() == "Stopped."
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
    assert Vault.open(box.settings).connections() == []


@POSIX
@pytest.mark.slow
def test_login_by_paste_at_a_terminal(box):
    import pty

    env = environment(box.settings, SSH_CONNECTION="10.0.0.1 50000 10.0.0.2 22")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    person, there = pty.openpty()
    screen = b""

    def read_until(text):
        nonlocal screen
        deadline = time.monotonic() + 30
        while text not in screen:
            assert time.monotonic() < deadline, screen
            with contextlib.suppress(BlockingIOError):
                screen += os.read(person, 65536)
            time.sleep(0.01)

    os.set_blocking(person, False)
    with program("login", env=env, stdin=there, stdout=there, stderr=there) as login:
        os.close(there)
        read_until(b"Callback address: ")
        assert b"This is an SSH session" in screen
        url = re.search(rb"http://127\.0\.0\.1:\d+/oauth/authorize\S+", screen)[0].decode()
        good = box.login(url)
        screen = b""
        os.write(person, changed(good, state="mistyped").encode() + b"\n")
        read_until(b"Try once more")
        read_until(b"Callback address: ")
        os.write(person, good.encode() + b"\n")
        read_until(b"Connected: default")
        login.wait(30)
    os.close(person)
    assert login.returncode == 0


@POSIX
@pytest.mark.slow
def test_without_a_terminal_a_process_ends_at_once(box):
    env = environment(box.settings, SSH_CONNECTION="10.0.0.1 50000 10.0.0.2 22")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        env.pop(name, None)
    with program("login", env=env) as login:
        _, err = login.communicate(timeout=30)
    assert login.returncode == 3
    assert "there is no terminal to ask" in err
