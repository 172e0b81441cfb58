"""Forecast: how many requests a sync still takes, and how long that is with all waits for the budget."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from psauth.api.transport import Transport
from psauth.api.usage import Usage
from psauth.mirror.snapshot import Snapshot
from psauth.reading.fetch import WORKERS
from psauth.reading.forecast import USUAL_ANSWER, seconds_for, window_of
from psauth.words import counted, lasting

PAGE: Final = 20
"""Records on a page of the service."""
USUAL: Final = 2
"""Requests for a run of a workflow of which nothing is known: its tasks, its form."""
WINDOWS: Final = {3600.0: "an hour", 60.0: "a minute", 1.0: "a second"}
PLENTY: Final = 100.0
"""Requests a second. A service that allows as many is slower than its budget."""
NEWEST: Final = 1_000
"""So many of the newest runs are what most people look at first."""


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """What a sync still has to ask: `runs`, `requests` for them and everything else, and `seconds` with all waits.

    `limit` are the requests that the service allows in `window` seconds, None where it has not said so. `newest_runs` are
    there after `newest_seconds`.
    """

    runs: int
    requests: int
    seconds: float
    limit: int | None
    window: float
    newest_runs: int
    newest_seconds: float

    @property
    def every(self) -> str:
        """The window in words, as they stand behind a number of requests."""
        return WINDOWS.get(self.window, f"every {self.window:.0f} s")

    def __str__(self) -> str:
        if not self.requests:
            return "Nothing is to be read."
        text = f"{counted(self.runs, 'run')}, about {counted(self.requests, 'request')}, about {lasting(self.seconds)}"
        if self.limit is not None:
            text += f" at {self.limit:,} {self.every}"
        if self.newest_runs < self.runs:
            text += f"; the newest {self.newest_runs:,} in {lasting(self.newest_seconds)}"
        return text

    __repr__ = __str__


class Costs:
    """Requests that a run of each workflow takes: by its template, then by what the runs of this sync took."""

    def __init__(self) -> None:
        self._by_template: dict[str | None, int] = {}
        self._expected = self._taken = 0

    def learn(self, snap: Snapshot) -> None:
        """Look at the templates in the store."""
        tasks = {each.owner: each.records for each in snap.lists("workflow_tasks", "")}
        fields = {each.owner: len(each.records) for each in snap.lists("form_fields", "")}
        for workflow in {*tasks, *fields}:
            steps = tasks.get(workflow, ())
            approvals = any(step.get("taskType") == "Approval" for step in steps)
            form = fields.get(workflow, 1)
            self._by_template[workflow] = len(steps) // PAGE + 1 + (form // PAGE + 1 if form else 0) + approvals

    def note(self, workflow: str | None, requests: int) -> None:
        """A run of this workflow took so many requests."""
        self._expected += self._by_template.get(workflow, USUAL)
        self._taken += requests

    def of(self, runs: Mapping[str | None, int]) -> int:
        """Requests for so many runs of each workflow."""
        expected = sum(self._by_template.get(workflow, USUAL) * count for workflow, count in runs.items())
        return round(expected * (self._taken / self._expected if self._expected > 100 else 1.0))


def has_plenty(usage: Usage) -> bool:
    """Whether more of the budget is left than if it were spent evenly until the window's end.

    False from that end on, until an answer tells of the next window.
    """
    budget, window = usage.budget, window_of(usage.longest_wait)
    if not budget.limit or budget.remaining is None or budget.resets_at is None or budget.limit >= PLENTY * window:
        return True
    to_go = (budget.resets_at - datetime.now(UTC)).total_seconds()
    return to_go > 0 and budget.remaining / budget.limit > to_go / window


def seconds_to_go(transport: Transport, requests: int, *, rate: float | None = None) -> float:
    """Seconds until so many requests are answered; `rate`: at so many a second while the budget lasts, as was measured."""
    usage = transport.usage
    answer_time = WORKERS / rate if rate else usage.answer_time or USUAL_ANSWER
    held = max(0.0, transport.held_until - time.time())
    return seconds_for(requests, usage.budget, answer_time, window=window_of(usage.longest_wait), held=held)


def forecast(transport: Transport, runs: Mapping[str | None, int], costs: Costs, others: int) -> Forecast:
    """The forecast for so many runs of each workflow, and `others` requests for everything else."""
    total = sum(runs.values())
    requests = costs.of(runs)
    newest = min(NEWEST, total)
    newest_requests = round(requests * newest / total) if total else 0
    budget = transport.usage.budget
    return Forecast(
        runs=total,
        requests=requests + others,
        seconds=seconds_to_go(transport, requests + others),
        limit=budget.limit,
        window=window_of(transport.usage.longest_wait),
        newest_runs=newest,
        newest_seconds=seconds_to_go(transport, newest_requests),
    )
