from __future__ import annotations

from psauth.api.pages import Record
from psauth.exceptions import ArgumentError


def find(wanted: str, records: list[Record], what: str, names: tuple[str, ...] = ("name",)) -> Record:
    """The one record that is called so, by any of its names and in any case; ArgumentError lists the candidates."""

    def shown(records: list[Record]) -> str:
        return "; ".join(f"{next(iter(names_of(r, names)), 'no name')} ({r.get('id')})" for r in records[:20])

    text = wanted.casefold()
    matches = [r for r in records if r.get("id") == wanted]
    matches = matches or [r for r in records if text in map(str.casefold, names_of(r, names))]
    if len(matches) == 1:
        return matches[0]
    noun = what.removesuffix(" of the run")
    if matches:
        raise ArgumentError(f"{len(matches)} {noun}s are called {wanted!r}: {shown(matches)}. Give the id of one.")
    raise ArgumentError(f"The run has no {noun} called {wanted!r}. Expected one of: {shown(records)}.")


def names_of(record: Record, names: tuple[str, ...]) -> list[str]:
    """What a record is called, by those of these names that it has."""
    return [str(record[name]) for name in names if record.get(name)]
