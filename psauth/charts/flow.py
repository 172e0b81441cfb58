"""Flow: all runs that ever started over all that ended; the height between the two is what was in progress."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import altair as alt
import pandas as pd

from psauth.charts.checks import Wanted
from psauth.charts.palette import colours
from psauth.charts.periods import COLUMNS, SOURCE, periods
from psauth.charts.places import spread
from psauth.charts.theme import TEXT, WIDTH, counts, dressed, inline, milliseconds, tips, when
from psauth.words import counted

CUMULATIVE_FLOW: Final = Wanted("cumulative_flow", SOURCE, COLUMNS)
_HEIGHT: Final = 280
_RIGHT: Final = 120
"""Pixels for the names of the lines."""


def cumulative_flow(
    frame: pd.DataFrame,
    *,
    now: datetime | str | None = None,
    subject: str | None = None,
    dark: bool = False,
) -> alt.LayerChart:
    """Runs started and runs ended, added up over the periods: the height between the two lines is what was in progress.

    Ended is finished or archived. Both lines begin with the first period; the upper one begins with what was in progress.

    Parameters:
        frame: as ps.analysis.throughput(…, every="week") gives it.
        now: which moment it is, which tells whether the last period is over; without it, this moment.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame with fewer than two periods, or without a column that is needed.
    """
    c = colours(dark=dark)
    rows, length = periods(frame, CUMULATIVE_FLOW, now)
    ended = rows["departures"].cumsum()
    started = ended + rows["in_progress"]
    most = max(float(started.max()) * 1.06, 4.0)
    first, last = rows["period"].iloc[0], rows["period"].iloc[-1]
    x, y = when("at", first, last), counts("upper", most)
    data = [
        {
            "at": milliseconds(period),
            "upper": float(upper),
            "lower": float(lower),
            "when": f"{period:%Y-%m-%d}",
            "open": f"{upper - lower:,.0f}",
            "started": f"{arrivals:,.0f}",
            "ended": f"{departures:,.0f}",
        }
        for period, upper, lower, arrivals, departures in zip(
            rows["period"], started, ended, rows["arrivals"], rows["departures"], strict=True
        )
    ]
    tip = tips(when=f"{length.capitalize()} from", open="In progress at its end", started="Started", ended="Ended")
    base = alt.Chart(inline(data)).encode(x=x)
    layers = [
        base.mark_area(color=c.pale, opacity=1).encode(y=y, y2="lower:Q", tooltip=tip),
        base.mark_area(color=c.lines, opacity=0.6).encode(y=counts("lower", most)),
        base.mark_line(color=c.accent, strokeWidth=2).encode(y=y),
        base.mark_line(color=c.quiet, strokeWidth=2, strokeDash=[5, 3]).encode(y=counts("lower", most)),
        base.mark_rule(color=c.text, opacity=0.001, strokeWidth=8).encode(y=y, y2="lower:Q", tooltip=tip),
    ]
    in_progress = int(rows["in_progress"].iloc[-1])
    places = [float(started.iloc[-1]), float((started.iloc[-1] + ended.iloc[-1]) / 2), float(ended.iloc[-1])]
    placed = spread([_HEIGHT * (1 - value / most) for value in places], 16, 6, _HEIGHT - 6)
    names = ["started", f"{in_progress:,} in progress", "ended"]
    for text, place, bold in zip(names, placed, (False, True, False), strict=True):
        mark = alt.Chart(inline([{"upper": most * (1 - place / _HEIGHT), "text": text}])).mark_text(
            align="left", baseline="middle", fontSize=TEXT, color=c.text, fontWeight="bold" if bold else "normal"
        )
        layers.append(mark.encode(x=alt.value(WIDTH - _RIGHT + 10), y=y, text=alt.Text("text", type="nominal")))
    more = in_progress - int(rows["in_progress"].iloc[0])
    change = f"{abs(more):,} {'more' if more > 0 else 'fewer'} than" if more else "as many as"
    subtitle = f"{int(rows['arrivals'].sum()):,} runs started and {int(rows['departures'].sum()):,} ended "
    subtitle += f"(finished or archived), added up over {counted(len(rows), length)}; the height between the lines is what was in progress"
    return dressed(
        layers,
        title=f"{counted(in_progress, 'run')} in progress, {change} at the end of the {length} of {first:%Y-%m-%d}",
        subtitle=subtitle + ("" if rows["is_whole"].iloc[-1] else f"; the last {length} is not over"),
        subject=subject,
        colours=c,
        width=WIDTH - _RIGHT,
        height=_HEIGHT,
    )
