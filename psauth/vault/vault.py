"""Vault: connections and pending authorizations, encrypted in a database, and the lock that lets one refresh at a time."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from psauth.exceptions import ArgumentError, LoginRequired, VaultError
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.canary import Canary
from psauth.vault.connection import PENDING_LIFETIME, Connection, Pending, Stored, check_account, fingerprint, login_line
from psauth.vault.databases import find_store
from psauth.vault.keys import Key, find_or_create_key
from psauth.vault.modes import Access
from psauth.vault.rows import Rows
from psauth.vault.service import Service, of_this_machine
from psauth.vault.store import Store
from psauth.vault.tables import (
    BUDGETS,
    CONNECTIONS,
    METADATA,
    PENDING,
    SCHEMA_VERSION,
    SPENT,
    check_addresses,
    drop_oldest_pending,
    drop_oldest_spent,
    read_ids,
    read_meta,
    take_old_rows,
    write_meta,
)
from psauth.vault.token import Token

log = logging.getLogger(__name__)
T = TypeVar("T")

SPENT_MEMORY = timedelta(days=1)
"""How long a used or outlived state is remembered, so that a reload can be told from a forgery."""
ROOM = 262_144
"""Bytes of the disk that are taken before a token is spent: more than SQLite's log of one write and its index need."""
ROOM_SHARE = 4
"""How often the present token's size is taken beside that, for a token that grows."""
UNSTORED = "unstored"
"""The lock of an account whose new token is in the memory of one process, because it could not be stored."""
LOCK_PATIENCE = 120.0
"""Seconds to wait for another process that is refreshing: two requests of 30 seconds each, and three writes that wait
for another writer."""


class Vault:
    """The encrypted store of connections. Make one with `Vault.open(settings)`.

    Threads may share it, and a forked child goes on with the one it inherits. `place` says where it is, `key_source`
    where its key came from.
    """

    def __init__(self, store: Store, key: Key, *, of_the_machine: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._store = store
        self._rows = Rows(key, store.place, of_the_machine)
        self._canary = Canary(key, store.place)
        self.place = store.place
        self.key_source = key.source

    @classmethod
    def open(cls, settings: Settings | None = None) -> Vault:
        """Open the vault that the settings name, and make it where there is none yet.

        `settings`: psauth.Settings; left out, they are read from the environment, `.env` and Streamlit's secrets.
        Raises VaultError when the database is damaged, cannot be used, or was made with another key. What stands in it
        is then left as it is.
        """
        if settings is not None and not isinstance(settings, Settings):
            raise ArgumentError(f"{settings!r} is no settings. Expected psauth.Settings(…), or the .settings of a sandbox.")
        settings = settings or Settings()
        store = find_store(settings)
        store.prepare()
        key, is_said = find_or_create_key(Secret(settings.secret_key), store, patience=LOCK_PATIENCE)
        vault = cls(store, key, of_the_machine=of_this_machine(settings))
        had_key = not settings.secret_key and not is_said
        with store.making(had_key=had_key) as db:
            version = store.version(db)
            access = store.close_to_others()  # not before: what is no vault is left as it is, its mode included
            if version is None:
                store.create(db)
                vault._canary.write(db, {})
            else:
                vault._canary.try_key(db, version)
                if version < SCHEMA_VERSION:
                    vault._upgrade(db, version)
            is_open = access is Access.OPEN or key.is_open
            is_news = is_open and read_meta(db, "open") is None
            if is_news:
                write_meta(db, "open", b"said")
        if access is Access.CLOSED and version is not None:
            log.warning("The vault %s was readable by others; now only you can read it.", store.place)
        elif is_news and not is_said:
            log.warning(
                "The vault %s or its key can be read by others on this machine, and its drive does not let psauth change "
                "that. Set PSAUTH_HOME to a folder on another drive, or PSAUTH_SECRET_KEY to keep the key elsewhere.",
                store.place,
            )
        return vault

    # Connections ------------------------------------------------------------------------------------------------

    def connections(self) -> list[Connection]:
        """All connections, sorted by account; there is no credential in them."""
        with self._reading() as db:
            rows = db.execute(sa.select(CONNECTIONS).order_by(CONNECTIONS.c.account)).all()
            ids = self._canary.read(db)
        connections = [self._rows.stored(row).connection for row in rows]
        if {connection.account: connection.id for connection in connections} != ids:
            raise self._canary.disagreement()
        return connections

    def find(self, account: str = "default") -> Stored | None:
        """The connection of an account with its credential; None when there is none."""
        check_account(account)
        with self._reading() as db:
            row = db.execute(sa.select(CONNECTIONS).where(CONNECTIONS.c.account == account)).first()
            id = self._canary.read(db).get(account)
        if row is None:
            self.connections()  # a damaged one may be the one that is looked for
            return None
        stored = self._rows.stored(row, asked=account)
        if stored.connection.id != id:
            raise self._canary.disagreement()
        return stored

    def read(self, account: str = "default") -> Stored:
        """The connection of an account with its credential; raises LoginRequired when there is none."""
        stored = self.find(account)
        if stored is None:
            raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
        return stored

    def stamp(self, account: str = "default") -> str | None:
        """A short text that changes with every change of the connection; None when there is none. Cheap enough to poll."""
        check_account(account)
        columns = (CONNECTIONS.c.id, CONNECTIONS.c.revision)
        with self._reading() as db:
            row = db.execute(sa.select(*columns).where(CONNECTIONS.c.account == account)).first()
        return None if row is None else f"{row.id}.{row.revision}"

    def connect(
        self,
        account: str,
        service: Service,
        *,
        token: Token | None = None,
        api_key: str | None = None,
        label: str | None = None,
    ) -> Connection:
        """Store a connection, in the place of the one that the account had.

        `service`: where the credential is used. Either `token` (OAuth) or `api_key`. `label`: what the service calls
        the connection. Raises ArgumentError without a credential, or with both.
        """
        if (token is None) == (api_key is None):
            raise ArgumentError("A connection has one credential. Expected either token= or api_key=.")
        check_account(account)
        values = self._rows.connection(
            account=account,
            id=secrets.token_urlsafe(12),
            kind="oauth" if token is not None else "api_key",
            label=label,
            service=service,
            credential=token.to_json() if token is not None else api_key or "",
            created_at=datetime.now(UTC).timestamp(),
        )

        def write(db: sa.Connection) -> sa.Row[Any]:
            db.execute(CONNECTIONS.delete().where(CONNECTIONS.c.account == account))
            self._canary.note(db, account, values["id"])
            return db.execute(CONNECTIONS.insert().values(values).returning(CONNECTIONS)).one()

        return self._rows.stored(self._save(write)).connection

    def attempt(self, stored: Stored) -> None:
        """Note that a refresh begins, and take the room on the disk that its token will need.

        Both come before the refresh token is spent: a full disk or a read-only folder is then noticed while the
        connection still works.
        """
        size = 0 if stored.token is None else len(stored.token.to_json())
        self._store.take_room(ROOM + ROOM_SHARE * size)
        self._change(stored.connection, attempted_at=datetime.now(UTC).timestamp())

    def renew(self, stored: Stored, token: Token) -> Stored:
        """Store the token of a refresh, and return the connection with it.

        A process that is killed between the answer and the end of this transaction loses the token: nothing else is
        done here before.
        """
        credential = self._rows.credential(stored.connection, token)
        ended = self._rows.text(stored.connection, "ended", None)
        return self._rows.stored(self._change(stored.connection, credential=credential, ended=ended, attempted_at=None))

    def end(self, stored: Stored, why: str) -> None:
        """Note that the connection needs a new login; `why` is shown to the person."""
        self._change(stored.connection, ended=self._rows.text(stored.connection, "ended", why), attempted_at=None)

    def name(self, connection: Connection, label: str) -> None:
        """Note what the service calls the connection."""
        if connection.label != label:
            self._change(connection, label=self._rows.text(connection, "label", label))

    def forget(self, account: str) -> bool:
        """Remove the connection of an account and its pending authorizations. Returns whether there was a connection."""
        check_account(account)
        with self._writing() as db:
            db.execute(PENDING.delete().where(PENDING.c.account == account))
            self._canary.note(db, account, None)
            return db.execute(CONNECTIONS.delete().where(CONNECTIONS.c.account == account)).rowcount > 0

    def lock(
        self, account: str, *, what: str = "account", timeout: float = LOCK_PATIENCE
    ) -> AbstractContextManager[None]:
        """A context manager that holds the lock of an account, over all threads and processes.

        The operating system frees the lock when its process dies. Raises VaultError when another thread or process has
        held it for `timeout` seconds. `what`: another lock of the account than that of its refresh, like UNSTORED.
        """
        return self._store.lock(_lock_name(account, what), timeout=timeout)

    def holder(self, account: str, *, what: str = "account") -> str | None:
        """Who holds a lock of the account, as the subject of a sentence; None when nobody does."""
        return self._store.holder(_lock_name(account, what))

    # Pending authorizations -------------------------------------------------------------------------------------

    def await_callback(
        self,
        state: str,
        *,
        account: str,
        verifier: str,
        service: Service,
        redirect_uri: str,
        browser: str | None,
        return_to: str | None,
    ) -> None:
        """Store a pending authorization. The callback that carries its `state` is compared with it.

        `verifier`: the PKCE secret that the exchange will send. `browser`: a secret of the browser that began (None:
        any browser may end it). `return_to`: a path of the app to go on to.
        """
        check_account(account)
        check_addresses(redirect_uri, return_to)
        now = datetime.now(UTC).timestamp()
        row = self._rows.pending_row(
            state_hash=fingerprint(state),
            account=account,
            browser_hash=None if browser is None else fingerprint(browser),
            verifier=verifier,
            service=service,
            redirect_uri=redirect_uri,
            return_to=return_to,
            created_at=now,
        )
        with self._writing() as db:
            outlived = PENDING.c.created_at < now - PENDING_LIFETIME.total_seconds() - SPENT_MEMORY.total_seconds()
            db.execute(PENDING.delete().where(outlived))
            db.execute(SPENT.delete().where(SPENT.c.spent_at < now - SPENT_MEMORY.total_seconds()))
            db.execute(PENDING.insert().values(row))
            drop_oldest_pending(db, row)

    def pending(self, state: str) -> Pending | None:
        """The pending authorization with this state, which stays in the vault; None when there is none."""
        with self._reading() as db:
            row = db.execute(sa.select(PENDING).where(PENDING.c.state_hash == fingerprint(state))).first()
        return None if row is None else self._rows.pending(row)

    def consume(self, state: str) -> Pending | None:
        """Remove the pending authorization with this state and return it. Of several callers only the first gets it.

        The room on the disk that its token will need is taken before.
        """
        hashed = fingerprint(state)
        self._store.take_room(ROOM)
        with self._writing() as db:
            row = db.execute(PENDING.delete().where(PENDING.c.state_hash == hashed).returning(PENDING)).first()
            if row is not None:
                now = datetime.now(UTC).timestamp()
                db.execute(SPENT.delete().where(SPENT.c.state_hash == hashed))
                db.execute(SPENT.insert().values(state_hash=hashed, spent_at=now))
                drop_oldest_spent(db, hashed)
        return None if row is None else self._rows.pending(row, asked=hashed)

    def was_spent(self, state: str) -> bool:
        """Whether an authorization with this state was consumed within the last day."""
        with self._reading() as db:
            query = sa.select(SPENT.c.state_hash).where(SPENT.c.state_hash == fingerprint(state))
            return db.execute(query).first() is not None

    # Budgets ----------------------------------------------------------------------------------------------------

    def amend_budget(self, name: str, change: Callable[[str | None], tuple[str, T]]) -> T:
        """Change a ledger while nobody else can read or change it.

        `change` gets the ledger's text (None: there is none yet) and returns the new text and a result, which is
        returned from here. It runs inside a transaction, so it asks nobody and takes no time.
        """
        with self._writing() as db:
            kept = db.execute(sa.select(BUDGETS.c.ledger).where(BUDGETS.c.name == name)).scalar()
            before = self._rows.read_ledger(name, kept)
            text, result = change(before)
            if text != before:  # most looks change nothing, and a write waits for the disk
                db.execute(sa.delete(BUDGETS).where(BUDGETS.c.name == name))
                db.execute(BUDGETS.insert().values(name=name, ledger=self._rows.ledger(name, text)))
        return result

    # Keys -------------------------------------------------------------------------------------------------------

    def rotate(self) -> int:
        """Encrypt everything again with the first key of PSAUTH_SECRET_KEY; afterwards the other keys can be taken out.

        Returns the number of connections.
        """
        with self._writing() as db:
            count, ids = 0, self._canary.read(db)
            for table in (CONNECTIONS, PENDING, BUDGETS):
                (identity,) = table.primary_key.columns
                for row in db.execute(sa.select(table)).all():
                    values = self._rows.encrypted_anew(row, table.name)
                    db.execute(table.update().where(identity == getattr(row, identity.name)).values(values))
                    count += table is CONNECTIONS
            if ids != read_ids(db):
                raise self._canary.disagreement()
            self._canary.write(db, ids)
        return count

    # Inside -----------------------------------------------------------------------------------------------------

    def _change(self, connection: Connection, **values: Any) -> sa.Row[Any]:
        """Change the row of this very connection, and return it.

        LoginRequired when it was replaced or removed meanwhile.
        """
        here = (CONNECTIONS.c.account == connection.account) & (CONNECTIONS.c.id == connection.id)
        if set(values) != {"attempted_at"}:
            values["revision"] = CONNECTIONS.c.revision + 1
        change = CONNECTIONS.update().where(here).values(values).returning(CONNECTIONS)
        row = self._save(lambda db: db.execute(change).first())
        if row is None:
            self.find(connection.account)  # a damaged row is no other connection
            raise LoginRequired(
                f"The connection of account {connection.account!r} was removed or replaced meanwhile. "
                f"Log in with: {login_line(connection.account)}"
            )
        return row

    def _save(self, write: Callable[[sa.Connection], T]) -> T:
        """Write in a transaction; where that fails for want of room, once more in the room that was taken before."""
        try:
            with self._writing() as db:
                return write(db)
        except VaultError:
            if not self._store.give_room_back():
                raise
        with self._writing() as db:
            return write(db)

    def _upgrade(self, db: sa.Connection, version: int) -> None:
        """Bring the rows of an older vault to this version, in the transaction of its opening: all of them or none."""
        for table, rows in take_old_rows(db).items():
            for row in rows:
                db.execute(METADATA.tables[table].insert().values(self._rows.of_version_2(table, row)))
        self._canary.write(db, read_ids(db))
        log.info("the vault was brought from version %s to %s", version, SCHEMA_VERSION)

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._store.reading()

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self._store.writing()

    def __repr__(self) -> str:
        return f"Vault({self.place!r})"


def _lock_name(account: str, what: str) -> str:
    return f"{what}-{fingerprint(account)[:16]}"
