"""Rows: how connections and authorizations stand in the vault's tables, each text encrypted for its row and column."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from psauth.exceptions import VaultError
from psauth.secret import Secret
from psauth.vault.anew import begin_anew
from psauth.vault.connection import Connection, Pending, Stored
from psauth.vault.keys import Key, WrongKey
from psauth.vault.service import Service
from psauth.vault.tables import FORMAT
from psauth.vault.token import Token

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS: Final = ("oauth", "api_key")


class Rows:
    """Turns values into rows and back.

    What is encrypted is bound to its place: a `service` or `credential` that was copied from another row, or one whose
    account, id, kind or time was changed, is not decrypted. It is damaged, and VaultError says so.
    """

    def __init__(self, key: Key, place: str, of_the_machine: Mapping[str, Any]) -> None:
        self._key = key
        self._place = place
        self._of_the_machine = of_the_machine

    # Connections --------------------------------------------------------------------------------------------------

    def connection(
        self,
        *,
        account: str,
        id: str,
        kind: str,
        label: str | None,
        service: Service,
        credential: str,
        created_at: float,
    ) -> dict[str, Any]:
        """The row of a new connection."""
        of_row = _of_connection(account, id, kind, created_at)
        return {
            "account": account,
            "id": id,
            "kind": kind,
            "label": self._text(label, "label", of_row),
            "service": self._key.encrypt(service.to_json(), "service", *of_row),
            "credential": self._key.encrypt(credential, "credential", *of_row),
            "revision": 1,
            "ended": self._text(None, "ended", of_row),
            "attempted_at": None,
            "created_at": created_at,
            "format": FORMAT,
        }

    def credential(self, connection: Connection, token: Token) -> bytes:
        """The column "credential" of a connection, for a new token."""
        return self._key.encrypt(token.to_json(), "credential", *_of(connection))

    def text(self, connection: Connection, name: str, text: str | None) -> bytes:
        """The column "label" or "ended" of a connection; None is encrypted too, so that nobody can take a text away."""
        return self._text(text, name, _of(connection))

    def stored(self, row: Any, *, asked: str | None = None) -> Stored:
        """The connection of a row, with its credential; VaultError when anything in it does not belong there.

        `asked`: the account that was looked for. A damaged index, or a table that no longer tells "a" from "A", finds
        somebody else's row.
        """
        with self._damaged():
            of_row = _of_connection(row.account, row.id, row.kind, row.created_at)
            if asked not in (None, row.account):
                raise WrongKey
            if row.kind not in KINDS or not isinstance(row.revision, int) or not isinstance(row.account, str):
                raise WrongKey
            service = self._service(row.service, of_row)
            credential = self._key.decrypt(row.credential, "credential", *of_row)
            token = Token.from_json(credential) if row.kind == "oauth" else None
            connection = Connection(
                account=row.account,
                kind=row.kind,
                label=self._read_text(row.label, "label", of_row),
                scope=token.scope if token else None,
                expires_at=token.end if token else None,
                service=service.without_secret(),
                created_at=datetime.fromtimestamp(row.created_at, UTC),
                id=row.id,
                revision=row.revision,
                renewable=bool(token and token.refresh_token),
                ended=self._read_text(row.ended, "ended", of_row),
            )
            return Stored(
                connection=connection,
                token=token,
                api_key=None if token else credential,
                client_secret=Secret(service.client_secret),
            )

    # Pending authorizations ---------------------------------------------------------------------------------------

    def pending_row(
        self,
        *,
        state_hash: str,
        account: str,
        browser_hash: str | None,
        verifier: str,
        service: Service,
        redirect_uri: str,
        return_to: str | None,
        created_at: float,
    ) -> dict[str, Any]:
        """The row of an authorization that was begun."""
        of_row = _of_pending(state_hash, account, browser_hash, redirect_uri, return_to, created_at)
        return {
            "state_hash": state_hash,
            "account": account,
            "browser_hash": browser_hash,
            "verifier": self._key.encrypt(verifier, "verifier", *of_row),
            "service": self._key.encrypt(service.to_json(), "service", *of_row),
            "redirect_uri": redirect_uri,
            "return_to": return_to,
            "created_at": created_at,
            "format": FORMAT,
        }

    def pending(self, row: Any, *, asked: str | None = None) -> Pending:
        """The authorization of a row; VaultError when anything in it does not belong there.

        `asked`: the hash that was looked for, where the row was changed by it: its columns do not come from the index then.
        """
        with self._damaged():
            if asked not in (None, row.state_hash):
                raise WrongKey
            of_row = _of_pending(
                row.state_hash, row.account, row.browser_hash, row.redirect_uri, row.return_to, row.created_at
            )
            return Pending(
                account=row.account,
                verifier=self._key.decrypt(row.verifier, "verifier", *of_row),
                service=self._service(row.service, of_row),
                redirect_uri=row.redirect_uri,
                return_to=row.return_to,
                browser_hash=row.browser_hash,
                created_at=datetime.fromtimestamp(row.created_at, UTC),
            )

    # Budgets ------------------------------------------------------------------------------------------------------

    def ledger(self, name: str, text: str) -> bytes:
        """The ledger of a budget, encrypted."""
        return self._key.encrypt(text, "budgets", "ledger", name)

    def read_ledger(self, name: str, data: object) -> str | None:
        """The inverse of `ledger`; None for None."""
        with self._damaged():
            return None if data is None else str(self._key.decrypt(data, "budgets", "ledger", name))

    # Other keys, and older versions -------------------------------------------------------------------------------

    def encrypted_anew(self, row: Any, table: str) -> dict[str, bytes]:
        """The encrypted columns of a row, as the first key encrypts them."""
        with self._damaged():
            if table == "connections":
                of_row: tuple[object, ...] = _of_connection(row.account, row.id, row.kind, row.created_at)
                names = ["service", "credential", "label", "ended"]
            elif table == "pending":
                of_row = _of_pending(
                    row.state_hash, row.account, row.browser_hash, row.redirect_uri, row.return_to, row.created_at
                )
                names = ["service", "verifier"]
            else:
                return {"ledger": self.ledger(row.name, self._key.decrypt(row.ledger, "budgets", "ledger", row.name))}
            return {
                name: self._key.encrypt(self._key.decrypt(getattr(row, name), name, *of_row), name, *of_row)
                for name in names
            }

    def of_version_2(self, table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        """A row of a vault of version 2, where nothing was bound, as it stands in this version."""
        with self._damaged():
            if table == "spent":
                return {"state_hash": str(row["state_hash"]), "spent_at": float(row["spent_at"])}
            if table == "budgets":
                return {"name": row["name"], "ledger": self.ledger(row["name"], row["ledger"])}
            values = dict(row)
            service = Service.from_json(self._key.decrypt_unbound(values.pop("service")))
            if table == "pending":
                verifier = self._key.decrypt_unbound(values.pop("verifier"))
                return self.pending_row(**values, service=service, verifier=verifier)
            credential = self._key.decrypt_unbound(values.pop("credential"))
            revision, ended, attempted_at = (values.pop(name) for name in ("revision", "ended", "attempted_at"))
            made = self.connection(**values, service=service, credential=credential)
            of_row = _of_connection(made["account"], made["id"], made["kind"], made["created_at"])
            made |= {
                "revision": revision,
                "attempted_at": attempted_at,
                "ended": self._text(ended, "ended", of_row),
            }
            self.stored(_Row(made))  # whole, or not taken over
            return made

    # Inside -------------------------------------------------------------------------------------------------------

    def _service(self, data: object, of_row: tuple[object, ...]) -> Service:
        text = self._key.decrypt(data, "service", *of_row)
        return Service.from_json(text, **self._of_the_machine)

    def _text(self, text: str | None, name: str, of_row: tuple[object, ...]) -> bytes:
        return self._key.encrypt(json.dumps(text), name, *of_row)

    def _read_text(self, data: object, name: str, of_row: tuple[object, ...]) -> str | None:
        text: str | None = json.loads(self._key.decrypt(data, name, *of_row))
        return text

    @contextmanager
    def _damaged(self) -> Iterator[None]:
        """Turns whatever a row that is not as we wrote it leads to into one sentence."""
        try:
            yield
        except (WrongKey, ValueError, TypeError, KeyError, AttributeError, ArithmeticError, OSError, RecursionError):
            pass
        else:
            return
        raise VaultError(
            f"A record in the vault {self._place} cannot be decrypted: it is damaged, or the key was changed in the "
            f"middle. Restore the vault or its key from a backup; nothing was changed. {begin_anew(self._place)}"
        ) from None


class _Row:
    """A row that is not in the database yet."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.__dict__.update(values)


def _of(connection: Connection) -> tuple[object, ...]:
    """What binds an encrypted text to a connection that was read."""
    created_at = connection.created_at.timestamp()
    return _of_connection(connection.account, connection.id, connection.kind, created_at)


def _of_connection(account: object, id: object, kind: object, created_at: object) -> tuple[object, ...]:
    """What binds an encrypted text to the row of its connection."""
    return ("connections", account, id, kind, _moment(created_at))


def _of_pending(
    state_hash: object,
    account: object,
    browser_hash: object,
    redirect_uri: object,
    return_to: object,
    created_at: object,
) -> tuple[object, ...]:
    """What binds an encrypted text to its authorization."""
    return ("pending", state_hash, account, browser_hash, redirect_uri, return_to, _moment(created_at))


def _moment(created_at: object) -> str:
    """A time as it is bound: to the microsecond, as a datetime has it; ValueError for what is no time."""
    if not isinstance(created_at, float):
        raise ValueError
    return datetime.fromtimestamp(created_at, UTC).isoformat()
