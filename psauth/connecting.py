"""Connecting: which credential an account has, from where, and how to get one. Asked by notebook, terminal and app."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Final, Literal
from urllib.parse import urlsplit

from psauth.addresses import is_loopback
from psauth.api.governor import VaultKeeper
from psauth.api.transport import Transport
from psauth.auth.browser import TIMEOUT, login_oauth
from psauth.auth.revocation import Disconnected, disconnect
from psauth.client import ProcessStreet
from psauth.exceptions import LoginRequired, SettingsError
from psauth.reading.calls import checked
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.connection import Connection, Stored, check_account, ended, fingerprint, login_line
from psauth.vault.service import Service
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)

KEY_PATIENCE: Final = 5.0
"""Seconds in which a service may say whether it takes an API key, before that is stored."""


@dataclass(frozen=True, kw_only=True)
class Credential:
    """What an account is used with: its stored connection, else the API key of the settings, else nothing.

    `source` is "vault", "settings" or "nothing". `stored` is the connection with its credential, None for "nothing".
    `ended` is the account's stored connection when that cannot be used any more; the API key may stand in for it.
    """

    account: str
    source: Literal["vault", "settings", "nothing"]
    stored: Stored | None = field(default=None, repr=False)
    ended: Connection | None = None

    @property
    def kept(self) -> Connection | None:
        """The account's connection in the vault, whether it has ended or not."""
        return self.stored.connection if self.source == "vault" and self.stored is not None else self.ended


def find_credential(settings: Settings, vault: Vault, account: str = "default") -> Credential:
    """Which credential `account` has right now. Asks the vault and the settings, and no service.

    Raises ArgumentError for a name that no account can have, VaultError when the vault cannot be read.
    """
    stored = vault.find(check_account(account))
    if stored is not None and stored.connection.ended is None:
        return Credential(account=account, source="vault", stored=stored)
    before = None if stored is None else stored.connection
    if settings.api_key:
        # Nobody logged in with it, so it is used as it stands in the settings and not copied into the vault.
        unstored = _with_api_key(settings.api_key, Service.for_api_key(settings), account)
        return Credential(account=account, source="settings", stored=unstored, ended=before)
    return Credential(account=account, source="nothing", ended=before)


def open_client(credential: Credential, vault: Vault, settings: Settings | None = None) -> ProcessStreet:
    """A client for a credential: the one place where clients are made. `settings` say where its local copy is.

    Raises LoginRequired when there is no credential.
    """
    return ProcessStreet(open_transport(credential, vault), settings)


def open_transport(credential: Credential, vault: Vault) -> Transport:
    """The door to the service for a credential.

    Everybody who uses the same API key shares the ledger of its hourly budget, whether the key is stored or not.
    Raises LoginRequired when there is no credential.
    """
    stored = credential.stored
    if stored is None:
        raise login_required(credential)
    ledger = stored.connection.id if stored.api_key is None else "api-key-" + fingerprint(stored.api_key)[:16]
    kept = vault if credential.source == "vault" else None
    return Transport(stored, kept, VaultKeeper(vault, ledger))


def login_required(credential: Credential) -> LoginRequired:
    """The error for a credential that is none: why, and the line to type."""
    if credential.ended is not None:
        return ended(credential.ended)
    account = credential.account
    return LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")


@checked("psauth.connect")
def connect(
    account: str = "default", *, settings: Settings | None = None, interactive: bool | None = None
) -> ProcessStreet:
    """A client for the stored connection of `account`, else for PSAUTH_API_KEY, else after a login.

    A stored connection is used at the service it was made with and needs no settings. With `interactive=False`
    nothing is asked: LoginRequired says what to do instead.

    A credential is sent to an address of its own layer only: a file (`.env`, Streamlit's secrets) may name the address of
    those credentials alone that stand in it, keywords and the environment of any. Else SettingsError, and nothing is sent;
    PSAUTH_TRUST_ADDRESSES=yes says that it is meant.

    >>> ps = psauth.connect()
    >>> ps.workflows()["name"].head(2).tolist()
    ['Access Review', 'Complaint Handling']
    """
    settings = _usable(settings)
    vault = Vault.open(settings)
    credential = find_credential(settings, vault, account)
    if credential.source == "vault" and credential.stored is not None:
        service = credential.stored.connection.service
        if settings.is_elsewhere(service.api_url):
            # Shown by Python on stderr even where nobody set up logging.
            log.warning(
                "Your settings name another service than %s, which account %r is connected to and which is used. To change "
                "over: psauth.logout(account=%r), then connect again.",
                service.host,
                account,
                account,
            )
    if credential.source == "nothing":
        if interactive is False:
            raise LoginRequired(". ".join([str(login_required(credential)), *settings.misspelt()]))
        login(account, settings=settings)
        credential = Credential(account=account, source="vault", stored=vault.read(account))
    return open_client(credential, vault, settings)


@checked("psauth.logout")
def logout(account: str = "default", *, settings: Settings | None = None) -> Disconnected:
    """Revoke the connection at the service, forget it here, and say what was done."""
    settings = _usable(settings)
    done = disconnect(Vault.open(settings), check_account(account))
    if not settings.api_key:
        return done
    left = "PSAUTH_API_KEY is still set, and psauth.connect() goes on with it; take it out too."
    return replace(done, message=f"{done.message} {left}")


@dataclass(frozen=True, kw_only=True)
class Login:
    """How an account can be connected anew: by OAuth at `service` (None: that of the settings), or with the API key."""

    kind: Literal["oauth", "api_key"]
    service: Service | None = None


def find_login(settings: Settings, before: Stored | None) -> Login | None:
    """How to connect: with the OAuth app of the settings, else with their API key, else where the account was before.

    `before` is what the account has in the vault. None when there is nothing to connect with.
    """
    if settings.client_id:
        return Login(kind="oauth")
    if settings.api_key:
        return Login(kind="api_key", service=Service.for_api_key(settings))
    if before is not None and before.token is not None and not settings.missing():
        # Nothing is configured here, but the connection remembers where it was made.
        return Login(kind="oauth", service=before.service)
    return None


@checked("psauth.login")
def login(
    account: str = "default", *, settings: Settings | None = None, timeout: float = TIMEOUT, paste: bool = False
) -> Connection:
    """Connect `account` anew and store the connection: by OAuth when a client id is set, else with PSAUTH_API_KEY.

    Opens the browser, shows the address, and waits up to `timeout` seconds for the callback on the redirect URI's
    port. Meanwhile the callback's address can be pasted: for a browser on another machine than this one (Codespaces,
    JupyterHub, Colab, SSH). With `paste=True` nothing is opened and only the pasted address is waited for.

    Raises SettingsError when nothing is configured, a child of AuthorizationError when the request is refused,
    LoginRequired when nobody answers.
    """
    settings = _usable(settings)
    vault = Vault.open(settings)
    way = find_login(settings, vault.find(check_account(account)))
    if way is None:
        missing = ", ".join(settings.missing()) or "PSAUTH_CLIENT_ID (OAuth app) or PSAUTH_API_KEY (API key)"
        advice = (
            f"Nothing to log in with: {missing} is not set. Set it in the environment or in .env, or try "
            "psauth.Sandbox() first, which needs no account."
        )
        raise SettingsError(" ".join([advice, *settings.misspelt()]))
    if way.kind == "api_key":
        return store_api_key(settings.api_key, Service.for_api_key(settings), vault, account)
    return login_oauth(account, settings, way.service, vault, timeout, paste=paste)


def port_mismatch(redirect_uri: str, port: int) -> str | None:
    """Why the browser's answer would not come back to an app on this port; None when it would, or nobody can tell."""
    parts = urlsplit(redirect_uri)
    if not is_loopback(parts.hostname) or parts.port in (None, port):
        return None
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    here = parts._replace(netloc=f"{host}:{port}").geturl()
    return (
        f"This app runs on port {port}, but PSAUTH_REDIRECT_URI is {redirect_uri}, so the answer to Connect would not "
        f"come back here. Start the app on that port (psauth app --port {parts.port}), or set PSAUTH_REDIRECT_URI={here} "
        "and register that address with your OAuth app."
    )


def store_api_key(
    api_key: str, service: Service, vault: Vault, account: str, *, patience: float = KEY_PATIENCE
) -> Connection:
    """Try an API key at its service and keep it as a connection; LoginRequired when the service refuses it.

    A service that says nothing within `patience` seconds is not waited for: the key is kept `untried`, without a label.
    """
    api_key = Secret(api_key)  # so that no traceback shows it
    stored = _with_api_key(api_key, service, account)
    client = open_client(Credential(account=account, source="settings", stored=stored), vault)
    answer = _whoami_within(patience, client)
    if answer is None:
        log.warning("%s has not answered yet, so the API key is stored untried.", service.host)
    label = None if answer is None else answer.label
    with vault.lock(account):
        connection = vault.connect(account, service, api_key=api_key, label=label)
    log.info("connected: account=%s kind=api_key", account)
    return replace(connection, untried=answer is None)


def _whoami_within(seconds: float, client: ProcessStreet) -> Connection | None:
    """What the service says, or the error that it means; None when neither has come in time."""
    outcomes: SimpleQueue[Connection | Exception] = SimpleQueue()

    def ask() -> None:
        try:
            with client:
                outcomes.put(client.whoami())
        except Exception as error:  # noqa: BLE001 - raised by whoever waits for it
            outcomes.put(error)

    Thread(target=ask, name="psauth-api-key", daemon=True).start()
    try:
        outcome = outcomes.get(timeout=seconds)
    except Empty:
        return None
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


def _with_api_key(api_key: str, service: Service, account: str) -> Stored:
    return Stored(connection=Connection.unstored(account, service), api_key=Secret(api_key))


def _usable(settings: Settings | None) -> Settings:
    if settings is not None and not isinstance(settings, Settings):
        what = type(settings).__name__
        raise SettingsError(f"A {what} is no settings. Expected psauth.Settings(…), or the .settings of a sandbox.")
    return settings or Settings()
