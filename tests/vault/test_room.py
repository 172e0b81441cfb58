"""Room on the disk that is taken before a token is spent, and given back when the new one cannot be written."""

import errno
import os
import stat
import zlib
from contextlib import contextmanager

import pytest

from psauth.exceptions import VaultError
from psauth.vault import files
from psauth.vault.files import NotOurs, make_folder, open_ours
from psauth.vault.room import Room
from psauth.vault.sqlite import SQLiteStore
from psauth.vault.vault import ROOM
from tests.vault.parts import await_callback, posix


@pytest.fixture
def room(tmp_path):
    return Room(tmp_path / "vault.db-reserve")


def size_of(folder):
    return (folder / "vault.db-reserve").stat().st_size


def test_it_is_on_the_disk_and_cannot_be_made_smaller(room, tmp_path):
    room.take(100_000)
    data = (tmp_path / "vault.db-reserve").read_bytes()
    assert len(data) == 100_000
    assert len(zlib.compress(data)) > 99_000


@posix
def test_it_is_private_and_grows_when_more_is_asked_for(room, tmp_path):
    for size, kept in ((10_000, 10_000), (5_000, 10_000), (70_000, 70_000)):
        room.take(size)
        assert size_of(tmp_path) == kept
    assert stat.S_IMODE((tmp_path / "vault.db-reserve").stat().st_mode) == 0o600


def test_given_back_it_is_empty_until_it_is_taken_again(room, tmp_path):
    assert not room.give_back()
    room.take(10_000)
    assert room.give_back()
    assert size_of(tmp_path) == 0
    assert not room.give_back()
    room.take(10_000)
    assert size_of(tmp_path) == 10_000


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_disk_without_room_keeps_nothing_of_it(room, tmp_path, monkeypatch, call):
    def full(*args):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch, pytest.raises(OSError, match="No space left"):
        patch.setattr(os, call, full)
        room.take(100_000)
    assert size_of(tmp_path) == 0


def test_a_refresh_takes_it_first_and_a_code_that_is_exchanged_too(settings, vault, store, service):
    stored = store(refresh_token="r" * 20_000)
    await_callback(vault, service)
    assert not (settings.home_path / "vault.db-reserve").exists()
    vault.consume("state-1")
    assert size_of(settings.home_path) == ROOM
    vault.attempt(stored)
    assert size_of(settings.home_path) > ROOM + 80_000


@pytest.mark.parametrize("what", ["renew", "connect", "end"])
def test_what_cannot_be_written_is_written_in_the_room_that_was_taken(
    settings, vault, store, service, make_token, monkeypatch, what
):
    stored, real, failed = store(), SQLiteStore.writing, []
    vault.attempt(stored)

    @contextmanager
    def fail_once(self):
        if not failed:
            failed.append(1)
            raise VaultError("The disk is full.")
        with real(self) as db:
            yield db

    monkeypatch.setattr(SQLiteStore, "writing", fail_once)
    if what == "renew":
        assert vault.renew(stored, make_token(access_token="new")).token.access_token == "new"
    elif what == "connect":
        assert vault.connect("default", service, api_key="new").kind == "api_key"
    else:
        vault.end(stored, "over")
    assert failed
    assert size_of(settings.home_path) == 0


def test_without_room_the_first_error_is_the_one_that_is_said(vault, store, monkeypatch):
    stored = store()

    @contextmanager
    def fail(self):
        raise VaultError("The disk is full.")
        yield

    monkeypatch.setattr(SQLiteStore, "writing", fail)
    with pytest.raises(VaultError, match="The disk is full"):
        vault.end(stored, "over")


# Files -----------------------------------------------------------------------------------------------------------------


@posix
def test_what_is_exchanged_while_it_is_opened_is_noticed(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe")
    monkeypatch.setattr(files, "look", lambda path: None)  # it was a file when it was looked at
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    with pytest.raises(NotOurs, match="it is a pipe"):
        open_ours(tmp_path / "pipe", os.O_RDWR)
    if before is not None:
        assert len(os.listdir("/proc/self/fd")) == before


def test_a_folder_that_somebody_makes_at_the_same_moment_is_fine(tmp_path, monkeypatch):
    real = os.mkdir

    def made_before(path, mode=0o777):
        real(path, mode)
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(os, "mkdir", made_before)
    assert not make_folder(tmp_path / "home")
    assert (tmp_path / "home").is_dir()


def test_a_file_that_somebody_makes_at_the_same_moment_is_said(tmp_path, monkeypatch):
    def made_before(path, mode=0o777):
        path.write_text("")
        raise FileExistsError(errno.EEXIST, "File exists")

    monkeypatch.setattr(os, "mkdir", made_before)
    with pytest.raises(FileExistsError):
        make_folder(tmp_path / "home")


def test_the_room_is_filled_to_the_byte_once(tmp_path, monkeypatch):
    room, drawn = Room(tmp_path / "room"), []
    monkeypatch.setattr(os, "urandom", lambda size: drawn.append(size) or b"\xff" * size)
    for size, pieces in [(1, [1]), (1, []), (100, [99]), (100, []), (50, []), (200_000, [65536, 65536, 65536, 3292])]:
        room.take(size)
        assert drawn == pieces
        drawn.clear()
    assert (tmp_path / "room").read_bytes() == b"\xff" * 200_000
    assert room.give_back()
    assert not room.give_back()


def test_what_is_there_already_is_not_even_opened(tmp_path, monkeypatch):
    room = Room(tmp_path / "room")
    room.take(10)
    monkeypatch.setattr("psauth.vault.room.open_ours", lambda *_: 1 / 0)
    room.take(10)
