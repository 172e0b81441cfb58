"""A page at another port of localhost tries what it can: nothing is read, begun or changed, and who follows a link is told."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import BrowserContext, Page, Request, expect

import psauth
from tests.browser.conftest import PATIENCE, ROOT, App, connect, enter, let_in, wait_for_table
from tests.flow.parts import wait_until

Shot = Callable[[Page, str], None]
MakeApp = Callable[..., App]
NewBrowser = Callable[..., BrowserContext]
Serve = Callable[[str], str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves a page at another port of localhost."""
    servers: list[ThreadingHTTPServer] = []

    def make(body: str) -> str:
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(f"<!doctype html><title>foreign</title>{body}".encode())

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        servers.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return f"http://localhost:{server.server_address[1]}/"

    yield make
    for server in servers:
        server.shutdown()
        server.server_close()


def pending(app: App) -> int:
    """How many authorizations wait for their callback."""
    with closing(sqlite3.connect(app.home / "vault.db")) as database:
        (rows,) = database.execute("select count(*) from pending").fetchone()
    return int(rows)


def watch(context: BrowserContext, address: str) -> list[str]:
    """How each request to an address has ended, from now on: its status, or that the page was not even told."""
    ends: list[str] = []

    def keep(end: Callable[[Request], str]) -> Callable[[Request], None]:
        return lambda request: ends.append(end(request)) if request.url.startswith(address) else None

    def status(request: Request) -> str:
        answer = request.response()
        return str(answer.status) if answer else "unanswered"

    context.on("requestfinished", keep(status))
    context.on("requestfailed", keep(lambda _: "blocked"))
    return ends


ATTEMPTS = {
    "an image": '<img src="{app}connect">',
    "an image without a referrer": '<img referrerpolicy="no-referrer" src="{app}connect">',
    "a frame": '<iframe src="{app}connect"></iframe>',
    "an object": '<object data="{app}connect"></object><embed src="{app}connect">',
    "a script": '<script src="{app}connect"></script><script src="{app}_stcore/host-config"></script>',
    "a style": '<link rel="stylesheet" href="{app}connect">',
    "a fetch": '<script>fetch("{app}connect",{mode:"no-cors",credentials:"include"})</script>',
    "a fetch to read": '<script>fetch("{app}connect",{credentials:"include"})</script>',
    "a head": '<script>fetch("{app}connect",{method:"HEAD",mode:"no-cors",credentials:"include"})</script>',
    "a form": '<form method="post" action="{app}connect"></form><script>document.forms[0].submit()</script>',
    "a form that reads": '<form action="{app}connect"></form><script>document.forms[0].submit()</script>',
    "a jump": '<script>location = "{app}connect"</script>',
    "a refresh": '<meta http-equiv="refresh" content="0;url={app}connect">',
    "a beacon": '<script>navigator.sendBeacon("{app}connect")</script>',
    "a prefetch": '<link rel="prefetch" href="{app}connect"><link rel="prerender" href="{app}connect">',
    "a speculation": '<script type="speculationrules">{"prerender":[{"urls":["{app}connect"],"eagerness":"immediate"}],'
    '"prefetch":[{"urls":["{app}connect"],"eagerness":"immediate"}]}</script>',
}


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_another_page_begins_nothing(app: App, page: Page, serve: Serve, attempt: str) -> None:
    let_in(page, app)
    app.vault.find("default")  # there is a vault
    before = pending(app)
    attempts = watch(page.context, app.url + "connect")
    page.goto(serve(ATTEMPTS[attempt].replace("{app}", app.url)))
    # A prerender that is refused is not told to the page: the time in which the others answer has to do for it.
    if "prefetch" in ATTEMPTS[attempt]:
        page.wait_for_timeout(1500)
    else:
        wait_until(
            lambda: bool(attempts or page.wait_for_timeout(50)), seconds=PATIENCE / 1000, why="an end of the attempt"
        )
    assert {*attempts} <= {"403", "blocked"}
    assert pending(app) == before


def test_another_page_opens_no_websocket_and_disconnects_nobody(shared: App, page: Page, serve: Serve) -> None:
    app = shared
    enter(page, app)
    page.goto(serve("<p>foreign</p>"))
    opened = page.evaluate(
        """address => Promise.all(["", "streamlit"].map(protocol => new Promise(done => {
            const socket = protocol ? new WebSocket(address, protocol) : new WebSocket(address);
            socket.onopen = () => done("open");
            socket.onerror = () => done("refused");
        })))""",
        f"ws://localhost:{app.port}/_stcore/stream",
    )
    assert opened == ["refused", "refused"]
    for path in ("_stcore/host-config", "_stcore/health", "sandbox/v1/workflows", "psauth-app", ""):
        read = page.evaluate(
            "address => fetch(address, {credentials: 'include'}).then(a => a.status, () => 'unread')", app.url + path
        )
        assert read == "unread", path
    assert app.vault.find("default") is not None


def test_who_follows_a_link_to_connect_reads_where_to_press_it(app: App, page: Page, serve: Serve, shot: Shot) -> None:
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    page.goto(serve(f'<a href="{app.url}connect">here</a> <a target="_blank" href="{app.url}">there</a>'))
    page.get_by_text("here", exact=True).click()
    expect(page.get_by_role("heading", name="Connect begins in the app")).to_be_visible()
    shot(page, "not-begun")
    page.get_by_role("link", name="Open the app").click()
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").wait_for()


def test_a_link_to_the_app_leads_to_the_app(app: App, page: Page, serve: Serve) -> None:
    let_in(page, app)
    page.goto(serve(f'<a href="{app.url}">there</a>'))
    page.get_by_text("there").click()
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    assert page.url == app.url


def test_an_image_on_another_page_stores_no_api_key(make_app: MakeApp, page: Page, serve: Serve) -> None:
    with psauth.Sandbox(runs=5) as box:
        app = make_app(PSAUTH_API_KEY=box.api_key, PSAUTH_API_URL=box.api_url).start()
        let_in(page, app)
        asked = len(box.requests)
        attempts = watch(page.context, app.url + "connect")
        page.goto(serve(f'<img src="{app.url}connect">'))
        wait_until(
            lambda: bool(attempts or page.wait_for_timeout(50)), seconds=PATIENCE / 1000, why="an end of the attempt"
        )
        assert app.vault.find("default") is None
        assert len(box.requests) == asked


# The start token ------------------------------------------------------------------------------------------------------


def test_who_knows_the_port_alone_reads_what_to_do(app: App, page: Page, new_browser: NewBrowser, shot: Shot) -> None:
    page.goto(app.url)
    expect(page.get_by_role("heading", name="Open psauth by its own address")).to_be_visible()
    shot(page, "not-started")
    dark = new_browser(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    dark.goto(app.url + "?token=of-an-earlier-start")
    expect(dark.get_by_role("heading", name="This address is from an earlier start")).to_be_visible()
    shot(dark, "old-token")
    assert dark.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(app.at("runs?status=Active"))
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    assert page.url == app.url + "runs?status=Active"
    assert page.evaluate("performance.getEntriesByType('navigation')[0].name") == page.url
    assert page.evaluate("document.cookie").find("psauth-start") == -1


def test_a_tab_that_was_open_before_a_restart_is_told_and_goes_on_once_the_new_address_was_opened(
    make_app: MakeApp, page: Page, shot: Shot
) -> None:
    app = make_app().start()
    connect(page, app)
    app.restart()
    with page.expect_response(app.url + "_stcore/host-config") as answer:
        dialog = page.get_by_role("dialog", name="Connection error")
        expect(dialog).to_be_visible()
    assert answer.value.status == 401
    code = dialog.get_by_test_id("stErrorCodeBlock")
    expect(code).to_be_hidden()
    said = code.evaluate("block => getComputedStyle(block.parentElement, '::before').content")
    assert "Then open the address that it says" in said
    shot(page, "restarted")
    page.context.new_page().goto(app.at())
    expect(dialog).to_be_hidden()
    wait_for_table(page)


def test_without_the_token_everybody_on_this_machine_comes_in_and_other_pages_still_do_not(
    make_app: MakeApp, page: Page, serve: Serve
) -> None:
    app = make_app(PSAUTH_START_TOKEN="no").start()
    page.goto(app.url)
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    attempts = watch(page.context, app.url + "connect")
    page.goto(serve(f'<iframe src="{app.url}connect"></iframe>'))
    wait_until(
        lambda: bool(attempts or page.wait_for_timeout(50)), seconds=PATIENCE / 1000, why="an end of the attempt"
    )
    assert pending(app) == 0


def test_the_script_of_the_views_alone_shows_nothing(make_app: MakeApp, page: Page, shot: Shot) -> None:
    app = make_app()
    app.script = ROOT / "psauth" / "dashboard" / "main.py"
    app.start()
    page.goto(app.url)
    expect(page.get_by_role("heading", name="Started without its guard")).to_be_visible()
    expect(page.get_by_text("psauth app", exact=True)).to_be_visible()
    shot(page, "unguarded")
    assert page.get_by_role("link", name="Connect").count() == 0
