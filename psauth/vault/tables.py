"""Tables: what stands in every vault, whatever database it is, and how an older one is brought up to date."""

from __future__ import annotations

import logging
from typing import Final

import sqlalchemy as sa

log = logging.getLogger(__name__)

SCHEMA_VERSION: Final = 2

METADATA: Final = sa.MetaData()
META: Final = sa.Table(
    "meta",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
CONNECTIONS: Final = sa.Table(
    "connections",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("label", sa.String),
    sa.Column("service", sa.LargeBinary, nullable=False),  # encrypted: it holds the client secret
    sa.Column("credential", sa.LargeBinary, nullable=False),  # encrypted: a Token as JSON, or an API key
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("ended", sa.String),
    sa.Column("attempted_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
)
PENDING: Final = sa.Table(
    "pending",
    METADATA,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("browser_hash", sa.String),
    sa.Column("verifier", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("service", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("redirect_uri", sa.String, nullable=False),
    sa.Column("return_to", sa.String),
    sa.Column("created_at", sa.Float, nullable=False),
)
SPENT: Final = sa.Table(
    "spent",
    METADATA,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("spent_at", sa.Float, nullable=False),
)
BUDGETS: Final = sa.Table(  # since schema 2
    "budgets",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("ledger", sa.String, nullable=False),
)


def read_meta(db: sa.Connection, name: str) -> bytes | None:
    """What the vault notes about itself under this name; text counts as its bytes, None where there is nothing."""
    value = db.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()
    return value if isinstance(value, bytes) or value is None else str(value).encode()


def write_meta(db: sa.Connection, name: str, value: bytes) -> None:
    """Note something under this name, in the place of what was noted there."""
    db.execute(META.delete().where(META.c.name == name))
    db.execute(META.insert().values(name=name, value=value))


def create_tables(db: sa.Connection) -> None:
    """Make all tables of a new vault."""
    METADATA.create_all(db)
    write_meta(db, "schema", str(SCHEMA_VERSION).encode())


def upgrade_tables(db: sa.Connection, version: int) -> None:
    """Bring a vault of an older schema up to this one; each step only adds."""
    if version == SCHEMA_VERSION:
        return
    if version < 2:
        BUDGETS.create(db)
    write_meta(db, "schema", str(SCHEMA_VERSION).encode())
    log.info("the vault was brought from schema %s to %s", version, SCHEMA_VERSION)
