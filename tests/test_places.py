"""Places that are no whole paths: a keyword's begins in the working folder, any other is refused with the line to write."""

import pickle
import re

import pytest

import psauth
from psauth.exceptions import SettingsError

RELATIVE = [
    ("vault_url", "sqlite:///x.db", "sqlite:///{}/x.db"),
    ("vault_url", "sqlite:///./deep/x.db", "sqlite:///{}/deep/x.db"),
    ("vault_url", "SQLite+pysqlite:///x.db", "SQLite+pysqlite:///{}/x.db"),
    ("home", "data", "{}/data"),
    ("home", "../data", "{}/../data"),
    ("home", ".", "{}"),
    ("home", "a:b", "{}/a:b"),
]
WHOLE = [
    ("vault_url", "sqlite:////srv/x.db"),
    ("vault_url", "sqlite:///~/x.db"),
    ("vault_url", "sqlite:///:memory:"),  # refused elsewhere, with other words
    ("vault_url", "postgresql://me@db/psauth"),
    ("vault_url", ""),
    ("home", "/srv/data"),
    ("home", "~/data"),
    ("home", ""),
]


@pytest.mark.parametrize(("name", "value", "whole"), RELATIVE)
def test_the_environment_may_name_no_place_that_is_another_one_in_each_folder(
    monkeypatch, tmp_path, name, value, whole
):
    variable = f"PSAUTH_{name.upper()}"
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as refusal:
        psauth.Settings()
    assert str(refusal.value) == (
        f"{variable} (from environment) is {value!r}, which is another place in each working folder. Expected a whole path. "
        f"Write {variable}={whole.format(tmp_path)}"
    )
    monkeypatch.setenv(variable, re.search(r"Write \w+=(.*)", str(refusal.value))[1])
    psauth.Vault.open()


@pytest.mark.parametrize(("name", "value", "whole"), RELATIVE)
def test_nor_may_a_file_and_the_line_to_write_begins_where_the_file_is(monkeypatch, tmp_path, name, value, whole):
    (tmp_path / "app.py").touch()
    (tmp_path / "notebooks").mkdir()
    (tmp_path / ".env").write_text(f"PSAUTH_{name.upper()}={value}\n")
    monkeypatch.delenv("PSAUTH_HOME")
    for folder in (tmp_path, tmp_path / "notebooks"):
        monkeypatch.chdir(folder)
        with pytest.raises(SettingsError) as refusal:
            psauth.Settings()
        assert str(refusal.value).endswith(f" Write PSAUTH_{name.upper()}={whole.format(tmp_path)}")


def test_nor_may_streamlits_secrets(monkeypatch):
    monkeypatch.delenv("PSAUTH_HOME")
    with pytest.raises(SettingsError, match=r"PSAUTH_HOME \(from Streamlit secrets\) is 'data'"):
        psauth.Settings(secrets={"home": "data"})


@pytest.mark.parametrize(("name", "value", "whole"), RELATIVE)
def test_a_keyword_is_meant_in_the_working_folder_and_stays_there(monkeypatch, tmp_path, name, value, whole):
    settings = psauth.Settings(**{name: value})
    assert getattr(settings, name) == whole.format(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for copy in (settings.with_(scope="read"), pickle.loads(pickle.dumps(settings))):
        assert copy.database_url == settings.database_url


@pytest.mark.parametrize(("name", "value"), WHOLE)
def test_a_whole_place_is_left_as_it_is(monkeypatch, name, value):
    monkeypatch.delenv("PSAUTH_HOME")
    kept = psauth.Settings(**{name: value})
    monkeypatch.setenv(f"PSAUTH_{name.upper()}", value)
    assert getattr(psauth.Settings(), name) == getattr(kept, name)
    if value:
        assert getattr(kept, name) == value
