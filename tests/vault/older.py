"""Vaults as earlier versions of psauth left them."""

import sqlite3

from cryptography.fernet import Fernet

from psauth import Vault
from psauth.vault.canary import CANARY

VERSION_2 = """
CREATE TABLE meta (name VARCHAR NOT NULL, value BLOB NOT NULL, PRIMARY KEY (name));
CREATE TABLE connections (account VARCHAR NOT NULL, id VARCHAR NOT NULL, kind VARCHAR NOT NULL, label VARCHAR,
    service BLOB NOT NULL, credential BLOB NOT NULL, revision INTEGER NOT NULL, ended VARCHAR, attempted_at FLOAT,
    created_at FLOAT NOT NULL, PRIMARY KEY (account));
CREATE TABLE pending (state_hash VARCHAR NOT NULL, account VARCHAR NOT NULL, browser_hash VARCHAR,
    verifier BLOB NOT NULL, service BLOB NOT NULL, redirect_uri VARCHAR NOT NULL, return_to VARCHAR,
    created_at FLOAT NOT NULL, PRIMARY KEY (state_hash));
CREATE TABLE spent (state_hash VARCHAR NOT NULL, spent_at FLOAT NOT NULL, PRIMARY KEY (state_hash));
"""
BUDGETS = "CREATE TABLE budgets (name VARCHAR NOT NULL, ledger VARCHAR NOT NULL, PRIMARY KEY (name));"


def make_older(settings, version):
    """Write the vault of these settings anew, as psauth wrote it in version 1 or 2: with Fernet, bound to no row."""
    vault = Vault.open(settings)
    cipher = Fernet(settings.secret_key.split(",")[0])
    path = settings.home_path / "vault.db"
    stored = [vault.read(connection.account) for connection in vault.connections()]
    with vault._reading() as db:
        pending = [(row, vault._rows.pending(row)) for row in db.exec_driver_sql("SELECT * FROM pending").all()]
        spent = db.exec_driver_sql("SELECT * FROM spent").all()
        budgets = [(row.name, row.ledger) for row in db.exec_driver_sql("SELECT * FROM budgets").all()]
    ledgers = [(name, str(vault._rows.read_ledger(name, ledger))) for name, ledger in budgets]
    for file in settings.home_path.iterdir():
        if file.name.startswith("vault.db"):
            file.unlink()
    db = sqlite3.connect(path)
    db.execute("PRAGMA journal_mode=WAL")
    db.executescript(VERSION_2 + (BUDGETS if version > 1 else ""))
    notes = {"schema": str(version).encode(), "canary": cipher.encrypt(CANARY.encode())}
    db.executemany("INSERT INTO meta VALUES (?, ?)", notes.items())
    for one in stored:
        is_oauth = one.connection.kind == "oauth"
        db.execute(
            "INSERT INTO connections VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                one.connection.account,
                one.connection.id,
                one.connection.kind,
                one.connection.label,
                cipher.encrypt(one.service.to_json().encode()),
                cipher.encrypt((one.token.to_json() if is_oauth else one.api_key).encode()),
                one.connection.revision,
                one.connection.ended,
                None,
                one.connection.created_at.timestamp(),
            ),
        )
    for row, value in pending:
        db.execute(
            "INSERT INTO pending VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                row.state_hash,
                row.account,
                row.browser_hash,
                cipher.encrypt(value.verifier.encode()),
                cipher.encrypt(value.service.to_json().encode()),
                row.redirect_uri,
                row.return_to,
                row.created_at,
            ),
        )
    db.executemany("INSERT INTO spent VALUES (?, ?)", [tuple(row) for row in spent])
    if version > 1:
        db.executemany("INSERT INTO budgets VALUES (?, ?)", ledgers)
    db.commit()
    db.close()
    path.chmod(0o600)
    return path
