"""The sandbox on a port of its own, in a thread: for tests, notebooks and the command line."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import threading
import time
from collections.abc import Callable
from html.parser import HTMLParser
from http.client import HTTPConnection
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from psauth.sandbox.app import create_app
from psauth.sandbox.company.company import DEFAULT_RUNS, Company
from psauth.sandbox.knobs import Knobs
from psauth.sandbox.oauth.grants import CLIENT_ID, PUBLIC_CLIENT_ID, Grants
from psauth.sandbox.traffic import RequestLog, Wires
from psauth.sandbox.truth import truth

_PATIENCE = 10.0  # seconds to wait for the thread to begin or to end


class SandboxServer:
    """A stand-in for Process Street on this machine; a context manager, or `start()` and `stop()`.

    `port=0` takes any free one; `state` is a file that keeps connections over a restart; `prefix`
    mounts the sandbox below a path such as `/sandbox`; `clock` tells the time in
    seconds since 1970 to everything that expires or is written. Raises `OSError` where the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        runs: int = DEFAULT_RUNS,
        seed: int = 7,
        now: float | None = None,
        state: str | os.PathLike[str] | None = None,
        knobs: Knobs | None = None,
        host: str = "127.0.0.1",
        prefix: str = "",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._host, self._wanted, self._prefix = host, port, prefix.rstrip("/")
        self.knobs = knobs or Knobs()
        self.grants = Grants(state, clock=clock)
        anchor = self.grants.born if now is None else None
        self.company = Company(runs, seed, now, anchor=anchor, clock=clock, knobs=self.knobs)
        self.requests = RequestLog()
        self._wires = Wires()
        self._port: int | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"SandboxServer({self.url if self._port else 'stopped'})"

    @property
    def url(self) -> str:
        """Address of the sandbox and issuer of its tokens, without a slash at the end."""
        if self._port is None:
            raise RuntimeError("the sandbox is not running; call start() or use it in a with statement")
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{self._port}{self._prefix}"

    @property
    def api_url(self) -> str:
        """Address of the REST API."""
        return f"{self.url}/v1"

    @property
    def client_id(self) -> str:
        """Id of the confidential client."""
        return CLIENT_ID

    @property
    def public_client_id(self) -> str:
        """Id of the client without a secret."""
        return PUBLIC_CLIENT_ID

    @property
    def client_secret(self) -> str:
        """Secret of the confidential client."""
        return self.grants.client_secret

    @property
    def api_key(self) -> str:
        """The API key of this sandbox."""
        return self.grants.api_key

    def truth(self, person: str | None = None) -> dict[str, Any]:
        """Everything the API would say now, without a request, to who has that e-mail or, without one, the API key.

        What stands under which key: `psauth.sandbox.truth`.
        """
        who = None if person is None else self.company.person(person)
        if person is not None and who is None:
            raise LookupError(f"no person {person!r}")
        return truth(self.company, who, app=f"{self.url}/app")

    def start(self) -> SandboxServer:
        """Listen; returns itself when requests are answered."""
        if self._thread is not None:
            raise RuntimeError("the sandbox is already running")
        listener = self._bind()
        self._port = int(listener.getsockname()[1])
        app = create_app(
            company=self.company, knobs=self.knobs, grants=self.grants, log=self.requests, wires=self._wires, alone=True
        )
        config = uvicorn.Config(
            Starlette(routes=[Mount(self._prefix, app)]) if self._prefix else app,
            http=_protocol(self._wires),
            ws="none",
            lifespan="off",
            loop="asyncio",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=60,
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, self._wires)
        self._thread = threading.Thread(target=self._serve, args=(listener,), name="psauth-sandbox", daemon=True)
        self._thread.start()
        deadline = time.monotonic() + _PATIENCE
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError("the sandbox could not start")
            time.sleep(0.005)
        return self

    def stop(self) -> None:
        """Close every connection and the port, and wait for the thread to end; harmless when not running."""
        server, thread = self._server, self._thread
        self._server = self._thread = self._port = None
        if server is not None:
            server.should_exit = True
        if thread is not None:
            thread.join(_PATIENCE)
        for worker in list(self._wires.workers):
            worker.join(_PATIENCE)

    def __enter__(self) -> SandboxServer:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def approve(self, authorization_url: str, *, allow: bool = True, person: str | None = None) -> str:
        """What somebody does in a browser: open the consent page, press Allow (or Deny).

        Returns the address the browser would be sent to, without going there. `person` is the e-mail of who signs
        in, by default the first one offered. Raises `RuntimeError` with the page's words where it did not ask.
        """
        status, headers, page = _fetch("GET", authorization_url)
        if "location" in headers:
            return headers["location"]
        form = _Form()
        form.feed(page)
        if status != 200 or "request" not in form.hidden:
            raise RuntimeError(f"no consent page: {status} {' '.join(form.words)}")
        who = form.people.get(person or next(iter(form.people)))
        fields = {**form.hidden, "person": who or "", "decision": "allow" if allow else "deny"}
        status, headers, page = _fetch("POST", urljoin(authorization_url, form.action), fields)
        if "location" not in headers:
            form = _Form()
            form.feed(page)
            raise RuntimeError(f"the consent was not accepted: {status} {' '.join(form.words)}")
        return headers["location"]

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        # asyncio switches Nagle's algorithm off only where it reads TCP here; with it, each answer takes 40 ms.
        listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":
                # Takes over a port whose last connections still linger. On Windows it would share a port in use.
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._host, self._wanted))
            listener.listen(128)
        except OSError as error:
            listener.close()
            reason = (
                f"{self._host}:{self._wanted} cannot be used by the sandbox ({error.strerror}); choose another port"
            )
            raise OSError(error.errno, reason) from error
        return listener

    def _serve(self, listener: socket.socket) -> None:
        assert self._server is not None  # noqa: S101 # set before the thread starts
        with contextlib.closing(listener):
            self._server.run(sockets=[listener])


class _Server(uvicorn.Server):
    """uvicorn that closes open connections at once when it is stopped, where it would wait for them."""

    def __init__(self, config: uvicorn.Config, wires: Wires) -> None:
        super().__init__(config)
        self._wires = wires

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut idle and waiting connections first; there is nothing to wait for then."""
        self._wires.cut_all()
        await super().shutdown(sockets)


def _protocol(wires: Wires) -> type[asyncio.Protocol]:
    # Faults have to close real connections, and an ASGI application cannot. asyncio tells a protocol about its
    # transport, so this is where they are collected.
    # It is httptools' where that is installed, which takes half the time, and h11's elsewhere: known at run time only.
    class Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        def connection_made(self, transport: Any) -> None:
            self._own = transport
            wires.opened(transport)
            super().connection_made(transport)

        def connection_lost(self, exc: Exception | None) -> None:
            wires.closed(self._own)
            super().connection_lost(exc)

    return Protocol


def _fetch(method: str, url: str, form: dict[str, str] | None = None) -> tuple[int, dict[str, str], str]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_PATIENCE)
    with contextlib.closing(connection):
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if form is not None else {}
        connection.request(method, target, urlencode(form) if form is not None else None, headers)
        response = connection.getresponse()
        return response.status, {n.lower(): v for n, v in response.getheaders()}, response.read().decode()


class _Form(HTMLParser):
    """The consent form as a browser sees it."""

    def __init__(self) -> None:
        super().__init__()
        self.action = ""
        self.hidden: dict[str, str] = {}
        self.people: dict[str, str] = {}  # e-mail → value
        self.words: list[str] = []
        self._quiet = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self._quiet = tag in ("style", "title")
        if tag == "form":
            self.action = attributes["action"]
        elif tag == "input" and attributes.get("type") == "hidden":
            self.hidden[attributes["name"]] = attributes["value"]
        elif tag == "option":
            self.people[attributes["data-email"]] = attributes["value"]

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._quiet:
            self.words.append(data.strip())
