"""Connecting: which credential, from where, and how to get one. Asked by notebook, terminal and app."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

from psauth.api.governor import VaultKeeper
from psauth.api.transport import Transport
from psauth.auth.browser import TIMEOUT, login_oauth
from psauth.client import ProcessStreet
from psauth.exceptions import LoginRequired, SettingsError
from psauth.reading.calls import checked
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.connection import Connection, Stored, check_account, ended, fingerprint, login_line
from psauth.vault.service import Service
from psauth.vault.vault import Vault

log = logging.getLogger(__name__)


@checked("psauth.connect")
def connect(
    account: str = "default", *, settings: Settings | None = None, interactive: bool | None = None
) -> ProcessStreet:
    """A client for the stored connection of `account`, else for PSAUTH_API_KEY, else after a login.

    A stored connection is used at the service it was made with and needs no settings. With `interactive=False`
    nothing is asked: LoginRequired tells what to do instead.

    >>> ps = psauth.connect()                                               # doctest: +SKIP
    >>> ps.workflows()[["name", "updated_date"]]                            # doctest: +SKIP
                      name                     updated_date
    0  Employee Onboarding 2026-11-20 09:14:03.120000+00:00
    """
    if settings is not None and not isinstance(settings, Settings):
        what = type(settings).__name__
        raise SettingsError(f"A {what} is no settings. Expected psauth.Settings(…), or the .settings of a sandbox.")
    settings = settings or Settings()
    vault = Vault.open(settings)
    stored = vault.find(check_account(account))
    if stored is not None and stored.connection.ended is None:
        service = stored.connection.service
        if settings.is_elsewhere(service.api_url):
            # Shown by Python on stderr even where nobody set up logging.
            log.warning(
                "Your settings name another service than %s, which account %r is connected to and which is used. To change "
                "over: psauth.logout(account=%r), then connect again.",
                service.host,
                account,
                account,
            )
        return ProcessStreet(Transport(stored, vault))
    if settings.api_key:
        # Nobody logged in with it, so it is used as it stands in the settings and not copied into the vault.
        connection = Connection.unstored(account, Service.for_api_key(settings))
        keeper = VaultKeeper(vault, "api-key-" + fingerprint(settings.api_key)[:16])
        return ProcessStreet(Transport(Stored(connection=connection, api_key=Secret(settings.api_key)), None, keeper))
    if interactive is False:
        if stored is not None:
            raise ended(stored.connection)
        raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
    login(account, settings=settings)
    return ProcessStreet(Transport(vault.read(account), vault))


@checked("psauth.logout")
def logout(account: str = "default", *, settings: Settings | None = None) -> Any:
    """Revoke the connection at the service, forget it here, and say what was done."""
    from psauth.auth.revocation import disconnect

    settings = settings or Settings()
    done = disconnect(Vault.open(settings), account)
    if not settings.api_key:
        return done
    left = "PSAUTH_API_KEY is still set, and psauth.connect() goes on with it; take it out too."
    return replace(done, message=f"{done.message} {left}")


@checked("psauth.login")
def login(account: str = "default", *, settings: Settings | None = None, timeout: float = TIMEOUT) -> Connection:
    """Connect `account` anew and store the connection: by OAuth when a client id is set, else with PSAUTH_API_KEY.

    Opens the browser and waits for the callback on the redirect URI's port; where there is no browser (JupyterHub,
    Colab, SSH) it prints the address and takes the pasted callback address. Raises SettingsError when nothing is
    configured, a child of AuthorizationError when the request is refused, LoginRequired when nobody answers.
    """
    settings = settings or Settings()
    vault = Vault.open(settings)
    stored = vault.find(check_account(account))
    if settings.client_id:
        return login_oauth(account, settings, None, vault, timeout)
    if settings.api_key:
        return store_api_key(settings.api_key, Service.for_api_key(settings), vault, account)
    if stored is not None and stored.token is not None:
        # Nothing is configured here, but the connection remembers where it was made: log in there again.
        return login_oauth(account, settings, stored.service, vault, timeout)
    missing = ", ".join(settings.missing()) or "PSAUTH_CLIENT_ID (OAuth app) or PSAUTH_API_KEY (API key)"
    raise SettingsError(
        f"Nothing to log in with: {missing} is not set. Set it in the environment or in .env, or try psauth.Sandbox() "
        f"first, which needs no account.{_misspelt(settings)}"
    )


def _misspelt(settings: Settings) -> str:
    names = ", ".join(settings.unknown)
    return f" No setting of psauth, and perhaps misspelt: {names}." if names else ""


def store_api_key(api_key: str, service: Service, vault: Vault, account: str) -> Connection:
    """Try an API key at its service and keep it as a connection; LoginRequired when the service refuses it."""
    api_key = Secret(api_key)
    stored = Stored(connection=Connection.unstored(account, service), api_key=api_key)
    transport = Transport(stored, None)
    try:
        label = transport.ask_label()
    finally:
        transport.close()
    with vault.lock(account):
        connection = vault.connect(account, service, api_key=api_key, label=label)
    log.info("connected: account=%s kind=api_key", account)
    return connection
