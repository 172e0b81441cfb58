"""Requests to the app's routes behind its middleware, asked as ASGI, the way a server asks."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from psauth.dashboard.web.cookies import cookie_name, port_of
from psauth.dashboard.web.routes import middleware, routes


class Answer:
    def __init__(self, messages: list[dict[str, Any]]) -> None:
        start = messages[0]
        self.type = start["type"]
        self.status = start.get("status", start.get("code"))
        self.headers = {k.decode(): v.decode() for k, v in start.get("headers", [])}
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
    extra: dict[str, str] | None = None,
) -> Answer:
    """One request to the app's routes behind its middleware, with a page that says nothing in Streamlit's place.

    `cookie` is any name for the browser that asks; what it sends is `named(cookie)`.
    """
    app = Starlette(
        routes=[*routes(), Route("/{rest:path}", lambda _: PlainTextResponse("a page"))], middleware=middleware()
    )
    parts = urlsplit(path)
    headers = {"host": host, "accept": accept, **(extra or {})}
    if cookie is not None:
        headers["cookie"] = f"{cookie_name('browser', port_of(Headers(headers)))}={named(cookie)}"
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
