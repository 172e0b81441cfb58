"""Pictures: those of psauth.charts as the app shows them, at 390 pixels as well as at 1,920."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import streamlit as st

from psauth.dashboard.parts.text import plain

if TYPE_CHECKING:
    from altair import LayerChart

FONT: Final = "Source Sans, Arial, Helvetica, sans-serif"
"""The app's own letters; they are no wider than those that a picture makes room for."""
WATCH_EVERY: Final = 3.0
"""Seconds between looks at the theme."""
NO_ROOM: Final = {"left": 0, "top": 4, "right": 0, "bottom": 4}
"""Pixels around a picture, which stands in line with the words above it."""


def is_dark() -> bool:
    """Whether the person sees the app dark."""
    return st.context.theme.type == "dark"


@st.fragment(run_every=WATCH_EVERY)
def follow_theme(dark: bool) -> None:
    """Draw the view anew when the person's system turns light or dark: Streamlit turns all but the colours of a picture."""
    if is_dark() != dark:
        st.rerun()


def show(chart: LayerChart) -> None:
    """A picture with its title and subtitle above it, where they wrap; `looks.STYLE` shrinks the rest where there is little room.

    Its description, which has the title too, is what screen readers say.
    """
    from altair import Undefined

    with st.container(gap="xsmall"):
        st.markdown(f"**{plain(_joined(chart.title.text))}**")
        st.caption(plain(_joined(chart.title.subtitle)))
        inside = chart.copy(deep=False)
        inside.title, inside.padding = Undefined, NO_ROOM
        inside.autosize = "pad"  # Streamlit's own way would move what stands at places in pixels
        inside.config = inside.config.copy(deep=False)
        inside.config.font = FONT
        st.altair_chart(inside, width="content", theme=None)


def _joined(lines: list[str]) -> str:
    return " ".join(lines)
