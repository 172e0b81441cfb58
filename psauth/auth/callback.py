"""Callback: the query parameters an authorization server sent back, read without trusting them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from psauth.exceptions import DuplicateParameter, MalformedCallback
from psauth.secret import door, hiding
from psauth.words import printable

LONGEST = 16_384
"""Characters; no server sends a longer callback, and nothing longer is worth reading."""


@hiding("state", "code")
@dataclass(frozen=True, kw_only=True)
class Callback:
    """The parameters of RFC 6749 §4.1.2 and RFC 9207; each is None when it did not come, or came empty."""

    state: str | None = field(default=None, repr=False)
    code: str | None = field(default=None, repr=False)
    iss: str | None = None
    error: str | None = None
    error_description: str | None = None

    @classmethod
    @door
    def read(cls, params: Mapping[str, Any] | str) -> Callback:
        """From a mapping of query parameters (a value may be a list), or from the whole callback address.

        Raises MalformedCallback, or DuplicateParameter when any parameter stands twice (RFC 6749 §3.1).
        """
        if isinstance(params, str):
            pairs = _from_address(params)
        elif isinstance(params, Mapping):
            pairs = _from_mapping(params)
        else:
            raise MalformedCallback(
                f"The callback is a {type(params).__name__}. Expected its query parameters as a mapping, or its whole "
                "address as a text."
            )
        seen: dict[str, str] = {}
        for name, value in pairs:
            if name in seen:
                raise DuplicateParameter(
                    f"The callback holds the parameter {printable(name)!r} twice, which no authorization server sends. "
                    "Nothing was done with it; begin again."
                )
            if not _is_unicode(value):
                raise MalformedCallback("The callback's parameters are not texts. Copy the whole address once more.")
            seen[name] = value
        return cls(**{name: seen.get(name) or None for name in ("state", "code", "iss", "error", "error_description")})


@door
def read_sealed(sealed: Iterator[Mapping[str, Any] | str]) -> Callback:
    """See Callback.read; the parameters are what the iterator gives, so that they stand in no frame before."""
    return Callback.read(next(sealed))


def _is_unicode(text: str) -> bool:
    """Half of a surrogate pair passes for a text in Python, and can be sent nowhere."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _from_address(address: str) -> list[tuple[str, str]]:
    if len(address) > LONGEST:
        raise MalformedCallback(f"The callback is longer than {LONGEST} characters. Copy the address once more.")
    try:
        address = address.strip()
        query = urlsplit(address).query if "?" in address else address
        return parse_qsl(query, keep_blank_values=True, errors="replace", max_num_fields=100)
    except ValueError as error:
        raise MalformedCallback(
            "The callback is not a web address. Copy the whole address from the browser's address bar, from http on."
        ) from error


def _from_mapping(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    multiple = getattr(params, "multi_items", None)  # starlette's QueryParams keeps repeated names apart there
    items: Iterable[tuple[Any, Any]] = multiple() if callable(multiple) else params.items()
    pairs: list[tuple[str, str]] = []
    for name, value in items:
        values = list(value) if isinstance(value, list | tuple) else [value]
        if not isinstance(name, str) or not all(isinstance(v, str) and len(v) <= LONGEST for v in values):
            raise MalformedCallback(
                "The callback's parameters are not texts. Expected the query parameters, or the whole address."
            )
        pairs += [(name, v) for v in values]
    return pairs
