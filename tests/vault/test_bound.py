"""What is encrypted belongs to its row and column: copied, swapped or renamed it is damaged, and goes nowhere."""

import os
import signal
import sqlite3
import time

import pytest

from psauth import Vault
from psauth.exceptions import SettingsError, VaultError
from psauth.vault.keys import WrongKey, parse_key
from psauth.vault.service import Service
from psauth.vault.tables import PENDING_KEPT
from tests.vault.older import make_older
from tests.vault.parts import await_callback, contents, posix

ELSEWHERE = Service(api_url="https://elsewhere.example/v1", token_url="https://elsewhere.example/token", client_id="c")


def run(settings, *statements):
    with sqlite3.connect(settings.home_path / "vault.db") as db:
        for statement in statements:
            db.execute(statement)
    db.close()


SWAPS = {
    "service": "UPDATE connections SET service = (SELECT service FROM connections WHERE account = 'other')",
    "credential": "UPDATE connections SET credential = (SELECT credential FROM connections WHERE account = 'other')",
    "label": "UPDATE connections SET label = (SELECT label FROM connections WHERE account = 'other')",
    "ended": "UPDATE connections SET ended = (SELECT ended FROM connections WHERE account = 'other')",
    "a column in another one": "UPDATE connections SET service = credential, credential = service",
    "kind": "UPDATE connections SET kind = 'api_key'",
    "id": "UPDATE connections SET id = (SELECT id FROM connections WHERE account = 'other')",
    "account": "UPDATE connections SET account = 'mine2'",
    "created_at": "UPDATE connections SET created_at = created_at + 1",
    "created_at NULL": "UPDATE connections SET created_at = 'NaN'",
    "label taken away": "UPDATE connections SET label = x''",
}


@pytest.mark.parametrize("what", SWAPS)
def test_what_was_copied_to_another_row_is_damaged(settings, vault, store, what):
    store("mine")
    other = store("other", service=ELSEWHERE)
    run(settings, SWAPS[what] + " WHERE account = 'mine'")
    for question in (lambda: vault.read("mine"), vault.connections, lambda: vault.find("not there"), vault.rotate):
        with pytest.raises(VaultError, match="cannot be decrypted: it is damaged"):
            question()
    assert vault.read("other") == other


PENDING = ["account", "browser_hash", "redirect_uri", "return_to", "created_at", "verifier", "service", "state_hash"]


@pytest.mark.parametrize("column", PENDING)
def test_a_pending_authorization_is_bound_as_well(settings, vault, service, column):
    await_callback(vault, service, "mine", browser="mine", verifier="verifier of mine")
    await_callback(vault, ELSEWHERE, "other", account="other", browser="other", redirect_uri="http://localhost:1/")
    if column == "state_hash":
        run(
            settings,
            "UPDATE pending SET state_hash = state_hash || 'x' WHERE account = 'default'",
            "UPDATE pending SET state_hash = replace((SELECT state_hash FROM pending WHERE account = 'default'), 'x', '')"
            " WHERE account = 'other'",
        )
    else:
        value = f"(SELECT {column} FROM pending WHERE account = 'other')"
        run(settings, f"UPDATE pending SET {column} = coalesce({value}, '/elsewhere') WHERE account = 'default'")
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.pending("mine")
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.consume("mine")


def test_a_ledger_is_bound_to_its_name(settings, vault):
    vault.amend_budget("mine", lambda _: ("1", None))
    vault.amend_budget("other", lambda _: ("2", None))
    run(settings, "UPDATE budgets SET ledger = (SELECT ledger FROM budgets WHERE name = 'other') WHERE name = 'mine'")
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.amend_budget("mine", lambda text: (text, text))
    assert vault.amend_budget("other", lambda text: (text, text)) == "2"


def test_a_text_is_readable_in_its_place_alone(settings):
    key = parse_key(settings.secret_key)
    sealed = key.encrypt("text", "credential", "a", 1)
    assert key.decrypt(sealed, "credential", "a", 1) == "text"
    assert sealed != key.encrypt("text", "credential", "a", 1)
    for place in [(), ("credential", "a"), ("credential", "a", 1.0), ("credential", "a", "1"), ("credentiala", "", 1)]:
        with pytest.raises(WrongKey):
            key.decrypt(sealed, *place)
    for damaged in [b"", None, 3, "text", sealed[:5], sealed[1:], sealed[:-1], b"\x04" + sealed[1:], sealed + b"x"]:
        with pytest.raises(WrongKey):
            key.decrypt(damaged, "credential", "a", 1)


def test_half_an_emoji_comes_back_as_it_was(vault, store):
    store()
    vault.name(vault.read().connection, "half \ud83d")
    assert vault.read().connection.label == "half \ud83d"


# Older vaults ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def filled(vault, store, service):
    """A vault with everything in it."""
    store("mine")
    store("keyed", api_key="key-Rt55")
    vault.name(vault.read("mine").connection, "Lindqvist")
    vault.end(vault.read("keyed"), "it has ended")
    await_callback(vault, service, browser="b", verifier="verifier-7")
    await_callback(vault, service, "spent")
    vault.consume("spent")
    vault.amend_budget("mine", lambda _: ("ledger", None))
    return vault


@pytest.mark.parametrize("version", [1, 2])
def test_everything_in_an_older_vault_is_there_afterwards(settings, filled, version):
    before = filled.connections(), filled.read("mine"), filled.pending("state-1")
    make_older(settings, version)
    upgraded = Vault.open(settings)
    assert (upgraded.connections(), upgraded.read("mine"), upgraded.pending("state-1")) == before
    assert upgraded.was_spent("spent")
    assert upgraded.amend_budget("mine", lambda text: ("", text)) == ("ledger" if version == 2 else None)
    with upgraded._reading() as db:
        assert db.exec_driver_sql("SELECT value FROM meta WHERE name = 'schema'").scalar() == b"3"


DAMAGED = [
    "UPDATE connections SET service = credential WHERE account = 'keyed'",
    "UPDATE connections SET credential = x'00' WHERE account = 'mine'",
    "UPDATE connections SET kind = 'oauth' WHERE account = 'keyed'",
    "UPDATE connections SET kind = 'other' WHERE account = 'keyed'",
    "UPDATE connections SET created_at = 'yesterday'",
    "UPDATE connections SET created_at = 1e300",
    "UPDATE connections SET revision = 'many'",
    "UPDATE connections SET label = x'ff'",
    "UPDATE pending SET verifier = 'text'",
    "UPDATE pending SET created_at = -1e300",
    "UPDATE spent SET spent_at = 'never'",
    "UPDATE budgets SET ledger = x'ff00'",
    "ALTER TABLE connections RENAME COLUMN label TO other",
    "DROP TABLE pending",
    "CREATE TRIGGER t AFTER INSERT ON meta BEGIN SELECT RAISE(ABORT, 'no'); END",
]


@pytest.mark.parametrize("damage", DAMAGED)
def test_an_older_vault_that_is_damaged_is_left_as_it_is(settings, filled, damage):
    make_older(settings, 2)
    run(settings, damage)
    before = contents(settings.home_path)
    if damage.startswith("DROP"):
        assert Vault.open(settings).read("mine"), "a table of logins under way alone is made anew"
        return
    for _ in range(2):
        with pytest.raises(VaultError):
            Vault.open(settings)
    assert contents(settings.home_path) == before


def test_a_program_of_an_older_version_that_still_runs_can_write_no_row(settings, vault, store):
    """It knows nothing of the column `format`, and what it writes would be readable by nobody."""
    store()
    insert = "INSERT INTO connections (account, id, kind, label, service, credential, revision, created_at) VALUES "
    with (
        sqlite3.connect(settings.home_path / "vault.db") as db,
        pytest.raises(sqlite3.IntegrityError, match="NOT NULL"),
    ):
        db.execute(insert + "('old', 'i', 'oauth', 'l', x'00', x'00', 1, 1.0)")
    db.close()


def test_an_older_key_still_opens_an_older_vault(settings, filled):
    make_older(settings, 2)
    new = "A" * 43 + "="
    both = Vault.open(settings.with_(secret_key=f"{new},{settings.secret_key}"))
    assert both.rotate() == 2
    assert Vault.open(settings.with_(secret_key=new)).read("mine").token == both.read("mine").token
    with pytest.raises((VaultError, SettingsError)):
        Vault.open(settings)


@posix
@pytest.mark.slow
def test_killed_while_it_is_brought_up_to_date_it_is_of_one_version_or_the_other(settings, filled, store):
    for number in range(PENDING_KEPT // 2):
        store(f"many-{number}")
    before = filled.connections()
    path = make_older(settings, 2)
    older = path.read_bytes()
    for number in range(25):
        for file in settings.home_path.glob("vault.db*"):
            file.unlink()
        path.write_bytes(older)
        child = os.fork()
        if child == 0:
            try:
                Vault.open(settings)
            finally:
                os._exit(0)
        time.sleep(number * 0.004)  # a moment of the upgrade, not a wait for something
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        assert Vault.open(settings).connections() == before
