"""Tables: what every table has around it. Facts, the table itself, what leads on, downloads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from psauth.dashboard import state
from psauth.dashboard.loading.copies import copies
from psauth.dashboard.loading.read import Loaded, Read
from psauth.dashboard.parts import waiting
from psauth.dashboard.parts.columns import Column, by_kind, says_times, zone
from psauth.dashboard.parts.downloads import downloads as downloads
from psauth.dashboard.parts.phrases import age
from psauth.dashboard.parts.phrases import cost as cost
from psauth.dashboard.parts.phrases import plural as plural
from psauth.dashboard.parts.text import clean, plain

ROW: Final = 35
"""Pixels of a row."""
HEADER: Final = 36
FEW: Final = 5
"""Rows of a table that is never made lower than they are."""
LIVE: Final = "Asks Process Street now, which costs requests. The local copy stays as it is."
NAME: Final = 40
"""Characters of a selected row's name that stand beside its links."""

Ways = Mapping[str, tuple[str, str, str]]
"""Where a row leads: by the words of the link, the view, the name in its address, and the column that says the value."""


def facts(read: Read, loaded: Loaded, count: str, columns: Mapping[str, Column], *, note: str = "") -> None:
    """One line: how many, how old, what it cost, in which zone the times are; and Reload. Below, what is amiss.

    All in one place, so that news does not move the table to another one, where it would be drawn anew.
    """
    with st.container(key="facts"):
        _facts(read, loaded, count, columns)
        waiting.show_news(read)
        if loaded.missing:
            _say_missing(read, loaded)
        if loaded.runs_left:
            say_runs_left(loaded.runs_left)
        if note:
            st.caption(note)


def say_runs_left(runs: int) -> None:
    """That the copy has not got so many runs yet."""
    left = f"{runs:,} {plural('run', runs)}"
    st.caption(f"The first sync is not finished: {left} are not in the local copy yet, the oldest ones.")


def _facts(read: Read, loaded: Loaded, count: str, columns: Mapping[str, Column]) -> None:
    if loaded.copied:
        said = [count, f"local copy, {age(loaded.read_at)}"]
    else:
        said = [count, f"read {age(loaded.read_at)}", cost(loaded.requests)]
    if says_times(columns.values()):
        said.append(f"times in {plain(zone() or 'UTC')}")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(" · ".join(said))
        if loaded.copied:
            if st.button("Read live", type="tertiary", icon=":material/cloud_download:", help=LIVE):
                state.show_live(True)
                st.rerun()
            return
        if st.button("Reload", type="tertiary", icon=":material/refresh:"):
            waiting.again(read, loaded)
        can_go_back = state.is_live() and copies.read(read) is not None
        if can_go_back and st.button("Show the local copy", type="tertiary", icon=":material/database:"):
            state.show_live(False)
            st.rerun()


def _say_missing(read: Read, loaded: Loaded) -> None:
    """That the table is incomplete, why, and how to go on."""
    rest = loaded.missing.rest
    failed = [f"{what}: {why}" for what, why in loaded.missing.parts.items() if why != rest]
    reason = plain(rest) if rest else f"{len(failed):,} {plural('part', len(failed))} of {read.name} could not be read."
    st.warning(f"This table is incomplete. {reason}", icon=":material/incomplete_circle:")
    if read.rest is None:
        st.caption("A list cannot be gone on with: Reload reads it again, from its first row.")
    elif st.button("Read on", icon=":material/play_arrow:"):
        waiting.go_on(read.rest(loaded))
    if failed:
        with st.expander("What is missing"):
            st.code(clean("\n".join(failed[:200])), language=None, wrap_lines=True)


def draw(
    rows: pd.DataFrame, every: pd.DataFrame, name: str, columns: Mapping[str, Column], *, selectable: bool
) -> None:
    """The table, with these columns first; the others can be brought in by its own menu.

    It is as wide as the window and as high as its rows, or as the window. `every` are the rows without the search: they
    decide the widths, so that these stay while somebody searches.
    """
    looks: dict[str, Any] = {"height": "stretch", **_looks(every, name, columns)}
    if selectable:
        looks |= {"on_select": "rerun", "selection_mode": ["single-row", "single-cell"]}
    with st.container(
        height=HEADER + ROW * len(rows) + 2, border=False, key="few-rows" if len(rows) <= FEW else "table"
    ):
        st.dataframe(_shown(rows, columns), key=_key(rows, name), **looks)


def draw_in_page(rows: pd.DataFrame, name: str, columns: Mapping[str, Column], *, most: int) -> None:
    """A table with these columns among other things on a page: as high as its rows, or as so many of them."""
    height = HEADER + ROW * min(len(rows), most) + 2
    st.dataframe(_shown(rows, columns), height=height, **_looks(rows, name, columns))


def selected(rows: pd.DataFrame, name: str) -> pd.Series | None:
    """The row that is selected in the table of these rows."""
    number = state.selected_row(_key(rows, name))
    return rows.iloc[number] if number is not None and number < len(rows) else None


def lead(place: DeltaGenerator, row: pd.Series | None, noun: str, ways: Ways) -> None:
    """The line above a table that says which row is selected, and where it leads.

    It is there before a row is selected, and of one height: the table must not move away from under the pointer.
    """
    with place, st.container(horizontal=True, vertical_alignment="center", key="lead"):
        if row is None:
            st.text(
                f"Select a {noun} to see {'their' if noun == 'person' else 'its'} {listed([label.casefold() for label in ways])}.",
                width="content",
            )
            return
        st.text(clean(shorten(called(row), NAME, placeholder=" …")), width="content")
        for label, (view, parameter, column) in ways.items():
            st.page_link(
                f"views/{view}.py",
                label=label,
                icon=":material/arrow_forward:",
                query_params={parameter: str(row[column])},
            )


def called(row: pd.Series) -> str:
    """What a thing is called."""
    name = row.get("name", row.get("username"))
    return (name.strip() if isinstance(name, str) else "") or "Without a name"


def with_names(frame: pd.DataFrame, things: pd.DataFrame, noun: str) -> pd.DataFrame:
    """The frame with the names of the things whose ids stand in it."""
    names = things.drop_duplicates(f"{noun}_id").set_index(f"{noun}_id")["name"]
    return frame.assign(**{f"{noun}_name": frame[f"{noun}_id"].map(names)})


def with_people(frame: pd.DataFrame, people: pd.DataFrame | None, role: str) -> pd.DataFrame:
    """The frame with the names and e-mail addresses of the people whose ids stand in it, as `role`; else with the ids."""
    if people is None:
        return frame.assign(**{f"{role}_username": frame[f"{role}_id"]})
    known = people.drop_duplicates("user_id").set_index("user_id")
    ids = frame[f"{role}_id"]
    return frame.assign(**{f"{role}_username": ids.map(known["username"]), f"{role}_email": ids.map(known["email"])})


def listed(words: Sequence[str]) -> str:
    """Words as a sentence lists them."""
    return " or ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _key(rows: pd.DataFrame, name: str) -> str:
    """The key of a table with these rows."""
    ids = [rows[column] for column in dict.fromkeys((rows.columns[0], "run_id")) if column in rows]
    return state.table_key(name, hash(tuple(zip(*ids, strict=True))))


def _looks(rows: pd.DataFrame, name: str, columns: Mapping[str, Column]) -> dict[str, Any]:
    """What every table looks like."""
    shown = {
        column: look
        for column, look in columns.items()
        if column in rows and (look.kind != "link" or rows[column].notna().any())
    }
    return {
        "hide_index": True,
        "placeholder": "",
        "row_height": ROW,
        "column_order": list(shown),
        "column_config": {column: look.config(rows[column]) for column, look in shown.items()},
        "alt": name.replace("-", " ").capitalize(),
    }


def _shown(rows: pd.DataFrame, columns: Mapping[str, Column]) -> pd.DataFrame:
    """What the table can draw."""
    cells = rows.copy(deep=False)
    for name in rows.columns:
        cells[name] = (columns.get(name) or by_kind(rows[name], name)).cells(rows[name])
    return cells
