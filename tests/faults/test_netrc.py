"""A netrc file is never opened: not for the API, the token, revocation or metadata endpoints, and not on a proxy's way."""

import base64
import json
import subprocess
import sys

import pytest

from tests.faults.wire_servers import always, answering, serving, whole

ENTRIES = "machine 127.0.0.1 login me password hunter2\nmachine service.test login me password hunter2\ndefault login me password hunter2\n"
HUNTED = (b"hunter2", base64.b64encode(b"me:hunter2"))

WALK = """
import os, sys

opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" and "netrc" in str(args[0]) else None)

import psauth
from psauth.api.transport import Transport
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect

base, token_auth = sys.argv[1:]
settings = psauth.Settings(client_id="analyst", client_secret="hush", token_auth=token_auth, issuer=base, api_url=base)
vault = psauth.Vault.open(settings)
flow = psauth.AuthorizationFlow(settings, vault)


def call(work):
    try:
        return work()
    except psauth.PsauthError as error:
        print(type(error).__name__)


request = call(flow.begin)
if request:
    call(lambda: flow.finish({"code": "c", "state": request.state, "iss": base}))
    stored = vault.read()
    door = Transport(renew(vault, stored, because="asked"), vault)
    call(lambda: door.get("/users"))
    call(lambda: door.send("POST", "/comments", {}))
    call(lambda: disconnect(vault))
with psauth.connect(settings=psauth.Settings(api_key="key-Rt55", api_url=base, home=settings.home + "2")) as ps:
    call(lambda: ps.get("/users"))
print("opened:", opened)
"""


@pytest.fixture
def walk(tmp_path, monkeypatch):
    """Runs the walk in a process of its own, whose home has netrc files with an entry for every host."""

    def walk(base, token_auth, *, variable):
        for name in (".netrc", "_netrc", "elsewhere.netrc"):
            (tmp_path / name).write_text(ENTRIES)
            (tmp_path / name).chmod(0o600)
        if variable:
            monkeypatch.setenv("NETRC", str(tmp_path / "elsewhere.netrc"))
        done = subprocess.run(
            [sys.executable, "-c", WALK, base, token_auth], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    return walk


@pytest.mark.parametrize("variable", [False, True], ids=["home", "NETRC"])
@pytest.mark.parametrize("token_auth", ["post", "basic", "none"])
def test_nothing_of_it_is_sent_and_it_is_never_opened(walk, token_auth, variable):
    answer = {"access_token": "access-2", "refresh_token": "refresh-2", "token_type": "bearer", "expires_in": 3600}

    def script(connection):
        places = {
            "issuer": url(),
            "authorization_endpoint": f"{url()}/a",
            "token_endpoint": f"{url()}/token",
            "revocation_endpoint": f"{url()}/revoke",
        }
        always(whole(json.dumps(answer | places).encode()))(connection)

    def url():
        return server.url

    with serving(script) as server:
        said = walk(server.url, token_auth, variable=variable)
        heads = b"\n\n".join(server.requests)
    assert said.splitlines()[-1] == "opened: []"
    places = {head.split()[1].partition(b"?")[0] for head in server.requests}
    expected = {b"/token", b"/revoke", b"/users", b"/comments", b"/.well-known/oauth-authorization-server"}
    assert expected <= places, said
    assert not any(word in heads for word in HUNTED)
    basic = heads.count(b"Authorization: Basic")
    assert basic == (sum(b"/token" in h or b"/revoke" in h for h in server.requests) if token_auth == "basic" else 0)


@pytest.mark.parametrize("variable", [False, True], ids=["home", "NETRC"])
def test_nothing_of_it_goes_to_a_proxy(walk, monkeypatch, variable):
    with serving(answering(b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")) as server:
        monkeypatch.setenv("HTTPS_PROXY", server.url)
        said = walk("https://service.test", "basic", variable=variable)
        heads = b"\n\n".join(server.requests)
    assert said.splitlines()[-1] == "opened: []"
    assert heads.count(b"CONNECT service.test:443") == len(server.requests) > 1
    assert b"uthorization" not in heads
