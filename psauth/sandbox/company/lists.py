"""The runs in the orders in which they are asked for; a list is made once, and again only after a change."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

from psauth.sandbox.company.runs import Run

T = TypeVar("T")
_MOST = 128  # lists kept at a time; each search for another name is one


class RunLists:
    """Every run, deleted ones too. Whoever changes one says so with `changed`; all of it under the company's lock."""

    def __init__(self, runs: list[Run]) -> None:
        self.every = runs  # in the order in which they were drawn or started
        self.by_id = {run.id: run for run in runs}
        self._created = sorted(runs, key=lambda run: (-run.created, run.id))
        self._updated = sorted(runs, key=lambda run: (-run.updated, run.id))
        self._in_order = True
        self._kept: dict[Any, Any] = {}

    def add(self, run: Run) -> None:
        """One more."""
        self.every.append(run)
        self.by_id[run.id] = run
        self._created.append(run)
        self._updated.append(run)
        self._created.sort(key=attrgetter("created"), reverse=True)  # nearly in order, which is quick
        self.changed()

    def changed(self) -> None:
        """Forget what was made before."""
        self._in_order = False
        self._kept.clear()

    @property
    def created(self) -> list[Run]:
        """Newest created first."""
        return self._created

    @property
    def updated(self) -> list[Run]:
        """Newest updated first."""
        if not self._in_order:
            self._updated.sort(key=attrgetter("updated"), reverse=True)
            self._in_order = True
        return self._updated

    def kept(self, key: Any, make: Callable[[], T]) -> T:
        """What was made under `key` since the last change, or is made now."""
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = make()
        made: T = self._kept[key]
        return made
