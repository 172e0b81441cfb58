"""Scope: of which runs a view shows what is in them. One, named in the address, or the newest of a workflow or of all."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import choices, tables, waiting
from psauth.dashboard.parts.choices import ALL_WORKFLOWS, workflow_names
from psauth.dashboard.parts.text import plain


def chosen_workflow() -> str | None:
    """The id of the workflow that is chosen; None for all of them, or none yet."""
    workflow = state.chosen(state.WORKFLOW)
    return workflow if workflow and workflow != ALL_WORKFLOWS else None


def chosen_runs(things: str, *, other: tuple[str, str], also: str = "") -> pd.DataFrame:
    """The runs; the view ends here with what there is to choose, when nothing is chosen or there are none.

    `other` is the other view of a run, by its file and its title: one run leads there. `also` says what else may be chosen.
    """
    here = state.here()
    if (run_id := choices.named(state.RUN)) is not None:
        return _one_run(run_id, *other)
    if not state.chosen(state.WORKFLOW):
        st.write(f"Choose a workflow to see the {things} of its newest runs{also}. Or select a run among all runs.")
        st.page_link("views/runs.py", label="Go to the runs", icon=":material/arrow_forward:")
        st.stop()
    newest = int(state.chosen(state.NEWEST))
    runs = waiting.ready(loaders.runs(here, chosen_workflow(), None, None, newest)).frame
    if runs.empty:
        st.write("This workflow has no runs yet. Start one in Process Street, or choose another workflow.")
        st.stop()
    return runs


def share_of_runs(loaded: Loaded, runs: pd.DataFrame) -> str:
    """The end of a sentence that counts what was read: of how many runs; when a read stayed incomplete, of how many whole."""
    if len(runs) == 1:
        return ""
    if not loaded.missing:
        return f" of {len(runs):,} runs"
    whole = set(loaded.frame["run_id"]) - set(loaded.missing)
    return f", {len(whole):,} of {len(runs):,} runs complete"


def _one_run(run_id: str, view: str, title: str) -> pd.DataFrame:
    """One run, with the ways to what else there is of it."""
    here = state.here()
    runs = loaders.known_run(here, run_id)
    if runs is None:
        runs = waiting.ready(loaders.run(here, run_id)).frame
    workflow = str(runs["workflow_id"].iloc[0])
    workflows = waiting.offered(loaders.workflows(here))
    words = {} if workflows is None else workflow_names(workflows)
    with st.container(horizontal=True, vertical_alignment="center", key="called"):
        st.markdown(plain(tables.called(runs.iloc[0])), width="content")
        st.page_link(f"views/{view}.py", label=title, query_params={state.RUN: run_id}, icon=":material/arrow_forward:")
        st.page_link(
            "views/runs.py",
            label="All runs of this workflow",
            query_params={state.WORKFLOW: words.get(workflow, workflow)},
            icon=":material/arrow_back:",
        )
    return runs
