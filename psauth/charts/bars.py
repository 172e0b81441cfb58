"""Bars: which tasks the time goes into, with the figures in columns beside them."""

from __future__ import annotations

from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, numbers, whole
from psauth.charts.figures import FEWEST, hours_text, long_text, share_text
from psauth.charts.lettering import name_of, shortened, width
from psauth.charts.palette import Palette, colours
from psauth.charts.theme import SMALL, TEXT, WIDTH, across, bars, down, dressed, inline, rules, tips, words
from psauth.words import counted

BOTTLENECKS: Final = Wanted(
    "bottlenecks",
    "ps.analysis.bottlenecks(…)",
    ("task_id", "name", "count", "median_hours", "p85_hours", "share"),
    of_one=True,
)
MOST: Final = 15
"""Tasks with a bar of their own; the others are one bar together."""
ROW: Final = 30
HEAD: Final = 26
NAMES: Final = 210
"""Pixels for the names, at most."""
FIGURES: Final = {"share": 480, "median": 560, "85% within": 645, "count": WIDTH}
"""Where the columns of figures end."""
_BARS_END: Final = 430
_SPACE: Final = 12
_LITTLE: Final = "too few"


def bottlenecks(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """Which tasks the time goes into: a bar a task, with its share of all task time, its median and its 85th percentile.

    Task time is from the later of the start of the run and the completion before, so it is waiting and working together.
    Under 5 completions there is neither median nor percentile.

    Parameters:
        frame: as ps.analysis.bottlenecks(…) gives it; hours by the clock. Where it has a column `working_share`, the
            share of all working hours, a diamond at each bar shows it.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed.
    """
    c = colours(dark=dark)
    tasks, left_out = whole(checked(frame, BOTTLENECKS), ["count", "share"], BOTTLENECKS)
    tasks = tasks.assign(
        median=numbers(tasks, "median_hours", BOTTLENECKS),
        p85=numbers(tasks, "p85_hours", BOTTLENECKS),
        working=numbers(tasks, "working_share", BOTTLENECKS) if "working_share" in tasks else np.nan,
    ).sort_values("share", ascending=False, kind="stable")
    rows = [_row(task) for task in tasks.head(MOST).to_dict("records")]
    rest = tasks.iloc[MOST:]
    if len(rest):
        rows.append(_rest(rest))
    height = HEAD + ROW * len(rows)
    begin = max(width(row["name"], TEXT) for row in rows) + _SPACE
    longest = max(max(row["share"], row["working"] or 0) for row in rows[:MOST]) or 1
    for n, row in enumerate(rows):
        row["y"] = HEAD + ROW * (n + 0.5)
        row["x"], row["x2"] = begin, begin + max((_BARS_END - begin) * row["share"] / longest, 1)
        row["colour"] = c.accent if n == 0 else c.pale
    tip = tips(full="Task", share_text="Share of all task time", median="Median", p85="85% within", times="Completed")
    layers = [
        rules([{"x": 0, "x2": WIDTH, "y": HEAD - 2, "y2": HEAD - 2}], height, c.lines),
        bars([{**row, "y": row["y"] - 9, "y2": row["y"] + 9} for row in rows[:MOST]], height, tooltip=tip),
        words(
            [{**row, "x": begin - _SPACE, "text": row["name"]} for row in rows],
            height,
            c.text,
            align="right",
            size=TEXT,
            tooltip=tip,
        ),
    ]
    measured = [row for row in rows[:MOST] if row["working"] is not None]
    if measured:
        points = [{**row, "x": begin + (_BARS_END - begin) * row["working"] / longest} for row in measured]
        layers.append(_diamonds(points, height, c))
    for head, end in FIGURES.items():
        layers.append(words([{"x": end, "y": HEAD / 2 - 3, "text": head}], height, c.quiet, align="right", size=SMALL))
        field = {"share": "share_text", "median": "median", "85% within": "p85", "count": "times"}[head]
        cells = [{"x": end, "y": row["y"], "text": row[field]} for row in rows]
        layers.append(words(cells, height, c.text if head == "share" else c.quiet, align="right", bold=head == "share"))
    first = tasks.iloc[0]
    return dressed(
        layers,
        title=_title(first),
        subtitle=_subtitle(tasks, left_out, has_working=bool(measured)),
        subject=subject,
        colours=c,
        height=height,
    )


def _row(task: dict[Any, Any]) -> dict[str, Any]:
    full = name_of(task["name"])
    enough = task["count"] >= FEWEST
    return {
        "name": shortened(full, NAMES, TEXT),
        "full": full,
        "share": task["share"],
        "share_text": share_text(task["share"]),
        "median": _hours(task["median"], enough),
        "p85": _hours(task["p85"], enough),
        "times": f"{task['count']:,.0f}",
        "working": None if np.isnan(task["working"]) else task["working"],
        "working_text": "" if np.isnan(task["working"]) else share_text(task["working"]),
    }


def _rest(rest: pd.DataFrame) -> dict[str, Any]:
    name = counted(len(rest), "more task")
    share = float(rest["share"].sum())
    row = {"name": name, "full": name, "share": share, "share_text": share_text(share), "median": "", "p85": ""}
    return row | {"times": f"{rest['count'].sum():,.0f}", "working": None}


def _hours(hours: float, enough: bool) -> str:
    if not enough:
        return _LITTLE
    return "not known" if np.isnan(hours) else hours_text(hours)


def _title(task: pd.Series) -> str:
    name = shortened(name_of(task["name"]), 300, TEXT)
    title = f"“{name}” takes {share_text(task['share'])} of all task time"
    if task["count"] >= FEWEST and not np.isnan(task["median"]):
        title += f": the median is {long_text(task['median'])}"
    return title


def _subtitle(tasks: pd.DataFrame, left_out: int, *, has_working: bool) -> str:
    said = f"{counted(int(tasks['count'].sum()), 'completion')} of {counted(len(tasks), 'task')}; "
    said += "waiting and working together, hours by the clock"
    if (tasks["count"] < FEWEST).any():
        said += f"; under {FEWEST} completions no median"
    if has_working:
        said += "; diamond: share of working hours"
    return said + (f"; {counted(left_out, 'task')} without figures left out" if left_out else "")


def _diamonds(rows: list[dict[str, Any]], height: float, c: Palette) -> alt.Chart:
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .mark_point(shape="diamond", filled=True, size=70, color=c.text, stroke=c.page, opacity=1)
        .encode(x=across("x"), y=down("y", height), tooltip=tips(full="Task", working_text="Share of working hours"))
    )
    return chart
