"""The invented company, and what may happen to it."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from psauth.sandbox.company.books import DEFAULT_RUNS, Books
from psauth.sandbox.company.life import EVENTS, Chances, Event
from psauth.sandbox.company.migration import migrate, revise
from psauth.sandbox.company.people import Person
from psauth.sandbox.company.plot import Slip, slip
from psauth.sandbox.company.remarks import Record
from psauth.sandbox.company.runs import Decision, Entry, Run, RunFactory

__all__ = ["DEFAULT_RUNS", "Company"]

_MOST_AT_ONCE = 1_000  # events made up for before one answer, however long nobody asked


class Company(Books):
    """The company as one that lives: each event is a method, and `live` draws some of them.

    `by` is who did it, `at` when, in seconds since 1970; without them it is somebody whom the thing concerns, and now.
    All raise LookupError for what is not there. A run's updated date moves as `Knobs.moves` says.
    """

    _lived: tuple[object, Random, float] | None = None

    def live(self, steps: int, seed: int = 1, *, weights: Mapping[str, float] | None = None) -> list[Event]:
        """Let `steps` events happen now, the same for the same `seed` and company, and tell which they were.

        `weights` says how often each comes, by the name of its method; by default `EVENTS`. The list is shorter where
        nothing of what has a weight can happen any more.
        """
        rng = Random(f"{self.seed}/life/{seed}")
        with self.lock:
            happened = (self._happen(rng, weights) for _ in range(steps))
            return [event for event in happened if event is not None]

    def catch_up(self) -> None:
        """Let happen what has become due since the last time, where the company lives on by itself."""
        life = self.knobs.life
        with self.lock:
            now = self._clock()
            if life is None or self._lived is None or self._lived[0] is not life:
                self._lived = None if life is None else (life, Random(f"{self.seed}/life/{life.seed}"), now)
                return
            _, rng, since = self._lived
            pause = 60 / life.events_per_minute if life.events_per_minute > 0 else float("inf")
            due = int((now - since) / pause)
            for number in range(max(0, due - _MOST_AT_ONCE), due):
                self._happen(rng, life.weights, since + (number + 1) * pause)
            if due > 0:
                self._lived = (life, rng, since + due * pause)

    def _happen(self, rng: Random, weights: Mapping[str, float] | None, at: float | None = None) -> Event | None:
        self.library.records  # noqa: B018 # drawn from approvals, so before the first of them is changed
        moment = self.moment(at)
        event = Chances(rng, self._drawn, self.templates, self.staff).draw(weights or EVENTS, moment)
        if event is not None:
            getattr(self, event.name)(**event.arguments, at=moment / 1000)
        return event

    def edited(self, run: Run, what: str, moment: int, who: Person) -> None:
        """Somebody edited something in a run, which moves its updated date or, by a knob, does not."""
        if what in self.knobs.moves:
            run.touch(moment, who)

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
        with self.changing():
            if reference is not None and reference in self._references:
                return self._references[reference]
            template = self._template(workflow_id)
            moment = self._at(at)
            run = RunFactory(self.seed, moment, self.staff, moment).blank(len(self._drawn), template, name, moment, by)
            self.lists.add(run)
            if reference is not None:
                self._references[reference] = run
            return run

    def complete_task(self, run_id: str, task_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Tick off one task at `at` (seconds since 1970, default now); the run is Completed with its last one."""
        with self.changing():
            run, task = self._task(run_id, task_id)
            self.keep_values(run, task)
            moment = self._at(at)
            who = by or (task.assignees[0] if task.assignees else run.created_by)
            task.completed, task.completed_by = moment, who
            task.updated, task.updated_by = moment, who
            self.edited(run, "tasks", moment, who)
            if run.status == "Active" and all(t.completed is not None or t.hidden for t in run.tasks):
                self._set_status(run, "Completed", moment, who)

    def reopen_task(self, run_id: str, task_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Take a tick back: rework."""
        with self.changing():
            run, task = self._task(run_id, task_id)
            self.keep_values(run, task)
            moment = self._at(at)
            task.completed = task.completed_by = None
            task.updated, task.updated_by = moment, by or task.updated_by
            self.edited(run, "tasks", moment, by or run.updated_by)
            if run.status != "Active":
                self._set_status(run, "Active", moment, by or run.updated_by)

    def edit_value(
        self, run_id: str, field_id: str, data: Any, *, by: Person | None = None, at: float | None = None
    ) -> None:
        """Put `data` into a form field, as a read of it shows it; None clears the field."""
        with self.changing():
            run = self._run(run_id)
            number = run.template.field_of(field_id)
            if number is None:
                raise LookupError(f"no form field {field_id!r} in run {run_id!r}")
            moment, who = self._at(at), by or run.updated_by
            run.entries[number] = Entry(data, moment, who)
            self.edited(run, "fields", moment, who)

    def decide(
        self,
        run_id: str,
        task_id: str,
        subject_id: str,
        *,
        rejected: bool = False,
        comment: str | None = None,
        by: Person | None = None,
        at: float | None = None,
    ) -> None:
        """Approve or reject one subject of an approval task; it is the last word on it."""
        with self.changing():
            run, task = self._task(run_id, task_id)
            _, subject = self._task(run_id, subject_id)
            moment, who = self._at(at), by or run.updated_by
            before = [d for d in run.decisions if (d.at, d.subject) == (task.at, subject.at)]
            first = before[0].first if before else moment
            kept = [d for d in run.decisions if d not in before]
            run.decisions = [*kept, Decision(task.at, subject.at, first, moment, rejected, who, comment)]
            self.edited(run, "approvals", moment, who)

    def assign(
        self,
        run_id: str,
        email: str,
        task_id: str | None = None,
        *,
        by: Person | None = None,
        at: float | None = None,
    ) -> None:
        """Put somebody on a run or on one of its tasks; nothing happens where they are on it."""
        with self.changing():
            self._set_assigned(run_id, email, task_id, True, by, at)

    def unassign(
        self,
        run_id: str,
        email: str,
        task_id: str | None = None,
        *,
        by: Person | None = None,
        at: float | None = None,
    ) -> None:
        """Take somebody off a run or off one of its tasks; nothing happens where they are not on it."""
        with self.changing():
            self._set_assigned(run_id, email, task_id, False, by, at)

    def _set_assigned(
        self, run_id: str, email: str, task_id: str | None, on: bool, by: Person | None, at: float | None
    ) -> None:
        run, who = self._run(run_id), self._person(email)
        holder = run if task_id is None else self._task(run_id, task_id)[1]
        if (who in holder.assignees) != on:
            others = [person for person in holder.assignees if person != who]
            holder.assignees = [*others, who] if on else others
            self.edited(run, "assignees", self._at(at), by or run.updated_by)

    # The run itself

    def rename_run(self, run_id: str, name: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Give a run another name."""
        with self.changing():
            run = self._run(run_id)
            run.name = name
            run.touch(self._at(at), by or run.updated_by)

    def move_due_date(
        self,
        run_id: str,
        due: int | None,
        task_id: str | None = None,
        *,
        by: Person | None = None,
        at: float | None = None,
    ) -> None:
        """Set the due date of a run or of one of its tasks, in milliseconds since 1970; None takes it away."""
        with self.changing():
            run = self._run(run_id)
            moment, who = self._at(at), by or run.updated_by
            if task_id is None:
                run.due = due
                run.touch(moment, who)
            else:
                task = self._task(run_id, task_id)[1]
                self.keep_values(run, task)
                task.due, task.updated, task.updated_by = due, moment, who
                self.edited(run, "tasks", moment, who)

    def finish_run(self, run_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Complete a run, with all of its tasks that are still open."""
        with self.changing():
            run = self._run(run_id)
            self.keep_values(run, *run.tasks)
            moment, who = self._at(at), by or run.updated_by
            for task in run.tasks:
                if task.completed is None and not task.hidden:
                    task.completed, task.completed_by = moment, who
                    task.updated, task.updated_by = moment, who
            self._set_status(run, "Completed", moment, who)

    def archive_run(self, run_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Put a run away."""
        self._close(run_id, "Archived", by, at)

    def delete_run(self, run_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Delete a run softly: it is absent afterwards, except from a search for Deleted ones."""
        self._close(run_id, "Deleted", by, at)

    def undelete_run(self, run_id: str, *, by: Person | None = None, at: float | None = None) -> None:
        """Make a deleted run Active again, whatever it was before."""
        with self.changing():
            run = self.deleted_run(run_id)
            if run is None:
                raise LookupError(f"no deleted run {run_id!r}")
            self._set_status(run, "Active", self._at(at), by or run.updated_by)

    def _close(self, run_id: str, status: str, by: Person | None, at: float | None) -> None:
        with self.changing():
            run = self._run(run_id)
            self._set_status(run, status, self._at(at), by or run.updated_by)

    @staticmethod
    def _set_status(run: Run, status: str, moment: int, who: Person) -> None:
        run.status = status
        run.touch(moment, who)

    def add_comment(
        self, run_id: str, task_id: str, words: str, *, by: Person | None = None, at: float | None = None
    ) -> Record:
        """Comment on a task; the run is not updated by that."""
        with self.changing():
            run, _ = self._task(run_id, task_id)
            return self.remarks.add(run, task_id, words, self._at(at), by or run.updated_by)

    def let_deadlines_slip(self, *, at: float | None = None) -> list[str]:
        """Let deadlines drift in Active runs, as the company's plot has it; the ids of those runs.

        Whoever started a run moves its due date, and those of its open tasks, where they are near or past. Some of the
        runs are then finished, within the new dates. The same for the same company; `at` is by default where it stands.
        """
        at = self.now / 1000 if at is None else at
        with self.changing():
            moment = self.moment(at)
            slips = [
                (run, found) for run in self._drawn if run.status == "Active" and (found := self._slip(run, moment))
            ]
            for run, found in slips:
                for task_id in (None, *run.template.task_ids):
                    task = None if task_id is None else self._task(run.id, task_id)[1]
                    is_open = task is None or (task.completed is None and not task.hidden)
                    due = run.due if task is None else task.due
                    if is_open and due is not None and found.since < due < found.until:
                        self.move_due_date(run.id, found.to, task_id, by=run.created_by, at=self.moment(at) / 1000)
                if found.is_finished:
                    self._work_off(run, at)
            return [run.id for run, _ in slips]

    def _slip(self, run: Run, moment: int) -> Slip | None:
        dues = [t.due for t in run.tasks if t.completed is None and not t.hidden]
        return slip(run.seed, run.created_by, moment, [due for due in (run.due, *dues) if due is not None])

    def _work_off(self, run: Run, at: float) -> None:
        """Tick off every open task in its order; approvals are decided by who ticks them off."""
        for task, step, task_id in zip(run.tasks, run.template.blueprint.steps, run.template.task_ids, strict=True):
            if task.completed is None and not task.hidden:
                who = next((person for person in task.assignees if person in self.staff.members), run.created_by)
                moment = self.moment(at) / 1000
                for subject in step.judges:
                    if run.tasks[subject].completed is not None:
                        self.decide(run.id, task_id, run.template.task_ids[subject], by=who, at=moment)
                self.complete_task(run.id, task_id, by=who, at=moment)

    # Who sees what: nothing in the runs changes, so nothing tells of it

    def hide_run(self, run_id: str, email: str, *, at: float | None = None) -> None:
        """Hide a run from a person, who then finds it in no list."""
        with self.changing():
            run = self._any_run(run_id)
            run.hidden_from |= {self._person(email).id}

    def show_run(self, run_id: str, email: str, *, at: float | None = None) -> None:
        """Show a run to a person again."""
        with self.changing():
            run = self._any_run(run_id)
            run.hidden_from -= {self._person(email).id}

    def hide_workflow(self, workflow_id: str, email: str) -> None:
        """Hide a workflow with all of its runs from a person, who has lost a permission."""
        with self.changing():
            self._hidden_workflows.add((self._template(workflow_id).id, self._person(email).id))

    def show_workflow(self, workflow_id: str, email: str) -> None:
        """Show a workflow with its runs again, except those that are hidden one by one."""
        with self.changing():
            self._hidden_workflows.discard((self._template(workflow_id).id, self._person(email).id))

    def _any_run(self, run_id: str) -> Run:
        run = self.lists.by_id.get(run_id)
        if run is None:
            raise LookupError(f"no run {run_id!r}")
        return run

    # Workflows

    def migrate_template(self, workflow_id: str, *, by: Person | None = None, at: float | None = None) -> list[str]:
        """Publish a new revision of a workflow and bring its active runs to it; their ids.

        It has a task and a field more and, where they can be spared, a task and a field less. A task that goes takes
        its fields along; what stays keeps its id. Every task of those runs counts as updated, as after any bulk change.
        """
        with self.changing():
            old = self._template(workflow_id)
            number = len(self.library.revisions[workflow_id]) + 1
            new = revise(old, Random(f"{self.seed}/{workflow_id}/revision/{number}"))
            moment, robot = self._at(at), self.staff.robots[1]
            self.templates[self.templates.index(old)] = new
            self.library.publish(new, moment, by or self.staff.signers[0])
            factory = RunFactory(self.seed, moment, self.staff, moment)
            moved = [r for r in self.lists.every if r.template.id == workflow_id and r.status == "Active"]
            for run in moved:
                self.keep_values(run, *run.tasks)
                rng = Random(f"{run.seed}/revision/{number}")
                migrate(run, new, moment, robot, lambda step, rng=rng: factory.team(rng, step.role))  # type: ignore[misc]
                self.edited(run, "migration", moment, robot)
            return [run.id for run in moved]
