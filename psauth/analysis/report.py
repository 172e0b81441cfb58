"""Report: what there is to say of a workflow, as one page that can be read anywhere."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pandas as pd
import vl_convert  # noqa: F401 # what makes SVG of pictures: where it is missing, it is named before anything is answered

from psauth.analysis.chapters import MEDIANS, UNNAMED, Asked, Chapter, Table, chapters
from psauth.analysis.page import Figures, Part, Picture, in_frame, page
from psauth.analysis.running import run
from psauth.charts.figures import hours_text, share_text
from psauth.charts.files import svg
from psauth.charts.lettering import name_of
from psauth.exceptions import ArgumentError
from psauth.export.replace import replaced, whole_path
from psauth.words import counted

if TYPE_CHECKING:
    from psauth.analysis.sources import Tables
    from psauth.reading.arguments import Moment

ENDINGS: Final = (".html", ".htm")
MOST_ROWS: Final = 10
"""Rows of a table; the page says how many more there are."""
ALL: Final = "All workflows"
MISSING: Final = "–"


@dataclass(frozen=True)
class Report:
    """A page about a workflow, or about several: a notebook shows it, and `save` writes it as one file."""

    title: str
    sentences: tuple[str, ...] = field(repr=False)
    """What the page begins with."""
    html: str = field(repr=False)
    """The whole page. It runs nothing and asks for nothing."""
    has_runs: bool = field(default=True, repr=False)
    """Whether there is any run to say anything of."""

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
    target = whole_path(path, like="report.html")
    if target.suffix.casefold() not in ENDINGS:
        stem = target.stem if target.suffix[1:].isalpha() else target.name
        name = target.with_name(f"{stem}.html") if target.name else Path("report.html")
        raise ArgumentError(f"{str(path)!r} does not end in .html. Try {str(name)!r}.")
    return target


def make_report(tables: Tables, workflow: str | Iterable[str] | None = None, since: Moment | None = None) -> Report:
    """The page about one workflow, or about several together: all of them by default.

    Parameters:
        tables: `ps.mirror`, or a mapping that has what every question of the report takes.
        workflow, since: see `ProcessStreet.report`.

    Errors: ArgumentError for a workflow that there is not, and for a moment that is none.
    """
    asked = Asked(tables, workflow, since)
    scope = asked.scope
    no_runs = asked.no_runs()
    parts = [Part("Runs", [no_runs])] if no_runs else [_part(asked, each) for each in chapters(of_one=asked.is_one)]
    title = _title(asked)
    facts = [f"Local copy of {_moment(scope.sources.now, asked)} ({scope.calendar.zone})"]
    if scope.since is not None:
        facts.append(f"runs started since {_moment(scope.since, asked)}")
    facts.append("durations by the clock")
    lacks = scope.lacks()
    said = tuple(sentence for part in parts for sentence in part.sentences)
    return Report(
        title,
        (lacks, *said) if lacks is not None else said,
        page(title, " · ".join(facts), parts, lacks=lacks),
        has_runs=no_runs is None,
    )


def _part(asked: Asked, chapter: Chapter) -> Part:
    """A chapter with its pictures drawn, and its figures in words."""
    found = chapter.read(asked)
    drawn = [chart for drawing in found.drawings if (chart := drawing.chart()) is not None]
    return Part(
        chapter.title,
        found.sentences,
        [Picture(svg(chart), chart.description) for chart in drawn],
        [_figures(asked, table) for table in found.tables],
        chapter.definitions(),
    )


def _figures(asked: Asked, table: Table) -> Figures:
    rows, heads = table.rows, table.heads
    is_number, is_moment = pd.api.types.is_numeric_dtype, pd.api.types.is_datetime64_any_dtype
    numbers = [is_number(rows[column]) or is_moment(rows[column]) for column in heads]
    cells = [
        [_cell(asked, table, column, row[column], few) for column in heads]
        for row, few in zip(rows.head(MOST_ROWS).to_dict("records"), table.few(), strict=False)
    ]
    return Figures(list(heads.values()), numbers, cells, len(rows))


def _cell(asked: Asked, table: Table, column: str, value: Any, few: list[float] | None) -> str:
    """A value as a reader has it; where there are too few for a median, they themselves."""
    if pd.isna(value):
        return ", ".join(map(_hours, few)) if few and column in MEDIANS else UNNAMED.get(column, MISSING)
    if isinstance(value, datetime):
        return _moment(value, asked)
    if isinstance(value, str):
        return name_of(value)
    unit = table.unit(column)
    if unit:
        return _hours(value) if unit == "h" else share_text(value)
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2g}"


def _moment(value: Any, asked: Asked) -> str:
    return f"{pd.Timestamp(value).tz_convert(ZoneInfo(asked.scope.calendar.zone)):%Y-%m-%d %H:%M}"


def _title(asked: Asked) -> str:
    workflows = asked.scope.workflows
    if workflows is None:
        return ALL
    if not asked.is_one:
        return counted(len(workflows), "workflow")
    runs = asked("run_times")
    if len(runs):
        return name_of(runs["workflow_name"].iloc[-1])
    known = asked.scope.sources.table("workflows", "workflow_id", "name")
    return name_of(run(known.filter(known.workflow_id == workflows[0]))["name"].iloc[0])


def _hours(hours: float) -> str:
    return f"−{hours_text(-hours)}" if hours < 0 else hours_text(hours)
