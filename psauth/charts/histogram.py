"""Histogram: how long runs take. Finished ones stand above the line, those still open hang below it, by their age so far."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, moment_of, moments, numbers
from psauth.charts.figures import DAYS_FROM, FEWEST, count_text, hours_text, long_text
from psauth.charts.lettering import name_of, width
from psauth.charts.palette import Palette, colours
from psauth.charts.places import flags, ticks
from psauth.charts.theme import SMALL, WIDTH, across, bars, down, dressed, inline, rules, tips, words
from psauth.words import counted

RUN_TIMES: Final = Wanted("run_times", "ps.analysis.run_times(…)", ("name", "status", "started", "finished", "hours"))
PERCENTILES: Final = {0.5: "half", 0.85: "85%", 0.95: "95%"}
STEPS: Final = (0.25, 0.5, 1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 168, 240, 480, 720, 1200, 2400, 4800, 9600)
"""Hours that a bar may stand for."""
_UP: Final = 170
_DOWN: Final = 70
_LABEL_ROW: Final = 18
_LEFT: Final = 74
"""Pixels for the two words at the side."""
_LONGER: Final = 64
"""Pixels at the right for runs that took longer than what the bars show."""
_BARS: Final = 32
_COUNT: Final = 9


def run_times(
    frame: pd.DataFrame,
    *,
    by: Literal["hours", "working_hours"] = "hours",
    now: datetime | str | None = None,
    subject: str | None = None,
    dark: bool = False,
) -> alt.LayerChart:
    """How long runs take: a bar for each span of time, with the time that half, 85% and 95% of the finished runs needed.

    Open runs hang below the line by their age so far; they are in no percentile. Archived runs are counted only. With
    under 5 finished runs each is a point, and there is no percentile.

    Parameters:
        frame: as ps.analysis.run_times(…) gives it.
        by: hours by the clock, or working hours. Working hours of open runs are not known, so those are counted only.
        now: until when open runs have aged; without it, until this moment.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without a finished run, or without a column that is needed.
    """
    c = colours(dark=dark)
    if by not in ("hours", "working_hours"):
        raise RUN_TIMES.refuse(f"by={by!r} is not known; by takes 'hours' or 'working_hours'.")
    runs = checked(frame, RUN_TIMES._replace(columns=(*RUN_TIMES.columns, by)))
    hours = numbers(runs, by, RUN_TIMES)
    is_finished = runs["finished"].notna().to_numpy() & (hours >= 0)
    if not is_finished.any():
        raise RUN_TIMES.refuse(
            f"none of {counted(len(runs), 'run')} is finished with a known time, so there are no run times."
        )
    is_open = (runs["status"] == "Active").to_numpy()
    ages = (moment_of(now) - moments(runs, "started", RUN_TIMES)).dt.total_seconds().to_numpy() / 3600
    has_age = is_open & (ages >= 0) & (by == "hours")
    finished, aged = hours[is_finished], ages[has_age]
    in_days = by == "hours"
    few = len(finished) < FEWEST
    marks = {} if few else {q: float(np.quantile(finished, q)) for q in PERCENTILES}
    scale = _Scale(finished, aged, in_days)
    labels = [f"{PERCENTILES[q]} within {hours_text(value, in_days=in_days)}" for q, value in marks.items()]
    widths = [width(label, SMALL, bold=True) for label in labels]
    at = [float(scale.place(value)) for value in marks.values()]
    placed = flags(at, widths, WIDTH)
    top = _LABEL_ROW * (max((row for _, row in placed), default=-1) + 1)
    base = top + (_UP if not few else 60)
    height = base + (26 if not len(aged) else 34 + _DOWN)
    layers = [rules([{"x": _LEFT, "x2": WIDTH, "y": base, "y2": base}], height, c.faint)]
    layers.append(_ticks(scale, base, height, c))
    tallest = float(scale.counts(finished).max())
    if few:
        layers.append(_dots(runs[is_finished]["name"], finished, scale, base, height, c, in_days))
    else:
        room = _UP - 14  # for the counts over the bars
        layers += _columns(
            finished, scale, base, -room / tallest, height, (c.pale, c.accent, c.quiet), at, "Finished runs"
        )
    if len(aged):
        room = _DOWN - 14
        below = float(scale.counts(aged).max())
        layers += _columns(aged, scale, base + 26, room / below, height, (c.late, c.late, c.quiet), [], "Open runs")
    lines = [
        {"x": x, "x2": x, "y": top - _LABEL_ROW * (row + 1), "y2": base} for x, (_, row) in zip(at, placed, strict=True)
    ]
    layers.append(rules(lines, height, c.accent))
    said = [
        {"x": left, "y": top - _LABEL_ROW * (row + 0.5), "text": label}
        for label, (left, row) in zip(labels, placed, strict=True)
    ]
    layers.append(words(said, height, c.text, size=SMALL, bold=True))
    sides = [{"x": 0, "y": base - 12, "text": "finished"}]
    if len(aged):
        sides.append({"x": 0, "y": base + 26 + 8, "text": "still open"})
    layers.append(words(sides, height, c.quiet, size=SMALL))
    return dressed(
        layers,
        title=_title(finished, marks, in_days),
        subtitle=_subtitle(runs, is_finished, is_open, has_age, few=few, by=by),
        subject=subject,
        colours=c,
        height=height,
    )


class _Scale:
    """Where hours stand: bars of equal width, and one at the end for all that is much longer."""

    def __init__(self, finished: np.ndarray, aged: np.ndarray, in_days: bool) -> None:
        longest = float(max(finished.max(), aged.max(initial=0)))
        usual = float(np.quantile(finished, 0.95)) * 1.6
        shown = max(min(longest, usual) if len(finished) >= FEWEST else longest, STEPS[0])
        self.step = next((s for s in STEPS if shown / s <= _BARS), shown / _BARS)
        bars = int(np.ceil(shown / self.step + 1e-9))
        self.end = bars * self.step
        self.has_longer = longest > self.end
        self.edges = np.arange(bars + 1) * self.step
        self.right = WIDTH - (_LONGER if self.has_longer else 0)
        self.in_days = in_days and self.end > DAYS_FROM

    def place(self, hours: float | np.ndarray) -> Any:
        inside = _LEFT + np.minimum(hours, self.end) / self.end * (self.right - _LEFT)
        return np.where(np.asarray(hours) > self.end, WIDTH - _LONGER / 2, inside)

    def counts(self, hours: np.ndarray) -> np.ndarray:
        """Runs a bar; those that took longer last."""
        within, _ = np.histogram(hours[hours <= self.end], bins=self.edges)
        return np.append(within, (hours > self.end).sum())

    def sides(self, bar: int) -> tuple[float, float]:
        if bar == len(self.edges) - 1:
            return WIDTH - _LONGER + 20, float(WIDTH)
        left, right = self.place(self.edges[bar]), self.place(self.edges[bar + 1])
        return float(left) + 0.5, float(right) - 0.5

    def span(self, bar: int) -> str:
        end = len(self.edges) - 1
        if bar == end:
            return f"over {hours_text(self.end, in_days=self.in_days)}"
        low, high = (hours_text(float(self.edges[n]), in_days=self.in_days) for n in (bar, bar + 1))
        return f"{low} to {high}"


def _columns(
    hours: np.ndarray,
    scale: _Scale,
    base: float,
    each: float,
    height: float,
    shades: tuple[str, str, str],
    lines: list[float],
    what: str,
) -> list[alt.Chart]:
    """A bar for each span with its count, which is left out where a line would cross it. Shades: bars, the last one, counts."""
    counts = scale.counts(hours)
    rows, said = [], []
    for bar in map(int, np.flatnonzero(counts)):
        left, right = scale.sides(bar)
        tip = base + float(np.sign(each) * max(abs(counts[bar] * each), 1.5))
        top, bottom = sorted((base, tip))
        text = count_text(int(counts[bar]))
        rows.append(
            {"x": left, "x2": right, "y": top, "y2": bottom, "colour": shades[bar == len(counts) - 1]}
            | {"span": scale.span(bar), "times": f"{counts[bar]:,}"}
        )
        half = width(text, _COUNT) / 2 + 1
        middle = (left + right) / 2
        if half * 2 <= right - left + 6 and not any(middle - half < x < middle + half for x in lines):
            said.append({"x": middle, "y": tip + float(np.sign(each)) * 8, "text": text})
    return [
        bars(rows, height, radius=1, tooltip=tips(span="Time", times=what)),
        words(said, height, shades[2], align="center", size=_COUNT),
    ]


def _dots(
    names: pd.Series, hours: np.ndarray, scale: _Scale, base: float, height: float, c: Palette, in_days: bool
) -> alt.Chart:
    rows = [
        {"x": float(scale.place(h)), "y": base - 12.0, "name": name_of(name), "took": hours_text(h, in_days=in_days)}
        for name, h in zip(names, hours.tolist(), strict=True)
    ]
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .mark_circle(size=110, color=c.accent, opacity=0.8, stroke=c.page)
        .encode(x=across("x"), y=down("y", height), tooltip=tips(name="Run", took="Took"))
    )
    return chart


def _ticks(scale: _Scale, base: float, height: float, c: Palette) -> alt.Chart:
    unit, name = (24, "0 days") if scale.in_days else (1, "0 hours")
    steps = (0.25, 0.5, 1, 2, 3, 4, 5, 6, 10, 12, 20, 24, 30, 50, 100, 200, 500, 1000, 5000, 10_000)
    rows: list[dict[str, Any]] = [
        {"x": float(scale.place(t * unit)), "y": base + 14, "text": f"{t:g}" if t else name}
        for t in ticks(scale.end / unit, steps)
    ]
    if scale.has_longer:
        rows = [row for row in rows if float(row["x"]) < scale.right - 12]
        rows.append({"x": WIDTH - (_LONGER - 20) / 2, "y": base + 14, "text": "longer"})
    return words(rows, height, c.quiet, align="center", size=SMALL)


def _title(finished: np.ndarray, marks: dict[float, float], in_days: bool) -> str:
    if not marks:
        shortest, longest = (long_text(float(h), in_days=in_days) for h in (finished.min(), finished.max()))
        if len(finished) == 1 or shortest == longest:
            return f"{counted(len(finished), 'finished run')} took {longest}"
        return f"{counted(len(finished), 'finished run')} took {shortest} to {longest}"
    half, most = (long_text(marks[q], in_days=in_days) for q in (0.5, 0.85))
    return f"Half of the runs are finished within {half}, 85% within {most}"


def _subtitle(
    runs: pd.DataFrame, is_finished: np.ndarray, is_open: np.ndarray, has_age: np.ndarray, *, few: bool, by: str
) -> str:
    said = counted(int(is_finished.sum()), "finished run")
    if few:
        said += f" (under {FEWEST}: each is a point, no percentiles)"
    if is_open.any():
        said += f", {is_open.sum():,} still open"
        said += ", by their age so far" if has_age.any() else ", which are not drawn"
    if others := len(runs) - int((is_finished | is_open).sum()):
        said += f", {others:,} archived or without a time left out"
    if "finished_estimated" in runs and (guessed := int((runs["finished_estimated"].eq(True) & is_finished).sum())):
        said += f"; the end of {guessed:,} is estimated"
    return said + ("; hours by the clock, days of 24 hours" if by == "hours" else "; working hours")
