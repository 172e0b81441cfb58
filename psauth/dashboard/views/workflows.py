"""Workflows: every workflow of the organisation, searchable, as a file to take along."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import loaders, problems, state, tables
from psauth.dashboard.routes import ACCOUNT
from psauth.exceptions import PsauthError


def show() -> None:
    """The page."""
    title = st.empty()
    title.title("Workflows")
    vault = state.vault()
    try:
        connection = vault.read(ACCOUNT).connection
        with st.spinner("Reading the workflows …"):
            loaded = loaders.workflows(connection, vault)
    except PsauthError as error:
        title.empty()  # the failure has a heading of its own
        problems.show_failure(error)
        return
    if tables.facts(loaded, "workflow"):
        loaders.forget_workflows(connection, vault)
        st.rerun()
    if loaded.frame.empty:
        st.write("There are no workflows here yet. Create one in Process Street, then press Reload.")
        return
    found = tables.search(loaded.frame, ["name", "description", "created_by_username", "updated_by_username"])
    if found.empty:
        st.write("No workflow matches. Clear the search to see them all.")
        return
    st.dataframe(
        found,
        hide_index=True,
        height="content" if len(found) <= tables.SHOWN_WHOLE else "auto",
        placeholder="",
        column_order=[
            "name",
            "link",
            "updated_date",
            "updated_by_username",
            "description",
            "created_date",
            "created_by_username",
        ],
        column_config={
            "name": st.column_config.TextColumn("Name"),
            "description": st.column_config.TextColumn("Description", width="medium"),
            "created_date": tables.time_column("Created"),
            "created_by_username": st.column_config.TextColumn("Created by"),
            "updated_date": tables.time_column("Updated"),
            "updated_by_username": st.column_config.TextColumn("Updated by"),
            "link": st.column_config.LinkColumn("In Process Street", display_text="Open"),
        },
    )
    if len(found) < len(loaded.frame):
        st.caption(f"{len(found):,} of {len(loaded.frame):,} workflows match; the files hold these.")
    tables.downloads(found, "workflows")


show()
