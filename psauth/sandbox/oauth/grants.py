"""The memory of the authorization server: clients, codes, and families of tokens.

Only SHA-256 hashes of codes and tokens are kept, in memory and in the file alike. One lock guards everything;
whoever spends a code or a refresh token holds it from the check to the end of the issue, so each is spent once.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

CLIENT_ID = "psauth-sandbox"
PUBLIC_CLIENT_ID = "psauth-sandbox-public"
CODE_LIFETIME = 60.0
_VERSION = 1


class StateError(ValueError):
    """The state file is not one of this sandbox; move it away or repair it, nothing was deleted."""


def digest(secret: str) -> str:
    """What is kept of a secret."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(slots=True)
class Code:
    """An authorization code, bound to everything it was asked with. Times are seconds since 1970."""

    hash: str
    family: str
    client_id: str
    user_id: str
    redirect_uri: str
    scope: str
    expires_at: float
    code_challenge: str | None
    code_challenge_method: str | None
    spent: bool = False

    def get_redirect_uri(self) -> str:
        """Asked for by Authlib."""
        return self.redirect_uri

    def get_scope(self) -> str:
        """Asked for by Authlib."""
        return self.scope


@dataclass(slots=True)
class Issued:
    """An access or refresh token, known by its hash."""

    hash: str
    kind: str
    family: str
    client_id: str
    user_id: str
    scope: str
    expires_at: float
    spent: bool = False

    def check_client(self, client: Any) -> bool:
        """Asked for by Authlib: whether `client` got this token."""
        return bool(client.get_client_id() == self.client_id)

    def get_scope(self) -> str:
        """Asked for by Authlib."""
        return self.scope


class Grants:
    """Everything that was ever granted, in memory and, with a `path`, in a file of mode 0600.

    `clock` tells the time in seconds since 1970. Raises `StateError` for a damaged file.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self.path = None if path is None else Path(path)
        self.clock = clock
        self.lock = threading.RLock()
        self._codes: dict[str, Code] = {}
        self._tokens: dict[str, Issued] = {}
        self._revoked: set[str] = set()
        self.client_secret = secrets.token_urlsafe(32)
        self.api_key = secrets.token_urlsafe(32)
        self.born = clock()  # when this sandbox began; its company is drawn around that day
        if self.path is not None:
            if self.path.exists():
                self._load(self.path)
            else:
                self._save()

    def __repr__(self) -> str:
        return f"Grants(path={None if self.path is None else str(self.path)!r})"

    def check_api_key(self, key: str) -> bool:
        """Whether `key` is the API key of this sandbox."""
        return hmac.compare_digest(key.encode(), self.api_key.encode())

    # Codes

    def add_code(self, code: str, **bound: Any) -> None:
        """Keep a fresh code with what it is bound to."""
        with self.lock:
            expires_at = self.clock() + CODE_LIFETIME
            kept = Code(digest(code), secrets.token_hex(16), expires_at=expires_at, **bound)
            self._codes[kept.hash] = kept
            self._save()

    def find_code(self, code: str, client_id: str) -> Code | None:
        """The unspent, unexpired code of `client_id`; a spent one revokes what was issued from it."""
        with self.lock:
            kept = self._codes.get(digest(code))
            if kept is None or kept.client_id != client_id:
                return None
            if kept.spent:
                self.revoke_family(kept.family)
                return None
            return kept if self.clock() < kept.expires_at else None

    # Tokens

    def add_token(self, token: str, kind: str, lifetime: float, **bound: Any) -> None:
        """Keep a fresh token; the caller saves."""
        kept = Issued(digest(token), kind, expires_at=self.clock() + lifetime, **bound)
        self._tokens[kept.hash] = kept

    def find_token(self, token: str) -> Issued | None:
        """The token whatever its state, or None."""
        with self.lock:
            return self._tokens.get(digest(token))

    def find_refresh_token(self, token: str, client_id: str) -> Issued | None:
        """The refresh token if it may be used; a spent one coming back ends its family."""
        with self.lock:
            kept = self._tokens.get(digest(token))
            if kept is None or kept.kind != "refresh" or kept.client_id != client_id:
                return None
            if kept.spent:
                self.revoke_family(kept.family)
                return None
            return kept if self.alive(kept) else None

    def alive(self, token: Issued) -> bool:
        """Neither expired nor revoked."""
        return token.family not in self._revoked and self.clock() < token.expires_at

    def revoke_family(self, family: str) -> None:
        """End everything that came from one consent."""
        with self.lock:
            self._revoked.add(family)
            self._save()

    def expire_access_tokens(self) -> None:
        """Let every access token run out now, as if its hour had passed."""
        with self.lock:
            for token in self._tokens.values():
                if token.kind == "access":
                    token.expires_at = self.clock()
            self._save()

    def save(self) -> None:
        """Write the file, where there is one."""
        with self.lock:
            self._save()

    def _forget(self) -> None:
        # What expired long ago cannot matter any more. Spent ones stay until then: their return is an alarm.
        old = self.clock() - 3600
        self._codes = {k: c for k, c in self._codes.items() if c.expires_at > old}
        self._tokens = {k: t for k, t in self._tokens.items() if t.expires_at > old}
        known = {c.family for c in self._codes.values()} | {t.family for t in self._tokens.values()}
        self._revoked &= known

    def _save(self) -> None:
        self._forget()
        if self.path is None:
            return
        state = {
            "version": _VERSION,
            "client_secret": self.client_secret,
            "api_key": self.api_key,
            "born": self.born,
            "codes": [asdict(code) for code in self._codes.values()],
            "tokens": [asdict(token) for token in self._tokens.values()],
            "revoked": sorted(self._revoked),
        }
        for folder in reversed([self.path.parent, *self.path.parent.parents]):  # `parents=True` opens them to everybody
            folder.mkdir(mode=0o700, exist_ok=True)
        # mkstemp makes the file with mode 0600, so it is never readable by others, not even empty.
        handle, name = tempfile.mkstemp(prefix=f".{self.path.name}.", dir=self.path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(state, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self.path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _load(self, path: Path) -> None:
        try:
            state = json.loads(path.read_text(encoding="utf-8"))
            if state["version"] != _VERSION:
                raise ValueError(f"version {state['version']!r}")
            self.client_secret, self.api_key = str(state["client_secret"]), str(state["api_key"])
            self.born = float(state["born"])
            self._codes = {c["hash"]: Code(**c) for c in state["codes"]}
            self._tokens = {t["hash"]: Issued(**t) for t in state["tokens"]}
            self._revoked = set(state["revoked"])
        except (ValueError, KeyError, TypeError) as error:
            # No `from error`: a decoder's message may quote the file, and the file holds secrets.
            what = type(error).__name__
            raise StateError(
                f"{path} is not a state file of the sandbox ({what}); move it away to start afresh"
            ) from None
