"""Search: the rows in which the words of a person stand, as those rows stand on the screen."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import pandas as pd

from psauth.dashboard.parts.columns import Column

# Letters that Unicode does not take apart into a letter and an accent.
_PLAIN = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "’": "'"}
)


def matching(rows: pd.DataFrame, columns: Mapping[str, Column], words: str) -> pd.DataFrame:
    """The rows that have every one of the words in one of these columns, in any case, with or without accents."""
    wanted = [fold(word) for word in words.split()]
    if not wanted:
        return rows
    # One text a row; the line break keeps a word from being found across two cells.
    shown = [column.findable(rows[name]) for name, column in columns.items() if name in rows]
    lines = ["\n".join(cells) for cells in zip(*shown, strict=True)]
    folded = [fold(line) for line in lines]
    return rows[[all(word in line for word in wanted) for line in folded]]


def fold(text: str) -> str:
    """A text without case and accents: "Gonçalves" and "GONCALVES" are the same."""
    apart = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in apart if not unicodedata.combining(c)).translate(_PLAIN)
