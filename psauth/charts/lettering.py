"""Lettering: how wide a text will be, shortened or broken into lines to fit. No text of the service is drawn before it came by here."""

from __future__ import annotations

import unicodedata
from typing import Any, Final

from psauth.words import printable

_PER_MILLE: Final = {
    191: "'",
    222: "ijl",
    278: " !,./:;I[\\]ft",
    333: "()-`r",
    355: '"',
    389: "*",
    500: "Jcksvxyz",
    556: "#$0123456789?L_abdeghnopqu",
    584: "+<=>~",
    611: "FTZ",
    667: "&ABEKPSVXY",
    722: "CDHNRUw",
    778: "GOQ",
    833: "Mm",
    889: "%",
    944: "W",
    1015: "@",
}
"""The widths of Arial, in thousandths of its size; Liberation Sans, in which files are drawn, has the same."""
_WIDTHS: Final = {letter: width for width, letters in _PER_MILLE.items() for letter in letters}
_BOLD: Final = 1.08
_OTHER: Final = 720
_WIDE: Final = 1250
"""Chinese characters need 1,000, emoji more."""


def name_of(value: Any, *, missing: str = "(no name)") -> str:
    """A name as one line: no line breaks or control characters, single spaces; `missing` where there is none."""
    if value is None or value != value:  # NaN, and pandas' own missing texts, which are NaN
        return missing
    return " ".join(printable(str(value)).split()) or missing


def width(text: str, size: float, *, bold: bool = False) -> float:
    """How many pixels a text takes, at most a few more than it really does."""
    return sum(map(_letter, text)) * size / 1000 * (_BOLD if bold else 1)


def shortened(text: str, pixels: float, size: float, *, bold: bool = False) -> str:
    """The text, or as much of its beginning as fits before an ellipsis."""
    if width(text, size, bold=bold) <= pixels:
        return text
    room = pixels - width("…", size, bold=bold)
    kept = ""
    for letter in text:
        room -= width(letter, size, bold=bold)
        if room < 0:
            break
        kept += letter
    return kept.rstrip() + "…"


def wrapped(text: str, pixels: float, size: float, *, bold: bool = False) -> list[str]:
    """The text in lines that fit, broken between words; a word that is longer than a line is shortened."""
    lines: list[str] = []
    for word in text.split():
        word = shortened(word, pixels, size, bold=bold)
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and width(longer, size, bold=bold) <= pixels:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def _letter(letter: str) -> float:
    if letter in _WIDTHS:
        return _WIDTHS[letter]
    if unicodedata.combining(letter):
        return 0
    if unicodedata.east_asian_width(letter) in "WF" or ord(letter) > 0xFFFF:
        return _WIDE
    return _WIDTHS.get(unicodedata.normalize("NFKD", letter)[:1], _OTHER if letter != "…" else 1000)
