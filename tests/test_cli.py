"""The terminal: what is printed, which exit code, and real processes that log in, wait and are interrupted."""

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner
from cryptography.fernet import Fernet

import psauth
from psauth import Vault
from psauth.cli import main
from tests.flow.parts import (
    PYTHON,
    bare_environment,
    changed,
    environment,
    expire_at_the_service,
    free_port,
    query_of,
    wait_until,
)

POSIX = pytest.mark.skipif(os.name != "posix", reason="signals and pseudo-terminals are POSIX here")
MASKED = "***"


@pytest.fixture
def configured(box, monkeypatch):
    """The sandbox's settings in the environment, as a person would set them."""
    for name in ("client_id", "client_secret", "issuer", "api_url", "home", "secret_key"):
        monkeypatch.setenv(f"PSAUTH_{name.upper()}", getattr(box.settings, name))
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", "http://127.0.0.1/")
    return box


@pytest.fixture
def connected(configured):
    psauth.login(settings=configured.settings)
    return configured


@pytest.fixture
def terminal():
    """Runs a command in this process; exit code, stdout, stderr."""

    def run(*words):
        result = CliRunner().invoke(main, words)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    return run


# Words and exit codes -------------------------------------------------------------------------------------------------


def test_alone_it_says_how_to_begin(terminal):
    code, out, err = terminal()
    assert (code, err) == (0, "")
    assert "Nobody is connected, and nothing is set to connect with." in out
    assert re.search("without an account: +psauth app", out)
    assert re.search("PSAUTH_API_KEY=your-key .* then: psauth login", out)
    for command in ("login", "logout", "status", "sandbox", "app"):
        assert re.search(rf"^  {command} ", out, re.MULTILINE)


def test_alone_with_settings_it_says_to_log_in(configured, terminal):
    assert "Nobody is connected. Begin with: psauth login" in terminal()[1]
    assert "Nobody is connected. Begin with: psauth login" in terminal("status")[1]


def test_alone_it_says_who_is_connected(connected, terminal):
    code, out, _ = terminal()
    assert code == 0
    assert re.search(r"Connected:\n  default at 127\.0\.0\.1:\d+ \(oauth, expires in 60 min, renewed by itself\)", out)


def test_wrong_usage_is_2_and_the_version_is_known(terminal):
    assert terminal("loggin")[0] == 2
    assert terminal("login", "--timeout", "soon")[0] == 2
    assert re.search(r"version \d", terminal("--version")[1])


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


def test_a_login_that_is_needed_is_named_as_it_is_typed_here(configured, terminal):
    psauth.login("analyst", settings=configured.settings)
    expire_at_the_service(configured)
    configured.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
    code, out, _ = terminal("status")
    assert code == 3
    assert "psauth login --account analyst" in out
    assert "psauth.login(" not in out


def test_an_account_without_a_name_is_wrong_usage(terminal):
    code, _, err = terminal("login", "--account", "")
    assert code == 2
    assert "no name for an account" in err


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


def test_logout(connected, terminal):
    code, out, _ = terminal("logout")
    assert code == 0
    assert "the service has revoked the access" in out
    code, out, _ = terminal("logout")
    assert code == 3
    assert "There was no connection" in out


def test_logout_that_could_not_revoke_says_so(connected, terminal):
    connected.knobs.fault("/oauth/revoke", status=503)
    code, out, _ = terminal("logout")
    assert code == 0
    assert "not revoked at the service" in out
    assert terminal("status")[0] == 3


def test_status_of_nobody(terminal):
    code, out, _ = terminal("status")
    assert code == 3
    assert "Nobody is connected, and nothing is set to connect with." in out


def test_status_says_where_each_setting_came_from_and_no_secret(connected, terminal, tmp_path, monkeypatch):
    monkeypatch.setenv("PSAUTH_CLIENTID", "a slip")
    monkeypatch.delenv("PSAUTH_ISSUER")
    (tmp_path / ".env").write_text(f"PSAUTH_ISSUER={connected.url}\nPSAUTH_API_KEY={connected.api_key}\n")
    code, out, _ = terminal("status", "--json")
    report = json.loads(out)
    settings = report["settings"]
    assert code == 0
    assert settings["PSAUTH_CLIENT_ID"] == {"value": connected.client_id, "from": "environment"}
    assert settings["PSAUTH_ISSUER"] == {"value": connected.url, "from": ".env"}
    assert settings["PSAUTH_SCOPE"] == {"value": "read,write", "from": "default"}
    for name, source in {"CLIENT_SECRET": "environment", "SECRET_KEY": "environment", "API_KEY": ".env"}.items():
        assert settings[f"PSAUTH_{name}"] == {"value": MASKED, "from": source}
    assert report["unknown_settings"] == ["PSAUTH_CLIENTID"]
    assert report["key"] == "PSAUTH_SECRET_KEY"
    (connection,) = report["connections"]
    assert connection["account"] == "default"
    assert (connection["answers"], connection["label"], connection["problem"]) == (
        True,
        "Larkspur Instruments (sandbox)",
        None,
    )
    assert connection["service"] == connected.api_url
    text = terminal("status")[1]
    assert "PSAUTH_CLIENTID: not a setting of psauth; misspelt?" in text
    assert re.search(r"PSAUTH_CLIENT_SECRET +\*\*\*  \(environment\)", text)
    assert re.search(
        r"default  oauth  Larkspur Instruments \(sandbox\)  until .*, renewed by itself\n +http.*/v1  answers", text
    )
    for secret in (connected.client_secret, connected.api_key, connected.settings.secret_key):
        assert secret not in out + text


def test_status_offline_asks_nobody(connected, terminal):
    connected.requests.clear()
    code, out, _ = terminal("status", "--offline")
    assert code == 0
    assert "not asked" in out
    assert len(connected.requests) == 0


def test_status_when_the_service_is_down(connected, terminal, naps):
    connected.knobs.fault("/v1/testAuth", status=503, times=99)
    code, out, _ = terminal("status")
    assert code == 1
    assert "does not answer: /v1/testAuth answered 503" in out


def test_status_when_the_service_is_gone(box, terminal, monkeypatch, naps, tmp_path):
    kept = box.settings.with_(home=str(tmp_path / "kept"))
    psauth.login(settings=kept)
    monkeypatch.setenv("PSAUTH_HOME", kept.home)
    monkeypatch.setenv("PSAUTH_SECRET_KEY", kept.secret_key)
    box.stop()
    code, out, _ = terminal("status", "--json")
    (connection,) = json.loads(out)["connections"]
    assert (code, connection["answers"]) == (1, False)
    assert "does not answer" in connection["problem"]


def test_status_of_an_ended_connection_asks_for_a_login(connected, terminal):
    expire_at_the_service(connected)
    connected.knobs.fault("/oauth/token", "body", status=400, body='{"error": "invalid_grant"}')
    code, out, _ = terminal("status")
    assert code == 3, "found out just now"
    assert "needs a login: The connection of account 'default' has ended" in out
    code, out, _ = terminal("status", "--json")
    assert code == 3, "remembered"
    (connection,) = json.loads(out)["connections"]
    assert connection["problem"] == "ended: the service has ended the access (invalid_grant)"


def test_a_vault_that_does_not_open_is_one_line(connected, terminal, monkeypatch):
    monkeypatch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
    for command in ((), ("status",), ("logout",)):
        code, _, err = terminal(*command)
        assert code == 1
        assert err.startswith("Error: The key from PSAUTH_SECRET_KEY does not open the vault")
        assert len(err.splitlines()) == 1


# Processes ------------------------------------------------------------------------------------------------------------


def visit(address):
    """A browser that goes to an address; the status."""
    try:
        with urllib.request.urlopen(address, timeout=20) as page:
            page.read()
            return page.status
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@contextlib.contextmanager
def program(*words, env, **options):
    """`psauth …` as a process, which is gone afterwards; its output comes line by line."""
    process = subprocess.Popen(
        [PYTHON, "-m", "psauth", *words],
        env=env,
        text=True,
        **{"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(30)
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def line_with(process, text, *, seconds=30):
    """Read on until a line has `text` in it; all that was read."""
    watchdog = threading.Timer(seconds, process.kill)
    watchdog.start()
    try:
        read = []
        for line in process.stdout:
            read.append(line)
            if text in line:
                return "".join(read)
    finally:
        watchdog.cancel()
    raise AssertionError(f"{text!r} was not said: {''.join(read)} {process.stderr.read()}")


def interrupt(process, *, seconds=10):
    """Ctrl-C; exit code, the rest of stdout, and stderr."""
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=seconds)
    return process.returncode, out, err


@pytest.fixture
def browser(tmp_path):
    """A program for BROWSER: it consents (or does what else it is told) at the address it is given."""

    def make(*lines):
        script = tmp_path / "browser"
        script.write_text("\n".join([f"#!{PYTHON}", "import sys, urllib.request", *lines]) + "\n")
        script.chmod(0o700)
        return str(script)

    return make


CONSENTS = (
    "from psauth.sandbox import SandboxServer",
    "urllib.request.urlopen(SandboxServer().approve(sys.argv[1]), timeout=20).read()",
)


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


@pytest.mark.slow
def test_a_warning_is_one_line_for_people_without_its_place_in_the_source(tmp_path):
    env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "default"}
    with program("status", env=env) as status:
        _, err = status.communicate(timeout=30)
    assert status.returncode == 3
    assert err.startswith("Note: No keyring on this machine")
    assert len(err.splitlines()) == 1


@POSIX
@pytest.mark.slow
def test_a_sandbox_of_the_terminal_is_logged_in_to_and_ends_by_ctrl_c(browser, tmp_path):
    env = {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home")}
    with program("sandbox", "--port", "0", "--runs", "20", env=env) as sandbox:
        said = line_with(sandbox, "Ctrl-C stops it")
        variables = dict(re.findall(r"^  export (PSAUTH_\w+)=(\S+)$", said, re.MULTILINE))
        assert variables.pop("PSAUTH_API_KEY")  # the other way in
        assert set(variables) == {"PSAUTH_CLIENT_ID", "PSAUTH_CLIENT_SECRET", "PSAUTH_ISSUER", "PSAUTH_API_URL"}
        there = {**env, **variables, "BROWSER": browser(*CONSENTS), "PSAUTH_REDIRECT_URI": "http://127.0.0.1/"}
        there["PSAUTH_SECRET_KEY"] = os.environ["PSAUTH_SECRET_KEY"]
        with program("login", env=there) as login:
            out, err = login.communicate(timeout=60)
        assert (login.returncode, err) == (0, "")
        assert "Connected" in out
        code, out, err = interrupt(sandbox)
    assert code == 130
    assert err.strip() == "Stopped."
    port = int(variables["PSAUTH_ISSUER"].rpartition(":")[2])
    wait_until(lambda: nobody_listens(port), why="a free port")


def nobody_listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_a_sandbox_on_a_taken_port_says_so(terminal):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = terminal("sandbox", "--port", str(taken.getsockname()[1]))
    assert code == 1
    assert "--port 0" in err
    assert err.count("port") == 2  # said once: choose another port, or --port 0
    assert len(err.splitlines()) == 1


@POSIX
def test_a_sandbox_whose_memory_has_no_place_says_so(terminal, tmp_path):
    (tmp_path / "file").touch()
    code, _, err = terminal("sandbox", "--port", "0", "--state", str(tmp_path / "file" / "below" / "state.json"))
    assert code == 1
    assert "Name another file with --state" in err
    assert len(err.splitlines()) == 1
