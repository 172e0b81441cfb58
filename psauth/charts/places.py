"""Places: where labels go so that none lies on another and none leaves the frame. Numbers in, numbers out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """A rectangle in pixels; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Box) -> bool:
        """Whether the two share any place."""
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def within(self, other: Box) -> bool:
        """Whether all of it lies in the other."""
        return (
            other.left <= self.left
            and self.right <= other.right
            and other.top <= self.top
            and self.bottom <= other.bottom
        )


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near to the wanted ones as can be, in their order, `gap` apart and between `low` and `high`.

    Where there is no room for that, they are evenly apart.
    """
    if len(wanted) > 1 and gap * (len(wanted) - 1) > high - low:
        gap = (high - low) / (len(wanted) - 1)
    order = sorted(range(len(wanted)), key=lambda n: wanted[n])
    groups: list[list[float]] = []  # of neighbours that touch: the sum of where their first one would be, and how many
    for n in order:
        groups.append([min(max(wanted[n], low), high), 1])
        while len(groups) > 1 and _start(groups[-2], gap, low, high) + gap * groups[-2][1] > _start(
            groups[-1], gap, low, high
        ):
            total, many = groups.pop()
            groups[-1][0] += total - many * gap * groups[-1][1]
            groups[-1][1] += many
    placed = [0.0] * len(wanted)
    rest = iter(order)
    for group in groups:
        first = _start(group, gap, low, high)
        for step in range(int(group[1])):
            placed[next(rest)] = first + step * gap
    return placed


def _start(group: list[float], gap: float, low: float, high: float) -> float:
    total, many = group
    return min(max(total / many, low), high - (many - 1) * gap)


def beside(
    points: Sequence[tuple[float, float]],
    sizes: Sequence[tuple[float, float]],
    frame: Box,
    taken: Iterable[Box],
    *,
    radius: float = 7,
) -> list[Box | None]:
    """A place for the label of each point: right of it, left, above or below, whichever is free; None where none is.

    The first points choose first. `sizes` are width and height of the labels, `taken` what they must not lie on.
    """
    taken = list(taken)
    placed: list[Box | None] = []
    for (x, y), (w, h) in zip(points, sizes, strict=True):
        tried = [
            Box(x + radius, y - h / 2, x + radius + w, y + h / 2),
            Box(x - radius - w, y - h / 2, x - radius, y + h / 2),
            Box(x - w / 2, y - radius - h, x + w / 2, y - radius),
            Box(x - w / 2, y + radius, x + w / 2, y + radius + h),
            Box(x + radius, y - radius - h, x + radius + w, y - radius),
            Box(x + radius, y + radius, x + radius + w, y + radius + h),
            Box(x - radius - w, y - radius - h, x - radius, y - radius),
            Box(x - radius - w, y + radius, x - radius, y + radius + h),
        ]
        free = next((b for b in tried if b.within(frame) and not any(b.meets(other) for other in taken)), None)
        placed.append(free)
        if free:
            taken.append(free)
    return placed


def flags(lines: Sequence[float], widths: Sequence[float], end: float, *, space: float = 5) -> list[tuple[float, int]]:
    """For labels of upright lines, which stand in order: where each begins, and in which row above the lines it is.

    A label flies to the right of its line like a flag, or, where the last one would leave the frame, to the left. It goes a
    row higher than its neighbour where there is no room between the lines; no line is as high as to cross a label.
    """
    if not lines:
        return []
    to_the_right = lines[-1] + space + widths[-1] <= end
    order = range(len(lines))[::-1] if to_the_right else range(len(lines))
    placed: dict[int, tuple[float, int]] = {}
    before: int | None = None
    for n in order:
        left = lines[n] + space if to_the_right else max(lines[n] - space - widths[n], 0)
        row = 0
        if before is not None:
            other = lines[before]
            fits = left + widths[n] + space <= other if to_the_right else left - space >= other
            row = 0 if fits else placed[before][1] + 1
        placed[n] = (left, row)
        before = n
    return [placed[n] for n in range(len(lines))]


def ticks(most: float, steps: Sequence[float], *, most_ticks: int = 8) -> list[float]:
    """Round numbers from 0 to `most`, with the smallest of the steps that needs no more ticks than that."""
    step = next((s for s in steps if most / s <= most_ticks), steps[-1])
    return [step * n for n in range(int(most / step + 1e-9) + 1)]
