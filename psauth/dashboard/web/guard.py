"""Guard: stands before every request. Only this machine comes in; every page gets a browser cookie and security headers."""

from __future__ import annotations

import ipaddress
import secrets
from http.cookies import CookieError, SimpleCookie
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from psauth.addresses import is_loopback
from psauth.dashboard.web.html import page

COOKIE: Final = "psauth_browser"
"""Names the browser, so that a callback is accepted only where its request was begun."""

SECURITY_HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Streamlit's own pages need inline styles and eval; what matters is that nothing comes from or goes to elsewhere.
    "Content-Security-Policy": (
        "default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; connect-src 'self' ws: wss: data: blob:; "
        "frame-ancestors 'none'; base-uri 'self'; object-src 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}

NOT_LOCAL: Final = (
    "Only on this machine",
    "This app shows the connection of the person who started it, so it answers on localhost only. It was asked, or "
    "started, on another address.",
    "Start it with `streamlit run app.py` and open http://localhost:8501. A team mode, with a sign-in for each person, "
    "does not exist yet.",
)


def listens_locally() -> bool:
    """Whether the server was told to listen on loopback; Streamlit's own default is every address."""
    return is_loopback(str(st.config.get_option("server.address") or ""))


def browser_of(headers: Headers) -> str | None:
    """The name of the browser in a request's cookie."""
    jar = SimpleCookie()
    try:
        jar.load(headers.get("cookie", ""))
    except CookieError:
        return None
    return jar[COOKIE].value if COOKIE in jar else None


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if not (listens_locally() and _is_from_here(scope)):
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "only on this machine"})
            else:
                await HTMLResponse(page(*NOT_LOCAL), status_code=403, headers=SECURITY_HEADERS)(scope, receive, send)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        browser = browser_of(headers)
        is_new = browser is None
        # Routes read the cookie from the scope, so that the very first request already has a browser.
        scope["psauth.browser"] = browser = browser or secrets.token_urlsafe(32)

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answer.setdefault(name, value)
                if is_new and is_page(headers, scope):
                    secure = "; Secure" if scope["scheme"] == "https" else ""
                    answer.append("Set-Cookie", f"{COOKIE}={browser}; Path=/; HttpOnly; SameSite=Lax{secure}")
            await send(message)

        await self._app(scope, receive, send_guarded)


def is_page(headers: Headers, scope: Scope) -> bool:
    """Whether a person navigates here; scripts and pictures that load in parallel must not name the browser anew."""
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else scope["path"] == "/connect" or "text/html" in headers.get("accept", "")


def _is_from_here(scope: Scope) -> bool:
    """Whether peer and Host header are this machine.

    The Host matters because a page on the internet can make its own name resolve to 127.0.0.1 (DNS rebinding).
    """
    peer = scope.get("client")
    if peer is not None:
        try:
            if not ipaddress.ip_address(peer[0]).is_loopback:
                return False
        except ValueError:
            pass  # a test client or a socket file has a name instead of an address
    try:
        host = urlsplit("//" + Headers(scope=scope).get("host", "")).hostname
    except ValueError:
        return False
    return is_loopback(host)
