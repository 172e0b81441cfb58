"""Loaders: what the pages read, one function a noun. A list is read as far as its first rows, or all of it when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pandas as pd

from psauth.client import ProcessStreet
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.read import Here, Loaded, Progress, Read
from psauth.reading.endpoints import RUNS
from psauth.reading.fetch import OnError
from psauth.reading.frames import frame

FIRST: Final = 1000
"""Rows of a list that are read without asking: at most 50 requests."""


def workflows(here: Here) -> Read:
    """All workflows."""
    return Read(here, ("workflows",), "the workflows", lambda ps, progress: ps.workflows(progress=progress))


def users(here: Here) -> Read:
    """The people: the first thousand."""
    return Read(here, ("users",), "the people", lambda ps, progress: ps.users(limit=FIRST, progress=progress))


def data_sets(here: Here) -> Read:
    """All data sets."""
    return Read(here, ("data_sets",), "the data sets", lambda ps, progress: ps.data_sets(progress=progress))


def runs(here: Here, workflow: str | None, status: str | None, since: str | None, newest: int | None) -> Read:
    """Runs, newest first: of a workflow or of all, of a status or of any, created since a day, so many or all."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        on_error: OnError = "keep" if newest is None else "raise"
        return ps.runs(workflow, status=status, since=since, limit=newest, progress=progress, on_error=on_error)

    what = ("runs", workflow, status, since, newest)
    return Read(here, what, "the runs", work, endless=newest is None)


def tasks(here: Here, runs: pd.DataFrame) -> Read:
    """The tasks of these runs."""
    return _of_runs(here, "tasks", "the tasks", ProcessStreet.tasks, runs)


def form_values(here: Here, runs: pd.DataFrame) -> Read:
    """What was typed into the forms of these runs, one row a value."""
    return _of_runs(here, "form_values", "the form values", ProcessStreet.form_values, runs)


def _of_runs(
    here: Here,
    noun: str,
    name: str,
    method: Callable[..., pd.DataFrame],
    runs: pd.DataFrame,
    so_far: Loaded | None = None,
) -> Read:
    """What is in these runs; with `so_far`, an incomplete read of the same, only what is missing in it is asked for."""
    have = None if so_far is None else so_far.frame[~so_far.frame["run_id"].isin(list(so_far.missing))]
    wanted = runs if have is None else runs[~runs["run_id"].isin(have["run_id"])]

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        found = method(ps, runs=wanted, progress=progress, on_error="keep")
        if have is None:
            return found
        joined = pd.concat([have, found], ignore_index=True)
        joined.attrs = found.attrs
        return joined

    def rest(loaded: Loaded) -> Read:
        return _of_runs(here, noun, name, method, runs, loaded)

    what = (noun, *runs["run_id"])
    spent = 0 if so_far is None else so_far.requests
    return Read(here, what, name, work, plan=lambda ps: ps.plan(noun, runs=wanted), rest=rest, spent=spent)


def form_fields(here: Here, workflow: str) -> Read:
    """The form fields of a workflow, in the template's order: they name and order the columns of a wide table."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.form_fields(workflow, progress=progress)

    return Read(here, ("form_fields", workflow), "the form fields", work)


def run(here: Here, run_id: str) -> Read:
    """One run, for its name."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        answer = ps.get(f"/workflow-runs/{run_id}")
        return frame([answer if isinstance(answer, dict) else {}], RUNS)

    return Read(here, ("run", run_id), "the run", work)


def known_run(here: Here, run_id: str) -> pd.DataFrame | None:
    """A run out of the lists that were read already, so that its name costs no request."""
    for job in jobs.of(here.owner):
        if job.is_over and job.what[0] == "runs" and isinstance(loaded := job.peek(), Loaded):
            found = loaded.frame[loaded.frame["run_id"] == run_id]
            if not found.empty:
                return found
    return None


def records(here: Here, data_set: str, *, whole: bool) -> Read:
    """The records of a data set, one column a field: the first thousand, or all."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.records(data_set, limit=None if whole else FIRST, progress=progress, on_error="keep")

    return Read(here, ("records", data_set, whole), "the records", work, endless=whole)
