"""Only regular files of ours are touched: no device, pipe, socket, folder, link to somebody else's, or another program's file."""

import errno
import os
import socket
import sqlite3
import stat
import tempfile
import warnings
from pathlib import Path

import pytest

from psauth import Vault
from psauth.exceptions import VaultError
from psauth.vault.files import make_folder, may_close, open_ours
from tests.vault.parts import NOBODY, contents, in_a_child, posix

pytestmark = posix

as_root = pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can give files to others")


def open_at(settings, path):
    return Vault.open(settings.with_(vault_url=f"sqlite:///{path}"))


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero", "/dev/full", "/dev/tty"])
def test_a_device_is_refused_and_keeps_its_mode(settings, device):
    before = os.stat(device).st_mode, set(os.listdir("/dev"))
    with pytest.raises(VaultError, match="names a device.*Only regular files.*set PSAUTH_VAULT_URL"):
        open_at(settings, device)
    assert (os.stat(device).st_mode, set(os.listdir("/dev"))) == before


def make_pipe(path):
    os.mkfifo(path)


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        made.bind(os.path.relpath(path))


def make_link_to_nothing(path):
    path.symlink_to(path.parent / "nothing")


def make_link_to_a_device(path):
    path.symlink_to("/dev/null")


def make_second_name(path):
    path.with_name("first").write_bytes(b"first")
    os.link(path.with_name("first"), path)


def make_sparse(path):
    path.write_bytes(b"SQLite format 3\0" + bytes(100))
    os.truncate(path, 1 << 40)


ODD = {
    "pipe": make_pipe,
    "socket": make_socket,
    "link to nothing": make_link_to_nothing,
    "link to a device": make_link_to_a_device,
    "second name": make_second_name,
    "sparse": make_sparse,
}
BESIDE = ["vault.db", "vault.db-wal", "vault.db-shm", "vault.db-journal", "vault.db-reserve"]


@pytest.mark.parametrize("kind", ODD)
@pytest.mark.parametrize("name", ["vault.db"])
def test_what_is_no_file_of_ours_is_refused_at_once_and_left_as_it_is(settings, kind, name):
    settings.home_path.mkdir()
    ODD[kind](settings.home_path / name)
    before = sorted((p.name, p.lstat().st_mode, p.lstat().st_size) for p in settings.home_path.iterdir())
    with pytest.raises(VaultError, match=r"cannot be used: it|cannot be used \(|larger than any vault"):
        Vault.open(settings)
    kept = [(p.name, p.lstat().st_mode, p.lstat().st_size) for p in settings.home_path.iterdir() if p.suffix != ".lock"]
    assert sorted(kept) == before


@pytest.mark.parametrize("kind", [kind for kind in ODD if kind != "sparse"])
@pytest.mark.parametrize("name", BESIDE[1:])
def test_the_same_beside_a_vault(settings, vault, store, kind, name):
    stored = store()
    path = settings.home_path / name
    ODD[kind](path)
    with pytest.raises(VaultError, match="cannot be used: it"):
        Vault.open(settings)
    path.unlink()
    assert Vault.open(settings).read() == stored


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to a device", "second name", "folder"])
@pytest.mark.parametrize("name", ["vault.db.open.lock", "the account's"])
def test_the_same_in_the_place_of_a_lock(settings, vault, store, kind, name):
    store()
    with vault.lock("default"):
        names = {p.name for p in settings.home_path.glob("vault.db.account-*.lock")}
    path = settings.home_path / (name if name.startswith("vault") else names.pop())
    path.unlink()
    path.mkdir() if kind == "folder" else ODD[kind](path)
    with pytest.raises(VaultError, match=rf"{path.name} beside it"), Vault.open(settings).lock("default", timeout=0.1):
        pass


@pytest.mark.parametrize("kind", ["pipe", "socket", "link to nothing", "link to a device", "second name", "folder"])
def test_the_same_in_the_place_of_the_key(settings, kind):
    bare = settings.with_(secret_key="")
    settings.home_path.mkdir()
    path = settings.home_path / "vault.key"
    path.mkdir() if kind == "folder" else ODD[kind](path)
    mode = path.lstat().st_mode
    with pytest.raises(VaultError, match=r"vault\.key cannot be read \("):
        Vault.open(bare)
    assert path.lstat().st_mode == mode
    assert not (settings.home_path / "vault.db").exists()


def test_a_key_file_without_end_is_refused(settings):
    settings.home_path.mkdir()
    (settings.home_path / "vault.key").write_bytes(b"A" * 10_000_000)
    with pytest.raises(VaultError, match="damaged: expected 44 characters"):
        Vault.open(settings.with_(secret_key=""))


def test_a_database_of_another_program_keeps_its_mode_its_content_and_its_log(settings):
    settings.home_path.mkdir()
    path = settings.home_path / "vault.db"
    browser = sqlite3.connect(path)
    browser.execute("PRAGMA journal_mode=WAL")
    browser.execute("CREATE TABLE cookies (name)")
    browser.commit()
    browser.execute("PRAGMA wal_checkpoint")
    browser.execute("INSERT INTO cookies VALUES ('mine')")
    browser.commit()
    path.chmod(0o644)
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="not a psauth vault"):
        Vault.open(settings)
    assert contents(settings.home_path) == before
    browser.close()


def test_a_database_of_another_program_that_is_still_in_its_log_is_refused_too(settings):
    settings.home_path.mkdir()
    path = settings.home_path / "vault.db"
    browser = sqlite3.connect(path)
    browser.execute("PRAGMA journal_mode=WAL")
    browser.execute("CREATE TABLE cookies (name)")
    browser.commit()
    with pytest.raises(VaultError, match="is a database, but not a psauth vault"):
        Vault.open(settings)
    assert browser.execute("SELECT count(*) FROM cookies").fetchone() == (0,)
    browser.close()


def test_whoever_is_not_root_gives_nothing_away(tmp_path, monkeypatch):
    given = []
    monkeypatch.setattr(os, "chown", lambda path, *_: given.append(path))
    monkeypatch.setattr(os, "fchown", lambda file, *_: given.append(file))
    monkeypatch.setattr(os, "geteuid", lambda: 4711)
    make_folder(tmp_path / "home")
    os.close(open_ours(tmp_path / "file", os.O_RDWR | os.O_CREAT))
    assert given == []


@pytest.mark.parametrize("for_all", [False, True])
@pytest.mark.parametrize("owner", [0, 4711])
def test_root_gives_to_the_folders_owner_unless_it_is_for_everybody(tmp_path, monkeypatch, for_all, owner):
    folders, files_given, real = [], [], os.stat

    def stat_of(path, **how):
        found = list(real(path, **how))
        if str(path) == str(tmp_path):
            found[0] = stat.S_IFDIR | (0o1777 if for_all else 0o700)
            found[4], found[5] = owner, owner + 1
        return os.stat_result(found)

    def fstat_of(file):
        found = list(real(file))
        found[4] = 0
        return os.stat_result(found)

    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", lambda path, *ids: folders.append((path.name, *ids)))
    monkeypatch.setattr(os, "fchown", lambda file, *ids: files_given.append(ids))
    monkeypatch.setattr(os, "fstat", fstat_of)
    monkeypatch.setattr(os, "stat", stat_of)
    make_folder(tmp_path / "home")
    os.close(open_ours(tmp_path / "file", os.O_RDWR | os.O_CREAT))
    assert folders == ([] if for_all else [("home", owner, owner + 1)])
    assert files_given == ([] if for_all or owner == 0 else [(owner, owner + 1)])


def test_what_is_only_read_is_given_to_nobody(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(b"")
    monkeypatch.setattr("psauth.vault.files._hand_over", lambda *_: pytest.fail("it was there before"))
    os.close(open_ours(tmp_path / "file", os.O_RDONLY))


def test_what_a_drive_lets_nobody_give_away_stays_with_root(tmp_path, monkeypatch):
    def refuse(*_):
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))

    real = os.stat
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(os, "chown", refuse)
    monkeypatch.setattr(os, "fchown", refuse)
    monkeypatch.setattr(os, "stat", lambda path, **how: owned_by(4711, real(path, **how)))
    monkeypatch.setattr(os, "fstat", lambda file: owned_by(0, real(file)))
    assert make_folder(tmp_path / "home")
    os.close(open_ours(tmp_path / "home" / "file", os.O_RDWR | os.O_CREAT))
    assert (tmp_path / "home" / "file").is_file()


def owned_by(owner, status):
    return os.stat_result([*status[:4], owner, owner, *status[6:]])


def test_a_link_to_a_file_of_our_own_is_followed(settings, tmp_path):
    real = Vault.open(settings.with_(home=str(tmp_path / "real")))
    real.amend_budget("mine", lambda _: ("kept", None))
    settings.home_path.mkdir()
    (settings.home_path / "vault.db").symlink_to(tmp_path / "real" / "vault.db")
    assert Vault.open(settings).amend_budget("mine", lambda text: (text, text)) == "kept"


@as_root
def test_a_link_to_somebody_elses_file_is_refused(settings, tmp_path):
    other = tmp_path / "other"
    other.write_bytes(b"")
    os.chown(other, NOBODY, NOBODY)
    other.chmod(0o644)
    settings.home_path.mkdir()
    (settings.home_path / "vault.db").symlink_to(other)
    with pytest.raises(VaultError, match="a link to somebody else's file"):
        Vault.open(settings)
    assert (other.read_bytes(), stat.S_IMODE(other.stat().st_mode)) == (b"", 0o644)


@as_root
def test_what_root_makes_in_somebodys_home_belongs_to_them(settings):
    with tempfile.TemporaryDirectory(prefix="psauth-") as place:
        os.chown(place, NOBODY, NOBODY)
        theirs = settings.with_(secret_key="", home=os.path.join(place, "deep", "home"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            vault = Vault.open(theirs)
        with vault.lock("default"):
            pass
        owners = {path.name: path.stat().st_uid for path in Path(place).rglob("*")}
        assert set(owners.values()) == {NOBODY}, owners
        in_a_child(lambda: Vault.open(theirs).connections(), user=NOBODY)


@pytest.mark.parametrize("umask", [0, 0o022, 0o077], ids=oct)
def test_each_folder_that_is_made_is_private(tmp_path, umask):
    before = os.umask(umask)
    try:
        assert make_folder(tmp_path / "a" / "b" / "c")
        assert not make_folder(tmp_path / "a" / "b" / "c")
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("a", "a/b", "a/b/c")]
    assert set(modes) == {0o700}


def test_a_file_in_the_place_of_a_folder_is_said(settings):
    settings.home_path.write_text("a file")
    for home in (settings.home_path, settings.home_path / "deeper"):
        with pytest.raises(VaultError, match="A file or a folder stands where the other was expected"):
            Vault.open(settings.with_(home=str(home)))
    assert settings.home_path.read_text() == "a file"


def test_a_folder_for_everybody_and_a_home_keep_their_modes(settings, tmp_path):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    for home in (shared, tmp_path):
        mode = home.stat().st_mode
        assert not may_close(home)
        for _ in range(2):
            Vault.open(settings.with_(home=str(home)))
        assert home.stat().st_mode == mode
    assert not may_close(tmp_path.parents[-1])


def test_a_vault_that_was_deleted_under_an_open_one_is_missed_and_not_made_anew(settings, vault, store):
    store()
    (settings.home_path / "vault.db").unlink()
    with pytest.raises(VaultError, match="The file is gone; restore it"):
        vault.read()
    assert not (settings.home_path / "vault.db").exists()
