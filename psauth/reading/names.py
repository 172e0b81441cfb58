"""Names: what workflows, runs and people are called whose ids other records repeat, as far as a client has read them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from psauth.api.pages import Record

if TYPE_CHECKING:
    import pandas as pd

MOST: Final = 200_000
"""Names of one kind that are remembered; beyond that the oldest are forgotten."""


class Names:
    """The names that one client has come across; threads may share it. No request is made for a name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workflows: dict[str, str] = {}
        self._people: dict[str, str] = {}
        self._runs: dict[str, str] = {}
        self._workflow_of_run: dict[str, str] = {}

    def learn(self, noun: str, records: Iterable[Record]) -> None:
        """Remember the names in records of workflows, runs or users; those of other nouns hold none."""
        with self._lock:
            for record in records if noun in ("workflows", "runs", "users") else ():
                key = record.get("id")
                if not isinstance(key, str):
                    continue
                match noun:
                    case "workflows":
                        _keep(self._workflows, key, record.get("name"))
                    case "users":
                        _keep(self._people, key, record.get("username"))
                    case "runs":
                        _keep(self._runs, key, record.get("name"))
                        _keep(self._workflow_of_run, key, record.get("workflowId"))

    def learn_from(self, things: object) -> None:
        """Remember the names in a frame of workflows or runs that somebody passes as an argument.

        A wide frame of form values is none, though it may have a field that is called "name".
        """
        if "field_ids" in getattr(things, "attrs", ()):
            return
        columns = list(getattr(things, "columns", ()))
        for key, name, known in (
            ("workflow_id", "workflow_name", self._workflows),
            ("run_id", "run_name", self._runs),
            ("run_id", "workflow_id", self._workflow_of_run),
        ):
            # The frame of a noun begins with its key, and calls its names "name".
            column = "name" if columns[:1] == [key] and name.endswith("_name") else name
            if columns.count(key) == columns.count(column) == 1:
                names = dict(zip(things[key], things[column], strict=True))  # type: ignore[index] # it is a frame
                with self._lock:
                    for value, text in names.items():
                        _keep(known, value, text)

    def fill(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The frame with its columns of names filled in; what this client has not read yet stays missing."""
        runs: dict[str, Callable[[str], str | None]] = {
            "run_name": self._runs.get,
            "workflow_name": self._workflow_name_of_run,
        }
        if frame.columns[0] == "run_id":
            self._fill(frame, "workflow_id", {"workflow_name": self._workflows.get})
            self._fill(frame, "created_by_id", {"created_by_username": self._people.get})
        elif "run_name" in frame.columns:
            self._fill(frame, "run_id", runs)
        return frame

    def _fill(self, frame: pd.DataFrame, key: str, columns: dict[str, Callable[[str], str | None]]) -> None:
        from psauth.reading.frames import texts  # here, because importing psauth loads no pandas

        codes, keys = frame[key].factorize()  # many rows have few keys
        for column, look_up in columns.items():
            names = [look_up(value) for value in keys]
            if any(name is not None for name in names):
                frame[column] = texts(names).array.take(codes, allow_fill=True)

    def _workflow_name_of_run(self, run_id: str) -> str | None:
        return self._workflows.get(self._workflow_of_run.get(run_id, ""))


def _keep(known: dict[str, str], key: Any, name: Any) -> None:
    if isinstance(key, str) and isinstance(name, str) and name:
        known[key] = name
        while len(known) > MOST:
            del known[next(iter(known))]
