"""The invented company: everything the API can be asked for, drawn from one seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from random import Random

from psauth.sandbox.company.blueprints import BLUEPRINTS
from psauth.sandbox.company.library import Library
from psauth.sandbox.company.oneoffs import OneOff
from psauth.sandbox.company.people import ORGANIZATION, Person, Staff
from psauth.sandbox.company.runs import SPAN, Run, RunFactory, Task
from psauth.sandbox.company.templates import Template
from psauth.sandbox.company.values import Forms
from psauth.sandbox.company.worktime import opaque_id

DEFAULT_RUNS = 3_000
_GROWTH = 1.4  # how many times more runs begin in a day after the anchor than on an average day before it


class Company:
    """A believable company of `runs` runs; the same `seed` and `now` (seconds since 1970) give the same bytes.

    Whoever changes something in it holds the `lock`; what is written is dated by the `clock`.
    With the `anchor` of an earlier day the same company goes on: its runs keep their dates, tasks that were open get
    done, and new runs have begun since. Without one it stands at `now`.
    Nothing is drawn before it is asked for, so that making one costs nothing.
    """

    def __init__(
        self,
        runs: int = DEFAULT_RUNS,
        seed: int = 7,
        now: float | None = None,
        *,
        anchor: float | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.size, self.seed = runs, seed
        self.now = int((time.time() if now is None else now) * 1000)
        self.anchor = self.now if anchor is None else min(self.now, int(anchor * 1000))
        self.name = ORGANIZATION
        self.organization_id = opaque_id(seed, "organization")
        self.lock = threading.RLock()
        self.one_offs: dict[str, OneOff] = {}
        self._clock, self._latest = clock, self.now
        self._every: list[Run] | None = None
        self._by_id: dict[str, Run] = {}
        self._references: dict[str, Run] = {}

    def __repr__(self) -> str:
        return f"Company({self.name!r}, runs={self.size}, seed={self.seed})"

    @cached_property
    def staff(self) -> Staff:
        """Everybody who works here."""
        return Staff(self.seed)

    @cached_property
    def templates(self) -> list[Template]:
        """The workflows, sorted by name."""
        return [Template(self.seed, blueprint) for blueprint in sorted(BLUEPRINTS, key=lambda b: b.name)]

    @cached_property
    def library(self) -> Library:
        """Folders, pages, data sets, schedules and revisions."""
        return Library(self.seed, self.anchor, self.organization_id, self.staff, self.templates, self._approved_vendors)

    def _approved_vendors(self) -> dict[str, tuple[int, Person]]:
        """When each vendor was approved last, and by whom."""
        approved: dict[str, tuple[int, Person]] = {}
        for run in self._drawn:
            if run.template.blueprint.name == "Vendor Approval" and run.status != "Deleted" and run.story:
                vendor = run.story["vendor"]
                for decision in run.decisions:
                    if not decision.rejected and decision.last > approved.get(vendor, (0,))[0]:
                        approved[vendor] = (decision.last, decision.by)
        return approved

    @cached_property
    def forms(self) -> Forms:
        """What was typed into form fields."""
        return Forms(self.staff, self.library.choices)

    @property
    def _drawn(self) -> list[Run]:
        # Not a cached property: from Python 3.12 on two threads may fill one of those twice, and a run started in the
        # list that lost would be gone.
        with self.lock:
            if self._every is not None:
                return self._every
            factory = RunFactory(self.seed, self.now, self.staff, self.anchor)
            shares = [t.blueprint.share for t in self.templates]
            picks = Random(f"{self.seed}/mix").choices(self.templates, shares, k=self.size)
            # Every workflow has at least one run, however small the company.
            picks[: len(self.templates)] = self.templates[: self.size]
            self._every = [factory.draw(number, template) for number, template in enumerate(picks)]
            pause = int(SPAN / _GROWTH / max(self.size, 1))
            for number, at in enumerate(range(self.anchor + pause, self.now, pause), self.size):
                template = Random(f"{self.seed}/later/{number}").choices(self.templates, shares)[0]
                self._every.append(factory.draw(number, template, at))
            self._by_id = {run.id: run for run in self._every}
            return self._every

    @property
    def runs(self) -> list[Run]:
        """Every run that is not deleted, newest created first."""
        return sorted((r for r in self._drawn if r.status != "Deleted"), key=lambda r: (-r.created, r.id))

    def run(self, run_id: str) -> Run | None:
        """The run of that id, unless it was deleted."""
        run = self._by_id.get(run_id) if self._drawn else None
        return None if run is None or run.status == "Deleted" else run

    def deleted_run(self, run_id: str) -> Run | None:
        """The run of that id, if it was deleted."""
        run = self._by_id.get(run_id) if self._drawn else None
        return run if run is not None and run.status == "Deleted" else None

    def started(self, reference: str | None) -> Run | None:
        """The run that was started with this reference id."""
        return self._references.get(reference) if reference is not None else None

    def template(self, workflow_id: str) -> Template | None:
        """The workflow of that id."""
        return next((t for t in self.templates if t.id == workflow_id), None)

    def person(self, email: str) -> Person | None:
        """The person, group or robot of that address, in any case."""
        return self.staff.by_email.get(email.casefold())

    def moment(self) -> int:
        """Now, in milliseconds; later each time, so that what was written last is also the newest."""
        with self.lock:
            self._latest = max(int(self._clock() * 1000), self._latest + 1)
            return self._latest

    # What a person at the sandbox may do to it, so that a second sync has something to find.

    def complete_task(self, run_id: str, task_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Tick off one task at `at` (seconds since 1970, default now); the run is Completed with its last one."""
        with self.lock:
            run, task = self._task(run_id, task_id)
            moment = self._at(at)
            who = by or (task.assignees[0] if task.assignees else run.created_by)
            task.completed, task.completed_by = moment, who
            task.updated, task.updated_by = moment, who
            run.updated, run.updated_by = moment, who
            if run.status == "Active" and all(t.completed is not None or t.hidden for t in run.tasks):
                run.status = "Completed"

    def reopen_task(self, run_id: str, task_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Take a tick back: rework."""
        with self.lock:
            run, task = self._task(run_id, task_id)
            moment = self._at(at)
            task.completed = task.completed_by = None
            task.updated = run.updated = moment
            task.updated_by, run.updated_by = by or task.updated_by, by or run.updated_by
            run.status = "Active"

    def delete_run(self, run_id: str) -> None:
        """Delete a run softly: it is just absent afterwards."""
        with self.lock:
            run = self.run(run_id)
            if run is None:
                raise LookupError(f"no run {run_id!r}")
            run.status = "Deleted"

    def start_run(
        self,
        workflow_id: str,
        *,
        name: str | None = None,
        at: float | None = None,
        by: Person | None = None,
        reference: str | None = None,
    ) -> Run:
        """Start a run of a workflow now, with nothing done yet; the same `reference` gives the same run again."""
        with self.lock:
            if reference is not None and reference in self._references:
                return self._references[reference]
            template = self.template(workflow_id)
            if template is None:
                raise LookupError(f"no workflow {workflow_id!r}")
            moment = self._at(at)
            drawn = self._drawn
            run = RunFactory(self.seed, moment, self.staff, moment).blank(len(drawn), template, name, moment, by)
            drawn.append(run)
            self._by_id[run.id] = run
            if reference is not None:
                self._references[reference] = run
            return run

    def _at(self, at: float | None) -> int:
        return self.moment() if at is None else int(at * 1000)

    def _task(self, run_id: str, task_id: str) -> tuple[Run, Task]:
        run = self.run(run_id)
        at = run.template.index_of(task_id) if run else None
        if run is None or at is None:
            raise LookupError(f"no task {task_id!r} in run {run_id!r}")
        return run, run.tasks[at]
