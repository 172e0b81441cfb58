"""Access: the credential that a client uses at present, renewed in time by one of its threads."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

from psauth.auth.forks import renew_in_children
from psauth.auth.renewal import is_alive, renew
from psauth.auth.unstored import UNSTORED_TOKENS
from psauth.exceptions import LoginRequired
from psauth.masks import Masks
from psauth.vault.connection import Connection, Stored, ended
from psauth.vault.vault import Vault

RENEWED_AGAIN = 10.0
"""Seconds in which a token that still lives is used as it is, after the service did not renew it."""


class Access:
    """A connection with its credential. Threads may share it, and so may the children of a fork.

    `vault` is None for an API key that is not stored: there is nothing to renew.
    """

    def __init__(self, stored: Stored, vault: Vault | None) -> None:
        self._stored = stored
        self._vault = vault
        self._not_before = 0.0
        self._masks = Masks()
        self.renew_in_child()
        renew_in_children(self)

    @property
    def masks(self) -> Masks:
        """What hides the credential where a service repeats it; the same one as long as the credential is the same."""
        stored = self._stored
        credential = stored.token.access_token if stored.token else stored.api_key
        if not self._masks.hides(credential):
            self._masks = Masks(credential)
        return self._masks

    @property
    def connection(self) -> Connection:
        """The connection as last seen here."""
        return self._stored.connection

    def current(self) -> Stored:
        """What to send a request with, renewed if its end is near; LoginRequired when the connection has ended."""
        stored = self._stored
        if self._vault is not None:
            UNSTORED_TOKENS.store(self._vault, stored)
        if stored.connection.ended:
            stored = self._after_login(stored)
        if stored.token is not None and stored.token.is_expired():
            return self.renewed(stored, because="expiry")
        return stored

    def renewed(self, seen: Stored, *, because: str) -> Stored:
        """What to use instead of `seen`: what another thread or process got meanwhile, or a new token.

        `because` is "expiry", "rejected" or "asked", as for `auth.renewal.renew`, which sees to the other processes.
        """
        if self._vault is None or seen.token is None:
            return seen
        with self._lock:
            before = seen.token.access_token
            now = self._stored
            if because != "asked" and now.token and now.token.access_token != before and not now.token.is_expired():
                return now
            if because == "expiry" and is_alive(now) and time.monotonic() < self._not_before:
                return now
            try:
                self._stored = _at_the_same_service(renew(self._vault, seen, because=because), seen)
            except LoginRequired:
                self._note_end(seen)
                raise
            if because == "expiry" and self._stored.token == seen.token:
                self._not_before = time.monotonic() + RENEWED_AGAIN
            return self._stored

    def _note_end(self, seen: Stored) -> None:
        """Take over what the vault has learned, so that nobody is shown a connection that has ended as a living one."""
        now = None if self._vault is None else self._vault.find(seen.connection.account)
        if now is not None and now.connection.id == seen.connection.id and now.connection.ended is not None:
            self._stored = now

    def _after_login(self, seen: Stored) -> Stored:
        """The connection that a login has put in the place of the one that had ended; LoginRequired without one."""
        now = None if self._vault is None else self._vault.find(seen.connection.account)
        if now is None or now.connection.ended is not None:
            raise ended(seen.connection)
        with self._lock:
            self._stored = _at_the_same_service(now, seen)
            return self._stored

    def refresh(self) -> Connection:
        """Renew the access token now, whatever its age."""
        self.renewed(self._stored, because="asked")
        return self.connection

    def rename(self, label: str) -> Connection:
        """Remember what the service calls this connection."""
        if self._vault is None:
            self._stored = replace(self._stored, connection=replace(self._stored.connection, label=label))
        elif label != self._stored.connection.label:
            self._vault.name(self._stored.connection, label)
            self._stored = self._vault.read(self._stored.connection.account)
        return self._stored.connection

    def renew_in_child(self) -> None:
        """A lock that no thread of the parent can hold."""
        self._lock = threading.Lock()


def _at_the_same_service(now: Stored, seen: Stored) -> Stored:
    """`now`, unless a login put a connection to another service in its place: this client asks the one it began with."""
    if now.connection.service.api_url != seen.connection.service.api_url:
        raise LoginRequired(
            f"Account {seen.connection.account!r} is connected to {now.connection.service.host} now, and this client asks "
            f"{seen.connection.service.host}. Make a new one with psauth.connect()."
        )
    return now
