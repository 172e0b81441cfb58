"""Process: how runs really go, drawn on the order of the template."""

from __future__ import annotations

from typing import Any, Final, Literal

import altair as alt
import numpy as np
import pandas as pd

from psauth.charts.checks import Wanted, checked, numbers, whole
from psauth.charts.figures import FEWEST, hours_text, long_text, share_text
from psauth.charts.layout import Layout, Path, Route, layout, rows_of
from psauth.charts.lettering import name_of, shortened, width
from psauth.charts.order import with_places
from psauth.charts.palette import Palette, blend, colours
from psauth.charts.theme import SMALL, TEXT, WIDTH, across, bars, down, dressed, inline, shades, tips, words
from psauth.words import counted

PROCESS_MAP: Final = Wanted(
    "process_map", "ps.analysis.process_map(…)", ("source", "target", "count", "median_hours"), of_one=True
)
START: Final = "Run started"
END: Final = "Run finished"
MOST: Final = 30
"""Steps that are drawn: those that happen most often."""
MOST_PATHS: Final = 80
"""Paths that are drawn, but for those that keep a step from standing alone: more cannot be told apart."""
THINNEST: Final = 1.5
THICKEST: Final = 13.0
_LIT: Final = "!isValid(lit.step) || indexof(lit.step, datum.source) >= 0 || indexof(lit.step, datum.target) >= 0"
"""Whether a path is one of the step under the pointer; all are, where there is none."""


def process_map(
    frame: pd.DataFrame,
    *,
    by: Literal["count", "median_hours"] = "count",
    paths: float = 0.9,
    subject: str | None = None,
    dark: bool = False,
) -> alt.LayerChart:
    """How runs really go: steps in the order of the template, skips as arcs on the left, returns as arcs on the right.

    Steps that are done in either order stand side by side. A step under the pointer lights its paths. Each step says how
    often it happened and how many runs went no further, the last one how many have not finished. It shows the order of
    completion: tasks may run in parallel.

    Parameters:
        frame: as ps.analysis.process_map(…) gives it. Its columns source_order and target_order, the places in the
            template, give the order; without them it is the one that most runs go.
        by: what makes a path broad, and stands first at it: how often it is gone, or the median hours by the clock.
        paths: the share of all moves that is drawn, from the most frequent path down, as far as 80 paths cover it; each
            step keeps a way in and out.
        subject: what it is about, such as the workflow's name; it stands before the subtitle.
        dark: for a dark page.

    Errors: ArgumentError for a frame without rows or without a column that is needed, and for `by` or `paths` that are none.
    """
    c = colours(dark=dark)
    if by not in ("count", "median_hours"):
        raise PROCESS_MAP.refuse(f"by={by!r} is not known; by takes 'count' or 'median_hours'.")
    if not isinstance(paths, int | float) or not 0 < paths <= 1:
        raise PROCESS_MAP.refuse(f"paths={paths!r} is no share of the moves; it takes a number over 0 and up to 1.")
    moves = _Moves(checked(frame, PROCESS_MAP))
    shown = moves.most_frequent(paths)
    rows = rows_of(len(moves.steps), moves.counts)
    drawn = layout(rows, list(shown), least_width=WIDTH)
    sizes = moves.sizes(list(shown), by)
    return dressed(
        [
            *_paths(drawn, shown, sizes, moves, c, by),
            *_steps(drawn, moves, c),
            *_labels(drawn, shown, sizes, moves, c, by),
        ],
        title=_title(moves, rows, by),
        subtitle=_subtitle(moves, shown, rows, by),
        subject=subject,
        colours=c,
        width=drawn.width,
        height=drawn.height,
    )


class _Moves:
    """The moves between steps, which are numbers in their order."""

    def __init__(self, frame: pd.DataFrame) -> None:
        told = whole(frame, ["count"], PROCESS_MAP)
        self.left_out = told.left_out
        rows = told.rows[told.rows["count"] > 0]
        if rows.empty:
            raise PROCESS_MAP.refuse("no path in it was gone.")
        sources, targets = ([name_of(name) for name in rows[column]] for column in ("source", "target"))
        hours = numbers(rows, "median_hours", PROCESS_MAP)
        named: dict[tuple[str, str], float] = {}
        times: dict[tuple[str, str], float] = {}
        for pair, count, median in zip(zip(sources, targets, strict=True), rows["count"], hours, strict=True):
            if pair in named:  # two tasks of one name are one step, and medians cannot be put together
                median = np.nan
            named[pair] = named.get(pair, 0.0) + float(count)
            times[pair] = float(median)
        self.all_steps = list(dict.fromkeys([*sources, *targets]))
        often = {s: sum(n for p, n in named.items() if s in p) for s in self.all_steps}
        ends = [s for s in (START, END) if s in often]
        inner = sorted((s for s in self.all_steps if s not in ends), key=lambda s: -often[s])
        kept = {*inner[:MOST], *ends}
        self.rarer = len(self.all_steps) - len(kept)
        self.total = sum(named.values())
        places = _known_places(rows, sources, targets)
        order = with_places(places, [s for s in self.all_steps if s in kept and s not in ends], named)
        self.steps = [*([START] if START in kept else []), *order, *([END] if END in kept else [])]
        number = {step: n for n, step in enumerate(self.steps)}
        self.counts: dict[Path, float] = {
            (number[a], number[b]): count for (a, b), count in named.items() if a in number and b in number
        }
        self.hours = {(number[a], number[b]): h for (a, b), h in times.items() if a in number and b in number}
        self.into = {n: sum(k for (a, b), k in named.items() if b == s) for s, n in number.items()}
        self.out_of = {n: sum(k for (a, b), k in named.items() if a == s) for s, n in number.items()}
        self.started = int(self.out_of[0]) if START in kept else None
        self.finished = int(self.into[number[END]]) if END in kept else None

    def most_frequent(self, share: float) -> dict[Path, float]:
        """The paths from the most frequent down that cover a share of the moves, and one in and one out for each step."""
        ordered = sorted(self.counts, key=lambda path: (-self.counts[path], path))
        kept: set[Path] = set()
        covered, whole_ = 0.0, sum(self.counts.values())
        for path in ordered:
            if covered >= share * whole_ - 1e-9 or len(kept) == MOST_PATHS:
                break
            kept.add(path)
            covered += self.counts[path]
        for end in (0, 1):
            for step in range(len(self.steps)):
                best = next((p for p in ordered if p[end] == step and p[0] != p[1]), None)
                kept |= {best} if best else set()
        return {path: self.counts[path] for path in ordered if path in kept}

    def median(self, path: Path) -> float | None:
        """The median hours of a path; None under 5 moves, or where they are not known."""
        hours = self.hours[path]
        return None if self.counts[path] < FEWEST or np.isnan(hours) else hours

    def sizes(self, shown: list[Path], by: str) -> dict[Path, float]:
        """How broad each path is."""
        values = {p: self.counts[p] if by == "count" else self.median(p) or 0.0 for p in shown}
        most = max(values.values()) or 1.0
        return {p: THINNEST + (THICKEST - THINNEST) * value / most for p, value in values.items()}


def _known_places(rows: pd.DataFrame, sources: list[str], targets: list[str]) -> dict[str, float]:
    places: dict[str, float] = {}
    for column, names in (("source_order", sources), ("target_order", targets)):
        if column in rows:
            for name, place in zip(names, numbers(rows, column, PROCESS_MAP).tolist(), strict=True):
                if not np.isnan(place):
                    places[name] = min(place, places.get(name, place))
    return {name: place for name, place in places.items() if name not in (START, END)}


def _shade(kind: str, c: Palette) -> str:
    return {"skip": c.faint, "back": c.late, "again": c.late}.get(kind, blend(c.pale, c.accent, 0.3))


def _paths(
    drawn: Layout, shown: dict[Path, float], sizes: dict[Path, float], moves: _Moves, c: Palette, by: str
) -> list[alt.Chart]:
    slowest = max(shown, key=lambda path: moves.median(path) or 0.0)
    rows, heads = [], []
    for number, path in enumerate(sorted(shown, key=lambda p: -sizes[p])):
        route = drawn.routes[path]
        colour = c.accent if by == "median_hours" and path == slowest else _shade(route.kind, c)
        median = moves.median(path)
        common = {
            "path": number,
            "source": path[0],
            "target": path[1],
            "colour": colour,
            "size": sizes[path],
            "from": moves.steps[path[0]],
            "to": moves.steps[path[1]],
            "times": f"{shown[path]:,.0f}",
            "median": "too few" if shown[path] < FEWEST else "not known" if median is None else hours_text(median),
        }
        area = 60 + 2.2 * sizes[path] ** 2
        points = _shortened(route.points, 0.433 * area**0.5)  # an arrow's point lies half its height before it
        rows += [{**common, "n": n, "x": x, "y": y} for n, (x, y) in enumerate(points)]
        (x0, y0), (x1, y1) = route.points[-2:]
        angle = float(np.degrees(np.arctan2(y1 - y0, x1 - x0))) + 90  # a triangle points up by itself
        heads.append({**common, "x": points[-1][0], "y": points[-1][1], "angle": angle, "area": area})
    tip = [alt.Tooltip(f, type="nominal", title=t) for f, t in _TIPS.items()]
    width_ = drawn.width
    opacity = alt.condition(_LIT, alt.value(0.95), alt.value(0.12))
    lines = (
        alt.Chart(inline(rows))
        .mark_line(strokeCap="butt", strokeJoin="round")
        .encode(
            x=across("x", width_),
            y=down("y", drawn.height),
            detail=alt.Detail("path", type="nominal"),
            order=alt.Order("n", type="quantitative"),
            color=shades(),
            strokeWidth=alt.StrokeWidth("size", type="quantitative", scale=None, legend=None),
            opacity=opacity,
            tooltip=tip,
        )
    )
    triangles = (
        alt.Chart(inline(heads))
        .mark_point(shape="triangle", filled=True)
        .encode(
            x=across("x", width_),
            y=down("y", drawn.height),
            angle=alt.Angle("angle", type="quantitative", scale=None),
            size=alt.Size("area", type="quantitative", scale=None, legend=None),
            color=shades(),
            opacity=opacity,
            tooltip=tip,
        )
    )
    return [lines, triangles]


_TIPS: Final = {"from": "From", "to": "To", "times": "How often", "median": "Median time between"}


def _shortened(points: list[tuple[float, float]], by: float) -> list[tuple[float, float]]:
    """The line, ending a little earlier: there is the point of its arrow."""
    (x0, y0), (x1, y1) = points[-2:]
    long = float(np.hypot(x1 - x0, y1 - y0)) or 1.0
    part = max(1 - by / long, 0.0)
    return [*points[:-1], (x0 + (x1 - x0) * part, y0 + (y1 - y0) * part)]


def _steps(drawn: Layout, moves: _Moves, c: Palette) -> list[alt.Chart]:
    rows, names, said = [], [], []
    for step, box in drawn.boxes.items():
        middle = (box.left + box.right) / 2
        full = moves.steps[step]
        room = box.right - box.left - 16
        text = _said(step, moves)
        rows.append(
            {"x": box.left, "x2": box.right, "y": box.top, "y2": box.bottom, "step": step, "full": full, "said": text}
        )
        names.append({"x": middle, "y": box.top + 15, "text": shortened(full, room, TEXT, bold=True)})
        said.append({"x": middle, "y": box.top + 31, "text": shortened(text, room, SMALL)})
    lit = alt.selection_point(name="lit", fields=["step"], on="pointerover", clear="pointerout", empty=False)
    at = {
        "x": across("x", drawn.width),
        "x2": "x2:Q",
        "y": down("y", drawn.height),
        "y2": "y2:Q",
    }
    stroke = alt.condition(lit, alt.value(c.accent), alt.value(c.faint))
    boxes = alt.Chart(inline(rows)).mark_rect(cornerRadius=6, fill=c.page, strokeWidth=1.2)
    above = alt.Chart(inline(rows)).mark_rect(fill=c.page, fillOpacity=0.001)  # the words would take the pointer else
    return [
        boxes.encode(**at, stroke=stroke, tooltip=alt.value(None)),
        words(names, drawn.height, c.text, bold=True, align="center", width=drawn.width),
        words(said, drawn.height, c.quiet, size=SMALL, align="center", width=drawn.width),
        above.encode(**at, tooltip=tips(full="Step", said="How often")).add_params(lit),
    ]


def _said(step: int, moves: _Moves) -> str:
    if moves.steps[step] == START:
        return counted(int(moves.out_of[step]), "run")
    came = int(moves.into[step])
    if moves.steps[step] == END:
        missing = (moves.started or 0) - came
        return (
            f"{counted(came, 'run')}; {missing:,} {'has' if missing == 1 else 'have'} not"
            if missing > 0
            else counted(came, "run")
        )
    stayed = came - int(moves.out_of[step])
    return f"{came:,}×" + (f", {stayed:,} went no further" if stayed > 0 else "")


def _labels(
    drawn: Layout, shown: dict[Path, float], sizes: dict[Path, float], moves: _Moves, c: Palette, by: str
) -> list[alt.Chart]:
    """At straight paths one line beside or on them, at arcs two short lines on them; on a path there is page behind."""
    grounds, first, second, beside = [], [], [], []
    for path in shown:
        route: Route = drawn.routes[path]
        often, median = f"{shown[path]:,.0f}×", moves.median(path)
        time = hours_text(median) if median is not None else ""
        parts = [often, time] if by == "count" else [time or "–", often]
        x, y = route.label
        ends = {"source": path[0], "target": path[1]}
        is_upright = route.kind == "next" and abs(route.points[0][0] - route.points[-1][0]) < 1
        if is_upright:
            text = " · ".join(part for part in parts if part)
            beside.append({**ends, "x": x + sizes[path] / 2 + 8, "y": y, "text": text})
        elif route.kind in ("skip", "back", "again"):
            if route.kind == "again":  # there is room for one line
                parts = [parts[0], ""]
            grounds.append(_ground(x, y, width(max(parts, key=len), SMALL) + 6, 28 if parts[1] else 14, c.page, ends))
            offset = 7 if parts[1] else 0
            first.append({**ends, "x": x, "y": y - offset, "text": parts[0]})
            if parts[1]:
                second.append({**ends, "x": x, "y": y + offset, "text": parts[1]})
        else:
            if route.kind == "next" or (route.points[0][0] != route.points[-1][0] and len(route.points) > 2):
                grounds.append(_ground(x, y, width(parts[0], SMALL) + 6, 14, c.page, ends))
            first.append({**ends, "x": x, "y": y, "text": parts[0]})
    opacity = alt.condition(_LIT, alt.value(1.0), alt.value(0.12))
    high, wide = drawn.height, drawn.width
    layers = [
        bars(grounds, high, radius=2, width=wide),
        words(first, high, c.text, align="center", size=SMALL, width=wide).encode(opacity=opacity),
        words(second, high, c.quiet, align="center", size=SMALL, width=wide).encode(opacity=opacity),
        words(beside, high, c.text, size=SMALL, width=wide).encode(opacity=opacity),
    ]
    return [layer for layer, rows in zip(layers, (grounds, first, second, beside), strict=True) if rows]


def _ground(x: float, y: float, wide: float, high: float, colour: str, ends: dict[str, Any]) -> dict[str, Any]:
    return {**ends, "x": x - wide / 2, "x2": x + wide / 2, "y": y - high / 2, "y2": y + high / 2, "colour": colour}


def _title(moves: _Moves, rows: list[list[int]], by: str) -> str:
    if by == "median_hours":
        timed = {path: hours for path in moves.counts if (hours := moves.median(path)) is not None}
        if not timed:
            return "How runs go from step to step"
        slow = max(timed, key=lambda path: timed[path])
        one, other = (shortened(moves.steps[step], 190, TEXT) for step in slow)
        return f"The longest way is from “{one}” to “{other}”: {long_text(timed[slow])} by median"
    row_of = {step: n for n, row in enumerate(rows) for step in row}
    told = {"next": 0.0, "skip": 0.0, "back": 0.0}
    for (source, target), count in moves.counts.items():
        far = row_of[target] - row_of[source]
        told["skip" if far > 1 else "back" if far < 0 or source == target else "next"] += count
    shares = {kind: share_text(count / (sum(told.values()) or 1)) for kind, count in told.items()}
    return f"{shares['next']} of all moves go to the next step, {shares['skip']} skip steps, {shares['back']} go back"


def _subtitle(moves: _Moves, shown: dict[Path, float], rows: list[list[int]], by: str) -> str:
    covered = sum(shown.values()) / moves.total
    said = (
        "" if moves.started is None else f"{counted(moves.started, 'run')} started, {moves.finished or 0:,} finished; "
    )
    said += counted(int(moves.total), "move")
    said += "" if covered == 1 else f", the most frequent {share_text(covered)} drawn"
    said += "; broad: often, " if by == "count" else "; broad: long, "
    said += "grey, left: skipped, orange, right: back; hours are medians by the clock"
    said += "; side by side: in either order" if any(len(row) > 1 for row in rows) else ""
    said += f"; under {FEWEST} moves no median" if min(shown.values()) < FEWEST else ""
    said += f"; {counted(moves.rarer, 'rarer step')} not drawn" if moves.rarer else ""
    return said + (f"; {counted(moves.left_out, 'path')} without a count left out" if moves.left_out else "")
