"""Week: on which weekday and at which hour tasks are completed."""

from __future__ import annotations

from typing import Final
from zoneinfo import ZoneInfo

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, moments
from psauth.charts.figures import FEWEST, count_text
from psauth.charts.palette import blend, colours, readable_on
from psauth.charts.theme import SMALL, TEXT, WIDTH, across, bars, down, dressed, inline, tips, words
from psauth.export.zones import named_zone
from psauth.words import counted

RHYTHM: Final = Wanted("rhythm", "ps.analysis.event_log(…)", ("concept:name", "time:timestamp"))
DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NO_TASKS: Final = ("Run started", "Run finished", "Approved", "Rejected")
"""Events of a log that are no completed task."""
_LEFT: Final = 84
_CELL: Final = (WIDTH - _LEFT) / 24
_ROW: Final = 28
_HEAD: Final = 22
_HEIGHT: Final = _HEAD + 7 * _ROW


def rhythm(
    event_log: pd.DataFrame, *, zone: str | ZoneInfo | None = None, subject: str | None = None, dark: bool = False
) -> alt.LayerChart:
    """How many tasks are completed on each weekday in each hour.

    Parameters:
        event_log: as ps.analysis.event_log(…) gives it. Starts and ends of runs and decisions are not counted.
        zone: in whose time, an IANA name like "Europe/Berlin"; without it, that of this machine.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a log without a completed task or without a column that is needed, and for a zone that is none.
    """
    c = colours(dark=dark)
    log = checked(event_log, RHYTHM)
    where = named_zone(zone)
    at = moments(log, "time:timestamp", RHYTHM)[~log["concept:name"].isin(NO_TASKS)].dropna()
    if at.empty:
        raise RHYTHM.refuse("no task in it is completed.")
    local = at.dt.tz_convert(where)
    times = np.zeros((7, 24), dtype=int)
    np.add.at(times, (local.dt.day_of_week.to_numpy(), local.dt.hour.to_numpy()), 1)
    most = int(times.max())
    rows, said = [], []
    for day, hour in np.ndindex(7, 24):
        many = int(times[day, hour])
        depth = many / most
        x, y = _LEFT + hour * _CELL, _HEAD + day * _ROW
        fill = blend(c.pale, c.accent, depth) if many else c.lines
        rows.append(
            {
                "x": x + 1,
                "x2": x + _CELL - 1,
                "y": y + 1,
                "y2": y + _ROW - 1,
                "colour": fill,
                "when": f"{DAYS[day]}, {hour:02}:00 to {hour + 1:02}:00",
                "times": f"{many:,}",
            }
        )
        if many:
            ink = readable_on(fill, c.page, c.text)
            said.append({**rows[-1], "x": x + _CELL / 2, "y": y + _ROW / 2, "text": count_text(many), "colour": ink})
    heads = [{"x": _LEFT + (hour + 0.5) * _CELL, "y": 10, "text": str(hour)} for hour in range(24)]
    names = [{"x": _LEFT - 10, "y": _HEAD + (day + 0.5) * _ROW, "text": name} for day, name in enumerate(DAYS)]
    tip = tips(when="When", times="Tasks completed")
    numbers = (
        alt.Chart(inline(said))
        .mark_text(align="center", baseline="middle", fontSize=10)
        .encode(
            x=across("x"),
            y=down("y", _HEIGHT),
            text=alt.Text("text", type="nominal"),
            color=alt.Color("colour", type="nominal", scale=None, legend=None),
            tooltip=tip,
        )
    )
    layers = [
        bars(rows, _HEIGHT, tooltip=tip),
        numbers,
        words(names, _HEIGHT, c.text, align="right", size=TEXT),
        words(heads, _HEIGHT, c.quiet, align="center", size=SMALL),
    ]
    return dressed(
        layers,
        title=_title(times),
        subtitle=f"{counted(len(at), 'completed task')}, by weekday and hour of {where.key}",
        subject=subject,
        colours=c,
        height=_HEIGHT,
    )


def _title(times: np.ndarray) -> str:
    most = int(times.max())
    if most < FEWEST or (times == most).sum() > 1:  # no hour stands out
        many = int(times.sum())
        return f"When {counted(many, 'task')} {'was' if many == 1 else 'were'} completed"
    day, hour = (int(n) for n in np.unravel_index(int(times.argmax()), times.shape))
    return f"Most tasks are completed on {DAYS[day]}s between {hour}:00 and {hour + 1}:00"
