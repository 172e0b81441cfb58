"""Runs: the newest of a workflow or of all, as far back as wanted; one of them leads on to what is in it."""

from __future__ import annotations

import pandas as pd

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import choices, tables, view, waiting
from psauth.dashboard.parts.columns import link, moment, status, text
from psauth.dashboard.parts.view import View

RUNS = View(
    name="runs",
    noun="run",
    columns={
        "name": text("Name"),
        "status": status("Status"),
        "workflow_name": text("Workflow"),
        "created_date": moment("Created"),
        "created_by_username": text("Created by"),
        "due_date": moment("Due"),
        "updated_date": moment("Updated"),
        "link": link(),
    },
    empty="There are no such runs. Choose another workflow, any status or any time, or start one in Process Street.",
    cut="Older runs are not in this table. Choose more above, or a shorter time.",
    ways={"Tasks": ("tasks", state.RUN, "run_id"), "Form values": ("form_values", state.RUN, "run_id")},
)


def _with_names(runs: pd.DataFrame) -> pd.DataFrame:
    here = state.here()
    workflows = waiting.ready(loaders.workflows(here)).frame
    people = waiting.offered(loaders.users(here))
    return tables.with_people(tables.with_names(runs, workflows, "workflow"), people, "created_by")


def _count(loaded: Loaded) -> str:
    number = len(loaded.frame)
    return f"{'The newest ' if loaded.cut else ''}{number:,} {tables.plural('run', number)}"


newest = state.chosen(state.NEWEST)
read = loaders.runs(
    state.here(),
    state.chosen(state.WORKFLOW) or None,
    state.chosen(state.STATUS) or None,
    choices.since(),
    None if newest == "all" else int(newest),
)
view.show(RUNS, read, rows=_with_names, count=_count)
