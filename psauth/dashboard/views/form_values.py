"""Form values: what was typed into the forms of one run, or of the newest runs of a workflow; a row a value or a run."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.loading.read import Loaded
from psauth.dashboard.parts import cells, scope, tables, view, waiting
from psauth.dashboard.parts.columns import moment, text
from psauth.dashboard.parts.view import View
from psauth.reading import values

BY_VALUE = View(
    name="form-values",
    noun="value",
    columns={
        "label": text("Field"),
        "psauth:shown": text("Value"),
        "run_name": text("Run"),
        "field_type": text("Kind"),
        "updated_date": moment("Updated"),
        "updated_by_username": text("Updated by"),
    },
    empty="Nothing has been typed into the forms of these runs. Choose another workflow or another run.",
)
BY_RUN = replace(BY_VALUE, name="form-values-wide", noun="run", columns={"run_name": text("Run", pinned=True)})


def _by_run(loaded: Loaded, runs: pd.DataFrame) -> tuple[View, pd.DataFrame]:
    """One row a run, one column a field in the template's order."""
    workflows = runs["workflow_id"].dropna().unique().tolist()
    fields = waiting.offered(loaders.form_fields(state.here(), workflows[0])) if len(workflows) == 1 else None
    wide = tables.with_names(values.wide(loaded.frame, fields), runs, "run")
    filled = [column for column in wide.columns if column not in ("run_id", "run_name")]
    looks, wide = cells.shown(wide, filled, "run_id")
    return replace(BY_RUN, columns={**BY_RUN.columns, **looks}), wide


def _by_value(loaded: Loaded, runs: pd.DataFrame) -> tuple[View, pd.DataFrame]:
    """One row a value; of one run, its name stands above the table already."""
    tidy = tables.with_names(loaded.frame, runs, "run").assign(**{"psauth:shown": readable(loaded.frame)})
    shown = {name: look for name, look in BY_VALUE.columns.items() if name != "run_name" or len(runs) > 1}
    return replace(BY_VALUE, columns=shown), tidy


def readable(tidy: pd.DataFrame) -> pd.Series:
    """The values as people write them: dates like all others on the screen, not as the service sends them."""
    dates = tidy["date"]
    words = cells.dates_in_words(dates, tidy["date_only"].fillna(False).astype("bool"))
    return tidy["value"].mask(dates.notna(), words)


def show() -> None:
    """The view."""
    runs = scope.chosen_runs("form values", other=("tasks", "Tasks"))
    read = loaders.form_values(state.here(), runs)
    loaded = waiting.ready(read)
    look, every = (_by_run if state.chosen(state.LAYOUT) == "run" else _by_value)(loaded, runs)
    number = len(loaded.frame)
    count = f"{number:,} {tables.plural('value', number)}{scope.share_of_runs(loaded, runs)}"
    view.show_rows(look, read, loaded, every, count=count)


show()
