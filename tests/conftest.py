"""A clean environment for every test, and what most of them begin with."""

import gc
import logging
import os
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import hypothesis
import keyring
import pytest
from cryptography.fernet import Fernet
from hypothesis import configuration
from keyring.backends import null

import psauth
from psauth import AuthorizationFlow, ProcessStreet, Settings, Token, Vault
from psauth.api.transport import Transport
from psauth.auth.discovery import service_for_oauth
from psauth.auth.place import REMOTE, SSH
from tests.nothing_skipped import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401 # hooks

# Examples are drawn the same way each time, and nothing of them is kept in the checkout.
hypothesis.settings.register_profile("psauth", database=None, deadline=None, derandomize=True)
hypothesis.settings.load_profile("psauth")
_hypothesis_home = tempfile.TemporaryDirectory(prefix="psauth-hypothesis-", ignore_cleanup_errors=True)
configuration.set_hypothesis_home_dir(_hypothesis_home.name)

if hasattr(os, "register_at_fork"):
    # A fork takes no garbage of this process away: a database among it would wait for threads that are not in the fork.
    os.register_at_fork(after_in_child=gc.freeze)

ELSEWHERE = (
    *(name for names in REMOTE.values() for name in names),
    *SSH,
    "ALL_PROXY",
    "BROWSER",
    "CURL_CA_BUNDLE",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NETRC",
    "NO_PROXY",
    "OAUTHLIB_INSECURE_TRANSPORT",
    "OAUTHLIB_RELAX_TOKEN_SCOPE",
    "REQUESTS_CA_BUNDLE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
    "XDG_DATA_HOME",
    "all_proxy",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""Variables of the machine that change what psauth, requests or oauthlib do."""

CLIENT_SECRET = "client-secret-7Hq2"

MARKED = {
    "analysis/questions": "slow",
    "analysis/test_properties.py": "slow",
    "analysis/test_report.py": "slow",
    "browser": "browser",
    "cli": "slow",
    "dashboard/web": "slow",
    "sandbox": "slow",
    "analysis/test_story.py": "slow",
    "auth/test_pasting.py": "slow",
    "charts/test_every_picture.py": "slow",
    "auth/test_prompt.py": "slow",
    "dashboard/test_pages.py": "slow",
    "dashboard/views": "slow",
    "export/test_excel.py": "slow",
    "mirror/syncing": "slow",
    "faults": "slow",
    "flow": "slow",
    "mirror/published": "slow",
    "test_extras.py": "slow",
    "vault/test_keychain.py": "slow",
}
"""Whose tests start a server, a terminal, whole pages or a browser, or write a hundred workbooks: not the quick part."""


def pytest_configure():
    """Ctrl-C counts, in the tests and in the processes they start, also where a shell in the background has ignored it."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config, items):
    """Mark what is not quick, by where it stands; what takes minutes is chosen by its mark alone (`make soak`)."""
    for item in items:
        for place, mark in MARKED.items():
            if (Path(__file__).parent / place) in (item.path, *item.path.parents):
                item.add_marker(mark)
    if "soak" not in config.option.markexpr:
        config.hook.pytest_deselected(items=[item for item in items if item.get_closest_marker("soak")])
        items[:] = [item for item in items if not item.get_closest_marker("soak")]


@pytest.fixture(autouse=True)
def clean_environment(tmp_path, monkeypatch):
    """No setting of the developer reaches a test, and no test writes outside its own folder."""
    for name in [*os.environ]:
        if name.startswith("PSAUTH_") or name in ELSEWHERE:
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("PSAUTH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PSAUTH_SECRET_KEY", Fernet.generate_key().decode())
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    monkeypatch.chdir(tmp_path)
    keyring.set_keyring(null.Keyring())
    yield
    keyring.set_keyring(null.Keyring())


@pytest.fixture
def settings(clean_environment):
    """A whole OAuth configuration; nothing answers at its addresses unless a test says what."""
    return Settings(
        client_id="analyst",
        client_secret=CLIENT_SECRET,
        authorize_url="https://app.example/oauth/authorize",
        token_url="https://app.example/oauth/token",
        revoke_url="https://app.example/oauth/revoke",
        api_url="https://api.example/v1",
    )


@pytest.fixture
def service(settings):
    """Where `settings` connect."""
    return service_for_oauth(settings)


@pytest.fixture
def vault(settings):
    """A new vault of this test's own."""
    return Vault.open(settings)


@pytest.fixture
def flow(settings, vault):
    """Begins and finishes authorizations as `settings` say."""
    return AuthorizationFlow(settings, vault)


@pytest.fixture
def box():
    """A sandbox of this test's own, small enough to start in a moment."""
    with psauth.Sandbox(runs=60) as box:
        yield box


@pytest.fixture
def make_token():
    """A token that lives for an hour, or as long as said."""

    def make(*, lives=3600, **changes):
        now = datetime.now(UTC)
        fields = {
            "access_token": "access-1-Kd93",
            "refresh_token": "refresh-1-Zp41",
            "scope": "read write",
            "expires_at": None if lives is None else now + timedelta(seconds=lives),
            "obtained_at": now - timedelta(hours=2),
        }
        return Token(**{**fields, **changes})

    return make


@pytest.fixture
def store(vault, service, make_token):
    """Stores a connection and returns it with its credential."""

    def store(account="default", *, api_key=None, service=service, **token):
        if api_key is not None:
            vault.connect(account, service, api_key=api_key)
        else:
            vault.connect(account, service, token=make_token(**token))
        return vault.read(account)

    return store


@pytest.fixture
def clock(monkeypatch):
    """A wall clock that a test can set; it moves on as usual."""
    state = SimpleNamespace(offset=timedelta(0))

    class Clock(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + state.offset

    for module in ("vault.token", "vault.connection", "vault.vault", "api.budget"):
        monkeypatch.setattr(f"psauth.{module}.datetime", Clock)

    def shift(**by):
        state.offset += timedelta(**by)

    return SimpleNamespace(shift=shift, now=lambda: Clock.now(UTC))


@pytest.fixture
def naps(monkeypatch):
    """The pauses the transport would have made or asked of all, in seconds; there are none."""
    taken = []
    monkeypatch.setattr("psauth.api.transport.Transport._pause", lambda _, seconds, pace: taken.append(seconds))
    monkeypatch.setattr("psauth.api.transport.Governor.hold_back", lambda _, seconds: taken.append(seconds))
    return taken


class Records(logging.Handler):
    """Every log record of every library, whatever its level."""

    def __init__(self):
        super().__init__(level=1)
        self.records = []

    def emit(self, record):
        self.records.append(record)

    def text(self, *names):
        """Messages and raw arguments, of the loggers below `names` or of all."""
        shown = [r for r in self.records if not names or r.name.startswith(names)]
        formatter = logging.Formatter("%(name)s %(levelname)s %(message)s")
        return "\n".join(f"{formatter.format(r)} {r.args!r}" for r in shown)


@pytest.fixture
def ps(vault, store, naps):
    """A client with a connection that lives."""
    with ProcessStreet(Transport(store(), vault)) as client:
        yield client


@pytest.fixture
def logs():
    """What was logged, by all loggers at DEBUG."""
    handler, root = Records(), logging.getLogger()
    loggers = [logger for logger in root.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    before = [(logger, logger.level, logger.disabled, logger.propagate) for logger in [root, *loggers]]
    for logger in loggers:
        logger.level, logger.disabled, logger.propagate = logging.NOTSET, False, True
    root.setLevel(1)
    root.addHandler(handler)
    for logger in loggers:
        logger._cache.clear()
    yield handler
    root.removeHandler(handler)
    for logger, level, disabled, propagate in before:
        logger.setLevel(level)
        logger.disabled, logger.propagate = disabled, propagate
