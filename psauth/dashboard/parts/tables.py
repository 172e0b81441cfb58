"""Tables: what every table page has around its table. Facts, search, the table itself, what leads on, downloads."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from textwrap import shorten
from typing import Any, Final

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from psauth.dashboard import state
from psauth.dashboard.loading.read import Loaded, Read
from psauth.dashboard.parts import choices, waiting
from psauth.dashboard.parts.downloads import downloads as downloads
from psauth.reading.frames import holds_lists

SHOWN_WHOLE: Final = 12
"""Up to this many rows a table is as high as its rows; a longer one has a fixed height and scrolls inside."""
HEIGHT: Final = 560
NAME: Final = 40
"""Characters of a selected row's name that stand beside its links."""

Ways = Mapping[str, tuple[str, str]]
"""Where a row leads: by the words of the link, the view, and the name under which the row's id stands in the address."""


def facts(read: Read, loaded: Loaded, count: str) -> None:
    """One line: how many, how old, what it cost; and Reload."""
    cost = f"{loaded.requests:,} {plural('request', loaded.requests)}"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{count} · read {_age(loaded.read_at)} · {cost}")
        if st.button("Reload", type="tertiary", icon=":material/refresh:"):
            waiting.again(read, loaded)
    if loaded.missing:
        _say_missing(read, loaded)


def _say_missing(read: Read, loaded: Loaded) -> None:
    """That the table is incomplete, why, and how to go on."""
    rest = loaded.missing.rest
    failed = [f"{what}: {why}" for what, why in loaded.missing.parts.items() if why != rest]
    said = rest or f"{len(failed):,} {plural('part', len(failed))} of {read.name} could not be read."
    st.warning(f"This table is incomplete. {said}", icon=":material/incomplete_circle:")
    if read.rest is None:
        st.caption("A list cannot be gone on with: Reload reads it again, from its first row.")
    elif st.button("Read on", icon=":material/play_arrow:"):
        waiting.go_on(read.rest(loaded))
    if failed:
        with st.expander("What is missing"):
            st.code("\n".join(failed[:200]), language=None, wrap_lines=True)


def search(frame: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """The rows in which the reader's words stand, in any of the columns and any case."""
    words = choices.search()
    if not words:
        return frame
    found = pd.Series(True, index=frame.index)
    for word in words:
        hits = [frame[c].astype("str").str.contains(word, case=False, regex=False, na=False) for c in columns]
        found &= pd.concat(hits, axis="columns").any(axis="columns")
    return frame[found]


def show(found: pd.DataFrame, name: str, columns: Mapping[str, Any]) -> None:
    """The table, with these columns first; the others can be brought in by its own menu."""
    st.dataframe(_shown(found, columns), key=_key(found, name), **_looks(found, columns))


def selected(found: pd.DataFrame, name: str, columns: Mapping[str, Any]) -> pd.Series | None:
    """The same table, and the row that the reader has selected in it."""
    event = st.dataframe(
        _shown(found, columns),
        key=_key(found, name),
        on_select="rerun",
        selection_mode="single-row",
        **_looks(found, columns),
    )
    rows = event["selection"]["rows"]
    return found.iloc[rows[0]] if rows and rows[0] < len(found) else None


def lead(place: DeltaGenerator, row: pd.Series | None, noun: str, ways: Ways) -> None:
    """The line above a table that says which row is selected, and where it leads."""
    with place, st.container(horizontal=True, vertical_alignment="center"):
        # In one line: the table must not move away from under the pointer that has just selected in it.
        words = f"Select a {noun} to see its" if row is None else shorten(called(row), NAME, placeholder=" …")
        st.text(words, width="content")
        for label, (view, parameter) in ways.items():
            st.page_link(
                f"views/{view}.py",
                label=label,
                icon=":material/arrow_forward:",
                query_params={} if row is None else {parameter: row[f"{parameter}_id"]},
                disabled=row is None,
            )


def called(row: pd.Series) -> str:
    """What a thing is called."""
    name = row["name"]
    return (name.strip() if isinstance(name, str) else "") or "Without a name"


def literal(text: str) -> str:
    """A text from the service that Markdown leaves as it is."""
    return "".join(f"\\{c}" if c in r"\`*_{}[]()#+-.!|<>~$:" else c for c in text)


def with_names(frame: pd.DataFrame, things: pd.DataFrame, noun: str) -> pd.DataFrame:
    """The frame with the names of the things whose ids stand in it."""
    names = things.drop_duplicates(f"{noun}_id").set_index(f"{noun}_id")["name"]
    return frame.assign(**{f"{noun}_name": frame[f"{noun}_id"].map(names)})


def with_people(frame: pd.DataFrame, people: pd.DataFrame | None, role: str) -> pd.DataFrame:
    """The frame with the names and addresses of the people whose ids stand in it, as `role`; the ids where nobody knows."""
    if people is None:
        return frame.assign(**{f"{role}_username": frame[f"{role}_id"]})
    known = people.drop_duplicates("user_id").set_index("user_id")
    ids = frame[f"{role}_id"]
    return frame.assign(**{f"{role}_username": ids.map(known["username"]), f"{role}_email": ids.map(known["email"])})


def plural(noun: str, count: int) -> str:
    """The noun for so many."""
    return noun if count == 1 else noun + "s"


def _looks(found: pd.DataFrame, columns: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "hide_index": True,
        "height": "content" if len(found) <= SHOWN_WHOLE else HEIGHT,
        "placeholder": "",
        "column_order": list(columns),
        "column_config": dict(columns),
    }


def _key(found: pd.DataFrame, name: str) -> str:
    """Other rows are another table, so that a selection never comes to mean another row."""
    return f"{state.TABLE}{name}.{hash(tuple(found.iloc[:, 0]))}"


def _shown(found: pd.DataFrame, columns: Mapping[str, Any]) -> pd.DataFrame:
    """What the table can draw: chips want lists."""
    shown = found.copy(deep=False)
    for column in found.columns:
        if isinstance(found[column].dtype, pd.CategoricalDtype):
            shown[column] = [[] if pd.isna(value) else [value] for value in found[column]]
        elif holds_lists(found[column]):
            shown[column] = [[_name(v) for v in value] if isinstance(value, list) else value for value in found[column]]
    return shown


def _name(item: Any) -> str:
    """One of a list as a person would call it: a file by its name, a row of a table as its JSON."""
    name = item.get("name") if isinstance(item, Mapping) else item
    return name if isinstance(name, str) else json.dumps(item, ensure_ascii=False, default=str)


def _age(moment: datetime) -> str:
    seconds = (datetime.now(UTC) - moment).total_seconds()
    if seconds < 60:
        return "just now"
    minutes = int(seconds // 60)
    return f"{minutes} {plural('minute', minutes)} ago"
