"""Place: where a vault is to be, which setting says so, and what is said where none can be."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from psauth.exceptions import VaultError
from psauth.vault import disk, files
from psauth.vault.anew import begin_anew
from psauth.vault.store import KEPT


@dataclass(frozen=True)
class Place:
    """The vault's file.

    `vault_url` and `home` say which setting names it, from where and with which value, like "PSAUTH_HOME (from environment)
    is '/srv'"; None where no setting does. `elsewhere` is the advice to go to another place.
    """

    path: Path
    vault_url: str | None
    home: str | None
    elsewhere: str

    def taken(self, error: files.NotOurs) -> VaultError:
        """The error for something at the vault's own path that is no file of ours. What a setting names, nobody moves away."""
        what = disk.describe(error)
        if self.vault_url is None:
            return VaultError(
                f"The vault {self.path} cannot be used: {what}. {disk.remedy(error, elsewhere=self.elsewhere)}; {KEPT}"
            )
        names = f"names {what.removeprefix('it is ')}" if what.startswith("it is ") else f"names no file for it: {what}"
        return VaultError(
            f"{self.vault_url}, which {names}. Expected a file for the vault. Only regular files of your own are used and "
            f"changed; {self.elsewhere}; {KEPT}"
        )

    def taken_beside(self, path: Path, error: files.NotOurs) -> VaultError:
        """The same for something in the place of a file that belongs to the vault's."""
        return VaultError(
            f"The vault {self.path} cannot be used: it needs the place {path}, and there {disk.describe(error)}. Only "
            f"regular files of your own are used and changed. Move {path} away and try again; {KEPT}"
        )

    def is_folder(self) -> VaultError:
        """The error for a folder at the vault's own path."""
        if self.vault_url is None:
            return VaultError(f"The vault's place {self.path} is a folder. Set PSAUTH_VAULT_URL to a file.")
        return VaultError(f"{self.vault_url}, which names a folder. Expected a file in it; {self.elsewhere}.")

    def no_folder(self, error: OSError) -> VaultError:
        """The error for a folder that cannot be made or used."""
        folder = self.path.parent
        named, odd = self.vault_url or self.home, files.device_in(folder)
        if named is not None and odd is not None:
            return VaultError(f"{named}, but {odd[0]} is {odd[1]}. Expected a folder there; {self.elsewhere}.")
        return VaultError(
            f"The vault's folder {folder} cannot be used ({disk.describe(error)}). "
            f"{disk.remedy(error, elsewhere=self.elsewhere)}."
        )

    def foreign(self, what: str) -> VaultError:
        """The error for a file that is no vault, and `what` it is, as a clause without a subject."""
        if self.vault_url is not None:
            return VaultError(f"{self.path} {what}. Set PSAUTH_VAULT_URL to another file.")
        return VaultError(f"{self.path} {what}. Set PSAUTH_VAULT_URL to another file; {KEPT} {begin_anew(self.path)}")

    def damaged(self, what: str) -> VaultError:
        """The error for a vault that is `what`, as a clause without a subject."""
        return VaultError(f"The vault {self.path} {what}. Restore it from a backup; {KEPT} {begin_anew(self.path)}")
