"""Handshakes: one that is interrupted, or hangs, is in the way of no other one of the process."""

import gc
import random
import socket
import threading

import pytest

from psauth.auth.limits import Limits
from psauth.auth.session import Session, system_context
from tests.apart import apart
from tests.auth.machines import Authority, serving
from tests.interrupting import Interrupted
from tests.interrupting_stage import AnyService

SAMPLE = 20


@pytest.fixture
def address(tmp_path, monkeypatch):
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.path))
    system_context.cache_clear()
    with serving(AnyService, certificate=authority.issue("localhost")) as server:
        server.fault = "well"
        yield f"https://localhost:{server.port}/v1/workflows"
    system_context.cache_clear()


def ask(address, seconds=30.0):
    with Session(limits=Limits(seconds=seconds, size=1000)) as session:
        return session.get(address).status_code


def fails(address):
    try:
        ask(address, 8.0)
    except OSError:
        return True
    return False


def others(address):
    """What two handshakes in other threads bring."""
    brought = []
    threads = [threading.Thread(target=lambda: brought.append(ask(address, 5.0)), daemon=True) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return brought


@apart
def test_an_interrupt_at_any_line_of_a_handshake_keeps_no_other_one_waiting(address):
    ask(address)
    lines = [
        number
        for number, (file, _) in enumerate(Interrupted(lambda: ask(address)).places, 1)
        if any(part in file for part in ("/truststore/", "/ssl.py", "/auth/session.py", "/auth/limits.py"))
    ]
    for moment in random.Random(1).sample(lines, SAMPLE):
        place = Interrupted(lambda: ask(address), moment).place
        gc.collect()  # the socket that was left: the server does one handshake at a time
        assert others(address) == [200, 200], place


def test_a_handshake_that_hangs_keeps_no_other_one_waiting(address):
    raised = []
    with socket.create_server(("127.0.0.1", 0)) as mute:
        hanging = threading.Thread(
            target=lambda: raised.append(fails(f"https://localhost:{mute.getsockname()[1]}/")), daemon=True
        )
        hanging.start()
        connection, _ = mute.accept()
        with connection:
            connection.recv(1)  # its greeting: it is in the middle of the handshake
            assert others(address) == [200, 200]
        hanging.join(10)
    assert raised == [True]
