"""Text: words of others on the screen, as they are. The one way by which names, labels and errors of the service are drawn.

Streamlit reads Markdown nearly everywhere, with links, pictures, colours, icons and formulas; and it makes links of
addresses, icons of `:material/…:` and arrows of `->` after the Markdown was read, so that a backslash does not keep it
from that. Only code is left alone. So `plain` makes code of a text, and `looks.STYLE` has it look like the text around it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from psauth.addresses import is_loopback

LONGEST: Final = 2000
"""Characters of a foreign text in a line of ours; no name is longer."""

_BREAKS: Final = dict.fromkeys((0x0B, 0x0C, 0x0D, 0x1C, 0x1D, 0x1E, 0x85, 0x2028, 0x2029), "\n")
_CONTROLS: Final = dict.fromkeys((*range(0x09), *range(0x0E, 0x20), *range(0x7F, 0xA0)), "\ufffd")
_DIRECTIONS: Final = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)), "\ufffd")
"""They turn what follows around, and nothing says where that ends."""
_HALVES: Final = dict.fromkeys(range(0xD800, 0xE000), "\ufffd")
"""Halves of a character, which cannot be sent to a browser."""
_HARMLESS: Final = str.maketrans(_CONTROLS | _DIRECTIONS | _HALVES | _BREAKS)

_ICON: Final = re.compile("(?<=:)(?=material/)")
"""Where Streamlit would change `:material/` before it reads the Markdown, in code too."""


def clean(text: object) -> str:
    """Foreign text for where no Markdown is read (`st.text`, `st.code`, a title in a browser tab); its lines stay apart.

    Characters that cannot be seen but do something stand as `�`.
    """
    return str(text).replace("\r\n", "\n").translate(_HARMLESS)


def plain(text: object) -> str:
    """Foreign text as Markdown that shows just that text, in one line.

    Beside it there must be a blank, punctuation, or the end.
    """
    line = re.sub("[\n\t]", " ", clean(text))
    if len(line) > LONGEST:
        line = line[:LONGEST] + " …"
    parts = _ICON.split(line) if line else []
    # Two kinds of emphasis in turn: two of one kind side by side would be another one.
    return "".join(f"{'*_'[n % 2]}{_code(part)}{'*_'[n % 2]}" for n, part in enumerate(parts))


def safe_link(address: object) -> str | None:
    """An address of the service that may be made a link of: https, or http on this machine, as the sandbox has it."""
    if not isinstance(address, str) or not address.isprintable():
        return None
    try:
        parts = urlsplit(address)
        is_safe = bool(parts.hostname) and (parts.scheme == "https" or is_loopback(parts.hostname))
    except ValueError:
        return None
    return address if is_safe and parts.scheme in ("https", "http") else None


def _code(text: str) -> str:
    """A code span: its fence is longer than any in the text, and a blank at an end is not taken for padding."""
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    pad = " " if text.strip(" ") and (text[0] in " `" or text[-1] in " `") else ""
    return f"{fence}{pad}{text}{pad}{fence}"
