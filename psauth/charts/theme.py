"""Theme: sizes, fonts and the marks that pictures share; a title that says what was found, a subtitle that says of what."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

import altair as alt
import pandas as pd

from psauth.charts.lettering import name_of, shortened, wrapped
from psauth.charts.palette import Palette

WIDTH: Final = 720
"""Of every picture, in pixels: what a notebook, a page of the app and a sheet of paper can show unscaled."""
FONT: Final = "Arial, Helvetica, Liberation Sans, sans-serif"
TITLE: Final = 17
TEXT: Final = 12
SMALL: Final = 11
PADDING: Final = 14
SUBJECT: Final = 260
"""Pixels that the name of what a picture is about may take."""

Rows = Iterable[Mapping[str, Any]]
"""What is drawn: texts, numbers and None, by names of our own. Names of others are values here, and never the names of fields."""


def inline(rows: Rows) -> alt.InlineData:
    """The rows as part of the picture, so that it needs no file and knows no greatest number of rows."""
    return alt.InlineData(values=[{name: _plain(value) for name, value in row.items()} for row in rows])


def across(name: str, width: float = WIDTH) -> alt.X:
    """A place from the left, in pixels."""
    return alt.X(name, type="quantitative", scale=_pixels([0, width]), axis=None)


def down(name: str, height: float) -> alt.Y:
    """A place from above, in pixels."""
    return alt.Y(name, type="quantitative", scale=_pixels([height, 0]), axis=None)


def shades(name: str = "colour") -> alt.Color:
    """Colours that stand in the rows as they are."""
    return alt.Color(name, type="nominal", scale=None, legend=None)


def tips(**titles: str) -> list[alt.Tooltip]:
    """What is said where the pointer is: fields of the rows with their titles, all of them texts."""
    return [alt.Tooltip(field, type="nominal", title=title.replace("_", " ")) for field, title in titles.items()]


def words(
    rows: Rows,
    height: float,
    colour: str,
    *,
    align: Literal["left", "center", "right"] = "left",
    size: int = TEXT,
    bold: bool = False,
    width: float = WIDTH,
    tooltip: list[alt.Tooltip] | None = None,
) -> alt.Chart:
    """Texts at places in pixels: rows of x, y and text."""
    mark = alt.Chart(inline(rows)).mark_text(
        align=align, baseline="middle", fontSize=size, fontWeight="bold" if bold else "normal", color=colour
    )
    chart: alt.Chart = mark.encode(
        x=across("x", width), y=down("y", height), text=alt.Text("text", type="nominal"), **_tooltip(tooltip)
    )
    return chart


def bars(rows: Rows, height: float, *, radius: int = 2, width: float = WIDTH, tooltip: Any = None) -> alt.Chart:
    """Rectangles at places in pixels: rows of x, x2, y, y2 and colour."""
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .mark_rect(cornerRadius=radius)
        .encode(x=across("x", width), x2="x2:Q", y=down("y", height), y2="y2:Q", color=shades(), **_tooltip(tooltip))
    )
    return chart


def rules(
    rows: Rows, height: float, colour: str, *, width: float = WIDTH, thick: float = 1, dash: bool = False
) -> alt.Chart:
    """Straight lines at places in pixels: rows of x, x2, y and y2."""
    chart: alt.Chart = (
        alt.Chart(inline(rows))
        .mark_rule(color=colour, strokeWidth=thick, strokeDash=[4, 3] if dash else [])
        .encode(x=across("x", width), x2="x2:Q", y=down("y", height), y2="y2:Q")
    )
    return chart


def when(name: str, first: pd.Timestamp, last: pd.Timestamp) -> alt.X:
    """A moment along the bottom, in UTC: fields of milliseconds.

    Its ends are expressions. Of plain numbers Vega-Lite makes `datetime(…)`, and Vega's interpreter, by which Streamlit draws,
    takes the one number there for a year.
    """
    ends = [alt.ExprRef(str(milliseconds(moment))) for moment in (first, last)]
    return alt.X(
        name,
        type="temporal",
        scale=alt.Scale(type="utc", domain=ends, nice=False),
        axis=alt.Axis(title=None, grid=False, tickCount=6, labelOverlap=True, labelFlush=True),
    )


def counts(name: str, most: float) -> alt.Y:
    """A count, upwards from 0."""
    return alt.Y(
        name,
        type="quantitative",
        scale=alt.Scale(domain=[0, most], nice=False),
        axis=alt.Axis(title=None, tickCount=4, tickMinStep=1, format=",d"),
    )


def milliseconds(moment: pd.Timestamp) -> int:
    """Since 1970, as browsers count time."""
    return int(moment.timestamp() * 1000)


def dressed(
    layers: Iterable[alt.Chart],
    *,
    title: str,
    subtitle: str,
    subject: str | None,
    colours: Palette,
    height: float,
    width: float = WIDTH,
) -> alt.LayerChart:
    """The picture of these layers, with its words and colours."""
    if subject is not None:
        subtitle = f"{shortened(name_of(subject), SUBJECT, TEXT)}: {subtitle}"
    chart: alt.LayerChart = (
        alt.layer(*layers)
        .properties(
            width=width,
            height=height,
            background=colours.page,
            padding=dict.fromkeys(("left", "top", "right", "bottom"), PADDING),  # Streamlit fails at one number
            description=f"{title}. {subtitle}.",
            title=alt.TitleParams(
                text=wrapped(title, WIDTH, TITLE, bold=True), subtitle=wrapped(subtitle, WIDTH, TEXT)
            ),
        )
        .configure(font=FONT)
        .configure_view(stroke=None, fill=None)
        .configure_title(
            anchor="start",
            frame="bounds",
            color=colours.text,
            fontSize=TITLE,
            subtitleColor=colours.quiet,
            subtitleFontSize=TEXT,
            subtitleLineHeight=16,
            subtitlePadding=5,
            offset=16,
        )
        .configure_axis(
            domain=False,
            ticks=False,
            gridColor=colours.lines,
            labelColor=colours.quiet,
            labelFontSize=SMALL,
            labelPadding=6,
            titleColor=colours.quiet,
            titleFontSize=SMALL,
            titleFontWeight="normal",
        )
    )
    return chart


def _pixels(domain: list[float]) -> alt.Scale:
    return alt.Scale(domain=domain, nice=False, zero=False)


def _tooltip(tooltip: list[alt.Tooltip] | None) -> dict[str, Any]:
    return {"tooltip": tooltip} if tooltip else {"tooltip": alt.value(None)}


def _plain(value: Any) -> Any:
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("A picture holds no number that is none.")
        return round(value, 3)
    return value
