"""Scope: of which runs a page shows what is in them. One, named in the address, or the newest of a workflow."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import choices, tables, waiting


def chosen_runs(things: str) -> pd.DataFrame:
    """The runs; the page ends here with what there is to choose, when nothing is chosen or there are none."""
    here = state.here()
    if (run_id := choices.named("run")) is not None:
        return _one(run_id)
    workflows = waiting.ready(loaders.workflows(here)).frame
    with st.container(horizontal=True):
        workflow = choices.workflow(workflows, nothing="Choose a workflow")
        newest = choices.one("newest", "How many runs", choices.OF_RUNS)
    if workflow is None:
        st.write(f"Choose a workflow to see the {things} of its newest runs, or select a run on the page of runs.")
        st.page_link("views/runs.py", label="Go to the runs", icon=":material/arrow_forward:")
        st.stop()
    runs = waiting.ready(loaders.runs(here, workflow, None, None, int(newest))).frame
    if runs.empty:
        st.write("This workflow has no runs yet. Start one in Process Street, or choose another workflow.")
        st.stop()
    return runs


def of(loaded: Loaded, runs: pd.DataFrame) -> str:
    """Of how many runs something came; of an incomplete read, how many of them came whole."""
    if len(runs) == 1:
        return ""
    if not loaded.missing:
        return f" of {len(runs):,} runs"
    whole = set(loaded.frame["run_id"]) - set(loaded.missing)
    return f", {len(whole):,} of {len(runs):,} runs complete"


def _one(run_id: str) -> pd.DataFrame:
    """One run, with the ways to what else there is of it."""
    here = state.here()
    runs = loaders.known_run(here, run_id)
    if runs is None:
        runs = waiting.ready(loaders.run(here, run_id)).frame
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"**{tables.literal(tables.called(runs.iloc[0]))}**", width="content")
        st.page_link("views/tasks.py", label="Tasks", query_params={"run": run_id}, icon=":material/task_alt:")
        st.page_link(
            "views/form_values.py", label="Form values", query_params={"run": run_id}, icon=":material/edit_note:"
        )
        st.page_link(
            "views/runs.py",
            label="All runs of this workflow",
            query_params={"workflow": str(runs["workflow_id"].iloc[0])},
            icon=":material/arrow_back:",
        )
    return runs
