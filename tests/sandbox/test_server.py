"""Starting and stopping, many times, in one process."""

from __future__ import annotations

import re
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import requests

import psauth.sandbox
from psauth.sandbox import SandboxServer, create_app
from tests.sandbox.conftest import NOW, App


def test_it_comes_and_goes_without_a_trace() -> None:
    before = set(threading.enumerate())
    for _ in range(3):
        with SandboxServer(runs=15) as box:
            assert requests.get(f"{box.url}/v1/testAuth", timeout=10).status_code == 401
            address = box.url
        with pytest.raises(requests.ConnectionError):
            requests.get(address, timeout=1)
    assert set(threading.enumerate()) <= before


def test_it_stops_at_once_with_open_connections_and_waiting_requests() -> None:
    box = SandboxServer(runs=15).start()
    box.knobs.fault("/v1/users", "delay", seconds=60)
    headers = {"X-API-Key": box.api_key}
    with requests.Session() as idle, ThreadPoolExecutor(1) as pool:
        idle.get(f"{box.api_url}/folders", headers=headers, timeout=10)
        waiting = pool.submit(requests.get, f"{box.api_url}/users", headers=headers, timeout=60)
        deadline = time.monotonic() + 5
        while box.knobs.faults and time.monotonic() < deadline:
            time.sleep(0.005)
        before = time.monotonic()
        box.stop()
        assert time.monotonic() - before < 20  # far from the minute it would have waited
        with pytest.raises(requests.ConnectionError):
            waiting.result(timeout=5)


def test_a_port_in_use_is_said_clearly() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port} cannot be used by the sandbox"):
            SandboxServer(port=port).start()


def test_a_given_port_can_be_taken_again_right_after() -> None:
    with SandboxServer(runs=15) as box:
        port = int(box.url.rpartition(":")[2])
        App(box).connect()
    with SandboxServer(runs=15, port=port) as box:
        assert box.url.endswith(f":{port}")


def test_stopped_it_has_no_address() -> None:
    box = SandboxServer(runs=15)
    assert repr(box) == "SandboxServer(stopped)"
    box.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = box.url


def test_it_does_not_start_twice(box: SandboxServer) -> None:
    with pytest.raises(RuntimeError, match="already running"):
        box.start()


def test_the_log_tells_what_was_asked_but_no_secret(box: SandboxServer, app: App) -> None:
    app.connect()
    ask, allow, exchange = box.requests
    assert (ask.method, ask.path, ask.status, ask.query["state"]) == ("GET", "/oauth/authorize", 200, "…")
    assert (allow.method, allow.status) == ("POST", 303)
    assert exchange.grant_type == "authorization_code"
    assert exchange.credential == "post"
    assert exchange.parameters == (
        "client_id", "client_secret", "code", "code_verifier", "grant_type", "redirect_uri",
    )  # fmt: skip
    assert box.requests.matching("/oauth/token", grant_type="refresh_token") == []


def test_it_imports_nothing_else_of_psauth() -> None:
    files = list(Path(psauth.sandbox.__file__).parent.rglob("*.py"))
    assert len(files) > 10
    for file in files:
        found = re.findall(r"(?:from|import) (psauth[\w.]*)", file.read_text(encoding="utf-8"))
        assert [name for name in found if not name.startswith("psauth.sandbox")] == []


def test_making_the_application_costs_nothing() -> None:
    company = create_app().state.company
    assert company._lists is None  # no run is drawn before one is asked for
    assert company.now > NOW
