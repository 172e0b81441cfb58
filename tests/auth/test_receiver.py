"""The loopback receiver, on real sockets: only the awaited callback ends the wait."""

import http.client
import socket
import threading
import time
from urllib.parse import urlencode, urlsplit

import pytest

from psauth.auth import receiver as receiver_module
from psauth.auth.limits import Limits
from psauth.auth.receiver import Receiver
from psauth.exceptions import CodeMissing, ExchangeFailed, IssuerMismatch, StateSpent, VaultError
from psauth.vault.connection import Connection

STATE, CODE = "state-Qq81", "code-Ww82"


@pytest.fixture
def connection(service):
    """What `finish` is made to return."""
    return Connection.unstored("default", service)


@pytest.fixture
def receiver(monkeypatch):
    """A receiver on a free port of 127.0.0.1."""
    monkeypatch.setattr("psauth.auth.receiver.LINGER", 0.0)
    with Receiver("http://127.0.0.1/callback") as receiver:
        yield receiver


def get(address, target=None, *, host=None, method="GET"):
    """Status, headers and page of one request, no redirect followed."""
    parts = urlsplit(address)
    http_connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=5)
    try:
        http_connection.request(
            method, target if target is not None else parts.path, headers={"Host": host or parts.netloc}
        )
        answer = http_connection.getresponse()
        return answer.status, dict(answer.getheaders()), answer.read().decode()
    finally:
        http_connection.close()


def right(**changes):
    return "/callback?" + urlencode({"code": CODE, "state": STATE, **changes})


def threads():
    return [t for t in threading.enumerate() if t.name == "psauth-receiver"]


def test_the_right_callback_ends_the_wait_with_what_finish_made_of_it(receiver, connection):
    handed = []
    receiver.await_callback(STATE, lambda params: handed.append(params) or connection)
    status, headers, page = get(receiver.redirect_uri, right())
    assert (status, headers["Location"], page) == (303, "/psauth-done", "")
    assert receiver.wait(5) is connection
    assert handed == [f"?code={CODE}&state={STATE}"]


def test_the_last_address_and_page_hold_neither_code_nor_state(receiver, connection):
    receiver.await_callback(STATE, lambda params: connection)
    _, headers, _ = get(receiver.redirect_uri, right())
    status, done, page = get(receiver.redirect_uri, headers["Location"])
    assert status == 200
    assert "Connected" in page
    assert "close this tab" in page
    for secret in (CODE, STATE):
        assert secret not in page + str(done) + headers["Location"]
    assert done["Cache-Control"] == "no-store"
    assert done["Referrer-Policy"] == "no-referrer"
    assert done["Content-Security-Policy"].startswith("default-src 'none'")


def test_whatever_else_comes_is_answered_and_ignored_and_then_the_right_one_wins(receiver, connection, logs):
    finished = []
    receiver.await_callback(STATE, lambda params: finished.append(params) or connection)
    strays = {
        "/favicon.ico": 404,
        "/": 404,
        "/callback": 404,
        "/callback/?code=x&state=y": 404,
        "/psauth-done": 404,
        "/callback?code=x&state=wrong": 400,
        "/callback?code=x": 400,
        "/callback?error=access_denied": 400,
        right() + "&code=again": 400,
        right() + "&x=1&x=2": 400,
        "/callback?" + "&".join(f"p{n}=1" for n in range(200)): 400,
        "http://[::1?state": 400,
    }
    for target, expected in strays.items():
        assert get(receiver.redirect_uri, target)[0] == expected, target
    assert get(receiver.redirect_uri, right(), method="POST")[0] == 501
    for host in ("evil.example", "evil.example:80", "127.0.0.1.evil.example", "[::1", "0.0.0.0"):
        assert get(receiver.redirect_uri, right(), host=host)[0] in (400, 403), host
    assert finished == []
    assert receiver.wait(0) is None
    assert get(receiver.redirect_uri, right())[0] == 303
    assert receiver.wait(5) is connection
    assert CODE not in logs.text()
    assert STATE not in logs.text()


def test_a_browser_that_sends_nothing_does_not_block_the_one_that_does(receiver, connection):
    receiver.await_callback(STATE, lambda params: connection)
    parts = urlsplit(receiver.redirect_uri)
    with socket.create_connection((parts.hostname, parts.port)), socket.create_connection((parts.hostname, parts.port)):
        assert get(receiver.redirect_uri, right())[0] == 303


@pytest.mark.slow
@pytest.mark.parametrize(
    ("begun", "unit"),
    [(b"", b"G"), (b"GET /callback?", b"a"), (b"GET / HTTP/1.1\r\n", b"X: 1\r\n"), (b"GET / HTTP/1.1\r\nX: ", b"1")],
)
@pytest.mark.parametrize("size", [1, 20_000], ids=["drip", "flood"])
def test_a_request_without_end_is_ended_and_blocks_nobody(receiver, connection, monkeypatch, begun, unit, size):
    monkeypatch.setattr("psauth.auth.receiver.REQUEST", Limits(seconds=0.5, size=0))
    receiver.await_callback(STATE, lambda params: connection)
    parts = urlsplit(receiver.redirect_uri)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as slow:
        slow.sendall(begun + unit)
        assert get(receiver.redirect_uri, right())[0] == 303
        with pytest.raises(ConnectionError):
            for _ in range(1000):
                slow.sendall(unit * size)
                time.sleep(0.01)


@pytest.mark.slow
def test_an_exchange_that_takes_longer_than_a_request_may_is_answered(receiver, connection, monkeypatch):
    monkeypatch.setattr("psauth.auth.receiver.REQUEST", Limits(seconds=0.3, size=0))
    receiver.await_callback(STATE, lambda params: time.sleep(0.5) or connection)
    assert get(receiver.redirect_uri, right())[0] == 303
    assert receiver.wait(5) is connection


ODD = [OSError("No space left"), RuntimeError(), KeyError("x"), RecursionError(), MemoryError(), UnicodeError("x")]


@pytest.mark.parametrize("error", ODD, ids=repr)
def test_any_error_ends_the_wait_at_once_and_is_the_outcome(receiver, error):
    def finish(params):
        try:
            raise LookupError(params)
        except LookupError:
            raise error  # noqa: B904 - as an error that nobody thought of would come

    receiver.await_callback(STATE, finish)
    status, headers, _ = get(receiver.redirect_uri, right())
    assert status == 303
    page = get(receiver.redirect_uri, headers["Location"])[2]
    assert "Not connected" in page
    assert type(error).__name__ in page
    assert receiver.wait(0) is error
    assert (error.__traceback__, error.__context__) == (None, None), "they hold the code"


@pytest.mark.parametrize("refusal", [IssuerMismatch("Another server."), CodeMissing("No code.")], ids=repr)
def test_a_callback_that_consumed_nothing_does_not_end_the_wait(receiver, connection, refusal):
    outcomes = iter([refusal, connection])

    def finish(params):
        outcome = next(outcomes)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    receiver.await_callback(STATE, finish)
    status, _, page = get(receiver.redirect_uri, right())
    assert status == 400
    assert str(refusal) in page
    assert get(receiver.redirect_uri, right())[0] == 303
    assert receiver.wait(5) is connection


@pytest.mark.parametrize("refusal", [ExchangeFailed("No <b>token</b>."), VaultError("The disk is full.")], ids=repr)
def test_a_refusal_ends_the_wait_and_is_shown_to_the_person(receiver, refusal):
    def finish(params):
        raise refusal

    receiver.await_callback(STATE, finish)
    assert get(receiver.redirect_uri, right())[0] == 303
    assert receiver.wait(5) is refusal
    page = get(receiver.redirect_uri, "/psauth-done")[2]
    assert "Not connected" in page
    assert "<b>token" not in page


def test_a_reload_while_the_code_is_exchanged_waits_for_the_first(receiver, connection):
    inside, go_on = threading.Event(), threading.Event()
    calls, answers = [], []

    def finish(params):
        calls.append(params)
        if len(calls) > 1:
            raise StateSpent("Used before.")
        inside.set()
        assert go_on.wait(5)
        return connection

    receiver.await_callback(STATE, finish)
    tabs = [threading.Thread(target=lambda: answers.append(get(receiver.redirect_uri, right())[0])) for _ in range(2)]
    tabs[0].start()
    assert inside.wait(5)
    tabs[1].start()
    go_on.set()
    for tab in tabs:
        tab.join(5)
    assert receiver.wait(5) is connection
    assert answers == [303, 303]
    assert len(calls) == 1


def test_a_code_with_a_question_mark_arrives_whole(receiver, connection):
    handed = []
    receiver.await_callback(STATE, lambda params: handed.append(params) or connection)
    assert get(receiver.redirect_uri, f"/callback?code=a?b&state={STATE}")[0] == 303
    assert handed == [f"?code=a?b&state={STATE}"]


def test_nobody_is_waited_for_longer_than_said(receiver, monkeypatch):
    receiver.await_callback(STATE, lambda params: pytest.fail("nobody came"))
    started = time.monotonic()
    assert receiver.wait(0.3) is None
    assert time.monotonic() - started < 3


def test_the_real_port_stands_in_the_redirect_uri_of_a_bare_loopback(receiver):
    parts = urlsplit(receiver.redirect_uri)
    assert (parts.scheme, parts.hostname, parts.path) == ("http", "127.0.0.1", "/callback")
    assert parts.port > 0


def test_leaving_frees_the_port_and_the_threads():
    with Receiver("http://127.0.0.1/") as first:
        assert len(threads()) == 1
    with Receiver(first.redirect_uri) as second:
        assert second.redirect_uri == first.redirect_uri
    for thread in threads():
        thread.join(5)
    assert not threads()


def test_a_port_that_is_taken_is_an_os_error():
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        Receiver(f"http://127.0.0.1:{taken.getsockname()[1]}/")


def ipv6_works():
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


needs_ipv6 = pytest.mark.skipif(not ipv6_works(), reason="this machine has no IPv6 loopback")


@needs_ipv6
def test_localhost_is_served_on_both_its_addresses(connection):
    with Receiver("http://localhost/") as receiver:
        port = urlsplit(receiver.redirect_uri).port
        assert urlsplit(receiver.redirect_uri).hostname == "localhost"
        for host in ("127.0.0.1", "[::1]"):
            assert get(f"http://{host}:{port}/", "/favicon.ico")[0] == 404


@needs_ipv6
def test_another_program_on_the_other_address_of_localhost_is_an_os_error_because_it_might_get_the_code():
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OSError, match="in use"):
            Receiver(f"http://localhost:{port}/")
        with socket.create_server(("127.0.0.1", port)):
            pass


@needs_ipv6
def test_an_address_in_brackets_is_served():
    with Receiver("http://[::1]/") as receiver:
        assert receiver.redirect_uri.startswith("http://[::1]:")
        assert get(receiver.redirect_uri, "/x")[0] == 404


def test_a_machine_without_ipv6_serves_localhost_on_the_other_address(monkeypatch):
    class WithoutIPv6(receiver_module._Server):
        def __init__(self, address, handler, *, ipv6):
            if ipv6:
                raise OSError(97, "Address family not supported by protocol")
            super().__init__(address, handler, ipv6=ipv6)

    monkeypatch.setattr(receiver_module, "_Server", WithoutIPv6)
    with Receiver("http://localhost:0/") as receiver:
        assert [server.server_address[0] for server in receiver._servers] == ["127.0.0.1"]


def test_a_request_that_breaks_off_is_a_line_of_the_log_without_what_it_held(logs):
    with Receiver("http://127.0.0.1:0/") as receiver:
        receiver._servers[0].handle_error("GET /?code=code-Secret", ("127.0.0.1", 1))
    assert "a request to the receiver broke off" in logs.text("psauth")
    assert "code-Secret" not in logs.text("psauth")
