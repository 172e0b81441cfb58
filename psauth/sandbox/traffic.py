"""Every request that arrives: its entry in the log, and the fault that was scripted for it."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
import threading
import time
import weakref
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, overload
from urllib.parse import parse_qsl

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from psauth.sandbox.knobs import Fault, Knobs

BODY = "psauth.sandbox.body"  # where the request body stands in the scope, so that endpoints can be plain functions
_MOST_BODY = 20_100_000  # a little more than the API takes, so that it sees what is too much
_KEPT = 20_000  # entries
_MASKED = {
    "state",
    "code_challenge",
    "code",
    "code_verifier",
    "client_secret",
    "token",
    "refresh_token",
    "access_token",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as it was seen; no secret, only of which kind the credential was.

    `status` is None where no answer was sent. `parameters` are the names in the body of a call to `/oauth/token` or
    `/oauth/revoke`. `time` is in seconds since 1970.
    """

    method: str
    path: str
    query: Mapping[str, str]
    status: int | None
    credential: str
    parameters: tuple[str, ...] = ()
    grant_type: str | None = None
    time: float = 0.0


class RequestLog(Sequence[Seen]):
    """The requests so far, oldest first; safe to read while the server runs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: deque[Seen] = deque(maxlen=_KEPT)

    def add(self, seen: Seen) -> None:
        """Append one entry."""
        with self._lock:
            self._seen.append(seen)

    def clear(self) -> None:
        """Forget all entries."""
        with self._lock:
            self._seen.clear()

    def matching(self, path: str = "", *, method: str | None = None, grant_type: str | None = None) -> list[Seen]:
        """The entries whose path starts with `path`."""
        return [
            s
            for s in self
            if s.path.startswith(path) and method in (None, s.method) and grant_type in (None, s.grant_type)
        ]

    def __len__(self) -> int:
        return len(self._seen)

    def __iter__(self) -> Iterator[Seen]:
        with self._lock:
            return iter(list(self._seen))

    @overload
    def __getitem__(self, at: int) -> Seen: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Seen]: ...
    def __getitem__(self, at: int | slice) -> Seen | Sequence[Seen]:
        with self._lock:
            return list(self._seen)[at]

    def __repr__(self) -> str:
        return f"RequestLog({len(self)} requests)"


class Wires:
    """The open connections of a `SandboxServer` by the address of their other end, so that they can be cut."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, int], asyncio.Transport] = {}
        # The threads that ran endpoints: they end on their own soon after the loop, and `stop` waits for that.
        self.workers: weakref.WeakSet[threading.Thread] = weakref.WeakSet()

    def opened(self, transport: asyncio.Transport) -> None:
        """A connection was opened."""
        self._open[transport.get_extra_info("peername")[:2]] = transport

    def closed(self, transport: asyncio.Transport) -> None:
        """A connection was closed, by whichever side."""
        for peer, known in list(self._open.items()):
            if known is transport:
                del self._open[peer]

    def cut(self, peer: object, *, reset: bool = False) -> bool:
        """Close the connection to `peer` after what was written; with a TCP reset, at once. False: no such one."""
        transport = self._open.get(tuple(peer)) if isinstance(peer, list | tuple) else None
        if transport is None:
            return False
        if reset:
            sock = transport.get_extra_info("socket")
            linger = struct.pack("hh" if os.name == "nt" else "ii", 1, 0)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            transport.abort()
        else:
            transport.close()
        return True

    def cut_all(self) -> None:
        """Close every connection, whatever it waits for."""
        for transport in list(self._open.values()):
            transport.abort()


@dataclass(slots=True)
class _Answer:
    """An answer held back until its fate is decided."""

    status: int = 500
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    body: bytes = b""

    async def keep(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], list(message.get("headers", []))
        else:
            self.body += message.get("body", b"")

    async def send(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        await send({"type": "http.response.body", "body": self.body})

    async def send_half(self, send: Send) -> None:
        """Promise the full length, send half of it."""
        await send({"type": "http.response.start", "status": self.status, "headers": self.headers})
        half = self.body[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})

    @classmethod
    def scripted(cls, status: int, body: str, kind: str, headers: Mapping[str, str]) -> _Answer:
        data = body.encode()
        every = {"content-type": kind, "content-length": str(len(data)), **headers}
        return cls(status, [(n.lower().encode(), v.encode()) for n, v in every.items()], data)


class Traffic:
    """ASGI middleware around the whole sandbox."""

    def __init__(self, app: ASGIApp, *, knobs: Knobs, log: RequestLog, wires: Wires) -> None:
        self._app, self._knobs, self._log, self._wires = app, knobs, log, wires

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or do to it what was scripted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"].removeprefix(scope.get("root_path", "")) or "/"
        body = await self._read(receive)
        scope[BODY] = body
        fault = self._knobs.take(scope["method"], path)
        if self._knobs.latency:
            await self._wait(self._knobs.latency, receive)
        answer: _Answer | None = None
        status = None
        try:
            if fault is None:
                answer = _Answer()
                await self._app(scope, receive, answer.keep)
            else:
                answer = await self._go_wrong(fault, scope, receive)
            status = answer.status if answer is not None else None
        finally:
            # Before the answer leaves, so that whoever has the answer finds the entry.
            self._log.add(_seen(scope, path, body, status))
        if answer is None:
            await self._hang_up(scope, receive, reset=fault is not None and fault.kind == "reset")
        elif fault is not None and fault.kind == "truncate":
            await answer.send_half(send)
            await self._hang_up(scope, receive)
        else:
            await answer.send(send)

    async def _go_wrong(self, fault: Fault, scope: Scope, receive: Receive) -> _Answer | None:
        answer = _Answer()
        if fault.kind == "delay" and fault.when == "before":
            await self._wait(fault.seconds, receive)
        if fault.when == "after" or fault.kind in ("delay", "truncate"):
            await self._app(scope, receive, answer.keep)
        if fault.kind == "delay" and fault.when == "after":
            await self._wait(fault.seconds, receive)
        match fault.kind:
            case "drop" | "reset":
                return None
            case "html":
                page = "<!doctype html><title>Bad gateway</title><h1>Please try again later</h1>"
                answer = _Answer.scripted(fault.status, page, "text/html; charset=utf-8", fault.headers)
            case "redirect":
                headers = {"location": fault.location, **fault.headers}
                status = fault.status if 300 <= fault.status < 400 else 302
                answer = _Answer.scripted(status, "", "text/plain", headers)
            case "status":
                text = fault.body or '{"error":"scripted fault","errorCode":"InternalError"}'
                answer = _Answer.scripted(fault.status, text, fault.content_type, fault.headers)
            case "body":
                answer = _Answer.scripted(fault.status, fault.body, fault.content_type, fault.headers)
        return answer

    async def _hang_up(self, scope: Scope, receive: Receive, *, reset: bool = False) -> None:
        if not self._wires.cut(scope.get("client"), reset=reset):
            raise RuntimeError("connections can only be cut in a SandboxServer, not in a mounted sandbox")
        while (await receive())["type"] != "http.disconnect":
            pass

    @staticmethod
    async def _read(receive: Receive) -> bytes:
        body = bytearray()
        while True:
            message = await receive()
            if message["type"] != "http.request":
                return bytes(body)
            body += message.get("body", b"")[: _MOST_BODY - len(body)]
            if not message.get("more_body", False):
                return bytes(body)

    @staticmethod
    async def _wait(seconds: float, receive: Receive) -> None:
        # Waiting ends early when the other side goes away, or when the server stops and cuts its connections.
        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        task = asyncio.create_task(gone())
        try:
            await asyncio.wait({task}, timeout=seconds)
        finally:
            task.cancel()


def _seen(scope: Scope, path: str, body: bytes, status: int | None) -> Seen:
    headers: dict[str, str] = {n.decode("latin-1"): v.decode("latin-1") for n, v in scope["headers"]}
    form: dict[str, Any] = {}
    if path.startswith(("/oauth/token", "/oauth/revoke")):
        form = dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))
    query = dict(parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True))
    return Seen(
        method=scope["method"],
        path=path,
        query={name: "…" if name in _MASKED else value for name, value in query.items()},
        status=status,
        credential=_credential(headers, form),
        parameters=tuple(sorted(form)),
        grant_type=form.get("grant_type"),
        time=time.time(),
    )


def _credential(headers: Mapping[str, str], form: Mapping[str, Any]) -> str:
    if "x-api-key" in headers:
        return "api_key"
    kind = headers.get("authorization", "").partition(" ")[0].lower()
    if kind:
        return kind if kind in ("bearer", "basic") else "unknown"
    if "client_secret" in form:
        return "post"
    return "none"
