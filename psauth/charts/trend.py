"""Trend: runs started and runs ended, period by period, and the newer half beside the older one."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import altair as alt
import pandas as pd

from psauth.charts.checks import Wanted
from psauth.charts.figures import FEWEST
from psauth.charts.palette import Palette, colours
from psauth.charts.periods import COLUMNS, SOURCE, periods
from psauth.charts.places import spread
from psauth.charts.theme import SMALL, WIDTH, counts, dressed, inline, milliseconds, tips, when
from psauth.words import counted

THROUGHPUT: Final = Wanted("throughput", SOURCE, COLUMNS)
_HEIGHT: Final = 250
_RIGHT: Final = 70
"""Pixels for the names of the lines."""
_POINTS: Final = 60
"""Periods up to which each is a point on the line too."""


def throughput(
    frame: pd.DataFrame,
    *,
    now: datetime | str | None = None,
    subject: str | None = None,
    dark: bool = False,
) -> alt.LayerChart:
    """Runs started and runs ended in each period, and the mean of the newer half beside that of the half before.

    Ended is finished or archived. A period that still goes on, or of which the beginning is missing, is drawn hollow, and is in no comparison; halves in which
    fewer than 5 runs ended are not compared.

    Parameters:
        frame: as ps.analysis.throughput(…, every="week") gives it.
        now: which moment it is, which tells whether the last period is over; without it, this moment.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame with fewer than two periods, or without a column that is needed.
    """
    c = colours(dark=dark)
    rows, length = periods(frame, THROUGHPUT, now)
    over = rows[rows["is_whole"]]
    half = len(over) // 2
    newer, older = over.iloc[len(over) - half :], over.iloc[len(over) - 2 * half : len(over) - half]
    may_compare = half > 0 and min(newer["departures"].sum(), older["departures"].sum()) >= FEWEST
    first, last = rows["period"].iloc[0], rows["period"].iloc[-1]
    most = max(float(rows[["arrivals", "departures"]].to_numpy().max()) * 1.12, 4.0)
    x, y = when("at", first, last), counts("runs", most)
    lines = {"arrivals": ("started", c.faint, [5, 3]), "departures": ("ended", c.accent, [1, 0])}
    layers = []
    if may_compare:
        layers.append(_means(older, newer, x, y, c))
    for column, (_, colour, dash) in lines.items():
        points = [_point(row, column, length) for _, row in rows.iterrows()]
        tip = tips(when=length.capitalize(), started="Started", ended="Ended", open="In progress at its end")
        base = alt.Chart(inline(points)).encode(x=x, y=y)
        layers.append(base.mark_line(color=colour, strokeWidth=2, strokeDash=dash))
        fill = alt.condition("datum.is_whole", alt.value(colour), alt.value(c.page))
        size = 36 if len(rows) <= _POINTS else 8
        layers.append(base.mark_circle(size=size, opacity=1, stroke=colour).encode(fill=fill, tooltip=tip))
    layers.append(_names(rows, {c_: lines[c_][0] for c_ in lines}, most, y, c))
    return dressed(
        layers,
        title=_title(older, newer, length, may_compare=may_compare),
        subtitle=_subtitle(rows, length, may_compare=may_compare),
        subject=subject,
        colours=c,
        width=WIDTH - _RIGHT,
        height=_HEIGHT,
    )


def _point(row: pd.Series, column: str, length: str) -> dict[str, Any]:
    begin = f"{row['period']:%Y-%m-%d}"
    return {
        "at": milliseconds(row["period"]),
        "runs": float(row[column]),
        "is_whole": bool(row["is_whole"]),
        "when": (begin if length == "day" else f"from {begin}") + ("" if row["is_whole"] else ", not whole"),
        "started": f"{row['arrivals']:,.0f}",
        "ended": f"{row['departures']:,.0f}",
        "open": f"{row['in_progress']:,.0f}",
    }


def _means(older: pd.DataFrame, newer: pd.DataFrame, x: alt.X, y: alt.Y, c: Palette) -> alt.Chart:
    rows = []
    for part in (older, newer):
        mean = float(part["departures"].mean())
        ends = {"at": milliseconds(part["period"].iloc[0]), "to": milliseconds(part["period"].iloc[-1])}
        rows.append({**ends, "runs": mean, "text": f"mean of {len(part)}: {mean:.1f} ended"})
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .mark_rule(color=c.pale, strokeWidth=9, strokeCap="round")
        .encode(x=x, x2="to:Q", y=y, tooltip=tips(text="Mean"))
    )
    return chart


def _names(rows: pd.DataFrame, names: dict[str, str], most: float, y: alt.Y, c: Palette) -> alt.Chart:
    wanted = [_HEIGHT * (1 - float(rows[column].iloc[-1]) / most) for column in names]
    placed = spread(wanted, 15, 6, _HEIGHT - 6)
    data = [{"runs": most * (1 - p / _HEIGHT), "text": name} for p, name in zip(placed, names.values(), strict=True)]
    mark = alt.Chart(inline(data)).mark_text(align="left", baseline="middle", fontSize=SMALL + 1, color=c.text)
    chart: alt.Chart = mark.encode(x=alt.value(WIDTH - _RIGHT + 10), y=y, text=alt.Text("text", type="nominal"))
    return chart


def _title(older: pd.DataFrame, newer: pd.DataFrame, length: str, *, may_compare: bool) -> str:
    now = int(newer["departures"].sum())
    span = f"the last {counted(len(newer), length)}" if len(newer) > 1 else f"the last {length}"
    if not may_compare:
        return f"{counted(now, 'run')} ended in {span}"
    more = now - int(older["departures"].sum())
    than = f"in the {len(older)} before" if len(older) > 1 else "in the one before"
    if more == 0:
        return f"{counted(now, 'run')} ended in {span}, as many as {than}"
    return f"{counted(now, 'run')} ended in {span}, {abs(more):,} {'more' if more > 0 else 'fewer'} than {than}"


def _subtitle(rows: pd.DataFrame, length: str, *, may_compare: bool) -> str:
    started, ended = int(rows["arrivals"].sum()), int(rows["departures"].sum())
    said = f"{started:,} runs started and {ended:,} ended (finished or archived), by {length}"
    said += f"; {int(rows['in_progress'].iloc[-1]):,} in progress at the end"
    said += "; broad lines: mean of each half" if may_compare else f"; under {FEWEST} ended in a half, so not compared"
    return said + ("" if rows["is_whole"].all() else f"; hollow: a {length} that is not whole, and not compared")
