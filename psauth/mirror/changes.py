"""Changes: what is different between two looks at a list, record by record and value by value."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from psauth.mirror.records import Record
from psauth.reading.endpoints import ENDPOINTS

UNCOUNTED: Final = ("links",)
"""What a record says of itself and not of the work."""


@dataclass(frozen=True)
class Difference:
    """One value that differs; see records.Change."""

    key: str
    column: str
    old: str | None
    new: str | None


def differences(noun: str, old: Sequence[Record], new: Sequence[Record]) -> list[Difference]:
    """What turns the old list into the new one. Records are the same if the key of their noun is."""
    before, after = _by_key(noun, old), _by_key(noun, new)
    found = [Difference(key, "", _json(before[key]), None) for key in before if key not in after]
    for key, record in after.items():
        if key not in before:
            found.append(Difference(key, "", None, _json(record)))
            continue
        was, now = dict(_values(before[key])), dict(_values(record))
        found += [
            Difference(key, column, was.get(column), now.get(column))
            for column in dict.fromkeys([*was, *now])
            if was.get(column) != now.get(column)
        ]
    return found


def _by_key(noun: str, records: Sequence[Record]) -> dict[str, Record]:
    """The records by what identifies them; one without an id by its place among its like."""
    endpoint = ENDPOINTS.get(noun)
    names = [n for n in (endpoint.key if endpoint else ("id",)) if n != "workflowRunId"]
    found: dict[str, Record] = {}
    for record in records:
        parts = [record.get(name) for name in names] if names else [record.get("@field_id"), record.get("label")]
        key = base = "/".join("" if part is None else str(part) for part in parts)
        number = 1
        while key in found:
            number += 1
            key = f"{base}#{number}"
        found[key] = record
    return found


def _values(record: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The values of a record with their paths; a list is one value."""
    for name, value in record.items():
        if not above and (name in UNCOUNTED or name.startswith("@")):
            continue
        if isinstance(value, Mapping) and value:
            yield from _values(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", _json(value)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
