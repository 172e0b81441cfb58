"""Chapters: what there is to say of workflows, matter by matter; the report has all of them, the app one at a time.

A chapter asks nothing before it is read.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import altair  # noqa: F401 # what the pictures need: a package that is missing is named before anything is answered
import pandas as pd
import statsmodels  # noqa: F401 # the same of the questions about chances

from psauth import analysis, charts
from psauth.analysis import sentences
from psauth.analysis.answers import ask
from psauth.analysis.questions.at_risk import LATE_ALREADY, LIKELY_LATE
from psauth.analysis.running import run
from psauth.analysis.scope import Filters, Scope
from psauth.exceptions import ArgumentError

if TYPE_CHECKING:
    from altair import LayerChart

    from psauth.analysis.sources import Tables
    from psauth.reading.arguments import Moment

MOST_SENTENCES: Final = 20
"""Workflows that have a sentence of their own."""
EVERY: Final = "week"
"""The periods in which runs are counted."""
MEDIANS: Final = ("median_hours", "p50_hours")
UNNAMED: Final = {**dict.fromkeys(("name", "run_name", "label", "workflow_name"), "(no name)"), "user_emails": "nobody"}
"""What stands in the place of a name that there is not, by the column."""


@dataclass(frozen=True)
class Drawing:
    """A picture that is not drawn yet: the function of `psauth.charts`, and what it takes."""

    picture: str
    frames: Sequence[pd.DataFrame]
    options: Mapping[str, Any] = field(default_factory=dict)

    def chart(self, *, dark: bool = False) -> LayerChart | None:
        """The picture; None where there is too little to draw, which the sentences say."""
        try:
            chart: LayerChart = getattr(charts, self.picture)(*self.frames, **self.options, dark=dark)
        except ArgumentError:
            return None
        return chart


@dataclass(frozen=True)
class Table:
    """Figures: rows of the answer to a question, and the heads of those of its columns that are shown."""

    question: str
    rows: pd.DataFrame
    heads: Mapping[str, str]

    @staticmethod
    def unit(column: str) -> str:
        """What the numbers of a column are: "h" for hours, "%" for shares of 1, nothing for counts and for what is no number."""
        if column.endswith("hours") or column == "difference":
            return "h"
        return "%" if column.startswith(("share", "chance")) else ""

    def few(self) -> list[list[float] | None]:
        """For each row the times that are too few for a median, where they are."""
        median = next((self.rows[name] for name in MEDIANS if name in self.heads), None)
        if median is None or "few_hours" not in self.rows:
            return [None] * len(self.rows)
        return [
            list(few) if pd.isna(known) and hasattr(few, "__len__") and len(few) else None
            for known, few in zip(median, self.rows["few_hours"], strict=True)
        ]


@dataclass(frozen=True)
class Findings:
    """What is said of one matter, and what it rests on."""

    sentences: Sequence[str]
    drawings: Sequence[Drawing] = ()
    tables: Sequence[Table] = ()


class Asked:
    """Which workflows are asked about, and out of which tables. No question is answered twice."""

    def __init__(
        self, tables: Tables, workflow: str | Iterable[str] | None = None, since: Moment | None = None
    ) -> None:
        """ArgumentError for a workflow that there is not, and for a moment that is none."""
        self._tables = tables
        self._filters = Filters(workflow=workflow, since=since)
        self.scope = Scope.of(tables, self._filters)
        if self.scope.workflows is not None:
            self._filters["workflow"] = self.scope.workflows
        self._known: dict[tuple[str, tuple[tuple[str, Any], ...]], pd.DataFrame] = {}

    @property
    def is_one(self) -> bool:
        """Whether it is about one workflow."""
        return self.scope.workflows is not None and len(self.scope.workflows) == 1

    @property
    def now(self) -> datetime:
        """The moment at which open runs are looked at."""
        return self.scope.sources.now

    def __call__(self, question: str, **more: Any) -> pd.DataFrame:
        """The answer to a question."""
        key = (question, tuple(sorted(more.items())))
        if key not in self._known:
            self._known[key] = ask(self._tables, question, **self._filters, **more)
        return self._known[key]

    def no_runs(self) -> str | None:
        """The sentence for when there is nothing to say anything of; None where there are runs."""
        if len(run(self.scope.runs().limit(1))):
            return None
        if self.scope.lacks() is not None:
            return "The local copy has no such run."
        return "No run was started" + (" since then." if self.scope.since is not None else ".")

    def table(self, question: str, rows: pd.DataFrame, /, **heads: str) -> list[Table]:
        """A table of some columns; none without rows. Of several workflows, the first column names them."""
        if rows.empty:
            return []
        if not self.is_one and "workflow_name" in rows:
            heads = {"workflow_name": "workflow"} | heads
        return [Table(question, rows, heads)]


@dataclass(frozen=True)
class Chapter:
    """One matter: what it is called, the questions whose definitions stand below it, and what answers them."""

    title: str
    questions: Sequence[str]
    read: Callable[[Asked], Findings]

    def definitions(self) -> list[str]:
        """What its questions say of themselves: each definition stands once, with the code that it is of."""
        return [inspect.getdoc(getattr(analysis, question)) or "" for question in self.questions]


def chapters(*, of_one: bool) -> Sequence[Chapter]:
    """The chapters about one workflow, or about several together; of these some have no more to say."""
    return OF_ONE if of_one else OF_SEVERAL


# What each says -----------------------------------------------------------------------------------------------------


def _at_risk(asked: Asked) -> Findings:
    at_risk, calibration, bottlenecks = asked("at_risk"), asked("calibration"), asked("bottlenecks")
    based_on = at_risk["based_on"].astype("Int64")  # what is late already rests on no other run
    if asked.is_one:
        said = [sentences.at_risk(at_risk, bottlenecks)]
    else:
        time_of = dict(iter(bottlenecks.groupby("workflow_id")))
        said = [
            sentences.about(rows["workflow_name"].iloc[0], sentences.at_risk(rows, time_of.get(workflow_id)))
            for workflow_id, rows in _late_first(at_risk)
        ]
        if len(said) > MOST_SENTENCES:
            rest = len(said) - MOST_SENTENCES
            said = [*said[:MOST_SENTENCES], f"{rest:,} more workflows have fewer such runs."]
    return Findings(
        [*(said or [sentences.at_risk(at_risk)]), sentences.calibration(calibration)],
        [Drawing("calibration", [calibration])],
        asked.table(
            "at_risk", at_risk.assign(based_on=based_on.mask(at_risk["verdict"] == LATE_ALREADY)), name="run", verdict="verdict", chance_late="chance to be late", based_on="of runs like it",
            due_date="due", share_done="done",
        ),
    )  # fmt: skip


def _late_first(at_risk: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """The rows of each workflow; those first of which the most runs are late, or will likely be."""

    def late(rows: pd.DataFrame) -> int:
        return int(rows["verdict"].isin([LATE_ALREADY, LIKELY_LATE]).sum())

    return sorted(at_risk.groupby("workflow_id"), key=lambda each: (-late(each[1]), -len(each[1])))


def _run_times(asked: Asked) -> Findings:
    runs = asked("run_times")
    return Findings(
        [sentences.run_times(runs), sentences.median_run_time(asked("median_run_time"))],
        [Drawing("run_times", [runs], {"now": asked.now}), Drawing("survival", [asked("survival")])],
    )


def _run_times_of_several(asked: Asked) -> Findings:
    """Run times of one workflow and another make no median."""
    runs = asked("run_times")
    medians = asked("median_run_time").rename(columns={"lower": "lower_hours", "upper": "upper_hours"})
    finished, is_open = int(runs["finished"].notna().sum()), int((runs["status"] == "Active").sum())
    return Findings(
        [f"Of {len(runs):,} runs of {len(medians):,} workflows {finished:,} are finished and {is_open:,} are open."],
        tables=asked.table(
            "median_run_time", medians.sort_values("finished", ascending=False, kind="stable"),
            median_hours="median", lower_hours="from", upper_hours="to", finished="finished", unfinished="unfinished",
        ),
    )  # fmt: skip


def _bottlenecks(asked: Asked) -> Findings:
    bottlenecks = asked("bottlenecks")
    return Findings(
        [sentences.bottlenecks(bottlenecks)],
        [Drawing("bottlenecks", [bottlenecks])],
        asked.table(
            "bottlenecks",
            bottlenecks,
            name="task",
            count="completed",
            median_hours="median",
            p85_hours="85% within",
            share="share",
        ),
    )


def _throughput(asked: Asked) -> Findings:
    throughput, now = asked("throughput", every=EVERY), {"now": asked.now}
    return Findings(
        [sentences.throughput(throughput, EVERY, pd.Timestamp(asked.now))],
        [Drawing("throughput", [throughput], now), Drawing("cumulative_flow", [throughput], now)],
    )


def _ageing(asked: Asked) -> Findings:
    ageing = asked("ageing")
    return Findings(
        [sentences.ageing(ageing)],
        [Drawing("ageing", [ageing, asked("run_times")])],
        asked.table("ageing", ageing, name="run", age_hours="age", share_done="done"),
    )


def _overdue(asked: Asked) -> Findings:
    overdue = asked("overdue")
    return Findings(
        [sentences.overdue(overdue)],
        tables=asked.table(
            "overdue", overdue, name="task", run_name="run", due_date="due", late_hours="late by", user_emails="with"
        ),
    )


def _load(asked: Asked) -> Findings:
    workload, load_ahead = asked("workload"), asked("load_ahead")
    return Findings(
        [sentences.workload(workload), sentences.load_ahead(load_ahead)],
        [Drawing("workload", [workload]), Drawing("load_ahead", [load_ahead])],
    )


def _in_time(asked: Asked) -> Findings:
    on_time, drift = asked("on_time"), asked("drift")
    return Findings(
        [sentences.on_time(on_time), sentences.drift(drift)],
        tables=[
            *asked.table(
                "on_time", on_time, count="tasks with a due date", on_time="by the first one", share_on_time="share",
                moved="only because it moved",
            ),
            *asked.table(
                "drift", drift, name="task or run", first_due_date="first due", due_date="due", drift_hours="moved by",
                owner_email="started by",
            ),
        ],
    )  # fmt: skip


def _sla_fit(asked: Asked) -> Findings:
    sla_fit = asked("sla_fit")
    return Findings(
        [sentences.sla_fit(sla_fit)],
        tables=asked.table(
            "sla_fit", sla_fit, name="task", offset_hours="the rule", met="met", count="of", share_met="share", p50_hours="median",
            p85_hours="85% within", suggested_hours="85% would meet", day_handling="days",
        ),
    )  # fmt: skip


def _approvals(asked: Asked) -> Findings:
    loops = asked("approval_loops")
    return Findings(
        [sentences.approval_loops(loops)],
        tables=asked.table(
            "approval_loops", loops, name="approval", decided="decided", rejected="rejected", share_rejected="share", median_hours="median",
            repeated="decided again",
        ),
    )  # fmt: skip


def _order(asked: Asked) -> Findings:
    variants, conformance = asked("variants"), asked("conformance")
    return Findings(
        [sentences.variants(variants), sentences.conformance(asked("conforming"), conformance)],
        [Drawing("process_map", [asked("process_map")]), Drawing("variants", [variants])],
        asked.table(
            "conformance", conformance[conformance["broken"] > 0],
            later="completed first", earlier="stands before it", broken="runs", count="of", share_broken="share",
        ),
    )  # fmt: skip


def _order_of_several(asked: Asked) -> Findings:
    conforming = asked("conforming")
    return Findings(
        [sentences.conformance(conforming, asked("conformance"))],
        tables=asked.table("conforming", conforming, runs="finished runs", conforming="in order", share="share"),
    )


def _before_after(asked: Asked) -> Findings:
    before_after = asked("before_after")
    return Findings(
        [sentences.before_after(before_after)],
        tables=asked.table(
            "before_after", before_after, revision="revision", in_force_from="in force from", runs="runs", finished="finished",
            median_hours="median", difference="difference", p_value="p", migrated="left out",
        ),
    )  # fmt: skip


def _drivers(asked: Asked) -> Findings:
    drivers = asked("drivers")
    return Findings(
        [sentences.drivers(drivers)],
        tables=asked.table(
            "drivers", drivers, label="field", answer="answer", runs="runs", median_hours="median", other_median_hours="others",
            ratio="times as long", p_corrected="p, corrected",
        ),
    )  # fmt: skip


def _template_health(asked: Asked) -> Findings:
    health = asked("template_health")
    return Findings(
        [sentences.template_health(health)],
        tables=asked.table("template_health", health, kind="finding", name="of", count="in", of="of so many"),
    )


LATE: Final = Chapter("Late, and about to be", ("at_risk", "calibration"), _at_risk)
FLOW: Final = Chapter("What comes and goes", ("throughput",), _throughput)
HOW_LONG: Final = "How long runs take"
HOW_RUNS_GO: Final = "How runs go"
OF_TASKS: Final = (
    Chapter("Overdue", ("overdue",), _overdue),
    Chapter("Who has how much to do", ("workload", "load_ahead"), _load),
    Chapter("In time", ("on_time", "drift"), _in_time),
    Chapter("Whether the rules for due dates fit", ("sla_fit",), _sla_fit),
    Chapter("Approvals", ("approval_loops",), _approvals),
)
HEALTH: Final = Chapter("What the template has and runs do not use", ("template_health",), _template_health)

OF_ONE: Final = (
    LATE,
    Chapter(HOW_LONG, ("run_times", "median_run_time", "survival"), _run_times),
    Chapter("Where the time goes", ("bottlenecks",), _bottlenecks),
    FLOW,
    Chapter("Open runs", ("ageing",), _ageing),
    *OF_TASKS,
    Chapter(HOW_RUNS_GO, ("process_map", "variants", "conforming", "conformance"), _order),
    Chapter("What changes of the template did", ("before_after",), _before_after),
    Chapter("What goes with slow runs", ("drivers",), _drivers),
    HEALTH,
)
OF_SEVERAL: Final = (
    LATE,
    Chapter(HOW_LONG, ("median_run_time",), _run_times_of_several),
    FLOW,
    *OF_TASKS,
    Chapter(HOW_RUNS_GO, ("conforming",), _order_of_several),
    HEALTH,
)
