"""Data sets: all of them; one of them leads on to its records."""

from __future__ import annotations

import json

import pandas as pd

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import view
from psauth.dashboard.parts.columns import moment, text
from psauth.dashboard.parts.view import View

DATA_SETS = View(
    name="data-sets",
    noun="data set",
    columns={
        "name": text("Name"),
        "psauth:holds": text("Fields"),
        "updated_date": moment("Updated"),
        "updated_by_username": text("Updated by"),
        "created_date": moment("Created"),
        "created_by_username": text("Created by"),
    },
    empty="There are no data sets here yet. Create one in Process Street, then press Reload.",
    ways={"Records": ("records", state.DATA_SET, "data_set_id")},
)


def _with_fields(sets: pd.DataFrame) -> pd.DataFrame:
    return sets.assign(**{"psauth:holds": sets["fields"].map(_field_names)})


def _field_names(fields: str) -> str:
    """The names in a data set's fields, which come as JSON."""
    try:
        return ", ".join(str(field["name"]) for field in json.loads(fields))
    except (ValueError, TypeError, KeyError):
        return ""


view.show(DATA_SETS, loaders.data_sets(state.here()), rows=_with_fields)
