"""Spelling: which setting a misspelt name most likely means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from psauth.settings.names import PREFIX

RESEMBLING: Final = 0.6
"""How alike two names must be, from 0 to 1, for one to be taken for a slip in the other; difflib's own usual value."""
NEARLY: Final = 0.15
"""What resembles a misspelt name nearly as much as the best does is named beside it: PSAUTH_SECRET may mean two."""


def did_you_mean(name: str, variables: Sequence[str]) -> str:
    """The end of a sentence about an unknown name: the variables that it resembles most."""
    if not variables:
        return "."
    from difflib import SequenceMatcher  # here, because `import psauth` stays light

    def plain(variable: str) -> str:
        return variable.upper().removeprefix(PREFIX).replace("_", "")

    likeness = {known: SequenceMatcher(None, plain(name), plain(known)).ratio() for known in variables}
    close = max(RESEMBLING, max(likeness.values()) - NEARLY)
    best = [known for known in variables if likeness[known] >= close]
    return f". Did you mean {' or '.join(best)}?" if best else "."
