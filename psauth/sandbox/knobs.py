"""What a test or a demo may turn on the stand-in: limits, lifetimes, shapes of answers, and scripted faults."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

SHORT_HOUR = 60.0
"""Seconds that the sandbox's hour lasts, so that nobody who tries something waits long for an empty budget."""

MOVES = ("tasks", "fields", "approvals", "assignees", "migration")
"""What in a run may be edited, and may or may not move the run's updated date."""

FaultKind = Literal["status", "drop", "reset", "truncate", "html", "delay", "redirect", "body"]


@dataclass(slots=True)
class Fault:
    """Something that goes wrong `times` times, for requests whose path starts with `path`.

    `when="after"` lets the server do its work first and loses the answer, or puts a scripted one in its place: what was
    to be written is then written. A `truncate` is always after.
    `skip` requests pass unharmed first. `drop` closes the connection without an answer, `reset` does so with a TCP
    reset, `truncate` sends half of the body; these three need a `SandboxServer`, not a mounted sandbox.
    """

    path: str
    kind: FaultKind = "status"
    times: int = 1
    when: Literal["before", "after"] = "before"
    method: str | None = None
    skip: int = 0
    status: int = 503
    seconds: float = 0.0
    location: str = ""
    body: str = ""
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Life:
    """How the company lives on while it is asked: so many events a minute of its clock, drawn from `seed`.

    `weights` says how often each event comes, by its name; the names are those of `psauth.sandbox.EVENTS`, which stands
    in for None. Nothing of it happens by a timer: what is due is done before the next request is answered.
    """

    events_per_minute: float = 60
    seed: int = 1
    weights: Mapping[str, float] | None = None


@dataclass(slots=True)
class Knobs:
    """Settings that may be turned while the sandbox runs; the defaults are how the service behaves.

    All but one: the service counts its `budget` requests per credential in a `window` of about an hour, the sandbox in
    one of a minute. Times are seconds. `next_host` stands in the links to the next page
    (`None`: the address that was asked). `search_paged` tells whether `/workflow-runs` comes in pages of `search_page`
    records or, as its documentation reads, at once; it ends after `search_limit` runs, with None only with the last.

    Where the service is not known, a knob stands for each way it may be. `moves`: which edits move a run's updated date,
    of "tasks", "fields", "approvals", "assignees", "migration"; edits of the run itself and changes of its status
    always do. `hidden_as`: the status of an answer about a run that this person may not see. `due_ahead`: a due date
    must lie further ahead than this when it is written (0: not in the past; some have seen about a day). `life`: None for a company in which nothing happens by itself.
    """

    token_lifetime: float = 3600
    refresh_lifetime: float = 90 * 24 * 3600
    budget: int = 2500
    window: float = SHORT_HOUR
    latency: float = 0.0
    reset_as: Literal["seconds", "epoch"] = "seconds"
    rotate: bool = True
    issue_refresh_token: bool = True
    token_answer: Literal["json", "form"] = "json"  # a format
    scope_separator: str = " "
    omit: set[str] = field(default_factory=set)
    send_iss: bool = True
    next_host: str | None = "https://api.process.st"
    search_paged: bool = True
    search_page: int = 20
    search_limit: int | None = 200
    hidden_as: Literal[403, 404] = 403
    due_ahead: float = 0.0
    moves: set[str] = field(default_factory=lambda: set(MOVES))
    life: Life | None = None
    repeats: bool = True
    empty_last_page: bool = True
    faults: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def fault(self, path: str, kind: FaultKind = "status", **how: object) -> Fault:
        """Script one fault and return it."""
        planned = Fault(path, kind, **how)  # type: ignore[arg-type] # the keywords are Fault's own
        with self._lock:
            self.faults.append(planned)
        return planned

    def take(self, method: str, path: str) -> Fault | None:
        """The next fault meant for this request, used up by taking it."""
        with self._lock:
            for fault in self.faults:
                if not path.startswith(fault.path) or fault.method not in (None, method):
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.times -= 1
                if fault.times <= 0:
                    self.faults.remove(fault)
                return fault
        return None
