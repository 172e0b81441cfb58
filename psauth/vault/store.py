"""Store: what a database must do in order to hold a vault. SQLite is the first; `databases` chooses by the address."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import sqlalchemy as sa

    from psauth.vault.modes import Access

KEPT: Final = "nothing was deleted or overwritten."
"""How a sentence about a vault ends that was left as it is."""


class Store(Protocol):
    """One database with the tables of a vault. Threads share it, and a forked child goes on with it.

    Whatever goes wrong in the database is a VaultError: one sentence without statement or values, and the way out.
    """

    @property
    def place(self) -> str:
        """Where the vault is, without a password: shown to people, and the key's name in the keyring."""

    @property
    def key_folder(self) -> Path:
        """The folder for the key, where there is no keyring."""

    def prepare(self) -> None:
        """Make what the database needs around it, like a folder; VaultError where there can be no vault."""

    def is_new(self) -> bool:
        """Whether no vault was made here yet. What is there and is no vault raises VaultError."""

    def making(self, *, had_key: bool = False) -> AbstractContextManager[sa.Connection]:
        """A transaction in which the vault is made or upgraded, with nobody else who does so at the same time.

        `had_key`: a key was kept for this vault before, so an empty one was not always empty.
        """

    def version(self, db: sa.Connection) -> int | None:
        """The version of the tables, once they were found to be whole; None: there are none yet."""

    def create(self, db: sa.Connection) -> None:
        """Make the tables of a new vault."""

    def close_to_others(self) -> Access:
        """Take the rights of other people of this machine from what psauth keeps there, and look whether it helped."""

    def reading(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that sees one moment and waits for nobody."""

    def writing(self) -> AbstractContextManager[sa.Connection]:
        """A transaction that is alone in writing: two of them queue."""

    def take_room(self, size: int) -> None:
        """Have at least `size` bytes of the disk taken for what will be written next; VaultError where there are none."""

    def give_room_back(self) -> bool:
        """Make free what `take_room` took; whether there was anything."""

    def holder(self, name: str) -> str | None:
        """Who holds a lock, as the subject of a sentence; None when nobody does."""

    def lock(self, name: str, *, timeout: float) -> AbstractContextManager[None]:
        """Hold a lock over all threads and processes that use the vault, freed when its process dies.

        Raises VaultError when somebody else holds it for `timeout` seconds. No transaction is open meanwhile.
        """
