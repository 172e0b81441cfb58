"""Place: the folder of one identity's mirror, closed to others, and the files in it."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from psauth.exceptions import MirrorError, SettingsError
from psauth.settings import Settings
from psauth.vault import disk, files
from psauth.vault.connection import Connection
from psauth.vault.modes import close_to_others

ELSEWHERE: Final = "set PSAUTH_MIRROR to a folder of yours on a disk of this machine (PSAUTH_MIRROR=/its/path)"
"""The advice where a mirror's place cannot be used."""
BESIDE: Final = ("-wal", "-shm", "-journal")
"""How the names of the files end that belong to the store's."""


@dataclass(frozen=True)
class Identity:
    """Whose mirror it is: the address of the API, the account of psauth, and what the service calls the connection."""

    api_url: str
    account: str
    label: str | None = None

    @classmethod
    def of(cls, connection: Connection) -> Identity:
        """Whose mirror that of a connection is."""
        return cls(connection.service.api_url, connection.account, connection.label or None)


@dataclass(frozen=True)
class Place:
    """Where a mirror is: `folder`, and in it the store, the published tables and the lock of the one who syncs."""

    folder: Path

    @classmethod
    def of(cls, settings: Settings, identity: Identity) -> Place:
        """The place of an identity's mirror: a folder under PSAUTH_MIRROR, by default under psauth's home."""
        try:
            root = Path(settings.mirror).expanduser().absolute() if settings.mirror else settings.home_path / "mirror"
        except RuntimeError:  # ~somebody, who is nobody
            raise SettingsError(
                f"PSAUTH_MIRROR is {settings.mirror!r}, in a home folder that nobody has. Expected a whole path."
            ) from None
        api_url = identity.api_url.rstrip("/")
        host = urlsplit(api_url).hostname or "api"
        readable = re.sub(r"[^A-Za-z0-9.]+", "-", f"{identity.account} {host}").strip("-.")[:60]
        number = hashlib.sha256(f"{identity.account}\n{api_url}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        return cls(root / f"{readable}-{number}")

    @property
    def store(self) -> Path:
        """The database of what was answered."""
        return self.folder / "store.db"

    @property
    def tables(self) -> Path:
        """The folder of the published tables."""
        return self.folder / "tables"

    @property
    def lock(self) -> Path:
        """The file that whoever syncs holds locked."""
        return self.folder / "sync.lock"

    def make_folder(self) -> None:
        """Make the folder, for nobody but its owner; MirrorError where that cannot be."""
        with self.explained():
            files.make_folder(self.folder)
            if files.may_close(self.folder):
                close_to_others(self.folder)
            elif os.name == "posix" and self.folder.stat().st_uid not in (os.geteuid(), 0):
                raise files.NotOurs("it is somebody else's folder")

    def prepare(self) -> None:
        """Make the folder, for nobody but its owner, and a store of mode 0600 for SQLite to write into.

        Raises MirrorError where that cannot be: a file in the way, a read-only disk, a folder of somebody else's.
        """
        self.make_folder()
        with self.explained(self.store):
            for ending in BESIDE:
                files.look(self.store.with_name(self.store.name + ending))
            if files.look(self.store) is None:
                os.close(files.open_ours(self.store, os.O_RDWR | os.O_CREAT))
            close_to_others(self.store)

    def set_aside(self, now: datetime) -> Path | None:
        """Move the store away, to begin anew; where it lies from now on. None where there was none."""
        aside = self.store.with_name(f"store-{now:%Y%m%d-%H%M%S}.db")
        with self.explained():
            if not os.path.lexists(self.store):
                return None
            for ending in ("", *BESIDE):
                beside = self.store.with_name(self.store.name + ending)
                if os.path.lexists(beside):
                    beside.rename(aside.with_name(aside.name + ending))
        return aside

    @contextmanager
    def explained(self, path: Path | None = None) -> Iterator[None]:
        """Turns an error of the file system into one sentence about the mirror; `path` is what is being used of it."""
        try:
            yield
        except OSError as error:
            odd = files.device_in(self.folder)
            if odd is not None:  # which nobody should move away
                raise MirrorError(
                    f"The mirror {self.folder} cannot be used: {odd[0]} is {odd[1]}. Expected a folder there; {ELSEWHERE}."
                ) from None
            where = error.filename if isinstance(error.filename, str) else str(path or self.folder)
            raise MirrorError(
                f"The mirror {self.folder} cannot be used ({where}: {disk.describe(error)}). "
                f"{disk.remedy(error, elsewhere=ELSEWHERE)}. Nothing in it was changed."
            ) from None
