"""A proxy between psauth and the sandbox that does to requests and answers what bad networks do."""

import contextlib
import random
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from urllib.parse import urlsplit

KINDS = (
    "delay",
    "drip",
    "drop before",
    "drop after",
    "truncate",
    "reset before",
    "reset after",
    "reset within",
    "garble head",
    "garble body",
    "duplicate request",
    "duplicate answer",
    "out of order",
    "silence",
    "endless",
)
"""What it can do to one request. `before` and `after` say whether the service has seen the request."""
PATIENCE = 30.0
"""Seconds after which the proxy gives up on the service, or on an answer that it holds back."""
CHUNK = 65536


@dataclass
class Fault:
    """One request's fate: of the next `times` requests whose path begins with `path`, after `skip` of them."""

    kind: str
    path: str = "/"
    times: int = 1
    skip: int = 0
    seconds: float = 0.3
    seed: int = 0


@dataclass
class Message:
    """A request or an answer as it stood on the wire."""

    head: bytes
    body: bytes

    @property
    def raw(self):
        return self.head + self.body

    @property
    def words(self):
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ")


class Proxy:
    """A real server on a real port that passes everything on to `upstream`, but for the faults it was given.

    `passed` holds method and path of each request that the service was sent, as often as it was sent; `broken` counts
    the faults that came to pass. Use it in a `with` statement.
    """

    def __init__(self, upstream):
        parts = urlsplit(upstream)
        self._upstream = (parts.hostname, parts.port)
        self._host = parts.netloc.encode()
        self._faults, self._lock = deque(), threading.Lock()
        self._held = threading.Condition()
        self._holding = 0
        self._closing = threading.Event()
        self._sockets = set()
        self.passed, self.broken = [], 0
        self._server = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._closing.set()
        with self._held:
            self._held.notify_all()
        with contextlib.suppress(OSError):  # not every system lets a listener be shut down
            self._server.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for a caller, which close does not
        self._server.close()
        with self._lock:
            sockets = list(self._sockets)
        for wire in sockets:
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
        self._thread.join(PATIENCE)

    def fault(self, kind, path="/", **how):
        """Let something go wrong; faults for one path come one after another."""
        assert kind in KINDS, kind
        with self._lock:
            self._faults.append(Fault(kind, path, **how))

    def calm(self):
        """Nothing goes wrong any more."""
        with self._lock:
            self._faults.clear()

    # Inside -------------------------------------------------------------------------------------------------------

    def _accept(self):
        while not self._closing.is_set():
            try:
                wire, _ = self._server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(wire,), daemon=True).start()

    def _serve(self, wire):
        """One connection of psauth, and one of its own to the service."""
        with self._lock:
            self._sockets.add(wire)
        try:
            with wire, socket.create_connection(self._upstream, PATIENCE) as service, contextlib.ExitStack() as stack:
                wire.settimeout(PATIENCE)
                ours, theirs = (stack.enter_context(end.makefile("rb")) for end in (wire, service))
                while (request := read_message(ours)) is not None and self._pass_on(request, wire, service, theirs):
                    pass
        except OSError:
            pass  # either side has gone: a fault of the test's own, or the end of it
        finally:
            with self._lock:
                self._sockets.discard(wire)

    def _take(self, path):
        with self._lock:
            for fault in self._faults:
                if not path.startswith(fault.path):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                self.broken += 1
                return fault
        return None

    def _ask(self, request, service, theirs):
        """The service's answer; the Host is its own one, as proxies have it."""
        lines = [line for line in request.head.split(b"\r\n") if not line.lower().startswith(b"host:")]
        lines.insert(1, b"Host: " + self._host)
        with self._lock:
            self.passed.append(tuple(request.words[:2]))
        service.sendall(b"\r\n".join(lines) + request.body)
        answer = read_message(theirs, answers=request.words[0])
        if answer is None:
            raise OSError("the service has closed the connection")
        return answer

    def _pass_on(self, request, wire, service, theirs):
        """Pass one request on, in whatever way its fate says; whether the connection goes on afterwards."""
        fault = self._take(request.words[1])
        if fault is None:
            wire.sendall(self._ask(request, service, theirs).raw)
            return True
        chance = random.Random(fault.seed)
        before, _, after = fault.kind.partition(" ")
        if fault.kind in ("drop before", "reset before"):
            return _end(wire, reset=before == "reset")
        if fault.kind == "silence":
            self._closing.wait(PATIENCE)
            return False
        if fault.kind == "endless":
            return self._without_end(wire, chance)
        answer = self._ask(request, service, theirs)
        if fault.kind == "duplicate request":
            answer = self._ask(request, service, theirs)
        if fault.kind in ("drop after", "reset after"):
            return _end(wire, reset=before == "reset")
        if fault.kind == "delay":
            self._closing.wait(fault.seconds)
        if fault.kind == "out of order":
            self._hold_back(fault.seconds)
        raw = answer.raw
        if fault.kind == "drip":
            return self._drip(wire, raw, fault.seconds)
        if fault.kind in ("truncate", "reset within"):
            wire.sendall(raw[: chance.randrange(1, max(2, len(raw)))])
            return _end(wire, reset=before == "reset")
        if before == "garble":
            raw = (
                garbled(answer.head, chance) + answer.body
                if after == "head"
                else answer.head + garbled(answer.body, chance)
            )
        wire.sendall(raw * 2 if fault.kind == "duplicate answer" else raw)
        return True

    def _hold_back(self, seconds):
        """Wait for the answer of a later request to go first, as long as there is one."""
        with self._held:
            self._holding += 1
            turn = self._holding
            self._held.wait_for(lambda: self._closing.is_set() or self._holding > turn, seconds)
            self._held.notify_all()

    def _drip(self, wire, raw, seconds):
        for at in range(len(raw)):
            wire.sendall(raw[at : at + 1])
            if self._closing.wait(seconds):
                return False
        return True

    def _without_end(self, wire, chance):
        """An answer that never ends, in one of its three parts."""
        endless = {
            "interim": b"HTTP/1.1 100 Continue\r\n\r\n" * 512,
            "header": b"X-Filler: " + b"x" * 1000 + b"\r\n",
            "body": b"2000\r\n" + b" " * 0x2000 + b"\r\n",
        }
        part = chance.choice(sorted(endless))
        if part == "header":
            wire.sendall(b"HTTP/1.1 200 OK\r\n")
        elif part == "body":
            wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
        deadline = time.monotonic() + PATIENCE
        while not self._closing.is_set() and time.monotonic() < deadline:
            wire.sendall(endless[part])
        return False


def read_message(stream, *, answers=None):
    """One HTTP/1.1 message, chunks and all; None at the end. `answers`: the method of the request it answers."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        line = stream.readline(CHUNK)
        if not line:
            return None
        head += line
    lines = (line.partition(b":") for line in head.split(b"\r\n")[1:] if line)
    fields = {name.strip().lower(): value.strip().lower() for name, _, value in lines}
    status = head.split(b" ", 2)[1]
    if answers == "HEAD" or (answers and (status[:1] == b"1" or status in (b"204", b"304"))):
        return Message(head, b"")
    if fields.get(b"transfer-encoding") == b"chunked":
        return Message(head, b"".join(_chunks(stream)))
    if b"content-length" in fields:
        return Message(head, stream.read(int(fields[b"content-length"])))
    return Message(head, stream.read() if answers else b"")


def _chunks(stream):
    while True:
        line = stream.readline(CHUNK)
        yield line
        size = int(line.split(b";")[0] or b"0", 16)
        yield stream.read(size + 2) if size else stream.readline(CHUNK)
        if size == 0:
            return


def garbled(part, chance):
    """The same bytes, but for a few of them."""
    spoilt = bytearray(part)
    for _ in range(chance.randrange(1, 6)):
        if spoilt:
            spoilt[chance.randrange(len(spoilt))] = chance.randrange(256)
    return bytes(spoilt)


def _end(wire, *, reset):
    if reset:
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    else:
        with contextlib.suppress(OSError):
            wire.shutdown(socket.SHUT_RDWR)
    return False
