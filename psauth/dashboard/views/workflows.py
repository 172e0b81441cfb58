"""Workflows: every workflow of the organisation; one of them leads on to its runs, tasks and forms."""

from __future__ import annotations

import pandas as pd

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import view
from psauth.dashboard.parts.choices import workflow_names
from psauth.dashboard.parts.columns import link, moment, text
from psauth.dashboard.parts.view import View

WORKFLOWS = View(
    name="workflows",
    noun="workflow",
    columns={
        "name": text("Name"),
        "description": text("Description"),
        "updated_date": moment("Updated"),
        "updated_by_username": text("Updated by"),
        "created_date": moment("Created"),
        "created_by_username": text("Created by"),
        "link": link(),
    },
    empty="There are no workflows here yet. Create one in Process Street, then press Reload.",
    ways={
        "Runs": ("runs", state.WORKFLOW, "psauth:words"),
        "Tasks": ("tasks", state.WORKFLOW, "psauth:words"),
        "Form values": ("form_values", state.WORKFLOW, "psauth:words"),
    },
)


def _with_words(workflows: pd.DataFrame) -> pd.DataFrame:
    """With the words for each workflow, as the address has them."""
    return workflows.assign(**{"psauth:words": workflows["workflow_id"].map(workflow_names(workflows))})


view.show(WORKFLOWS, loaders.workflows(state.here()), rows=_with_words)
