"""Risk: how often runs ended late, over the chance that they were given. On the line the figure is right."""

from __future__ import annotations

import math
from typing import Final

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, whole
from psauth.charts.figures import FEWEST, share_text
from psauth.charts.palette import colours
from psauth.charts.theme import SMALL, across, down, dressed, inline, rules, tips, words
from psauth.words import counted

CALIBRATION: Final = Wanted("calibration", "ps.analysis.calibration(…)", ("chance", "share_late", "count"))
GROUPS: Final = 10
"""Rows beyond twice as many are put together, by tenths of the chance."""
_LEFT: Final = 74
_SIZE: Final = 340
_TOP: Final = 26
_HEIGHT: Final = _TOP + _SIZE + 52
_ROOM: Final = 14
"""Pixels between the frame and 0 or 1, so that no point lies on the edge."""


def calibration(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """How often runs ended late, over the chance that the risk figure had given them; on the line it is right.

    Parameters:
        frame: one row a group of runs: `chance`, what the figure said, and `share_late`, what came, both from 0 to 1, and
            `count`, of how many runs.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame of fewer than 5 runs, or without a column that is needed.
    """
    c = colours(dark=dark)
    groups, left_out = whole(checked(frame, CALIBRATION), list(CALIBRATION.columns), CALIBRATION)
    if (groups[["chance", "share_late"]] > 1).to_numpy().any():
        raise CALIBRATION.refuse("chance and share_late are shares from 0 to 1, and one of them is larger.")
    groups = groups[groups["count"] > 0]
    runs = int(groups["count"].sum())
    if runs < FEWEST:
        raise CALIBRATION.refuse(f"{counted(runs, 'run')} cannot show whether a chance is right; {FEWEST} or more can.")
    if len(groups) > 2 * GROUPS:
        groups = _tenths(groups)
    said = float(np.average(groups["chance"], weights=groups["count"]))
    came = float(np.average(groups["share_late"], weights=groups["count"]))
    most = float(groups["count"].max())
    rows, spans = [], []
    largest_first = groups.sort_values("count", ascending=False)[list(CALIBRATION.columns)]
    for chance, late, many in largest_first.itertuples(index=False):
        low, high = _interval(late, many)
        x = _across(chance)
        spans.append({"x": x, "x2": x, "y": _down(low), "y2": _down(high)})
        rows.append(
            {
                "x": x,
                "y": _down(late),
                "size": 40 + 400 * many / most,
                "colour": c.accent if many >= FEWEST else c.page,
                "chance": share_text(chance),
                "late": share_text(late),
                "times": f"{many:,.0f}",
                "span": f"{share_text(low)} to {share_text(high)}",
            }
        )
    shares = (0, 0.25, 0.5, 0.75, 1)
    grid = [{"x": _LEFT, "x2": _LEFT + _SIZE + 2 * _ROOM, "y": _down(s), "y2": _down(s)} for s in shares]
    tip = tips(chance="Chance given", late="Ended late", times="Runs", span="Could be")
    size = alt.Size("size", type="quantitative", scale=None, legend=None)
    points = alt.Chart(inline(rows)).mark_circle(opacity=0.9, stroke=c.accent, strokeWidth=1.5)
    beside = _LEFT + _SIZE + 2 * _ROOM + 16
    layers = [
        rules(grid, _HEIGHT, c.lines),
        rules([{"x": _across(0), "x2": _across(1), "y": _down(0), "y2": _down(1)}], _HEIGHT, c.faint, dash=True),
        rules(spans, _HEIGHT, c.accent, thick=1.5),
        points.encode(
            x=across("x"),
            y=down("y", _HEIGHT),
            size=size,
            color=alt.Color("colour", type="nominal", scale=None, legend=None),
            tooltip=tip,
        ),
        words(
            [{"x": _LEFT - 8, "y": _down(s), "text": share_text(s)} for s in shares],
            _HEIGHT,
            c.quiet,
            align="right",
            size=SMALL,
        ),
        words(
            [{"x": _across(s), "y": _down(0) + _ROOM + 10, "text": share_text(s)} for s in shares],
            _HEIGHT,
            c.quiet,
            align="center",
            size=SMALL,
        ),
        words([{"x": 0, "y": 6, "text": "ended late"}], _HEIGHT, c.quiet, size=SMALL),
        words(
            [{"x": _across(0.5), "y": _HEIGHT - 6, "text": "chance to end late that was given"}],
            _HEIGHT,
            c.quiet,
            align="center",
            size=SMALL,
        ),
        words(
            [
                {"x": beside, "y": _down(1), "text": "on the dashed line the figure is right;"},
                {"x": beside, "y": _down(1) + 16, "text": "above it, more runs ended late than it said"},
            ],
            _HEIGHT,
            c.quiet,
            size=SMALL,
        ),
        *_table(rows, beside, c.text, c.quiet),
    ]
    return dressed(
        layers,
        title=_title(said, came),
        subtitle=_subtitle(groups, runs, left_out),
        subject=subject,
        colours=c,
        height=_HEIGHT,
    )


def _across(share: float) -> float:
    return _LEFT + _ROOM + share * _SIZE


def _down(share: float) -> float:
    return _TOP + (1 - share) * _SIZE


def _tenths(groups: pd.DataFrame) -> pd.DataFrame:
    tenth = (groups["chance"] * GROUPS).astype(int).clip(upper=GROUPS - 1)
    weighed = groups.assign(
        chance=groups["chance"] * groups["count"], share_late=groups["share_late"] * groups["count"]
    )
    told = weighed.groupby(tenth)[["chance", "share_late", "count"]].sum().reset_index(drop=True)
    return told.assign(chance=told["chance"] / told["count"], share_late=told["share_late"] / told["count"])


def _interval(share: float, many: float) -> tuple[float, float]:
    """Where the true share lies in 95 of 100 cases (Wilson)."""
    z = 1.96
    middle = (share + z * z / (2 * many)) / (1 + z * z / many)
    half = z / (1 + z * z / many) * math.sqrt(share * (1 - share) / many + z * z / (4 * many * many))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _table(rows: list[dict[str, object]], left: float, text: str, quiet: str) -> list[alt.Chart]:
    """The figures beside the picture, a line a group."""
    ordered = sorted(rows, key=lambda row: float(str(row["x"])))
    top = 80
    step = min(22.0, (_SIZE - top) / max(len(ordered), 1))
    ends = {"chance": left + 60, "late": left + 140, "times": left + 200}
    heads = {"chance": "chance", "late": "ended late", "times": "runs"}
    layers = [
        words(
            [{"x": x, "y": _TOP + top - 10, "text": heads[f]} for f, x in ends.items()],
            _HEIGHT,
            quiet,
            align="right",
            size=SMALL,
        )
    ]
    cells = [
        {"x": x, "y": _TOP + top + step * (n + 0.6), "text": row[field]}
        for n, row in enumerate(ordered)
        for field, x in ends.items()
    ]
    return [*layers, words(cells, _HEIGHT, text, align="right", size=SMALL)]


def _title(said: float, came: float) -> str:
    if share_text(said) == share_text(came):
        return f"The risk figure is right on average: {share_text(came)} of the runs ended late"
    return f"The risk figure said {share_text(said)} on average, and {share_text(came)} of the runs ended late"


def _subtitle(groups: pd.DataFrame, runs: int, left_out: int) -> str:
    said = f"{counted(runs, 'run')} in {counted(len(groups), 'group')} by the chance that they were given; larger: more runs"
    said += f"; hollow: under {FEWEST} runs" if (groups["count"] < FEWEST).any() else ""
    said += "; upright lines: what it could be by chance (95%)"
    return said + (f"; {counted(left_out, 'group')} without figures left out" if left_out else "")
