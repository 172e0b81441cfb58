"""Canary: tells whether a key opens a vault, and names the connections in it, so that none is lost without a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from psauth.exceptions import VaultError
from psauth.vault.anew import begin_anew
from psauth.vault.keys import Key, WrongKey
from psauth.vault.store import KEPT
from psauth.vault.tables import SCHEMA_VERSION, read_ids, read_meta, write_meta

if TYPE_CHECKING:
    import sqlalchemy as sa

CANARY: Final = "psauth vault"
"""Encrypted in every vault: the key that opens it opens the rest. Behind it stands which connections there are."""


class Canary:
    """A note in a vault, encrypted with its key. A row that was taken out or put back does not agree with it."""

    def __init__(self, key: Key, place: str) -> None:
        self._key = key
        self._place = place

    def try_key(self, db: sa.Connection, version: int) -> None:
        """VaultError when the key does not open the vault."""
        canary = read_meta(db, "canary")
        try:
            if version < SCHEMA_VERSION:
                self._key.decrypt_unbound(canary)
            else:
                self._key.decrypt(canary, "meta", "canary")
        except WrongKey:
            raise VaultError(
                f"The key from {self._key.source} does not open the vault {self._place}. Use the key it was made with; {KEPT} "
                f"{begin_anew(self._place)}"
            ) from None

    def read(self, db: sa.Connection) -> dict[str, str]:
        """Account → id of every connection that has to be there; those that are there, in a vault that notes none yet."""
        try:
            text = str(self._key.decrypt(read_meta(db, "canary"), "meta", "canary")).removeprefix(CANARY)
        except WrongKey:
            raise self.disagreement() from None
        return dict(json.loads(text)) if text else read_ids(db)

    def write(self, db: sa.Connection, ids: Mapping[str, str]) -> None:
        """Note which connections there are, encrypted with the first key."""
        write_meta(db, "canary", self._key.encrypt(CANARY + json.dumps(dict(ids)), "meta", "canary"))

    def note(self, db: sa.Connection, account: str, id: str | None) -> None:
        """Note that an account has this connection from now on; None: that it has none."""
        ids = self.read(db)
        if ids.pop(account, None) != id:
            self.write(db, ids if id is None else {**ids, account: id})

    def disagreement(self) -> VaultError:
        """The error for a vault whose connections are others than those that were noted."""
        return VaultError(
            f"The connections in the vault {self._place} are not those that psauth wrote: one is missing, or was put there "
            f"by another program. Restore the vault from a backup; {KEPT} {begin_anew(self._place)}"
        )
