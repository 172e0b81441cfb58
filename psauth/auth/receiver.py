"""Receiver: a loopback web server that waits for one callback (RFC 8252 §7.3) and is not ended by anything else."""

from __future__ import annotations

import errno
import logging
import os
import socket
import threading
import time
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Final
from urllib.parse import urlsplit

from psauth.addresses import is_loopback
from psauth.auth.callback import Callback
from psauth.auth.limits import Limits, allowing
from psauth.auth.wire import Wire
from psauth.exceptions import AuthorizationError, CodeMissing, IssuerMismatch, PsauthError
from psauth.vault.connection import Connection

log = logging.getLogger(__name__)

LINGER: Final = 3.0
"""Seconds to go on serving after the callback, so that the browser gets its last page."""

REQUEST: Final = Limits(seconds=10.0, size=0)
"""What a browser may take to send its request, and to take its page. A slow one has a thread of its own, and blocks nobody."""

Outcome = Connection | Exception


class Receiver:
    """Serves the redirect URI on loopback; a context manager. `redirect_uri` has the real port once it is entered.

    Raises OSError when the port is taken, or may not be bound (PermissionError). Requests other than the callback with the
    awaited state are answered and ignored.
    """

    def __init__(self, redirect_uri: str) -> None:
        parts = urlsplit(redirect_uri)
        self._host = parts.hostname or "localhost"
        self._path = parts.path or "/"
        self._outcome: Outcome | None = None
        self._arrived = threading.Event()
        self._last_page = threading.Event()
        self._finishing = threading.Lock()
        self._awaited: str | None = None
        self._finish: Callable[[str], Connection] | None = None
        self._servers = self._bind(parts.port or 0)
        port = self._servers[0].server_address[1]
        host = f"[{self._host}]" if ":" in self._host else self._host
        self.redirect_uri = parts._replace(netloc=f"{host}:{port}").geturl()

    def await_callback(self, state: str, finish: Callable[[str], Connection]) -> None:
        """From now on the callback with this state is handed to `finish`. What comes of it, any error too, ends the wait."""
        self._awaited, self._finish = state, finish

    def wait(self, timeout: float) -> Outcome | None:
        """What came of the callback, or None after `timeout` seconds. Ctrl-C ends the wait."""
        deadline = time.monotonic() + timeout
        # Short waits, because a long one cannot be interrupted on Windows.
        while not self._arrived.wait(0.2):
            if time.monotonic() > deadline:
                return None
        self._last_page.wait(LINGER)
        return self._outcome

    def __enter__(self) -> Receiver:
        for server in self._servers:
            threading.Thread(target=server.serve_forever, args=(0.05,), name="psauth-receiver", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for server in self._servers:
            server.shutdown()
            server.server_close()

    def _bind(self, port: int) -> list[ThreadingHTTPServer]:
        """One server for each address of the host: a browser may try ::1 before 127.0.0.1 for `localhost`."""
        addresses = ["127.0.0.1", "::1"] if self._host == "localhost" else [self._host]
        servers: list[ThreadingHTTPServer] = []
        for address in addresses:
            try:
                servers.append(_Server((address, port), self._handler(), ipv6=":" in address))
            except OSError as error:
                if servers and error.errno != errno.EADDRINUSE:
                    break  # IPv4 works; a machine without IPv6 is no obstacle
                for server in servers:  # whoever has the other address would be handed the code
                    server.server_close()
                raise
            port = port or int(servers[0].server_address[1])
        return servers

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            server_version, sys_version = "psauth", ""

            def do_GET(self) -> None:
                status, headers, page = receiver._answer(self.path, self.headers.get("Host", ""))
                body = page.encode()
                with allowing(REQUEST):  # anew: the exchange of the code has taken its own time
                    self.send_response(status)
                    for name, value in {**_HEADERS, **headers, "Content-Length": str(len(body))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nothing: a request line would hold the code."""

        return Handler

    def _answer(self, target: str, host: str) -> tuple[int, dict[str, str], str]:
        """Status, headers and page for a request; the callback is finished in here."""
        try:
            parts = urlsplit(target)
            here = is_loopback(urlsplit(f"//{host}").hostname)
        except ValueError:
            return 400, {}, _page("That is not an address.", "")
        if not here:
            return 403, {}, _page("Only for this machine.", "")
        if parts.path == "/psauth-done" and self._arrived.is_set():
            self._last_page.set()
            return 200, {}, self._closing_page()
        if parts.path != self._path or not parts.query:
            return 404, {}, _page("Nothing is here.", "psauth waits for the answer of Process Street on this port.")
        try:
            callback = Callback.read("?" + parts.query)
        except AuthorizationError as refusal:
            return 400, {}, _page("That is not the awaited answer.", str(refusal))
        if self._finish is None or callback.state != self._awaited:
            log.info("a callback with another state was ignored")
            return 400, {}, _page("That is not the awaited answer.", "Go on in the tab that was opened last.")
        with self._finishing:  # a reload while the code is exchanged waits for what comes of it
            if not self._arrived.is_set():
                try:
                    self._outcome = self._finish("?" + parts.query)  # with its mark: a code may hold another one
                except (IssuerMismatch, CodeMissing) as refusal:  # nothing was consumed: the real answer may still come
                    return 400, {}, _page("That is not the awaited answer.", str(refusal))
                except Exception as error:  # noqa: BLE001 - whatever it is, who waits must hear of it
                    self._outcome = error.with_traceback(None)  # this frame holds the code
                    if not isinstance(error, PsauthError):
                        error.__cause__ = error.__context__ = None  # and so do those of what led to it
                self._arrived.set()
        # Away from the address with the code, so that it does not stay in the browser's history.
        return 303, {"Location": "/psauth-done"}, ""

    def _closing_page(self) -> str:
        if isinstance(self._outcome, PsauthError):
            return _page("Not connected", str(self._outcome))
        if isinstance(self._outcome, Exception):
            kind = type(self._outcome).__name__
            return _page("Not connected", f"psauth came upon an error ({kind}). Your notebook or terminal shows it.")
        return _page("Connected", "You can close this tab and go back to your notebook or terminal.")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    # On Windows this option lets two servers share a port, which is what must not happen here.
    allow_reuse_address = os.name == "posix"

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], *, ipv6: bool) -> None:
        self.address_family = socket.AF_INET6 if ipv6 else socket.AF_INET
        super().__init__(address, handler)

    def finish_request(self, request: object, client_address: object) -> None:
        """See BaseServer; the request has to come within its time."""
        with allowing(REQUEST):
            super().finish_request(Wire(request), client_address)  # type: ignore[arg-type] # all that it needs of a socket

    def handle_error(self, request: object, client_address: object) -> None:
        log.debug("a request to the receiver broke off")


_HEADERS: Final = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Connection": "close",
}


def _page(title: str, text: str) -> str:
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title>"
        "<style>:root{color-scheme:light dark}body{font:16px/1.6 system-ui,sans-serif;max-width:32rem;margin:18vh auto;"
        "padding:0 1.5rem}h1{font-size:1.5rem;font-weight:600}</style>"
        f"<h1>{escape(title)}</h1><p>{escape(text)}</p></html>"
    )
