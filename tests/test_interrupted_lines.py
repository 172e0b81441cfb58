"""Ctrl-C at any line of what handles a secret: no traceback with local variables shows one.

Each way runs against a real server of this machine, well and with each fault, once for every line of Python that it
passes: in psauth, in requests, urllib3, http.client, oauthlib, cryptography, SQLAlchemy and the rest. `make soak` takes
every line, `make test` some of them.
"""

import json
import os
import random
import secrets as chance
import shutil
import sys
import termios
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import quote, unquote_plus

import pytest
from cryptography.fernet import Fernet

import psauth
from psauth import AuthorizationFlow, Settings, Token, Vault
from psauth.api.transport import Transport
from psauth.auth import browser, prompt
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.auth.session import system_context
from psauth.connecting import store_api_key
from psauth.secret import Secret
from psauth.vault.service import Service
from tests.auth.machines import Authority, dead_port, serving
from tests.interrupting import Interrupted, Search

SAMPLE = 6
"""Moments of each case in the quick search."""
LOCKS = ("/threading.py", "/queue.py")
"""Between two lines of theirs a lock is taken or freed: an interrupt there leaves it taken, and the run waits for itself."""
PACKAGE = str(Path(psauth.__file__).parent)
WORDS = {
    "bearer": "access-old-",
    "refresh token": "refresh-old-",
    "new bearer": "access-new-",
    "new refresh token": "refresh-new-",
    "client secret": "client-secret+/",
    "code": "code+/",
    "API key": "api-key-",
    "vault's key": "",
}
SECRETS = {name: word + chance.token_urlsafe(24) for name, word in WORDS.items()}
SECRETS["vault's key"] = Fernet.generate_key().decode()
SECRETS["client id and secret"] = f"analyst:{quote(SECRETS['client secret'], safe='')}"

TOKENS = {
    "access_token": SECRETS["new bearer"],
    "refresh_token": SECRETS["new refresh token"],
    "expires_in": 3600,
    "token_type": "Bearer",
}
FAULTS = {
    "well": (200, None),
    "400": (400, {"error": "invalid_grant", "error_description": "QUOTED"}),
    "401": (401, {"error": "invalid_client"}),
    "500": (500, {"error": "oops"}),
    "no JSON": (200, '{"access_token": "'),
    "a page": (200, "<html>Sign in</html>"),
    "dropped": (0, None),
    "refused": None,
    "certificate": None,
}


class _Service(BaseHTTPRequestHandler):
    """Token endpoint, revocation and API in one, with the fault that its server has at the moment."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self._answer({"workflows": [], "links": [], "apiKeyLabel": "Acme"})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer({} if self.path == "/revoke" else TOKENS, unquote_plus(body))

    def _answer(self, usual, sent=""):
        status, body = FAULTS[self.server.fault]
        if not status:
            self.close_connection = True
            return
        body = usual if body is None else body
        sent = f"{sent} {self.headers.get('Authorization')} {self.headers.get('X-API-Key')}"
        data = (body if isinstance(body, str) else json.dumps(body).replace("QUOTED", sent)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        """Nothing."""


class Stage:
    """A server, a vault with a connection of each kind, and fresh copies of both for every run."""

    def __init__(self, server, encrypted, folder):
        self._server, self._encrypted, self._folder = server, encrypted, folder
        self._runs = 0
        self.secrets = dict(SECRETS)
        self.address(fault="well")
        filled = Vault.open(self.settings(home=folder / "filled"))
        service = self.service()
        filled.connect("default", service, token=self.token())
        filled.connect("key", service, api_key=SECRETS["API key"])

    def address(self, fault):
        """From now on the service has this fault."""
        self._server.fault = fault if FAULTS[fault] else "well"
        places = {
            "refused": f"http://127.0.0.1:{dead_port()}",
            "certificate": f"https://localhost:{self._encrypted.port}",
        }
        self.base = places.get(fault, f"http://127.0.0.1:{self._server.port}")

    def token(self):
        now = datetime.now(UTC)
        return Token(
            access_token=SECRETS["bearer"],
            refresh_token=SECRETS["refresh token"],
            expires_at=now + timedelta(hours=1),
            obtained_at=now,
        )

    def settings(self, **changes):
        return Settings(
            **{
                "client_id": "analyst",
                "client_secret": SECRETS["client secret"],
                "authorize_url": f"{self.base}/authorize",
                "token_url": f"{self.base}/token",
                "revoke_url": f"{self.base}/revoke",
                "api_url": f"{self.base}/v1",
                "secret_key": SECRETS["vault's key"],
                "home": self._folder / "filled",
                "env_file": None,
                **changes,
            }
        )

    def service(self, **changes):
        settings = self.settings(**changes)
        names = ("api_url", "authorize_url", "token_url", "revoke_url", "client_id", "client_secret", "token_auth")
        return Service(**{name: getattr(settings, name) for name in names})

    def fresh(self, **changes):
        """Settings with a copy of the vault: a lock that an interrupt left behind is not in the way of the next run."""
        shutil.rmtree(self._folder / str(self._runs), ignore_errors=True)
        self._runs += 1
        home = self._folder / str(self._runs)
        home.mkdir()
        for path in (self._folder / "filled").glob("vault.db*"):
            shutil.copy(path, home)
        return self.settings(home=home, **changes)

    def stored(self, vault, account="default", **changes):
        """The connection of an account, moved to where the service is now."""
        service, before = self.service(**changes), vault.read(account)
        vault.connect(account, service, token=before.token, api_key=before.api_key)
        return vault.read(account)


def read(account):
    def prepare(stage):
        vault = Vault.open(stage.fresh())
        transport = Transport(stage.stored(vault, account), vault)
        return lambda: transport.get("/workflows")

    return prepare


def exchange(token_auth):
    def prepare(stage):
        settings = stage.fresh(token_auth=token_auth)
        vault = Vault.open(settings)
        flow = AuthorizationFlow(settings, vault)
        request = flow.begin()
        stage.secrets["verifier"] = vault.pending(request.state).verifier
        # What is plain in a call stands in the caller's own frame, and in the first line of what is called.
        address = Secret(f"http://localhost:8501/?code={quote(SECRETS['code'])}&state={request.state}")
        return lambda: flow.finish(address)

    return prepare


def exchange_of_parameters(stage):
    settings = stage.fresh()
    flow = AuthorizationFlow(settings, Vault.open(settings))
    request = flow.begin()
    parameters = {"code": Secret(SECRETS["code"]), "state": str(request.state)}
    return lambda: flow.finish(parameters)


def refresh(token_auth):
    def prepare(stage):
        vault = Vault.open(stage.fresh())
        stored = stage.stored(vault, token_auth=token_auth)
        return lambda: renew(vault, stored, because="asked")

    return prepare


def leave(stage):
    vault = Vault.open(stage.fresh())
    stage.stored(vault)
    return lambda: disconnect(vault)


def begin(stage):
    settings = stage.fresh()
    flow = AuthorizationFlow(settings, Vault.open(settings))
    return flow.begin


def paste(stage):
    """`psauth login --paste` at a terminal, where the person pastes the callback's address."""
    settings = stage.fresh()
    termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)  # what a run before was not there to read
    begin, code = AuthorizationFlow.begin, quote(SECRETS["code"])

    def begin_and_answer(*args, **how):
        request = begin(*args, **how)
        os.write(stage.keyboard, f"http://localhost:8501/?code={code}&state={request.state}\n".encode())
        return request

    stage.patch.setattr(AuthorizationFlow, "begin", begin_and_answer)
    return lambda: psauth.login(settings=settings, paste=True, timeout=5.0)


def open_vault(stage):
    settings = stage.fresh()
    return lambda: Vault.open(settings)


def find(stage):
    vault = Vault.open(stage.fresh())
    return lambda: (vault.find(), vault.find("key"), vault.connections())


def rotate(stage):
    newer = Fernet.generate_key().decode()
    stage.secrets["newer key"] = newer
    vault = Vault.open(stage.fresh(secret_key=newer + "," + SECRETS["vault's key"]))
    return vault.rotate


def renew_in_vault(stage):
    vault = Vault.open(stage.fresh())
    stored = vault.read()
    return lambda: vault.renew(stored, stored.token)


def keep_api_key(stage):
    settings = stage.fresh(client_id="", client_secret="", api_key=SECRETS["API key"])
    vault = Vault.open(settings)
    return lambda: store_api_key(settings.api_key, Service.for_api_key(settings), vault, "new")


def connect(stage):
    settings = stage.fresh(client_id="", client_secret="", api_key=SECRETS["API key"])
    stage.stored(Vault.open(settings))
    return lambda: psauth.connect(settings=settings, interactive=False).whoami()


LINES = {
    "client_id": "analyst",
    "client_secret": SECRETS["client secret"],
    "api_key": SECRETS["API key"],
    "secret_key": SECRETS["vault's key"],
}


def settings_from(name, text):
    """Settings of a file that is whole, or broken."""

    def prepare(stage):
        path = stage.fresh().home_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        stage.patch.delenv("PSAUTH_SECRET_KEY")
        stage.patch.chdir(path.parents[len(Path(name).parts) - 1])
        return Settings

    return prepare


def settings_of_the_environment(stage):
    for name, value in LINES.items():
        stage.patch.setenv(f"PSAUTH_{name.upper()}", value)
    return Settings


def settings_of_keywords(stage):
    keywords = {
        name: Secret(value) for name, value in LINES.items()
    }  # plain ones stand in the first frame, as in the caller's
    return lambda: Settings(**keywords).with_(scope="read")


DOTENV = "".join(f"PSAUTH_{name.upper()}={value}\n" for name, value in LINES.items())
TOML = "[psauth]\n" + "".join(f'{name} = "{value}"\n' for name, value in LINES.items())

TALKING = {
    "a read with a bearer": read("default"),
    "a read with an API key": read("key"),
    "an exchange": exchange("post"),
    "an exchange by Basic": exchange("basic"),
    "an exchange of parameters": exchange_of_parameters,
    "a refresh": refresh("post"),
    "a refresh by Basic": refresh("basic"),
    "a logout": leave,
    "a login by pasting": paste,
    "an API key that is kept": keep_api_key,
    "connect": connect,
}
QUIET = {
    "an authorization request": begin,
    "a vault that opens": open_vault,
    "a connection that is found": find,
    "a vault that renews": renew_in_vault,
    "new keys": rotate,
    "settings of the environment": settings_of_the_environment,
    "settings of keywords": settings_of_keywords,
    "a .env": settings_from(".env", DOTENV),
    "a .env with a broken line": settings_from(".env", DOTENV + "PSAUTH_SCOPE read\n"),
    "a .env with an open quotation": settings_from(".env", DOTENV + "PSAUTH_SCOPE='read\n"),
    "a .env with a wrong value": settings_from(".env", DOTENV + "PSAUTH_TOKEN_AUTH=jwt\n"),
    "secrets": settings_from(".streamlit/secrets.toml", TOML),
    "broken secrets": settings_from(".streamlit/secrets.toml", TOML + "scope = \n"),
}
CASES = [(way, fault) for way in TALKING for fault in FAULTS] + [(way, "well") for way in QUIET]


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    certificate = Authority(tmp_path_factory.mktemp("authority")).issue("localhost")
    system_context.cache_clear()
    with serving(_Service) as server, serving(_Service, certificate=certificate) as encrypted:
        server.fault = encrypted.fault = "well"
        yield server, encrypted
    system_context.cache_clear()


@pytest.fixture
def stage(servers, tmp_path, monkeypatch, naps):
    stage = Stage(*servers, tmp_path)
    stage.keyboard, terminal = os.openpty()
    monkeypatch.setattr(browser, "_say", lambda _: None)
    monkeypatch.setattr(prompt, "_show", lambda _: None)
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield stage
    os.close(stage.keyboard)


def moments(stage, way, fault):
    """At which of the lines that are passed to interrupt: the first and the last time that each of them comes.

    With a fault only where it leads: to lines of psauth, and to those that are not passed when all is well.
    """
    known = set()
    if fault != "well":
        stage.address("well")
        run_once(way, stage)
        known = {place for place in run_once(way, stage).places if not place[0].startswith(PACKAGE)}
    stage.address(fault)
    run_once(way, stage)  # what is made once is made
    places = run_once(way, stage).places
    first = {place: number for number, place in reversed([*enumerate(places, 1)])}
    last = {place: number for number, place in enumerate(places, 1)}
    return sorted({moment for place in first.keys() - known for moment in (first[place], last[place])})


def leaks(stage, way, chosen):
    """What is found in the errors of runs that are interrupted at these moments, and where that was."""
    found, interrupted = {}, 0
    for moment in chosen:
        run = run_once(way, stage, moment)
        interrupted += run.place is not None
        search = Search(stage.secrets)
        search.error(run.error)
        for what in search.found:
            found.setdefault(what, run.place)
    assert interrupted
    return found


def run_once(way, stage, moment=None):
    """A run of its own; where a service is asked, the lines of SQLAlchemy, which sees nothing plain, are left to QUIET."""
    with pytest.MonkeyPatch.context() as patch:
        stage.patch = patch
        function = {**TALKING, **QUIET}[way](stage)
        return Interrupted(function, moment, passing_by=(*LOCKS, *(("/sqlalchemy/",) if way in TALKING else ())))


@pytest.mark.slow
@pytest.mark.parametrize(("way", "fault"), CASES)
def test_an_interrupt_at_some_lines_shows_no_secret(stage, way, fault):
    chosen = moments(stage, way, fault)
    assert leaks(stage, way, random.Random(way + fault).sample(chosen, SAMPLE)) == {}


@pytest.mark.soak
@pytest.mark.parametrize(("way", "fault"), CASES)
def test_an_interrupt_at_any_line_shows_no_secret(stage, way, fault):
    assert leaks(stage, way, moments(stage, way, fault)) == {}
