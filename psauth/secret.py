"""Secret: a text that does not show itself, and whether it was copied as it is."""

from __future__ import annotations

import re
from typing import Any, Final, NoReturn


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


QUOTES: Final = frozenset("\"'`\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2039\u203a")
"""Straight, typographic and French quotation marks, and the back-tick of Markdown."""
BRACKETS: Final = frozenset({"<>", "[]", "{}", "()"})
HEADER: Final = re.compile(
    r"(?:curl\s.*?)?(?:-H\s*|--header[\s=]+)?[\"']?"
    r"(?:(?P<name>(?:x-)?api[-_ ]?key|(?:proxy-)?authorization|cookie|client[-_ ](?:id|secret)|bearer)\s*:|[a-z][a-z0-9-]*:\s)",
    re.IGNORECASE,
)
"""The begin of a header line, perhaps within a line of curl: a well-known name and a colon, or any name, a colon and a space."""
SCHEME: Final = re.compile(r"(?P<name>bearer|basic|token|(?:x-)?api-?key)\s+\S", re.IGNORECASE)
"""How a header names the kind of a credential."""
ASSIGNMENT: Final = re.compile(
    r"(?:export\s+|set\s+|\$env:)?(?P<name>psauth_[a-z_]+|(?:x-)?api[-_]key|client_id|client_secret|secret_key)\s*=",
    re.IGNORECASE,
)
"""The begin of a line of a shell, of .env or of TOML."""


def copied_wrongly(secret: str) -> str | None:
    """What was copied along with a credential and does not belong to it, as the end of a sentence; None: nothing.

    Looked for are quotation marks and brackets around it, line breaks and invisible characters, whole header lines and
    whole assignments. The credential is not in the sentence.
    """
    bare = secret[1:] if re.match(r"b['\"]", secret) else secret
    if bare and bare[0] in QUOTES and bare[-1] in QUOTES:
        return "stands in quotation marks, which would be a part of it. Take them away"
    if bare and bare[0] + bare[-1] in BRACKETS:
        return "stands in brackets, which would be a part of it. Take them away"
    if not secret.isprintable() or secret.endswith(("\\n", "\\r")):
        return "holds a line break or another character that cannot be seen. Copy it again, whole and alone"
    if line := ASSIGNMENT.match(secret):
        return f"is a whole line, with {line['name']!r} and an equals sign. Take only what stands behind the sign"
    if header := HEADER.match(secret):
        name = f", {header['name']!r} included" if header["name"] else ""
        return f"is a whole header line{name}. Take only the credential in it"
    if scheme := SCHEME.match(secret):
        return f"begins with {scheme['name']!r}, a word of its header. Take only what stands behind it"
    return None


def fits_a_header(secret: str) -> bool:
    """Whether a credential can be sent: visible ASCII and spaces (RFC 6749 appendix A). Others would show in errors."""
    return all(32 <= ord(c) < 127 for c in secret)
