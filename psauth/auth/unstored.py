"""Unstored: new tokens that the vault could not take, on a full disk say. This process goes on with them and tries again."""

from __future__ import annotations

import atexit
import logging
import threading
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from typing import Final

from psauth.auth.forks import renew_in_children
from psauth.exceptions import LoginRequired, PsauthError, VaultError
from psauth.vault.connection import Stored
from psauth.vault.token import Token
from psauth.vault.vault import UNSTORED, Vault

log = logging.getLogger(__name__)


@dataclass(frozen=True, repr=False)
class _Held:
    """A token that is nowhere but here, with the lock that says so to other processes."""

    vault: Vault
    stored: Stored
    lock: ExitStack

    def release(self) -> None:
        """Free the lock; on a drive that went away nobody waits for it any more."""
        with suppress(PsauthError, OSError):
            self.lock.close()


class Unstored:
    """The tokens that this process could not store, one an account.

    While it holds one, it holds a lock too: the refresh token in the vault was spent, and a process that tried it again
    would lose the connection. The system frees the lock when the process dies.
    """

    def __init__(self) -> None:
        self._held: dict[tuple[str, str], _Held] = {}
        self._of_the_parent: list[dict[tuple[str, str], _Held]] = []
        self.renew_in_child()
        renew_in_children(self)
        atexit.register(self._store_all)

    def renew_in_child(self) -> None:
        """What the parent holds stays with the parent. It is not let go here, which would free the parent's locks."""
        self._guard = threading.Lock()
        self._of_the_parent.append(self._held)
        self._held = {}

    def hold(self, vault: Vault, stored: Stored, token: Token) -> Stored:
        """Keep the token of a refresh here, and return the connection with it."""
        connection = replace(
            stored.connection,
            scope=token.scope,
            expires_at=token.end,
            renewable=token.refresh_token is not None,
            revision=stored.connection.revision + 1,
        )
        renewed = replace(stored, connection=connection, token=token)
        key = _key(vault, stored)
        with self._guard:
            before = self._held.pop(key, None)
            lock = ExitStack() if before is None else before.lock
            if before is None:
                with suppress(VaultError):  # on a disk without room for a file other processes do not hear of it
                    lock.enter_context(vault.lock(stored.connection.account, what=UNSTORED, timeout=0))
            self._held[key] = _Held(vault, renewed, lock)
        return renewed

    def find(self, vault: Vault, stored: Stored) -> Stored | None:
        """The connection with the token that is held here; None when the one in the vault is the newest."""
        held = self._held.get(_key(vault, stored))
        return held.stored if held is not None and held.stored.connection.id == stored.connection.id else None

    def store(self, vault: Vault, stored: Stored) -> Stored | None:
        """Try again to store what is held for this account.

        Returns the connection as stored, or None when nothing was held, or cannot be stored yet.
        """
        key = _key(vault, stored)
        if key not in self._held:
            return None
        with self._guard:
            held = self._held.get(key)
            if held is None or held.stored.token is None:
                return None
            account = stored.connection.account
            try:
                renewed = vault.renew(held.stored, held.stored.token)
            except VaultError:
                return None
            except LoginRequired:  # replaced or removed: nobody needs it any more
                renewed = None
            del self._held[key]
            held.release()
        if renewed is not None:
            log.info("the new token of account %s was stored after all", account)
        return renewed

    def _store_all(self) -> None:
        """The last try, when the process ends."""
        for held in list(self._held.values()):
            self.store(held.vault, held.stored)


UNSTORED_TOKENS: Final = Unstored()


def _key(vault: Vault, stored: Stored) -> tuple[str, str]:
    return vault.place, stored.connection.account
