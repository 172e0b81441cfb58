"""Lookup: a thing by what people call it. Workflows, data sets, fields and tasks are all looked up here."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import Final

from psauth.api.pages import Record
from psauth.exceptions import ArgumentError

SHOWN: Final = 10
"""Candidates that an error lists."""


def find(wanted: str, records: Sequence[Record], what: str, names: tuple[str, ...] = ("name",)) -> Record:
    """The one record that has this id or is called so, by any of its `names`.

    An exact name wins; else names are compared as `plain` has them, and then in any case. `what` names the thing in an
    error, like "workflow". ArgumentError when nothing is called so, with the nearest names, and when several are.
    """
    matches = find_all(wanted, records, names)
    if len(matches) == 1:
        return matches[0]
    if matches:
        listed = candidates(matches, names)
        raise ArgumentError(f"{len(matches)} {_plural(what)} are called {wanted!r}: {listed}. Give the id of one.")
    raise ArgumentError(not_found(wanted, records, what, names))


def find_all(wanted: str, records: Sequence[Record], names: tuple[str, ...] = ("name",)) -> list[Record]:
    """Every record that is called so: those with the id, else the exact name, else the same `plain` one, else any case."""
    if matches := [record for record in records if record.get("id") == wanted]:
        return matches
    for same in (str, plain, any_case):
        text = same(wanted)
        if matches := [record for record in records if text in map(same, names_of(record, names))]:
            return matches
    return []


def not_found(wanted: str, records: Sequence[Record], what: str, names: tuple[str, ...] = ("name",)) -> str:
    """The error for what nothing is called: the nearest names, else all there are."""
    text = any_case(wanted)
    folded = {id(record): [any_case(name) for name in names_of(record, names)] for record in records}
    similar = get_close_matches(text, [name for each in folded.values() for name in each], n=3)
    near = [record for name in similar for record in records if name in folded[id(record)]]
    near = near or [record for record in records if any(text in name for name in folded[id(record)])]
    hint = (
        f"Did you mean: {candidates(_each_once(near), names)}?"
        if near
        else f"There are: {candidates(records, names) or 'none'}."
    )
    return f"No {what} is called {wanted!r}. {hint}"


def candidates(records: Sequence[Record], names: tuple[str, ...] = ("name",)) -> str:
    """Records as an error lists them: what each is called and its id, the first SHOWN of them."""
    more = f"; and {len(records) - SHOWN:,} more" if len(records) > SHOWN else ""
    listed = (f"{next(iter(names_of(r, names)), 'no name')} ({r.get('id')})" for r in records[:SHOWN])
    return "; ".join(listed) + more


def names_of(record: Record, names: tuple[str, ...]) -> list[str]:
    """What a record is called, by those of these names that it has."""
    return [str(record[name]) for name in names if record.get(name)]


def plain(name: str) -> str:
    """A name without what nobody sees: letters composed (NFC), no outer or doubled spaces, no invisible characters."""
    visible = (c for c in unicodedata.normalize("NFC", name) if unicodedata.category(c) != "Cf")
    return " ".join("".join(visible).split())


def any_case(name: str) -> str:
    """A plain name in any case; folding can take a letter apart, so it is composed again."""
    return plain(plain(name).casefold())


def _each_once(records: Iterable[Record]) -> list[Record]:
    return list({id(record): record for record in records}.values())


def _plural(what: str) -> str:
    """Several of a thing: "form fields of the run"."""
    noun, separator, whose = what.partition(" of ")
    return f"{noun}s{separator}{whose}"
