"""Guard: stands before every request. Only this machine comes in, and no proxy; every page gets a browser cookie and security headers."""

from __future__ import annotations

import ipaddress
from typing import Final
from urllib.parse import urlsplit

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from psauth.addresses import is_loopback
from psauth.dashboard.web.cookies import browsers_of, cookie_name, new_value, port_of
from psauth.dashboard.web.html import page

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
    "Start it with `psauth app` and open the http://localhost address that it says. A team mode, with a sign-in for each "
    "person, does not exist yet.",
)
FORWARDED: Final = (
    "Only on this machine",
    "This app shows the connection of the person who started it, so it answers on localhost only. This request came by "
    "another address that is forwarded to it (Codespaces, Gitpod, JupyterHub, a proxy), where others may come in too.",
    "Bring its port to your own machine instead, and open http://localhost:{port} there: with the ports view of VS Code on "
    "your desktop, `gh codespace ports forward {port}:{port}`, or `ssh -L {port}:localhost:{port} HOST`. Or connect "
    "without the app: `psauth login --paste` in a terminal there, `psauth.login(paste=True)` in a notebook.",
)
FORWARDING_HEADERS: Final = (
    "x-forwarded-host",
    "x-original-host",
    "x-forwarded-server",
    "x-forwarded-for",
    "x-real-ip",
)
"""Where a proxy says which host was asked, or who asked; beside them the Forwarded of RFC 7239."""


def listens_locally() -> bool:
    """Whether the server was told to listen on loopback; Streamlit's own default is every address."""
    return is_loopback(str(st.config.get_option("server.address") or ""))


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if (refusal := _refusal(scope)) is not None:
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008, "reason": "only on this machine"})
            else:
                title, text, step = refusal
                step = step.replace("{port}", str(st.config.get_option("server.port")))
                await HTMLResponse(page(title, text, step), status_code=403, headers=SECURITY_HEADERS)(
                    scope, receive, send
                )
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        sent = browsers_of(headers)
        is_new = not sent
        # Routes read the cookie from the scope, so that the very first request already has a browser.
        browser = sent[0] if sent else new_value()
        scope["psauth.browser"], scope["psauth.browsers_sent"] = browser, sent

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answer.setdefault(name, value)
                if is_new and is_page(headers, scope):
                    secure = "; Secure" if scope["scheme"] == "https" else ""
                    name = cookie_name("browser", port_of(headers))
                    answer.append("Set-Cookie", f"{name}={browser}; Path=/; HttpOnly; SameSite=Lax{secure}")
            await send(message)

        await self._app(scope, receive, send_guarded)


def is_page(headers: Headers, scope: Scope) -> bool:
    """Whether a person navigates here; scripts and pictures that load in parallel must not name the browser anew."""
    mode = headers.get("sec-fetch-mode")
    return mode == "navigate" if mode else scope["path"] == "/connect" or "text/html" in headers.get("accept", "")


def _refusal(scope: Scope) -> tuple[str, str, str] | None:
    """The page for a request that does not come from this machine; None for one that does.

    The Host matters because a page on the internet can make its own name resolve to 127.0.0.1 (DNS rebinding), and what
    a proxy says because it may ask under the name `localhost` for people from anywhere.
    """
    if not (listens_locally() and _is_local_peer(scope)):
        return FORWARDED if _is_forwarded(scope) else NOT_LOCAL
    hosts = Headers(scope=scope).getlist("host")
    is_local = bool(hosts) and all(map(_is_local_name, hosts)) and not _is_forwarded(scope)
    return None if is_local else FORWARDED


def _is_local_peer(scope: Scope) -> bool:
    peer = scope.get("client")
    if peer is None:
        return True
    try:
        return ipaddress.ip_address(peer[0]).is_loopback
    except ValueError:
        return True  # a test client or a socket file has a name instead of an address


def _is_local_name(host: str) -> bool:
    """Whether a host, with or without a port, is a name of this machine."""
    host = host.strip()
    if host.count(":") > 1 and not host.startswith("["):  # a bare IPv6 address, as X-Forwarded-For has it
        return is_loopback(host)
    try:
        return is_loopback(urlsplit("//" + host).hostname)
    except ValueError:
        return False


def _is_forwarded(scope: Scope) -> bool:
    """Whether a proxy says that this was asked by another name, or for somebody on another machine."""
    headers = Headers(scope=scope)
    names = [name for header in FORWARDING_HEADERS for line in headers.getlist(header) for name in line.split(",")]
    for line in headers.getlist("forwarded"):
        for pair in line.replace(";", ",").split(","):
            key, _, value = pair.partition("=")
            if key.strip().lower() in ("host", "for"):
                names.append(value.strip().strip('"'))
    return any(name.strip() and not _is_local_name(name) for name in names)
