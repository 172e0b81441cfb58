"""Ctrl-C at any line of what handles a secret: no traceback with local variables shows one.

Each way runs against a real server of this machine, well and with each fault, once for every line of Python that it
passes: in psauth, in requests, urllib3, http.client, oauthlib, cryptography, SQLAlchemy and the rest. `make soak` takes
every line, `make test` some of them.
"""

import os
import random
import sys
import termios
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet

import psauth
from psauth import AuthorizationFlow, Settings, Vault
from psauth.api.transport import Transport
from psauth.auth import browser, prompt
from psauth.auth.renewal import renew
from psauth.auth.revocation import disconnect
from psauth.auth.session import system_context
from psauth.connecting import store_api_key
from psauth.secret import Secret
from psauth.vault.service import Service
from tests.apart import apart
from tests.auth.machines import Authority, serving
from tests.interrupting import Interrupted, Search
from tests.interrupting_stage import FAULTS, SECRETS, AnyService, Stage

pytestmark = [
    # What an interrupt leaves open is closed by the collector, at whatever line that is.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
SAMPLE = 6
"""Moments of each case in the quick search."""
LOCKS = ("/threading.py", "/queue.py", "/psauth/vault/forking.py")
"""Between two lines of theirs a lock is taken or freed: a tracer, other than a signal, can leave it taken, and others wait."""
PACKAGE = str(Path(psauth.__file__).parent)


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
    service = Service.for_api_key(settings)
    return lambda: store_api_key(settings.api_key, service, vault, "new", patience=0.5)


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
ALONE = [(way, "well") for way in QUIET]
CASES = [(way, fault) for way in TALKING for fault in FAULTS] + ALONE
TURNS = cycle(fault for fault in FAULTS if fault != "well")
SOME_CASES = [(way, fault) for way in TALKING for fault in ("well", next(TURNS))] + ALONE
"""Each way when all is well, and with one of the faults in turn."""


@pytest.fixture(scope="module")
def servers(tmp_path_factory):
    certificate = Authority(tmp_path_factory.mktemp("authority")).issue("localhost")
    system_context.cache_clear()
    with serving(AnyService) as server, serving(AnyService, certificate=certificate) as encrypted:
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
@pytest.mark.parametrize(("way", "fault"), SOME_CASES)
@apart
def test_an_interrupt_at_some_lines_shows_no_secret(stage, way, fault):
    chosen = moments(stage, way, fault)
    assert leaks(stage, way, random.Random(way + fault).sample(chosen, SAMPLE)) == {}


@pytest.mark.soak
@pytest.mark.parametrize(("way", "fault"), CASES)
@apart
def test_an_interrupt_at_any_line_shows_no_secret(stage, way, fault):
    assert leaks(stage, way, moments(stage, way, fault)) == {}
