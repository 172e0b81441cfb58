"""The wire: what swells is refused before it has swollen; measured in a process of its own."""

import subprocess
import sys

import pytest

from tests.faults.wire_servers import CHUNKED, OK, answering, bomb, packed, serving, whole

MOST = 300
"""MB that the whole process may have had at once, Python and all libraries included."""

ASK = """
import resource, sys
import psauth
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.vault.connection import Connection, Stored
from psauth.vault.service import Service

url, call = sys.argv[1:]
said = "nothing"
try:
    if call == "issuer":
        service_for_oauth(psauth.Settings(client_id="analyst", issuer=url))
    else:
        service = Service.for_api_key(psauth.Settings(api_url=url))
        door = Transport(Stored(connection=Connection.unstored("default", service), api_key="key-Rt55"), None)
        door.get("/x") if call == "read" else door.send("POST", "/x", {})
except psauth.PsauthError as error:
    said = str(error)
unit = 1024 * 1024 if sys.platform == "darwin" else 1024
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // unit)
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


def said_and_taken(url, call):
    done = subprocess.run(
        [sys.executable, "-c", ASK, url, call], capture_output=True, text=True, timeout=60, check=True
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
