"""What a drive cannot do, in words; and what nobody can tell about it is not claimed."""

import errno
import os
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from psauth.vault import at_rest, disk, locks
from psauth.vault.connection import Connection
from tests.vault.parts import posix


def failing(*args, **kwargs):
    raise OSError(errno.EIO, "Input/output error")


def test_a_folder_is_gone_when_it_is_not_there_and_only_then(tmp_path, monkeypatch):
    assert disk.is_gone(tmp_path / "nowhere")
    assert not disk.is_gone(tmp_path)
    monkeypatch.setattr("pathlib.Path.stat", failing)
    assert not disk.is_gone(tmp_path / "nowhere")


def test_what_a_drive_does_not_say_is_not_claimed(tmp_path, monkeypatch):
    monkeypatch.setattr("psauth.vault.disk.shutil.disk_usage", failing)
    assert not disk.is_full(tmp_path)
    monkeypatch.setattr(os, "statvfs", failing, raising=False)
    assert not disk.is_read_only(tmp_path)


@pytest.mark.parametrize(
    ("number", "said"), [(errno.ENAMETOOLONG, "name is too long"), (errno.EISDIR, "A file or a folder stands where")]
)
def test_each_error_has_a_remedy(number, said):
    assert said in disk.remedy(OSError(number, os.strerror(number)), elsewhere="go elsewhere")


def test_a_file_that_cannot_be_looked_at_tells_no_tables(tmp_path):
    assert at_rest.read_names(tmp_path / "nowhere.db") == set()


def test_a_lock_that_was_never_made_has_no_mark(tmp_path):
    assert locks.read_mark(tmp_path / "no.lock") == ""


@posix
def test_a_process_that_is_not_there_is_not_stopped():
    assert not locks._is_stopped("999999999")


def test_a_connection_shows_itself_without_a_credential(service):
    connection = Connection.unstored("default", service)
    assert connection._repr_html_().count("<tr>") == 6
    assert service.client_secret not in connection._repr_html_() + repr(service)
    assert connection.created_at - datetime.now(UTC) < timedelta(seconds=5)


def test_a_disk_with_room_for_one_more_page_is_not_full(tmp_path, monkeypatch):
    for free, is_full in [(disk.PAGE - 1, True), (disk.PAGE, False)]:
        monkeypatch.setattr("psauth.vault.disk.shutil.disk_usage", lambda _, free=free: SimpleNamespace(free=free))
        assert disk.is_full(tmp_path) is is_full


def test_an_error_that_this_system_does_not_know_is_left_out():
    assert disk._numbers("ENOSPC", "ENOSUCHERROR", "EIO") == {errno.ENOSPC, errno.EIO}
