"""Records: those of one data set, a column a field."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import cells, choices, tables, view, waiting
from psauth.dashboard.parts.columns import moment, text
from psauth.dashboard.parts.menu import data_set_name
from psauth.dashboard.parts.view import View


def show(data_set: str) -> None:
    """The records of this data set."""
    read = loaders.records(state.here(), data_set, whole=bool(state.chosen(state.ALL)))
    loaded = waiting.ready(read)
    looks, every = cells.shown(loaded.frame, list(loaded.frame.attrs.get("field_ids", {})), "record_id")
    records = View(
        name=f"records-{data_set_name()}",
        noun="record",
        columns={**looks, "updated_date": moment("Updated"), "updated_by_username": text("Updated by")},
        empty="This data set holds no records yet. Add some in Process Street, then press Reload.",
        cut="There are more records than these. Choose all records above to read them.",
    )
    number = len(loaded.frame)
    count = f"{'The first ' if loaded.cut else ''}{number:,} {tables.plural('record', number)}"
    view.show_rows(records, read, loaded, every, count=count)


st.page_link("views/data_sets.py", label="All data sets", icon=":material/arrow_back:")
if (chosen := choices.named(state.DATA_SET)) is None:
    st.write("Choose one of the data sets to see its records.")
else:
    show(chosen)
