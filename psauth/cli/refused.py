"""Refused: every setting that cannot be used, so that all of them can be mended at once."""

from __future__ import annotations

from typing import Any

from psauth.exceptions import PsauthError, SettingsError
from psauth.settings import Settings
from psauth.settings.names import DEFAULTS
from psauth.vault.databases import find_store
from psauth.vault.keys import parse_key

FILES = "env_file"
"""Stands among the names of what is refused for a file that cannot be read."""


def find_usable() -> tuple[Settings, dict[str, str]]:
    """The settings, with its default for each that cannot be used, and the sentences about these by their names.

    Settings() raises all of them at once, but a file that cannot be read alone: then what the environment says is looked at.
    """
    refused: dict[str, str] = {}
    while True:
        defaults: dict[str, Any] = {name: DEFAULTS.get(name, "") for name in refused}
        if FILES in refused:
            defaults[FILES] = None
        try:
            settings = Settings(**defaults)
            break
        except SettingsError as error:
            new = error.refused or {FILES: str(error)}
            if new.keys() <= refused.keys():
                raise
            refused |= new
    return settings, refused | _of_the_vault(settings)


def _of_the_vault(settings: Settings) -> dict[str, str]:
    """What would be refused when the vault is opened."""
    refused = {}
    for name, look in (("vault_url", find_store), ("secret_key", lambda s: s.secret_key and parse_key(s.secret_key))):
        try:
            look(settings)
        except PsauthError as error:
            refused[name] = str(error)
    return refused
