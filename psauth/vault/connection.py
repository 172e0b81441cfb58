"""Connection: what the vault keeps, as values. Connections, what was read with them, and authorizations under way."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from psauth.exceptions import ArgumentError, LoginRequired
from psauth.secret import Secret, hiding
from psauth.vault.service import Service
from psauth.vault.token import Token

PENDING_LIFETIME = timedelta(minutes=10)
"""How long a person may take to consent; RFC 6749 §4.1.2 recommends the same for codes."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """What may be known and shown of a connection; there is no credential in it.

    `kind` is "oauth" or "api_key"; `scope` what was granted; `expires_at` the end of the access token in UTC, which a
    refresh moves on (None: unknown, or never); `ended` why a new login is needed, else None; `revision` grows with
    every change, so that two readers can tell whether they see the same.
    """

    account: str
    kind: str
    label: str | None
    scope: str | None
    expires_at: datetime | None
    service: Service
    created_at: datetime
    id: str
    revision: int
    renewable: bool = False
    ended: str | None = None
    return_to: str | None = field(default=None, compare=False)
    """Only on what `finish` returns: the path of the app that `begin` was asked to come back to."""
    untried: bool = field(default=False, compare=False)
    """Only on what `login` returns: the API key was stored before the service has said whether it takes it."""

    @classmethod
    def unstored(cls, account: str, service: Service) -> Connection:
        """A connection by an API key that is not kept in the vault, and has no id there."""
        return cls(
            account=account,
            kind="api_key",
            label=None,
            scope=None,
            expires_at=None,
            service=service,
            created_at=datetime.now(UTC),
            id="",
            revision=0,
        )

    def _repr_html_(self) -> str:
        from html import escape

        rows = {
            "Service": self.service.host,
            "Account": self.account,
            "Label": self.label or "–",
            "Kind": self.kind + (", not tried yet: the service has not answered" if self.untried else ""),
            "Scope": self.scope or "–",
            "Expires": self._end(),
        }
        cells = "".join(f"<tr><th style='text-align:left'>{k}</th><td>{escape(v)}</td></tr>" for k, v in rows.items())
        return f"<table>{cells}</table>"

    def _end(self) -> str:
        """When the access ends, in words."""
        if self.ended is not None:
            return f"has ended: {self.ended}"
        if self.kind == "api_key":
            return "when the key is deleted in Process Street"
        if self.expires_at is None:
            return "not said by the service"
        minutes = max(0, round((self.expires_at - datetime.now(UTC)).total_seconds() / 60))
        renewed = ", renewed by itself" if self.renewable else ""
        return f"in {minutes} min (at {self.expires_at:%Y-%m-%d %H:%M} UTC){renewed}"


@hiding("api_key", "client_secret")
@dataclass(frozen=True, kw_only=True)
class Stored:
    """A connection with its credential, as read in one go; `api_key` or `token` is set, after `Connection.kind`."""

    connection: Connection
    token: Token | None = None
    api_key: str | None = field(default=None, repr=False)
    client_secret: Secret = field(default=Secret(""), repr=False)

    @property
    def service(self) -> Service:
        """The connection's service with its client secret, which the connection itself does not show."""
        return replace(self.connection.service, client_secret=self.client_secret)


@hiding("verifier")
@dataclass(frozen=True, kw_only=True)
class Pending:
    """An authorization that was begun and waits for its callback."""

    account: str
    verifier: str = field(repr=False)
    service: Service
    redirect_uri: str
    return_to: str | None
    browser_hash: str | None = field(repr=False)
    created_at: datetime

    def is_expired(self, *, now: datetime | None = None) -> bool:
        """Whether the person took longer than ten minutes, or the clock was set back since."""
        age = (now or datetime.now(UTC)) - self.created_at
        return age > PENDING_LIFETIME or age < -PENDING_LIFETIME

    def belongs_to(self, browser: str | None) -> bool:
        """Whether the callback came in the browser the request was begun in; one begun without a browser is anyone's."""
        return self.browser_hash is None or hmac.compare_digest(self.browser_hash, fingerprint(browser or ""))


def fingerprint(text: str) -> str:
    """SHA-256, in hexadecimal: how states and browsers stand in the vault."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def check_account(account: str) -> str:
    """The name of an account, when it is one; ArgumentError for the rest."""
    if not isinstance(account, str) or not account.strip() or not account.isprintable():
        raise ArgumentError(f"{account!r} is no name for an account. Expected a text like 'default'.")
    return account


def ended(connection: Connection) -> LoginRequired:
    """The error for a connection of which the vault knows that it has ended."""
    return LoginRequired(
        f"The connection of account {connection.account!r} has ended: {connection.ended}. "
        f"Log in with: {login_line(connection.account)}"
    )


def login_line(account: str) -> str:
    """The line to type in order to connect this account."""
    return "psauth.login()" if account == "default" else f"psauth.login(account={account!r})"
