"""Token: what a token endpoint gave, as a frozen value that does not show itself."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, NoReturn

from psauth.secret import Secret, door, fits_a_header, hiding
from psauth.words import printable

LEEWAY = timedelta(seconds=60)
"""How long before its expiry a token counts as expired, so that it does not die on the way to the service."""
LEEWAY_SHARE = 10
"""One in so many seconds of a token's life is leeway at most: one that lives a minute is not renewed for each request."""

LONGEST: Final = 16_384
"""Characters of a token; servers take headers of 8 to 16 kB."""
LONGEST_SCOPE: Final = 1000
BEARER: Final = "Bearer"

LONGEST_LIFE = timedelta(days=3650)
"""An `expires_in` beyond this is no promise but a number; it must not overflow a date either."""


@hiding("access_token", "refresh_token")
@dataclass(frozen=True, kw_only=True, repr=False)
class Token:
    """An access token with what came along; `expires_at` is UTC, or None when the server did not say."""

    access_token: str
    refresh_token: str | None = None
    token_type: str = "Bearer"
    scope: str | None = None
    expires_at: datetime | None = None
    obtained_at: datetime = field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def from_answer(cls, answer: Mapping[str, Any], *, now: datetime | None = None) -> Token:
        """A token from the fields of a token answer (RFC 6749 §5.1); everything but `access_token` may be missing.

        A missing `token_type` counts as Bearer: RFC 6749 requires one, but nothing else could be meant. Any other type
        has to be sent in another way. Raises ValueError with a clause when there is no access token that can be used.
        """
        now = now or datetime.now(UTC)
        access_token = answer.get("access_token")
        if not isinstance(access_token, str) or not access_token.strip():
            raise ValueError("there is no access_token in it")
        if not fits_a_header(access_token):
            raise ValueError("its access_token holds characters that cannot stand in a header")
        if len(access_token) > LONGEST:
            raise ValueError(f"its access_token has {len(access_token):,} characters, which fit into no header")
        token_type = answer.get("token_type")
        if token_type is None or token_type == "":
            token_type = BEARER
        if not isinstance(token_type, str) or token_type.strip().lower() != BEARER.lower():
            shown = printable(str(token_type), longest=40)
            raise ValueError(f"its token_type is {shown!r}, and the API takes {BEARER} tokens only")
        return cls(
            access_token=Secret(access_token),
            refresh_token=_refresh_token(answer.get("refresh_token")),
            token_type=token_type.strip(),
            scope=_scope(answer.get("scope")),
            expires_at=_expiry(answer.get("expires_in"), now),
            obtained_at=now,
        )

    @property
    def end(self) -> datetime | None:
        """When the token ends in UTC; None when the server did not say so, or said that it lives for no time at all."""
        return None if self.expires_at == self.obtained_at else self.expires_at

    def is_expired(self, leeway: timedelta = LEEWAY, *, now: datetime | None = None) -> bool | None:
        """Whether the token is about to end: within `leeway` of it, but within a tenth of its life at most.

        None, which is not "expired", when its end is unknown, or the clock was set back to before the token was
        obtained. Such a token is used until it is refused.
        """
        now = now or datetime.now(UTC)
        if self.end is None or now < self.obtained_at - LEEWAY:
            return None
        life = max(self.end - self.obtained_at, timedelta(0))
        return now + min(leeway, life / LEEWAY_SHARE) >= self.end

    def succeeded_by(self, new: Token) -> Token:
        """`new`, keeping this token's refresh token and scope where the answer left them out (RFC 6749 §6)."""
        return replace(new, refresh_token=new.refresh_token or self.refresh_token, scope=new.scope or self.scope)

    @door
    def to_json(self) -> Secret:
        """For the vault only: everything, secrets included, as JSON."""
        return Secret(
            json.dumps(
                {
                    "access_token": self.access_token,
                    "refresh_token": self.refresh_token,
                    "token_type": self.token_type,
                    "scope": self.scope,
                    "expires_at": self.expires_at and self.expires_at.isoformat(),
                    "obtained_at": self.obtained_at.isoformat(),
                }
            )
        )

    @classmethod
    @door
    def from_json(cls, text: str) -> Token:
        """The inverse of `to_json`."""
        fields = json.loads(text)
        return cls(
            access_token=Secret(fields["access_token"]),
            refresh_token=Secret(fields["refresh_token"]) if fields["refresh_token"] else None,
            token_type=fields["token_type"],
            scope=fields["scope"],
            expires_at=datetime.fromisoformat(fields["expires_at"]) if fields["expires_at"] else None,
            obtained_at=datetime.fromisoformat(fields["obtained_at"]),
        )

    def __repr__(self) -> str:
        end = self.expires_at.isoformat(timespec="seconds") if self.expires_at else "unknown"
        refresh = "***" if self.refresh_token else None
        return f"Token(access_token=***, refresh_token={refresh}, scope={self.scope!r}, expires_at={end})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Token is not pickled: it would leave the vault. Open the vault where the token is needed.")


def _refresh_token(value: Any) -> Secret | None:
    """A refresh token that can be sent (RFC 6749 appendix A.17); None for what else stands in its place."""
    fits = isinstance(value, str) and value.strip() and fits_a_header(value) and len(value) <= LONGEST
    return Secret(value) if fits else None


def _scope(value: Any) -> str | None:
    """A scope, or several in a list, as a text of one line; None for what else stands in its place."""
    words = [word for word in value if isinstance(word, str)] if isinstance(value, list) else [value]
    return (
        (printable(" ".join(words), longest=LONGEST_SCOPE) or None) if isinstance(words[:1] and words[0], str) else None
    )


def _expiry(expires_in: Any, now: datetime) -> datetime | None:
    """`expires_in` in seconds, as a number or its text; anything that is neither is "unknown"."""
    if isinstance(expires_in, bool):
        return None
    try:
        seconds = float(expires_in)
    except OverflowError:  # a JSON number of hundreds of digits
        seconds = math.inf if expires_in > 0 else -math.inf
    except (TypeError, ValueError):
        return None
    if math.isnan(seconds):
        return None
    return now + timedelta(seconds=max(0.0, min(seconds, LONGEST_LIFE.total_seconds())))
