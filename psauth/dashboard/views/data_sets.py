"""Data sets: all of them; one of them leads on to its records."""

from __future__ import annotations

import json

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import columns, tables, waiting


def show() -> None:
    """The page."""
    st.title("Data sets")
    read = loaders.data_sets(state.here())
    loaded = waiting.ready(read)
    sets = loaded.frame
    tables.facts(read, loaded, f"{len(sets):,} {tables.plural('data set', len(sets))}")
    if sets.empty:
        st.write("There are no data sets here yet. Create one in Process Street, then press Reload.")
        return
    place = st.container()
    found = tables.search(sets.assign(holds=sets["fields"].map(_field_names)), ["name", "holds"])
    if found.empty:
        st.write("No data set matches. Clear the search to see them all.")
        return
    looks = {
        "name": columns.text("Name", width="medium"),
        "holds": columns.text("Fields", width="large"),
        "updated_date": columns.time("Updated"),
        "updated_by_username": columns.text("Updated by"),
        "created_date": columns.time("Created"),
        "created_by_username": columns.text("Created by"),
    }
    row = tables.selected(found, "data-sets", looks)
    tables.lead(place, row, "data set", {"Records": ("records", "data_set")})
    tables.downloads(found.drop(columns="holds"), "data-sets", of=len(sets))


def _field_names(fields: str) -> str:
    """The names in a data set's fields, which come as JSON."""
    try:
        return ", ".join(str(field["name"]) for field in json.loads(fields))
    except (ValueError, TypeError, KeyError):
        return ""


show()
