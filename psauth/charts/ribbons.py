"""Ribbons: the ways that finished runs took, each a ribbon through its tasks, as broad as the way is frequent."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, Final

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, numbers, whole
from psauth.charts.figures import FEWEST, hours_text, share_text
from psauth.charts.layout import rounded
from psauth.charts.lettering import name_of, shortened, width
from psauth.charts.order import usual_order
from psauth.charts.palette import Palette, blend, colours
from psauth.charts.theme import SMALL, TEXT, WIDTH, across, bars, down, dressed, inline, rules, shades, tips, words
from psauth.words import counted

VARIANTS: Final = Wanted(
    "variants", "ps.analysis.variants(…)", ("variant", "count", "share", "median_hours"), of_one=True
)
ARROW: Final = " → "
"""What stands between the tasks of a variant."""
MOST: Final = 8
"""Ways that are drawn."""
MOST_TASKS: Final = 30
ENOUGH: Final = 0.8
"""The share of runs for which the title says how many ways cover it."""
_NAMES: Final = 200
_SPACE: Final = 16
_ROW: Final = 28
_HEAD: Final = 66
_BROADEST: Final = 34.0
_THINNEST: Final = 3.0


def variants(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """The ways that finished runs took, from the most frequent on: a ribbon each, as broad as the way is frequent.

    A ribbon passes its tasks from above; a thin line passes a task by, and an arc on the right goes back to one. Under 5
    runs a way has no median.

    Parameters:
        frame: as ps.analysis.variants(…) gives it; hours by the clock.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed.
    """
    c = colours(dark=dark)
    ways, left_out = whole(checked(frame, VARIANTS), ["count", "share"], VARIANTS)
    ways = ways.assign(median=numbers(ways, "median_hours", VARIANTS))
    ways = ways.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)
    sequences = [[name_of(task) for task in str(way).split(ARROW)] for way in ways["variant"].head(MOST)]
    tasks = _order(sequences, ways["count"].head(MOST).tolist())
    rarer = tasks[MOST_TASKS:]
    row_of = {task: n for n, task in enumerate(tasks[:MOST_TASKS])}
    shown = list(row_of)
    names = [shortened(task, _NAMES, TEXT) for task in shown]
    begin = max(max(width(name, TEXT) for name in names) + _SPACE, 60)
    step = min((WIDTH - begin) / len(sequences), 110)
    height = _HEAD + _ROW * len(shown)
    most = float(ways["count"].max())
    layers = [
        rules([{"x": begin, "x2": WIDTH, "y": _y(n), "y2": _y(n)} for n in range(len(shown))], height, c.lines),
    ]
    bands: list[dict[str, Any]] = []
    arcs: list[dict[str, Any]] = []
    heads: list[dict[str, Any]] = []
    for n, sequence in enumerate(sequences):
        way = ways.iloc[n]
        x = begin + (n + 0.5) * step
        broad = max(min(_BROADEST, step * 0.6) * float(way["count"]) / most, _THINNEST)
        visits = [row_of[task] for task in sequence if task in row_of]
        told = {
            "share": share_text(way["share"]),
            "runs": f"{way['count']:,.0f}",
            "median": _median(way),
            "tasks": counted(len(sequence), "task"),
        }
        shade = c.accent if n == 0 else blend(c.pale, c.accent, 0.3)
        bands += [{**told, **band} for band in _ribbon(visits, x, broad, shade, c)]
        arcs += [{**told, **point, "arc": f"{n}-{point['arc']}"} for point in _arcs(visits, x, broad, c)]
        heads.append({"x": x, **told})
    tip = tips(share="Share of finished runs", runs="Runs", median="Median run time", tasks="Length")
    layers.append(bars(bands, height, radius=1, tooltip=tip))
    if arcs:
        line = (
            alt.Chart(inline(arcs))
            .mark_line(strokeCap="round")
            .encode(
                x=across("x"),
                y=down("y", height),
                detail=alt.Detail("arc", type="nominal"),
                order=alt.Order("n", type="quantitative"),
                color=shades(),
                strokeWidth=alt.value(2.5),
                tooltip=tip,
            )
        )
        layers.append(line)
    tasks_at = [{"x": begin - _SPACE, "y": _y(n), "text": name, "full": shown[n]} for n, name in enumerate(names)]
    layers.append(words(tasks_at, height, c.text, align="right", tooltip=tips(full="Task")))
    for field, y, bold in (("share", 8, True), ("runs", 24, False), ("median", 40, False)):
        said = [{"x": head["x"], "y": y, "text": head[field]} for head in heads]
        layers.append(words(said, height, c.text if bold else c.quiet, align="center", size=SMALL, bold=bold))
        layers.append(words([{"x": begin - _SPACE, "y": y, "text": field}], height, c.quiet, align="right", size=SMALL))
    return dressed(
        layers,
        title=_title(ways),
        subtitle=_subtitle(ways, left_out, len(rarer)),
        subject=subject,
        colours=c,
        height=height,
    )


def _y(row: int) -> float:
    return _HEAD + _ROW * (row + 0.5)


def _order(sequences: list[list[str]], often: list[float]) -> list[str]:
    """The tasks from above: each behind those that most runs have before it."""
    counts: dict[tuple[str, str], float] = {}
    for sequence, many in zip(sequences, often, strict=True):
        for n, one in enumerate(sequence):
            for other in sequence[n + 1 :]:
                counts[one, other] = counts.get((one, other), 0.0) + many
    return usual_order([task for sequence in sequences for task in sequence], counts)


def _ribbon(visits: list[int], x: float, broad: float, shade: str, c: Palette) -> list[dict[str, Any]]:
    """The band at each task that is passed, broad between neighbours and thin past others."""
    bands = []
    for one, other in pairwise(visits):
        if other > one:
            thick = broad if other == one + 1 else 2.0
            ends = {"y": _y(one) + 4, "y2": _y(other) - 4}  # into the bands, so that no seam is seen
            colour = shade if other == one + 1 else c.faint
            bands.append({"x": x - thick / 2, "x2": x + thick / 2, **ends, "colour": colour})
    return bands + [
        {"x": x - broad / 2, "x2": x + broad / 2, "y": _y(row) - 8, "y2": _y(row) + 8, "colour": shade}
        for row in dict.fromkeys(visits)
    ]


def _arcs(visits: list[int], x: float, broad: float, c: Palette) -> list[dict[str, Any]]:
    """The points of the arcs on the right by which a way goes back."""
    points = []
    for n, (one, other) in enumerate(pairwise(visits)):
        if other <= one:
            low, high = (_y(one) + 4, _y(one) - 4) if other == one else (_y(one), _y(other))
            edge = x + broad / 2
            corners = [(edge, low), (edge + 11, low), (edge + 11, high), (edge, high)]
            points += [
                {"x": px, "y": py, "n": k, "arc": n, "colour": c.late} for k, (px, py) in enumerate(rounded(corners, 6))
            ]
    return points


def _median(way: pd.Series) -> str:
    if way["count"] < FEWEST:
        return "too few"
    return "not known" if np.isnan(way["median"]) else hours_text(way["median"])


def _title(ways: pd.DataFrame) -> str:
    first = share_text(ways["share"].iloc[0])
    if len(ways) == 1:
        return f"One way was taken by {first} of the finished runs"
    covered = ways["share"].cumsum()
    enough = int((covered < ENOUGH - 1e-9).sum()) + 1
    if enough == 1:
        return f"One way was taken by {first} of the finished runs"
    if enough > len(ways):
        return f"The most frequent way was taken by {first} of the finished runs"
    return f"{enough:,} ways cover {share_text(ENOUGH)} of the finished runs; the most frequent one {first}"


def _subtitle(ways: pd.DataFrame, left_out: int, rarer: int) -> str:
    said = f"{counted(int(ways['count'].sum()), 'finished run')}, {counted(len(ways), 'way')}"
    if len(ways) > MOST:
        said += f", the {MOST} most frequent drawn ({share_text(float(ways['share'].head(MOST).sum()))})"
    said += "; thin: tasks passed by, arc on the right: back; hours by the clock"
    said += f"; under {FEWEST} runs no median" if (ways["count"].head(MOST) < FEWEST).any() else ""
    said += f"; {counted(rarer, 'task')} not drawn" if rarer else ""
    return said + (f"; {counted(left_out, 'way')} without figures left out" if left_out else "")
