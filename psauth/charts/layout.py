"""Layout: where the steps of a process stand and how the paths between them run. Numbers in, numbers out.

Steps stand below each other in the order of the template; those that are done in either order stand side by side. A path
to the next row is straight, one that skips rows is an arc on the left, one that goes back is an arc on the right. All
paths that leave a step by one side leave it at one point, and all that come in by it come in at one point.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from psauth.charts.places import Box

Path = tuple[int, int]
"""From which step to which, by their numbers in the order of the template."""
Point = tuple[float, float]

BOX_WIDTH: Final = 230
NARROW: Final = 176
"""The width of a step that stands beside others."""
BOX_HEIGHT: Final = 44
GAP: Final = 44
"""Between two rows of one step."""
WIDE_GAP: Final = 68
"""Between two rows of which one has several: paths fan out there, and run past each other."""
BETWEEN: Final = 56
"""Between two steps of one row."""
LANE: Final = 46
"""Between two arcs on one side: as much as a label needs."""
LOOP: Final = 22
EITHER_WAY: Final = 0.4
"""Two steps are done in either order where the rarer order is at least so often met as the other one."""
MOST_BESIDE: Final = 3
CORNER: Final = 16
PORT: Final = 12
"""How far above and below the middle of a side paths come in and leave."""


@dataclass(frozen=True)
class Route:
    """How one path runs, and the middle of its label. `kind`: next, skip, back, beside or again."""

    kind: str
    points: list[Point]
    label: Point


@dataclass
class Layout:
    """Where everything stands, in pixels."""

    width: float
    height: float
    rows: list[list[int]]
    boxes: dict[int, Box]
    routes: dict[Path, Route] = field(default_factory=dict)


def rows_of(steps: int, counts: Mapping[Path, float]) -> list[list[int]]:
    """The rows of steps 0, 1, 2 …: neighbours that are done in either order share one. The first and the last stand alone."""
    rows: list[list[int]] = []
    for step in range(steps):
        row = rows[-1] if rows else []
        beside = bool(row) and 0 < step < steps - 1 and row[0] != 0 and len(row) < MOST_BESIDE
        if beside and all(_either_way(counts, other, step) for other in row):
            row.append(step)
        else:
            rows.append([step])
    return rows


def _either_way(counts: Mapping[Path, float], one: int, other: int) -> bool:
    there, back = counts.get((one, other), 0), counts.get((other, one), 0)
    return min(there, back) > 0 and min(there, back) >= EITHER_WAY * max(there, back)


def layout(rows: list[list[int]], paths: Sequence[Path], *, least_width: float = 0) -> Layout:
    """The places of the boxes and the routes of the paths; the steps are in the middle of what they need."""
    row_of = {step: n for n, row in enumerate(rows) for step in row}
    skips = [p for p in paths if row_of[p[1]] - row_of[p[0]] > 1]
    backs = [p for p in paths if row_of[p[0]] > row_of[p[1]]]
    again = [p for p in paths if p[0] == p[1]]
    left_lanes = lanes([_span(p, row_of) for p in skips])
    right_lanes = lanes([_span(p, row_of) for p in backs])
    widest = max(_row_width(row) for row in rows)
    looped = LOOP + LANE if again else 0
    on_the_left = looped if any(len(rows[row_of[p[0]]]) > 1 for p in again) else 0
    left = (max(left_lanes, default=-1) + 1) * LANE + LANE / 2 + on_the_left
    right = (max(right_lanes, default=-1) + 1) * LANE + LANE / 2 + looped
    width = max(left + widest + right, least_width)
    centre = left + widest / 2 + (width - left - widest - right) / 2
    boxes = {}
    top = 0.0
    for n, row in enumerate(rows):
        x = centre - _row_width(row) / 2
        wide = BOX_WIDTH if len(row) == 1 else NARROW
        for step in row:
            boxes[step] = Box(x, top, x + wide, top + BOX_HEIGHT)
            x += wide + BETWEEN
        top += BOX_HEIGHT + gap_below(rows, n)
    drawn = Layout(width, top, rows, boxes)
    inner = widest / 2
    for path, lane in zip(skips, left_lanes, strict=True):
        drawn.routes[path] = _arc("skip", path, drawn, row_of, centre - inner - (lane + 0.75) * LANE - on_the_left, -1)
    for path, lane in zip(backs, right_lanes, strict=True):
        out = centre + inner + (lane + 0.75) * LANE + looped
        drawn.routes[path] = _arc("back", path, drawn, row_of, out, 1)
    for path in paths:
        if path in again:
            drawn.routes[path] = _loop(boxes[path[0]], rows[row_of[path[0]]].index(path[0]), len(rows[row_of[path[0]]]))
        elif row_of[path[1]] == row_of[path[0]]:
            drawn.routes[path] = _beside(boxes[path[0]], boxes[path[1]])
        elif path not in drawn.routes:
            drawn.routes[path] = _straight(path, drawn, row_of)
    _place_labels(drawn)
    return drawn


def gap_below(rows: list[list[int]], n: int) -> float:
    """The room between a row and the next one; none below the last."""
    if n == len(rows) - 1:
        return 0
    return GAP if len(rows[n]) == len(rows[n + 1]) == 1 else WIDE_GAP


def lanes(spans: Sequence[tuple[float, float]]) -> list[int]:
    """The lane of each arc, 0 nearest to the steps: short ones inside, and no two in one lane that overlap."""
    taken: list[list[tuple[float, float]]] = []
    chosen = [0] * len(spans)
    for n in sorted(range(len(spans)), key=lambda n: (spans[n][1] - spans[n][0], spans[n])):
        low, high = spans[n]
        lane = next((k for k, held in enumerate(taken) if all(high <= a or b <= low for a, b in held)), len(taken))
        if lane == len(taken):
            taken.append([])
        taken[lane].append((low, high))
        chosen[n] = lane
    return chosen


def _span(path: Path, row_of: Mapping[int, int]) -> tuple[float, float]:
    low, high = sorted((row_of[path[0]], row_of[path[1]]))
    return float(low), float(high)


def _row_width(row: list[int]) -> float:
    return BOX_WIDTH if len(row) == 1 else len(row) * NARROW + (len(row) - 1) * BETWEEN


def _straight(path: Path, drawn: Layout, row_of: Mapping[int, int]) -> Route:
    """From the foot of one box to the head of another; several of them fan out, so that their labels lie apart."""
    source, target = drawn.boxes[path[0]], drawn.boxes[path[1]]
    start, end = (source.left + source.right) / 2, (target.left + target.right) / 2
    points = [(start, source.bottom), (end, target.top)]
    # Of paths that fan out the label is nearer to the end that they do not share, and where they cross, to where each begins.
    out, into = len(drawn.rows[row_of[path[1]]]), len(drawn.rows[row_of[path[0]]])
    part = 0.66 if out > into else 0.34 if out < into else 0.27 if out > 1 else 0.5
    return Route("next", points, (start + (end - start) * part, source.bottom + (target.top - source.bottom) * part))


def _beside(source: Box, target: Box) -> Route:
    """Between neighbours of a row: one way above the middle, the other way below."""
    to_the_right = source.left < target.left
    y = (source.top + source.bottom) / 2 + (-PORT if to_the_right else PORT)
    start, end = (source.right, target.left) if to_the_right else (source.left, target.right)
    if abs(end - start) > BETWEEN + 1:  # around the step that stands between
        edge, y = (source.top, source.top - 14) if to_the_right else (source.bottom, source.bottom + 14)
        first, last = (source.left + source.right) / 2, (target.left + target.right) / 2
        points = rounded([(first, edge), (first, y), (last, y), (last, edge)], 7)
        # The label lies over the room between the last two, away from the middle, into which other paths come.
        return Route("beside", points, (target.left - BETWEEN / 2 if to_the_right else target.right + BETWEEN / 2, y))
    return Route("beside", [(start, y), (end, y)], ((start + end) / 2, y + (-9 if to_the_right else 9)))


def _loop(box: Box, place: int, of: int) -> Route:
    """Out of a step and into it again: at the side where no other step stands, or below one that stands between two."""
    middle, half = (box.top + box.bottom) / 2, PORT / 2
    if 0 < place < of - 1:
        x, y = box.right - 24, box.bottom + LOOP
        corners = [(x - half, box.bottom), (x - half, y), (x + half, y), (x + half, box.bottom)]
        return Route("again", rounded(corners, half), (x + half + LANE / 2, y - 4))
    side, edge = (1, box.right) if place == of - 1 else (-1, box.left)
    far = edge + side * LOOP
    corners = [(edge, middle + half), (far, middle + half), (far, middle - half), (edge, middle - half)]
    return Route("again", rounded(corners, half), (far + side * LANE / 2, middle))


def _arc(kind: str, path: Path, drawn: Layout, row_of: Mapping[int, int], lane: float, side: int) -> Route:
    """Out of one step by its side, along a lane, and into the other; a step inside of a row by its foot and head."""
    down = row_of[path[1]] > row_of[path[0]]
    start, leaving = _port(path[0], drawn, row_of, side, below=down)
    end, coming = _port(path[1], drawn, row_of, side, below=not down)
    corners = [start, (start[0], leaving), (lane, leaving), (lane, coming), (end[0], coming), end]
    return Route(kind, rounded(corners, CORNER), (lane, (leaving + coming) / 2))


def _port(step: int, drawn: Layout, row_of: Mapping[int, int], side: int, *, below: bool) -> tuple[Point, float]:
    """Where a path touches a step, and the height at which it runs to its lane.

    Going down a path leaves below the middle and comes in above it, going back up the other way round, so that those that
    come in at a step never cross those that leave it.
    """
    box, row = drawn.boxes[step], drawn.rows[row_of[step]]
    if step == (row[0] if side < 0 else row[-1]):
        y = (box.top + box.bottom) / 2 + (PORT if below else -PORT)
        return (box.left if side < 0 else box.right, y), y
    x = box.left + 26 if side < 0 else box.right - 26
    edge = box.bottom if below else box.top
    return (x, edge), edge + (10 if below else -10)


def rounded(corners: Sequence[Point], radius: float) -> list[Point]:
    """The line through these corners with each of them rounded off, as points close to each other."""
    corners = [c for n, c in enumerate(corners) if n == 0 or math.dist(c, corners[n - 1]) > 0.01]
    points = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        room = min(math.dist(before, corner), math.dist(corner, after)) / 2
        cut = min(radius, room)
        if cut < 0.5:
            points.append(corner)
            continue
        begin, end = _towards(corner, before, cut), _towards(corner, after, cut)
        for n in range(9):
            t = n / 8
            points.append(
                tuple(  # type: ignore[arg-type] # two numbers
                    (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c
                    for a, b, c in zip(begin, corner, end, strict=True)
                )
            )
    return [*points, corners[-1]]


def _towards(start: Point, end: Point, far: float) -> Point:
    whole = math.dist(start, end) or 1.0
    return (start[0] + (end[0] - start[0]) * far / whole, start[1] + (end[1] - start[1]) * far / whole)


LABEL: Final = (LANE - 6, 28)
"""Width and height of the label of an arc: two short lines."""


def _place_labels(drawn: Layout) -> None:
    """Each label of an arc moved along its lane to where no other path crosses it and no other label lies."""
    taken: list[Box] = []
    for path, route in drawn.routes.items():
        if route.kind not in ("skip", "back"):
            continue
        lane = route.label[0]
        heights = [y for x, y in route.points if abs(x - lane) < 0.01]
        low, high = min(heights) + LABEL[1] / 2, max(heights) - LABEL[1] / 2
        others = [r.points for p, r in drawn.routes.items() if p != path]
        spot = clear_spot(lane, low, high, others, taken)
        taken.append(_label_box(lane, spot))
        drawn.routes[path] = Route(route.kind, route.points, (lane, spot))


def clear_spot(x: float, low: float, high: float, lines: Sequence[Sequence[Point]], taken: Sequence[Box]) -> float:
    """The height between two others, near their middle, at which a label crosses the fewest lines and lies on none other."""
    middle = (low + high) / 2
    if high <= low:
        return middle
    tries = sorted((low + (high - low) * n / 24 for n in range(25)), key=lambda y: abs(y - middle))
    left, _, right, _ = _label_box(x, 0)
    near = [spans for line in lines if (spans := heights_between(line, left, right))]

    def cost(y: float) -> int:
        box = _label_box(x, y)
        met = sum(any(one < box.bottom and box.top < other for one, other in spans) for spans in near)
        return 10 * sum(box.meets(other) for other in taken) + met

    return min(tries, key=cost)  # the first of the best, which is the nearest to the middle


def heights_between(line: Sequence[Point], left: float, right: float) -> list[tuple[float, float]]:
    """Where a line is between two upright ones, piece by piece: from which height to which, and a pixel more for its breadth."""
    return [
        (min(y0, y1) - 1, max(y0, y1) + 1)
        for (x0, y0), (x1, y1) in pairwise(line)
        if min(x0, x1) < right and left < max(x0, x1)
    ]


def _label_box(x: float, y: float) -> Box:
    return Box(x - LABEL[0] / 2, y - LABEL[1] / 2, x + LABEL[0] / 2, y + LABEL[1] / 2)
