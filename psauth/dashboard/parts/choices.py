"""Choices: what a reader has chosen stands in the address, so that a reload, a bookmark and the back button keep it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.reading.arguments import ID_SHAPE
from psauth.reading.endpoints import RUN_STATUSES

STATUSES: Final = {"": "Any status", **{status: status for status in RUN_STATUSES}}
DAYS: Final = {"": "Any time", "7": "Last 7 days", "30": "Last 30 days", "90": "Last 90 days", "365": "Last year"}
NEWEST: Final = {"200": "Newest 200", "1000": "Newest 1,000", "all": "All"}
OF_RUNS: Final = {"100": "Newest 100 runs", "500": "Newest 500 runs", "1000": "Newest 1,000 runs"}


def one(name: str, label: str, options: Mapping[str, str], *, width: int = 160) -> str:
    """A choice of one, by the values that stand in the address; the first where that names none of them."""
    first = next(iter(options))
    chosen = st.query_params.get(name, first)
    if chosen not in options:
        chosen = first
    st.selectbox(
        label,
        list(options),
        format_func=lambda value: options[value],
        key=state.show_choice(name, chosen),
        on_change=_write,
        args=(name, first),
        label_visibility="collapsed",
        width=width,
    )
    return chosen


def workflow(workflows: pd.DataFrame, *, nothing: str) -> str | None:
    """A choice of a workflow by its name; `nothing` says what it means to choose none."""
    called = workflows["name"].fillna("Without a name")
    # The widget tells its options apart by their words.
    called = called.where(~called.duplicated(keep=False), called + " (" + workflows["workflow_id"] + ")")
    names = dict(zip(workflows["workflow_id"], called, strict=True))
    ordered = dict(sorted(names.items(), key=lambda pair: pair[1].casefold()))
    return one("workflow", "Workflow", {"": nothing, **ordered}, width=260) or None


def search() -> list[str]:
    """The words that the reader looks for."""
    words = st.query_params.get("search", "")
    st.text_input(
        "Search",
        key=state.show_choice("search", words),
        on_change=_write,
        args=("search", ""),
        placeholder="Search",
        label_visibility="collapsed",
        icon=":material/search:",
    )
    return words.split()


def since() -> str | None:
    """A choice of how far back: the day from which on, by UTC."""
    days = one("since", "Created", DAYS)
    return f"{datetime.now(UTC) - timedelta(days=int(days)):%Y-%m-%d}" if days else None


def named(name: str) -> str | None:
    """The id that stands in the address under this name, when it has the shape of one."""
    value = st.query_params.get(name, "")
    return value if ID_SHAPE.fullmatch(value) else None


def flag(name: str) -> bool:
    """Whether something stands in the address."""
    return name in st.query_params


def switch_on(name: str, label: str) -> None:
    """A button that puts it there."""
    if st.button(label, type="tertiary"):
        st.query_params[name] = "yes"
        st.rerun()


def _write(name: str, first: str) -> None:
    """Bring a choice into the address; what is usual needs no mention there."""
    if (value := state.choice(name)) == first:
        st.query_params.pop(name, None)
    else:
        st.query_params[name] = value
