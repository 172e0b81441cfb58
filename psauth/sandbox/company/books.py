"""What the company holds: everything the API can be asked for, drawn from one seed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from random import Random
from typing import Any

from psauth.sandbox.company.blueprints import BLUEPRINTS
from psauth.sandbox.company.library import Library
from psauth.sandbox.company.lists import RunLists
from psauth.sandbox.company.oneoffs import OneOff
from psauth.sandbox.company.people import ORGANIZATION, Person, Staff
from psauth.sandbox.company.remarks import Remarks
from psauth.sandbox.company.runs import SPAN, Entry, Run, RunFactory, Task
from psauth.sandbox.company.templates import Field, Template
from psauth.sandbox.company.values import Forms
from psauth.sandbox.company.worktime import opaque_id
from psauth.sandbox.knobs import Knobs

DEFAULT_RUNS = 3_000
_GROWTH = 1.4  # how many times more runs begin in a day after the anchor than on an average day before it


class Books:
    """A believable company of `runs` runs; the same `seed` and `now` (seconds since 1970) give the same bytes.

    Whoever changes something in it does so inside `changing()`; what is written is dated by the `clock`.
    With the `anchor` of an earlier day the same company goes on: its runs keep their dates, tasks that were open get
    done, and new runs have begun since. Without one it stands at `now`.
    Nothing is drawn before it is asked for, so that making one costs nothing. Of the `knobs` it asks what moves a run's
    updated date, and whether it lives on by itself.
    """

    def __init__(
        self,
        runs: int = DEFAULT_RUNS,
        seed: int = 7,
        now: float | None = None,
        *,
        anchor: float | None = None,
        clock: Callable[[], float] = time.time,
        knobs: Knobs | None = None,
    ) -> None:
        self.size, self.seed = runs, seed
        self.now = int((time.time() if now is None else now) * 1000)
        self.anchor = self.now if anchor is None else min(self.now, int(anchor * 1000))
        self.name = ORGANIZATION
        self.organization_id = opaque_id(seed, "organization")
        self.lock = threading.RLock()
        self.one_offs: dict[str, OneOff] = {}
        self._clock, self._latest = clock, self.now
        self.knobs = knobs or Knobs()
        self._lists: RunLists | None = None
        self._remarks: Remarks | None = None
        self._references: dict[str, Run] = {}
        self._hidden_workflows: set[tuple[str, str]] = set()  # workflow and person

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
    def lists(self) -> RunLists:
        """Every run, deleted ones too, in the orders in which they are asked for."""
        # Not a cached property: from Python 3.12 on two threads may fill one of those twice, and a run started in the
        # list that lost would be gone.
        with self.lock:
            if self._lists is None:
                self._lists = RunLists(self._draw())
            return self._lists

    def _draw(self) -> list[Run]:
        factory = RunFactory(self.seed, self.now, self.staff, self.anchor)
        shares = [t.blueprint.share for t in self.templates]
        picks = Random(f"{self.seed}/mix").choices(self.templates, shares, k=self.size)
        # Every workflow has at least one run, however small the company.
        picks[: len(self.templates)] = self.templates[: self.size]
        runs = [factory.draw(number, template) for number, template in enumerate(picks)]
        pause = int(SPAN / _GROWTH / max(self.size, 1))
        for number, at in enumerate(range(self.anchor + pause, self.now, pause), self.size):
            template = Random(f"{self.seed}/later/{number}").choices(self.templates, shares)[0]
            runs.append(factory.draw(number, template, at))
        return runs

    def drawn_value(self, run: Run, field_id: str, field: Field) -> Any:
        """What stands in a form field of a run in which nobody has written anything since."""
        # By the place the field had when the run began; what a later revision added nobody has filled in.
        number = run.begun.field_of(field_id)
        return None if number is None else self.forms.draw(run, number, field)

    def keep_values(self, run: Run, *tasks: Task) -> None:
        """Keep what was drawn into the forms of these tasks, with its date: it stays, whatever becomes of the tasks."""
        places = {task.at for task in tasks}
        for number, (field_id, at, _, field) in enumerate(run.template.fields):
            task = run.tasks[at]
            if at not in places or number in run.entries or not run.filled_in(task):
                continue
            data = self.drawn_value(run, field_id, field)
            if data is not None:
                run.entries[number] = Entry(data, task.updated, task.updated_by)

    @property
    def _drawn(self) -> list[Run]:
        return self.lists.every

    @property
    def remarks(self) -> Remarks:
        """Comments and attachments."""
        with self.lock:
            if self._remarks is None:
                self._remarks = Remarks(self.staff, self._drawn)
            return self._remarks

    @property
    def runs(self) -> list[Run]:
        """Every run that is not deleted, newest created first."""
        with self.lock:
            return [run for run in self.lists.created if run.status != "Deleted"]

    def run(self, run_id: str) -> Run | None:
        """The run of that id, unless it was deleted."""
        run = self.lists.by_id.get(run_id)
        return None if run is None or run.status == "Deleted" else run

    def deleted_run(self, run_id: str) -> Run | None:
        """The run of that id, if it was deleted."""
        run = self.lists.by_id.get(run_id)
        return run if run is not None and run.status == "Deleted" else None

    def started(self, reference: str | None) -> Run | None:
        """The run that was started with this reference id."""
        return self._references.get(reference) if reference is not None else None

    def template(self, workflow_id: str) -> Template | None:
        """The workflow of that id, as its newest revision has it."""
        return next((t for t in self.templates if t.id == workflow_id), None)

    def person(self, email: str) -> Person | None:
        """The person, group or robot of that address, in any case."""
        return self.staff.by_email.get(email.casefold())

    def sees(self, person: Person, thing: Run | Template) -> bool:
        """Whether somebody may see a run or a workflow; a workflow that is hidden hides its runs."""
        if isinstance(thing, Run):
            return person.id not in thing.hidden_from and self.sees(person, thing.template)
        return (thing.id, person.id) not in self._hidden_workflows

    def seen(self, person: Person, runs: Iterable[Run]) -> Iterator[Run]:
        """Those of `runs` that somebody may see."""
        hidden = {workflow for workflow, who in self._hidden_workflows if who == person.id}
        return (run for run in runs if person.id not in run.hidden_from and run.template.id not in hidden)

    def moment(self, at: float | None = None) -> int:
        """Now, or about `at`, in milliseconds; later each time, so that what was written last is also the newest."""
        with self.lock:
            self._latest = max(int((self._clock() if at is None else at) * 1000), self._latest + 1)
            return self._latest

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Around every change: one at a time, and lists are made anew afterwards."""
        with self.lock:
            lists = self.lists  # drawn before the change, not after it
            try:
                yield
            finally:
                lists.changed()

    def _at(self, at: float | None) -> int:
        return self.moment() if at is None else round(at * 1000)

    def _run(self, run_id: str) -> Run:
        run = self.run(run_id)
        if run is None:
            raise LookupError(f"no run {run_id!r}")
        return run

    def _task(self, run_id: str, task_id: str) -> tuple[Run, Task]:
        run = self.run(run_id)
        at = run.template.index_of(task_id) if run else None
        if run is None or at is None:
            raise LookupError(f"no task {task_id!r} in run {run_id!r}")
        return run, run.tasks[at]

    def _template(self, workflow_id: str) -> Template:
        template = self.template(workflow_id)
        if template is None:
            raise LookupError(f"no workflow {workflow_id!r}")
        return template

    def _person(self, email: str) -> Person:
        person = self.person(email)
        if person is None:
            raise LookupError(f"no person {email!r}")
        return person
