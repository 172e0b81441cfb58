"""Twenty records at a time, with the service's habits: opaque cursors, repeats, and links that lead nowhere."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

PAGE = 20
# Every fifth page begins with the last record of the page before, as when a list moves under the walk.
_REPEAT_EVERY, _REPEAT_AT = 5, 3

Item = TypeVar("Item")


class BadCursor(ValueError):
    """The cursor is not one this sandbox gave out."""


@dataclass(frozen=True, slots=True)
class Page:
    """Where a page begins in its list, and its number, from 1."""

    offset: int = 0
    number: int = 1

    @classmethod
    def read(cls, cursor: str | None) -> Page:
        """The page a cursor stands for; the first one without."""
        if not cursor:
            return cls()
        try:
            padded = cursor + "=" * (-len(cursor) % 4)
            offset, number = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
            page = cls(int(offset), int(number))
        except (ValueError, TypeError, binascii.Error) as error:
            raise BadCursor("not a cursor") from error
        if page.offset < 0 or page.number < 1:
            raise BadCursor("not a cursor")
        return page

    @property
    def cursor(self) -> str:
        """Opaque text for this page."""
        raw = json.dumps([self.offset, self.number], separators=(",", ":"))
        return base64.urlsafe_b64encode(raw.encode()).decode().rstrip("=")


def cut(
    items: Sequence[Item], page: Page, *, repeats: bool, trailing: bool, size: int = PAGE
) -> tuple[list[Item], Page | None]:
    """The records of `page`, of `size` records, and the page its `next` link names.

    A full page always has one, so a list of 20, 40, … records ends on an empty page; with `trailing` a short page has
    one too. The empty page links to itself. An empty list has no link at all.
    """
    start = page.offset
    if repeats and page.number % _REPEAT_EVERY == _REPEAT_AT and 0 < start < len(items):
        start -= 1
    shown = list(items[start : start + size])
    if not shown:
        return shown, page if page.number > 1 and (trailing or len(items) % size == 0) else None
    following = Page(start + len(shown), page.number + 1)
    more = following.offset < len(items)
    if more or trailing or (len(shown) == size and len(items) % size == 0):
        return shown, following
    return shown, None


def next_link(base: str, query: dict[str, str], page: Page) -> str:
    """Address of a page: the first query's filters and the cursor `_`."""
    return f"{base}?{urlencode({**query, '_': page.cursor})}"
