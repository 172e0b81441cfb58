"""Palette: the one set of colours, light and dark. Each meaning that a colour has is told by a word, a shape or a place too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True)
class Palette:
    """Colours by what they mean."""

    page: str
    text: str
    quiet: str
    """Words that explain."""
    lines: str
    """Grids and edges of boxes."""
    faint: str
    """What is there, and not what the picture is about."""
    accent: str
    pale: str
    """The accent's background: what is usual, and stands beside what stands out."""
    late: str
    very_late: str


LIGHT: Final = Palette(
    page="#ffffff",
    text="#10151d",
    quiet="#667085",
    lines="#e4e7ec",
    faint="#b4bcc9",
    accent="#2f5fd0",
    pale="#c9d7f5",
    late="#e08a3c",
    very_late="#b42318",
)
DARK: Final = Palette(
    page="#14171c",
    text="#e7eaef",
    quiet="#98a2b3",
    lines="#2d333d",
    faint="#5d6778",
    accent="#7ea6ff",
    pale="#2f4473",
    late="#f2b27a",
    very_late="#e0433a",
)
"""On the page of the app's dark theme."""


def colours(*, dark: bool) -> Palette:
    """The palette of a page."""
    return DARK if dark else LIGHT


def blend(one: str, other: str, depth: float) -> str:
    """A colour between two: the one at 0, the other at 1."""
    pairs = [(int(one[n : n + 2], 16), int(other[n : n + 2], 16)) for n in (1, 3, 5)]
    return "#" + "".join(f"{round(a + (b - a) * depth):02x}" for a, b in pairs)


def contrast(one: str, other: str) -> float:
    """How well one colour can be read on the other, 1 to 21 (WCAG 2.2, relative luminance)."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def readable_on(ground: str, *inks: str) -> str:
    """The one of these colours that can be read best on a ground."""
    return max(inks, key=lambda ink: contrast(ink, ground))


def _luminance(colour: str) -> float:
    parts = (int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5))
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
