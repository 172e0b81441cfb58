"""Words: numbers, durations and foreign texts, fit for one line that a person reads."""

from __future__ import annotations

import codecs
import math
import unicodedata
from typing import Final

PLAINER: Final = str.maketrans(
    {"–": "-", "—": "-", "−": "-", "→": "->", "←": "<-", "…": "...", "×": "x", "•": "*", "·": "*", "≥": ">=", "≤": "<="}
    | {"Ł": "L", "ł": "l", "Ø": "O", "ø": "o", "Đ": "D", "đ": "d", "ı": "i", "ß": "ss"}
    | {"Æ": "Ae", "æ": "ae", "Œ": "Oe", "œ": "oe", "Þ": "Th", "þ": "th", "Ð": "D", "ð": "d"}
    | dict.fromkeys("“”„", '"')
    | dict.fromkeys("‘’‚", "'")
)
"""Characters that a terminal may lack and that are no letter with an accent, and what stands in for them."""
READABLE: Final = "psauth.readable"
"""The name of an error handler for encodings: what a terminal cannot show is written plainer, and never an error."""


def times(attempt: int) -> str:
    """How often, in words."""
    return "once" if attempt == 1 else f"{attempt} times"


def counted(number: int, thing: str) -> str:
    """A number of things, with an s where they are not one."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def printable(text: str, *, longest: int = 200) -> str:
    """Text from outside, fit for one line of a message: no control characters, and not endless."""
    clean = "".join(c if c.isprintable() else " " for c in text).strip()
    return clean if len(clean) <= longest else clean[:longest] + "…"


def lasting(seconds: float) -> str:
    """A duration as people say it."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"


def fitting(text: str, encoding: str | None) -> str:
    """`text` with what this encoding lacks written plainer: a dash for an en dash, a letter without its accent, or `?`."""
    try:
        return text.encode(encoding or "utf-8", READABLE).decode(encoding or "utf-8")
    except LookupError:  # an encoding that Python does not know
        return text.encode("ascii", READABLE).decode("ascii")


def _plainer(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(map(_plain, lacking)), error.end


def _plain(character: str) -> str:
    """ASCII for one character."""
    base = unicodedata.normalize("NFKD", character.translate(PLAINER)).encode("ascii", "ignore").decode("ascii")
    return base or "?"


codecs.register_error(READABLE, _plainer)
