"""Answers: the questions as `ps.analysis` has them, each answered with a frame out of the latest local copy."""

from __future__ import annotations

import functools
import inspect
import warnings
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pandas as pd

from psauth import analysis
from psauth.analysis.running import run, sql
from psauth.analysis.scope import Filters, Scope, check_calendar
from psauth.analysis.sources import Tables
from psauth.analysis.statements import answered, asked
from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars
from psauth.exceptions import ArgumentError, PsauthWarning
from psauth.mirror.tables import Mirror
from psauth.reading.arguments import shown
from psauth.settings.spelling import did_you_mean

EXPRESSIONS: Final = frozenset(
    {
        "ageing", "approval_loops", "approvers", "bottlenecks", "conformance", "conforming", "drift", "event_log",
        "handover", "load_ahead", "on_time", "overdue", "process_map", "run_times", "throughput", "variants", "workload",
    }
)  # fmt: skip
"""The questions that are one expression, of whichever workflow."""
OF_RULES: Final = frozenset({"sla_fit", "template_health"})
"""Those that are one expression, which is made of the workflow's rules."""
OLD: Final = timedelta(days=30)
"""A copy that is as old is said to be: what it calls open may long be finished."""
NOTE: Final = "note"
"""Where the attrs of an answer have a sentence about it."""


class Answers:
    """Answers out of the local copy: `ps.analysis.run_times(workflow="Purchase Request")`, and so on for each question.

    `dir(ps.analysis)` names the questions, and help(ps.analysis.run_times) says what one takes and answers. It takes no
    request. Where nothing is left to answer with, the frame is empty, and `frame.attrs["note"]` says so. Where the copy lacks
    runs, as while the first sync is not finished, the note says what is missing, and so does a PsauthWarning; a copy of more
    than 30 days gives one, too.
    """

    def __init__(self, mirror: Callable[[], Mirror], keep: Callable[[Calendars], Any]) -> None:
        """`mirror` opens the latest copy; `keep` keeps calendars with it."""
        self._mirror, self._keep = mirror, keep

    @property
    def calendars(self) -> Calendars:
        """What working hours are in the local copy: by default, and for the workflows that have a calendar of their own."""
        return self._mirror().calendars

    def set_calendar(self, calendar: Calendar | None, *, workflow: str | None = None) -> None:
        """Keep with the local copy what working hours are. Its facts are counted anew, with no request.

        Parameters:
            calendar: like psauth.Calendar("Mon-Fri", "08:00-16:30", "DE", "Europe/Berlin"); None gives a workflow the default
                again, or all others Monday to Friday, 9 to 17, in the zone of this machine.
            workflow: the name or id of the one whose working hours these are; without it, of all that have none of their own.

        Errors: ArgumentError for what is no calendar, and for a workflow that there is not; MirrorError where there is no copy
        yet.

        >>> report = ps.sync(progress=False)
        >>> ps.analysis.set_calendar(psauth.Calendar("Mon-Sat", zone="Europe/Berlin"), workflow="Incident Response")
        >>> print(ps.analysis.calendars.default.days)
        (0, 1, 2, 3, 4)
        """
        if calendar is not None:
            check_calendar(calendar)
        mirror = self._mirror()
        workflow_id = None if workflow is None else Scope.of(mirror, {"workflow": workflow}).one_workflow()
        self._keep(mirror.calendars.with_calendar(calendar, workflow_id))

    def sql(self, name: str, /, *, dialect: str = "duckdb", **options: Any) -> str:
        """The SQL behind an answer. Where statistics make it, as of `survival`, that of all that they are made of.

        Several statements stand one after the other, with a semicolon between them. Tables that psauth makes, such as the days
        of a calendar, stand in them by names that begin with ibis_; `ps.sql` knows these until the next sync.

        Parameters:
            name: of the question, like "run_times".
            dialect: "duckdb", which `ps.sql` takes, or "spark".
            options: what the question takes, like workflow="Purchase Request".

        Errors: ArgumentError for a question or a dialect that there is not.

        >>> report = ps.sync(progress=False)
        >>> "SELECT" in ps.analysis.sql("overdue", workflow="Purchase Request")
        True
        """
        mirror, question = self._mirror(), self._question(name)
        with asked() as expressions:
            answer = question(mirror, **options)
        if name in EXPRESSIONS | OF_RULES:
            expressions = [answer]
        mirror.engine.keep_in_memory(expressions)
        return ";\n\n".join(sql(expression, dialect) for expression in expressions)

    def __getattr__(self, name: str) -> Callable[..., pd.DataFrame]:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            question = self._question(name)
        except ArgumentError as error:
            raise AttributeError(str(error)) from None

        @functools.wraps(question)
        def answer(*unnamed: Any, **options: Any) -> pd.DataFrame:
            if unnamed:
                raise ArgumentError(
                    f"ps.analysis.{name} takes what it is about by name. Expected {name}(workflow={shown(unnamed[0])})."
                )
            mirror = self._mirror()
            frame = ask(mirror, name, **options)
            notes = []
            if frame.empty:
                typed = ", ".join(f"{key}={value!r}" for key, value in options.items())
                notes.append(f"The local copy has nothing to answer {name}({typed}) with.")
            if (lacks := warn_of_copy(mirror, filters_of(options))) is not None:
                notes.append(lacks)
            if notes:
                frame.attrs[NOTE] = " ".join(notes)
            return frame

        answer.__doc__ = f"{inspect.getdoc(question)}\n\nFilters:\n{inspect.getdoc(Filters)}"
        return answer

    def __dir__(self) -> list[str]:
        return ["calendars", "set_calendar", "sql", *analysis.__all__]

    @staticmethod
    def _question(name: str) -> Callable[..., Any]:
        if name not in analysis.__all__:
            raise ArgumentError(
                f"There is no analysis {name!r}{did_you_mean(name, analysis.__all__)} There are {', '.join(analysis.__all__)}."
            )
        question: Callable[..., Any] = getattr(analysis, name)
        return question


def ask(tables: Tables, name: str, **options: Any) -> pd.DataFrame:
    """The answer to a question; of the copy, one that was asked before is answered sooner.

    Parameters:
        tables: `ps.mirror`, or frames by name.
        name: of the question. options: what it takes.
    """
    question = getattr(analysis, name)
    if name not in EXPRESSIONS | OF_RULES:
        return run(question(tables, **options))
    filters = filters_of(options)
    others = {key: value for key, value in options.items() if key not in filters}
    return answered(Scope.of(tables, filters), question, of_any=name in EXPRESSIONS, **others)


def filters_of(options: Mapping[str, Any]) -> Filters:
    """Those of a question's options that are filters."""
    return cast(Filters, {key: value for key, value in options.items() if key in Filters.__annotations__})


def warn_of_copy(mirror: Mirror, filters: Filters) -> str | None:
    """A PsauthWarning to whoever called the caller, where a copy is old or lacks runs; the sentence about what it lacks."""
    at = mirror.as_of or mirror.published_at
    if datetime.now(UTC) - at > OLD:
        warnings.warn(
            f"The local copy is of {at:%Y-%m-%d}: what it calls open may be finished by now. Bring it up to date with ps.sync().",
            PsauthWarning,
            stacklevel=3,
        )
    lacks = Scope.of(mirror, filters).lacks() if mirror.gaps else None
    if lacks is not None:
        warnings.warn(f"{lacks} To read more: ps.sync()", PsauthWarning, stacklevel=3)
    return lacks
