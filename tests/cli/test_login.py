"""psauth login: words and exit codes, and real processes that wait, are pasted to and are interrupted."""

import json
import os
import re
import socket
import time

import pytest

from psauth import Vault
from tests.cli.processes import CONSENTS, POSIX, at_a_terminal, free_port, interrupt, line_with, program, visit
from tests.flow.parts import PYTHON, changed, environment, query_of


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


PSAUTH = (PYTHON, "-m", "psauth")


@pytest.fixture
def by_ssh(box):
    """The environment of somebody who came by SSH."""
    env = environment(box.settings, SSH_CONNECTION="10.0.0.1 50000 10.0.0.2 22")
    return {name: value for name, value in env.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}


def shown_address(text):
    return re.search(r"http://127\.0\.0\.1:\d+/oauth/authorize\S+", text)[0]


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("how", ["by SSH", "--paste"])
def test_login_by_paste_at_a_terminal(box, by_ssh, how):
    env, options = (by_ssh, []) if how == "by SSH" else (environment(box.settings), ["--paste"])
    with at_a_terminal(*PSAUTH, "login", *options, env=env) as screen:
        said = screen.read_until("Callback address: ")
        assert ("This is an SSH session" in said) == (how == "by SSH")
        good = box.login(shown_address(said))
        screen.type(changed(good, state="mistyped") + "\n")
        screen.read_until("Try once more")
        screen.read_until("Callback address: ")
        screen.type(good + "\n")
        screen.read_until("Connected: default")
        assert screen.read_all()[0] == 0


@POSIX
@pytest.mark.slow
def test_an_answer_through_a_forwarded_port_ends_the_asking(box, by_ssh):
    with at_a_terminal(*PSAUTH, "login", env=by_ssh) as screen:
        said = screen.read_until("Callback address: ")
        assert visit(box.login(shown_address(said))) == 200
        screen.read_until("Connected: default")
        assert screen.read_all()[0] == 0


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("how", ["pastes", "consents"])
def test_at_a_terminal_with_a_browser_both_ways_are_open(box, browser, how):
    env = environment(box.settings, BROWSER=browser("pass"))
    with at_a_terminal(*PSAUTH, "login", env=env) as screen:
        said = screen.read_until("Callback address: ")
        assert "Your browser shows the consent page now" in said
        good = box.login(shown_address(said))
        if how == "pastes":
            screen.type(good + "\n")
        else:
            assert visit(good) == 200
        screen.read_until("Connected: default")
        assert screen.read_all()[0] == 0


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    ["w3m", "lynx -cfg x %s", "www-browser %s &", "an-unheard-of-text-browser", "an-unheard-of-text-browser -x %s"],
)
def test_no_browser_gets_hold_of_the_terminal(box, browser, tmp_path, line):
    name = line.split()[0]
    taken = tmp_path / "taken"
    script = browser(
        "def take(what): open(" + repr(str(taken)) + ", 'a').write(what)",
        "for n in (0, 1, 2):",
        "    import os",
        "    if os.isatty(n): take(f'descriptor {n} ')",
        "try: open('/dev/tty'); take('the terminal itself ')",
        "except OSError: pass",
        "take('-')" if name.startswith("an-") else "take('started')",
    )
    os.rename(script, tmp_path / name)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    env = environment(box.settings, BROWSER=line, PATH=path)
    with at_a_terminal(*PSAUTH, "login", env=env) as screen:
        said = screen.read_until("Callback address: ")
        screen.type(box.login(shown_address(said)) + "\n")
        screen.read_until("Connected: default")
    if name.startswith("an-"):
        assert taken.read_text() == "-"
    else:
        assert "No browser was found" in said
        assert not taken.exists()


@POSIX
@pytest.mark.slow
def test_ctrl_c_at_the_prompt_ends_a_login(box, by_ssh):
    with at_a_terminal(*PSAUTH, "login", env=by_ssh) as screen:
        screen.read_until("Callback address: ")
        screen.type("\x03")
        screen.read_until("Stopped.")
        assert screen.read_all()[0] == 130


@POSIX
@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--paste"]])
def test_without_a_terminal_a_process_ends_at_once(by_ssh, options):
    with program("login", *options, env=by_ssh) as login:
        _, err = login.communicate(timeout=30)
    assert login.returncode == 3
    assert "there is no terminal to ask" in err
