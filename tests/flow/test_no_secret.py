"""Every secret of a whole session, searched for everywhere it must not be: logs, files, screens, errors, pickles."""

import base64
import contextlib
import io
import json
import pickle
import sqlite3
import urllib.request
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

import psauth
from psauth import AuthorizationFlow, PsauthError, Token, Vault
from psauth.api.retrying import ATTEMPTS
from psauth.api.transport import Transport
from psauth.auth.callback import Callback
from psauth.sandbox.knobs import Fault
from psauth.vault.keys import find_key
from psauth.vault.service import Service
from tests.flow.parts import changed, client_of, expire_at_the_service, expire_here, query_of
from tests.hunt import Secrets, logged, pickles_of, shapes_of, traceback_of

KINDS = {
    "access token",
    "refresh token",
    "code",
    "verifier",
    "challenge",
    "state",
    "client secret",
    "client secret as HTTP Basic",
    "API key",
    "browser's cookie",
    "vault's key",
}


SHOWN = {"state", "challenge"}
"""They stand in the address that a person is asked to open, which cannot do without."""
EVENTS = (
    "authorization begun",
    "connected",
    "refused: StateSpent",
    "refreshed: account=default",
    "revoked and forgotten",
)
"""What psauth's own log tells of a session."""


class Session:
    """Everything a person and a service can do with psauth, and what is left of it."""

    def __init__(self, box, secrets):
        self.box, self.secrets = box, secrets
        self.errors, self.objects, self.files = [], [], []
        self.settings = box.settings
        secrets.see("client secret", self.settings.client_secret)
        secrets.see("vault's key", self.settings.secret_key)
        secrets.see("API key", box.api_key)
        self.vault = Vault.open(self.settings)
        self.flow = AuthorizationFlow(self.settings, self.vault)
        # A reader that stays, so that the write-ahead log does too.
        self.reader = sqlite3.connect(self.vault.place, isolation_level=None)
        self.reader.execute("SELECT count(*) FROM meta").fetchall()

    def keep(self, *objects):
        self.objects += objects
        return objects[0]

    def refused(self, call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except PsauthError as error:
            self.errors.append(error)
            return error
        raise AssertionError(f"{call.__qualname__} should have raised")

    def look_at_the_files(self):
        for path in Path(self.settings.home).rglob("*"):
            if path.is_file():
                self.files.append((path.name, path.read_bytes()))

    def authorize(self, account="default", settings=None, **kwargs):
        """Consent, and note the code. The addresses stay in this frame, which is not psauth's."""
        flow = AuthorizationFlow(settings or self.settings, self.vault)
        request = self.keep(flow.begin(account, **kwargs))
        address = self.box.login(request.url)
        self.secrets.see("code", query_of(address)["code"])
        self.keep(repr(Callback.read(address)), self.vault.pending(request.state))
        return flow, address


def run(session):
    connect_in_every_way(session)
    refresh_and_fail(session)
    meet_errors(session)
    use_an_api_key(session)
    break_the_vault(session)
    leave(session)


def connect_in_every_way(session):
    flow, address = session.authorize(browser="a browser's cookie, 30 letters long")
    session.refused(flow.finish, address, browser="another browser's cookie, longer")
    session.refused(flow.finish, changed(address, iss="https://evil.example"))
    session.refused(flow.finish, address + "&code=twice", browser="a browser's cookie, 30 letters long")
    session.keep(flow.finish(address, browser="a browser's cookie, 30 letters long"))
    session.refused(flow.finish, address)
    session.keep(flow, session.vault.read(), session.vault.read().token, session.vault.read().connection.service)
    basic = session.settings.with_(token_auth="basic")
    flow, address = session.authorize("basic", basic)
    session.keep(basic, flow.finish(address))
    for fault in ({"status": 503}, {"kind": "drop"}, {"kind": "html", "status": 200}):
        flow, address = session.authorize()
        session.box.knobs.fault("/oauth/token", **fault)
        session.refused(flow.finish, address)
    flow, address = session.authorize()
    session.refused(flow.finish, changed(address, code="guessed"))
    login = session.settings.with_(consent=None)
    session.keep(psauth.login("browser", settings=login))
    session.look_at_the_files()


def refresh_and_fail(session):
    box = session.box
    with client_of(session.settings) as ps:
        session.keep(ps, ps._transport, ps.whoami(), ps.refresh(), ps.budget)
        expire_at_the_service(box)
        ps.users()
        for fault in ({"status": 503}, {"kind": "drop", "times": 2}, {"kind": "html", "status": 200}):
            box.knobs.fault("/oauth/token", **fault)
            session.refused(ps.refresh)
        expire_here(session.vault, ago=-20)
        box.knobs.fault("/oauth/token", status=503)
        client_of(session.settings).users()
        session.look_at_the_files()
    spent = session.vault.read("basic")
    with client_of(session.settings, "basic") as ps:
        ps.refresh()
        session.vault.renew(session.vault.read("basic"), spent.token)
        session.refused(client_of(session.settings, "basic").refresh)
        session.refused(ps.users) if session.vault.read("basic").connection.ended is None else None
    session.keep(session.vault.read("basic").connection)


def meet_errors(session):
    box = session.box
    with client_of(session.settings) as ps:
        session.refused(ps.get, "/nothing")
        session.refused(ps.get, "https://evil.example/users")
        for fault in (
            {"status": 429, "headers": {"Retry-After": "900"}},
            {"status": 500, "times": ATTEMPTS},
            {"kind": "drop", "times": ATTEMPTS},
            {"kind": "html", "status": 200},
            {"kind": "redirect", "location": "https://evil.example/users"},
            {"status": 401, "times": 2},
        ):
            box.knobs.fault("/v1/users", **fault)
            session.refused(ps.users)
        box.knobs.fault("/v1/old", "redirect", location=f"{box.api_url}/workflows")
        session.keep(ps.users(), ps.workflows(), ps.get("/old"))


def use_an_api_key(session):
    keyed = session.settings.with_(client_id="", client_secret="", issuer="", api_key=session.box.api_key)
    session.keep(keyed, psauth.login("key", settings=keyed), session.vault.read("key"))
    with client_of(session.settings, "key") as ps:
        session.keep(ps, ps._transport, ps.whoami())
        session.refused(ps.get, "/nothing")
    wrong = keyed.with_(api_key="a wrong API key, of which one should not hear")
    session.refused(psauth.login, "wrong", settings=wrong)
    session.refused(psauth.connect("nobody", settings=wrong).users)
    session.keep(psauth.connect("nobody", settings=keyed)._transport.access._stored)
    session.look_at_the_files()


def break_the_vault(session):
    flow, address = session.authorize("late")
    for name in ("connections", "pending"):
        session.reader.execute(f"ALTER TABLE {name} RENAME TO hidden")
        session.refused(flow.finish, address)
        session.refused(flow.begin) if name == "pending" else session.refused(session.vault.read)
        session.reader.execute(f"ALTER TABLE hidden RENAME TO {name}")
    other = session.settings.with_(secret_key=Fernet.generate_key().decode())
    session.secrets.see("vault's key", other.secret_key)
    session.refused(Vault.open, other)
    session.refused(Vault.open, session.settings.with_(secret_key=f"{other.secret_key},mistyped"))
    session.keep(session.vault, other, find_key(other.secret_key, vault="v", folder=Path(other.home)))


def leave(session):
    session.box.knobs.fault("/oauth/revoke", "drop")
    session.keep(psauth.logout("browser", settings=session.settings))
    session.keep(psauth.logout(settings=session.settings))
    session.keep(psauth.logout("key", settings=session.settings))
    session.look_at_the_files()
    session.keep(session.box, session.box.knobs, session.box.requests, list(session.box.requests))


def test_no_secret_of_a_whole_session_is_anywhere(secrets, logs, naps, monkeypatch, capsys):
    screen = io.StringIO()
    monkeypatch.setattr("webbrowser.open", lambda url: visit(box, url, secrets))
    with psauth.Sandbox(runs=20) as box, contextlib.redirect_stderr(screen):
        session = Session(box, secrets)
        try:
            run(session)
        finally:
            session.reader.close()
        out, err = capsys.readouterr()
        leaks = {
            "logs": secrets.found_in(logged(logs)),
            "stdout": secrets.found_in(out, but=SHOWN),
            "stderr": secrets.found_in(err + screen.getvalue()),
        }
        for name, data in session.files:
            leaks[f"file {name}"] = leaks.get(f"file {name}", []) + secrets.found_in(data)
        for error in session.errors:
            name = f"{type(error).__name__}: {str(error)[:60]}"
            leaks[f"traceback of {name}"] = secrets.found_in(traceback_of(error))
            session.keep(error)
        for thing in session.objects:
            name = type(thing).__name__
            leaks[f"looks of {name}"] = [k for shape in shapes_of(thing) for k in secrets.found_in(shape)]
            leaks[f"pickle of {name}"] = [
                k
                for data in pickles_of(thing)
                for k in secrets.found_in(data, but=SHOWN if name == "AuthorizationRequest" else ())
            ]
    assert {place: kinds for place, kinds in leaks.items() if kinds} == {}
    # And that there was something to find, and somewhere to find it.
    assert set(secrets.kinds()) == KINDS, secrets.kinds()
    assert secrets.kinds()["access token"] >= 6
    assert {name.rpartition(".")[2] for name, _ in session.files} >= {"db", "db-wal"}
    assert len(session.errors) >= 20
    assert "Your browser shows the consent page" in out
    talkative = {record.name.partition(".")[0] for record in logs.records}
    assert {"psauth", "urllib3", "authlib"} <= talkative
    assert [event for event in EVENTS if event not in logs.text("psauth")] == []
    assert "POST /oauth/token" in logs.text("urllib3"), "the network's own log was listened to"


def visit(box, url, secrets):
    """A browser; not made of `requests`, whose own log would hold the callback's address."""
    address = box.login(url)
    secrets.see("code", query_of(address)["code"])
    with urllib.request.urlopen(address, timeout=20) as page:
        return page.status == 200


def test_the_search_finds_what_is_there():
    noted = Secrets()
    noted.see("access token", "abcdefghijkl/nopqrstuvwxyz")
    assert noted.found_in("Bearer abcdefghijkl/nopqrstuvwxyz.") == ["access token"]
    assert noted.found_in("?code=abcdefghijkl%2Fnopqrstuvwxyz&state=x") == ["access token"]
    assert noted.found_in(base64.b64encode(b"abcdefghijkl/nopqrstuvwxyz")) == ["access token"]
    assert noted.found_in("abcdefghijkl/nopqrstuvwxy") == []


@pytest.mark.parametrize("where", ["error", "error_description"])
def test_a_token_endpoint_that_repeats_what_it_was_sent(secrets, logs, where):
    with psauth.Sandbox(runs=12) as box:
        session = Session(box, secrets)
        flow, address = session.authorize()
        said = {"error": "invalid_request", where: f"no such code: {query_of(address)['code']}!"}
        box.knobs.fault("/oauth/token", "body", status=400, body=json.dumps(said))
        session.refused(flow.finish, address)
        flow, address = session.authorize()
        flow.finish(address)
        token = session.vault.read().token
        said = {"error": "invalid_request", where: f"{token.refresh_token} of {session.settings.client_secret}"}
        box.knobs.fault("/oauth/token", "body", status=400, body=json.dumps(said))
        session.refused(client_of(session.settings).refresh)
        box.knobs.fault("/oauth/revoke", "body", status=400, body=json.dumps(said))
        done = psauth.logout(settings=session.settings)
        session.reader.close()
    shown = [str(e) + repr(e) + traceback_of(e) for e in session.errors] + [logged(logs), str(done), repr(done)]
    assert [secrets.found_in(text) for text in shown] == [[]] * len(shown)
    assert "no such code" in str(session.errors[0])


@pytest.mark.parametrize("kind", ["oauth", "api_key"])
@pytest.mark.parametrize("status", [400, 401, 403, 500])
def test_an_api_that_repeats_the_credential(secrets, logs, naps, kind, status):
    with psauth.Sandbox(runs=12) as box:
        session = Session(box, secrets)
        if kind == "oauth":
            flow, address = session.authorize()
            flow.finish(address)
        else:
            session.vault.connect("default", Service(api_url=box.api_url), api_key=box.api_key)
        for content_type in ("application/json", "text/plain"):
            with client_of(session.settings) as ps:
                # Each answer repeats the newest credential: after a 401 that is another one.
                box.knobs.fault("/v1/users", "status", times=9, status=status)
                echo(box, session.vault, content_type)
                session.refused(ps.users)
                box.knobs.faults.clear()
        session.reader.close()
    for error in session.errors:
        assert "not so" in str(error)
        text = str(error) + repr(error) + traceback_of(error) + repr(vars(error))
        assert secrets.found_in(text) == []
    assert secrets.found_in(logged(logs)) == []


def echo(box, vault, content_type):
    """The scripted answers say the credential that is stored at that moment."""

    class Echo(Fault):
        @property
        def body(self):
            stored = vault.read()
            said = f"not so: {stored.token.access_token if stored.token else stored.api_key}"
            return json.dumps({"error": said, "details": [said]}) if "json" in content_type else said

        @body.setter
        def body(self, value):
            pass

    (plain,) = box.knobs.faults
    box.knobs.faults[:] = [
        Echo(plain.path, plain.kind, times=plain.times, status=plain.status, content_type=content_type)
    ]


def test_a_token_refuses_to_be_pickled_whatever_holds_it(secrets):
    with psauth.Sandbox(runs=12) as box:
        session = Session(box, secrets)
        flow, address = session.authorize()
        connection = flow.finish(address)
        stored = session.vault.read()
        session.reader.close()
    for holder in (stored.token, stored, Token(access_token="x" * 20), {"cache": [stored]}, Transport(stored, None)):
        with pytest.raises(TypeError):
            pickle.dumps(holder)
    # What a cache of an app may keep is a connection, and that has nothing in it that opens anything.
    again = pickle.loads(pickle.dumps(connection))
    assert (again.id, again.account, again.service.api_url) == (
        connection.id,
        connection.account,
        connection.service.api_url,
    )
    assert secrets.found_in(pickle.dumps(connection)) == []
