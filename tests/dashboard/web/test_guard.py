"""Who comes in, and what every page carries; asked as ASGI, the way a server asks."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

import psauth
from psauth.dashboard.web.guard import COOKIE, SECURITY_HEADERS
from psauth.dashboard.web.notices import CONNECTED, notices
from psauth.dashboard.web.routes import middleware, routes
from psauth.settings import Settings
from psauth.vault.vault import Vault


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        start = messages[0]
        self.type = start["type"]
        self.status = start.get("status", start.get("code"))
        self.headers = {k.decode(): v.decode() for k, v in start.get("headers", [])}
        self.text = b"".join(m.get("body", b"") for m in messages[1:]).decode()


def ask(
    path: str = "/",
    *,
    host: str = "localhost:8501",
    peer: str = "127.0.0.1",
    cookie: str | None = None,
    accept: str = "text/html",
    kind: str = "http",
    extra: dict[str, str] | None = None,
) -> Answer:
    """One request to the app's routes behind its middleware, with a page that says nothing in Streamlit's place."""
    app = Starlette(
        routes=[*routes(), Route("/{rest:path}", lambda _: PlainTextResponse("a page"))], middleware=middleware()
    )
    parts = urlsplit(path)
    headers = {"host": host, "accept": accept, **(extra or {})} | ({"cookie": f"{COOKIE}={cookie}"} if cookie else {})
    scope = {
        "type": kind,
        "method": "GET",
        "path": parts.path,
        "query_string": parts.query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
        "client": (peer, 50000),
        "server": ("127.0.0.1", 8501),
        "scheme": "http",
        "root_path": "",
        "http_version": "1.1",
    }
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return Answer(sent)


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "[::1]:8501", "LOCALHOST"])
def test_this_machine_comes_in_by_each_of_its_names(host: str) -> None:
    assert ask(host=host).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8501", "localhost.evil.example", "192.168.1.5:8501", "", "[::1"]
)
def test_a_name_that_only_resolves_to_this_machine_does_not(host: str) -> None:
    answer = ask(host=host)
    assert answer.status == 403
    assert "Only on this machine" in answer.text


@pytest.mark.parametrize("peer", ["192.168.1.9", "10.0.0.4", "2001:db8::1"])
def test_another_machine_does_not_come_in(peer: str) -> None:
    assert ask(peer=peer).status == 403
    assert ask("/connect", peer=peer).status == 403
    assert ask("/sandbox/v1/workflows", peer=peer).status == 403


def test_a_websocket_from_elsewhere_is_closed_before_it_opens() -> None:
    assert ask("/_stcore/stream", kind="websocket", host="evil.example").type == "websocket.close"


@pytest.mark.parametrize("address", [None, "0.0.0.0", "192.168.1.5", "example.com"])
def test_a_server_on_another_address_serves_nobody(address: str | None) -> None:
    from streamlit import config

    config.set_option("server.address", address)
    assert ask().status == 403


def test_every_answer_carries_the_security_headers() -> None:
    headers = ask().headers
    assert {name.lower(): value for name, value in SECURITY_HEADERS.items()}.items() <= headers.items()


def test_a_new_browser_gets_a_name_of_256_bits_that_scripts_cannot_read() -> None:
    cookie = ask().headers["set-cookie"]
    name, value = cookie.split(";")[0].split("=")
    assert name == COOKIE
    assert len(value) >= 43
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_a_known_browser_keeps_its_name_and_scripts_do_not_get_one() -> None:
    assert "set-cookie" not in ask(cookie="known").headers
    assert "set-cookie" not in ask("/static/x.js", accept="*/*", extra={"sec-fetch-mode": "no-cors"}).headers


def test_connect_leads_to_the_sandbox_when_nothing_is_configured() -> None:
    answer = ask("/connect", cookie="browser-1")
    assert answer.status == 302
    target = urlsplit(answer.headers["location"])
    assert f"{target.scheme}://{target.netloc}{target.path}" == "http://localhost:8501/sandbox/oauth/authorize"
    query = dict(parse_qsl(target.query))
    assert query["redirect_uri"] == "http://localhost:8501/"
    assert query["code_challenge_method"] == "S256"
    pending = Vault.open(Settings(env_file=None)).pending(query["state"])
    assert pending is not None
    assert pending.belongs_to("browser-1")
    assert not pending.belongs_to("browser-2")
    assert not pending.belongs_to(None)


def test_connect_leads_to_the_configured_service(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = ask("/connect", cookie="b")
    assert answer.headers["location"].startswith("https://app.process.st/oauth/authorize?")


def test_connect_by_another_name_goes_to_the_redirect_uris_name_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = ask("/connect?return_to=/connection", host="127.0.0.1:8501", cookie="b")
    assert answer.headers["location"] == "http://localhost:8501/connect?return_to=/connection"


@pytest.mark.parametrize("configured", ["http://127.0.0.1/cb", "http://localhost/cb"])
def test_a_bare_loopback_redirect_uri_gets_this_apps_port_and_keeps_its_name(
    configured: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    monkeypatch.setenv("PSAUTH_REDIRECT_URI", configured)
    host = urlsplit(configured).hostname or ""
    answer = ask("/connect", host=f"{host}:8505")
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect_uri"] == f"http://{host}:8505/cb"
    other = {"127.0.0.1": "localhost", "localhost": "127.0.0.1"}[host]
    assert ask("/connect", host=f"{other}:8505").headers["location"] == f"http://{host}:8505/connect"


def test_an_answer_that_would_come_back_to_another_port_is_said_beforehand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_ID", "analyst")
    answer = ask("/connect", host="localhost:8502", cookie="p")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notice = notices.take("p")
    assert notice is not None
    assert "PSAUTH_REDIRECT_URI" in notice.text


@pytest.mark.parametrize(
    "path", ["https://evil.example", "//evil.example", "/\\evil.example", "/%0d%0aSet-Cookie:a=b", "/a b"]
)
def test_connect_never_returns_to_another_host(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSAUTH_CLIENT_SECRET", "half")
    answer = ask(f"/connect?return_to={path}", cookie="b")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notices.take("b")


def test_an_api_key_is_tried_and_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    with psauth.Sandbox(runs=5) as box:
        monkeypatch.setenv("PSAUTH_API_KEY", box.api_key)
        monkeypatch.setenv("PSAUTH_API_URL", box.api_url)
        answer = ask("/connect?return_to=/connection", cookie="k")
        assert (answer.status, answer.headers["location"]) == (303, "/connection")
        assert notices.take("k") == CONNECTED
        assert Vault.open(Settings(env_file=None)).read().connection.kind == "api_key"


@pytest.mark.parametrize("path", ["/", "/callback", "/some/deep/path", "/connect/callback", "/connected"])
def test_a_callback_is_taken_off_any_path_and_the_address_is_clean_afterwards(path: str) -> None:
    answer = ask(f"{path}?code=abc&state=unknown", cookie="c")
    assert (answer.status, answer.headers["location"]) == (303, "/")
    notice = notices.take("c")
    assert notice is not None
    assert notice.title == "This answer is not ours"
    assert notices.take("c") is None  # told once


def test_what_is_no_callback_is_left_alone() -> None:
    assert ask("/?page=2").text == "a page"
    assert ask("/_stcore/health?state=x").text == "a page"


def test_other_requests_are_told_that_this_is_the_app() -> None:
    assert '"app":"psauth"' in ask("/psauth-app").text


def test_whatever_breaks_while_connecting_is_a_calm_page_and_never_a_bare_500(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def break_down(*_: object, **__: object) -> None:
        raise OSError("token-secret-77")

    monkeypatch.setattr("psauth.dashboard.web.routes.Vault.open", break_down)
    for path in ("/connect", "/?code=a&state=b"):
        answer = ask(path, cookie="x")
        assert (answer.status, answer.headers["location"]) == (303, "/")
        notice = notices.take("x")
        assert notice is not None
        assert notice.title == "Something went wrong here"
        assert "token-secret-77" not in str(notice) + caplog.text


def test_connect_leads_back_to_where_an_ended_connection_was_made() -> None:
    with psauth.Sandbox(runs=5) as box:
        settings = box.settings.with_(home=Settings(env_file=None).home, secret_key=Settings(env_file=None).secret_key)
        vault = Vault.open(settings)
        flow = psauth.AuthorizationFlow(settings, vault)
        flow.finish(box.login(flow.begin()))
        vault.end(vault.read(), "the service has ended the access (invalid_grant)")
        answer = ask("/connect", host="127.0.0.1:8501", cookie="y")
        assert answer.headers["location"].startswith(box.url + "/oauth/authorize?")
        assert "redirect_uri=http%3A%2F%2F127.0.0.1%3A8501%2F" in answer.headers["location"]  # a bare one: any port


@pytest.mark.parametrize("path", ["/foo/bar", "/runs/", "/workflows/abc?x=1"])
def test_a_page_that_is_nowhere_leads_to_the_first_one(path: str) -> None:
    answer = ask(path)
    assert (answer.status, answer.headers["location"]) == (307, "/")


@pytest.mark.parametrize(
    "path", ["/", "/runs", "/connection?x=/a/b", "/_stcore/health", "/media/abc.csv", "/static/js/main.js"]
)
def test_what_is_served_is_let_through(path: str) -> None:
    assert ask(path).text == "a page"


def test_a_callback_below_a_second_slash_is_taken_and_not_led_away() -> None:
    assert ask("/oauth/callback?state=x&code=y").status == 303


def test_a_script_that_is_nowhere_is_not_led_to_a_page() -> None:
    assert ask("/foo/bar.js", accept="*/*").text == "a page"
