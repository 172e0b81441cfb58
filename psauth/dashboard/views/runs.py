"""Runs: the newest of a workflow or of all, as far back as the reader wants; one of them leads on to what is in it."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import choices, columns, tables, waiting


def show() -> None:
    """The page."""
    st.title("Runs")
    here = state.here()
    workflows = waiting.ready(loaders.workflows(here)).frame
    with st.container(horizontal=True):
        workflow = choices.workflow(workflows, nothing="All workflows")
        status = choices.one("status", "Status", choices.STATUSES) or None
        since = choices.since()
        newest = choices.one("newest", "How many", choices.NEWEST)
    read = loaders.runs(here, workflow, status, since, None if newest == "all" else int(newest))
    loaded = waiting.ready(read)
    people = waiting.offered(loaders.users(here))
    count = len(loaded.frame)
    tables.facts(read, loaded, f"{'The newest ' if loaded.cut else ''}{count:,} {tables.plural('run', count)}")
    if loaded.frame.empty:
        st.write(
            "There are no such runs. Choose another workflow, any status or any time, or start one in Process Street."
        )
        return
    if loaded.cut:
        st.caption("Older runs are not in this table. Choose more above, or a shorter time.")
    runs = tables.with_people(tables.with_names(loaded.frame, workflows, "workflow"), people, "created_by")
    place = st.container()
    found = tables.search(runs, ["name", "workflow_name", "status", "created_by_username"])
    if found.empty:
        st.write("No run matches. Clear the search to see them all.")
        return
    row = tables.selected(
        found,
        "runs",
        {
            "name": columns.text("Name", width="medium"),
            "status": columns.status("Status"),
            "workflow_name": columns.text("Workflow"),
            "created_date": columns.time("Created"),
            "created_by_username": columns.text("Created by"),
            "due_date": columns.time("Due"),
            "updated_date": columns.time("Updated"),
            "link": columns.link(),
        },
    )
    tables.lead(place, row, "run", {"Tasks": ("tasks", "run"), "Form values": ("form_values", "run")})
    tables.downloads(found, "runs", of=count)


show()
