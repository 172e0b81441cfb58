"""Secret: a text that does not show itself, and what keeps secrets out of other texts."""

from __future__ import annotations

from typing import Any, NoReturn

SHORTEST_SECRET = 8
"""What is shorter is no secret, but may well be a part of a word."""


class Secret(str):
    """A text whose repr is masked, so that no debugger, log or traceback with local variables shows it.

    It is not pickled either, and so neither is what holds one.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: Any) -> Secret:
        return self

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is not pickled: it would leave the vault. Open the vault where it is needed.")


def fits_a_header(secret: str) -> bool:
    """Whether a credential can be sent: visible ASCII and spaces (RFC 6749 appendix A). Others would show in errors."""
    return all(32 <= ord(c) < 127 for c in secret)


def masked(text: str, *secrets: str | None) -> str:
    """`text` from outside without the secrets it repeats: some servers quote what they refuse."""
    for secret in secrets:
        if secret and len(secret) >= SHORTEST_SECRET:
            text = text.replace(secret, "***")
    return text
