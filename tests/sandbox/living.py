"""A company with a clock that is turned by hand, and what differs between two tellings of everything in it."""

from __future__ import annotations

from typing import Any

from psauth.sandbox import Company, Knobs, truth

NOW = 1_790_000_000.0

Truth = dict[str, Any]


class HandClock:
    """Stands still until it is turned."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += seconds


def a_company(runs: int = 60, *, knobs: Knobs | None = None, clock: HandClock | None = None) -> Company:
    return Company(runs, 7, NOW, clock=clock or HandClock(), knobs=knobs)


def told(company: Company, person: str | None = None) -> Truth:
    return truth(company, company.person(person) if person else None, app="https://sandbox.example/app")


def changes(before: Truth, after: Truth) -> set[str]:
    """What differs, as `noun.key`, or `noun+` and `noun-` where a whole record came or went."""
    found: set[str] = set()
    for noun in before:
        old, new = _records(noun, before[noun]), _records(noun, after[noun])
        found |= {f"{noun}+" for key in new if key not in old} | {f"{noun}-" for key in old if key not in new}
        for key in set(old) & set(new):
            names = set(old[key]) | set(new[key])
            found |= {f"{noun}.{name}" for name in names if old[key].get(name) != new[key].get(name)}
    return found


def _records(noun: str, lists: Any) -> dict[Any, dict[str, Any]]:
    owners = {"": lists} if isinstance(lists, list) else lists
    flat: dict[Any, dict[str, Any]] = {}
    for owner, records in owners.items():
        for record in records if isinstance(records, list) else [{"id": owner, "rule": records}]:
            key = (
                (record.get("workflowRunId"), record["id"])
                if noun == "assigned_tasks"
                else str(record.get("id", record))
            )
            flat[owner, key] = record
    return flat
