"""Syncing: how the local copy stands, in words. What a first sync will take, how far one is, what the last one did."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import pandas as pd
import streamlit as st

from psauth.dashboard.loading import read as reads
from psauth.dashboard.loading.copies import Copy
from psauth.dashboard.loading.syncs import Syncing
from psauth.dashboard.parts.phrases import age, cost, plural
from psauth.dashboard.parts.text import clean, plain
from psauth.words import lasting

if TYPE_CHECKING:
    from psauth.mirror.forecast import Forecast
    from psauth.mirror.report import SyncReport

TABLES: Final = {
    "workflows": "Workflows",
    "runs": "Runs",
    "tasks": "Tasks",
    "form_values": "Form values",
    "approvals": "Approvals",
    "assignments": "Assignments",
    "assigned_tasks": "Assigned tasks",
    "users": "People",
    "data_sets": "Data sets",
    "records": "Records",
    "comments": "Comments",
    "attachments": "Attachments",
    "folders": "Folders",
    "schedules": "Schedules",
    "workflow_tasks": "Tasks of workflows",
    "form_fields": "Form fields",
    "field_options": "Options of form fields",
    "revisions": "Revisions",
    "logic_rules": "Logic rules",
    "due_date_rules": "Due date rules",
    "assignment_rules": "Assignment rules",
    "rules": "Rules",
    "changes": "Changes that were seen",
}
"""What is in a copy, in the order that matters, and what people call it."""
IN_RUNS: Final = frozenset({"runs", "tasks", "form_values", "approvals", "changes"})
"""Tables of which each sync looks for what changed, so that all of them are as old as it."""
NUMBERS: Final = ("Rows", "Added", "Changed", "Gone")
SKIPPED: Final = 200
"""Lines about what was skipped that are shown at most."""


def foretell(forecast: Forecast, *, knows_all: bool) -> None:
    """What a first sync will take."""
    known = "about" if knows_all else "at least"
    runs = f"{forecast.runs:,} {plural('run', forecast.runs)}"
    st.markdown(
        f"**The first sync takes {known} {cost(forecast.requests)} and {lasting(forecast.seconds)}**",
    )
    words = [f"There are {'' if knows_all else 'at least '}{runs} to read."]
    if forecast.limit is not None:
        words.append(f"Process Street allows {forecast.limit:,} requests {forecast.every}.")
    if forecast.newest_runs < forecast.runs:
        words.append(f"The newest {forecast.newest_runs:,} runs are there after {lasting(forecast.newest_seconds)}.")
    st.write(" ".join(words))


def say_how_far(syncing: Syncing) -> None:
    """How far the task under way is, with the requests left and the time to go."""
    standing = syncing.standing
    if syncing.task == "look":
        st.markdown(f"Counting what there is: {0 if standing is None else standing.runs_left:,} runs so far …")
        return
    if standing is not None and standing.waiting_for is not None:
        st.markdown(f"Waiting for another sync of this copy: {plain(standing.waiting_for)}.")
        return
    if standing is None or standing.left is None:
        st.progress(0.0, text="Looking for what changed …")
        return
    total = standing.sent + standing.left
    known = "about" if standing.knows_all else "at least"
    words = [f"{standing.sent:,} of {known} {cost(total)}"]
    budget = reads.budget(syncing.here)
    if budget.remaining is not None:
        words.append(f"{budget.remaining:,} left this hour")
    if standing.time_to_go:
        words.append(standing.time_to_go)
    # A part of what is not known yet would shrink with each page of the lists, and the bar run backwards.
    st.progress(standing.sent / total if total and standing.knows_all else 0.0, text=" · ".join(words))
    if standing.runs_left:
        st.caption(f"{standing.runs_left:,} {plural('run', standing.runs_left)} to read, the newest first.")


def headline(syncing: Syncing, copy: Copy | None) -> None:
    """How the copy stands, in a sentence."""
    report = syncing.report
    if copy is not None and copy.runs_left is None:
        st.markdown(f"**The local copy is as Process Street was {age(copy.as_of)}**")
    elif report is not None and report.runs_left:
        left = f"{report.runs_left:,} {plural('run', report.runs_left)}"
        st.markdown(f"**The first sync is not finished: {left} and about {cost(report.requests_left)} are left**")
    elif report is not None and report.stopped is not None:
        st.markdown("**The first sync is not finished**")
    elif copy is not None and copy.mirror.gaps:
        st.markdown(f"**{plain(str(copy.mirror.gaps))}**")
    if syncing.next_at is not None:
        seconds = max(0.0, (syncing.next_at - datetime.now(UTC)).total_seconds())
        st.caption(f"The next sync begins in {lasting(seconds)}.")


def show_report(report: SyncReport) -> None:
    """What the last sync did."""
    st.subheader("Last sync")
    words = [f"{cost(report.requests)} in {lasting(report.seconds)}", f"ended {age(report.ended_at)}"]
    if report.was_stopped:
        words.append("stopped before its end")
    st.write(" · ".join(words))
    if report.stopped is not None and not report.was_stopped:
        st.warning(f"It ended before everything was read. {plain(report.stopped)}", icon=":material/incomplete_circle:")
    for warning in report.warnings:
        st.warning(plain(warning), icon=":material/visibility_off:")
    changed = {name: counts for name, counts in report.tables.items() if any(vars(counts).values())}
    if changed:
        names = [*(name for name in TABLES if name in changed), *sorted(changed.keys() - TABLES.keys())]
        rows = [(TABLES.get(n, n), changed[n].added, changed[n].changed, changed[n].gone) for n in names]
        _draw(pd.DataFrame(rows, columns=["Table", "Added", "Changed", "Gone"]), "What the last sync did")
    else:
        st.write("Nothing had changed.")
    if report.skipped:
        again = "" if report.is_complete else "; the next sync asks for them again"
        with st.expander(plain(f"{len(report.skipped):,} skipped{again}")):
            lines = [f"{each.what}: {each.why}" for each in report.skipped[:SKIPPED]]
            st.code(clean("\n".join(lines)), language=None, wrap_lines=True)


def show_ages(copy: Copy) -> None:
    """What is how old."""
    from psauth.mirror.columns import nouns_of  # here, because the app starts without psauth[mirror] too

    st.subheader("What is how old")
    counts = copy.mirror.counts()
    rows = [
        (words, counts[name], age(copy.as_of if name in IN_RUNS else copy.asked_at(*(nouns_of(name) or [name]))))
        for name, words in TABLES.items()
        if name in counts
    ]
    _draw(pd.DataFrame(rows, columns=["Table", "Rows", "As it was"]), "What is how old")


def _draw(rows: pd.DataFrame, alt: str) -> None:
    numbers = {name: st.column_config.NumberColumn(format="localized") for name in NUMBERS}
    st.dataframe(rows, hide_index=True, width="content", height="content", column_config=numbers, alt=alt)
