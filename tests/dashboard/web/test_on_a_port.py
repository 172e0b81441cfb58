"""The app as a process on a port, asked with bytes that no library would send."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.cli.processes import free_port, is_app
from tests.flow.parts import ROOT, bare_environment, wait_until

pytestmark = pytest.mark.slow


class Running(NamedTuple):
    port: int
    cookie: str


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """`streamlit run app.py`, and the cookie of a browser that was let in."""
    folder, port = tmp_path_factory.mktemp("app"), free_port()
    # Streamlit's own options and the server's trust in proxies as wide as they can be set.
    env = {
        **bare_environment(),
        "PSAUTH_HOME": str(folder / "home"),
        "FORWARDED_ALLOW_IPS": "*",
        "STREAMLIT_SERVER_ENABLE_AGENT_API": "true",
        "STREAMLIT_SERVER_ENABLE_CORS": "false",
        "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "app.py"), f"--server.port={port}"]
    log = Path(folder / "log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=output, stderr=subprocess.STDOUT)
    try:
        wait_until(lambda: is_app(port), seconds=90, why=log.read_text)
        (address,) = re.findall(r"http://localhost:\S+", log.read_text())
        let_in = requests.get(address, allow_redirects=False, timeout=20)
        assert (let_in.status_code, let_in.headers["location"]) == (303, "/")
        yield Running(port, "; ".join(f"{cookie.name}={cookie.value}" for cookie in let_in.cookies))
    finally:
        process.terminate()
        process.wait(30)
    assert list((folder / "home").glob("app-*")) == [], "the address is forgotten when the app ends"


def ask(app: Running, *lines: str, target: str = "/", method: str = "GET", cookie: bool = True) -> tuple[int, str]:
    """Send these lines and no other; the status of the answer, and its text."""
    words = [f"{method} {target} HTTP/1.1", *lines, "Connection: close"]
    if cookie:
        words.append(f"Cookie: {app.cookie}")
    with socket.create_connection(("127.0.0.1", app.port), timeout=20) as client:
        client.sendall(("\r\n".join(words) + "\r\n\r\n").encode("latin-1"))
        answer = b""
        try:
            while data := client.recv(65536):
                answer += data
                if b"101 Switching" in answer:
                    break
        except ConnectionResetError:
            pass
    text = answer.decode("utf-8", "replace")
    return int(text.split()[1]), text


def test_the_person_comes_in(app: Running) -> None:
    status, text = ask(app, f"Host: localhost:{app.port}")
    assert status == 200
    assert "cross-origin-resource-policy: same-origin" in text


@pytest.mark.parametrize(
    "lines",
    [
        ["Host: user@localhost:{port}"],
        ["Host: localhost:{port}@evil.example"],
        ["Host: localhost.:{port}"],
        ["Host: localhost:0{port}"],
        ["Host: localhost:{port}, evil.example"],
        ["Host: evil.example"],
        ["Host:"],
        ["Host: localhost:{port}", "Host: localhost:{port}"],
        ["Host: localhost:{port}", "Host: evil.example"],
        ["X-Nothing: 1"],
        ["Host: localhost:{port}", "X-Forwarded-For: 203.0.113.9"],
        ["Host: localhost:{port}", "X-Forwarded-Host: evil.example"],
        ["Host: localhost:{port}", "Forwarded: for=203.0.113.9;host=evil.example"],
        ["Host: localhost:{port}", "Sec-Fetch-Site: same-site", "Sec-Fetch-Mode: no-cors", "Sec-Fetch-Dest: image"],
        ["Host: localhost:{port}", "Origin: http://localhost:1"],
        ["Host: localhost:{port}", "Origin: null"],
    ],
    ids=str,
)
def test_odd_heads_do_not_come_in(app: Running, lines: list[str]) -> None:
    filled = [line.replace("{port}", str(app.port)) for line in lines]
    for target in ("/", "/psauth-app", "/_stcore/health", "/connect", "/sandbox/v1/workflows"):
        assert ask(app, *filled, target=target)[0] in (400, 403), target


@pytest.mark.parametrize("target", ["http://evil.example/", "http://localhost:{port}/", "*", "evil.example:443"])
def test_a_whole_address_as_the_target_does_not_come_in(app: Running, target: str) -> None:
    for method in ("GET", "OPTIONS", "CONNECT"):
        status, _ = ask(
            app, f"Host: localhost:{app.port}", target=target.replace("{port}", str(app.port)), method=method
        )
        assert status in (400, 403)


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["Origin: http://localhost:{port}"], 101),
        (["Origin: http://localhost:1"], 403),
        (["Origin: http://127.0.0.1:{port}"], 403),
        (["Origin: https://localhost:{port}", "X-Forwarded-Proto: https"], 403),
        (["Origin: null"], 403),
        ([], 403),
        (["Origin: http://localhost:{port}", "Origin: http://localhost:1"], 400),
    ],
    ids=str,
)
def test_only_the_apps_own_page_opens_the_websocket(app: Running, lines: list[str], status: int) -> None:
    head = [
        f"Host: localhost:{app.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        *(line.replace("{port}", str(app.port)) for line in lines),
    ]
    assert ask_websocket(app, head) == status
    assert ask_websocket(app, head, cookie=False) in (400, 403)


def ask_websocket(app: Running, head: list[str], *, cookie: bool = True) -> int:
    words = ["GET /_stcore/stream HTTP/1.1", *head, *([f"Cookie: {app.cookie}"] if cookie else [])]
    with socket.create_connection(("127.0.0.1", app.port), timeout=20) as client:
        client.sendall(("\r\n".join(words) + "\r\n\r\n").encode())
        return int(client.recv(65536).split()[1])


def test_what_a_proxy_says_changes_no_address(app: Running) -> None:
    lines = ("X-Forwarded-Proto: https", "X-Forwarded-For: 127.0.0.1", "X-Forwarded-Port: 1", "X-Forwarded-Prefix: /x")
    head = (f"Host: localhost:{app.port}", f"Referer: http://localhost:{app.port}/")
    status, text = ask(app, *head, *lines, target="/connect")
    assert status == 302
    assert f"location: http://localhost:{app.port}/sandbox/oauth/authorize?" in text
    assert "Secure" not in text


def test_a_head_begins_nothing(app: Running) -> None:
    for target in ("/connect", "/?code=a&state=b", "/psauth-app"):
        status, text = ask(app, f"Host: localhost:{app.port}", target=target, method="HEAD")
        assert status == 200
        assert "location:" not in text


def test_streamlits_interface_for_programs_stays_off(app: Running) -> None:
    for target in ("/_stcore/agent/interact", "/_stcore/agent/mcp", "/_stcore/agent/openapi.json"):
        for method in ("GET", "POST"):
            assert ask(app, f"Host: localhost:{app.port}", "Content-Length: 0", target=target, method=method)[0] == 404


def test_who_knows_the_port_alone_is_told_what_to_do(app: Running) -> None:
    for target in ("/", "/connect", "/media/x", "/_stcore/metrics", "/?token=guessed"):
        status, text = ask(app, f"Host: localhost:{app.port}", target=target, cookie=False)
        assert status == 403
        assert "<code>psauth app --url</code>" in text
        assert "<code>python -m psauth app --url</code>" in text
