"""Vault: connections and pending authorizations, encrypted in a database, and the lock that lets one refresh at a time."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

import sqlalchemy as sa

from psauth.exceptions import ArgumentError, LoginRequired, VaultError
from psauth.secret import Secret
from psauth.settings import Settings
from psauth.vault.connection import PENDING_LIFETIME, Connection, Pending, Stored, fingerprint, login_line
from psauth.vault.databases import find_store
from psauth.vault.keys import Key, WrongKey, create_key, find_key, missing_key
from psauth.vault.modes import Access
from psauth.vault.service import Service, of_this_machine
from psauth.vault.store import KEPT, Store
from psauth.vault.tables import BUDGETS, CONNECTIONS, META, PENDING, SPENT, read_meta, write_meta
from psauth.vault.token import Token

log = logging.getLogger(__name__)
T = TypeVar("T")

SPENT_MEMORY = timedelta(days=1)
"""How long a used or outlived state is remembered, so that a reload can be told from a forgery."""
LOCK_PATIENCE = 90.0
"""Seconds to wait for another process that is refreshing: two attempts of the token endpoint's timeouts."""
CANARY = "psauth vault"
"""Encrypted in every vault: the key that opens it opens the rest."""


class Vault:
    """The encrypted store of connections. Make one with `Vault.open(settings)`.

    Threads may share it, and a forked child goes on with the one it inherits. `place` says where it is, `key_source`
    where its key came from.
    """

    def __init__(self, store: Store, key: Key, *, of_the_machine: Mapping[str, Any] = MappingProxyType({})) -> None:
        self._store = store
        self._key = key
        self._of_the_machine = of_the_machine
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
        key, is_said = _find_or_create_key(settings, store)
        with store.making() as db:
            version = store.version(db)
            access = store.close_to_others()  # not before: what is no vault is left as it is, its mode included
            if version is not None:
                _try_key(db, key, store.place)
            store.upgrade(db, version)
            if version is None:
                write_meta(db, "canary", key.encrypt(CANARY))
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
        return cls(store, key, of_the_machine=of_this_machine(settings))

    # Connections ------------------------------------------------------------------------------------------------

    def connections(self) -> list[Connection]:
        """All connections, sorted by account; there is no credential in them."""
        with self._reading() as db:
            rows = db.execute(sa.select(CONNECTIONS).order_by(CONNECTIONS.c.account)).all()
        return [self._stored(row).connection for row in rows]

    def find(self, account: str = "default") -> Stored | None:
        """The connection of an account with its credential; None when there is none."""
        with self._reading() as db:
            row = db.execute(sa.select(CONNECTIONS).where(CONNECTIONS.c.account == account)).one_or_none()
        return None if row is None else self._stored(row)

    def read(self, account: str = "default") -> Stored:
        """The connection of an account with its credential; raises LoginRequired when there is none."""
        stored = self.find(account)
        if stored is None:
            raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
        return stored

    def stamp(self, account: str = "default") -> str | None:
        """A short text that changes with every change of the connection; None when there is none. Cheap enough to poll."""
        columns = (CONNECTIONS.c.id, CONNECTIONS.c.revision)
        with self._reading() as db:
            row = db.execute(sa.select(*columns).where(CONNECTIONS.c.account == account)).one_or_none()
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
        kind = "oauth" if token is not None else "api_key"
        values = {
            "account": account,
            "id": secrets.token_urlsafe(12),
            "kind": kind,
            "label": label,
            "service": self._key.encrypt(service.to_json()),
            "credential": self._key.encrypt(token.to_json() if token is not None else api_key or ""),
            "revision": 1,
            "ended": None,
            "attempted_at": None,
            "created_at": datetime.now(UTC).timestamp(),
        }
        with self._writing() as db:
            db.execute(CONNECTIONS.delete().where(CONNECTIONS.c.account == account))
            db.execute(CONNECTIONS.insert().values(values))
        return self.read(account).connection

    def attempt(self, stored: Stored) -> None:
        """Note that a refresh begins.

        It is noted before the refresh token is spent: a full disk or a read-only folder is then noticed while the
        connection still works.
        """
        self._change(stored.connection, attempted_at=datetime.now(UTC).timestamp())

    def renew(self, stored: Stored, token: Token) -> Stored:
        """Store the token of a refresh, and return the connection with it."""
        self._change(stored.connection, credential=self._key.encrypt(token.to_json()), ended=None, attempted_at=None)
        return self.read(stored.connection.account)

    def end(self, stored: Stored, why: str) -> None:
        """Note that the connection needs a new login; `why` is shown to the person."""
        self._change(stored.connection, ended=why, attempted_at=None)

    def name(self, connection: Connection, label: str) -> None:
        """Note what the service calls the connection."""
        if connection.label != label:
            self._change(connection, label=label)

    def forget(self, account: str) -> bool:
        """Remove the connection of an account and its pending authorizations. Returns whether there was a connection."""
        with self._writing() as db:
            db.execute(PENDING.delete().where(PENDING.c.account == account))
            return db.execute(CONNECTIONS.delete().where(CONNECTIONS.c.account == account)).rowcount > 0

    def lock(self, account: str, *, timeout: float = LOCK_PATIENCE) -> AbstractContextManager[None]:
        """A context manager that holds the lock of an account, over all threads and processes.

        The operating system frees the lock when its process dies. Raises VaultError when another thread or process has
        held it for `timeout` seconds.
        """
        return self._store.lock(f"account-{fingerprint(account)[:16]}", timeout=timeout)

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
        now = datetime.now(UTC).timestamp()
        with self._writing() as db:
            outlived = PENDING.c.created_at < now - PENDING_LIFETIME.total_seconds() - SPENT_MEMORY.total_seconds()
            db.execute(PENDING.delete().where(outlived))
            db.execute(SPENT.delete().where(SPENT.c.spent_at < now - SPENT_MEMORY.total_seconds()))
            db.execute(
                PENDING.insert().values(
                    state_hash=fingerprint(state),
                    account=account,
                    browser_hash=None if browser is None else fingerprint(browser),
                    verifier=self._key.encrypt(verifier),
                    service=self._key.encrypt(service.to_json()),
                    redirect_uri=redirect_uri,
                    return_to=return_to,
                    created_at=now,
                )
            )

    def pending(self, state: str) -> Pending | None:
        """The pending authorization with this state, which stays in the vault; None when there is none."""
        with self._reading() as db:
            row = db.execute(sa.select(PENDING).where(PENDING.c.state_hash == fingerprint(state))).one_or_none()
        return None if row is None else self._pending_of(row)

    def consume(self, state: str) -> Pending | None:
        """Remove the pending authorization with this state and return it. Of several callers only the first gets it."""
        hashed = fingerprint(state)
        with self._writing() as db:
            row = db.execute(PENDING.delete().where(PENDING.c.state_hash == hashed).returning(PENDING)).one_or_none()
            if row is not None:
                db.execute(SPENT.insert().values(state_hash=hashed, spent_at=datetime.now(UTC).timestamp()))
        return None if row is None else self._pending_of(row)

    def was_spent(self, state: str) -> bool:
        """Whether an authorization with this state was consumed within the last day."""
        with self._reading() as db:
            query = sa.select(SPENT.c.state_hash).where(SPENT.c.state_hash == fingerprint(state))
            return db.execute(query).one_or_none() is not None

    # Budgets ----------------------------------------------------------------------------------------------------

    def amend_budget(self, name: str, change: Callable[[str | None], tuple[str, T]]) -> T:
        """Change a ledger while nobody else can read or change it.

        `change` gets the ledger's text (None: there is none yet) and returns the new text and a result, which is
        returned from here. It runs inside a transaction, so it asks nobody and takes no time.
        """
        with self._writing() as db:
            before = db.execute(sa.select(BUDGETS.c.ledger).where(BUDGETS.c.name == name)).scalar()
            text, result = change(before)
            if text != before:  # most looks change nothing, and a write waits for the disk
                db.execute(sa.delete(BUDGETS).where(BUDGETS.c.name == name))
                db.execute(BUDGETS.insert().values(name=name, ledger=text))
        return result

    # Keys -------------------------------------------------------------------------------------------------------

    def rotate(self) -> int:
        """Encrypt everything again with the first key of PSAUTH_SECRET_KEY; afterwards the other keys can be taken out.

        Returns the number of connections.
        """
        with self._writing() as db:
            rows = db.execute(sa.select(CONNECTIONS)).all()
            for row in rows:
                values = {name: self._key.encrypt_anew(getattr(row, name)) for name in ("service", "credential")}
                db.execute(CONNECTIONS.update().where(CONNECTIONS.c.account == row.account).values(values))
            for row in db.execute(sa.select(PENDING)).all():
                values = {name: self._key.encrypt_anew(getattr(row, name)) for name in ("service", "verifier")}
                db.execute(PENDING.update().where(PENDING.c.state_hash == row.state_hash).values(values))
            write_meta(db, "canary", self._key.encrypt(CANARY))
        return len(rows)

    # Inside -----------------------------------------------------------------------------------------------------

    def _change(self, connection: Connection, **values: Any) -> None:
        """Change the row of this very connection; LoginRequired when it was replaced or removed meanwhile."""
        here = (CONNECTIONS.c.account == connection.account) & (CONNECTIONS.c.id == connection.id)
        if set(values) != {"attempted_at"}:
            values["revision"] = CONNECTIONS.c.revision + 1
        with self._writing() as db:
            changed = db.execute(CONNECTIONS.update().where(here).values(values)).rowcount
        if not changed:
            raise LoginRequired(
                f"The connection of account {connection.account!r} was removed or replaced meanwhile. "
                f"Log in with: {login_line(connection.account)}"
            )

    def _stored(self, row: Any) -> Stored:
        service = self._service(row)
        credential = self._decrypt(row.credential)
        token = Token.from_json(credential) if row.kind == "oauth" else None
        connection = Connection(
            account=row.account,
            kind=row.kind,
            label=row.label,
            scope=token.scope if token else None,
            expires_at=token.end if token else None,
            service=service.without_secret(),
            created_at=datetime.fromtimestamp(row.created_at, UTC),
            id=row.id,
            revision=row.revision,
            renewable=bool(token and token.refresh_token),
            ended=row.ended,
        )
        return Stored(
            connection=connection,
            token=token,
            api_key=None if token else credential,
            client_secret=Secret(service.client_secret),
        )

    def _service(self, row: Any) -> Service:
        return Service.from_json(self._decrypt(row.service), **self._of_the_machine)

    def _pending_of(self, row: Any) -> Pending:
        return Pending(
            account=row.account,
            verifier=self._decrypt(row.verifier),
            service=self._service(row),
            redirect_uri=row.redirect_uri,
            return_to=row.return_to,
            browser_hash=row.browser_hash,
            created_at=datetime.fromtimestamp(row.created_at, UTC),
        )

    def _decrypt(self, data: bytes) -> Secret:
        try:
            return self._key.decrypt(data)
        except WrongKey:
            raise VaultError(
                f"A record in the vault {self.place} cannot be decrypted: it is damaged, or the key was changed in the "
                "middle. Restore the vault or its key from a backup; nothing was changed."
            ) from None

    def _reading(self) -> AbstractContextManager[sa.Connection]:
        return self._store.reading()

    def _writing(self) -> AbstractContextManager[sa.Connection]:
        return self._store.writing()

    def __repr__(self) -> str:
        return f"Vault({self.place!r})"


def _find_or_create_key(settings: Settings, store: Store) -> tuple[Key, bool]:
    """The key of the vault, and whether it was made just now in a file, about which everything was said.

    A keyring is asked while nothing is locked, so that one that hangs holds up nobody else.
    """
    key = find_key(settings.secret_key, vault=store.place, folder=store.key_folder)
    if key is not None:
        return key, False
    if not store.is_new():
        raise missing_key(store.place)
    with store.lock("key", timeout=LOCK_PATIENCE):  # several that begin one vault agree on one key
        key = find_key("", vault=store.place, folder=store.key_folder)
        return (key, False) if key is not None else (create_key(vault=store.place, folder=store.key_folder), True)


def _try_key(db: sa.Connection, key: Key, place: str) -> None:
    try:
        key.decrypt(read_meta(db, "canary") or b"")
    except WrongKey:
        raise VaultError(
            f"The key from {key.source} does not open the vault {place}. Use the key it was made with, or move the "
            f"vault away to begin anew; {KEPT}"
        ) from None
