"""Databases: which store a vault's address means. The one place that knows them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from psauth.exceptions import VaultError
from psauth.settings import Settings
from psauth.vault.sqlite import EXPECTED, SQLiteStore
from psauth.vault.store import Store

STORES: Final[Mapping[str, Callable[[Settings], Store]]] = {"sqlite": SQLiteStore.from_settings}
"""Scheme of the address → what makes its store from settings. A database is added here and in a file of its own."""


def find_store(settings: Settings) -> Store:
    """The store at `settings.database_url`; VaultError for an address that is none, without its password."""
    scheme, colon, _ = settings.database_url.partition(":")
    if not colon:
        raise VaultError(f"PSAUTH_VAULT_URL is not a database address. {EXPECTED}.")
    name = scheme.partition("+")[0].lower()
    if name not in STORES:
        raise VaultError(f"PSAUTH_VAULT_URL names the database {name!r}, which psauth does not know. {EXPECTED}.")
    return STORES[name](settings)
