"""One request as a row of the tables sees it, what a row is, and the three ways in which it says no."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar, overload

from psauth.sandbox.api.records import Record, Records
from psauth.sandbox.company.company import Company
from psauth.sandbox.company.people import Person
from psauth.sandbox.company.runs import Run, Task
from psauth.sandbox.company.templates import Template

# A record is written only when its page is shown.
Late = Callable[[], Record]
Shown = TypeVar("Shown", Run, Template)


class Missing(LookupError):
    """There is no such thing: 404."""


class Hidden(LookupError):
    """There is such a thing, but not for this person: 403 or, where the service does not say so much, 404."""


class BadQuery(ValueError):
    """A query parameter's value is wrong: 400, plain text where the service answers so."""

    def __init__(self, text: str, *, plain: bool = True) -> None:
        super().__init__(text)
        self.plain = plain


class Invalid(ValueError):
    """The body has the right shape and says what cannot be: 422; `details` are reasons by the path of the field."""

    def __init__(self, details: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{path}: {reason}" for path, reason in details.items()))
        self.details = dict(details)


@dataclass(frozen=True, slots=True)
class Call:
    """One request, as a row sees it; `body` is what the row's reader made of the bytes, None without one."""

    company: Company
    user: Person
    path: dict[str, str]
    query: dict[str, str]
    app: str
    body: Any = None

    @property
    def write(self) -> Records:
        """Writes records as the API shows them."""
        return Records(self.company, self.app)

    def template(self) -> Template:
        """The workflow in the path."""
        template: Template = existing(self.company.template(self.path["workflowId"]), "Workflow")
        return self.shown(template, "Workflow")

    def run(self) -> Run:
        """The run in the path."""
        run: Run = existing(self.company.run(self.path["workflowRunId"]), "Workflow run")
        return self.shown(run, "Workflow run")

    def any_run(self) -> Run:
        """The run in the path, also one that was deleted."""
        run: Run = existing(self.company.lists.by_id.get(self.path["workflowRunId"]), "Workflow run")
        return self.shown(run, "Workflow run")

    def shown(self, thing: Shown, what: str) -> Shown:
        """`thing`, unless it is hidden from who asks."""
        if not self.company.sees(self.user, thing):
            raise Hidden(f"{what} not found")
        return thing

    def runs(self, *statuses: str, workflow: str | None = None) -> list[Run]:
        """The runs of these statuses that who asks may see, newest created first; not to be altered."""
        company, user = self.company, self.user
        return company.lists.kept(
            (user.id, statuses, workflow),
            lambda: [
                run
                for run in company.seen(user, company.lists.created)
                if run.status in statuses and (workflow is None or run.template.id == workflow)
            ],
        )

    def task(self) -> tuple[Run, Task]:
        """The task in the path, with its run."""
        run = self.run()
        at = run.template.index_of(self.path["taskId"])
        return run, run.tasks[existing(at, "Task")]

    def bracketed(self, name: str) -> dict[str, str]:
        """The query's `name[key]=value` pairs."""
        return {k[len(name) + 1 : -1]: v for k, v in self.query.items() if k.startswith(f"{name}[") and k[-1] == "]"}


class Rows(Sequence[Late]):
    """Many records of one kind, of which only those of a page are ever written."""

    def __init__(self, things: Sequence[Any], write: Callable[[Any], Record]) -> None:
        self._things, self._write = things, write

    def __len__(self) -> int:
        return len(self._things)

    @overload
    def __getitem__(self, at: int) -> Late: ...
    @overload
    def __getitem__(self, at: slice) -> list[Late]: ...
    def __getitem__(self, at: int | slice) -> Late | list[Late]:
        if isinstance(at, slice):
            return [partial(self._write, thing) for thing in self._things[at]]
        return partial(self._write, self._things[at])


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", path) + "$")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One row of the table of reads. `key` is the key of the list in the answer, "" where the answer is no list. `rel` is
    the `rel` of its `next` link.

    A filter that ends in `[` stands for all query parameters of that beginning. With a `kind` other than JSON the
    answer is the text itself.
    """

    path: str
    answer: Callable[[Call], Any]
    key: str = ""
    filters: tuple[str, ...] = ()
    rel: str | None = None
    trailing: bool = False
    paged: bool = True
    kind: str = "application/json"
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", _pattern(self.path))


@dataclass(frozen=True, slots=True)
class Write:
    """One row of the writes. `answer` does it and returns the body, None for an answer without one.

    `read` makes the request's body of its bytes and content type; None where there is none to read.
    """

    method: str
    path: str
    answer: Callable[[Call], Any]
    status: int = 200
    read: Callable[[bytes, str], Any] | None = None
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", _pattern(self.path))


def existing(thing: Any, what: str) -> Any:
    """`thing`, unless it is None."""
    if thing is None:
        raise Missing(f"{what} not found")
    return thing


def single(records: Sequence[Record], record_id: str, what: str) -> Record:
    """The record of that id as a body of its own."""
    return {"data": existing(next((r for r in records if r["id"] == record_id), None), what)}


def late(records: Sequence[Record]) -> list[Late]:
    """Records that are there already, in a list of those that are written late."""
    return [partial(dict, record) for record in records]
