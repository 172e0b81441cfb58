"""What SQLite, the disk and the rights of others do to a vault: said in one sentence, and nothing is lost."""

import os
import resource
import shutil
import sqlite3
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from sqlalchemy import event

import psauth.vault.connection
import psauth.vault.sqlite
from psauth import Vault
from psauth.auth.renewal import renew
from psauth.exceptions import VaultError
from tests.vault.parts import NOBODY, contents, in_a_child, posix


def test_a_vault_that_another_program_holds_is_said(settings, vault, service, monkeypatch):
    monkeypatch.setattr("psauth.vault.sqlite.make_engine", impatient(psauth.vault.sqlite.make_engine))
    impatient_vault = Vault.open(settings)
    with vault._writing(), pytest.raises(VaultError, match="Another program holds it"):
        impatient_vault.connect("default", service, api_key="k")


def impatient(make):
    def make_impatient(url):
        engine = make(url)
        event.listen(engine, "connect", lambda raw, _: raw.execute("PRAGMA busy_timeout=1"))
        return engine

    return make_impatient


@pytest.fixture
def full_disk(vault):
    """From now on the vault's file cannot grow: SQLite's own SQLITE_FULL."""

    def fill():
        with vault._reading() as db:
            pages = db.exec_driver_sql("PRAGMA page_count").scalar()

        @event.listens_for(vault._store._current_engine(), "connect")
        def limit(raw, _record):
            raw.execute(f"PRAGMA max_page_count={pages}")

    return fill


def test_a_full_disk_says_so_and_keeps_what_is_there(settings, vault, service, store, full_disk):
    stored = store()
    full_disk()
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match=r"disk is full; make room and try again; nothing was deleted"):
        for n in range(100):
            vault.connect(f"account-{n}", service, api_key="k" * 3000)
            before = contents(settings.home_path)
    assert contents(settings.home_path) == before
    assert vault.read() == stored


def test_a_full_disk_is_told_from_a_broken_one(settings, vault, store, monkeypatch):
    """SQLite says "disk I/O error" for both: on a full disk its shared memory cannot grow."""
    for free, remedy in ((0, "The disk is full; make room"), (10**9, "Look after the file and its disk")):
        monkeypatch.setattr("psauth.vault.disk.shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        with pytest.raises(VaultError, match=f"disk I/O error.*{remedy}"), vault._store._explained():
            raise sa.exc.OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))


@posix
def test_a_full_disk_shows_before_the_refresh_token_is_spent(settings, vault, store, requests_mock):
    tokens = requests_mock.post("https://app.example/oauth/token", json={"access_token": "2"})
    stored = store(lives=0)
    before = contents(settings.home_path)

    def on_a_full_disk():
        import signal

        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
        with pytest.raises(VaultError, match="nothing was deleted or overwritten"):
            renew(vault, stored)
        assert not tokens.called

    in_a_child(on_a_full_disk)
    assert contents(settings.home_path)["vault.db"] == before["vault.db"]
    assert renew(vault, stored).token.access_token == "2"


as_nobody = pytest.mark.skipif(
    os.name != "posix" or os.geteuid() != 0,
    reason="only root can become another user, and root alone writes everywhere",
)


@pytest.fixture
def foreign_home(settings, vault, store):
    """A folder that belongs to another user, who shall run the check, with a vault of two connections in it."""
    store("one")
    store("two")
    folder = Path(tempfile.mkdtemp(prefix="psauth-"))
    home = folder / "home"
    shutil.copytree(settings.home, home)
    for path in [folder, home, *home.iterdir()]:
        os.chown(path, NOBODY, NOBODY)
    yield home
    shutil.rmtree(folder)


@as_nobody
def test_the_check_as_another_user_can_read_its_vault_at_all(settings, foreign_home):
    in_a_child(lambda: Vault.open(settings.with_(home=str(foreign_home))).read("one"), user=NOBODY)


@as_nobody
@pytest.mark.parametrize("what", ["folder", "file", "new"])
def test_a_place_that_cannot_be_written_is_said_and_left_as_it_is(settings, foreign_home, what):
    if what == "folder":
        for lock in foreign_home.glob("*.lock"):
            lock.unlink()
        os.chown(foreign_home, 0, NOBODY)
        foreign_home.chmod(0o750)
    elif what == "file":
        os.chown(foreign_home / "vault.db", 0, NOBODY)
        (foreign_home / "vault.db").chmod(0o640)
    else:
        os.chown(foreign_home.parent, 0, NOBODY)
        foreign_home.parent.chmod(0o750)
    home = foreign_home if what != "new" else foreign_home.parent / "new"
    before = contents(foreign_home.parent)

    def check():
        with pytest.raises(VaultError, match=r"(cannot be written|cannot be used).*[Mm]ake .*writable for you"):
            Vault.open(settings.with_(home=str(home)))

    in_a_child(check, user=NOBODY)
    assert contents(foreign_home.parent) == before


@as_nobody
@pytest.mark.parametrize("what", ["a vault in it", "nothing in it"])
def test_a_folder_that_its_owner_made_read_only_stays_so(settings, foreign_home, what):
    if what == "nothing in it":
        for path in foreign_home.iterdir():
            path.unlink()
    foreign_home.chmod(0o500)
    before = contents(foreign_home)

    def check():
        for _ in range(2):
            with pytest.raises(VaultError, match="[Mm]ake .*writable for you"):
                Vault.open(settings.with_(home=str(foreign_home)))

    in_a_child(check, user=NOBODY)
    assert contents(foreign_home) == before
    assert stat.S_IMODE(foreign_home.stat().st_mode) == 0o500


@as_nobody
def test_a_place_that_becomes_read_only_shows_before_the_refresh_token_is_spent(settings, foreign_home, requests_mock):
    tokens = requests_mock.post("https://app.example/oauth/token", json={"access_token": "2"})
    vault = Vault.open(settings.with_(home=str(foreign_home)))
    stored = vault.read("one")
    for path in [foreign_home, *foreign_home.iterdir()]:
        os.chown(path, 0, NOBODY)
        path.chmod(0o750 if path.is_dir() else 0o640)

    def check():
        with pytest.raises(VaultError):
            renew(vault, stored, because="asked")
        assert not tokens.called

    in_a_child(check, user=NOBODY)


def test_a_database_error_shows_neither_statement_nor_values(vault, service, monkeypatch):
    with vault._writing() as db:
        db.exec_driver_sql("DROP TABLE connections")
    with pytest.raises(VaultError) as caught:
        vault.connect("account-Secret", service, api_key="key-Rt55")
    assert "INSERT" not in str(caught.value)
    assert "account-Secret" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, sa.exc.DBAPIError)
