"""The file with the app's address and start token: for its owner alone, whole or not there, and gone with its app."""

import os
import stat

import pytest

from psauth.auth.entrance import entrance_of, find_entrances, forget_entrance, keep_entrance
from psauth.secret import Secret
from tests.vault.parts import posix


def test_an_entrance_is_found_again_by_its_port_and_does_not_show_itself(tmp_path):
    entrance = entrance_of("http://localhost:8501", "token-Kd93")
    assert entrance == "http://localhost:8501/?token=token-Kd93"
    assert "token-Kd93" not in repr(entrance)
    keep_entrance(tmp_path / "home", 8501, entrance)
    keep_entrance(tmp_path / "home", 8502, "http://localhost:8502/?token=other")
    found = find_entrances(tmp_path / "home")
    assert found == {8501: entrance, 8502: "http://localhost:8502/?token=other"}
    assert all(isinstance(address, Secret) for address in found.values())


@posix
def test_an_entrance_is_private_and_replaces_an_older_one_even_a_link(tmp_path):
    (tmp_path / "app-8501.entrance").symlink_to(tmp_path / "elsewhere")
    keep_entrance(tmp_path, 8501, "http://localhost:8501/?token=new")
    (file,) = tmp_path.iterdir()
    assert file.name == "app-8501.entrance"
    assert not file.is_symlink()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_app_forgets_its_own_entrance_alone(tmp_path):
    keep_entrance(tmp_path, 8501, "http://localhost:8501/?token=later")
    forget_entrance(tmp_path, 8501, "http://localhost:8501/?token=earlier")
    assert find_entrances(tmp_path)
    forget_entrance(tmp_path, 8501, "http://localhost:8501/?token=later")
    assert find_entrances(tmp_path) == {}
    forget_entrance(tmp_path, 8501, "http://localhost:8501/?token=later")


def test_an_entrance_that_cannot_be_written_leaves_nothing_behind(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", fail)
    with pytest.raises(OSError, match="No space left"):
        keep_entrance(tmp_path, 8501, "http://localhost:8501/?token=t")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    "name", ["app-x.entrance", "app-.entrance", "app-8501.new", "app-٣.entrance", "app-1.entrance"]
)
def test_what_is_no_entrance_is_passed_over(tmp_path, name):
    (tmp_path / name).write_bytes(b"\xff" if name == "app-1.entrance" else b"http://localhost/")
    (tmp_path / "app-2.entrance").write_text("not an address")
    (tmp_path / "app-3.entrance").mkdir()
    assert find_entrances(tmp_path) == {}
