"""Workflows: every workflow of the organisation; one of them leads on to its runs, tasks and forms."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import columns, tables, waiting


def show() -> None:
    """The page."""
    st.title("Workflows")
    read = loaders.workflows(state.here())
    loaded = waiting.ready(read)
    count = len(loaded.frame)
    tables.facts(read, loaded, f"{count:,} {tables.plural('workflow', count)}")
    if loaded.frame.empty:
        st.write("There are no workflows here yet. Create one in Process Street, then press Reload.")
        return
    place = st.container()
    found = tables.search(loaded.frame, ["name", "description", "created_by_username", "updated_by_username"])
    if found.empty:
        st.write("No workflow matches. Clear the search to see them all.")
        return
    row = tables.selected(
        found,
        "workflows",
        {
            "name": columns.text("Name", width="medium"),
            "link": columns.link(),
            "updated_date": columns.time("Updated"),
            "updated_by_username": columns.text("Updated by"),
            "description": columns.text("Description", width="medium"),
            "created_date": columns.time("Created"),
            "created_by_username": columns.text("Created by"),
        },
    )
    ways = {"Runs": ("runs", "workflow"), "Tasks": ("tasks", "workflow"), "Form values": ("form_values", "workflow")}
    tables.lead(place, row, "workflow", ways)
    tables.downloads(found, "workflows", of=count)


show()
