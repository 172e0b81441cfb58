"""Homes on drives that are no local disk: network folders without locks, read-only, full or gone. One sentence, one way out."""

import errno
import fcntl
import os
import sqlite3
import warnings
from types import SimpleNamespace

import pytest
import sqlalchemy as sa

from psauth import Vault
from psauth.exceptions import VaultError
from tests.vault.parts import contents, posix

pytestmark = posix


def failing(number):
    def fail(*args, **kwargs):
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize(
    "number", [errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS], ids=errno.errorcode.get
)
@pytest.mark.parametrize("address", [False, True], ids=["home", "address"])
def test_a_folder_whose_files_cannot_be_locked_is_said_with_the_way_out(
    settings, tmp_path, monkeypatch, number, address
):
    if address:
        settings = settings.with_(vault_url=f"sqlite:///{tmp_path / 'share' / 'v.db'}")
    monkeypatch.setattr(fcntl, "flock", failing(number))
    out = "PSAUTH_VAULT_URL" if address else "PSAUTH_HOME"
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # no other word
        with pytest.raises(VaultError, match=f"cannot be locked there.*network.*set {out} to .*on a disk of this"):
            Vault.open(settings)


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOTSUP], ids=errno.errorcode.get)
def test_a_lock_of_a_connection_that_cannot_be_taken_leaves_no_file_open(vault, monkeypatch, number):
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    monkeypatch.setattr(fcntl, "flock", failing(number))
    with pytest.raises(VaultError, match="cannot be locked"), vault.lock("default"):
        pass
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before


SAID = {
    errno.EROFS: "file system is read-only; set PSAUTH_HOME",
    errno.ESTALE: "drive does not answer; connect it again, or set PSAUTH_HOME",
    errno.EIO: "drive does not answer",
    errno.ETIMEDOUT: "drive does not answer",
    errno.ENOSPC: "disk is full; make room",
    errno.EDQUOT: "disk is full; make room",
    errno.EACCES: "Make it and its folder writable for you",
    errno.EPERM: "Make it and its folder writable for you",
}


@pytest.mark.parametrize("number", SAID, ids=errno.errorcode.get)
@pytest.mark.parametrize("moment", ["making the folder", "making the file"])
def test_what_the_file_system_says_is_turned_into_what_to_do(settings, monkeypatch, number, moment):
    if moment == "making the folder":
        monkeypatch.setattr(os, "mkdir", failing(number))
    else:
        real = os.open

        def fail_for_the_vault(path, flags, *args, **kwargs):
            if str(path).endswith("vault.db"):
                raise OSError(number, os.strerror(number))
            return real(path, flags, *args, **kwargs)

        monkeypatch.setattr(os, "open", fail_for_the_vault)
    with pytest.raises(VaultError, match=SAID[number]) as caught:
        Vault.open(settings)
    assert settings.home in str(caught.value)
    assert "\n" not in str(caught.value)


def error_of_sqlite(text, name=""):
    error = sqlite3.OperationalError(text)
    if name:
        error.sqlite_errorname = name
    return sa.exc.OperationalError("SELECT secret", {}, error)


NETWORK = [
    ("locking protocol", ""),
    ("locking protocol", "SQLITE_PROTOCOL"),
    ("disk I/O error", "SQLITE_IOERR_LOCK"),
    ("disk I/O error", "SQLITE_IOERR_RDLOCK"),
    ("disk I/O error", "SQLITE_IOERR_SHMLOCK"),
    ("disk I/O error", "SQLITE_IOERR_SHMMAP"),
    ("disk I/O error", "SQLITE_IOERR_SHMOPEN"),
    ("disk I/O error", "SQLITE_IOERR_SHMSIZE"),
    ("large file support is disabled", "SQLITE_NOLFS"),
]


@pytest.mark.parametrize(("text", "name"), NETWORK)
def test_sqlites_words_for_a_drive_without_locks_are_turned_into_what_to_do(vault, text, name):
    said = r"cannot be locked there.*set PSAUTH_HOME.*nothing was deleted"
    with pytest.raises(VaultError, match=said) as caught, vault._reading():
        raise error_of_sqlite(text, name)
    assert "SELECT" not in str(caught.value)
    assert caught.value.__suppress_context__


def test_a_vault_that_is_locked_names_both_causes(vault):
    with pytest.raises(VaultError, match=r"Another program holds it.*network drive, set PSAUTH_HOME"), vault._writing():
        raise error_of_sqlite("database is locked", "SQLITE_BUSY")


@pytest.mark.parametrize("text", ["attempt to write a readonly database", "unable to open database file"])
@pytest.mark.parametrize(
    ("flags", "said"),
    [(os.ST_RDONLY, "file system is read-only; set PSAUTH_HOME"), (0, "Make the file and its folder")],
)
def test_a_read_only_drive_is_told_from_a_file_that_may_not_be_written(vault, monkeypatch, text, flags, said):
    room = {"f_frsize": 4096, "f_blocks": 10**6, "f_bfree": 10**6, "f_bavail": 10**6}
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_flag=flags, **room))
    with pytest.raises(VaultError, match=said), vault._writing():
        raise error_of_sqlite(text)


def test_a_full_drive_is_told_from_one_without_locks(vault, monkeypatch):
    monkeypatch.setattr("psauth.vault.disk.shutil.disk_usage", lambda _: SimpleNamespace(free=0))
    with pytest.raises(VaultError, match="The disk is full"), vault._writing():
        raise error_of_sqlite("disk I/O error", "SQLITE_IOERR_SHMSIZE")


def test_a_failed_opening_leaves_an_existing_vault_as_it_is(settings, vault, store, monkeypatch):
    stored = store()
    before = contents(settings.home_path)
    with monkeypatch.context() as patch, pytest.raises(VaultError):
        patch.setattr(fcntl, "flock", failing(errno.ENOLCK))
        Vault.open(settings)
    assert contents(settings.home_path) == before
    assert Vault.open(settings).read() == stored
