"""JSON text: what a service answered, read so that nothing odd in it breaks what comes after."""

from __future__ import annotations

import codecs
import json
import math
import re
from typing import Any, Final

DEEPEST: Final = 100
"""Brackets within brackets. Answers have some ten; what is much deeper ends every walk over it in a RecursionError."""

MOST: Final = 250_000
"""Values in one text. Each takes Python up to 200 bytes: 16 MB of nothing but empty lists would be half a GB. A page of
records has some thousand."""
_HALF: Final = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u[dD][c-fC-F][0-9a-fA-F]{2})"
    r"|(?<!\\u[dD][89abAB][0-9a-fA-F]{2})\\u[dD][c-fC-F][0-9a-fA-F]{2}"
)
"""An escape of a surrogate without its other half, in a text where no backslash stands for itself."""
_WIDE: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class NotJson(ValueError):
    """A text is no JSON that can be used. The message is a clause about "it", and repeats nothing of the text."""


def parse_json(content: bytes, *, unique_names: bool = False, odd_numbers: bool = False) -> Any:
    """The value of a JSON text (RFC 8259): dicts, lists, texts, numbers, booleans, None.

    Parameters:
        content: UTF-8, with a byte order mark or without.
        unique_names: refuse an object that has a name twice. Else the last one counts.
        odd_numbers: give `NaN`, `Infinity` and numbers beyond a float's range as nan or inf. Else they are refused.

    Half of a surrogate pair, as in "\\ud83d", becomes U+FFFD, because such a text can be neither stored nor sent nor
    shown. Raises NotJson, and nothing else.
    """
    brackets = content.count(b"[") + content.count(b"{")
    if brackets + content.count(b",") > MOST:
        raise NotJson(f"it holds more than {MOST:,} values")
    text = _text_of(content)

    def constant(name: str) -> float:
        if not odd_numbers:
            raise NotJson("it holds a number that is none (NaN or Infinity)")
        return float(name)

    def real(digits: str) -> float:
        number = float(digits)
        if math.isinf(number):
            constant("Infinity")
        return number

    def integer(digits: str) -> float:
        try:
            return int(digits)
        except ValueError:  # Python reads some thousand digits and no more
            return real(digits)

    try:
        value = json.loads(
            text,
            parse_constant=constant,
            parse_float=real,
            parse_int=integer,
            object_pairs_hook=_with_unique_names if unique_names else None,
        )
    except NotJson as odd:
        reason = str(odd)
    except RecursionError:
        reason = f"its brackets stand in each other more than {DEEPEST} deep"
    except ValueError:
        reason = "it is no whole JSON" if text.strip() else "it is empty"
    else:
        if brackets <= DEEPEST or not _is_deep(value):
            return value
        reason = f"its brackets stand in each other more than {DEEPEST} deep"
    raise NotJson(reason)  # outside the handler: the error of json holds the whole text


def _text_of(content: bytes) -> str:
    """UTF-8 as text, in which no escape stands for half a character."""
    if content.startswith(_WIDE) or content[1:2] == b"\0" or content[:1] == b"\0":
        raise NotJson("it is written in UTF-16 or UTF-32, and JSON is UTF-8")
    try:
        text = content.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        text = None
    if text is None:
        raise NotJson("it holds bytes that are no UTF-8")
    return _with_whole_characters(text) if "\\ud" in text or "\\uD" in text else text


def _with_whole_characters(text: str) -> str:
    """The same with U+FFFD for every half of a surrogate pair. No object is made for each escape: there may be millions."""
    if "\0" in text:
        return text  # no JSON: it has no such character
    return _HALF.sub(r"\\ufffd", text.replace(r"\\", "\0\0")).replace("\0\0", r"\\")


def _with_unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise NotJson("it holds the same name twice")
    return fields


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        if not level:
            return False
        inner = (each for outer in level for each in (outer.values() if isinstance(outer, dict) else outer))
        level = [each for each in inner if isinstance(each, dict | list)]
    return bool(level)
