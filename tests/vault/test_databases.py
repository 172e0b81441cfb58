"""Where a vault is: exactly in the place that was named, whatever letters it has, in a database that is known in one place."""

import inspect
import os
import subprocess
import sys
from pathlib import Path

import pytest

from psauth import Settings, Vault
from psauth.exceptions import SettingsError, VaultError
from psauth.vault.databases import STORES, find_store
from psauth.vault.store import Store

ODD = [
    "a?b",
    "a?mode=ro",
    "a%40b",
    "%3F",
    "a#b",
    "a b",
    "a+b",
    "a&b=c",
    "a:b",
    "file:a",
    "[a]*",
    "a'b\"c",
    "größe",
    "gro\u0308ße",
    "会社\u3000データ",
    "a~",
]


def below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.suffix != ".lock" and path.is_file()}


@pytest.mark.parametrize("name", ODD)
@pytest.mark.parametrize("how", ["home", "home from the working folder", "address"])
@pytest.mark.filterwarnings("ignore:No keyring")
def test_vault_and_key_lie_together_in_exactly_the_folder_that_was_named(monkeypatch, tmp_path, name, how):
    if how == "address":
        settings = Settings(secret_key="", vault_url=f"sqlite:///{tmp_path / 'x' / name / 'vault.db'}")
    elif how == "home":
        settings = Settings(secret_key="", home=tmp_path / "x" / name)
    else:
        (tmp_path / "x").mkdir()
        monkeypatch.chdir(tmp_path / "x")
        settings = Settings(secret_key="", home="./" + name)
    vault = Vault.open(settings)
    assert below(tmp_path) == {f"x/{name}/vault.db", f"x/{name}/vault.key"}
    assert Path(vault.place) == tmp_path / "x" / name / "vault.db"
    assert Vault.open(settings).connections() == []


def test_a_home_begins_at_the_persons_own_folder_when_it_says_so(tmp_path):
    assert Vault.open(Settings(home="~/deep")).place == str(tmp_path / "deep" / "vault.db")
    assert Vault.open(Settings(vault_url="sqlite:///~/v.db")).place == str(tmp_path / "v.db")


def test_of_an_address_only_the_first_slashes_are_no_path(tmp_path):
    assert Vault.open(Settings(vault_url=f"sqlite:///{tmp_path}/a:///b.db")).place == str(tmp_path / "a:" / "b.db")


@pytest.mark.parametrize(
    "setting", [{"home": "~nobody-of-that-name/x"}, {"vault_url": "sqlite:///~nobody-of-that-name/v.db"}]
)
def test_the_home_folder_of_somebody_who_does_not_exist_is_said(setting):
    with pytest.raises(SettingsError, match="a home folder that nobody has"):
        Vault.open(Settings(**setting))


@pytest.mark.parametrize("name", ["home", "vault_url"])
@pytest.mark.parametrize("character", ["\n", "\0", "\x7f"])
def test_a_place_with_a_control_character_is_refused(name, character):
    with pytest.raises(SettingsError, match=f"PSAUTH_{name.upper()} .*control character"):
        Settings(**{name: f"sqlite:///a{character}b"})


@pytest.mark.parametrize(
    "url",
    [
        "vault.db",
        "sqlite",
        "sqlite://",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite://vault.db",
        "postgresql://user:hunter2@db/psauth",
        "mysql+pymysql://user:hunter2@db/psauth",
        "https://user:hunter2@host/vault.db",
        "sqlite+aiosqlite:///vault.db",
        "sqlite+pysqlcipher:///vault.db",
        "sqlite+:///vault.db",
        "sqlite+pysqlite://",
        "mysql://user:hunter2@db",
        "oracle+cx_oracle://user:hunter2@db",
        ":",
        "://",
        ":///vault.db",
        "+:///vault.db",
        " : ",
        "sqlite :///vault.db",
        "über:///vault.db",
        "C:",
        "{}",
    ],
)
def test_an_address_of_no_known_database_says_what_is_expected_and_no_password(settings, url):
    with pytest.raises(SettingsError, match=r"PSAUTH_VAULT_URL .*sqlite:///path/to/vault\.db") as caught:
        Vault.open(settings.with_(vault_url=url))
    assert isinstance(caught.value, VaultError)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["home", "vault_url"])
def test_a_place_that_no_file_can_have_is_a_setting_that_is_wrong(name):
    with pytest.raises(SettingsError, match=f"PSAUTH_{name.upper()} .*no file name can have"):
        Settings(**{name: "sqlite:///a\ud800b"})


@pytest.mark.parametrize("url", ["sqlite:///v.db", "sqlite+pysqlite:///v.db", "SQLite:///v.db"])
def test_the_scheme_alone_chooses_the_database(settings, tmp_path, url):
    assert find_store(settings.with_(vault_url=url)).place == str(tmp_path / "v.db")


def test_a_database_that_is_added_needs_no_other_change(settings, monkeypatch):
    """A store of another scheme, here one that leads to SQLite again, is all that a vault asks for."""
    home = settings.with_(vault_url="")
    monkeypatch.setitem(STORES, "elsewhere", lambda _: STORES["sqlite"](home))
    vault = Vault.open(settings.with_(vault_url="elsewhere://user:password@db/psauth"))
    assert vault.place == find_store(home).place
    with vault.lock("default"):
        assert vault.connections() == []


def test_a_vault_shows_neither_its_database_nor_its_cipher(vault):
    """What a signature, an attribute or a method says stays true for every database."""
    # The changed copies of a method that `make mutants` lays beside it have names that are not ASCII.
    methods = [value for name, value in inspect.getmembers(Vault, callable) if name.isascii() and name[0] != "_"]
    said = " ".join(str(inspect.signature(method)) for method in [Vault, *methods])
    for word in ("sa.", "sqlalchemy", "Engine", "Fernet", "SQLite", "sqlite"):
        assert word not in said
    assert {name for name in vars(vault) if not name.startswith("_")} == {"place", "key_source"}


def test_a_store_has_all_that_the_protocol_asks_for(settings):
    store = find_store(settings)
    assert {name for name in vars(Store) if name.isascii() and name[0] != "_"} <= set(dir(store))


DELETED = """
import os, sys, tempfile
folder = tempfile.mkdtemp()
os.chdir(folder)
os.rmdir(folder)
import psauth
try:
    {line}
except psauth.PsauthError as error:
    print(type(error).__name__, error)
else:
    print("fine")
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="Windows does not delete the folder that a program works in")
@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("psauth.Settings()", "SettingsError The working folder was deleted. Change to another one: cd ~"),
        (
            "psauth.connect(interactive=False)",
            "SettingsError The working folder was deleted. Change to another one: cd ~",
        ),
        ("psauth.Vault.open(psauth.Settings(env_file=None))", "fine"),
        (
            "psauth.Vault.open(psauth.Settings(env_file=None, home='here'))",
            "SettingsError The working folder was deleted.",
        ),
        (
            "psauth.Vault.open(psauth.Settings(env_file=None, vault_url='sqlite:///here.db'))",
            "SettingsError The working folder was deleted.",
        ),
    ],
)
def test_a_working_folder_that_was_deleted_is_said_where_it_matters(line, expected):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", DELETED.format(line=line)],
        env={**os.environ, "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout.startswith(expected), done.stderr
    assert done.stderr == ""
