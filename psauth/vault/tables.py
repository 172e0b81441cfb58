"""Tables: what stands in every vault, whatever database it is, and how an older one is brought up to date."""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from psauth.exceptions import ArgumentError
from psauth.words import printable

SCHEMA_VERSION: Final = 3
FORMAT: Final = 3
"""How rows are written. A program of an older version that still runs leaves it out, and so cannot write a row."""

METADATA: Final = sa.MetaData()
META: Final = sa.Table(
    "meta",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
CONNECTIONS: Final = sa.Table(  # `rows` encrypts service, credential, label and ended, each for its row and column
    "connections",
    METADATA,
    sa.Column("account", sa.String, primary_key=True),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("label", sa.LargeBinary, nullable=False),
    sa.Column("service", sa.LargeBinary, nullable=False),
    sa.Column("credential", sa.LargeBinary, nullable=False),
    sa.Column("revision", sa.Integer, nullable=False),
    sa.Column("ended", sa.LargeBinary, nullable=False),
    sa.Column("attempted_at", sa.Float),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),
)
PENDING: Final = sa.Table(  # verifier and service are encrypted
    "pending",
    METADATA,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("browser_hash", sa.String),
    sa.Column("verifier", sa.LargeBinary, nullable=False),
    sa.Column("service", sa.LargeBinary, nullable=False),
    sa.Column("redirect_uri", sa.String, nullable=False),
    sa.Column("return_to", sa.String),
    sa.Column("created_at", sa.Float, nullable=False),
    sa.Column("format", sa.Integer, nullable=False),
    sa.Index("pending_by_browser", "browser_hash", "created_at"),
)
SPENT: Final = sa.Table(
    "spent",
    METADATA,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("spent_at", sa.Float, nullable=False),
)
BUDGETS: Final = sa.Table(  # the ledger is encrypted
    "budgets",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("ledger", sa.LargeBinary, nullable=False),
)


SPENT_KEPT: Final = 1_000
"""How many used states are remembered at most; the oldest are forgotten first."""
PENDING_OF_ONE: Final = 8
"""How many authorizations may be under way in one browser, or for one account without a browser; the oldest go first."""
PENDING_KEPT: Final = 200
"""How many may be under way in all browsers, and as many without one, so that neither pushes out the other."""
LONGEST_ADDRESS: Final = 2_000
"""Characters of a redirect URI or a path to return to; browsers and servers take no longer ones either."""


def read_meta(db: sa.Connection, name: str) -> bytes | None:
    """What the vault notes about itself under this name; text counts as its bytes, None where there is nothing."""
    value = db.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()
    return value if isinstance(value, bytes) or value is None else str(value).encode()


def write_meta(db: sa.Connection, name: str, value: bytes) -> None:
    """Note something under this name, in the place of what was noted there."""
    db.execute(META.delete().where(META.c.name == name))
    db.execute(META.insert().values(name=name, value=value))


def read_ids(db: sa.Connection) -> dict[str, str]:
    """Account → id of the connections whose rows are there."""
    rows = db.execute(sa.select(CONNECTIONS.c.account, CONNECTIONS.c.id))
    return {str(row.account): str(row.id) for row in rows}


def create_tables(db: sa.Connection) -> None:
    """Make all tables of a new vault."""
    METADATA.create_all(db)
    write_meta(db, "schema", str(SCHEMA_VERSION).encode())


def take_old_rows(db: sa.Connection) -> dict[str, list[dict[str, Any]]]:
    """Table → the rows of a vault up to version 2, whose tables then make room for those of this version."""
    rows = {}
    there = sa.inspect(db).get_table_names()
    for table in (CONNECTIONS, PENDING, SPENT, BUDGETS):
        if table.name in there:
            rows[table.name] = [dict(row) for row in db.execute(sa.text(f"SELECT * FROM {table.name}")).mappings()]  # noqa: S608 - names of ours
            db.execute(sa.text(f"DROP TABLE {table.name}"))
    METADATA.create_all(db)
    write_meta(db, "schema", str(SCHEMA_VERSION).encode())
    return rows


def differences(db: sa.Connection) -> str | None:
    """What another program has changed about the tables of this version, as a clause; None when they are as we made them.

    SQLite's own, with what it notes about them, count as ours.
    """
    ours = {*METADATA.tables, *(index.name for table in METADATA.sorted_tables for index in table.indexes)}
    for row in db.execute(sa.text("SELECT type, name FROM sqlite_master WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'")):
        if row.type not in ("table", "index") or row.name not in ours:
            return f"it has {'an' if row.type == 'index' else 'a'} {row.type} {printable(str(row.name), longest=80)!r}"
    for table in METADATA.sorted_tables:
        found = [(str(row.name), bool(row.pk)) for row in db.execute(sa.text(f"PRAGMA table_info({table.name})"))]
        if found != [(column.name, column.primary_key) for column in table.columns]:
            return f"its table {table.name} has other columns" if found else f"its table {table.name} is missing"
        for index in db.execute(sa.text(f"PRAGMA index_list({table.name})")).all():
            if any(row.coll != "BINARY" for row in db.execute(sa.text(f"PRAGMA index_xinfo({index.name})"))):
                return f"its table {table.name} takes different names for the same"
    return None


def check_addresses(redirect_uri: str, return_to: str | None) -> None:
    """ArgumentError for addresses that are too long to be kept."""
    for name, address in (("redirect_uri", redirect_uri), ("return_to", return_to or "")):
        if len(address) > LONGEST_ADDRESS:
            raise ArgumentError(
                f"{name} has {len(address)} characters. Expected at most {LONGEST_ADDRESS}; pass a shorter one."
            )


def drop_oldest_spent(db: sa.Connection, latest: str) -> None:
    """Keep the bound of what is remembered after the state with the hash `latest` was added, which itself stays."""
    _keep_newest(db, SPENT, SPENT.c.spent_at, SPENT_KEPT, latest)


def drop_oldest_pending(db: sa.Connection, row: dict[str, Any]) -> None:
    """Keep the bounds of what is under way after `row` was added, which itself stays."""
    if row["browser_hash"] is None:
        all_such = PENDING.c.browser_hash.is_(None)
        same = all_such & (PENDING.c.account == row["account"])
    else:
        all_such = PENDING.c.browser_hash.is_not(None)
        same = PENDING.c.browser_hash == row["browser_hash"]
    _keep_newest(db, PENDING, PENDING.c.created_at, PENDING_OF_ONE, row["state_hash"], same)
    _keep_newest(db, PENDING, PENDING.c.created_at, PENDING_KEPT, row["state_hash"], all_such)


def _keep_newest(
    db: sa.Connection,
    table: sa.Table,
    time: sa.Column[Any],
    count: int,
    latest: str,
    which: sa.ColumnElement[bool] | None = None,
) -> None:
    """Delete all rows but the latest and the `count - 1` newest others of `which`, whatever the clock says."""
    others = sa.select(table.c.state_hash).where(table.c.state_hash != latest)
    if which is not None:
        others = others.where(which)
    outnumbered = others.order_by(time.desc(), table.c.state_hash).offset(count - 1).scalar_subquery()
    db.execute(table.delete().where(table.c.state_hash.in_(outnumbered)))
