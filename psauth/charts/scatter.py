"""Scatter: how old open runs are and how much of them is done, against the time that finished ones needed."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Final

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, numbers, whole
from psauth.charts.figures import FEWEST, hours_text, long_text, share_text
from psauth.charts.lettering import name_of, shortened, width
from psauth.charts.palette import Palette, colours
from psauth.charts.places import Box, beside, spread
from psauth.charts.theme import SMALL, WIDTH, across, bars, down, dressed, inline, rules, tips, words
from psauth.words import counted

AGEING: Final = Wanted("ageing", "ps.analysis.ageing(…)", ("name", "age_hours", "share_done"))
FINISHED: Final = Wanted("ageing", "ps.analysis.run_times(…)", ("finished", "hours"), of_one=True)
PERCENTILES: Final = (0.5, 0.85, 0.95)
BANDS: Final = ("younger than half of them were", "older than half", "older than 85%", "older than 95%")
MOST: Final = 5_000
"""Points that are drawn one by one; of more, those that lie together are one larger point."""
NAMED: Final = 10
"""The oldest runs have their names beside them, as far as there is room."""
_LEFT: Final = 50
_RIGHT: Final = 540
"""Where the points end; the names of the bands stand behind."""
_TOP: Final = 10
_BASE: Final = 330
_HEIGHT: Final = 372
_AGES: Final = (1, 3, 6, 12, *(24 * d for d in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)))
_FIRST: Final = 6.0
"""Hours up to which the scale is nearly even; from there on it is the more narrow the older."""
_NAME: Final = 150


def ageing(
    frame: pd.DataFrame, run_times: pd.DataFrame | None = None, *, subject: str | None = None, dark: bool = False
) -> alt.LayerChart:
    """Open runs by their age and the share of their tasks done, over bands of what finished runs needed.

    The bands begin at the 50th, 85th and 95th percentile of the run times of finished runs; under 5 of them there are
    none. The oldest runs have their names beside them, as far as there is room.

    Parameters:
        frame: as ps.analysis.ageing(…) gives it: age in hours by the clock, share done from 0 to 1.
        run_times: as ps.analysis.run_times(…) gives it for the same workflow; without it there are no bands.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed.
    """
    c = colours(dark=dark)
    runs, left_out = whole(checked(frame, AGEING), ["age_hours", "share_done"], AGEING)
    finished = _finished(run_times)
    limits = [float(np.quantile(finished, q)) for q in PERCENTILES] if len(finished) >= FEWEST else []
    oldest = max(float(runs["age_hours"].max()), (limits[-1] if limits else 0) * 1.3, 24.0)
    band = np.searchsorted(limits, runs["age_hours"].to_numpy(), side="left")
    runs = runs.assign(band=band, x=_across(runs["share_done"].to_numpy()))
    runs["y"] = [_down(age, oldest) for age in runs["age_hours"]]
    runs = runs.sort_values("age_hours", ascending=False, kind="stable").reset_index(drop=True)
    layers = [*_bands(limits, oldest, c), *_axes(oldest, c)]
    layers.append(_points(runs, bool(limits), c))
    if len(runs) <= MOST:
        layers += _names(runs[(runs["band"] >= 2) | (not limits)].head(NAMED), runs, c)
    return dressed(
        layers,
        title=_title(runs, limits),
        subtitle=_subtitle(len(runs), len(finished), left_out, run_times is not None),
        subject=subject,
        colours=c,
        height=_HEIGHT,
    )


def _finished(run_times: pd.DataFrame | None) -> np.ndarray:
    if run_times is None or (isinstance(run_times, pd.DataFrame) and run_times.empty):
        return np.array([])
    frame = checked(run_times, FINISHED)
    hours = numbers(frame, "hours", FINISHED)
    kept: np.ndarray = hours[frame["finished"].notna().to_numpy() & (hours >= 0)]
    return kept


def _across(share: np.ndarray) -> np.ndarray:
    places: np.ndarray = _LEFT + 10 + np.clip(share, 0, 1) * (_RIGHT - _LEFT - 20)
    return places


def _down(age: float, oldest: float) -> float:
    """Ages on a scale that has a place for none at all: even at first, then the more narrow the older."""
    return _BASE - 6 - (_BASE - _TOP - 14) * math.log1p(age / _FIRST) / math.log1p(oldest / _FIRST)


def _bands(limits: list[float], oldest: float, c: Palette) -> list[alt.Chart]:
    if not limits:
        return []
    edges = [float(_BASE), *(_down(limit, oldest) for limit in limits), float(_TOP)]
    shades = (c.accent, c.late, c.very_late)
    tints = [
        {"x": _LEFT, "x2": WIDTH, "y": top, "y2": bottom, "colour": shade}
        for bottom, top, shade in zip(edges[1:-1], edges[2:], shades, strict=True)
    ]
    tinted = bars(tints, _HEIGHT, radius=0).encode(opacity=alt.value(0.12))
    lines = [{"x": _LEFT, "x2": WIDTH, "y": y, "y2": y} for y in edges[1:-1]]
    middles = [(one + other) / 2 for one, other in pairwise(edges)]
    placed = spread(middles, 15, _TOP + 8, _BASE - 8)
    said = [
        f"younger than half ({hours_text(limits[0])})",
        *(f"{name} ({hours_text(limit)})" for name, limit in zip(BANDS[1:], limits, strict=True)),
    ]
    names = [{"x": _RIGHT + 14, "y": y, "text": text} for y, text in zip(placed, said, strict=True)]
    return [tinted, rules(lines, _HEIGHT, c.faint, dash=True), words(names, _HEIGHT, c.text, size=SMALL)]


def _axes(oldest: float, c: Palette) -> list[alt.Chart]:
    ages = [(_down(0, oldest), "0 h")]
    for age in _AGES:
        if age <= oldest and ages[-1][0] - _down(age, oldest) >= 17:
            ages.append((_down(age, oldest), f"{age} h" if age < 24 else f"{age // 24:,} d"))
    shares = (0, 0.25, 0.5, 0.75, 1)
    places = _across(np.array(shares))
    under = [{"x": float(x), "y": _BASE + 14, "text": share_text(s)} for x, s in zip(places, shares, strict=True)]
    return [
        rules([{"x": _LEFT, "x2": WIDTH, "y": _BASE, "y2": _BASE}], _HEIGHT, c.faint),
        words(
            [{"x": _LEFT - 8, "y": y, "text": text} for y, text in ages], _HEIGHT, c.quiet, align="right", size=SMALL
        ),
        words(under, _HEIGHT, c.quiet, align="center", size=SMALL),
        words(
            [{"x": (_LEFT + _RIGHT) / 2, "y": _BASE + 34, "text": "share of tasks done"}],
            _HEIGHT,
            c.quiet,
            align="center",
            size=SMALL,
        ),
    ]


def _points(runs: pd.DataFrame, has_bands: bool, c: Palette) -> alt.Chart:
    shades = (c.accent, c.accent, c.late, c.very_late)
    if len(runs) <= MOST:
        told = runs.assign(size=70.0)
        names = [name_of(name) for name in runs["name"]]
        about = ""
    else:
        told = _together(runs)
        names = [counted(int(many), "run") for many in told["many"]]
        about = "about "
    rows = [
        {
            "x": dot["x"],
            "y": dot["y"],
            "size": dot["size"],
            "colour": shades[dot["band"]],
            "name": name,
            "age": about + hours_text(dot["age_hours"]),
            "done": about + share_text(dot["share_done"]),
            "band": BANDS[dot["band"]] if has_bands else "",
        }
        for name, dot in zip(names, told.to_dict("records"), strict=True)
    ]
    tip = tips(name="Run", age="Age", done="Tasks done", **({"band": "Of finished runs"} if has_bands else {}))
    size = alt.Size("size", type="quantitative", scale=None, legend=None)
    mark = alt.Chart(inline(rows)).mark_circle(opacity=0.85, stroke=c.page, strokeWidth=1)
    colour = alt.Color("colour", type="nominal", scale=None, legend=None)
    chart: alt.Chart = mark.encode(x=across("x"), y=down("y", _HEIGHT), size=size, color=colour, tooltip=tip)
    return chart


def _together(runs: pd.DataFrame) -> pd.DataFrame:
    """Runs that lie close together as one point each, the larger the more they are."""
    cells = runs.assign(column=(runs["x"] / 12).round(), line=(runs["y"] / 12).round())
    told = cells.groupby(["column", "line", "band"]).agg(
        x=("x", "mean"),
        y=("y", "mean"),
        many=("x", "size"),
        age_hours=("age_hours", "median"),
        share_done=("share_done", "median"),
    )
    return told.reset_index().assign(size=16 + 180 * (told["many"] / told["many"].max()).to_numpy())


def _names(named: pd.DataFrame, runs: pd.DataFrame, c: Palette) -> list[alt.Chart]:
    texts = [shortened(name_of(name), _NAME, SMALL) for name in named["name"]]
    points = list(zip(named["x"].tolist(), named["y"].tolist(), strict=True))
    every = runs[["x", "y"]].drop_duplicates()
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in every.itertuples(index=False)]
    sizes = [(width(text, SMALL) + 4, 13.0) for text in texts]
    frame = Box(_LEFT + 2, _TOP + 1, _RIGHT + 6, _BASE - 1)
    placed = beside(points, sizes, frame, taken)
    rows = [
        {"x": box.left + 2, "y": (box.top + box.bottom) / 2, "text": text}
        for box, text in zip(placed, texts, strict=True)
        if box is not None
    ]
    return [words(rows, _HEIGHT, c.text, size=SMALL)] if rows else []


def _title(runs: pd.DataFrame, limits: list[float]) -> str:
    many = len(runs)
    if not limits:
        oldest = long_text(float(runs["age_hours"].max()))
        return (
            f"The oldest of {counted(many, 'open run')} has an age of {oldest}"
            if many > 1
            else f"One open run has an age of {oldest}"
        )
    old = int((runs["band"] >= 2).sum())
    of = f"{old:,} of {counted(many, 'open run')}" if old else "None of the open runs"
    return f"{of} {'is' if old <= 1 else 'are'} older than 85% of the finished ones were"


def _subtitle(many: int, finished: int, left_out: int, has_times: bool) -> str:
    said = f"{counted(many, 'open run')}, by age and share of tasks done"
    if finished >= FEWEST:
        said += f"; bands: age that {counted(finished, 'finished run')} had in the end"
    elif has_times:
        said += f"; {finished} finished, under {FEWEST}, so no bands"
    said += "; by the clock, days of 24 hours"
    said += f"; points of more than {MOST:,} runs are put together" if many > MOST else ""
    return said + (f"; {counted(left_out, 'run')} without figures left out" if left_out else "")
