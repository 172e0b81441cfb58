"""A file looked at before SQLite opens it, and how SQLite is then told to open it: never a new file, never a wait without end."""

import os
import sqlite3
from pathlib import Path

import pytest

from psauth import Vault
from psauth.exceptions import VaultError
from psauth.vault import at_rest, locks
from psauth.vault.engine import BUSY_PATIENCE, LONGEST_VALUE, make_engine
from tests.vault.parts import said


@pytest.mark.parametrize(
    ("head", "is_head"),
    [
        (at_rest.MAGIC + bytes(84), True),
        (at_rest.MAGIC + bytes(83), False),
        (b"x" * 100, False),
        (b"", False),
    ],
)
def test_how_a_database_begins(head, is_head):
    assert at_rest.is_head(head) is is_head


@pytest.fixture
def opened(monkeypatch):
    """How SQLite was asked to open a file."""
    calls, real = [], sqlite3.connect

    def connect(address, **how):
        calls.append((address, how))
        return real(address, **how)

    monkeypatch.setattr(sqlite3, "connect", connect)
    return calls


def test_a_file_at_rest_is_only_read_and_its_log_left_alone(vault, opened):
    path = vault._store._path
    assert at_rest.read_names(path) == {"meta", "connections", "pending", "spent", "budgets"}
    assert opened == [(f"file://{path}?mode=ro&immutable=1", {"uri": True})]


def test_a_vault_is_opened_where_it_is_and_for_threads(vault, opened):
    path = vault._store._path
    engine = make_engine(path)
    assert engine.hide_parameters
    with engine.connect() as db:
        pragmas = {
            name: db.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "secure_delete", "trusted_schema")
        }
        limit = db.connection.dbapi_connection.getlimit(sqlite3.SQLITE_LIMIT_LENGTH)
    assert opened == [(f"file://{path}?mode=rw", {"uri": True, "timeout": BUSY_PATIENCE, "check_same_thread": False})]
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "trusted_schema": 0}
    assert limit == LONGEST_VALUE


# Marks and versions ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "mark"),
    [
        (b"made    12 34\n", "made"),
        (b"made\0\0\0\0", "made"),
        (b"made\n", "made\n"),
        (b"madeX", "madeX"),
        (b"\xff", "�"),
        (b"", ""),
    ],
)
def test_a_mark_is_eight_bytes_of_text(tmp_path, content, mark):
    (tmp_path / "lock").write_bytes(content)
    assert locks.read_mark(tmp_path / "lock") == mark


def test_a_mark_outlives_the_note_of_a_holder(tmp_path):
    path = tmp_path / "lock"
    with locks.held(path, timeout=1):
        locks.write_mark(path, "made")
        assert locks.read_mark(path) == "made"
    assert path.read_bytes().startswith(b"made    ")
    with locks.held(path, timeout=1):
        assert locks.read_mark(path) == "made"


def change(vault, value):
    db = sqlite3.connect(vault.place)
    db.execute("UPDATE meta SET value = ? WHERE name = 'schema'", (value,))
    db.commit()
    db.close()


@pytest.mark.parametrize(("value", "shown"), [(b"0", "0"), (b"\xff", "�"), (b"03", "03"), ("٣", "��"), (b"", "none")])
def test_a_version_that_there_never_was(settings, vault, value, shown):
    change(vault, value)
    assert said(lambda: Vault.open(settings)) == (
        f"The vault {vault.place} has schema {shown!r}, which no psauth writes: it is damaged. Restore it from a backup; "
        f"nothing was deleted or overwritten. To begin anew, move {vault.place} away, then type: psauth login"
    )


def test_a_version_that_was_written_as_text_is_the_same(settings, vault):
    change(vault, "3")
    assert Vault.open(settings).connections() == []


def test_a_vault_without_a_byte_beside_the_lock_of_a_connection_was_emptied(settings, vault):
    with vault.lock("default"):
        pass
    (settings.home_path / "vault.db.open.lock").unlink()
    (settings.home_path / "vault.db").write_bytes(b"")
    with pytest.raises(VaultError, match="is empty, but there were connections in it"):
        Vault.open(settings)


@pytest.mark.filterwarnings("ignore:No keyring")
def test_a_vault_that_somebody_began_to_make_is_made_even_with_a_key(settings):
    bare = settings.with_(secret_key="")
    Vault.open(bare)
    (settings.home_path / "vault.db").write_bytes(b"")
    (settings.home_path / "vault.db.open.lock").write_bytes(b"making  ")
    assert Vault.open(bare).connections() == []
    assert (settings.home_path / "vault.db.open.lock").read_bytes().startswith(b"made")


def test_what_follows_the_machine_is_that_of_the_opening(settings, vault, store, service):
    store()
    hasty = Vault.open(settings.with_(total_time="7"))
    assert hasty.read().service.total_seconds == 7.0
    assert vault.read().service.total_seconds != 7.0


@pytest.mark.parametrize(
    ("path", "address"),
    [
        (Path("/a b?c#d%e"), "file:///a%20b%3Fc%23d%25e?mode=rw"),
        (Path("/größe"), "file:///gr%C3%B6%C3%9Fe?mode=rw"),
        (Path(os.fsdecode(b"/odd\xff")), "file:///odd%FF?mode=rw"),
        (Path("C:/vault.db"), "file:///C%3A/vault.db?mode=rw"),
    ],
)
def test_a_path_as_sqlite_takes_it(path, address):
    assert at_rest.address(path, "mode=rw") == address
