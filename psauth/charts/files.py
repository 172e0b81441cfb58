"""Files: a picture as PNG or SVG, drawn without a browser."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from psauth.exceptions import ArgumentError, needs_extra
from psauth.export.replace import replaced, whole_path

if TYPE_CHECKING:
    import altair as alt

FORMATS: Final[Mapping[str, Literal["png", "svg"]]] = {".png": "png", ".svg": "svg"}
SCALE: Final = 2
"""Pixels of a PNG for one of the picture: sharp on paper and on fine screens."""


def save(chart: alt.TopLevelMixin, path: str | os.PathLike[str]) -> Path:
    """Write a picture to a file: whole, or not at all. No browser and no network is needed.

    Parameters:
        chart: what a function of psauth.charts gave.
        path: a name that ends in .png or .svg.

    Errors: ArgumentError for another ending, or for what is no picture; FileNotWritten where the place does not allow it;
    MissingExtra where psauth[analysis] is not installed.
    """
    target = whole_path(path, like="chart.svg")
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise ArgumentError(f"charts.save: {target.name!r} ends in neither .png nor .svg. Expected one of the two.")
    written = _drawn(chart, kind, "charts.save")
    with replaced(target) as stream:
        stream.write(written)
    return target


def svg(chart: alt.TopLevelMixin) -> str:
    """A picture as SVG, for a page. Errors: those of `save` but for the place."""
    return _drawn(chart, "svg", "charts.svg").decode()


def _drawn(chart: alt.TopLevelMixin, kind: Literal["png", "svg"], caller: str) -> bytes:
    with needs_extra("analysis", f"{caller}(…)"):
        import altair as alt
        import vl_convert  # noqa: F401 # what Altair draws with; without it, Altair names another package to install
    if not isinstance(chart, alt.TopLevelMixin):
        raise ArgumentError(
            f"{caller}: {type(chart).__name__} is no picture. Expected what charts.bottlenecks(…), for one, gives."
        )
    drawn = io.BytesIO() if kind == "png" else io.StringIO()
    chart.save(drawn, format=kind, scale_factor=SCALE if kind == "png" else 1)
    written = drawn.getvalue()
    return written if isinstance(written, bytes) else written.encode()
