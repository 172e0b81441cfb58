"""What the vault says, word for word: what was wrong, what is left as it is, and the next step."""

import errno
import os
import sqlite3

import pytest
import sqlalchemy as sa

from psauth import Vault
from psauth.exceptions import ArgumentError, SettingsError, VaultError
from psauth.vault import disk
from psauth.vault.databases import find_store
from psauth.vault.files import NotOurs, look
from tests.vault.parts import posix, said

KEPT = "nothing was deleted or overwritten."
BEGIN_ANEW = f"{KEPT} To begin anew, move {{}} away, then type: psauth login"
DAMAGED = f"it is damaged. Restore it from a backup; {BEGIN_ANEW}"
EXPECTED = "Expected a SQLite file, like sqlite:///path/to/vault.db"
ELSEWHERE = "set PSAUTH_HOME to a folder on a disk of this machine (PSAUTH_HOME=/its/path)"
ELSEWHERE_FILE = (
    "set PSAUTH_VAULT_URL to a file on a disk of this machine (PSAUTH_VAULT_URL=sqlite:////its/path/vault.db)"
)


# Addresses ----------------------------------------------------------------------------------------------------------

ADDRESSES = {
    "no address": ("vault.db", f"PSAUTH_VAULT_URL is not a database address. {EXPECTED}."),
    "no scheme": ("://host", f"PSAUTH_VAULT_URL is not a database address. {EXPECTED}."),
    "another database": (
        "mysql://me:secret@host/db",
        f"PSAUTH_VAULT_URL names the database 'mysql', which psauth does not know. {EXPECTED}.",
    ),
    "another driver": (
        "sqlite+aio:///v.db",
        f"PSAUTH_VAULT_URL names the driver 'aio', which psauth does not use. Leave it out. {EXPECTED}.",
    ),
    "no file": ("sqlite:///", f"PSAUTH_VAULT_URL names no file. {EXPECTED}: the vault is shared between processes."),
    "memory": (
        "sqlite:///:memory:",
        f"PSAUTH_VAULT_URL names no file. {EXPECTED}: the vault is shared between processes.",
    ),
    "two slashes": (
        "sqlite://v",
        f"PSAUTH_VAULT_URL names no file. {EXPECTED}: the vault is shared between processes.",
    ),
    "nobody's home": ("sqlite:///~nobody-9/v.db", f"PSAUTH_VAULT_URL names a home folder that nobody has. {EXPECTED}."),
}


@pytest.mark.parametrize("what", ADDRESSES)
def test_an_address_that_names_no_vault(settings, what):
    address, sentence = ADDRESSES[what]
    assert said(lambda: find_store(settings.with_(vault_url=address)), SettingsError) == sentence


@pytest.mark.parametrize("address", ["sqlite:///{}/v.db", "SQLite+pysqlite:///{}/v.db"])
def test_the_advice_of_a_vault_at_an_address_names_the_address(settings, tmp_path, address):
    store = find_store(settings.with_(vault_url=address.format(tmp_path)))
    (tmp_path / "v.db").symlink_to("nothing")
    assert said(store.prepare) == (
        f"PSAUTH_VAULT_URL (from keyword) is {address.format(tmp_path)!r}, which names a link to nothing. Expected a file for "
        f"the vault. Only regular files of your own are used and changed; {ELSEWHERE_FILE}; {KEPT}"
    )


def test_what_is_no_settings():
    assert said(lambda: Vault.open("x"), ArgumentError) == (
        "'x' is no settings. Expected psauth.Settings(…), or the .settings of a sandbox."
    )


# Files --------------------------------------------------------------------------------------------------------------


@posix
@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda p: os.mkfifo(p), "it is a pipe"),
        (lambda p: p.symlink_to("/dev/null"), "it is a link to somebody else's file|it is a device"),
        (lambda p: p.symlink_to("nothing"), "it is a link to nothing"),
        (
            lambda p: (p.with_name("first").touch(), os.link(p.with_name("first"), p)),
            "it has a second name, a hard link, under which others would change it",
        ),
    ],
)
def test_what_is_no_file_of_ours(settings, make, what):
    settings.home_path.mkdir()
    path = settings.home_path / "vault.db"
    make(path)
    rest = f"Only regular files of your own are used and changed. Move it away, or {ELSEWHERE}; {KEPT}"
    assert said(lambda: Vault.open(settings)) in [
        f"The vault {path} cannot be used: {one}. {rest}" for one in what.split("|")
    ]


@posix
@pytest.mark.parametrize(
    ("mode", "what"),
    [
        (0o060000, "a device"),
        (0o020000, "a device"),
        (0o140000, "a socket"),
        (0o040000, "a folder"),
        (0o010000, "a pipe"),
        (0o160000, "no file"),
    ],
)
def test_the_kinds_of_what_is_no_file(tmp_path, monkeypatch, mode, what):
    monkeypatch.setattr(os, "lstat", lambda _: os.stat_result((mode, 0, 0, 1, 0, 0, 0, 0, 0, 0)))
    with pytest.raises(NotOurs) as refusal:
        look(tmp_path)
    assert (refusal.value.errno, refusal.value.strerror) == (errno.EINVAL, f"it is {what}")


@posix
def test_a_link_to_somebody_elses_file(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("file")
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    with pytest.raises(NotOurs, match="^.*it is a link to somebody else's file$"):
        look(tmp_path / "link")


def test_a_folder_in_the_place_of_the_vault(settings):
    path = settings.home_path / "vault.db"
    path.mkdir(parents=True)
    assert said(lambda: Vault.open(settings)) == (
        f"The vault's place {path} is a folder. Set PSAUTH_VAULT_URL to a file."
    )


REMEDIES = {
    NotOurs("it is a pipe"): f"Only regular files of your own are used and changed. Move it away, or {ELSEWHERE}",
    OSError(errno.ENOSPC, ""): "The disk is full; make room and try again",
    OSError(errno.EROFS, ""): f"Its file system is read-only; {ELSEWHERE}",
    OSError(
        errno.ENOLCK, ""
    ): f"Files cannot be locked there, as on some network drives and shared folders; {ELSEWHERE}",
    OSError(errno.ENAMETOOLONG, ""): f"The name is too long; {ELSEWHERE}",
    OSError(errno.EACCES, ""): f"Make it and its folder writable for you, or {ELSEWHERE}",
    **{
        OSError(number, ""): f"Its drive does not answer; connect it again, or {ELSEWHERE}"
        for number in (errno.ESTALE, errno.ETIMEDOUT, errno.EIO)
    },
    **{
        OSError(number, ""): f"A file or a folder stands where the other was expected. Move it away, or {ELSEWHERE}"
        for number in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ELOOP)
    },
}


@pytest.mark.parametrize("error", REMEDIES, ids=lambda error: errno.errorcode[error.errno])
def test_what_to_do_about_an_error_of_the_file_system(error):
    assert disk.remedy(error, elsewhere=ELSEWHERE) == REMEDIES[error]


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError(5, "Some words"), "Some words"), (OSError("own words"), "own words"), (OSError(), "OSError")],
)
def test_what_an_error_of_the_file_system_is_called(error, words):
    assert disk.describe(error) == words


def test_a_home_below_a_file(settings, tmp_path):
    (tmp_path / "file").touch()
    assert said(lambda: Vault.open(settings.with_(home=str(tmp_path / "file" / "home")))) == (
        f"The vault's folder {tmp_path}/file/home cannot be used (Not a directory). A file or a folder stands where the "
        f"other was expected. Move it away, or {ELSEWHERE}."
    )


def test_a_folder_in_the_place_of_a_lock(settings, vault):
    path = settings.home_path / "vault.db.open.lock"
    path.unlink()
    path.mkdir()
    rest = (
        f"(it is a folder). Only regular files of your own are used and changed. Move it away, or {ELSEWHERE}; {KEPT}"
    )
    assert said(lambda: Vault.open(settings)) == (
        f"The vault {vault.place} cannot be written because of vault.db.open.lock beside it {rest}"
    )
    (settings.home_path / "vault.db-reserve").unlink(missing_ok=True)
    (settings.home_path / "vault.db-reserve").mkdir()
    assert said(lambda: vault._store.take_room(1)) == f"The vault {vault.place} cannot be written {rest}"


# The database -------------------------------------------------------------------------------------------------------


def run(path, *statements):
    db = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        db.execute(statement)
    db.close()


def write(path, content):
    path.write_bytes(content)


DAMAGES = {
    "no database": (
        lambda p: write(p, b"x" * 200),
        f"The vault {{}} cannot be used (file is not a database): {DAMAGED}",
    ),
    "another program's": (
        lambda p: (p.unlink(), run(p, "CREATE TABLE invoices (id)")),
        f"{{}} is a database, but not a psauth vault. Set PSAUTH_VAULT_URL to another file; {BEGIN_ANEW}",
    ),
    "a giant": (
        lambda p: os.truncate(p, 1 << 31),
        f"{{}} is larger than any vault. Set PSAUTH_VAULT_URL to another file; {BEGIN_ANEW}",
    ),
    "emptied": (
        lambda p: write(p, b""),
        f"The vault {{}} is empty, but there were connections in it: {DAMAGED}",
    ),
    "a journal": (
        lambda p: write(p.with_name("vault.db-journal"), b"x" * 600),
        "Beside the vault {} lies a journal of another program, which would change it. Move {}-journal away and try "
        f"again; {KEPT}",
    ),
    "a newer one": (
        lambda p: run(p, "UPDATE meta SET value = x'34' WHERE name = 'schema'"),
        f"The vault {{}} has schema '4'; this psauth reads 3. Update psauth; {KEPT}",
    ),
    "no version": (
        lambda p: run(p, "DELETE FROM meta WHERE name = 'schema'"),
        f"The vault {{}} has schema 'none', which no psauth writes: {DAMAGED}",
    ),
    "other tables": (
        lambda p: run(p, "CREATE VIEW v AS SELECT 1"),
        f"The vault {{}} was changed by another program: it has a view 'v'. Restore it from a backup; {BEGIN_ANEW}",
    ),
    "a canary too few": (
        lambda p: run(p, "DELETE FROM meta WHERE name = 'canary'"),
        f"The key from PSAUTH_SECRET_KEY does not open the vault {{}}. Use the key it was made with; {BEGIN_ANEW}",
    ),
}


@pytest.mark.parametrize("what", DAMAGES)
def test_a_vault_that_is_not_opened(settings, vault, what):
    damage, sentence = DAMAGES[what]
    damage(settings.home_path / "vault.db")
    assert said(lambda: Vault.open(settings)) == sentence.format(vault.place, vault.place)


def test_a_vault_that_is_not_whole(settings, vault, store):
    store()
    run(
        settings.home_path / "vault.db",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_master SET sql = replace(sql, 'kind VARCHAR NOT', 'kind VARCHAR CHECK (kind IS NULL) NOT')",
    )
    assert said(lambda: Vault.open(settings)) == (
        f"The vault {vault.place} is damaged (CHECK constraint failed in connections). Restore it from a backup; "
        f"{BEGIN_ANEW.format(vault.place)}"
    )


def test_a_row_that_does_not_belong_there(settings, vault, store):
    store()
    run(settings.home_path / "vault.db", "UPDATE connections SET service = credential")
    assert said(vault.read) == (
        f"A record in the vault {vault.place} cannot be decrypted: it is damaged, or the key was changed in the middle. "
        f"Restore the vault or its key from a backup; nothing was changed. To begin anew, move {vault.place} away, then type: "
        "psauth login"
    )


def test_a_row_that_is_gone(settings, vault, store):
    store()
    run(settings.home_path / "vault.db", "DELETE FROM connections")
    assert said(vault.read) == (
        f"The connections in the vault {vault.place} are not those that psauth wrote: one is missing, or was put there by "
        f"another program. Restore the vault from a backup; {BEGIN_ANEW.format(vault.place)}"
    )


WORDS = {
    "database is locked": (
        f"Another program holds it; close it and try again. If it lies on a network drive, {ELSEWHERE}"
    ),
    "database or disk is full": "The disk is full; make room and try again",
    "locking protocol": f"Files cannot be locked there, as on some network drives and shared folders; {ELSEWHERE}",
    "attempt to write a readonly database": "Make the file and its folder writable for you",
    "unable to open database file": "Make the file and its folder writable for you",
    "something \x1b[31m\n  else": f"Look after the file and its disk, or {ELSEWHERE}",
}


def raise_from_sqlite(words):
    raise sa.exc.OperationalError("SELECT", {}, sqlite3.OperationalError(words))


@pytest.mark.parametrize("words", WORDS)
def test_what_sqlite_says_is_turned_into_what_to_do(vault, words):
    def ask():
        with vault._reading():
            raise_from_sqlite(words)

    shown = words.replace("\x1b[31m\n  ", " [31m ")
    assert said(ask) == f"The vault {vault.place} cannot be used ({shown}). {WORDS[words]}; {KEPT}"


@pytest.mark.parametrize(
    "words", ["database disk image is malformed", "file is not a database", "string or blob too big"]
)
def test_what_sqlite_says_of_damage_says_how_to_begin_anew(vault, words):
    with pytest.raises(VaultError) as refusal, vault._reading():
        raise_from_sqlite(words)
    assert str(refusal.value) == f"The vault {vault.place} cannot be used ({words}): {DAMAGED.format(vault.place)}"


def test_an_error_that_is_not_of_sqlite_is_damage(vault):
    def ask():
        with vault._reading():
            raise sa.exc.NoResultFound("secret")

    assert (
        said(ask) == f"The vault {vault.place} cannot be used (malformed: NoResultFound): {DAMAGED.format(vault.place)}"
    )


def test_a_read_only_drive(vault, monkeypatch):
    monkeypatch.setattr(disk, "is_read_only", lambda folder: True)
    assert said(lambda: _within(vault, "attempt to write a readonly database")) == (
        f"The vault {vault.place} cannot be used (attempt to write a readonly database). Its file system is read-only; "
        f"{ELSEWHERE}; {KEPT}"
    )


def _within(vault, words):
    with vault._writing():
        raise_from_sqlite(words)


def test_a_file_that_is_gone_and_its_folder_too(settings, vault):
    os.unlink(vault.place)
    assert said(vault.connections) == (
        f"The vault {vault.place} cannot be used (unable to open database file). The file is gone; restore it from a "
        f"backup, or begin anew with: psauth login; {KEPT}"
    )
    for path in settings.home_path.iterdir():
        path.unlink()
    settings.home_path.rmdir()
    assert said(vault.connections) == (
        f"The vault {vault.place} is gone, with its folder. A sandbox that has stopped takes its vault along: start it "
        "again, and call psauth.connect(settings=box.settings). Any other folder is restored from a backup."
    )


def test_a_process_that_was_forked_in_the_middle(vault, monkeypatch):
    monkeypatch.setattr("psauth.vault.forking.GATE.is_torn", True)
    assert said(lambda: vault.forget("default")) == (
        f"This process was forked while another thread wrote to a vault, and cannot write to {vault.place}. Start worker "
        "processes with multiprocessing.get_context('spawn')."
    )
