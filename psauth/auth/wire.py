"""Wire: connections that hold a request no longer than its limits allow, whatever the other side does.

A timeout of requests is for one wait: who sends a byte now and then is never late. Here every wait, for a name, an address,
a proxy, a handshake, room to send or a byte, ends with the time of the whole request, and every byte that comes is counted.
"""

from __future__ import annotations

import http.client
import io
import socket
import threading
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError
from urllib3.util.connection import create_connection

from psauth.auth.limits import at_most, current


class Wire:
    """A connected socket, encrypted or not, that knows the limits of the request it serves.

    `patience` is how many seconds one wait may take, as with any socket; `carries_request` is False while a proxy is still
    asked to let the request through.
    """

    def __init__(self, sock: Any) -> None:
        self.carries_request = False
        self._sock = sock
        self._patience: float | None = sock.gettimeout()
        self._files = 0
        self._is_closed = False

    def recv_into(self, buffer: Any, nbytes: int | None = None, flags: int = 0) -> int:
        """See socket.socket."""
        self._sock.settimeout(at_most(self._patience))
        count: int = self._sock.recv_into(buffer, nbytes or len(buffer), flags)
        _count(count)
        return count

    def recv(self, size: int, flags: int = 0) -> bytes:
        """See socket.socket."""
        self._sock.settimeout(at_most(self._patience))
        data: bytes = self._sock.recv(size, flags)
        _count(len(data))
        return data

    def send(self, data: Any, flags: int = 0) -> int:
        """See socket.socket."""
        self._sock.settimeout(at_most(self._patience))
        if self.carries_request and (allowance := current()) is not None:
            allowance.is_sent = True
        count: int = self._sock.send(data, flags)
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        """See socket.socket."""
        with memoryview(data).cast("B") as rest:
            sent = 0
            while sent < len(rest):
                sent += self.send(rest[sent:], flags)

    def settimeout(self, patience: float | None) -> None:
        """See socket.socket."""
        self._patience = patience

    def gettimeout(self) -> float | None:
        """See socket.socket."""
        return self._patience

    def makefile(self, mode: str = "rb", buffering: int | None = None) -> io.BufferedReader:
        """A file to read from, whatever its buffering; the socket is closed when this one and all its files are."""
        if mode != "rb":
            raise ValueError(f"a wire is read as bytes, not {mode!r}")
        self._files += 1
        return io.BufferedReader(socket.SocketIO(self, "r"))  # type: ignore[arg-type] # it does what is needed of one

    def close(self) -> None:
        """See socket.socket."""
        self._is_closed = True
        if self._files <= 0:
            self._sock.close()

    def _decref_socketios(self) -> None:
        """A file is closed; its class calls this."""
        self._files -= 1
        if self._is_closed:
            self.close()

    def __getattr__(self, name: str) -> Any:
        """What has nothing to do with waiting is the socket's own: fileno, getpeercert, shutdown and so on."""
        return getattr(self._sock, name)


def _count(received: int) -> None:
    if (allowance := current()) is not None:
        allowance.take(received)


class _Answer(http.client.HTTPResponse):
    """An answer whose interim ones are passed over (RFC 9110 §15.2).

    `http.client` knows 100 only. It would take a 103 for the answer, and the answer for that of the next request.
    Headers that cannot be read are left out without a word: urllib3 would warn of them, and repeat what the other side says.
    """

    def begin(self) -> None:
        """See http.client.HTTPResponse."""
        super().begin()
        self.msg.defects.clear()
        self.msg.set_payload("")

    def _read_status(self) -> tuple[str, int, str]:
        while True:
            version, status, reason = super()._read_status()  # type: ignore[misc] # urllib3 uses it too
            if status == http.client.SWITCHING_PROTOCOLS:
                raise http.client.BadStatusLine("101, which nobody asked for")
            if not 100 < status < 200:
                return version, status, reason
            http.client.parse_headers(self.fp)


class _Bounded:
    """What a connection of urllib3 needs so that it goes over a Wire. Stands before urllib3's class."""

    sock: Any
    timeout: Any
    response_class = _Answer

    def connect(self) -> None:
        super().connect()  # type: ignore[misc]
        if not isinstance(self.sock, Wire):
            self.sock = Wire(self.sock)
        self.sock.carries_request = True

    def getresponse(self) -> Any:
        answer = super().getresponse()  # type: ignore[misc]
        if (allowance := current()) is not None:
            allowance.begin_body()
        return answer

    def _tunnel(self) -> None:
        """Ask a proxy for a way through; the encryption that follows needs the socket itself."""
        bare = self.sock
        if not isinstance(bare, Wire):
            self.sock = Wire(bare)
        super()._tunnel()  # type: ignore[misc]
        if self.sock is not None:
            self.sock = bare
        bare.settimeout(at_most(self.timeout))

    def _connect_tls_proxy(self, hostname: str, sock: Any) -> Any:
        return Wire(super()._connect_tls_proxy(hostname, sock))  # type: ignore[misc]

    @property
    def is_connected(self) -> bool:
        """Whether it can be used again: not when bytes wait that nobody asked for, in the encryption's buffer either."""
        pending = getattr(self.sock, "pending", None)
        return bool(super().is_connected) and not (pending is not None and pending())  # type: ignore[misc]


class _Direct(_Bounded):
    """One that finds its own way to the other side; all addresses of a name count together."""

    host: str
    port: int
    source_address: Any
    socket_options: Any
    _dns_host: str

    def _new_conn(self) -> socket.socket:
        try:
            addresses = _look_up(self._dns_host, self.port)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error  # type: ignore[arg-type]
        failure: OSError = OSError("it has no address")
        for address in addresses:
            try:
                return create_connection(
                    (address, self.port), at_most(self.timeout), self.source_address, self.socket_options
                )
            except OSError as error:
                at_most(None)
                failure = error
        if isinstance(failure, TimeoutError):
            raise ConnectTimeoutError(self, f"no connection in {self.timeout} s") from failure
        raise NewConnectionError(self, f"no connection: {failure}") from failure  # type: ignore[arg-type]


class _HTTPConnection(_Direct, HTTPConnection):  # type: ignore[misc] # their socket is a Wire
    pass


class _HTTPSConnection(_Direct, HTTPSConnection):  # type: ignore[misc]
    pass


class _HTTPPool(HTTPConnectionPool):
    ConnectionCls = _HTTPConnection


class _HTTPSPool(HTTPSConnectionPool):
    ConnectionCls = _HTTPSConnection


POOLS: dict[str, type[HTTPConnectionPool]] = {"http": _HTTPPool, "https": _HTTPSPool}
"""What a PoolManager of urllib3 needs as its `pool_classes_by_scheme`."""


def bounded(pool_classes: dict[str, type[HTTPConnectionPool]]) -> dict[str, type[HTTPConnectionPool]]:
    """The same for pools whose connections go a way of their own, as those through SOCKS do; they are bounded once there."""

    def one(pool_class: Any) -> type[HTTPConnectionPool]:
        connection = type("BoundedConnection", (_Bounded, pool_class.ConnectionCls), {})
        return type("BoundedPool", (pool_class,), {"ConnectionCls": connection})

    return {scheme: one(pool_class) for scheme, pool_class in pool_classes.items()}


def _look_up(host: str, port: int) -> list[str]:
    """The numeric addresses of a name.

    A look-up cannot be interrupted, so it is left to a thread, which is left behind when the request's time is over: the
    system's resolver gives up some time later.
    """
    host = host.strip("[]")
    if _is_numeric(host):
        return [host]
    found: list[Any] = []

    def ask() -> None:
        try:
            found.append(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM))
        except Exception as error:  # noqa: BLE001 - raised where it was asked for
            found.append(error)

    thread = threading.Thread(target=ask, name="psauth-look-up", daemon=True)
    thread.start()
    thread.join(at_most(None))
    if not found:
        at_most(None)
    (answer,) = found
    if isinstance(answer, Exception):
        raise answer
    return list(dict.fromkeys(str(where[0]) for *_, where in answer))


def _is_numeric(host: str) -> bool:
    try:
        socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM, 0, socket.AI_NUMERICHOST)
    except (OSError, UnicodeError):
        return False
    return True
