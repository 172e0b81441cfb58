"""Chapters: what the local copy says of a matter. Sentences, pictures, figures, and what they mean."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import answers
from psauth.dashboard.loading.copies import Copy, copies
from psauth.dashboard.loading.syncs import syncs
from psauth.dashboard.parts import pictures, tables, waiting
from psauth.dashboard.parts.choices import Choice
from psauth.dashboard.parts.columns import ONLY_SHOWN, Column, moment, says_times, text, zone
from psauth.dashboard.parts.phrases import age
from psauth.dashboard.parts.text import plain
from psauth.export.naming import file_name
from psauth.export.zones import reader_zone

if TYPE_CHECKING:
    from psauth.analysis.chapters import Findings, Table

LOOK_EVERY: Final = 5.0
"""Seconds between looks for a copy where there is none yet."""
MOST_ROWS: Final = 10
"""Rows of a table that are seen at once; the others come by scrolling in it."""
SHOWN: Final = {"h": 1.0, "d": 1 / 24, "%": 100.0}
"""What the numbers are multiplied by on the screen, by the unit: of times, one for all of a table."""
DIGITS: Final = {"h": 1, "d": 1, "%": 0}
"""Digits behind the point on the screen; the files hold every one."""
FEW: Final = "few_hours"
"""Times that are too few for a median."""
NO_COPY: Final = "There is no local copy yet, and the answers come out of it. A sync makes one."
COMING: Final = (
    "The first sync is under way. The answers come out of the local copy that it makes, and will stand here."
)
WHOLE: Final = "All chapters as one page, which opens without a network and prints."


def copy() -> Copy:
    """The local copy; the view ends here where there is none, or where a package is missing, with what to do."""
    waiting.found(answers.load(state.here()))
    found = copies.find(state.here())
    if found is None:
        _no_copy()
        st.stop()
    return found


def choice() -> Choice:
    """A choice of the chapter."""
    return Choice(state.CHAPTER, "Chapter", {title: title for title in answers.titles()}, pills=True)


def facts(copy: Copy, workflow: str | None, since: str | None) -> None:
    """One line: how old the copy is, how times are counted, what it lacks; and the whole report as a file."""
    with st.container(horizontal=True, vertical_alignment="center", key="facts"):
        st.caption(f"Local copy, {age(copy.as_of)} · durations by the clock")
        name = file_name("report", _name(copy, workflow), day=datetime.now(reader_zone(zone())).date(), suffix="html")
        st.download_button(
            "Whole report",
            partial(answers.report, copy, workflow, since),
            name,
            "text/html",
            type="tertiary",
            icon=":material/download:",
            on_click="ignore",
            help=WHOLE,
        )
    if (lacks := answers.lacks(copy, workflow, since)) is not None:
        st.warning(plain(lacks), icon=":material/incomplete_circle:")


def show(found: Findings, definitions: Sequence[str]) -> None:
    """What was found, and folded below what it means."""
    for sentence in found.sentences:
        st.markdown(plain(sentence))
    dark = pictures.is_dark()
    for drawing in found.drawings:
        chart = drawing.chart(dark=dark)
        if chart is not None:
            pictures.show(chart)
    for table in found.tables:
        _table(table)
    with st.expander("What this means"):
        _define(definitions)
    if found.drawings:
        pictures.follow_theme(dark)


@st.fragment(run_every=LOOK_EVERY)
def _no_copy() -> None:
    """The way to one; when there is one, the view is drawn anew."""
    if copies.find(state.here()) is not None:
        st.rerun()
    syncing = syncs.of(state.here())
    if syncing.task == "sync" and not syncing.stopping:
        st.write(COMING)
    else:
        st.write(NO_COPY)
    st.page_link("views/sync.py", label="Go to Sync", icon=":material/arrow_forward:")


def _name(copy: Copy, workflow: str | None) -> str:
    known = copy.mirror.workflows
    names = [] if workflow is None else known.filter(known.workflow_id == workflow).to_pandas()["name"].dropna()
    return next(iter(names), "")


def _table(table: Table) -> None:
    rows, columns = _shown(table)
    name = table.question.replace("_", "-")
    if says_times(columns.values()):
        st.caption(f"Times in {plain(zone() or 'UTC')}")
    tables.draw_in_page(rows, name, columns, most=MOST_ROWS)
    tables.downloads(rows[[c for c in rows if not str(c).startswith(ONLY_SHOWN)]], name, total=len(rows))


def _shown(table: Table) -> tuple[pd.DataFrame, dict[str, Column]]:
    """The rows with what stands on the screen alone beside them, and the columns that are shown."""
    from psauth.analysis.chapters import UNNAMED

    rows, columns, of_times = table.rows.copy(deep=False), {}, _unit_of_times(table)
    for name, head in table.heads.items():
        values, head, unit = rows[name], head[:1].upper() + head[1:], table.unit(name)
        if pd.api.types.is_datetime64_any_dtype(values.dtype):
            columns[name] = moment(head)
        elif unit:
            unit = of_times if unit == "h" else unit
            rows[ONLY_SHOWN + name] = (values.astype("float64") * SHOWN[unit]).round(DIGITS[unit])
            columns[ONLY_SHOWN + name] = Column(f"{head}, {unit}", "number")
        elif pd.api.types.is_integer_dtype(values.dtype):
            columns[name] = Column(head, "number")
        elif pd.api.types.is_numeric_dtype(values.dtype):
            rows[ONLY_SHOWN + name] = values.map(lambda value: float(f"{value:.2g}"), na_action="ignore")
            columns[ONLY_SHOWN + name] = Column(head, "number")
        else:
            rows[ONLY_SHOWN + name] = values.astype("object").where(values.notna(), UNNAMED.get(name))
            columns[ONLY_SHOWN + name] = text(head)
    if FEW in rows:
        few = pd.Series(table.few(), index=rows.index, dtype="object")
        words = few.map(
            lambda times: ", ".join(f"{hours * SHOWN[of_times]:.1f}" for hours in times), na_action="ignore"
        )
        rows[FEW], rows[ONLY_SHOWN + FEW] = few, words
        if few.notna().any():
            columns[ONLY_SHOWN + FEW] = text(f"Too few for a median, {of_times}")
    return rows, columns


def _unit_of_times(table: Table) -> str:
    """One for all times of a table: days where half of them are so many hours that a sentence says them in days."""
    from psauth.charts.figures import DAYS_FROM

    hours = [table.rows[name].astype("float64").abs().rename(None) for name in table.heads if table.unit(name) == "h"]
    return "d" if hours and pd.concat(hours).median() >= DAYS_FROM else "h"


def _define(definitions: Sequence[str]) -> None:
    from psauth.analysis.page import explained

    for definition in definitions:
        for lines, is_list in explained(definition):
            st.markdown("\n".join(f"- {line}" for line in lines) if is_list else "\n\n".join(lines))
