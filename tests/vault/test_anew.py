"""Beginning anew: whoever does what an error says has a vault that works, with or without a key file, whatever was damaged."""

import os
import re
import sqlite3
from pathlib import Path

import keyring
import pytest
from keyring.backends import fail, null

import psauth
from psauth import Vault
from psauth.exceptions import VaultError
from tests.vault.parts import posix

API_KEY = "key-Rt55"


def statement(text):
    def run(path):
        db = sqlite3.connect(path, isolation_level=None)
        db.execute(text)
        db.close()

    return run


DAMAGES = {
    "no database": lambda path: path.write_bytes(b"x" * 5000),
    "an empty file": lambda path: path.write_bytes(b""),
    "cut off": lambda path: os.truncate(path, 5000),
    "no version": statement("DELETE FROM meta WHERE name = 'schema'"),
    "no canary": statement("DELETE FROM meta WHERE name = 'canary'"),
    "another canary": statement("UPDATE meta SET value = x'00' WHERE name = 'canary'"),
    "another row": statement("UPDATE connections SET credential = service"),
    "a row too few": statement("DELETE FROM connections"),
    "another table": statement("CREATE VIEW v AS SELECT 1"),
    "another program's": lambda path: (path.unlink(), statement("CREATE TABLE invoices (id)")(path)),
    "a giant": lambda path: os.truncate(path, 1 << 31),
    "no key": lambda path: path.with_name("vault.key").unlink(),
    "half a key": lambda path: path.with_name("vault.key").write_bytes(b"half"),
    "a key that is no text": lambda path: path.with_name("vault.key").write_bytes(b"\xff" * 44),
    "another key": lambda path: path.with_name("vault.key").write_text("Mq0x1k6S0S3r4d7v9n2y5u8w1c4f7i0l3o6r9t2z5E4="),
    "neither": lambda path: (path.write_bytes(b"x" * 200), path.with_name("vault.key").write_bytes(b"half")),
}


@pytest.mark.parametrize("what", DAMAGES)
@pytest.mark.filterwarnings("ignore:No keyring")
def test_whoever_does_what_the_error_says_can_log_in(monkeypatch, requests_mock, tmp_path, what):
    monkeypatch.delenv("PSAUTH_SECRET_KEY")
    monkeypatch.setenv("PSAUTH_API_KEY", API_KEY)
    requests_mock.get("https://public-api.process.st/api/v1.1/testAuth", json={"apiKeyLabel": "Acme"})
    psauth.login()
    path = tmp_path / "home" / "vault.db"
    DAMAGES[what](path)
    files = [str(file) for file in (path, path.with_name("vault.key")) if file.exists()]
    with pytest.raises(VaultError) as refusal:
        psauth.login()
        Vault.open().read()
    sentence = str(refusal.value)
    assert sentence.endswith(f" To begin anew, move {' and '.join(files)} away, then type: psauth login")
    for file in files:
        Path(file).rename(tmp_path / Path(file).name)
    assert psauth.login().label == "Acme"
    assert Vault.open().read().api_key == API_KEY


@pytest.mark.parametrize("backend", [null.Keyring, fail.Keyring])
def test_a_missing_key_file_is_the_first_word(settings, vault, backend):
    keyring.set_keyring(backend())
    with pytest.raises(VaultError) as refusal:
        Vault.open(settings.with_(secret_key=""))
    assert str(refusal.value).startswith(f"The key file {settings.home_path / 'vault.key'} is gone")


# What a setting names -------------------------------------------------------------------------------------------------

NAMED = {
    "a device": ("VAULT_URL", "sqlite:////dev/null", "names a device"),
    "another device": ("VAULT_URL", "sqlite:////dev/zero", "names a device"),
    "a folder": ("VAULT_URL", "sqlite:////", "names a folder"),
    "below a device": ("VAULT_URL", "sqlite:////dev/null/v.db", "/dev/null is a device"),
    "a home": ("HOME", "/dev/null", "/dev/null is a device"),
    "below a home": ("HOME", "/dev/zero/deep/home", "/dev/zero is a device"),
}


@posix
@pytest.mark.parametrize("layer", ["environment", ".env", "keyword"])
@pytest.mark.parametrize("what", NAMED)
def test_nobody_is_told_to_move_away_what_a_setting_names(monkeypatch, tmp_path, what, layer):
    name, value, clause = NAMED[what]
    monkeypatch.delenv("PSAUTH_HOME")
    keywords = {}
    if layer == "environment":
        monkeypatch.setenv(f"PSAUTH_{name}", value)
    elif layer == ".env":
        (tmp_path / ".env").write_text(f"PSAUTH_{name}={value}\n")
    else:
        keywords = {name.lower(): value}
    with pytest.raises(VaultError) as refusal:
        Vault.open(psauth.Settings(**keywords))
    sentence = str(refusal.value)
    assert sentence.startswith(f"PSAUTH_{name} (from {layer}) is {value!r}, ")
    assert re.search(rf"{clause}\. Expected a (file|folder)", sentence)
    assert f"set PSAUTH_{name} to " in sentence
    assert "ove it away" not in sentence


@posix
def test_what_stands_beside_the_vault_is_named_and_not_the_vault(settings, vault):
    beside = settings.home_path / "vault.db-wal"
    beside.unlink(missing_ok=True)
    os.mkfifo(beside)
    with pytest.raises(VaultError, match=rf"Move {re.escape(str(beside))} away and try again"):
        Vault.open(settings)
