"""Connect works in a browser that a program on another port of localhost has fed with cookies."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import App, wait_for_table

pytestmark = pytest.mark.browser


def cookies_for(port: int) -> list[bytes]:
    """As another program would set them; our own name among them, at other paths and for nothing."""
    ours = f"psauth-browser-{port}".encode()
    return [
        b'prefs={"theme": "dark", "open": [1, 2]}; Path=/',
        b"a[0]=1; Path=/",
        b"flag; Path=/",
        b"with spaces=a value, and a comma; Path=/",
        'größe="weiß"; Path=/'.encode(),
        b'quoted="never closed; Path=/',
        b"empty=; Path=/",
        b"=nameless; Path=/",
        ours + b"=; Path=/",
        ours + b"=odd; Path=/connect",
        ours + b"=" + b"A" * 43 + b"; Path=/connect",
        ours + b"=" + b"B" * 43 + b"; Path=/_stcore",
        ours + b"=" + b"C" * 43 + b"; Path=/sandbox",
        *(f"long-{n}=".encode() + b"x" * 3900 + b"; Path=/" for n in range(8)),
    ]


@pytest.fixture(scope="module")
def open_app(tmp_path_factory: pytest.TempPathFactory, _vault_key: None) -> Iterator[App]:
    """An app whose cookie for the browser is the only one."""
    app = App(tmp_path_factory.mktemp("cookies") / "home", PSAUTH_START_TOKEN="no").start()
    yield app
    app.stop()


@pytest.fixture
def app(open_app: App) -> App:
    """That app, with nobody connected."""
    open_app.vault.forget("default")
    return open_app


def connect(page: Page, app: App) -> None:
    """Through the first page and the consent page to the table."""
    page.goto(app.url)
    allow(page)


def allow(page: Page) -> None:
    """From the first page, as it is shown, to the table."""
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    wait_for_table(page)


@pytest.fixture
def neighbour(app: App) -> Iterator[str]:
    """The address of a program on another port, which sets cookies that are not its own business."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            # Not with its icon: a browser asks for that at any time, and what it sets then would be of another moment.
            lines = [b"Set-Cookie: " + cookie for cookie in cookies_for(app.port) if self.path == "/"]
            head = [b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Content-Length: 5", b"Connection: close", *lines]
            self.wfile.write(b"\r\n".join([*head, b"", b"hello"]))

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://localhost:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


def test_connect_works_beside_the_cookies_of_another_program(app: App, page: Page, neighbour: str) -> None:
    page.goto(neighbour)
    kept = page.context.cookies()
    assert len(kept) >= 15, "the browser has taken them"
    connect(page, app)
    expect(page.get_by_text("12 workflows")).to_be_visible()
    assert app.vault.find("default") is not None


def test_connect_works_when_they_are_set_between_the_first_page_and_connect(
    app: App, page: Page, neighbour: str
) -> None:
    page.goto(app.url)
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    page.context.new_page().goto(neighbour)
    allow(page)
    expect(page.get_by_text("12 workflows")).to_be_visible()


def test_a_lost_cookie_is_said_when_the_answer_comes(app: App, page: Page) -> None:
    page.goto(app.url)
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").wait_for()
    page.context.clear_cookies(name=f"psauth-browser-{app.port}")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", name="Begun in another browser")).to_be_visible()
    expect(page.get_by_text("its cookie was changed meanwhile")).to_be_visible()
    assert "code=" not in page.url
    assert app.vault.find("default") is None
    allow(page)  # and the next time it works
