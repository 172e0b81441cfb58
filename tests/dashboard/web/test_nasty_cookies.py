"""A login from beginning to end at a real server, by a browser that other programs on localhost have fed with cookies."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from cryptography.fernet import Fernet

from psauth.vault.vault import Vault
from tests.browser.conftest import App
from tests.dashboard.web.asking import onward
from tests.dashboard.web.cookie_sets import RANDOM, SETS, lines_of

pytestmark = pytest.mark.slow


class Browser:
    """As little of a browser as a login needs, on a bare socket, so that cookies go out as they are."""

    def __init__(self, port: int, kind: str) -> None:
        self.port, self.kind = port, kind
        self.name = f"psauth-browser-{port}"
        self.value = ""

    def ask(self, path: str, form: dict[str, str] | None = None, *, extra: tuple[str, ...] = ()) -> tuple[str, str]:
        """The head and the body of an answer."""
        body = urlencode(form or {}).encode()
        lines = [f"{'POST' if form else 'GET'} {path} HTTP/1.1", f"Host: localhost:{self.port}", "Accept: text/html"]
        lines += [f"Cookie: {line}" for line in lines_of(self.kind, self.name, self.value)]
        if form:
            lines += [
                "Content-Type: application/x-www-form-urlencoded",
                f"Content-Length: {len(body)}",
                f"Origin: http://localhost:{self.port}",
            ]
        lines += extra or ("Connection: close",)
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)
            answer = b""
            while chunk := connection.recv(65536):
                answer += chunk
                if extra and b"\r\n\r\n" in answer:
                    break
        head, _, rest = answer.partition(b"\r\n\r\n")
        new = re.search(rf"(?im)^set-cookie: {self.name}=([^;]*)", head.decode("latin-1"))
        if new is not None:
            self.value = new[1]
        return head.decode("latin-1"), rest.decode("utf-8", "replace")

    def follow(self, head: str) -> tuple[str, str]:
        """Go where an answer leads."""
        where = re.search(r"(?im)^location: (\S+)", head)
        assert where is not None, head
        return self.ask(where[1].removeprefix(f"http://localhost:{self.port}"))

    def log_in(self) -> str:
        """From the first page to the answer to the callback."""
        self.ask("/")
        head, _ = self.ask("/connect")
        _, page = self.follow(head)
        ticket = re.findall(r'name="request" value="([^"]*)"', page)[0]
        person = re.findall(r'<option value="([^"]*)"', page)[0]
        head, _ = self.ask("/sandbox/oauth/authorize", {"request": ticket, "person": person, "decision": "allow"})
        return self.follow(head)[0]

    def open_websocket(self) -> str:
        """The answer to the WebSocket behind every view."""
        head, _ = self.ask(
            "/_stcore/stream",
            extra=(
                "Connection: Upgrade",
                "Upgrade: websocket",
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
                "Sec-WebSocket-Version: 13",
                f"Origin: http://localhost:{self.port}",
            ),
        )
        return head


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Vault]]:
    """The port of an app whose service is the sandbox inside it, and its vault."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
        app = App(tmp_path_factory.mktemp("cookies") / "home", PSAUTH_START_TOKEN="no")
        try:
            app.start()
            yield app.port, app.vault
        finally:
            app.stop()


def log_in(kind: str, server: tuple[int, Vault]) -> None:
    """A login to its end, which is stored, and the WebSocket of the view that follows."""
    port, vault = server
    vault.forget("default")
    browser = Browser(port, kind)
    answer = browser.log_in()
    assert answer.startswith("HTTP/1.1 303")
    _, passage = browser.follow(answer)
    head, _ = browser.ask(onward(passage))
    assert re.search(r"(?im)^location: /$", head.replace("\r", ""))
    assert vault.find("default") is not None
    assert browser.open_websocket().startswith("HTTP/1.1 101")


@pytest.mark.parametrize("kind", SETS)
def test_a_login_comes_to_its_end(kind: str, server: tuple[int, Vault]) -> None:
    log_in(kind, server)


@pytest.mark.soak
@pytest.mark.parametrize("kind", RANDOM)
def test_none_of_500_random_sets_breaks_a_login(kind: str, server: tuple[int, Vault]) -> None:
    log_in(kind, server)
