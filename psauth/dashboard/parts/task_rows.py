"""Task rows: what a person wants to know of a task, beyond what the service says of it."""

from __future__ import annotations

import pandas as pd


def is_overdue(tasks: pd.DataFrame) -> pd.Series:
    """Which tasks are open after their time; hidden ones, which nobody can see or complete, never are."""
    late = tasks["due_date"] < pd.Timestamp.now("UTC")
    return late & (tasks["status"] != "Completed") & ~tasks["hidden"].fillna(False).astype(bool)


def with_names(tasks: pd.DataFrame, runs: pd.DataFrame, workflow_names: dict[str, str]) -> pd.DataFrame:
    """With what a person calls the run and the workflow, and what is special about a task; the rest is usual.

    A run whose name is not known stands by its id. A task without a link of its own has that of its run.
    """
    of_run = runs.drop_duplicates("run_id").set_index("run_id")
    names, links, workflows = (of_run[column].dropna().to_dict() for column in ("name", "link", "workflow_id"))
    if "run_name" in tasks:
        names = tasks.dropna(subset=["run_name"]).set_index("run_id")["run_name"].to_dict() | names
    kinds = tasks["task_type"].astype("str").where(tasks["task_type"].notna() & (tasks["task_type"] != "Standard"), "")
    hidden = tasks["hidden"].fillna(False).map({True: "Hidden", False: ""})
    own_links = tasks["link"].dropna().to_dict()
    named = tasks.assign(
        run_name=[names.get(run, run) for run in tasks["run_id"]],
        workflow_name=[workflow_names.get(workflows.get(run, ""), "") for run in tasks["run_id"]],
        link=pd.Series([own_links.get(row, links.get(run)) for row, run in tasks["run_id"].items()], tasks.index),
        **{
            "psauth:overdue": is_overdue(tasks).map({True: "Overdue", False: None}),
            "psauth:kind": (kinds + " " + hidden).str.strip(),
        },
    )
    return named if len({*named["workflow_name"]} - {""}) > 1 else named.drop(columns="workflow_name")
