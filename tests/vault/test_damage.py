"""What is damaged, or is no vault, is said and left exactly as it is; what is older is upgraded."""

import os
import sqlite3

import pytest
from cryptography.fernet import Fernet

from psauth import Vault
from psauth.exceptions import VaultError
from psauth.vault.canary import CANARY
from psauth.vault.databases import find_store
from psauth.vault.tables import write_meta
from tests.vault.older import make_older
from tests.vault.parts import await_callback, contents, posix


def another_database(path, *statements, version=0):
    db = sqlite3.connect(path)
    for statement in statements or ["CREATE TABLE invoices (id)", "INSERT INTO invoices VALUES (1)"]:
        db.execute(statement)
    db.execute(f"PRAGMA user_version = {version}")
    db.commit()
    db.close()


def vault_of_schema(path, value):
    another_database(path, "CREATE TABLE meta (name VARCHAR PRIMARY KEY, value BLOB NOT NULL)")
    with sqlite3.connect(path) as db:
        db.execute("INSERT INTO meta VALUES ('schema', ?)", (value,))
    db.close()


BROKEN = {
    "garbage": (lambda p: p.write_bytes(b"garbage " * 999), "damaged"),
    "a text": (lambda p: p.write_text("PSAUTH_CLIENT_ID=analyst\n"), "damaged"),
    "another program's database": (another_database, "not a psauth vault"),
    "a database with a meta table of its own": (
        lambda p: another_database(p, "CREATE TABLE meta (version, payload)", "INSERT INTO meta VALUES (1, 2)"),
        "vault.db",
    ),
    "a newer schema": (lambda p: vault_of_schema(p, b"4"), "schema '4'; this psauth reads 3. Update psauth"),
    "a schema of another kind": (lambda p: vault_of_schema(p, b"\xff\x00"), "vault.db"),
    "a schema as text": (lambda p: vault_of_schema(p, "one"), "vault.db"),
    "a schema as number": (lambda p: vault_of_schema(p, 7), "vault.db"),
    "a folder": (lambda p: p.mkdir(), "is a folder"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_not_a_vault_is_said_and_left_exactly_as_it_is(settings, how):
    make, said = BROKEN[how]
    settings.home_path.mkdir()
    path = settings.home_path / "vault.db"
    make(path)
    path.chmod(0o700 if path.is_dir() else 0o644)
    before = contents(settings.home_path)
    for _ in range(2):
        with pytest.raises(VaultError, match=said):
            Vault.open(settings)
    assert contents(settings.home_path) == before


@pytest.mark.parametrize("version", [1, 2])
def test_an_older_vault_is_upgraded_and_keeps_its_connections(settings, vault, store, version):
    before = [store("mine"), store("keyed", api_key="key-Rt55")]
    make_older(settings, version)
    for _ in range(2):
        upgraded = Vault.open(settings)
        assert [upgraded.read("mine"), upgraded.read("keyed")] == before
    assert upgraded.amend_budget("mine", lambda text: ("new", text)) is None
    assert Vault.open(settings).amend_budget("mine", lambda text: ("newer", text)) == "new"


def test_a_wrong_key_upgrades_nothing(settings, vault, store):
    store()
    make_older(settings, 2)
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="does not open"):
        Vault.open(settings.with_(secret_key=Fernet.generate_key().decode()))
    assert contents(settings.home_path) == before


def test_a_ledger_whose_change_fails_stays_as_it_was(vault):
    vault.amend_budget("mine", lambda text: ("kept", None))
    with pytest.raises(ZeroDivisionError):
        vault.amend_budget("mine", lambda text: (text, 1 / 0))
    assert vault.amend_budget("mine", lambda text: (text, text)) == "kept"
    assert vault.amend_budget("another", lambda text: ("x", text)) is None


@pytest.mark.parametrize("where", ["header", "schema page", "cut in half", "pages behind"])
def test_a_damaged_vault_is_said_and_left_exactly_as_it_is(settings, vault, store, where):
    for n in range(30):
        store(f"account-{n}")
    path = settings.home_path / "vault.db"
    whole = path.read_bytes()
    damaged = {
        "header": b"\x00" * 100 + whole[100:],
        "schema page": whole[:100] + os.urandom(3000) + whole[3100:],
        "cut in half": whole[: len(whole) // 2],
        "pages behind": whole[:4096] + b"\xa5" * (len(whole) - 4096),
    }[where]
    path.write_bytes(damaged)
    with pytest.raises(VaultError, match=r"damaged|cannot be used"):
        Vault.open(settings).connections()
    assert path.read_bytes() == damaged


def test_an_empty_file_is_where_a_new_vault_begins(settings):
    settings.home_path.mkdir()
    (settings.home_path / "vault.db").touch()
    assert Vault.open(settings).connections() == []


@posix  # elsewhere the locks that tell do not outlive their holder
def test_a_vault_emptied_to_nothing_is_damaged_and_not_a_new_one(settings, vault, store):
    with vault.lock("default"):
        store()
    (settings.home_path / "vault.db").write_bytes(b"")
    before = contents(settings.home_path)
    for _ in range(2):
        with pytest.raises(VaultError, match=r"empty, but there were connections.*Restore it"):
            Vault.open(settings)
    assert contents(settings.home_path) == before
    (settings.home_path / "vault.db").rename(settings.home_path / "away.db")
    assert Vault.open(settings).connections() == []


def test_a_vault_whose_first_making_was_cut_short_is_made_again(settings, monkeypatch):
    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr("psauth.vault.tables.METADATA.create_all", die)
        Vault.open(settings)
    assert Vault.open(settings).connections() == []


@pytest.mark.parametrize("size", [0, 1, 15, 16, 99, 100, 1000])
@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
@pytest.mark.filterwarnings("ignore:No keyring")
def test_a_vault_that_was_cut_is_never_a_new_one(settings, service, size, locks):
    bare = settings.with_(secret_key="")
    Vault.open(bare).connect("default", service, api_key="key")
    path = settings.home_path / "vault.db"
    path.write_bytes(path.read_bytes()[:size])
    if not locks:
        for lock in settings.home_path.glob("*.lock"):
            lock.unlink()
    before = contents(settings.home_path)
    for _ in range(2):
        with pytest.raises(VaultError, match=r"damaged.*Restore it|cannot be used.*damaged"):
            Vault.open(bare)
    assert contents(settings.home_path) == before


@pytest.mark.filterwarnings("ignore:No keyring")
def test_where_vault_and_key_were_moved_away_a_new_vault_begins(settings):
    bare = settings.with_(secret_key="")
    Vault.open(bare).amend_budget("mine", lambda _: ("kept", None))
    for name in ("vault.db", "vault.key"):
        (settings.home_path / name).rename(settings.home_path / f"{name}.away")
    assert Vault.open(bare).amend_budget("mine", lambda text: ("", text)) is None


def test_a_vault_without_its_tables_is_no_new_one(settings, vault):
    db = sqlite3.connect(settings.home_path / "vault.db")
    for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        db.execute(f"DROP TABLE {name}")
    db.close()
    with pytest.raises(VaultError, match="is empty, but there were connections"):
        Vault.open(settings)


def test_a_database_without_a_table_that_is_not_ours_is_refused(settings):
    settings.home_path.mkdir()
    db = sqlite3.connect(settings.home_path / "vault.db")
    db.execute("PRAGMA user_version = 7")
    db.close()
    before = contents(settings.home_path)
    with pytest.raises(VaultError, match="not a psauth vault"):
        Vault.open(settings)
    assert contents(settings.home_path) == before


def test_a_journal_of_another_program_is_not_let_in(settings, vault, store):
    stored = store()
    journal = settings.home_path / "vault.db-journal"
    journal.write_bytes(bytes.fromhex("d9d505f920a163d7") + bytes(600))
    with pytest.raises(VaultError, match=r"Move \S+/vault\.db-journal away and try again"):
        Vault.open(settings)
    journal.unlink()
    assert Vault.open(settings).read() == stored


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("CREATE TRIGGER t AFTER UPDATE ON connections BEGIN DELETE FROM connections; END", "it has a trigger 't'"),
        ("CREATE VIEW v AS SELECT * FROM connections", "it has a view 'v'"),
        ("ALTER TABLE connections ADD COLUMN other", "its table connections has other columns"),
        ("DROP TABLE spent", "its table spent is missing"),
        ('CREATE TABLE "old\n" (id)', "it has a table 'old'"),
        (f"CREATE VIEW {'v' * 90} AS SELECT 1", f"it has a view '{'v' * 80}…'"),
        ("CREATE UNIQUE INDEX i ON connections (kind)", "it has an index 'i'"),
    ],
)
def test_a_vault_whose_tables_were_changed_says_what(settings, vault, statement, said):
    db = sqlite3.connect(settings.home_path / "vault.db")
    db.execute(statement)
    db.close()
    with pytest.raises(VaultError, match=f"was changed by another program: {said}"):
        Vault.open(settings)


def test_a_giant_is_no_vault(settings, vault):
    os.truncate(settings.home_path / "vault.db", 1 << 41)
    with pytest.raises(VaultError, match="larger than any vault"):
        Vault.open(settings)


def test_the_largest_vault_is_one_still(settings, vault, monkeypatch):
    monkeypatch.setattr("psauth.vault.sqlite.LARGEST", os.path.getsize(vault.place))
    assert Vault.open(settings).connections() == []


def test_a_table_with_two_rows_of_an_account_gives_no_raw_error(settings, vault, store):
    stored = store()
    with vault._writing() as db:
        db.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM connections")
        db.exec_driver_sql("DROP TABLE connections")
        db.exec_driver_sql("ALTER TABLE copy RENAME TO connections")
        db.exec_driver_sql("INSERT INTO connections SELECT * FROM connections")
    assert vault.read() == stored
    with pytest.raises(VaultError, match="other columns"):
        Vault.open(settings)


def test_a_row_whose_id_was_changed_is_damaged_and_not_replaced(vault, store):
    stored = store()
    with vault._writing() as db:
        db.exec_driver_sql("UPDATE connections SET id = 'another'")
    with pytest.raises(VaultError, match="cannot be decrypted"):
        vault.end(stored, "over")


def without_case(path):
    """The table of connections made anew, so that it takes "ACME" and "acme" for one account."""
    db = sqlite3.connect(path, isolation_level=None)
    (made,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'connections'").fetchone()
    db.execute("ALTER TABLE connections RENAME TO old")
    db.execute(made.replace("account VARCHAR", "account VARCHAR COLLATE NOCASE"))
    db.execute("INSERT INTO connections SELECT * FROM old")
    db.execute("DROP TABLE old")
    db.close()


def test_no_account_gets_the_connection_of_another_one_from_a_table_made_anew(settings, vault, store):
    stored = store("acme")
    without_case(settings.home_path / "vault.db")
    for question in (lambda: vault.find("ACME"), lambda: vault.read("Acme")):
        with pytest.raises(VaultError, match="cannot be decrypted: it is damaged"):
            question()
    assert vault.read("acme") == stored
    with pytest.raises(VaultError, match="its table connections takes different names for the same"):
        Vault.open(settings)


REMOVALS = [
    "DELETE FROM connections WHERE account = 'mine'",
    "DELETE FROM connections",
    "UPDATE meta SET value = (SELECT value FROM meta WHERE name = 'schema') WHERE name = 'canary'",
    "DELETE FROM meta WHERE name = 'canary'",
]


@pytest.mark.parametrize("removal", REMOVALS)
def test_a_connection_that_was_taken_out_is_a_damage_and_not_a_logout(settings, vault, store, removal):
    other = store("other")
    store("mine")
    db = sqlite3.connect(settings.home_path / "vault.db")
    db.execute(removal)
    db.commit()
    db.close()
    questions = [lambda: vault.find("mine"), lambda: vault.read("mine"), vault.connections, vault.rotate]
    if "WHERE account" in removal:
        questions = [*questions, lambda: Vault.open(settings).connections()]
        assert vault.read("other") == other
    else:
        questions = [*questions, lambda: vault.find("other"), lambda: vault.find("nobody")]
    for question in questions:
        with pytest.raises(VaultError, match="are not those that psauth wrote: one is missing"):
            question()


def test_a_connection_that_was_forgotten_does_not_come_back(settings, vault, store):
    store()
    path = settings.home_path / "vault.db"
    db = sqlite3.connect(path)
    row = db.execute("SELECT * FROM connections").fetchone()
    vault.forget("default")
    db.execute(f"INSERT INTO connections VALUES ({', '.join('?' * len(row))})", row)
    db.commit()
    for question in (vault.find, vault.connections, vault.rotate):
        with pytest.raises(VaultError, match="was put there by another program"):
            question()
    db.close()
    assert vault.forget("default")
    assert vault.find() is None


def test_a_vault_that_notes_no_connections_yet_is_used_and_notes_them(settings, vault, store):
    stored = [store("mine"), store("other")]
    with vault._writing() as db:
        write_meta(db, "canary", vault._canary._key.encrypt(CANARY, "meta", "canary"))
    again = Vault.open(settings)
    assert [again.read("mine"), again.read("other")] == stored
    assert again.rotate() == 2
    store("third")
    again.forget("mine")
    assert [c.account for c in again.connections()] == ["other", "third"]
    with vault._reading() as db:
        assert vault._canary.read(db) == {c.account: c.id for c in again.connections()}


def mislead_index(path, table, name):
    """Each entry of a table's index leads to the row of another one, as after a swapped page."""
    db = sqlite3.connect(path, isolation_level=None)
    db.execute("PRAGMA writable_schema = ON")
    db.execute(f"CREATE TABLE twin_{table} (name VARCHAR NOT NULL, PRIMARY KEY (name))")
    db.execute(f"INSERT INTO twin_{table} SELECT {name} FROM {table} ORDER BY rowid DESC")
    twin = f"sqlite_autoindex_twin_{table}_1"
    (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (twin,)).fetchone()
    db.execute("UPDATE sqlite_master SET rootpage = ? WHERE name = ?", (page, f"sqlite_autoindex_{table}_1"))
    db.close()


def test_a_damaged_index_gives_nobody_the_row_of_another_one(settings, vault, store, service):
    """In a vault that is open already: whether it is whole is looked at when it is opened."""
    for account in ("default", "another"):
        store(account)
        await_callback(vault, service, f"state of {account}", account=account)
    mislead_index(settings.home_path / "vault.db", "connections", "account")
    mislead_index(settings.home_path / "vault.db", "pending", "state_hash")
    for question in (vault.find, vault.read, lambda: vault.pending("state of default")):
        with pytest.raises(VaultError, match="cannot be decrypted: it is damaged"):
            question()
    with pytest.raises(VaultError):
        vault.consume("state of default")


def test_a_giant_value_is_damage_and_is_not_read(settings, vault, store):
    store()
    db = sqlite3.connect(settings.home_path / "vault.db")
    db.execute("UPDATE connections SET label = zeroblob(5000000)")
    db.commit()
    db.close()
    with pytest.raises(VaultError, match=r"too big\): it is damaged\. Restore it from a backup"):
        vault.read()


def test_a_file_without_a_byte_is_new_unless_a_vault_was_made_there(settings, vault):
    store = find_store(settings)
    path = settings.home_path / "vault.db"
    path.write_bytes(b"")
    assert not store.is_new()
    (settings.home_path / "vault.db.open.lock").write_bytes(b"making  ")
    assert store.is_new()
    path.unlink()
    assert store.is_new()
