"""Plans: what a long read will cost, in requests and in time, before it is begun."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from psauth.api.budget import Budget
from psauth.api.pace import Pace
from psauth.api.pages import id_of
from psauth.reading.arguments import run_ids
from psauth.reading.endpoints import ENDPOINTS, RUNS, Endpoint
from psauth.reading.fetch import WORKERS
from psauth.reading.reader import Listing, Reader
from psauth.words import lasting

if TYPE_CHECKING:
    from psauth.reading.arguments import Things

PLANNED: Final = {noun: e for noun, e in sorted(ENDPOINTS.items()) if e.path.startswith("/workflow-runs/{run_id}/")}
"""Nouns that are read run by run."""
FEW: Final = 10
"""Up to so many runs of a workflow nobody needs to know how many pages each has."""
SAMPLED: Final = 12
"""Workflows of which a run is looked at, those with the most runs first; the others are taken to be alike."""
WINDOW: Final = 3600.0
"""Seconds after which the budget is full again (seen live: about an hour)."""
SHORTER: Final = (1.0, 10.0, 60.0)
"""Windows of services that count in shorter ones; a wait of at most this much is taken for one of these."""
OWN_TIME: Final = 0.003
"""Seconds that a request and its records take this machine, however fast the service is."""
USUAL_ANSWER: Final = 0.3
"""Seconds an answer is taken to need before there was one."""


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
        if self.requests > self.budget.remaining and self.budget.resets_at is not None:
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
            raise ValueError(f"{named} Expected one or more of {', '.join(PLANNED)}.")
        if (runs is None) == (workflow is None):
            raise ValueError("Say of which runs: expected either runs=… or workflow=….")
        usage = self._reader.transport.usage
        before = usage.requests_sent
        found = _workflow_of(runs) if runs is not None else self._counted(workflow)  # type: ignore[arg-type] # one is given
        requests = sum(self._requests(PLANNED[noun], found) for noun in dict.fromkeys(nouns))
        return Plan(
            nouns=nouns,
            requests=requests,
            seconds=seconds_for(
                requests,
                usage.budget,
                usage.answer_time or USUAL_ANSWER,
                window=window_of(usage.longest_wait),
            ),
            asked=usage.requests_sent - before,
            budget=usage.budget,
            run_ids=tuple(found),
        )

    def _counted(self, workflow: Things) -> dict[str, str]:
        """The runs of these workflows, with the workflow of each."""
        lists = self._reader.runs_of(workflow, [None], None)
        every = (run for one in lists for run in self._reader.records(RUNS, one, Pace(background=True)))
        return {id_of(run, RUNS.path): str(run.get("workflowId", "")) for run in every}

    def _requests(self, endpoint: Endpoint, found: dict[str, str]) -> int:
        runs_in = Counter(found.values())
        for workflow, count in runs_in.most_common(SAMPLED):
            if count > FEW and (endpoint.noun, workflow) not in self._pages:
                one = next(run for run, of in found.items() if of == workflow)
                pages = sum(1 for _ in self._reader.pages(endpoint, Listing.of({}, run_id=one)))
                self._pages[endpoint.noun, workflow] = pages
        known = {w: p for (noun, w), p in self._pages.items() if noun == endpoint.noun}
        seen = sum(runs_in[w] for w in known)
        usual = sum(runs_in[w] * pages for w, pages in known.items()) / seen if seen else 1.0
        return round(sum(count * known.get(w, usual) for w, count in runs_in.items()))


def _workflow_of(runs: Things) -> dict[str, str]:
    """The workflow of each run, where the frame says it; one unknown workflow for all where it does not."""
    found = run_ids(runs)
    if "workflow_id" not in getattr(runs, "columns", ()):
        return dict.fromkeys(found, "")
    told = dict(zip(runs["run_id"], runs["workflow_id"], strict=True))  # type: ignore[index] # it is a frame
    return {run: str(told[run]) for run in found}


def window_of(longest_wait: float) -> float:
    """How long a window lasts, by the longest wait for a next one that was told so far; told up to a second late."""
    return next((usual for usual in SHORTER if 0 < longest_wait <= usual + 1.0), WINDOW)


def seconds_for(
    requests: int, budget: Budget, answer_time: float, *, window: float = WINDOW, now: datetime | None = None
) -> float:
    """Seconds until so many requests are answered, WORKERS at a time, with the waits for the next windows."""

    def working(count: int) -> float:
        return max(math.ceil(count / WORKERS) * answer_time, count * OWN_TIME)

    left, limit = budget.remaining, budget.limit
    now = now or datetime.now(UTC)
    if budget.resets_at is not None and budget.resets_at <= now:
        left = limit  # what was told is of a window that is over
    if left is None or not limit or requests <= left:
        return working(requests)
    to_go = max(0.0, (budget.resets_at - now).total_seconds()) if budget.resets_at else window
    later = requests - left
    whole = (later - 1) // limit
    return max(to_go, working(left)) + whole * window + working(later - whole * limit)
