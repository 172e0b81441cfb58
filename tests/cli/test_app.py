"""psauth app and make app: which port, which settings are read, what would keep Connect from working, and how it ends."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests

from psauth.auth.entrance import keep_entrance
from psauth.cli import commands, ports
from tests.cli.processes import POSIX, at_a_terminal, free_port, is_app, line_with, program
from tests.flow.parts import PYTHON, ROOT, bare_environment, wait_until

OWN_APP = "own-app"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """A checkout of its own, so that no .env of the developer's is read."""
    folder = tmp_path / "checkout"
    folder.mkdir()
    (folder / "app.py").touch()
    monkeypatch.setattr(commands, "APP", folder / "app.py")
    return folder


@pytest.fixture
def started(checkout, monkeypatch):
    """What Streamlit was started with, instead of being started."""
    calls = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda words, standalone_mode: calls.append(words))
    return calls


@contextmanager
def taken(port=0, host="127.0.0.1"):
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.create_server((host, port), family=family) as server:
        yield server.getsockname()[1]


@pytest.fixture
def usual(monkeypatch):
    """Another usual port than 8501, which may well be taken on this machine."""
    port = free_port()
    monkeypatch.setattr(ports, "USUAL", port)
    return port


# Ports ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words", [("--port", "{}"), ("--port={}",), ("--server.port", "{}"), ("--server.port={}",), ("--theme.base=dark",)]
)
def test_the_port_that_is_asked_for_is_the_one_that_is_taken(terminal, started, usual, words):
    port = free_port()
    code, _, err = terminal("app", *(word.format(port) for word in words))
    assert (code, err) == (0, "")
    (call,) = started
    wanted = usual if "theme" in words[0] else port
    assert call[-4:] == [f"--server.port={wanted}", "--", "--account", "default"]
    assert ("--theme.base=dark" in call) == ("theme" in words[0])


def test_the_port_may_stand_in_streamlits_own_variable(terminal, started, usual, monkeypatch):
    port = free_port()
    monkeypatch.setenv("STREAMLIT_SERVER_PORT", str(port))
    terminal("app")
    assert f"--server.port={port}" in started[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1", "::"])
def test_a_taken_port_is_said_before_the_next_one_is_used(terminal, started, monkeypatch, host):
    with taken(host=host) as port:
        monkeypatch.setattr(ports, "USUAL", port)
        code, _, err = terminal("app")
    assert code == 0
    used = int(re.search(r"--server.port=(\d+)", " ".join(started[0]))[1])
    assert used > port
    assert f"Note: Port {port} is taken, perhaps by another psauth app. This one takes port {used}." in err


@pytest.mark.parametrize("option", ["--port={}", "--server.port={}"])
def test_a_taken_port_that_was_asked_for_is_an_error_with_the_next_line_to_type(terminal, started, option):
    with taken() as port:
        code, _, err = terminal("app", option.format(port))
    assert code == 1
    assert re.search(rf"Port {port} is taken\. .* psauth app --port \d+", err)
    assert len(err.splitlines()) == 1
    assert started == []


@pytest.fixture
def app_there():
    """What answers as psauth's app does, on a port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = json.dumps({"app": "psauth", "vault": "of-somebody"}).encode()
            self.send_response(200 if self.path == "/psauth-app" else 403)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join(30)


@pytest.mark.parametrize("is_ours", [True, False])
def test_a_port_that_psauth_itself_has_is_said_with_the_way_into_it(terminal, started, tmp_path, app_there, is_ours):
    way = "Open the address that stands in the terminal where it was started"
    if is_ours:
        keep_entrance(tmp_path / "home", app_there, address := f"http://localhost:{app_there}/?token=t-1")
        way = f"Open {address}"
    code, _, err = terminal("app", "--port", str(app_there))
    assert code == 1
    assert re.fullmatch(
        rf"Error: Port {app_there} is taken: psauth already runs there\. {re.escape(way)}, or name another one: psauth app "
        r"--port \d+\n",
        err,
    )
    assert started == []


def test_the_usual_port_that_psauth_itself_has_is_said_too(terminal, started, tmp_path, app_there, monkeypatch):
    monkeypatch.setattr(ports, "USUAL", app_there)
    keep_entrance(tmp_path / "home", app_there, address := f"http://localhost:{app_there}/?token=t-1")
    code, _, err = terminal("app")
    assert code == 0
    assert f"Port {app_there} is taken, because psauth already runs there. Open {address}. This one takes port" in err


def test_an_address_that_a_killed_app_has_left_is_not_said_of_another_program(terminal, started, tmp_path):
    with taken() as port:
        keep_entrance(tmp_path / "home", port, f"http://localhost:{port}/?token=old")
        code, _, err = terminal("app", "--port", str(port))
    assert code == 1
    assert "token=old" not in err
    assert "Stop the program that has it" in err


def test_a_port_that_may_not_be_bound_is_not_taken(terminal, started, monkeypatch):
    def refuse(self, address):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", refuse)
    code, _, err = terminal("app", "--port", "80")
    assert code == 1
    assert "Port 80 may not be used (Permission denied)" in err


@pytest.mark.parametrize("port", ["0", "65536", "soon", "-1"])
def test_what_is_no_port_is_wrong_usage(terminal, started, port):
    assert terminal("app", "--port", port)[0] == 2


# Settings -------------------------------------------------------------------------------------------------------------


def test_with_an_oauth_app_of_ones_own_a_port_that_connect_cannot_come_back_to_is_said(terminal, started, monkeypatch):
    monkeypatch.setenv("PSAUTH_CLIENT_ID", OWN_APP)
    port = free_port()
    code, _, err = terminal("app", "--port", str(port))
    assert code == 0
    assert f"This app runs on port {port}, but PSAUTH_REDIRECT_URI is http://localhost:8501/" in err
    assert f"PSAUTH_REDIRECT_URI=http://localhost:{port}/" in err
    assert "psauth app --port 8501" in err


@pytest.mark.parametrize(
    "redirect_uri",
    ["http://127.0.0.1/", "http://localhost/callback", "https://app.example/callback", "http://localhost:{}/"],
)
def test_a_redirect_address_that_fits_is_not_mentioned(terminal, started, monkeypatch, redirect_uri):
    port = free_port()
    monkeypatch.setenv("PSAUTH_CLIENT_ID", OWN_APP)
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", redirect_uri.format(port))
    assert terminal("app", "--port", str(port))[2] == ""


def test_without_an_oauth_app_the_redirect_address_does_not_matter(terminal, started):
    assert terminal("app", "--port", str(free_port()))[2] == ""


def test_the_env_file_that_the_app_reads_is_named(terminal, started, checkout, tmp_path):
    (checkout / ".env").write_text("PSAUTH_SCOPE=read\n")
    (tmp_path / ".env").write_text("PSAUTH_SCOPE=write\n")
    _, out, err = terminal("app", "--port", str(free_port()))
    assert f"Settings: the environment, and .env: {checkout / '.env'}\n" in out
    assert f"Note: {tmp_path / '.env'} is not read" in err


def test_that_the_app_reads_no_env_file_is_said(terminal, started, checkout):
    assert f".env: none in {checkout}" in terminal("app", "--port", str(free_port()))[1]


def test_settings_that_are_wrong_are_said_at_the_start(terminal, started, monkeypatch):
    monkeypatch.setenv("PSAUTH_APIKEY", "key-Rt55")
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "s3cret-value")
    err = terminal("app", "--port", str(free_port()))[2]
    assert "Did you mean PSAUTH_API_KEY?" in err
    assert "PSAUTH_CLIENT_ID is missing beside PSAUTH_CLIENT_SECRET" in err
    assert "s3cret-value" not in err
    assert "key-Rt55" not in err
    monkeypatch.setenv("PSAUTH_API_URL", "nonsense")
    code, _, err = terminal("app", "--port", str(free_port()))
    assert code == 0, "the page says it too, and goes on once it is mended"
    assert "PSAUTH_API_URL" in err


def test_another_account_is_handed_on(terminal, started):
    terminal("app", "--port", str(free_port()), "--account", "acme")
    assert started[0][-3:] == ["--", "--account", "acme"]
    assert terminal("app", "--account", " ")[0] == 2


# The address with the start token -------------------------------------------------------------------------------------


def test_nothing_that_runs_has_no_address(terminal, checkout, monkeypatch, tmp_path):
    port = free_port()
    keep_entrance(tmp_path / "home", port, f"http://localhost:{port}/?token=of-one-that-was-killed")
    for words in (("--url",), ("--url", "--port", str(port))):
        code, out, err = terminal("app", *words)
        assert (code, out) == (1, "")
        assert "Start it: psauth app" in err


def test_the_address_of_what_runs_is_said_again(terminal, started, checkout, tmp_path):
    with taken() as one, taken() as two:
        for port in (one, two):
            keep_entrance(tmp_path / "home", port, f"http://localhost:{port}/?token=t{port}")
        _, out, _ = terminal("app", "--url")
        assert sorted(out.split()) == sorted(f"http://localhost:{port}/?token=t{port}" for port in (one, two))
        assert terminal("app", "--url", "--port", str(two))[1] == f"http://localhost:{two}/?token=t{two}\n"
    assert started == []


def test_options_that_would_open_the_app_are_pinned_behind_what_is_asked_for(terminal, started):
    terminal("app", "--port", str(free_port()), "--server.enableAgentApi=true")
    (call,) = started
    assert call.index("--server.enableAgentApi=false") > call.index("--server.enableAgentApi=true")


# Real ones ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def env(tmp_path):
    return {**bare_environment(), "PSAUTH_HOME": str(tmp_path / "home"), "PYTHONWARNINGS": "default"}


@POSIX
@pytest.mark.slow
def test_the_app_runs_on_the_port_and_ends_by_ctrl_c(env):
    port = free_port()
    with program("app", "--port", str(port), env=env) as app:
        said = line_with(app, f"http://localhost:{port}/?token=", seconds=60)
        wait_until(lambda: is_app(port), seconds=60, why="the app")
        address = re.search(r"http://localhost:\S+", said)[0]
        again = subprocess.run(
            [PYTHON, "-m", "psauth", "app", "--url"], env=env, capture_output=True, text=True, timeout=60, check=True
        )
        assert again.stdout == f"{address}\n"
        second = subprocess.run(
            [PYTHON, "-m", "psauth", "app", "--port", str(port)], env=env, capture_output=True, text=True, timeout=60
        )
        assert second.returncode == 1
        assert f"psauth already runs there. Open {address}, or name another one" in second.stderr
        assert requests.get(f"http://localhost:{port}/", timeout=10).status_code == 403
        assert requests.get(address, timeout=10).history[0].headers["location"] == "/"
        app.send_signal(signal.SIGINT)
        _, err = app.communicate(timeout=30)
    assert app.returncode == 130
    assert not [*Path(env["PSAUTH_HOME"]).glob("app-*")]
    assert err.strip().endswith("Stopped.")
    assert "Traceback" not in err


@pytest.fixture
def make(tmp_path):
    """`make app` with the environment of these tests in the place of one that it would install."""
    binaries = tmp_path / "venv" / "bin"
    binaries.mkdir(parents=True)
    python = binaries / "python"
    python.write_text(f'#!/bin/sh\nexec {PYTHON} "$@"\n')
    python.chmod(0o700)
    mark = tmp_path / "venv" / ".app"
    mark.touch()
    return ["make", f"VENV={tmp_path / 'venv'}", "-o", str(mark), "app"]


@POSIX
@pytest.mark.slow
def test_make_app_ends_by_ctrl_c_without_an_error(make, env):
    port = free_port()
    command = [*make, f"PORT={port}"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    try:
        line_with(process, f"http://localhost:{port}", seconds=60)
        wait_until(lambda: is_app(port), seconds=60, why="the app")
        os.killpg(process.pid, signal.SIGINT)  # to all of them, as a terminal does
        rest, _ = process.communicate(timeout=30)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    assert "Stopped." in rest
    assert "Error" not in rest
    assert "***" not in rest


@POSIX
@pytest.mark.slow
def test_make_app_at_a_terminal_ends_by_ctrl_c_without_an_error(make, env):
    port = free_port()
    with at_a_terminal(
        subprocess.check_output(["which", "make"], text=True).strip(), *make[1:], f"PORT={port}", env=env, cwd=ROOT
    ) as screen:
        screen.read_until(f"{port}", seconds=60)
        wait_until(lambda: is_app(port), seconds=60, why="the app")
        screen.type("\x03")
        _, rest = screen.read_all()
    assert "Stopped." in rest
    assert "Error" not in rest
    assert "***" not in rest


@POSIX
@pytest.mark.slow
def test_make_app_that_fails_says_so(make, env):
    with taken() as port:
        done = subprocess.run(
            [*make, f"PORT={port}"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=60, check=False
        )
    assert done.returncode == 2
    assert f"Port {port} is taken" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="make is not there")
def test_make_passes_the_port_on(make):
    done = subprocess.run([*make, "-n", "PORT=8511"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    assert "-m psauth app --port 8511;" in done.stdout
    without = subprocess.run(
        [*make, "-n"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        env={k: v for k, v in os.environ.items() if k != "PORT"},
    )
    assert "-m psauth app;" in without.stdout
