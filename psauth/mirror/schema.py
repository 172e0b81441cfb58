"""Schema: the tables of a store, and how an older store is brought up to date. Times are seconds since 1970, in UTC."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa

SCHEMA_VERSION: Final = 3

METADATA: Final = sa.MetaData()
META: Final = sa.Table(
    "meta",
    METADATA,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.String, nullable=False),
)
RUNS: Final = sa.Table(  # a run is here when all its lists are
    "runs",
    METADATA,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("workflow_id", sa.String),
    sa.Column("created", sa.Float),
    sa.Column("status", sa.String),
    sa.Column("whole", sa.Boolean, nullable=False),
    sa.Column("signature", sa.String, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("moved_at", sa.Float, nullable=False),
    sa.Column("look_at", sa.Float),
    sa.Column("seen_in", sa.Integer, nullable=False),
    sa.Column("last_seen", sa.Float, nullable=False),
    sa.Column("first_missed", sa.Float),
    sa.Column("gone", sa.String),
    sa.Index("runs_by_month", "month"),
    sa.Index("runs_by_look", "look_at"),
    sa.Index("runs_by_miss", "first_missed"),
)
RUNS_IN_PART: Final = sa.Index("runs_in_part", RUNS.c.workflow_id, sqlite_where=RUNS.c.whole.is_(False))
LISTS: Final = sa.Table(  # of a run: owner is its id
    "lists",
    METADATA,
    sa.Column("noun", sa.String, primary_key=True),
    sa.Column("owner", sa.String, primary_key=True),
    sa.Column("month", sa.String, nullable=False),
    sa.Column("run_id", sa.String),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("count", sa.Integer, nullable=False),
    sa.Column("records", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("stale", sa.Boolean, nullable=False),
    sa.Index("lists_by_month", "noun", "month"),
)
PENDING: Final = sa.Table(  # runs whose lists must be asked
    "pending",
    METADATA,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("workflow_id", sa.String),
    sa.Column("created", sa.Float),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("signature", sa.String, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sa.Column("seen_in", sa.Integer, nullable=False),
    sa.Index("pending_in_order", "priority", "updated"),
)
UNSHOWN: Final = sa.Table(  # runs that the service did not show; what that means is seen when a sync has asked for all
    "unshown",
    METADATA,
    sa.Column("run_id", sa.String, primary_key=True),
    sa.Column("asked_at", sa.Float, nullable=False),
    sa.Column("has_moved", sa.Boolean, nullable=False),
)
PAGES: Final = sa.Table(  # of lists that are not whole yet
    "pages",
    METADATA,
    sa.Column("job", sa.String, primary_key=True),
    sa.Column("request", sa.String, primary_key=True),
    sa.Column("answer", sa.LargeBinary, nullable=False),
    sa.Column("asked_at", sa.Float, nullable=False),
)
CHANGES: Final = sa.Table(
    "changes",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("noun", sa.String, nullable=False),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("key", sa.String, nullable=False),
    sa.Column("column", sa.String, nullable=False),
    sa.Column("old", sa.String),
    sa.Column("new", sa.String),
    sa.Column("seen_before", sa.Float, nullable=False),
    sa.Column("seen_at", sa.Float, nullable=False),
    sqlite_autoincrement=True,
)
MONTHS: Final = sa.Table(
    "months",
    METADATA,
    sa.Column("month", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, nullable=False),
)
REPORTS: Final = sa.Table(
    "reports",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("report", sa.String, nullable=False),
)
PUBLICATIONS: Final = sa.Table(
    "publications",
    METADATA,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=True),
    sa.Column("published_at", sa.Float, nullable=False),
    sa.Column("content", sa.String, nullable=False),
    sqlite_autoincrement=True,
)


def read_meta(db: sa.Connection, name: str) -> str | None:
    """What the store notes about itself under this name."""
    value = db.execute(sa.select(META.c.value).where(META.c.name == name)).scalar()
    return None if value is None else str(value)


def write_meta(db: sa.Connection, name: str, value: str | None) -> None:
    """Note something under this name, in the place of what was noted there; None notes nothing."""
    db.execute(META.delete().where(META.c.name == name))
    if value is not None:
        db.execute(META.insert().values(name=name, value=value))


def is_empty(db: sa.Connection) -> bool:
    """Whether nothing at all stands in the database."""
    return not sa.inspect(db).get_table_names()


def create_tables(db: sa.Connection) -> None:
    """Make all tables of a new store."""
    METADATA.create_all(db)
    write_meta(db, "schema", str(SCHEMA_VERSION))


def migrate(db: sa.Connection, version: int) -> None:
    """Bring the tables of an older version up to this one, step by step, in the transaction of `db`."""
    for step in range(version, SCHEMA_VERSION):
        MIGRATIONS[step](db)
    write_meta(db, "schema", str(SCHEMA_VERSION))


MIGRATIONS: Final[dict[int, Callable[[sa.Connection], None]]] = {1: UNSHOWN.create, 2: RUNS_IN_PART.create}
"""Version → what makes the next one of it."""
