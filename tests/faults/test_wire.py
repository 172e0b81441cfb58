"""The wire: whatever comes over it, and however slowly, a request ends within its time and its size, and says so."""

import socket
import threading
from http.server import BaseHTTPRequestHandler

import pytest
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.exceptions import HTTPError

from psauth import ApiError, AuthorizationFlow, OutcomeUnknown, ServiceUnavailable, Settings, Vault
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.auth.limits import Limits, allowing
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.auth.session import _make_context
from psauth.auth.wire import bounded
from psauth.exceptions import PsauthError
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service
from tests.auth.machines import HOST, Authority, proxy
from tests.auth.machines import serving as serving_http
from tests.faults.wire_servers import (
    CHUNKED,
    DRIPS,
    FLOODS,
    OK,
    UNREADABLE,
    always,
    answering,
    packed,
    serving,
    silent,
    whole,
)

SECONDS = "0.4"
MEGABYTES = "0.5"


@pytest.fixture(autouse=True)
def short(monkeypatch):
    """Small limits for what has no setting."""
    monkeypatch.setattr("psauth.auth.session.SHORT", Limits(seconds=float(SECONDS), size=500_000))


@pytest.fixture
def settings_of(clean_environment):
    """Settings at a server."""

    def settings_of(url, **changes):
        places = {"api_url": f"{url}/v1", "token_url": f"{url}/token", "authorize_url": f"{url}/a"}
        limits = {"total_time": SECONDS, "answer_size": MEGABYTES}
        return Settings(client_id="analyst", client_secret="hush", **{**places, **limits, **changes})

    return settings_of


@pytest.fixture
def door_to(settings_of):
    """A transport to a server, with an API key that is not stored."""
    doors = []

    def door_to(url, **changes):
        service = Service.for_api_key(settings_of(url, **changes))
        stored = Stored(connection=Connection.unstored("default", service), api_key="key-Rt55")
        doors.append(Transport(stored, None))
        return doors[-1]

    yield door_to
    for door in doors:
        door.close()


def read(settings_of, door_to, make_token, url):
    door_to(url).get("/users")


def write(settings_of, door_to, make_token, url):
    door_to(url).send("POST", "/comments", {"text": "x"})


def discover(settings_of, door_to, make_token, url):
    service_for_oauth(settings_of("", api_url="", token_url="", authorize_url="", issuer=url))


def exchange(settings_of, door_to, make_token, url):
    settings = settings_of(url)
    vault = Vault.open(settings)
    flow = AuthorizationFlow(settings, vault)
    flow.finish({"code": "c", "state": flow.begin().state})


def refresh(settings_of, door_to, make_token, url):
    vault = Vault.open(settings_of(url))
    vault.connect("default", service_for_oauth(settings_of(url)), token=make_token(lives=0))
    renew(vault, vault.read())


def revoke(settings_of, door_to, make_token, url):
    settings = settings_of(url, revoke_url=f"{url}/revoke")
    vault = Vault.open(settings)
    vault.connect("default", service_for_oauth(settings), token=make_token())
    done = disconnect(vault)
    assert not done.revoked
    raise PsauthError(done.message)


CALLS = [read, write, discover, exchange, refresh, revoke]
EVERYBODY = pytest.mark.parametrize("call", CALLS, ids=lambda call: call.__name__)


@pytest.fixture
def failing(settings_of, door_to, make_token, naps):
    """The error with which one of the calls ends."""

    def failing(call, url):
        with pytest.raises(PsauthError) as caught:
            call(settings_of, door_to, make_token, url)
        return caught.value

    return failing


# Time -----------------------------------------------------------------------------------------------------------------


@EVERYBODY
@pytest.mark.parametrize("drip", DRIPS)
def test_what_drips_ends_with_the_time_of_the_request(failing, call, drip):
    with serving(DRIPS[drip]) as server:
        error = failing(call, server.url)
        assert server.outlasted == [], "it was still dripping"
        assert "took longer than 0.4 s in all" in str(error)
        if call in (read, write):
            assert "PSAUTH_TOTAL_TIME" in str(error)
        if call is write:
            assert isinstance(error, OutcomeUnknown)
            assert len(server.requests) == 1
        if call is read:
            assert type(error) is ServiceUnavailable
            assert len(server.requests) == 2, "tried once more"


def test_who_never_reads_an_upload_does_not_hold_it(door_to):
    with serving(silent) as server:
        with pytest.raises(OutcomeUnknown, match=r"took longer .* PSAUTH_TOTAL_TIME"):
            door_to(server.url).send("PUT", "/data-sets/x", {"rows": "x" * 30_000_000})
        assert server.outlasted == []


def test_who_reads_an_upload_byte_by_byte_does_not_hold_it(door_to):
    def slow_reader(connection):
        connection._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        while not connection._server.closing.wait(0.02):
            connection._sock.recv(1000)

    with serving(slow_reader) as server, pytest.raises(OutcomeUnknown, match="took longer"):
        door_to(server.url).send("PUT", "/data-sets/x", {"rows": "x" * 30_000_000})


def hello_drip(connection):
    """The beginning of an answer to a TLS hello, and no end of it."""
    connection._sock.recv(65_536)
    connection.say(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc\x03\x03")
    connection.drip(b"\0")


def test_connections_that_find_their_own_way_are_bounded_once_they_are_there():
    """As those through a SOCKS proxy, for which another package makes the connection."""
    pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
    for drip in (DRIPS["body"], DRIPS["103 Early Hints"]):
        with serving(drip) as server, PoolManager() as manager:
            manager.pool_classes_by_scheme = bounded(pools)
            with allowing(Limits(seconds=0.3, size=1000)) as allowance, pytest.raises(HTTPError):
                manager.request("GET", server.url, retries=False, timeout=5)
            assert allowance.reached.is_slow
            assert allowance.is_sent
            assert server.outlasted == []


@pytest.mark.parametrize("certificates", ["yes", "no"])
def test_a_handshake_that_drips_ends_and_nothing_was_sent(door_to, naps, certificates):
    with serving(hello_drip) as server:
        door = door_to(server.url.replace("http", "https"), system_certificates=certificates)
        with pytest.raises(ServiceUnavailable) as caught:
            door.send("POST", "/comments", {})
        assert server.outlasted == []
        assert not isinstance(caught.value, OutcomeUnknown)
        assert "took longer than 0.4 s in all" in str(caught.value)


def test_handshakes_that_wait_for_each_other_end_with_their_own_time(door_to, naps):
    with serving(hello_drip) as server:
        door = door_to(server.url.replace("http", "https"))
        errors = []

        def ask():
            try:
                door.get("/users")
            except ApiError as error:
                errors.append(error)

        threads = [threading.Thread(target=ask, daemon=True) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(15)
        assert len(errors) == 16
        assert server.outlasted == []
        assert {type(error) for error in errors} == {ServiceUnavailable}


PROXIES = {
    "status line": answering(b"HTTP/1.1 200 ", then="drip", unit=b"O"),
    "headers": answering(b"HTTP/1.1 200 OK\r\n", then="drip", unit=b"X: 1\r\n"),
    "nothing": silent,
    "a flood of headers": answering(b"HTTP/1.1 200 OK\r\n", then="flood", unit=b"X: 1\r\n"),
}


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("script", PROXIES)
def test_a_proxy_that_drips_before_it_lets_anything_through(door_to, naps, monkeypatch, script, method):
    with serving(PROXIES[script]) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        with pytest.raises(ServiceUnavailable) as caught:
            door_to("https://service.test").send(method, "/comments", {})
        assert server.outlasted == []
        assert not isinstance(caught.value, OutcomeUnknown), "nothing was sent to the service"
        assert all(head.startswith(b"CONNECT") for head in server.requests)


def test_all_addresses_of_a_name_share_the_time(door_to, naps, monkeypatch):
    """No address of this machine drops what comes, so that connecting is played here."""
    tried = []

    def never(address, patience, *_):
        tried.append(address)
        threading.Event().wait(min(patience, 0.01))
        raise TimeoutError("timed out")

    real = socket.getaddrinfo
    many = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (f"192.0.2.{n}", 443)) for n in range(1, 200)]
    monkeypatch.setattr(
        "socket.getaddrinfo", lambda host, *a: many if host == "many.test" and len(a) < 4 else real(host, *a)
    )
    monkeypatch.setattr("psauth.auth.wire.create_connection", never)
    with pytest.raises(ServiceUnavailable, match=r"took longer than 0.4 s in all"):
        door_to("https://many.test").send("POST", "/comments", {})
    assert 1 < len(tried) < len(many)


def test_a_name_that_is_looked_up_for_ever(door_to, naps, monkeypatch):
    over = threading.Event()
    real = socket.getaddrinfo

    def look_up(host, *args):
        if host == "slow.test" and len(args) < 4:
            over.wait(20)
        return real(host, *args)

    monkeypatch.setattr("socket.getaddrinfo", look_up)
    try:
        with pytest.raises(ServiceUnavailable, match="took longer than 0.4 s in all"):
            door_to("https://slow.test").send("POST", "/comments", {})
        assert not over.is_set()
    finally:
        over.set()


# Size -----------------------------------------------------------------------------------------------------------------


@EVERYBODY
@pytest.mark.parametrize("flood", FLOODS)
def test_what_is_too_much_ends_with_its_size(failing, monkeypatch, call, flood):
    monkeypatch.setattr("psauth.auth.session.SHORT", Limits(seconds=30, size=500_000))
    monkeypatch.setattr("tests.faults.test_wire.SECONDS", "30")
    with serving(FLOODS[flood]) as server:
        error = failing(call, server.url)
        assert "more than 0.5 MB" in str(error) or "headers" in str(error)
        if call is write:
            assert isinstance(error, OutcomeUnknown)
            assert len(server.requests) == 1
        if call is read:
            assert ("PSAUTH_ANSWER_SIZE" in str(error)) == ("MB" in str(error))
            assert len(server.requests) == 1, "it would be as large again"


@pytest.mark.parametrize(
    "answer",
    [
        whole(b'{"a": 1}'),
        whole(b'{"a": 1}', b"Content-Encoding: identity"),
        whole(packed(b'{"a": 1}'), b"Content-Encoding: gzip"),
        whole(packed(b'{"a": 1}'), b"Content-Encoding: x-GZIP"),
        whole(packed(b'{"a"') + packed(b": 1}"), b"Content-Encoding: gzip"),
        whole(packed(b'{"a": 1}') + b"\0" * 9, b"Content-Encoding: gzip"),
        whole(packed(b'{"a": 1}', wbits=15), b"Content-Encoding: deflate"),
        whole(packed(b'{"a": 1}', wbits=-15), b"Content-Encoding: deflate"),
        whole(packed(packed(b'{"a": 1}')), b"Content-Encoding: gzip, gzip"),
        whole(packed(packed(b'{"a": 1}'), wbits=15), b"Content-Encoding: gzip", b"Content-Encoding: deflate"),
        CHUNKED + b"4;x=y\r\n{\"a\"\r\n4\r\n: 1}\r\n0\r\nX: 1\r\n\r\n",
        OK + b"Connection: close\r\n\r\n" + b'{"a": 1}',
        b"HTTP/1.1 100 Continue\r\n\r\n" + whole(b'{"a": 1}'),
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 3 + whole(b'{"a": 1}'),
        whole(b'{"a": 1}' + b" " * 499_992),
        whole(packed(b'{"a": 1}' + b" " * 499_992), b"Content-Encoding: gzip"),
    ],
)  # fmt: skip
def test_what_is_well_within_the_limits_comes_through(door_to, answer):
    script = answering(answer) if b"Connection: close" in answer else always(answer)
    with serving(script) as server:
        door = door_to(server.url, total_time="30")
        for _ in range(3):
            assert door.get("/users") == {"a": 1}


@EVERYBODY
@pytest.mark.parametrize("packing", UNREADABLE)
def test_an_answer_that_cannot_be_unpacked_was_sent(failing, monkeypatch, call, packing):
    monkeypatch.setattr("psauth.auth.session.SHORT", Limits(seconds=30, size=500_000))
    monkeypatch.setattr("tests.faults.test_wire.SECONDS", "30")
    with serving(always(UNREADABLE[packing])) as server:
        error = failing(call, server.url)
        assert "answered with a body" in str(error)
        if call is write:
            assert isinstance(error, OutcomeUnknown)
            assert len(server.requests) == 1
        if call is refresh:
            assert len(server.requests) == 2, "the answer was lost, and asked for once more"


def test_only_what_can_be_unpacked_is_asked_for(door_to):
    with serving(always(whole(b"{}"))) as server:
        door_to(server.url, total_time="30").get("/users")
        (line,) = [x for x in server.requests[0].lower().split(b"\r\n") if x.startswith(b"accept-encoding")]
        assert line == b"accept-encoding: gzip, deflate"


def test_an_interim_answer_is_not_the_answer_of_the_next_request(door_to, naps):
    """103 before each answer, and the answer a moment later: each request gets its own."""
    numbers = iter(range(100))

    def script(connection):
        while True:
            connection.read()
            connection.say(b"HTTP/1.1 103 Early Hints\r\n\r\n")
            threading.Event().wait(0.02)
            connection.say(whole(b'{"number": %d}' % next(numbers)))

    with serving(script) as server:
        door = door_to(server.url, total_time="30")
        assert [door.get("/users")["number"] for _ in range(4)] == [0, 1, 2, 3]


def test_another_protocol_is_no_answer(door_to, naps):
    with serving(always(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")) as server, pytest.raises(OutcomeUnknown):
        door_to(server.url, total_time="30").send("POST", "/comments", {})


class Echo(BaseHTTPRequestHandler):
    """Answers with what was sent."""

    protocol_version = "HTTP/1.1"

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("certificates", ["yes", "no"])
def test_large_bodies_pass_encrypted_in_both_directions(door_to, authority, monkeypatch, certificates):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE" if certificates == "no" else "SSL_CERT_FILE", str(authority.path))
    monkeypatch.setattr("psauth.auth.session.system_context", _make_context)
    with serving_http(Echo, certificate=authority.issue()) as server, proxy() as way:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{way.port}")
        door = door_to(
            f"https://{HOST}:{server.port}", total_time="30", answer_size="9", system_certificates=certificates
        )
        body = {"rows": ["x" * 1000] * 5000}
        for _ in range(3):
            assert door.send("PUT", "/data-sets/x", body) == body
