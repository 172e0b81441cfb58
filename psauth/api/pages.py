"""Pages: a list read page by page, each record once, to its end and no further."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import count
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from psauth.api.errors import hide
from psauth.api.origin import Origin
from psauth.api.pace import INTERACTIVE, Pace
from psauth.api.retrying import Params
from psauth.exceptions import ApiError
from psauth.masks import Masks
from psauth.words import printable

Record = dict[str, Any]
NO_MASKS: Final = Masks()

SHORT_LIST: Final = 10
"""Up to so many pages somebody is taken to be waiting at a screen; a longer list is read at the budget's pace."""
EMPTY_PAGES: Final = 2
"""So many empty pages in a row end a list."""
ENDLESS: Final = 50_000
"""More pages than any list has: a million records, and the budget of a day."""
PAGES_WITHOUT_NEWS: Final = 50
"""A list whose pages bring nothing new this many times in a row goes round in circles."""


class Page(list[Record]):
    """The new records of a page; `next` is its link to the next one, None on the last."""

    next: str | None = None


class Source(Protocol):
    """What answers requests: a Transport, or what stands before it."""

    @property
    def origin(self) -> Origin:
        """Where the API is."""

    @property
    def masks(self) -> Masks:
        """What hides the credential."""

    @property
    def if_wrong(self) -> str:
        """What to type where the API's address is wrong."""

    def get(self, path: str, params: Params | None = None, *, pace: Pace = INTERACTIVE) -> Any:
        """The JSON of a GET."""


def walk(
    source: Source,
    path: str,
    params: Mapping[str, Any],
    *,
    list_key: str | None,
    key: tuple[str, ...],
    pace: Pace = INTERACTIVE,
    resume: str | None = None,
) -> Iterator[Page]:
    """The records of a list, page by page, each record once.

    The list ends at a page without a `next` link, at a link already followed, or at the second of two empty pages in a
    row: one alone may stand in the middle. `list_key` names the list in each answer; None takes the only list that there
    is. Two records are the same if their values under `key` are. A list of more than SHORT_LIST pages goes on in the
    background's pace, whatever `pace` it began with. `resume` is the `next` of a page of an earlier walk, which goes on
    behind it. Raises ApiError for what is no page, and for a list without end.
    """
    address = source.origin.address(path)
    query: Params = {name: value for name, value in params.items() if value is not None}
    if resume is not None:
        address, query = source.origin.next_page(address, resume)
    followed = {_place(address, query)}
    seen: set[str] = set()
    idle = empty = 0
    for number in count():  # pragma: no branch - it has no end
        if number == SHORT_LIST:
            pace = replace(pace, background=True)
        page = source.get(address, query, pace=pace)
        try:
            records = _list_of(page, list_key, path, address, source.if_wrong)
        except ApiError as error:  # it names what the page holds
            raise hide(error, source.masks) from None
        fresh = Page(r for r in records if _is_new(r, key, seen))
        href = _next_link(page)
        is_clean = href is not None and source.masks.text(href) == href
        fresh.next = href if is_clean else None
        yield fresh
        empty = 0 if records else empty + 1
        if empty == EMPTY_PAGES:
            return
        idle = 0 if fresh else idle + 1
        if idle >= PAGES_WITHOUT_NEWS or number >= ENDLESS:
            why = f"{idle} pages in a row brought nothing new" if idle else f"{number:,} pages came"
            raise ApiError(f"{urlsplit(address).path} does not end: {why}. Try again later.")
        if href is None:
            return
        if not is_clean:
            raise ApiError(
                f"{urlsplit(address).path} names a next page whose address holds the credential, so it was not followed. "
                "No Process Street API answers so."
            )
        address, query = source.origin.next_page(address, href)
        if _place(address, query) in followed:
            return
        followed.add(_place(address, query))


def one_of(source: Source, path: str, *, list_key: str, pace: Pace = INTERACTIVE) -> Record:
    """The one record that a path answers with, under `list_key`; ApiError where there is none."""
    answer = source.get(path, pace=pace)
    record = answer.get(list_key) if isinstance(answer, Mapping) else None
    if not isinstance(record, dict):
        where = urlsplit(source.origin.address(path)).path
        raise ApiError(f"{where} answered no record under {list_key!r}. Try again later.")
    return record


def id_of(record: Record, path: str, masks: Masks = NO_MASKS) -> str:
    """The id by which what belongs to a record is asked for; ApiError where the service gave it none."""
    if not record.get("id"):
        shown = printable(masks.text(str(record.get("name") or record)), longest=80)
        raise ApiError(
            f"{path} answered a record without an id ({shown}), so nothing of it can be asked for. Try again later."
        )
    return str(record["id"])


def unique(records: Iterable[Record], key: tuple[str, ...]) -> list[Record]:
    """The records of several lists, each once."""
    seen: set[str] = set()
    return [r for r in records if _is_new(r, key, seen)]


def _list_of(page: Any, list_key: str | None, path: str, address: str, remedy: str) -> list[Record]:
    """The records of a page: under their key, or under the only key that holds a list beside `links`."""
    where = urlsplit(address).path
    elsewhere = f"If {address} is a wrong address, {remedy}."
    if not isinstance(page, Mapping):
        raise ApiError(
            f"{where} answered {type(page).__name__} where a page (an object with a list) was expected. {elsewhere}"
        )
    if list_key is None:
        keys = [k for k, v in page.items() if isinstance(v, list) and k != "links"]
        if len(keys) != 1:
            raise ApiError(
                f"{where} is no list: its answer holds {', '.join(page) or 'nothing'}. Use ps.get({path!r})."
            )
        list_key = keys[0]
    records = page.get(list_key, [])
    if not isinstance(records, list) or not all(isinstance(r, dict) for r in records):
        raise ApiError(f"{where} answered a page whose {list_key!r} is not a list of records.")
    if list_key not in page and set(page) - {"links"}:
        raise ApiError(
            f"{where} answered {printable(', '.join(sorted(page)), longest=80)} where {list_key!r} was expected. "
            f"{elsewhere}"
        )
    return records


def _next_link(page: Mapping[str, Any]) -> str | None:
    links = page.get("links")
    for link in links if isinstance(links, list) else []:
        # `rel` names the resource; which link is the next page stands in `name`.
        if isinstance(link, Mapping) and link.get("name") == "next" and isinstance(link.get("href"), str):
            return str(link["href"])
    return None


def _place(address: str, query: Params) -> tuple[str, frozenset[tuple[str, str]]]:
    """What is asked for, however the link to it was written: the host, and the order of the query, may differ."""
    pairs = query.items() if isinstance(query, Mapping) else query
    return address, frozenset((name, str(value)) for name, value in pairs)


def _is_new(record: Record, key: tuple[str, ...], seen: set[str]) -> bool:
    """Whether a record has not come before; one without an id cannot be told from another and is kept."""
    if record.get("id") is None:
        return True
    identity = repr([record.get(name) for name in key])
    if identity in seen:
        return False
    seen.add(identity)
    return True
