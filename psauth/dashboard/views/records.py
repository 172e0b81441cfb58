"""Records: those of one data set, a column a field."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import choices, columns, tables, waiting


def show() -> None:
    """The page."""
    title = st.title("Records")
    st.page_link("views/data_sets.py", label="All data sets", icon=":material/arrow_back:")
    here = state.here()
    data_set = choices.named("data_set")
    if data_set is None:
        st.write("Choose one of the data sets to see its records.")
        return
    sets = waiting.ready(loaders.data_sets(here)).frame
    name = next(iter(sets.loc[sets["data_set_id"] == data_set, "name"].dropna()), "Records")
    title.title(tables.literal(name))
    read = loaders.records(here, data_set, whole=choices.flag("all"))
    loaded = waiting.ready(read)
    count = len(loaded.frame)
    tables.facts(read, loaded, f"{'The first ' if loaded.cut else ''}{count:,} {tables.plural('record', count)}")
    if loaded.cut:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("There are more records than these.")
            choices.switch_on("all", "Read all")
    if loaded.frame.empty:
        st.write("This data set holds no records yet. Add some in Process Street, then press Reload.")
        return
    own = list(loaded.frame.attrs.get("field_ids", {}))
    found = tables.search(loaded.frame, [*own, "updated_by_username"])
    if found.empty:
        st.write("No record matches. Clear the search to see them all.")
        return
    looks = {c: columns.by_kind(found[c], c) for c in own}
    looks |= {"updated_date": columns.time("Updated"), "updated_by_username": columns.text("Updated by")}
    tables.show(found, "records", looks)
    tables.downloads(found, f"records-{name}", of=count)


show()
