"""Servers that send bytes as a script says, on real sockets; and the scripts, most of which never come to an end."""

import re
import socket
import threading
import time
import zlib
from contextlib import contextmanager, suppress

EVERY = 0.02
"""Seconds between two bytes of a drip: never silent, never done."""
GIVES_UP = 20.0
"""Seconds after which a script ends by itself, so that a client without limits fails its test instead of hanging."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


class Server:
    """Listens on loopback and lets `script(connection)` run for each connection, in a thread."""

    def __init__(self, script):
        self.script, self.requests, self.outlasted = script, [], []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.closing = threading.Event()
        self._connections, self._threads = [], []
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def _accept(self):
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                thread = threading.Thread(target=self._run, args=(connection,), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _run(self, connection):
        with suppress(OSError), connection:
            self.script(Connection(connection, self))
            self.outlasted.append(connection)

    def close(self):
        self.closing.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in [self._accepting, *self._threads]:
            thread.join(5)


class Connection:
    """What a script does with a connection; all of it ends with an OSError once the other side has gone."""

    def __init__(self, sock, server):
        self._sock, self._server = sock, server
        self._until = time.monotonic() + GIVES_UP

    def read(self):
        """One whole request."""
        request = b""
        while b"\r\n\r\n" not in request:
            request += self._some()
        head, _, body = request.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        while length and len(body) < int(length[1]):
            body += self._some()
        self._server.requests.append(head)

    def _some(self):
        if not (data := self._sock.recv(65_536)):
            raise OSError("gone")
        return data

    def say(self, data):
        self._sock.sendall(data)

    def drip(self, data):
        """The same bytes again and again, one at a time and slowly."""
        self._again(data, EVERY, len(data))

    def flood(self, data):
        """The same bytes again and again, as fast as they are taken."""
        self._again(data * max(1, 65_536 // len(data)), 0, 1)

    def _again(self, data, pause, parts):
        while time.monotonic() < self._until:
            size = len(data) // parts
            for start in range(0, len(data), size):
                self._sock.sendall(data[start : start + size])
                time.sleep(pause)

    def silence(self):
        """Say nothing and read nothing, until the test is over."""
        if self._server.closing.wait(GIVES_UP):
            raise OSError("over")


@contextmanager
def serving(script):
    server = Server(script)
    try:
        yield server
    finally:
        server.close()


def answering(*parts, then=None, unit=b""):
    """A script that reads a request, says `parts`, and goes on with "drip" or "flood" of `unit`."""

    def script(connection):
        connection.read()
        for part in parts:
            connection.say(part)
        if then:
            getattr(connection, then)(unit)

    return script


def always(answer):
    """A script that gives every request of a connection the same answer."""

    def script(connection):
        while True:
            connection.read()
            connection.say(answer)

    return script


def whole(body, *headers, status=b"200 OK"):
    """A whole answer."""
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", *headers, b"Content-Length: %d" % len(body)]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def silent(connection):
    connection.read()
    connection.silence()


def bomb(megabytes, *, wbits=31):
    """So many MB of zeros, packed to a thousandth."""
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    piece = bytes(1_000_000)
    return b"".join(packer.compress(piece) for _ in range(megabytes)) + packer.flush()


def packed(data, *, wbits=31):
    packer = zlib.compressobj(9, zlib.DEFLATED, wbits)
    return packer.compress(data) + packer.flush()


CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"

DRIPS = {
    "status line": answering(b"HTTP/1.1 200 ", then="drip", unit=b"O"),
    "headers": answering(OK, then="drip", unit=b"X: 1\r\n"),
    "one header": answering(OK + b"X: ", then="drip", unit=b"1"),
    "100 Continue": answering(then="drip", unit=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": answering(then="drip", unit=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "body": answering(OK + b"Content-Length: 100000\r\n\r\n{", then="drip", unit=b" "),
    "body without length": answering(OK + b"\r\n{", then="drip", unit=b" "),
    "chunk": answering(CHUNKED + b"fffff\r\n{", then="drip", unit=b" "),
    "chunk head": answering(CHUNKED + b"1;", then="drip", unit=b"x"),
    "chunks": answering(CHUNKED, then="drip", unit=b"1\r\n \r\n"),
    "trailers": answering(CHUNKED + b"2\r\n{}\r\n0\r\n", then="drip", unit=b"X: 1\r\n"),
    "nothing": silent,
}
"""Answers that go on without ever being silent for long."""

FLOODS = {
    "headers": answering(OK, then="flood", unit=b"X: 1\r\n"),
    "one header": answering(OK + b"X: ", then="flood", unit=b"1"),
    "status line": answering(b"HTTP/1.1 200 ", then="flood", unit=b"O"),
    "100 Continue": answering(then="flood", unit=b"HTTP/1.1 100 Continue\r\n\r\n"),
    "103 Early Hints": answering(then="flood", unit=b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n"),
    "body": answering(OK + b"\r\n", then="flood", unit=b" "),
    "a long body": answering(OK + b"Content-Length: 1000000000000\r\n\r\n", then="flood", unit=b" "),
    "a longer body": answering(OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", then="flood", unit=b" "),
    "chunks": answering(CHUNKED, then="flood", unit=b"1\r\n \r\n"),
    "a long chunk": answering(CHUNKED + b"fffffffffff\r\n", then="flood", unit=b" "),
    "trailers": answering(CHUNKED + b"2\r\n{}\r\n0\r\n", then="flood", unit=b"X: 1\r\n"),
    "gzip": answering(whole(bomb(200), b"Content-Encoding: gzip")),
    "deflate": answering(whole(bomb(200, wbits=15), b"Content-Encoding: deflate")),
    "bare deflate": answering(whole(bomb(200, wbits=-15), b"Content-Encoding: deflate")),
    "gzip of gzip": answering(whole(packed(bomb(200)), b"Content-Encoding: gzip, gzip")),
    "many members": answering(whole(bomb(3) * 100, b"Content-Encoding: gzip")),
}
"""Answers that are too much: endless, declared as endless, or swelling."""

UNREADABLE = {
    "damaged gzip": whole(packed(b'{"a": 1}' * 99)[:-9] + b"\0" * 9, b"Content-Encoding: gzip"),
    "no gzip": whole(b'{"a": 1}', b"Content-Encoding: gzip"),
    "cut off gzip": whole(packed(b'{"a": 1}')[:-9], b"Content-Encoding: gzip"),
    "cut off deflate": whole(packed(b'{"a": 1}', wbits=15)[:-5], b"Content-Encoding: deflate"),
    "br": whole(b"\x0b\x02\x80{}\x03", b"Content-Encoding: br"),
    "zstd": whole(b"\x28\xb5\x2f\xfd", b"Content-Encoding: zstd"),
    "gzip, br": whole(packed(b"{}"), b"Content-Encoding: gzip, br"),
    "layers": whole(packed(b"{}"), b"Content-Encoding: " + b", ".join([b"gzip"] * 99)),
}
"""Whole answers that cannot be unpacked."""
