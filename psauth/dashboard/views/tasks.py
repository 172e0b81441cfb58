"""Tasks: of one run, or of the newest runs of a workflow."""

from __future__ import annotations

import streamlit as st

from psauth.dashboard import state
from psauth.dashboard.loading import nouns as loaders
from psauth.dashboard.parts import choices, columns, scope, tables, waiting
from psauth.reading.endpoints import TASK_STATUSES


def show() -> None:
    """The page."""
    st.title("Tasks")
    runs = scope.chosen_runs("tasks")
    read = loaders.tasks(state.here(), runs)
    loaded = waiting.ready(read)
    count = len(loaded.frame)
    tables.facts(read, loaded, f"{count:,} {tables.plural('task', count)}{scope.of(loaded, runs)}")
    if loaded.frame.empty:
        st.write("There are no tasks here. Choose another workflow or another run.")
        return
    tasks = tables.with_names(loaded.frame, runs, "run")
    wanted = choices.one("status", "Status", {"": "Any status"} | {s: columns.WORDS.get(s, s) for s in TASK_STATUSES})
    if wanted:
        tasks = tasks[tasks["status"] == wanted]
    found = tables.search(tasks, ["name", "run_name", "completed_by_username"])
    if found.empty:
        st.write("No task matches. Clear the search and choose any status to see them all.")
        return
    tables.show(
        found,
        "tasks",
        {
            "name": columns.text("Name", width="medium"),
            "status": columns.status("Status"),
            "run_name": columns.text("Run", width="medium"),
            "due_date": columns.time("Due"),
            "completed_date": columns.time("Completed"),
            "completed_by_username": columns.text("Completed by"),
            "task_type": columns.status("Type"),
            "hidden": columns.flag("Hidden"),
            "link": columns.link(),
        },
    )
    tables.downloads(found, "tasks", of=count)


show()
