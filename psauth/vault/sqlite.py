"""SQLite: a vault in a file, for the people and programs of one machine. Its place, its locks, its errors in one sentence."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Final

import sqlalchemy as sa

from psauth.exceptions import SettingsError, VaultAddressError, VaultError
from psauth.settings import Settings, working_folder
from psauth.vault import at_rest, disk, files, locks
from psauth.vault.engine import make_engine
from psauth.vault.forking import GATE
from psauth.vault.modes import Access, close_to_others
from psauth.vault.place import Place
from psauth.vault.room import Room
from psauth.vault.store import KEPT
from psauth.vault.tables import SCHEMA_VERSION, create_tables, differences, read_meta
from psauth.words import printable

EXPECTED: Final = "Expected a SQLite file, like sqlite:///path/to/vault.db"
ELSEWHERE_FILE: Final = (
    "set PSAUTH_VAULT_URL to a file on a disk of this machine (PSAUTH_VAULT_URL=sqlite:////its/path/vault.db)"
)
MAKING_PATIENCE: Final = 90.0
"""Seconds to wait for another process that opens the vault."""
ACCOUNT: Final = "account-"
"""How the names of the locks of connections begin."""
OPEN: Final = "open"
"""The lock under which a vault is made, upgraded and opened."""
MADE, MAKING = "made", "making"
"""Marks of the lock under which a vault is opened: there is a vault; or somebody began to make one, and may have died."""
LARGEST: Final = 1 << 30
"""Bytes no vault has: what is larger is something else, and looking through it would take long."""
WRITTEN: Final = re.compile(r"[1-9][0-9]{0,5}")
"""How a version is written, of this psauth or of a later one."""
BESIDE: Final = ("-wal", "-shm", "-journal", "-reserve")
"""How the names of the files end that belong to the vault's."""


class SQLiteStore:
    """A vault in one SQLite file. Locks are files beside it, which the operating system frees when a process dies."""

    def __init__(self, place: Place, *, private_folder: bool) -> None:
        self._place = place
        self._path = path = place.path
        self._elsewhere = place.elsewhere
        self._private_folder = private_folder
        self._room = Room(path.with_name(f"{path.name}-reserve"))
        self._engine: sa.Engine | None = None
        self._engine_pid: int | None = None

    @classmethod
    def from_settings(cls, settings: Settings) -> SQLiteStore:
        """The store at the address of these settings. What stands behind `sqlite:///` is a path as it is, not decoded."""
        _, slashes, name = settings.database_url.partition(":///")
        if not slashes or name in ("", ":memory:"):
            raise VaultAddressError(
                f"PSAUTH_VAULT_URL names no file. {EXPECTED}: the vault is shared between processes."
            )
        try:
            path = _whole(Path(name).expanduser())
        except RuntimeError:  # ~somebody, who is nobody
            raise SettingsError(f"PSAUTH_VAULT_URL names a home folder that nobody has. {EXPECTED}.") from None
        if not settings.vault_url:
            return cls(Place(path, None, settings.said_of("home"), disk.ELSEWHERE), private_folder=True)
        place = Place(path, settings.said_of("vault_url"), None, ELSEWHERE_FILE)
        if not path.name:  # the root, beside which there is no place for anything
            raise place.is_folder()
        return cls(place, private_folder=path.parent == _whole(settings.home_path))

    @property
    def place(self) -> str:
        """See Store."""
        return str(self._path)

    @property
    def key_folder(self) -> Path:
        """See Store."""
        return self._path.parent

    # Making -----------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        """See Store. The folder is closed to others where it is psauth's own; its owner's rights stay as they are.

        (Somebody who made it read-only did so on purpose.) What is no file of ours is refused before anything is done.
        """
        folder = self._path.parent
        try:
            is_folder = self._path.is_dir()
            if not is_folder:
                self._look_around()
            files.make_folder(folder)
            if self._private_folder and files.may_close(folder):
                close_to_others(folder)  # in vain on some drives; the modes of the files decide what is said
        except OSError as error:
            raise self._place.no_folder(error) from None
        if is_folder:
            raise self._place.is_folder()

    def is_new(self) -> bool:
        """See Store."""
        self._refuse_foreign()
        size = self._size()
        if not size:
            return size is None or not self._is_marked(MADE)
        with self.reading() as db:
            return self.version(db) is None

    @contextmanager
    def making(self, *, had_key: bool = False) -> Iterator[sa.Connection]:
        """See Store."""
        with self.lock(OPEN, timeout=MAKING_PATIENCE):
            self._refuse_foreign()
            self._refuse_emptied(had_key=had_key)
            if not self._size():
                with self._explained_file():
                    locks.write_mark(self._lock_file(OPEN), MAKING)
                    self._make_file()
            with self.writing() as db:
                yield db
            if not self._is_marked(MADE):
                with suppress(OSError):  # an older vault on a full disk is used all the same
                    locks.write_mark(self._lock_file(OPEN), MADE)

    def version(self, db: sa.Connection) -> int | None:
        """See Store."""
        names = set(db.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
        if not names:
            if self._is_marked(MADE):
                raise self._emptied()
            if self._size() and not self._is_marked(MAKING):
                raise self._foreign()
            return None
        if "meta" not in names:
            raise self._foreign()
        if (verdict := db.execute(sa.text("PRAGMA integrity_check(1)")).scalar()) != "ok":
            verdict = printable(str(verdict).splitlines()[-1])  # a line about the database as a whole may stand above
            raise self._place.damaged(f"is damaged ({verdict})")
        version = (read_meta(db, "schema") or b"none").decode("ascii", "replace")
        if not WRITTEN.fullmatch(version):
            raise self._place.damaged(f"has schema {version!r}, which no psauth writes: it is damaged")
        if version not in {str(known) for known in range(1, SCHEMA_VERSION + 1)}:
            raise VaultError(
                f"The vault {self.place} has schema {version!r}; this psauth reads {SCHEMA_VERSION}. Update psauth; {KEPT}"
            )
        if int(version) == SCHEMA_VERSION and (difference := differences(db)) is not None:
            raise self._place.damaged(f"was changed by another program: {difference}")
        return int(version)

    def create(self, db: sa.Connection) -> None:
        """See Store."""
        create_tables(db)

    def close_to_others(self) -> Access:
        """See Store."""
        with self._explained_file():
            return close_to_others(self._path)

    def _look_around(self) -> None:
        """VaultError for a vault, or for a file beside it, that is no regular file of ours."""
        try:
            files.look(self._path)
        except files.NotOurs as error:
            raise self._place.taken(error) from None
        for path in (self._path.with_name(self._path.name + name) for name in BESIDE):
            try:
                files.look(path)
            except files.NotOurs as error:
                raise self._place.taken_beside(path, error) from None

    def _size(self) -> int | None:
        """Bytes of the file; None where there is none."""
        with self._explained_file():
            found = files.look(self._path)
        return None if found is None else found.st_size

    def _refuse_foreign(self) -> None:
        """VaultError for a file that no vault can be, before SQLite has touched it or what lies beside it."""
        size = self._size()
        if not size:
            return
        with self._explained_file(), GATE.alone():
            head = at_rest.read_head(self._path)
            names = at_rest.read_names(self._path)
            journal = files.look(self._path.with_name(f"{self._path.name}-journal"))
        if not at_rest.is_head(head):
            raise self._place.damaged("cannot be used (file is not a database): it is damaged")
        if size > LARGEST:
            raise self._place.foreign("is larger than any vault")
        if journal is not None and journal.st_size and at_rest.has_log(head):
            raise VaultError(
                f"Beside the vault {self.place} lies a journal of another program, which would change it. Move "
                f"{self.place}-journal away and try again; {KEPT}"
            )
        if names and "meta" not in names:
            raise self._foreign()

    def _refuse_emptied(self, *, had_key: bool) -> None:
        """VaultError for a file without a byte that was a vault once.

        It is marked, or beside it lie locks of connections, or it has a key and no mark that says why. A file without a byte and without such marks is one that was just made, here or by somebody's `touch`.
        """
        if self._size() == 0:
            with self._explained_file():
                names = os.listdir(self._path.parent)
            locks_of_connections = any(n.startswith(f"{self._path.name}.{ACCOUNT}") for n in names)
            if self._is_marked(MADE) or locks_of_connections or (had_key and not self._is_marked(MAKING)):
                raise self._emptied()

    def _emptied(self) -> VaultError:
        return self._place.damaged("is empty, but there were connections in it: it is damaged")

    def _foreign(self) -> VaultError:
        return self._place.foreign("is a database, but not a psauth vault")

    def _is_marked(self, mark: str) -> bool:
        with self._explained_file():
            return locks.read_mark(self._lock_file(OPEN)) == mark

    def _make_file(self) -> None:
        """An empty file of mode 0600 where SQLite will write, so that no byte is ever readable by others."""
        os.close(files.open_ours(self._path, os.O_RDWR | os.O_CREAT))

    # Using ------------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """See Store."""
        with GATE.held_open(), self._explained(), self._current_engine().connect() as db:
            yield db

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """See Store."""
        if GATE.is_torn:
            raise VaultError(
                f"This process was forked while another thread wrote to a vault, and cannot write to {self.place}. Start "
                "worker processes with multiprocessing.get_context('spawn')."
            )
        engine = self._current_engine().execution_options(writing=True)
        with GATE.held_open(), self._explained(), engine.begin() as db:
            yield db

    @contextmanager
    def lock(self, name: str, *, timeout: float) -> Iterator[None]:
        """See Store."""
        path = self._lock_file(name)
        lock = locks.held(path, timeout=timeout)
        with self._explained_file(path):
            lock.__enter__()
        with ExitStack() as stack:
            stack.push(lock)
            yield

    def holder(self, name: str) -> str | None:
        """See Store."""
        path = self._lock_file(name)
        with self._explained_file(path):
            return locks.holder(path)

    def _lock_file(self, name: str) -> Path:
        return self._path.with_name(f"{self._path.name}.{name}.lock")

    # Room -------------------------------------------------------------------------------------------------------

    def take_room(self, size: int) -> None:
        """See Store."""
        with self._explained_file():
            self._room.take(size)

    def give_room_back(self) -> bool:
        """See Store."""
        with self._explained_file():
            return self._room.give_back()

    def _current_engine(self) -> sa.Engine:
        """The engine of this very process: a forked child makes one of its own."""
        if self._engine is None or self._engine_pid != os.getpid():
            self._engine, self._engine_pid = make_engine(self._path), os.getpid()
        return self._engine

    # Errors -----------------------------------------------------------------------------------------------------

    @contextmanager
    def _explained_file(self, path: Path | None = None) -> Iterator[None]:
        """Turns an error of the file system into one sentence about the vault, or about a file beside it."""
        try:
            yield
        except OSError as error:
            beside = f" because of {path.name} beside it" if path is not None else ""
            raise VaultError(
                f"The vault {self.place} cannot be written{beside} ({disk.describe(error)}). "
                f"{disk.remedy(error, elsewhere=self._elsewhere)}; {KEPT}"
            ) from None

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Turns the database's errors into one sentence about the vault, without the statement and its parameters."""
        try:
            yield
        except sa.exc.DBAPIError as error:
            # What SQLite says may quote a damaged schema.
            cause, name = printable(" ".join(str(error.orig).split())), getattr(error.orig, "sqlite_errorname", "")
        except (sa.exc.SQLAlchemyError, UnicodeError) as error:
            cause, name = f"malformed: {type(error).__name__}", ""
        else:
            return
        if "unable to open" in cause and disk.is_gone(self._path.parent):
            raise VaultError(
                f"The vault {self.place} is gone, with its folder. A sandbox that has stopped takes its vault along: "
                "start it again, and call psauth.connect(settings=box.settings). Any other folder is restored from a "
                "backup."
            ) from None
        remedy = self._remedy(cause, name)
        if remedy is None:
            raise self._place.damaged(f"cannot be used ({cause}): it is damaged") from None
        raise VaultError(f"The vault {self.place} cannot be used ({cause}). {remedy}; {KEPT}") from None

    def _remedy(self, cause: str, name: str) -> str | None:
        """What to do about what SQLite said, by its words and the name of its error; None for damage."""
        folder = self._path.parent
        if "locked" in cause:
            return f"Another program holds it; close it and try again. If it lies on a network drive, {self._elsewhere}"
        if "full" in cause or disk.is_full(folder):  # its shared memory fails with "disk I/O error" there
            return "The disk is full; make room and try again"
        if "locking protocol" in cause or name.endswith(("LOCK", "_SHMOPEN", "_SHMMAP", "_SHMSIZE", "_NOLFS")):
            return disk.without_locks(self._elsewhere)
        if "readonly" in cause or "unable to open" in cause:
            if not self._path.exists():
                return "The file is gone; restore it from a backup, or begin anew with: psauth login"
            if disk.is_read_only(folder):
                return f"Its file system is read-only; {self._elsewhere}"
            return "Make the file and its folder writable for you"
        if any(words in cause for words in ("malformed", "not a database", "too big")):
            return None
        return f"Look after the file and its disk, or {self._elsewhere}"


def _whole(path: Path) -> Path:
    """The path from the root on; SettingsError when it begins in a working folder that was deleted."""
    return path if path.is_absolute() else working_folder() / path
