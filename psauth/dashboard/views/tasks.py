"""Tasks: of one run, of one person over all workflows, or of the newest runs of a workflow or of all."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import choices, scope, tables, view, waiting
from psauth.dashboard.parts.columns import link, moment, status, text
from psauth.dashboard.parts.task_rows import is_overdue, with_names
from psauth.dashboard.parts.text import plain
from psauth.dashboard.parts.view import View

TASKS = View(
    name="tasks",
    noun="task",
    columns={
        "name": text("Name"),
        "status": status("Status"),
        "due_date": moment("Due"),
        "psauth:overdue": status("Overdue"),
        "run_name": text("Run"),
        "workflow_name": text("Workflow"),
        "completed_date": moment("Completed"),
        "completed_by_username": text("Completed by"),
        "psauth:kind": text("Kind"),
        "link": link(),
    },
    empty="There are no tasks here. Choose another workflow, another person or another run.",
    no_match="No task matches. Clear the search and choose any status to see them all.",
    ways={"Form values": ("form_values", state.RUN, "run_id")},
)


def _count(loaded: Loaded, whose: str) -> str:
    number, overdue = len(loaded.frame), int(is_overdue(loaded.frame).sum())
    late = f", {overdue:,} overdue" if overdue else ""
    return f"{number:,} {tables.plural('task', number)}{whose}{late}"


def _chosen(tasks: pd.DataFrame) -> pd.Series:
    wanted = state.chosen(state.STATUS)
    kept = tasks["status"] == wanted if wanted else pd.Series(True, index=tasks.index)
    return kept & is_overdue(tasks) if state.chosen(state.DUE) else kept


def _runs_of(tasks: pd.DataFrame) -> pd.DataFrame:
    """The runs of a person's tasks, as far as they were read already; the others for a request each, if that is wanted."""
    here = state.here()
    known = loaders.known_runs(here)
    ids = tasks["run_id"].drop_duplicates()
    unknown = ids if known is None else ids[~ids.isin(known["run_id"])]
    if not unknown.empty:
        read = loaders.runs_by_id(here, unknown.tolist())
        if (copied := waiting.copied(read)) is not None:
            return copied.frame if known is None else pd.concat([known, copied.frame], ignore_index=True)
        words = f"Name {len(unknown):,} {tables.plural('run', len(unknown))} ({tables.cost(len(unknown))})"
        if read.find() is not None or st.button(words, type="tertiary", icon=":material/label:"):
            named = waiting.ready(read).frame
            known = named if known is None else pd.concat([known, named], ignore_index=True)
    return pd.DataFrame(columns=["run_id", "name", "workflow_id", "link"], dtype="str") if known is None else known


def _who(email: str) -> str:
    people = loaders.known_people(state.here())
    names = [] if people is None else people.loc[people["email"] == email, "username"].dropna().tolist()
    return names[0] if names else email


def show() -> None:
    """The view."""
    email = None if choices.named(state.RUN) else choices.email()
    if email is not None:
        read = loaders.tasks_of_person(state.here(), email, scope.chosen_workflow())
        loaded = waiting.ready(read)
        runs, whose = _runs_of(loaded.frame), f" of {plain(_who(email))}"
    else:
        runs = scope.chosen_runs("tasks", other=("form_values", "Form values"), also=", or a person to see theirs")
        read = loaders.tasks(state.here(), runs)
        loaded = waiting.ready(read)
        whose = scope.share_of_runs(loaded, runs)
    known = loaders.known_workflows(state.here())
    words = {} if known is None else choices.workflow_names(known)
    every = with_names(loaded.frame, runs, words)
    of_one_run = choices.named(state.RUN) is not None  # its name stands above the table
    shown = {name: look for name, look in TASKS.columns.items() if name != "run_name" or not of_one_run}
    view.show_rows(replace(TASKS, columns=shown), read, loaded, every, count=_count(loaded, whose), keep=_chosen)


show()
