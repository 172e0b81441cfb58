"""Form values: what was typed into the forms of one run, or of the newest runs of a workflow; a row a value or a run."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import choices, columns, scope, tables, waiting
from psauth.reading import values

RUN_BY_RUN = {"run": "One row a run", "value": "One row a value"}
VALUE_BY_VALUE = {"value": "One row a value", "run": "One row a run"}


def show() -> None:
    """The page."""
    st.title("Form values")
    runs = scope.chosen_runs("form values")
    read = loaders.form_values(state.here(), runs)
    loaded = waiting.ready(read)
    count = len(loaded.frame)
    tables.facts(read, loaded, f"{count:,} {tables.plural('value', count)}{scope.of(loaded, runs)}")
    if loaded.frame.empty:
        st.write("Nothing has been typed into the forms of these runs. Choose another workflow or another run.")
        return
    if choices.one("layout", "Layout", RUN_BY_RUN if len(runs) > 1 else VALUE_BY_VALUE) == "run":
        _wide(loaded.frame, runs)
    else:
        _tidy(loaded.frame, runs)


def _wide(tidy: pd.DataFrame, runs: pd.DataFrame) -> None:
    """One row a run, one column a field in the template's order."""
    workflows = runs["workflow_id"].dropna().unique().tolist()
    fields = waiting.offered(loaders.form_fields(state.here(), workflows[0])) if len(workflows) == 1 else None
    wide = tables.with_names(values.wide(tidy, fields), runs, "run")
    filled = [c for c in wide.columns if c not in ("run_id", "run_name")]
    found = tables.search(wide, ["run_name", *filled])
    if found.empty:
        st.write("No run matches. Clear the search to see them all.")
        return
    looks = {"run_name": columns.text("Run", pinned=True, width="medium")} | {
        c: columns.by_kind(wide[c], c) for c in filled
    }
    tables.show(found, "form-values-wide", looks)
    tables.downloads(found, "form-values-wide", of=len(wide))


def _tidy(tidy: pd.DataFrame, runs: pd.DataFrame) -> None:
    """One row a value."""
    named = tables.with_names(tidy, runs, "run")
    found = tables.search(named, ["label", "value", "run_name", "updated_by_username"])
    if found.empty:
        st.write("No value matches. Clear the search to see them all.")
        return
    looks = {
        "label": columns.text("Field", width="medium"),
        "value": columns.text("Value", width="medium"),
        "run_name": columns.text("Run", width="medium"),
        "field_type": columns.status("Kind"),
        "updated_date": columns.time("Updated"),
        "updated_by_username": columns.text("Updated by"),
    }
    tables.show(found, "form-values", looks)
    tables.downloads(found, "form-values", of=len(tidy))


show()
