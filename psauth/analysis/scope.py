"""Scope: what an analysis is about. The filters that all of them share, checked, and what they leave of the facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypedDict

import ibis
import pandas as pd
from ibis.expr.types import Table

from psauth.analysis.facts import edges, run_facts, task_facts
from psauth.analysis.running import run
from psauth.analysis.sources import MOMENT, Sources, Tables
from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars
from psauth.exceptions import ArgumentError
from psauth.reading.arguments import ids, known, moment, shown
from psauth.reading.endpoints import RUN_STATUSES
from psauth.reading.lookup import find
from psauth.settings.spelling import did_you_mean

if TYPE_CHECKING:
    from psauth.reading.arguments import Moment, Things


class Filters(TypedDict, total=False):
    """What an analysis may be narrowed by, and how it counts.

    workflow: the name or id of one, or several, or a frame with their ids. since, until: runs that were started from `since` on
    and before `until`;
    a date means its midnight UTC. status: Active, Completed, Archived, or several. person: an e-mail address: runs that this
    person started, tasks that this person completed, open tasks that are assigned to this person. robots: False leaves out
    what robots started or completed, True leaves out all else. calendar: what working hours are; now: the moment at which
    open runs are looked at, by default that of the copy; runs that were started after it are left out, and what was completed
    since then counts as completed.
    """

    workflow: Things | None
    since: Moment | None
    until: Moment | None
    status: str | Iterable[str] | None
    person: str | None
    robots: bool | None
    calendar: Calendar | None
    now: Moment | None


@dataclass(frozen=True)
class Scope:
    """The filters of one analysis, and the tables that it is made of."""

    sources: Sources
    calendar: Calendars
    workflows: Sequence[str] | None = None
    """Their ids."""
    names: Sequence[str] = ()
    """What these workflows are called, as far as each has a name."""
    since: datetime | None = None
    until: datetime | None = None
    statuses: Sequence[str] | None = None
    person: str | None = None
    """An e-mail address, in small letters."""
    person_id: str | None = None
    robots: bool | None = None

    @classmethod
    def of(cls, tables: Tables | Scope, filters: Filters) -> Scope:
        """What somebody asked for; ArgumentError for a filter that names nothing, or a period that ends before it begins.

        A scope in the place of the tables has been asked for already.
        """
        unknown = sorted(set(filters) - set(Filters.__annotations__))
        if unknown:
            raise ArgumentError(
                f"There is no filter {unknown[0]!r}{did_you_mean(unknown[0], list(Filters.__annotations__))} "
                f"Expected some of {', '.join(Filters.__annotations__)}."
            )
        if isinstance(tables, Scope):
            return tables
        sources = Sources(tables, filters.get("now"))
        since, until, now = (
            None if each is None else moment(each)
            for each in (filters.get("since"), filters.get("until"), filters.get("now"))
        )
        if now is not None and (until is None or now < until):
            until = now = now + timedelta(microseconds=1)  # a run that was started at this moment is there
        if since is not None and until is not None and until <= since:
            what = "now" if until is now else "until"
            raise ArgumentError(
                f"The period from {since:%Y-%m-%d %H:%M} until {until:%Y-%m-%d %H:%M} ends before it begins. Expected {what} after since."
            )
        status, workflow, person = filters.get("status"), filters.get("workflow"), filters.get("person")
        email, person_id = (None, None) if person is None else _person(sources, person)
        ids, names = (None, []) if workflow is None else _workflows(sources, workflow)
        return cls(
            sources=sources,
            calendar=_calendars(sources, filters.get("calendar")),
            workflows=ids,
            names=names,
            since=since,
            until=until,
            statuses=None if status is None else known(status, RUN_STATUSES, "status of a run"),
            person=email,
            person_id=person_id,
            robots=_flag(filters.get("robots")),
        )

    @property
    def now(self) -> Any:
        """The moment at which open runs are looked at, as an expression."""
        return ibis.literal(self.sources.now, MOMENT)

    def lacks(self) -> str | None:
        """What the copy lacks of the runs that it is about, in a sentence; None where nothing is missing, and of frames."""
        gaps = self.sources.gaps
        return gaps.sentence(self.workflows, self.since) if gaps else None

    def one_workflow(self) -> str:
        """The id of the only workflow that it is about; ArgumentError where it is about several, or all."""
        if self.workflows is None or len(self.workflows) != 1:
            asked = "none was" if self.workflows is None else f"{len(self.workflows)} were"
            raise ArgumentError(
                f"This analysis is about one workflow, and {asked} named. Expected workflow=… with the name or id of one."
            )
        return self.workflows[0]

    def runs(self) -> Table:
        """The facts of the runs that it is about."""
        facts = self.narrowed(run_facts(self.sources, self.calendar))
        if self.person is not None:
            self.sources.table("users", "user_id", "email")  # runs have ids alone
            facts = facts.filter(facts.started_by_id == self.person_id)
        if self.robots is not None:
            facts = facts.filter(facts.started_by_robot == self.robots)
        return facts

    def tasks(self) -> Table:
        """The facts of the visible tasks that it is about, those that are open among them, whoever has them to do."""
        facts = self.narrowed(task_facts(self.sources, self.calendar), "run_status")
        is_open = facts.completed_date.isnull()
        if self.person is not None:
            facts = facts.filter(is_open | (facts.completed_by_email.lower() == self.person))
        if self.robots is not None:
            facts = facts.filter(is_open | (facts.by_robot == self.robots))
        return facts

    def tasks_of_runs(self) -> Table:
        """The facts of all visible tasks of the runs that it is about, whoever completed them."""
        tasks = replace(self, person=None, robots=None).tasks()
        if self.person is None and self.robots is None:  # all else is known of a task as well as of its run
            return tasks
        return tasks.semi_join(self.runs(), "run_id")

    def steps_of_runs(self) -> Table:
        """What came after what in the runs that it is about, one row a step: see `psauth.mirror.facts.edges`."""
        every = self.of_workflows()
        steps = edges(self.sources, every.runs(), every.tasks())
        if self.workflows is not None:
            steps = steps.filter(steps.workflow_id.isin(list(self.workflows)))
        return steps if self == every else steps.semi_join(self.runs(), "run_id")

    def rows(self, name: str, *columns: str) -> Table:
        """Columns of `tasks` or `form_values`. Those of the copy are without the rows of workflows that it is not about.

        They have the names of workflows alone, which stand in order, so that a reader skips those of others. In the copy all
        names are of one moment; frames may have been read before and after somebody changed one.
        """
        if self.workflows is None or self.sources.calendars is None or "workflows" not in self.sources:
            return self.sources.table(name, *columns)
        if len(self.names) < len(self.workflows):  # one that is there no more has no name in its rows
            return self.sources.table(name, *columns)
        rows = self.sources.table(name, *columns, "workflow_name")
        return rows.filter(rows.workflow_name.isin(list(self.names))).drop("workflow_name")

    def of_workflows(self) -> Scope:
        """The same workflows, and no other filter."""
        return Scope(self.sources, self.calendar, workflows=self.workflows, names=self.names)

    def narrowed(self, facts: Table, status: str = "status") -> Table:
        """Facts of runs, or of tasks, of the workflows, period and status that it is about."""
        if self.workflows is not None:
            facts = facts.filter(facts.workflow_id.isin(list(self.workflows)))
        if self.since is not None:
            facts = facts.filter(facts.started >= ibis.literal(self.since, MOMENT))
        if self.until is not None:
            facts = facts.filter(facts.started < ibis.literal(self.until, MOMENT))
        if self.statuses is not None:
            facts = facts.filter(facts[status].isin(list(self.statuses)))
        return facts


def _workflows(sources: Sources, asked: Things) -> tuple[list[str], list[str]]:
    """The ids of workflows, each by its id or name, or of a frame; and the names that they have."""

    def named() -> Table:
        if "workflows" in sources:
            return sources.table("workflows", "workflow_id", "name")
        return sources.table("runs", "workflow_id", "workflow_name").rename(name="workflow_name").distinct()

    wanted = ids(asked, "workflow_id")
    if not wanted:
        raise ArgumentError("workflow=… names no workflow. Expected a name or an id, or several.")
    listed = _small(sources, "workflows", named)
    records = [{"id": id, "name": name} for id, name in zip(listed["workflow_id"], listed["name"], strict=True)]
    found = {str(record["id"]): record["name"] for record in (find(each, records, "workflow") for each in wanted)}
    return list(found), [name for name in found.values() if isinstance(name, str)]


def _person(sources: Sources, asked: str) -> tuple[str, str | None]:
    """The address of a person, and the id."""
    if not isinstance(asked, str) or "@" not in asked:
        raise ArgumentError(
            f"person={shown(asked)} is no e-mail address. Expected one, as in the column email of the users."
        )
    email = asked.strip().lower()
    if "users" not in sources:
        return email, None
    users = _small(sources, "users", lambda: sources.table("users", "user_id", "email"))
    there = users[users["email"].str.lower() == email]
    if there.empty:
        near = did_you_mean(email, users["email"].dropna().str.lower().tolist())
        raise ArgumentError(
            f"No user has the address {shown(asked)}{near} Expected one of the column email of the table users."
        )
    return email, str(there["user_id"].iloc[0])


def _small(sources: Sources, name: str, build: Callable[[], Table]) -> pd.DataFrame:
    """A small table in which something is looked up; that of the copy is read once."""
    if sources.engine is None:
        return run(build())
    small = sources.engine.small
    if name not in small:
        small[name] = run(build())
    return small[name]


def _calendars(sources: Sources, asked: Any) -> Calendars:
    if asked is None:
        return sources.calendars or Calendars()
    check_calendar(asked)
    return Calendars(asked)


def check_calendar(asked: Any) -> None:
    """ArgumentError for what is no calendar."""
    if not isinstance(asked, Calendar):
        raise ArgumentError(
            f"calendar={shown(asked)} is no calendar. Expected psauth.Calendar('Mon-Fri', '09:00-17:00', zone='Europe/Berlin')."
        )


def _flag(value: Any) -> bool | None:
    if value is None or isinstance(value, bool):
        return value
    raise ArgumentError(
        f"robots={shown(value)} cannot be used. Expected False (without what robots did), True (only that), or nothing."
    )
