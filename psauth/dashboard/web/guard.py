"""Guard: stands before every request. This machine comes in, the app's own pages, and the person who started the app.

Each of the three is asked elsewhere: `local` for the machine, `origin` for the page, `start` for the person. What is
refused reaches neither Streamlit nor a route. Every answer gets security headers, every page a cookie for its browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import streamlit as st
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from psauth.dashboard.web.both_addresses import AddressTaken, both_addresses
from psauth.dashboard.web.cookies import browsers_of, cookie_name, new_value, port_of
from psauth.dashboard.web.html import page
from psauth.dashboard.web.local import is_forwarded, is_local, listens_locally, scheme_of, without_forwarding
from psauth.dashboard.web.origin import host_of, is_ahead_of_time, is_from_elsewhere, may_begin, origin_of
from psauth.dashboard.web.paths import AGENTS, CONNECT, HOST_CONFIG, STREAMLIT, is_callback, is_open, is_page
from psauth.dashboard.web.refusals import (
    ELSEWHERE,
    FORWARDED,
    IN_A_TAB,
    NOT_BEGUN,
    NOT_LOCAL,
    NOT_STARTED,
    OLD_TOKEN,
    Refusal,
)
from psauth.dashboard.web.start import this_start, token_in, without_token
from psauth.dashboard.web.voucher import HEADERS, vouching_headers

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
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
UNKEPT: Final = {"Cache-Control": "no-store"}


class Guard:
    """ASGI middleware; see the module."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            try:
                async with both_addresses():
                    await self._app(scope, receive, send)
            except AddressTaken as error:
                await send({"type": "lifespan.startup.failed", "message": str(error)})  # the server says it, and ends
            return
        visit = _Visit(scope)
        refusal = visit.refusal()
        if scope["type"] == "websocket":
            if refusal is not None:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.title})
            else:
                visit.vouch()
                await self._app(scope, receive, send)
            return
        answer = visit.answer(refusal)
        if answer is None:
            visit.vouch()
        await (answer or self._app)(scope, receive, visit.guarded(send, [] if refusal else visit.cookie_lines()))


class _Visit:
    """One request, and what the guard finds out about it."""

    def __init__(self, scope: Scope) -> None:
        scope["scheme"] = scheme_of(scope)
        self._scope = scope
        self._headers = Headers(scope=scope)
        self._host = host_of(self._headers)
        self._browsers = browsers_of(self._headers)
        # Routes read the name from the scope, so that the very first request already has a browser.
        self._browser = self._browsers[0] if self._browsers else new_value()
        self._start = this_start()
        is_http = scope["type"] == "http"
        self._is_callback = is_http and is_callback(scope)
        # The callback has parameters of its own, and so have programs' requests to the sandbox.
        may_hold = is_http and scope["method"] == "GET" and not self._is_callback and not is_open(scope["path"])
        self._token = token_in(scope) if may_hold else None
        self._brings_token = self._token is not None and self._start.is_token(self._token)
        self._is_started = not self._start.required or self._brings_token or self._start.knows(self._headers)

    def refusal(self) -> Refusal | None:
        """Why this visit is refused; None for one that is not."""
        if not (listens_locally() and is_local(self._scope)):
            return FORWARDED if is_forwarded(self._scope) else NOT_LOCAL
        # The Host matters because a page on the internet can make its own name resolve to 127.0.0.1 (DNS rebinding),
        # and what a proxy says because it may ask under the name `localhost` for people from anywhere. A whole address
        # in the place of a path names a host too.
        if self._host is None or is_forwarded(self._scope) or not self._scope["path"].startswith("/"):
            return FORWARDED
        if is_from_elsewhere(self._scope, self._headers, self._host) or is_ahead_of_time(self._headers):
            return ELSEWHERE
        if self._token is not None and not self._brings_token and not self._is_started:
            return OLD_TOKEN
        # A callback is left to CallbackTaker: one that answers a login in a terminal comes to a browser without a cookie.
        if not self._is_started and not self._is_callback and not is_open(self._scope["path"]):
            return NOT_STARTED
        return NOT_BEGUN if self._is_beginning() and not self._may_begin(self._host) else None

    def answer(self, refusal: Refusal | None) -> Response | None:
        """What the guard itself answers; None when it is for the app to answer."""
        path, method = self._scope["path"], self._scope["method"]
        if refusal is not None:
            return self._refused(refusal)
        if path == AGENTS or path.startswith(AGENTS + "/"):
            return PlainTextResponse("The interface for programs is off.", 404)
        if method == "HEAD" and not path.startswith(STREAMLIT):
            return Response(headers=UNKEPT)  # whoever asks for no answer wants nothing to be done
        # Off the address at once: out of the history, of logs, and of what is sent on as a Referer.
        if self._token is not None and path != CONNECT:
            return RedirectResponse(without_token(self._scope), 303, headers=UNKEPT)
        return None

    def vouch(self) -> None:
        """Hand the visit on, with what the routes are told about it and without what nobody should believe.

        To an Origin that it does not know at once, `http://[::1]:8501` among them, Streamlit would look up the address
        that this machine has on the internet.
        """
        origin = origin_of(self._scope, self._host or "")
        left_out = {b"origin", *HEADERS}
        headers = [(name, value) for name, value in without_forwarding(self._scope) if name not in left_out]
        if self._scope["type"] == "websocket":
            headers += [(b"origin", origin.encode()), *vouching_headers()]
        self._scope["headers"] = headers
        self._scope["psauth.browser"], self._scope["psauth.browsers_sent"] = self._browser, self._browsers
        self._scope["psauth.started"], self._scope["psauth.start"] = self._is_started, self._start

    def cookie_lines(self) -> list[str]:
        """The Set-Cookie lines for this browser: what lets it in, and what names it."""
        port = port_of(self._headers)
        values: dict[str, str] = {}
        if self._brings_token:
            values[cookie_name("start", port)] = self._start.cookie
        # At Connect once more: what came may be of another program, for this path alone, and ours be gone. The callback
        # comes to another path.
        if is_page(self._headers, self._scope) and (not self._browsers or self._scope["path"] == CONNECT):
            values[cookie_name("browser", port)] = self._browser
        secure = "; Secure" if self._scope["scheme"] == "https" else ""
        # Lax: the callback comes from the service's page, and must find both.
        return [f"{name}={value}; Path=/; HttpOnly; SameSite=Lax{secure}" for name, value in values.items()]

    def guarded(self, send: Send, cookie_lines: Sequence[str]) -> Send:
        """The same `send`, which adds the security headers and these cookies."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                answer = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    answer.setdefault(name, value)
                for line in cookie_lines:
                    answer.append("Set-Cookie", line)
            await send(message)

        return send_guarded

    def _is_beginning(self) -> bool:
        path, method = str(self._scope["path"]), self._scope.get("method")
        return path == CONNECT and method not in (None, "HEAD")

    def _may_begin(self, host: str) -> bool:
        """See `may_begin`; this app itself brings the token where it leads from 127.0.0.1 on to localhost."""
        if self._brings_token and is_page(self._headers, self._scope):
            return True
        is_known = self._is_started and bool(self._browsers)
        return may_begin(self._scope, self._headers, host, is_known=is_known)

    def _refused(self, refusal: Refusal) -> Response:
        if refusal is NOT_STARTED and self._scope["path"] == HOST_CONFIG:
            return JSONResponse(IN_A_TAB, 401, {**UNKEPT, "WWW-Authenticate": "psauth"})  # the tab reads JSON only
        step = refusal.step.replace("{port}", str(st.config.get_option("server.port")))
        content = page(refusal.title, refusal.text, step, leads_home=refusal.leads_home)
        return HTMLResponse(content, 403, UNKEPT)
