"""One run of a workflow: when each of its steps was done, by whom, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp
from random import Random
from typing import Any

from psauth.sandbox.company.people import Person, Staff
from psauth.sandbox.company.plot import PUT_AWAY, WORKFLOW, Plot
from psauth.sandbox.company.story import Story, draw_story
from psauth.sandbox.company.templates import Step, Template
from psauth.sandbox.company.worktime import DAY, HOUR, MINUTE, SECOND, due_after, iso, opaque_id, weekday, work_after

SPAN = 430 * DAY  # how far back the company remembers


@dataclass(slots=True)
class Task:
    """One step in one run; moments in milliseconds, `None` where it has not happened."""

    at: int
    ready: int | None
    completed: int | None
    completed_by: Person | None
    updated: int
    updated_by: Person
    due: int | None
    hidden: bool
    assignees: list[Person]


@dataclass(slots=True)
class Decision:
    """The last word of an approval step on one subject step."""

    at: int
    subject: int
    first: int
    last: int
    rejected: bool
    by: Person
    comment: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """What was written into a form field; `data` is None where it was cleared."""

    data: Any
    at: int
    by: Person


@dataclass(slots=True)
class Run:
    """One run with its steps.

    What was drawn (`story`, `plan`, values that are in no entry) goes by `begun`, the revision of its workflow that it
    began with; `tasks`, `decisions` and `entries` go by `template`, the revision that it is at now.
    """

    id: str
    seed: str
    begun: Template
    name: str | None
    status: str
    created: int
    created_by: Person
    updated: int
    updated_by: Person
    due: int | None
    shared: bool
    migration: str
    story: Story = field(default_factory=dict)  # empty where nobody has filled in the form: a run just started
    plan: list[int | None] = field(default_factory=list)  # when each step was or will be done; None: never
    assignees: list[Person] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    entries: dict[int, Entry] = field(default_factory=dict)  # by the number of the field; what is not here is drawn
    drawn_until: int = 0  # what was drawn in it goes as far as this
    hidden_from: frozenset[str] = frozenset()  # ids of people
    template: Template = field(init=False)

    def __post_init__(self) -> None:
        self.template = self.begun

    def touch(self, moment: int, who: Person) -> None:
        """Somebody changed something in it."""
        self.updated, self.updated_by = moment, who

    def filled_in(self, task: Task) -> bool:
        """Whether what was drawn into the form of a task is there: nobody fills in one that has not begun."""
        return task.completed is not None or task.at == 0

    def stopped(self, task: Task) -> bool:
        """Whether an earlier, unfinished stop step blocks `task`."""
        steps = self.template.blueprint.steps
        earlier = self.tasks[: task.at]
        return any(steps[t.at].stop and not t.hidden and t.completed is None for t in earlier)


class RunFactory:
    """Draws runs: the same number gives the same run for the same seed, `now` and `anchor`.

    The story is told around `anchor`; `now` only decides how much of it has happened.
    """

    def __init__(self, seed: int, now: int, staff: Staff, anchor: int) -> None:
        self._seed, self._now, self._staff, self._anchor = seed, now, staff, anchor
        self._plot = Plot(staff, anchor)

    def draw(self, number: int, template: Template, at: int | None = None) -> Run:
        """Run `number`, of `template`, started around `at` or, without, some time before the anchor."""
        key = f"{self._seed}/run/{number}"
        rng = Random(key)
        blueprint = template.blueprint
        created = self._start(rng, blueprint.rhythm, at)
        starter = rng.choice(self._staff.by_role[blueprint.steps[0].role])
        if blueprint.name == WORKFLOW:
            starter = self._plot.starter(starter)
        if rng.random() < 0.08:
            starter = self._staff.robots[0]
        named = rng.random() > 0.012
        story = draw_story(rng if named else Random(f"{key}/unnamed"), key, number, created)
        run = Run(
            id=opaque_id(key),
            seed=key,
            begun=template,
            name=blueprint.title.format_map(story) if named else None,
            status="Active",
            created=created,
            created_by=starter,
            updated=created,
            updated_by=starter,
            due=due_after(created, blueprint.due) if blueprint.due and rng.random() < 0.7 else None,
            shared=rng.random() < 0.04,
            migration="Inactive",
            story=story,
        )
        self._work_through(rng, run)
        run.drawn_until = run.updated
        return run

    def blank(self, number: int, template: Template, name: str | None, created: int, by: Person | None = None) -> Run:
        """A run that was started at `created` and in which nothing has happened."""
        key = f"{self._seed}/started/{number}"
        rng = Random(key)
        starter = rng.choice(self._staff.by_role[template.blueprint.steps[0].role])
        starter = by or starter
        name = name or template.blueprint.title.format_map(draw_story(rng, key, number, created))
        run = Run(
            opaque_id(key), key, template, name, "Active", created, starter, created, starter, None, False, "Inactive"
        )
        for at, step in enumerate(template.blueprint.steps):
            due = None if step.due is None else due_after(created, step.due)
            run.tasks.append(Task(at, created, None, None, created, starter, due, False, self.team(rng, step.role)))
        return run

    def _start(self, rng: Random, rhythm: str, at: int | None) -> int:
        # More runs in recent months than long ago: the company grows.
        moment = self._anchor - int(SPAN * rng.random() ** 1.25) if at is None else at
        if rhythm == "monthly" and at is None:
            # Around the turn of a month, give or take three days.
            day_of_month = int(iso(moment)[8:10])
            moment -= (day_of_month - 1) * DAY - int(rng.gauss(0, 1.2) * DAY)
        if rhythm != "always" and rng.random() < 0.95:
            # Into office hours: a morning hump and an afternoon hump.
            hour = rng.gauss(10.3, 1.2) if rng.random() < 0.6 else rng.gauss(14.6, 1.3)
            moment = moment // DAY * DAY + int(min(max(hour, 7.2), 17.8) * HOUR)
            if weekday(moment) > 4:
                moment -= rng.randint(2, 5) * DAY  # to some day of the week before, not all to its Friday
        moment = moment // SECOND * SECOND + rng.randrange(1000)
        return min(moment, (self._anchor if at is None else at) - rng.randrange(5 * MINUTE, 3 * HOUR))

    def _work_through(self, rng: Random, run: Run) -> None:
        steps, plot = run.template.blueprint.steps, self._plot
        now, count = self._now, len(steps)
        is_told = run.template.blueprint.name == WORKFLOW
        fate = rng.random()
        last = count  # the first step nobody will ever do
        if fate < 0.055:
            last = rng.randrange(count)
        elif fate < 0.085:
            last = rng.randrange(1, count)
        archived, stalled, deleted = fate < 0.055, 0.055 <= fate < 0.085, fate > 0.988
        # A slow run is slow in every step; workflows with a drift were quicker a year ago.
        age = (self._anchor - run.created) / SPAN
        pace = exp(rng.gauss(0, 0.28)) * (1 + run.template.blueprint.drift * (0.5 - age))
        if is_told:
            pace *= plot.pace(run.story)
        ready = before = run.created
        for at, step in enumerate(steps):
            hidden = step.hidden > 0 and rng.random() < step.hidden
            team = self.team(rng, step.role)
            start = before if step.together else ready
            hurry = plot.hurry(step, run.created) if is_told else 1.0
            done, who = self._finish(rng, step, start, pace * hurry, team)
            gone = hidden or at >= last or (step.skip > 0 and rng.random() < step.skip)
            due = self._due(rng, step, run.created, start)
            if stand_in := plot.stand_in(step, due, None if gone else done):
                who = stand_in if who in team else who
                team = [stand_in]
            task = Task(at, start, None, None, min(start, now), run.updated_by, due, hidden, team)
            if not gone and step.kind == "Approval":
                reject = plot.rejects(step, who) if is_told else step.reject
                rejected = self._decide(rng, run, task, step, reject, who, start, done)
                if rejected and rng.random() < 0.75:
                    # Refused for good: nothing after this step happens, and the run is put away or left lying.
                    last = at + 1
                    archived, stalled = rng.random() < (PUT_AWAY if is_told else 0.6), True
                elif rejected:
                    # Mended and approved after all, which is the word that stands: the work goes on.
                    for decision in run.decisions:
                        if decision.at == at:
                            decision.first, decision.rejected, decision.comment = (start + done) // 2, False, _AFTER_ALL
            blink = rng.randrange(40)  # drawn even when it is not needed yet, as everything here
            if not gone and done <= now:
                task.completed, task.completed_by = done, who
                # The service stamps the completion a blink after the update of the same click.
                task.updated, task.updated_by = done - blink, who
            run.tasks.append(task)
            run.plan.append(None if gone else done)
            if not gone:
                before, ready = start, max(ready, done)
        seen = [t for t in run.tasks if t.completed is not None]
        if seen:
            latest = max(seen, key=lambda t: t.completed or 0)
            run.updated, run.updated_by = latest.completed or run.created, latest.completed_by or run.created_by
        if rng.random() < 0.45:
            run.assignees = [t.assignees[0] for t in run.tasks[:2]]
        self._settle(rng, run, ready, archived=archived, stalled=stalled, deleted=deleted)

    def team(self, rng: Random, role: str) -> list[Person]:
        """Who is put on a task of that role."""
        people = self._staff.by_role[role]
        # The first of a team carries more than the others: the square leans to the front of the list.
        first = people[int(rng.random() ** 1.7 * len(people))]
        draw = rng.random()
        if draw < 0.10 and (group := self._staff.group(role)):
            return [group, first]
        if draw < 0.24:
            second = rng.choice(people)
            return [first] if second is first else [first, second]
        return [first]

    def _finish(self, rng: Random, step: Step, start: int, pace: float, team: list[Person]) -> tuple[int, Person]:
        if step.robot and rng.random() < step.robot:
            return start + int(rng.uniform(2, 240) * SECOND), rng.choice(self._staff.robots)
        people = [p for p in team if not p.role.startswith("group:")]
        who = people[0] if rng.random() < 0.9 else rng.choice(self._staff.by_role[people[0].role])
        work = int(step.hours * pace * exp(rng.gauss(0, step.spread)) * HOUR)
        done = work_after(start, max(work, 40 * SECOND)) if rng.random() < 0.93 else start + 2 * work
        return done + rng.randrange(1000), who

    def _due(self, rng: Random, step: Step, created: int, start: int) -> int | None:
        if step.due is None or rng.random() < 0.06:
            return None
        # Some due dates were moved along with the step before, as dynamic due dates do.
        return due_after(created, step.due) if rng.random() < 0.85 else due_after(start, max(1, step.due // 2))

    def _decide(
        self, rng: Random, run: Run, task: Task, step: Step, reject: float, who: Person, start: int, done: int
    ) -> bool:
        rejected = rng.random() < reject
        reworked = not rejected and rng.random() < reject
        for subject in step.judges:
            # Drawn before it is known whether it has happened yet: what comes after must not depend on the hour.
            first = start + int((done - start) * rng.uniform(0.2, 0.7)) if reworked else done
            words = step.refusals if rejected else step.remarks
            word = rng.randrange(_WORDS) if rejected or rng.random() < 0.3 else None
            comment = None if word is None else words[word % len(words)]
            if done > self._now or run.tasks[subject].hidden:
                continue
            run.decisions.append(Decision(task.at, subject, first, done, rejected, who, comment))
        return rejected

    def _settle(self, rng: Random, run: Run, ready: int, *, archived: bool, stalled: bool, deleted: bool) -> None:
        now = self._now
        if archived:
            left = work_after(run.updated, int(rng.expovariate(1 / 30) * HOUR) + HOUR)
            if left <= now:
                run.status, run.updated, run.updated_by = "Archived", left, rng.choice(self._staff.by_role["ops"])
        elif not stalled and (closed := run.updated + rng.randrange(200, 90_000)) <= now and ready <= now:
            # Closing the run is a click of its own, and some are edited long after.
            run.status, run.updated = "Completed", closed
            late, editor = closed + int(rng.expovariate(1 / 6) * DAY), rng.choice(self._staff.members)
            if rng.random() < 0.07 and late <= now:
                run.updated, run.updated_by = late, editor
            if rng.random() < 0.006:
                # Closed by hand although nothing was ticked off, and so nothing decided.
                run.decisions.clear()
                for task in run.tasks:
                    task.completed = task.completed_by = None
        if rng.random() < 0.05 and run.updated < self._anchor:
            # A new revision of the workflow touched every step at once: an update is not a completion.
            moment = run.updated + int((self._anchor - run.updated) * rng.random())
            for task in run.tasks:
                task.updated, task.updated_by = moment, self._staff.robots[1]
            run.updated, run.updated_by = moment, self._staff.robots[1]
            run.migration = rng.choice(("Inactive", "Inactive", "Scheduled", "Migrating"))
        if deleted:
            run.status = "Deleted"


_WORDS = 5  # a comment's number is drawn below this, however many a step has
_AFTER_ALL = "Better now, thank you."
