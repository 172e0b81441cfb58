"""Report: what there is to say of a workflow, as one page that can be read anywhere."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import altair  # noqa: F401 # what the pictures need: a package that is missing is named before anything is answered
import pandas as pd
import statsmodels  # noqa: F401 # the same of the questions about chances
import vl_convert  # noqa: F401 # the same of pictures as SVG

from psauth import analysis, charts
from psauth.analysis import sentences
from psauth.analysis.page import Figures, Part, Picture, in_frame, page
from psauth.analysis.questions.at_risk import LATE_ALREADY, LIKELY_LATE
from psauth.analysis.running import run
from psauth.analysis.scope import Filters, Scope
from psauth.charts.figures import hours_text, share_text
from psauth.charts.files import svg
from psauth.charts.lettering import name_of
from psauth.exceptions import ArgumentError
from psauth.export.replace import replaced, whole_path

if TYPE_CHECKING:
    from psauth.analysis.sources import Tables
    from psauth.reading.arguments import Moment

ENDINGS: Final = (".html", ".htm")
MOST_ROWS: Final = 10
"""Rows of a table; the page says how many more there are."""
MOST_SENTENCES: Final = 20
"""Workflows that have a sentence of their own."""
EVERY: Final = "week"
"""The periods in which runs are counted."""
ALL: Final = "All workflows"
MISSING: Final = "–"
UNNAMED: Final = {**dict.fromkeys(("name", "run_name", "label", "workflow_name"), "(no name)"), "user_emails": "nobody"}
"""What stands in the place of a name that there is not."""


@dataclass(frozen=True)
class Report:
    """A page about a workflow, or about several: a notebook shows it, and `save` writes it as one file."""

    title: str
    sentences: tuple[str, ...] = field(repr=False)
    """What the page begins with."""
    html: str = field(repr=False)
    """The whole page. It runs nothing and asks for nothing."""

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file: whole, or not at all.

        Parameters:
            path: a name that ends in .html.

        Errors: ArgumentError for another ending; FileNotWritten where the place does not allow it.
        """
        target = page_path(path)
        with replaced(target) as stream:
            stream.write(self.html.encode())
        return target

    def _repr_html_(self) -> str:
        return in_frame(self.title, self.html)


def page_path(path: str | os.PathLike[str]) -> Path:
    """Where a page is to be written; ArgumentError for a name that does not end like one."""
    target = whole_path(path)
    if target.suffix.casefold() not in ENDINGS:
        raise ArgumentError(f"{str(path)!r} does not end in .html. Try {str(path) + '.html'!r}.")
    return target


def make_report(tables: Tables, workflow: str | Iterable[str] | None = None, since: Moment | None = None) -> Report:
    """The page about one workflow, or about several together: all of them by default.

    Parameters:
        tables: `ps.mirror`, or a mapping that has what every question of the report takes.
        workflow, since: see `ProcessStreet.report`.

    Errors: ArgumentError for a workflow that there is not, and for a moment that is none.
    """
    filters = Filters(workflow=workflow, since=since)
    scope = Scope.of(tables, filters)
    is_one = scope.workflows is not None and len(scope.workflows) == 1
    if scope.workflows is not None:
        filters["workflow"] = scope.workflows
    asked = _Asked(tables, filters, scope.sources.now, ZoneInfo(scope.calendar.zone), is_one)
    runs = asked("run_times")
    title = _title(asked, runs, scope)
    parts = (_of_one if is_one else _of_several)(asked, runs) if len(runs) else [Part("Runs", [_no_runs(scope)])]
    facts = [f"Local copy of {asked.moment(scope.sources.now)} ({scope.calendar.zone})"]
    if scope.since is not None:
        facts.append(f"runs started since {asked.moment(scope.since)}")
    facts.append("durations by the clock")
    said = tuple(sentence for part in parts for sentence in part.sentences)
    return Report(title, said, page(title, " · ".join(facts), parts))


@dataclass(frozen=True)
class _Asked:
    """The questions of one report, answered out of the same tables."""

    tables: Tables
    filters: Filters
    now: datetime
    zone: ZoneInfo
    is_one: bool
    """Whether it is about one workflow."""

    def __call__(self, question: str, **more: Any) -> pd.DataFrame:
        return run(getattr(analysis, question)(self.tables, **self.filters, **more))

    def moment(self, value: Any) -> str:
        return f"{pd.Timestamp(value).tz_convert(self.zone):%Y-%m-%d %H:%M}"

    def figures(self, frame: pd.DataFrame, **heads: str) -> list[Figures]:
        """A table of some columns; none of a frame without rows. Of several workflows, the first column names them."""
        if frame.empty:
            return []
        if not self.is_one and "workflow_name" in frame:
            heads = {"workflow_name": "workflow"} | heads
        is_number, is_moment = pd.api.types.is_numeric_dtype, pd.api.types.is_datetime64_any_dtype
        numbers = [is_number(frame[column]) or is_moment(frame[column]) for column in heads]
        rows = [[self._cell(row, column) for column in heads] for row in frame.head(MOST_ROWS).to_dict("records")]
        return [Figures(list(heads.values()), numbers, rows, len(frame))]

    def _cell(self, row: Mapping[Any, Any], column: str) -> str:
        """A value as a reader has it; where there are too few for a median, they themselves."""
        value = row[column]
        if pd.isna(value):
            if column in UNNAMED:
                return UNNAMED[column]
            few: Any = row.get("few_hours") if column in ("median_hours", "p50_hours") else None
            return ", ".join(map(_hours, few)) if hasattr(few, "__len__") and len(few) else MISSING
        if isinstance(value, datetime):
            return self.moment(value)
        if isinstance(value, str):
            return name_of(value)
        if column.endswith("hours") or column == "difference":
            return _hours(value)
        if column.startswith(("share", "chance")):
            return share_text(value)
        return f"{value:,}" if isinstance(value, int) else f"{value:,.2g}"


def _of_one(asked: _Asked, runs: pd.DataFrame) -> list[Part]:
    """What is said of one workflow."""
    bottlenecks, throughput = asked("bottlenecks"), asked("throughput", every=EVERY)
    ageing, variants = asked("ageing"), asked("variants")
    conformance, before_after, drivers = asked("conformance"), asked("before_after"), asked("drivers")
    return [
        _at_risk(asked, {None: bottlenecks}),
        Part(
            "How long runs take",
            [sentences.run_times(runs), sentences.median_run_time(asked("median_run_time"))],
            [*_drawn(charts.run_times, runs, now=asked.now), *_drawn(charts.survival, asked("survival"))],
            definitions=_definitions("run_times", "median_run_time", "survival"),
        ),
        Part(
            "Where the time goes",
            [sentences.bottlenecks(bottlenecks)],
            _drawn(charts.bottlenecks, bottlenecks),
            asked.figures(bottlenecks, name="task", count="completed", median_hours="median", p85_hours="85% within", share="share"),
            _definitions("bottlenecks"),
        ),
        _throughput(asked, throughput),
        Part(
            "Open runs",
            [sentences.ageing(ageing)],
            _drawn(charts.ageing, ageing, runs),
            asked.figures(ageing, name="run", age_hours="age", share_done="done"),
            _definitions("ageing"),
        ),
        *_people(asked),
        *_due_dates(asked),
        _approvals(asked),
        Part(
            "How runs go",
            [sentences.variants(variants), sentences.conformance(asked("conforming"), conformance)],
            [*_drawn(charts.process_map, asked("process_map")), *_drawn(charts.variants, variants)],
            asked.figures(
                conformance[conformance["broken"] > 0],
                later="completed first", earlier="stands before it", broken="runs", count="of", share_broken="share",
            ),
            _definitions("process_map", "variants", "conforming", "conformance"),
        ),
        Part(
            "What changes of the template did",
            [sentences.before_after(before_after)],
            (),
            asked.figures(
                before_after, revision="revision", in_force_from="in force from", runs="runs", finished="finished",
                median_hours="median", difference="difference", p_value="p", migrated="left out",
            ),
            _definitions("before_after"),
        ),
        Part(
            "What goes with slow runs",
            [sentences.drivers(drivers)],
            (),
            asked.figures(
                drivers, label="field", answer="answer", runs="runs", median_hours="median", other_median_hours="others",
                ratio="times as long", p_corrected="p, corrected",
            ),
            _definitions("drivers"),
        ),
        _template_health(asked),
    ]  # fmt: skip


def _of_several(asked: _Asked, runs: pd.DataFrame) -> list[Part]:
    """What is said of several workflows together; run times of one and another make no median."""
    medians = asked("median_run_time").rename(columns={"lower": "lower_hours", "upper": "upper_hours"})
    conforming = asked("conforming")
    bottlenecks = asked("bottlenecks")
    finished, is_open = int(runs["finished"].notna().sum()), int((runs["status"] == "Active").sum())
    return [
        _at_risk(asked, dict(iter(bottlenecks.groupby("workflow_id")))),
        Part(
            "How long runs take",
            [f"Of {len(runs):,} runs of {len(medians):,} workflows {finished:,} are finished and {is_open:,} are open."],
            (),
            asked.figures(
                medians.sort_values("finished", ascending=False, kind="stable"),
                median_hours="median", lower_hours="from", upper_hours="to", finished="finished", unfinished="unfinished",
            ),
            _definitions("median_run_time"),
        ),
        _throughput(asked, asked("throughput", every=EVERY)),
        *_people(asked),
        *_due_dates(asked),
        _approvals(asked),
        Part(
            "How runs go",
            [sentences.conformance(conforming, asked("conformance"))],
            (),
            asked.figures(conforming, runs="finished runs", conforming="in order", share="share"),
            _definitions("conforming"),
        ),
        _template_health(asked),
    ]  # fmt: skip


def _at_risk(asked: _Asked, bottlenecks: Mapping[Any, pd.DataFrame]) -> Part:
    """bottlenecks: the answer of that question by the id of the workflow; by None where there is but one."""
    at_risk, calibration = asked("at_risk"), asked("calibration")
    if asked.is_one:
        said = [sentences.at_risk(at_risk, bottlenecks[None])]
    else:
        said = [
            sentences.about(rows["workflow_name"].iloc[0], sentences.at_risk(rows, bottlenecks.get(workflow_id)))
            for workflow_id, rows in _late_first(at_risk)
        ]
        if len(said) > MOST_SENTENCES:
            rest = len(said) - MOST_SENTENCES
            said = [*said[:MOST_SENTENCES], f"{rest:,} more workflows have fewer such runs."]
    return Part(
        "Late, and about to be",
        [*(said or [sentences.at_risk(at_risk)]), sentences.calibration(calibration)],
        _drawn(charts.calibration, calibration),
        asked.figures(
            at_risk, name="run", verdict="verdict", chance_late="chance to be late", based_on="of runs like it",
            due_date="due", share_done="done",
        ),
        _definitions("at_risk", "calibration"),
    )  # fmt: skip


def _late_first(at_risk: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """The rows of each workflow; those first of which the most runs are late, or will likely be."""

    def late(rows: pd.DataFrame) -> int:
        return int(rows["verdict"].isin([LATE_ALREADY, LIKELY_LATE]).sum())

    return sorted(at_risk.groupby("workflow_id"), key=lambda each: (-late(each[1]), -len(each[1])))


def _throughput(asked: _Asked, throughput: pd.DataFrame) -> Part:
    return Part(
        "What comes and goes",
        [sentences.throughput(throughput, EVERY, pd.Timestamp(asked.now))],
        [
            *_drawn(charts.throughput, throughput, now=asked.now),
            *_drawn(charts.cumulative_flow, throughput, now=asked.now),
        ],
        definitions=_definitions("throughput"),
    )


def _people(asked: _Asked) -> list[Part]:
    overdue, workload, load_ahead = asked("overdue"), asked("workload"), asked("load_ahead")
    return [
        Part(
            "Overdue",
            [sentences.overdue(overdue)],
            (),
            asked.figures(
                overdue, name="task", run_name="run", due_date="due", late_hours="late by", user_emails="with"
            ),
            _definitions("overdue"),
        ),
        Part(
            "Who has how much to do",
            [sentences.workload(workload), sentences.load_ahead(load_ahead)],
            [*_drawn(charts.workload, workload), *_drawn(charts.load_ahead, load_ahead)],
            definitions=_definitions("workload", "load_ahead"),
        ),
    ]


def _due_dates(asked: _Asked) -> list[Part]:
    on_time, drift, sla_fit = asked("on_time"), asked("drift"), asked("sla_fit")
    return [
        Part(
            "In time",
            [sentences.on_time(on_time), sentences.drift(drift)],
            (),
            [
                *asked.figures(
                    on_time, count="tasks with a due date", on_time="by the first one", share_on_time="share",
                    moved="only because it moved",
                ),
                *asked.figures(
                    drift, name="task or run", first_due_date="first due", due_date="due", drift_hours="moved by",
                    owner_email="started by",
                ),
            ],
            _definitions("on_time", "drift"),
        ),
        Part(
            "Whether the rules for due dates fit",
            [sentences.sla_fit(sla_fit)],
            (),
            asked.figures(
                sla_fit, name="task", offset_hours="the rule", met="met", count="of", share_met="share", p50_hours="median",
                p85_hours="85% within", suggested_hours="85% would meet", day_handling="days",
            ),
            _definitions("sla_fit"),
        ),
    ]  # fmt: skip


def _approvals(asked: _Asked) -> Part:
    loops = asked("approval_loops")
    return Part(
        "Approvals",
        [sentences.approval_loops(loops)],
        (),
        asked.figures(
            loops, name="approval", decided="decided", rejected="rejected", share_rejected="share", median_hours="median",
            repeated="decided again",
        ),
        _definitions("approval_loops"),
    )  # fmt: skip


def _template_health(asked: _Asked) -> Part:
    health = asked("template_health")
    return Part(
        "What the template has and runs do not use",
        [sentences.template_health(health)],
        (),
        asked.figures(health, kind="finding", name="of", count="in", of="of so many"),
        _definitions("template_health"),
    )


def _title(asked: _Asked, runs: pd.DataFrame, scope: Scope) -> str:
    if scope.workflows is None:
        return ALL
    if not asked.is_one:
        return f"{len(scope.workflows)} workflows"
    if len(runs):
        return name_of(runs["workflow_name"].iloc[-1])
    workflows = scope.sources.table("workflows", "workflow_id", "name")
    return name_of(run(workflows.filter(workflows.workflow_id == scope.workflows[0]))["name"].iloc[0])


def _no_runs(scope: Scope) -> str:
    return "No run was started" + (" since then." if scope.since is not None else ".")


def _drawn(picture: Callable[..., Any], *frames: pd.DataFrame, **options: Any) -> list[Picture]:
    """A picture; none where there is too little to draw, which the sentences say."""
    try:
        chart = picture(*frames, **options)
    except ArgumentError:
        return []
    return [Picture(svg(chart), chart.description)]


def _definitions(*questions: str) -> list[str]:
    """What these questions say of themselves: each definition stands once, with the code that it is of."""
    return [inspect.getdoc(getattr(analysis, question)) or "" for question in questions]


def _hours(hours: float) -> str:
    return f"−{hours_text(-hours)}" if hours < 0 else hours_text(hours)
