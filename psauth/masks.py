"""Masks: text from outside without the secrets that it repeats, in whatever form it repeats them."""

from __future__ import annotations

import base64
import html
import json
import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, quote_plus

from psauth.secret import door

SHORTEST: Final = 8
"""What is shorter is no secret, but may well be a part of a word."""
PART: Final = 9
"""So many characters of a secret in a row are hidden too: some servers cut what they quote."""
LONGEST: Final = 65_536
"""Characters of a text that are looked at; no message shows so many, so the rest is left out."""
DECODINGS: Final = 3
"""How often a form may have been put into another one, as JSON in JSON."""
HIDDEN: Final = "***"

_ESCAPE: Final = re.compile(
    rb"%u(?P<script>[0-9a-f]{4})|%(?P<percent>[0-9a-f]{2})"
    rb"|\\u(?P<json>[0-9a-f]{4})|\\x(?P<python>[0-9a-f]{2})|\\(?P<plain>[^ux])"
    rb"|(?P<html>&(?:#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z][a-z0-9]{1,30});)",
    re.IGNORECASE,
)
"""How a character may be written in an address or a form, in JSON, in Python and in HTML."""
_CONTROLS: Final = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_PLUS: Final = ord("+")
_URL_SAFE: Final = bytes.maketrans(b"-_", b"+/")
_BLANK: Final = bytes([*range(33), 127])
_SPACES: Final = frozenset(_BLANK)


class Masks:
    """The secrets of one request, and what hides them in the words of those who were asked.

    Hidden are a secret and every part of it of more than eight characters, in upper and lower case, broken over lines,
    percent-encoded, as in JSON or HTML, as base64 at any place of a longer text, and in hexadecimal digits. It takes time
    in proportion to the text. Secrets of fewer than eight characters are not looked for: they would be found in words.

    >>> from psauth.masks import Masks
    >>> Masks("t0ken-of-somebody").text("Bearer t0ken-of-some… is not valid")
    'Bearer ***… is not valid'
    """

    __slots__ = ("_parts", "_secrets")

    def __init__(self, *secrets: str | None) -> None:
        self._secrets = tuple(secret for secret in secrets if secret and len(secret) >= SHORTEST)
        self._parts: dict[int, set[int]] | None = None

    def __repr__(self) -> str:
        return f"Masks({', '.join([HIDDEN] * len(self._secrets))})"

    def hides(self, secret: str | None) -> bool:
        """Whether this is a secret that is looked for, or none that would be."""
        return not secret or len(secret) < SHORTEST or secret in self._secrets

    @door
    def text(self, text: str) -> str:
        """`text` with `***` in the place of every secret, and cut where no message would show it."""
        text = text[:LONGEST]
        if not self._secrets:
            return text
        hidden = bytearray(len(text))
        for data, begins, ends in _decodings(text):
            for begin, end in self._found(data):
                first, behind = begins[begin], ends[end - 1]
                hidden[first:behind] = b"\1" * (behind - first)
        pieces, shown = [], 0
        for run in re.finditer(b"\1+", hidden):
            pieces += [text[shown : run.start()], HIDDEN]
            shown = run.end()
        return "".join([*pieces, text[shown:]])

    @door
    def value(self, value: Any) -> Any:
        """The same for all that stands in a value of JSON, names included."""
        if isinstance(value, dict):
            return {self.text(name): self.value(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self.value(inner) for inner in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int | float) and not isinstance(value, bool):
            digits = json.dumps(value)
            return value if self.text(digits) == digits else HIDDEN
        return value

    def _found(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Where parts of secrets stand in `data`, as begin and end."""
        if self._parts is None:
            self._parts = _parts_of(self._secrets)
        data = data.lower()
        seen = [place for place, byte in enumerate(data) if byte not in _SPACES]
        squeezed = data.translate(None, _BLANK)
        for form, places in (
            (_spaced(data), range(len(data))),
            (squeezed.replace(b"+", b""), [p for p, byte in zip(seen, squeezed, strict=True) if byte != _PLUS]),
            (squeezed.translate(_URL_SAFE), seen),
        ):
            for size, parts in self._parts.items():
                for begin in range(len(form) - size + 1):
                    if hash(form[begin : begin + size]) in parts:
                        yield places[begin], places[begin + size - 1] + 1


def _parts_of(secrets: tuple[str, ...]) -> dict[int, set[int]]:
    """The parts of all forms of secrets by their size, as hashes: so that they show nowhere either."""
    parts: dict[int, set[int]] = {PART: set()}
    for secret in secrets:
        raw, forms = secret.encode("utf-8", "replace"), _quoted(secret)
        read = [raw, *(data for data, _, _ in _decodings(secret))]
        whole = {_spaced(form) for form in (*read, *forms)}
        squeezed = {form.translate(None, _BLANK + b"+") for form in (*read, *forms)}
        encoded = {text for form in (raw, *forms) for text in (form.hex().encode(), *_base64(form))}
        for form in whole | squeezed | encoded:
            lower = form.lower()
            parts[PART] |= {hash(lower[at : at + PART]) for at in range(len(lower) - PART + 1)}
        if len(raw) == SHORTEST:
            parts.setdefault(SHORTEST, set()).update(hash(form.lower()) for form in whole if len(form) == SHORTEST)
    return parts


def _quoted(secret: str) -> list[bytes]:
    """A secret as it stands in forms, addresses, JSON and HTML."""
    in_json = json.dumps(secret)[1:-1]
    forms = [
        quote_plus(secret, errors="replace"),
        quote(secret, safe="", errors="replace"),
        quote(secret, errors="replace"),
        in_json,
        in_json.replace("/", "\\/"),
        html.escape(secret),
    ]
    forms += [re.sub("%..", lambda escape: escape[0].lower(), form) for form in forms[:3]]
    return list({form.encode("utf-8", "replace"): None for form in forms})


def _base64(content: bytes) -> Iterator[bytes]:
    """The characters of base64 that belong to `content` alone, for each place that it can have in a longer one."""
    for before in range(3):
        text = base64.b64encode(b"\0" * before + content).rstrip(b"=")
        shared = (before + len(content)) % 3 != 0  # its last character holds bits of what follows
        yield text[before + 1 if before else 0 : -1 if shared else None]


def _spaced(data: bytes) -> bytes:
    """A form writes a space as a plus sign."""
    return data.replace(b"+", b" ")


def _decodings(text: str) -> Iterator[tuple[bytes, list[int], list[int]]]:
    """A text as UTF-8, and as it reads when its escapes are taken for what they stand for, once and more often.

    Beside the bytes: where the character of each begins in the text, and where it ends.
    """
    characters = [_bytes_of(c) for c in text]
    data = b"".join(characters)
    begins = [at for at, character in enumerate(characters) for _ in character]
    ends = [at + 1 for at in begins]
    yield data, begins, ends
    for _ in range(DECODINGS):
        pieces: list[bytes] = []
        first: list[int] = []
        last: list[int] = []
        read = 0
        for escape in _ESCAPE.finditer(data):
            begin, end = escape.span()
            meant = _meant(escape)
            pieces += [data[read:begin], meant]
            first += begins[read:begin] + [begins[begin]] * len(meant)
            last += ends[read:begin] + [ends[end - 1]] * len(meant)
            read = end
        if not pieces:
            return
        data, begins, ends = b"".join([*pieces, data[read:]]), first + begins[read:], last + ends[read:]
        yield data, begins, ends


def _meant(escape: re.Match[bytes]) -> bytes:
    """What an escape stands for."""
    if digits := escape["percent"] or escape["python"]:
        return bytes.fromhex(digits.decode())
    if digits := escape["script"] or escape["json"]:
        return _bytes_of(chr(int(digits, 16)))
    if character := escape["plain"]:
        return _CONTROLS.get(character, character)
    return b"".join(map(_bytes_of, html.unescape(escape["html"].decode())))


def _bytes_of(character: str) -> bytes:
    """A character as UTF-8 in small letters; one that is not seen as a blank."""
    if character.isascii():
        return character.encode()
    return character.upper().casefold().encode("utf-8", "replace") if character.isprintable() else b"\0"
