"""Curve: the share of runs that are still open after so many hours, open runs counted as long as they were seen."""

from __future__ import annotations

from typing import Final, Literal

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, numbers, whole
from psauth.charts.figures import DAYS_FROM, FEWEST, hours_text, long_text, share_text
from psauth.charts.palette import colours
from psauth.charts.places import ticks
from psauth.charts.theme import SMALL, WIDTH, across, down, dressed, inline, rules, tips, words
from psauth.words import counted

SURVIVAL: Final = Wanted("survival", "ps.analysis.survival(…)", ("hours", "share_open", "lower", "upper", "at_risk"))
MOST: Final = 1_000
"""Steps that are drawn: as many as there are places for them."""
STEPS: Final = (0.25, 0.5, 1, 2, 5, 10, 20, 30, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
_LEFT: Final = 74
_TOP: Final = 22
_BASE: Final = 282
_HEIGHT: Final = 330


def survival(frame: pd.DataFrame, *, subject: str | None = None, dark: bool = False) -> alt.LayerChart:
    """The share of runs that are still open after a time, with its interval and how many runs it still rests on.

    Open runs count as long as they have been seen (Kaplan-Meier), so that none is left out.

    Parameters:
        frame: as ps.analysis.survival(…) gives it; hours by the clock.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame of fewer than 5 runs, or without a column that is needed.
    """
    c = colours(dark=dark)
    steps, left_out = whole(checked(frame, SURVIVAL), ["hours", "share_open", "at_risk"], SURVIVAL)
    steps = steps.sort_values("hours", kind="stable").reset_index(drop=True)
    runs = int(steps["at_risk"].max())
    if runs < FEWEST:
        raise SURVIVAL.refuse(f"{counted(runs, 'run')} make no curve; {FEWEST} do.")
    steps = steps.assign(lower=numbers(steps, "lower", SURVIVAL), upper=numbers(steps, "upper", SURVIVAL))
    if steps["hours"].iloc[0] > 0:
        start = {"hours": 0.0, "share_open": 1.0, "lower": 1.0, "upper": 1.0, "at_risk": float(runs)}
        steps = pd.concat([pd.DataFrame([start]), steps[list(start)]], ignore_index=True)
    longest = float(steps["hours"].max()) or 1.0
    if len(steps) > MOST:
        place = (steps["hours"] / longest * MOST).astype(int)
        steps = steps[~place.duplicated(keep="last")].reset_index(drop=True)
    has_interval = (steps["lower"] <= steps["upper"]).to_numpy()
    unit = 24 if longest > DAYS_FROM else 1

    def x(hours: float) -> float:
        return _LEFT + hours / longest * (WIDTH - _LEFT)

    def y(share: float) -> float:
        return _BASE - min(max(share, 0), 1) * (_BASE - _TOP)

    rows = [
        {
            "x": x(step["hours"]),
            "y": y(step["share_open"]),
            "after": hours_text(step["hours"]),
            "open": share_text(step["share_open"]),
            "span": f"{share_text(max(step['lower'], 0))} to {share_text(min(step['upper'], 1))}"
            if known
            else "not known",
            "runs": f"{step['at_risk']:,.0f}",
            "low": y(step["lower"]) if known else y(step["share_open"]),
            "high": y(step["upper"]) if known else y(step["share_open"]),
        }
        for step, known in zip(steps.to_dict("records"), has_interval, strict=True)
    ]
    tip = tips(after="After", open="Still open", span="Interval", runs="Runs seen so long")
    grid = [{"x": _LEFT, "x2": WIDTH, "y": y(share), "y2": y(share)} for share in (0, 0.25, 0.5, 0.75, 1)]
    shares = [{"x": _LEFT - 8, "y": y(share), "text": share_text(share)} for share in (0, 0.25, 0.5, 0.75, 1)]
    at = ticks(longest / unit, STEPS, most_ticks=8)
    under = [{"x": x(t * unit), "y": _BASE + 16, "text": f"{t:g}"} for t in at]
    under[0]["text"] = "0 days" if unit == 24 else "0 hours"
    watched = [{"x": x(t * unit), "y": _BASE + 38, "text": f"{_at_risk(steps, t * unit):,}"} for t in at]
    base = alt.Chart(inline(rows)).encode(x=across("x"))
    layers = [
        rules(grid, _HEIGHT, c.lines),
        base.mark_area(interpolate="step-after", color=c.pale, opacity=0.7).encode(y=down("low", _HEIGHT), y2="high:Q"),
        base.mark_line(interpolate="step-after", color=c.accent, strokeWidth=2).encode(y=down("y", _HEIGHT)),
        base.mark_circle(size=60, opacity=0.001).encode(y=down("y", _HEIGHT), tooltip=tip),
        words(shares, _HEIGHT, c.quiet, align="right", size=SMALL),
        words(under, _HEIGHT, c.quiet, align="center", size=SMALL),
        words(watched, _HEIGHT, c.quiet, align="center", size=SMALL),
        words(
            [{"x": 0, "y": _TOP - 18, "text": "still open"}, {"x": 0, "y": _BASE + 38, "text": "runs seen"}],
            _HEIGHT,
            c.quiet,
            size=SMALL,
        ),
    ]
    half = _first_at_most(steps, 0.5)
    if half is not None:
        lines = [
            {"x": x(half), "x2": x(half), "y": y(0.5), "y2": _BASE},
            {"x": _LEFT, "x2": x(half), "y": y(0.5), "y2": y(0.5)},
        ]
        layers.append(rules(lines, _HEIGHT, c.text, dash=True))
        at_the_end = x(half) > WIDTH - 120  # right of the half the curve is below it, left of the half above
        label = {
            "x": x(half) + (-8 if at_the_end else 8),
            "y": y(0.5) + (12 if at_the_end else -10),
            "text": f"half after {hours_text(half)}",
        }
        align: Literal["left", "right"] = "right" if at_the_end else "left"
        layers.append(words([label], _HEIGHT, c.text, size=SMALL, bold=True, align=align))
    return dressed(
        layers,
        title=_title(steps, half),
        subtitle=_subtitle(runs, left_out, has_interval),
        subject=subject,
        colours=c,
        height=_HEIGHT,
    )


def _at_risk(steps: pd.DataFrame, hours: float) -> int:
    """Runs that were seen for so long: those at risk at the first step from then on."""
    later = steps.loc[steps["hours"] >= hours, "at_risk"]
    return int(later.iloc[0]) if len(later) else 0


def _first_at_most(steps: pd.DataFrame, share: float) -> float | None:
    hours = steps.loc[steps["share_open"] <= share, "hours"]
    return float(hours.iloc[0]) if len(hours) else None


def _title(steps: pd.DataFrame, half: float | None) -> str:
    last = steps.iloc[-1]
    if half is None:
        return f"After {long_text(last['hours'])}, {share_text(last['share_open'])} of the runs are still open"
    low, high = (
        _first_at_most(steps[steps[name].notna()].assign(share_open=steps[name]), 0.5) for name in ("lower", "upper")
    )
    between = (
        f" (likely between {hours_text(low)} and {hours_text(high)})" if low is not None and high is not None else ""
    )
    return f"Half of the runs are finished after {long_text(half)}{between}"


def _subtitle(runs: int, left_out: int, has_interval: np.ndarray) -> str:
    said = f"{counted(runs, 'run')}, open ones counted as long as they have been seen; hours by the clock"
    said += "; pale: the interval of the estimate" if has_interval.any() else "; no interval is known"
    said += ", where it is known" if has_interval.any() and not has_interval.all() else ""
    return said + (f"; {counted(left_out, 'step')} without figures left out" if left_out else "")
