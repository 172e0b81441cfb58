"""View: what a view of one table consists of, and the one function that draws it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading.read import Loaded, Read
from psauth.dashboard.parts import tables, waiting
from psauth.dashboard.parts.columns import ONLY_SHOWN, Column
from psauth.dashboard.parts.search import matching
from psauth.dashboard.parts.tables import Ways


@dataclass(frozen=True, kw_only=True)
class View:
    """The words and columns of a view.

    `name` tells its table from others and names its files, `noun` is what a row is, `empty` is said when there are no
    rows, `no_match` when the search leaves none, `cut` when the list goes on behind the last row, `ways` are where a selected row leads.
    """

    name: str
    noun: str
    columns: Mapping[str, Column]
    empty: str
    no_match: str = ""
    cut: str = ""
    ways: Ways = field(default_factory=dict)


def as_read(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows of a view that shows what was read as it came."""
    return frame


def show(
    view: View,
    read: Read,
    *,
    rows: Callable[[pd.DataFrame], pd.DataFrame] = as_read,
    count: Callable[[Loaded], str] | None = None,
    keep: Callable[[pd.DataFrame], pd.Series] | None = None,
) -> None:
    """Load, say the facts, search, show the table, offer it as files.

    `rows` makes the rows out of the frame that was read, `count` says how many came (else so many of the noun), `keep`
    says which rows a further choice leaves.
    """
    loaded = waiting.ready(read)
    every = rows(loaded.frame)
    show_rows(view, read, loaded, every, count=(count or _count(view))(loaded), keep=keep)


def show_rows(
    view: View,
    read: Read,
    loaded: Loaded,
    every: pd.DataFrame,
    *,
    count: str,
    keep: Callable[[pd.DataFrame], pd.Series] | None = None,
) -> None:
    """The same for rows whose columns are known only once they were read."""
    tables.facts(read, loaded, count, view.columns, note=view.cut if loaded.cut else "")
    if every.empty:
        st.write(view.empty)
        return
    matches = matching(every if keep is None else every[keep(every)], view.columns, state.chosen(state.SEARCH))
    if matches.empty:
        st.write(view.no_match or f"No {view.noun} matches. Clear the search to see them all.")
        return
    if view.ways:
        tables.lead(st.container(), tables.selected(matches, view.name), view.noun, view.ways)
    tables.draw(matches, every, view.name, view.columns, selectable=bool(view.ways))
    with st.container():
        tables.downloads(
            matches[[c for c in matches.columns if not c.startswith(ONLY_SHOWN)]], view.name, total=len(every)
        )


def _count(view: View) -> Callable[[Loaded], str]:
    def count(loaded: Loaded) -> str:
        number = len(loaded.frame)
        return f"{'The first ' if loaded.cut else ''}{number:,} {tables.plural(view.noun, number)}"

    return count
