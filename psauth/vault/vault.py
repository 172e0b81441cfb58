"""Vault: the encrypted database of connections and pending authorizations, and the lock that lets one refresh at a time."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
from cryptography.fernet import InvalidToken, MultiFernet

from psauth.vault.connection import PENDING_LIFETIME, Connection, Pending, Stored, fingerprint, login_line
from psauth.vault.sqlite import ACCOUNT, KEPT, file_lock, make_engine, make_file, make_folder, make_private, parse_url, told, was_emptied
from psauth.exceptions import LoginRequired, VaultError
from psauth.vault.keys import Key, create_key, find_key, keyring_problem
from psauth.vault.service import Service
from psauth.settings import Settings
from psauth.secret import Secret
from psauth.vault.token import Token

log = logging.getLogger(__name__)
T = TypeVar("T")

SCHEMA_VERSION = 2
SPENT_MEMORY = timedelta(days=1)
"""How long a used or outlived state is remembered, so that a reload can be told from a forgery."""
LOCK_PATIENCE = 90.0
"""Seconds to wait for another process that is refreshing: two attempts of the token endpoint's timeouts."""
CANARY = b"psauth vault"

_metadata = sa.MetaData()
_meta = sa.Table(
    "meta",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)
_connections = sa.Table(
    "connections",
    _metadata,
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
_pending = sa.Table(
    "pending",
    _metadata,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("browser_hash", sa.String),
    sa.Column("verifier", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("service", sa.LargeBinary, nullable=False),  # encrypted
    sa.Column("redirect_uri", sa.String, nullable=False),
    sa.Column("return_to", sa.String),
    sa.Column("created_at", sa.Float, nullable=False),
)
_spent = sa.Table(
    "spent",
    _metadata,
    sa.Column("state_hash", sa.String, primary_key=True),
    sa.Column("spent_at", sa.Float, nullable=False),
)
_budgets = sa.Table(  # since schema 2
    "budgets",
    _metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("ledger", sa.String, nullable=False),
)


class Vault:
    """The encrypted store of connections. Make one with `Vault.open(settings)`; threads may share it."""

    def __init__(
        self, engine: sa.Engine, cipher: MultiFernet, *, place: str, key_source: str, system_certificates: bool = True
    ) -> None:
        self._engine = engine
        self._cipher = cipher
        self.place = place
        self.key_source = key_source
        self._system_certificates = system_certificates

    @classmethod
    def open(cls, settings: Settings | None = None) -> Vault:
        """Open the vault of `settings`, making a new one where there is none.

        Raises VaultError when the file is damaged, cannot be written, or was made with another key; whatever is
        there stays as it is.
        """
        settings = settings or Settings()
        url = parse_url(settings.database_url)
        path = Path(url.database).expanduser().absolute()  # type: ignore[arg-type] # parse_url has seen to it
        url = url.set(database=str(path))
        place = str(path)
        make_folder(path.parent, private=path.parent == settings.home_path.absolute() or not settings.vault_url)
        if path.is_dir():
            raise VaultError(f"The vault's place {place} is a folder. Set PSAUTH_VAULT_URL to a file.")
        engine = make_engine(url)
        with told(place), file_lock(path, "open", timeout=LOCK_PATIENCE):
            if was_emptied(path):
                raise VaultError(
                    f"The vault {place} is empty, but there were connections in it: it is damaged. Restore it from a "
                    f"backup, or move it away to begin anew; {KEPT}"
                )
            make_file(path)
            with engine.execution_options(writing=True).begin() as db:
                found = _schema_version(db, place)
                make_private(path)  # not before: what is no vault is left as it is, its mode included
                key = find_key(settings.secret_key, vault=place, folder=path.parent)
                if found is None:
                    key = key or create_key(vault=place, folder=path.parent)
                    _metadata.create_all(db)
                    db.execute(_meta.insert().values(name="schema", value=str(SCHEMA_VERSION).encode()))
                    db.execute(_meta.insert().values(name="canary", value=key.cipher().encrypt(CANARY)))
                else:
                    _try_key(db, key, place)
                    _upgrade(db, found)
        assert key is not None  # noqa: S101 - _try_key raises where there is none
        return cls(engine, key.cipher(), place=place, key_source=key.source, system_certificates=settings.trusts_system)

    # Connections ------------------------------------------------------------------------------------------------

    def connections(self) -> list[Connection]:
        """Every connection, by account."""
        with self._reading() as db:
            rows = db.execute(sa.select(_connections).order_by(_connections.c.account)).all()
        return [self._stored(row).connection for row in rows]

    def find(self, account: str = "default") -> Stored | None:
        """The connection of `account` with its credential, or None."""
        with self._reading() as db:
            row = db.execute(sa.select(_connections).where(_connections.c.account == account)).one_or_none()
        return None if row is None else self._stored(row)

    def read(self, account: str = "default") -> Stored:
        """The connection of `account` with its credential; LoginRequired when there is none."""
        stored = self.find(account)
        if stored is None:
            raise LoginRequired(f"No connection is stored for account {account!r}. Log in with: {login_line(account)}")
        return stored

    def stamp(self, account: str = "default") -> str | None:
        """A short text that changes whenever the connection does (None: no connection), cheap enough to poll."""
        columns = (_connections.c.id, _connections.c.revision)
        with self._reading() as db:
            row = db.execute(sa.select(*columns).where(_connections.c.account == account)).one_or_none()
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
        """Store a new connection in the place of whatever `account` had."""
        kind = "oauth" if token is not None else "api_key"
        values = {
            "account": account,
            "id": secrets.token_urlsafe(12),
            "kind": kind,
            "label": label,
            "service": self._encrypt(service.to_json()),
            "credential": self._encrypt(token.to_json() if token is not None else api_key or ""),
            "revision": 1,
            "ended": None,
            "attempted_at": None,
            "created_at": datetime.now(UTC).timestamp(),
        }
        with self._writing() as db:
            db.execute(_connections.delete().where(_connections.c.account == account))
            db.execute(_connections.insert().values(values))
        return self.read(account).connection

    def attempt(self, stored: Stored) -> None:
        """Note that a refresh is about to be tried.

        Written before the refresh token is spent, so that a full disk or a read-only folder shows while the
        connection is still whole.
        """
        self._change(stored.connection, attempted_at=datetime.now(UTC).timestamp())

    def renew(self, stored: Stored, token: Token) -> Stored:
        """Store the token that a refresh gave, and return the connection as it is now."""
        self._change(stored.connection, credential=self._encrypt(token.to_json()), ended=None, attempted_at=None)
        return self.read(stored.connection.account)

    def end(self, stored: Stored, why: str) -> None:
        """Remember that this connection needs a new login, and why."""
        self._change(stored.connection, ended=why, attempted_at=None)

    def name(self, connection: Connection, label: str) -> None:
        """Remember what the service calls this connection."""
        if connection.label != label:
            self._change(connection, label=label)

    def forget(self, account: str) -> bool:
        """Remove the connection and its pending authorizations; whether there was one."""
        with self._writing() as db:
            db.execute(_pending.delete().where(_pending.c.account == account))
            return db.execute(_connections.delete().where(_connections.c.account == account)).rowcount > 0

    @contextmanager
    def lock(self, account: str, *, timeout: float = LOCK_PATIENCE) -> Iterator[None]:
        """Hold the one lock of a connection, across threads and processes; the system frees it when a process dies."""
        with told(self.place), file_lock(Path(self.place), ACCOUNT + fingerprint(account)[:16], timeout=timeout):
            yield

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
        """Store what the callback with this state will be held against."""
        now = datetime.now(UTC).timestamp()
        with self._writing() as db:
            outlived = _pending.c.created_at < now - PENDING_LIFETIME.total_seconds() - SPENT_MEMORY.total_seconds()
            db.execute(_pending.delete().where(outlived))
            db.execute(_spent.delete().where(_spent.c.spent_at < now - SPENT_MEMORY.total_seconds()))
            db.execute(
                _pending.insert().values(
                    state_hash=fingerprint(state),
                    account=account,
                    browser_hash=None if browser is None else fingerprint(browser),
                    verifier=self._encrypt(verifier),
                    service=self._encrypt(service.to_json()),
                    redirect_uri=redirect_uri,
                    return_to=return_to,
                    created_at=now,
                )
            )

    def pending(self, state: str) -> Pending | None:
        """What was begun with this state, without consuming it."""
        with self._reading() as db:
            row = db.execute(sa.select(_pending).where(_pending.c.state_hash == fingerprint(state))).one_or_none()
        return None if row is None else self._pending_of(row)

    def consume(self, state: str) -> Pending | None:
        """Take what was begun with this state out of the vault: whoever asks first gets it, everyone else None."""
        hashed = fingerprint(state)
        with self._writing() as db:
            row = db.execute(_pending.delete().where(_pending.c.state_hash == hashed).returning(_pending)).one_or_none()
            if row is not None:
                db.execute(_spent.insert().values(state_hash=hashed, spent_at=datetime.now(UTC).timestamp()))
        return None if row is None else self._pending_of(row)

    def was_spent(self, state: str) -> bool:
        """Whether this state was consumed within the last day."""
        with self._reading() as db:
            query = sa.select(_spent.c.state_hash).where(_spent.c.state_hash == fingerprint(state))
            return db.execute(query).one_or_none() is not None

    # Budgets ----------------------------------------------------------------------------------------------------

    def amend_budget(self, name: str, change: Callable[[str | None], tuple[str, T]]) -> T:
        """Rewrite the ledger called `name` with nobody in between; `change` gets it (None: new), and gives it and a result."""
        with self._writing() as db:
            before = db.execute(sa.select(_budgets.c.ledger).where(_budgets.c.name == name)).scalar()
            text, result = change(before)
            if text != before:  # most looks change nothing, and a write waits for the disk
                db.execute(sa.delete(_budgets).where(_budgets.c.name == name))
                db.execute(_budgets.insert().values(name=name, ledger=text))
        return result

    # Keys -------------------------------------------------------------------------------------------------------

    def rotate(self) -> int:
        """Encrypt everything anew with the first key; the number of connections. Afterwards older keys may go."""
        with self._writing() as db:
            rows = db.execute(sa.select(_connections)).all()
            for row in rows:
                values = {name: self._cipher.rotate(getattr(row, name)) for name in ("service", "credential")}
                db.execute(_connections.update().where(_connections.c.account == row.account).values(values))
            for row in db.execute(sa.select(_pending)).all():
                values = {name: self._cipher.rotate(getattr(row, name)) for name in ("service", "verifier")}
                db.execute(_pending.update().where(_pending.c.state_hash == row.state_hash).values(values))
            db.execute(_meta.update().where(_meta.c.name == "canary").values(value=self._cipher.encrypt(CANARY)))
        return len(rows)

    # Inside -----------------------------------------------------------------------------------------------------

    def _change(self, connection: Connection, **values: Any) -> None:
        """Change the row of exactly this connection; one that was replaced or forgotten meanwhile stays untouched."""
        here = (_connections.c.account == connection.account) & (_connections.c.id == connection.id)
        if set(values) != {"attempted_at"}:
            values["revision"] = _connections.c.revision + 1
        with self._writing() as db:
            changed = db.execute(_connections.update().where(here).values(values)).rowcount
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
            expires_at=token.expires_at if token else None,
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

    def _service(self, row: Any) -> Service:
        return Service.from_json(self._decrypt(row.service), system_certificates=self._system_certificates)

    def _encrypt(self, text: str) -> bytes:
        return self._cipher.encrypt(text.encode())

    def _decrypt(self, data: bytes) -> Secret:
        try:
            return Secret(self._cipher.decrypt(data).decode())
        except InvalidToken:
            raise VaultError(
                f"A record in the vault {self.place} cannot be decrypted: it is damaged, or the key was changed in the "
                "middle. Restore the vault or its key from a backup; nothing was changed."
            ) from None

    @contextmanager
    def _reading(self) -> Iterator[sa.Connection]:
        with told(self.place), self._engine.connect() as db:
            yield db

    @contextmanager
    def _writing(self) -> Iterator[sa.Connection]:
        with told(self.place), self._engine.execution_options(writing=True).begin() as db:
            yield db

    def __repr__(self) -> str:
        return f"Vault({self.place!r})"


def _schema_version(db: sa.Connection, place: str) -> int | None:
    names = set(db.execute(sa.text("SELECT name FROM sqlite_master WHERE type = 'table'")).scalars())
    if not names:
        return None
    if "meta" not in names:
        raise VaultError(f"{place} is a database, but not a psauth vault. Set PSAUTH_VAULT_URL to another file.")
    if (verdict := db.execute(sa.text("PRAGMA quick_check(1)")).scalar()) != "ok":
        raise VaultError(f"The vault {place} is damaged ({verdict}). Restore it from a backup, or move it away; {KEPT}")
    value = db.execute(sa.select(_meta.c.value).where(_meta.c.name == "schema")).scalar()
    version = value.decode("ascii", "replace") if isinstance(value, bytes) else value
    if version not in {str(known) for known in range(1, SCHEMA_VERSION + 1)}:
        raise VaultError(
            f"The vault {place} has schema {version!r}; this psauth reads {SCHEMA_VERSION}. Update psauth; {KEPT}"
        )
    return int(str(version))


def _upgrade(db: sa.Connection, found: int) -> None:
    """Bring a vault of an older schema up to this one; each step only adds."""
    if found < 2:
        _budgets.create(db)
    if found != SCHEMA_VERSION:
        db.execute(_meta.update().where(_meta.c.name == "schema").values(value=str(SCHEMA_VERSION).encode()))
        log.info("the vault was brought from schema %s to %s", found, SCHEMA_VERSION)


def _try_key(db: sa.Connection, key: Key | None, place: str) -> None:
    if key is None:
        if problem := keyring_problem(place):
            raise VaultError(f"The key of the vault {place} was not found. {problem}, then try again; {KEPT}")
        raise VaultError(
            f"The key of the vault {place} is gone: not in PSAUTH_SECRET_KEY, the keyring or beside the vault. Restore "
            f"it, or move the vault away to begin anew; {KEPT}"
        )
    canary = db.execute(sa.select(_meta.c.value).where(_meta.c.name == "canary")).scalar()
    try:
        key.cipher().decrypt(canary or b"")
    except InvalidToken:
        raise VaultError(
            f"The key from {key.source} does not open the vault {place}. Use the key it was made with, or move the "
            f"vault away to begin anew; {KEPT}"
        ) from None
