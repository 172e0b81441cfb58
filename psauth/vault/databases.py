"""Databases: which store a vault's address means. The one place that knows them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from psauth.exceptions import VaultAddressError
from psauth.settings import Settings
from psauth.vault.sqlite import EXPECTED, SQLiteStore
from psauth.vault.store import Store

STORES: Final[Mapping[str, Callable[[Settings], Store]]] = {"sqlite": SQLiteStore.from_settings}
"""Scheme of the address → what makes its store from settings. A database is added here and in a file of its own."""


DRIVERS: Final[Mapping[str, tuple[str, ...]]] = {"sqlite": ("pysqlite",)}
"""Database → the drivers that may stand behind a plus sign, as in SQLAlchemy's addresses."""
SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_+.-]*")


def find_store(settings: Settings) -> Store:
    """The store at `settings.database_url`; VaultAddressError for an address that is none, without its password."""
    scheme, colon, _ = settings.database_url.partition(":")
    name, plus, driver = scheme.lower().partition("+")
    if not colon or not SCHEME.fullmatch(scheme):
        raise VaultAddressError(f"PSAUTH_VAULT_URL is not a database address. {EXPECTED}.")
    if name not in STORES:
        raise VaultAddressError(
            f"PSAUTH_VAULT_URL names the database {name!r}, which psauth does not know. {EXPECTED}."
        )
    if plus and driver not in DRIVERS.get(name, ()):
        raise VaultAddressError(
            f"PSAUTH_VAULT_URL names the driver {driver!r}, which psauth does not use. Leave it out. {EXPECTED}."
        )
    return STORES[name](settings)
