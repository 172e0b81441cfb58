"""The wire: what swells is refused before it has swollen; measured in a process of its own."""

import subprocess
import sys

import pytest

from tests.faults.wire_servers import CHUNKED, OK, answering, bomb, packed, serving, whole

MOST = 300
"""MB that the whole process may have had at once, Python and all libraries included."""

ASK = """
import sys, threading
import psauth
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service

url, call, threads = sys.argv[1:]
said = "nothing"
try:
    if call == "issuer":
        service_for_oauth(psauth.Settings(client_id="analyst", issuer=url))
    else:
        service = Service.for_api_key(psauth.Settings(api_url=url))
        door = Transport(Stored(connection=Connection.unstored("default", service), api_key="key-Rt55"), None)


        def ask():
            global said
            try:
                door.get("/x") if call == "read" else door.send("POST", "/x", {})
            except psauth.PsauthError as error:
                said = str(error)

        asking = [threading.Thread(target=ask) for _ in range(int(threads))]
        for thread in asking:
            thread.start()
        for thread in asking:
            thread.join()
except psauth.PsauthError as error:
    said = str(error)
with open("/proc/self/status") as lines:  # not ru_maxrss, which begins with what the parent had
    print(next(int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")))
print(said)
"""

FOUR_GB = bomb(4000)

SWELLING = {
    "gzip of 4 GB": whole(FOUR_GB, b"Content-Encoding: gzip"),
    "gzip of gzip of 4 GB": whole(packed(FOUR_GB), b"Content-Encoding: gzip, gzip"),
    "deflate of 4 GB": whole(bomb(4000, wbits=15), b"Content-Encoding: deflate"),
    "chunked gzip of 4 GB": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
    + b"%x\r\n" % len(FOUR_GB)
    + FOUR_GB
    + b"\r\n0\r\n\r\n",
}


def said_and_taken(url, call, threads=1):
    done = subprocess.run(
        [sys.executable, "-c", ASK, url, call, str(threads)], capture_output=True, text=True, timeout=60, check=True
    )
    megabytes, said = done.stdout.split("\n", 1)
    return said, int(megabytes)


@pytest.mark.parametrize("call", ["read", "write", "issuer"])
@pytest.mark.parametrize("answer", SWELLING)
def test_what_swells_is_refused_before_it_has(answer, call):
    with serving(answering(SWELLING[answer])) as server:
        said, megabytes = said_and_taken(server.url, call)
    assert "MB" in said
    assert megabytes < MOST


@pytest.mark.parametrize("call", ["read", "write"])
def test_what_never_ends_is_refused_at_the_limit(call):
    with serving(answering(OK + b"\r\n[", then="flood", unit=b"1,")) as server:
        said, megabytes = said_and_taken(server.url, call)
    assert "answered with more than 16 MB for /x (PSAUTH_ANSWER_SIZE)" in said
    assert megabytes < MOST


@pytest.mark.parametrize("unit", [b"[],", b"{},", b'{"":0},', b"0,", b'"",', b"[[]],", '"😀",'.encode()])
def test_a_list_of_very_many_things_is_refused_before_it_is_read(unit):
    body = b'{"data":[' + unit * (15_900_000 // len(unit)) + b"0]}"
    with serving(answering(whole(packed(body), b"Content-Encoding: gzip"))) as server:
        said, megabytes = said_and_taken(server.url, "read")
    assert said.strip()
    assert megabytes < MOST


MANY_NAMES = b"{" + b",".join(b'"a%06d":0.5' % number for number in range(990_000)) + b"}"
ESCAPES = rb'{"data":["\ud800' + rb"\n" * 7_900_000 + b'"]}'


@pytest.mark.parametrize(
    "answer", [SWELLING["gzip of 4 GB"], whole(packed(MANY_NAMES), b"Content-Encoding: gzip")], ids=["gzip", "names"]
)
def test_threads_that_are_answered_at_once_hold_no_more_than_one(answer):
    with serving(answering(answer)) as server:
        said, megabytes = said_and_taken(server.url, "write", threads=24)
    assert said.strip()
    assert megabytes < MOST


def test_escapes_without_number_take_no_memory_of_their_own():
    with serving(answering(whole(packed(ESCAPES), b"Content-Encoding: gzip"))) as server:
        _, megabytes = said_and_taken(server.url, "read")
    assert megabytes < MOST
