"""Plans: what a long read will cost, in requests and in time, before it is begun."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from psauth.api.budget import Budget
from psauth.api.ledger import held_back
from psauth.api.pace import Pace
from psauth.api.pages import id_of
from psauth.exceptions import ArgumentError
from psauth.reading.arguments import run_ids
from psauth.reading.endpoint import Endpoint
from psauth.reading.endpoints import ENDPOINTS, RUNS
from psauth.reading.forecast import USUAL_ANSWER, seconds_for, window_of
from psauth.reading.reader import Listing, Reader
from psauth.words import lasting

if TYPE_CHECKING:
    from psauth.reading.arguments import Things

PLANNED: Final = {
    noun: endpoint
    for noun, endpoint in sorted(ENDPOINTS.items())
    if endpoint.path.startswith("/workflow-runs/{run_id}/")
}
"""Nouns that are read run by run."""
FEW: Final = 10
"""Up to so many runs of a workflow nobody needs to know how many pages each has."""
SAMPLED: Final = 12
"""Workflows of which a run is looked at, those with the most runs first; the others are taken to be alike."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A forecast: `requests` in all, and `seconds` until the last answer, waits for the budget included.

    `asked` requests were spent to make it; `run_ids` are the runs it is for, to be given to the read.
    """

    nouns: tuple[str, ...]
    requests: int
    seconds: float
    asked: int
    budget: Budget
    run_ids: tuple[str, ...] = field(repr=False)

    def __str__(self) -> str:
        runs = f"{len(self.run_ids):,} {'run' if len(self.run_ids) == 1 else 'runs'}"
        requests = f"{self.requests:,} {'request' if self.requests == 1 else 'requests'}"
        text = f"{', '.join(self.nouns)} of {runs}: about {requests}, {lasting(self.seconds)}"
        if self.budget.remaining is None:
            return text
        left = f"{self.budget.remaining:,} of {self.budget.limit or 0:,} are left"
        free = self.budget.remaining - held_back(self.budget.limit or 0)
        if self.requests > free and self.budget.resets_at is not None:
            left += f", more from {self.budget.resets_at:%H:%M} UTC"
        return f"{text}; {left}"

    __repr__ = __str__


class Planner:
    """Makes plans, and remembers how many pages the runs of a workflow have."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._pages: dict[tuple[str, str], int] = {}

    def plan(self, nouns: tuple[str, ...], runs: Things | None, workflow: Things | None) -> Plan:
        """See ProcessStreet.plan."""
        if not nouns or any(not isinstance(noun, str) or noun not in PLANNED for noun in nouns):
            named = f"{', '.join(map(repr, nouns))} cannot be planned." if nouns else "Say what is to be planned."
            raise ArgumentError(f"{named} Expected one or more of {', '.join(PLANNED)}.")
        if (runs is None) == (workflow is None):
            raise ArgumentError("Say of which runs: expected either runs=… or workflow=….")
        transport = self._reader.transport
        usage, before = transport.usage, transport.usage.requests_sent
        if runs is not None:
            runs, workflow = self._reader.runs_or_workflow(runs)
        workflow_of = _workflow_of(runs) if runs is not None else self._listed(workflow)  # type: ignore[arg-type] # one is set
        requests = sum(self._requests(PLANNED[noun], workflow_of) for noun in dict.fromkeys(nouns))
        answer_time = usage.answer_time or USUAL_ANSWER
        held = max(0.0, transport.held_until - time.time())
        seconds = seconds_for(requests, usage.budget, answer_time, window=window_of(usage.longest_wait), held=held)
        return Plan(
            nouns=nouns,
            requests=requests,
            seconds=seconds,
            asked=usage.requests_sent - before,
            budget=usage.budget,
            run_ids=tuple(workflow_of),
        )

    def _listed(self, workflow: Things) -> dict[str, str]:
        """The runs of these workflows, with the workflow of each."""
        lists = self._reader.runs_of(workflow, [None])
        every = (run for each in lists for run in self._reader.records(RUNS, each, Pace(background=True)))
        return {id_of(run, RUNS.path, self._reader.transport.masks): str(run.get("workflowId", "")) for run in every}

    def _requests(self, endpoint: Endpoint, workflow_of: dict[str, str]) -> int:
        """The pages of this noun in all runs; of each workflow one run is read to see how many it has."""
        runs_in = Counter(workflow_of.values())
        for workflow, count in runs_in.most_common(SAMPLED):
            if count > FEW and (endpoint.noun, workflow) not in self._pages:
                sample = next(run for run, its_workflow in workflow_of.items() if its_workflow == workflow)
                pages = sum(1 for _ in self._reader.pages(endpoint, Listing.of({}, run_id=sample)))
                self._pages[endpoint.noun, workflow] = pages
        known = {w: p for (noun, w), p in self._pages.items() if noun == endpoint.noun}
        seen = sum(runs_in[w] for w in known)
        usual = sum(runs_in[w] * pages for w, pages in known.items()) / seen if seen else 1.0
        return round(sum(count * known.get(w, usual) for w, count in runs_in.items()))


def _workflow_of(runs: Things) -> dict[str, str]:
    """The workflow of each run, where the frame says it; one unknown workflow for all where it does not."""
    every = run_ids(runs)
    if "workflow_id" not in getattr(runs, "columns", ()):
        return dict.fromkeys(every, "")
    workflows = dict(zip(runs["run_id"], runs["workflow_id"], strict=True))  # type: ignore[index] # it is a frame
    return {run: str(workflows[run]) for run in every}
