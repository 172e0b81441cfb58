"""Requests to the app's routes behind its middleware, asked as ASGI, the way a server asks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket

from psauth.dashboard.web.cookies import cookie_name, port_of
from psauth.dashboard.web.routes import middleware, routes
from psauth.dashboard.web.start import this_start

LED = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
"""What a browser says when a person follows a link of the app's own page."""
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"]


class Answer:
    def __init__(self, messages: list[dict[str, Any]], seen: dict[str, str]) -> None:
        self.seen = seen
        """The headers that came through to Streamlit's place."""
        start = messages[0]
        self.type = start["type"]
        self.status = start.get("status", start.get("code"))
        self.headers = {k.decode(): v.decode() for k, v in start.get("headers", [])}
        self.cookies = [v.decode() for k, v in start.get("headers", []) if k == b"set-cookie"]
        self.text = b"".join(m.get("body", b"") for m in messages[1:]).decode()


def named(browser: str) -> str:
    """The value of a cookie that names this browser, as the app makes them."""
    return base64.urlsafe_b64encode(hashlib.sha256(browser.encode()).digest()).decode().rstrip("=")


def ask(
    path: str = "/",
    *,
    host: str = "localhost:8501",
    peer: str = "127.0.0.1",
    cookie: str | None = None,
    accept: str = "text/html",
    kind: str = "http",
    method: str = "GET",
    started: bool = True,
    said: dict[str, str] = LED,
    extra: dict[str, str] | None = None,
    lines: Sequence[tuple[str, str]] = (),
    without: Sequence[str] = (),
    **changes: Any,
) -> Answer:
    """One request to the app's routes behind its middleware, with a page that says nothing in Streamlit's place.

    `cookie` is any name for the browser that asks; what it sends is `named(cookie)`. It was `started` with the token of
    this start, and what it has `said` of who asks is by default what it says of a link in the app. `extra` are further
    headers, `lines` some that stand there more than once, `without` some that are left out, `changes` those of the scope.
    """

    def streamlit(request: Request) -> Response:
        seen.update(request.headers)
        return PlainTextResponse("a page")

    async def stream(socket: WebSocket) -> None:
        seen.update(socket.headers)
        await socket.accept()

    rest = [Route("/{rest:path}", streamlit, methods=METHODS), WebSocketRoute("/{rest:path}", stream)]
    app = Starlette(routes=[*routes(), *rest], middleware=middleware())
    target, _, query = path.partition("?")
    headers = {"host": host, "accept": accept, **({} if kind == "websocket" else said), **(extra or {})}
    if kind == "websocket":
        headers = {"origin": f"http://{host}", **headers}
    port = port_of(Headers(headers))
    cookies = [f"{cookie_name('browser', port)}={named(cookie)}"] if cookie is not None else []
    cookies += [headers["cookie"]] if headers.get("cookie") else []
    if started:
        cookies.append(f"{cookie_name('start', port)}={this_start().cookie}")
    if cookies:
        headers["cookie"] = "; ".join(cookies)
    scope = {
        "type": kind,
        "method": method,
        "path": unquote(target),
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode("latin-1")) for k, v in [*headers.items(), *lines] if k not in without],
        "client": (peer, 50000),
        "server": ("127.0.0.1", 8501),
        "scheme": "ws" if kind == "websocket" else "http",
        "root_path": "",
        "http_version": "1.1",
        **changes,
    }
    sent: list[dict[str, Any]] = []
    seen: dict[str, str] = {}

    async def receive() -> dict[str, Any]:
        if kind == "websocket":
            return {"type": "websocket.connect"}
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(app(scope, receive, send))
    return Answer(sent, seen)


def arrive(answer: Answer, **asking: Any) -> Answer:
    """Go where an answer with something to tell leads, as a browser does, up to the one that leads to a page of the app."""
    assert answer.status == 303
    passage = ask(answer.headers["location"], **asking)
    return ask(onward(passage.text), **asking)


def onward(page: str) -> str:
    """Where the page that puts an end to the one before it leads on."""
    (path,) = re.findall(r'<a href="([^"]+)" hidden>', page)
    return unescape(path)
