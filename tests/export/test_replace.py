"""A file appears whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from psauth.exceptions import ArgumentError, FileNotWritten
from psauth.export.replace import replaced, replaced_by, whole_path


def write(path: Path, data: bytes = b"new") -> None:
    with replaced(path) as stream:
        stream.write(data)


def test_a_file_appears_with_what_was_written(tmp_path: Path) -> None:
    write(tmp_path / "x.xlsx")
    assert (tmp_path / "x.xlsx").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["x.xlsx"]


def test_what_stood_there_stays_until_the_new_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")
    with replaced(path) as stream:
        stream.write(b"half")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"half"


def test_an_error_leaves_what_stood_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")

    def broken() -> None:
        with replaced(path) as stream:
            stream.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        broken()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.xlsx"]


def test_the_mode_of_a_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")
    path.chmod(0o640)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_link_goes_on_pointing_to_its_file(tmp_path: Path) -> None:
    (tmp_path / "real.xlsx").write_bytes(b"old")
    link = tmp_path / "link.xlsx"
    link.symlink_to(tmp_path / "real.xlsx")
    write(link)
    assert link.is_symlink()
    assert (tmp_path / "real.xlsx").read_bytes() == b"new"


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotWritten, match=r"there is no folder .*nowhere\. Create the folder first"):
        write(tmp_path / "nowhere" / "x.xlsx")


@pytest.mark.parametrize("program", [False, True], ids=["written", "opened by a program"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path, program):
    (tmp_path / "file").write_text("kept")
    way = replaced_by if program else replaced
    with (
        pytest.raises(FileNotWritten, match=r"file is a file, and not a folder\. Choose another folder"),
        way(tmp_path / "file" / "x.csv"),
    ):
        raise AssertionError("nobody may begin to write")
    assert (tmp_path / "file").read_text() == "kept"


def test_a_folder_that_is_not_there_is_said_before_a_program_opens_its_file(tmp_path):
    with pytest.raises(FileNotWritten, match="there is no folder .*nowhere"), replaced_by(tmp_path / "nowhere" / "x"):
        raise AssertionError("nobody may begin to write")


def test_a_folder_or_a_device_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "x.xlsx").mkdir()
    for path in (tmp_path / "x.xlsx", Path(os.devnull)):
        with pytest.raises(FileNotWritten, match="there is a folder or a device of that name"):
            write(path)
    assert not Path(os.devnull).is_file()


@pytest.mark.parametrize("step", ["pathlib.Path.open", "pathlib.Path.replace"])
def test_a_file_that_is_open_elsewhere_or_forbidden_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")

    def forbidden(*_: object) -> None:
        raise PermissionError(13, "Access is denied")

    with (
        monkeypatch.context() as patched,
        pytest.raises(FileNotWritten, match="Close the file if a program such as Excel"),
    ):
        patched.setattr(step, forbidden)
        write(path)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["x.xlsx"]


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    def full() -> None:
        with replaced(tmp_path / "x.xlsx"):
            raise OSError(28, "No space left on device")

    with pytest.raises(FileNotWritten, match="the disk is full. Make room"):
        full()


def test_the_home_folder_of_nobody_is_said() -> None:
    with pytest.raises(ArgumentError, match=r"'~no-such-person/x\.xlsx' is in a home folder that nobody has"):
        whole_path("~no-such-person/x.xlsx", like="x.xlsx")


def test_a_program_may_open_the_draft_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "x.duckdb"
    path.write_bytes(b"old")
    with replaced_by(path) as draft:
        assert draft.parent == tmp_path
        assert not draft.exists()
        draft.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert [*tmp_path.iterdir()] == [path]


def test_a_file_that_may_only_be_read_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(b"old")
    # Whoever runs this may be an administrator, to whom the system permits everything; so its answer is set.
    with monkeypatch.context() as patched, pytest.raises(FileNotWritten, match="that is not permitted"):
        patched.setattr("os.access", lambda *_: False)
        write(path)
    assert path.read_bytes() == b"old"
