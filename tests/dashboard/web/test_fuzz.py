"""Requests of every odd kind at a real server: none breaks it, and none of another page or another user gets in."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from typing import NamedTuple

import pytest
import requests
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as some

import psauth
from tests.browser.conftest import App

pytestmark = pytest.mark.slow

EXAMPLES = 400
UPGRADE = (
    b"Upgrade: websocket",
    b"Connection: Upgrade",
    b"Sec-WebSocket-Version: 13",
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
OPEN = ("/psauth-app", "/_stcore/health", "/sandbox")
"""Where programs are answered that cannot know the start token."""


class Ask(NamedTuple):
    """A request: `{port}` stands for the port of the app, `{cookie}` for the cookies of a browser that was let in."""

    method: bytes
    target: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    is_websocket: bool

    def values(self, name: bytes) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name]


class Running(NamedTuple):
    app: App
    cookie: bytes

    def fill(self, text: bytes) -> bytes:
        return text.replace(b"{port}", b"%d" % self.app.port).replace(b"{cookie}", self.cookie)

    def send(self, ask: Ask) -> int:
        """The status of the answer; 0 where the connection was closed without one."""
        headers = [name + b": " + value for name, value in ask.headers]
        lines = [ask.method + b" " + ask.target + b" HTTP/1.1", *headers]
        lines += UPGRADE if ask.is_websocket else (b"Connection: close",)
        with socket.create_connection(("127.0.0.1", self.app.port), timeout=20) as client:
            client.sendall(self.fill(b"\r\n".join(lines)) + b"\r\n\r\n")
            try:
                answer = client.recv(65536)
            except ConnectionResetError:
                return 0
        return int(answer.split()[1]) if answer.startswith(b"HTTP/1.1 ") else 0

    def kept(self) -> tuple[int, int]:
        """How many connections are stored, and how many authorizations are under way."""
        with closing(sqlite3.connect(self.app.home / "vault.db")) as database:
            tables = ("connections", "pending")
            connections, pending = (database.execute(f"select count(*) from {t}").fetchone()[0] for t in tables)
        return int(connections), int(pending)


@pytest.fixture(scope="module", params=["oauth", "api key"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An app in which nobody is connected; Connect leads to a consent page, or stores an API key at once."""
    with pytest.MonkeyPatch.context() as patch, psauth.Sandbox(runs=5) as box:
        patch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
        key = {"PSAUTH_API_KEY": box.api_key, "PSAUTH_API_URL": box.api_url} if request.param == "api key" else {}
        # What may be set around the app as wide as it can be.
        wide = {
            "FORWARDED_ALLOW_IPS": "*",
            "STREAMLIT_SERVER_ENABLE_AGENT_API": "true",
            "STREAMLIT_SERVER_ENABLE_CORS": "false",
            "STREAMLIT_SERVER_ENABLE_XSRF_PROTECTION": "false",
        }
        app = App(tmp_path_factory.mktemp("fuzz") / "home", **wide, **key)
        try:
            app.start()
            assert app.vault.find("default") is None
            let_in = requests.get(app.at(), allow_redirects=False, timeout=20)
            cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in let_in.cookies)
            yield Running(app, cookies.encode())
            assert requests.get(app.url + "_stcore/health", timeout=20).status_code == 200
            log = app.log.read_text()
            assert "Traceback" not in log
            assert "unexpected" not in log, "an error that nobody foresaw"
        finally:
            app.stop()


# Control characters are left out: no browser sends them, and the parser of WebSockets then says nothing at all.
BYTES = some.lists(some.sampled_from([*range(0x20, 0x7F), *range(0x80, 0x100)]), max_size=40).map(bytes)
WORDS = some.lists(some.sampled_from(range(0x21, 0x7F)), max_size=30).map(bytes)
TARGETS = [
    b"/",
    b"/connect",
    b"/connect/",
    b"/connect?return_to=//evil.example",
    b"/%63onnect",
    b"//connect",
    b"/notice?of=x",
    b"/psauth-app",
    b"/runs",
    b"/workflows",
    b"/?code=a&state=b",
    b"/cb?error=x",
    b"/?token=x",
    b"/?token=%ED%A0%80",
    b"/media/x",
    b"/static/x",
    b"/component/x/y",
    b"/sandbox",
    b"/sandbox/",
    b"/sandbox/v1/workflows",
    b"/sandbox/oauth/authorize?response_type=code",
    b"/sandbox/oauth/token",
    b"/_stcore/health",
    b"/_stcore/host-config",
    b"/_stcore/metrics",
    b"/_stcore/stream",
    b"/_stcore/upload_file/a/b",
    b"/_stcore/agent/interact",
    b"http://evil.example/",
    b"http://localhost:{port}/connect",
    b"*",
]
HOSTS = [b"localhost:{port}", b"127.0.0.1:{port}", b"[::1]:{port}", b"LOCALHOST:{port}", b"localhost:1", b"localhost"]
"""Names of this machine; the port may be another one, behind a tunnel."""
ODD_HOSTS = [
    b"evil.example",
    b"user@localhost:{port}",
    b"localhost.:{port}",
    b"0.0.0.0:{port}",
    b"",
]
ORIGINS = [
    b"http://localhost:1",
    b"http://127.0.0.1:{port}",
    b"https://localhost:{port}",
    b"http://localhost:{port}.evil.example",
    b"http://localhost:{port}/",
    b"http://evil.example",
    b"null",
    b"",
]
SITES = [b"same-origin", b"none", b"same-site", b"cross-site", b"", b"Same-Origin", b"same-origin, none"]
FORWARDING = [
    b"X-Forwarded-For",
    b"X-Forwarded-Host",
    b"X-Real-IP",
    b"X-Forwarded-Proto",
    b"Forwarded",
    b"X-Original-Host",
]
FORWARDED = [b"203.0.113.9", b"evil.example", b"https", b"127.0.0.1", b"for=203.0.113.9;host=evil.example", b"unknown"]
COOKIES = [b"{cookie}", b"{cookie}", b"a=1; {cookie}; b", b"psauth-start-{port}=x", b'{"a": [1]}', b""]


def pairs(
    name: bytes, values: some.SearchStrategy[bytes], *, most: int = 1
) -> some.SearchStrategy[list[tuple[bytes, bytes]]]:
    return some.lists(values.map(lambda value: (name, value)), max_size=most)


def asks() -> some.SearchStrategy[Ask]:
    own = some.sampled_from(HOSTS)
    host = some.one_of(own, own, some.sampled_from(ODD_HOSTS), BYTES).map(lambda value: [(b"Host", value)])
    parts = [
        host,
        pairs(b"Cookie", some.one_of(some.sampled_from(COOKIES), BYTES), most=2),
        pairs(b"Origin", some.one_of(own.map(lambda value: b"http://" + value), some.sampled_from(ORIGINS), BYTES)),
        pairs(b"Referer", some.one_of(some.sampled_from(ORIGINS), BYTES)),
        pairs(b"Sec-Fetch-Site", some.one_of(some.sampled_from(SITES), BYTES)),
        pairs(b"Sec-Fetch-Mode", some.sampled_from([b"navigate", b"no-cors", b"cors", b"websocket", b"x"])),
        pairs(b"Sec-Fetch-Dest", some.sampled_from([b"document", b"iframe", b"image", b"empty", b"x"])),
        pairs(b"Accept", some.sampled_from([b"text/html", b"*/*"])),
        pairs(b"Host", own).filter(lambda more: len(more) < 2),
    ]
    forwarding = some.lists(some.tuples(some.sampled_from(FORWARDING), some.sampled_from(FORWARDED)), max_size=1)
    headers = some.tuples(*parts, some.one_of(some.just([]), some.just([]), forwarding)).map(
        lambda lists: tuple(pair for part in lists for pair in part)
    )
    methods = some.sampled_from(
        [b"GET"] * 4 + [b"HEAD", b"POST", b"PUT", b"PATCH", b"DELETE", b"OPTIONS", b"TRACE", b"X-Y"]
    )
    targets = some.one_of(some.sampled_from(TARGETS), WORDS.map(lambda word: b"/" + word))
    http = some.builds(Ask, methods, targets, headers, some.just(False))
    socket_targets = some.one_of(some.just(b"/_stcore/stream"), some.sampled_from(TARGETS))
    websocket = some.builds(Ask, some.just(b"GET"), socket_targets, headers, some.just(True))
    return some.one_of(http, http, websocket)


def is_foreign(ask: Ask) -> bool:
    """Whether another page asks, or by a name that is not the app's own, by the words of the issue and not by the code."""
    hosts, origins, sites = ask.values(b"host"), ask.values(b"origin"), ask.values(b"sec-fetch-site")
    if len(hosts) != 1 or hosts[0] not in HOSTS:
        return True
    if any(origin.lower() != (b"http://" + hosts[0]).lower() for origin in origins):
        return not is_link(ask)
    if ask.is_websocket:
        return not origins
    return any(site in (b"same-site", b"cross-site") for site in sites) and not is_link(ask)


def is_link(ask: Ask) -> bool:
    """Whether a person follows a link of another page, which shows a page of the app and does nothing."""
    said = {ask.method, *ask.values(b"sec-fetch-mode"), *ask.values(b"sec-fetch-dest")}
    return not ask.is_websocket and said == {b"GET", b"navigate", b"document"} and bool(ask.values(b"sec-fetch-site"))


def is_let_in(ask: Ask) -> bool:
    return any(b"{cookie}" in cookie for cookie in ask.values(b"cookie"))


@settings(max_examples=EXAMPLES)
@given(ask=asks())
def test_nothing_breaks_the_server_and_nothing_foreign_gets_in(server: Running, ask: Ask) -> None:
    before = server.kept()
    status = server.send(ask)
    assert status < 500
    if is_foreign(ask):
        assert status == 0 or 400 <= status < 500
    is_open = ask.target.decode("latin-1").startswith(OPEN)
    is_callback = b"code=" in ask.target or b"error=" in ask.target
    if not is_let_in(ask) and not is_open and not is_callback:
        assert status == 0 or 400 <= status < 500
    if server.kept() != before:
        assert not is_foreign(ask)
        assert is_let_in(ask)
        assert ask.method == b"GET"
        assert {*ask.values(b"sec-fetch-site")} <= {b"same-origin", b"none"}


def test_the_fuzz_can_see_what_it_looks_for(server: Running) -> None:
    """The person's own requests come in, begin and store: the rules above are no empty ones."""
    own = ((b"Host", b"localhost:{port}"), (b"Cookie", b"{cookie}"))
    led = ((b"Sec-Fetch-Site", b"none"), (b"Sec-Fetch-Mode", b"navigate"), (b"Sec-Fetch-Dest", b"document"))
    assert server.send(Ask(b"GET", b"/", own, is_websocket=False)) == 200
    websocket = Ask(b"GET", b"/_stcore/stream", (*own, (b"Origin", b"http://localhost:{port}")), is_websocket=True)
    assert server.send(websocket) == 101
    with closing(sqlite3.connect(server.app.home / "vault.db")) as database:
        database.execute("delete from pending")
        database.execute("delete from connections")
        database.commit()
    assert server.send(Ask(b"GET", b"/connect", (*own, *led), is_websocket=False)) in (302, 303)
    assert sum(server.kept()) == 1
