"""Loaders: what the pages read, one function a noun. A list is read as far as its first rows, or all of it when asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import pandas as pd

from psauth.client import ProcessStreet
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.read import Here, Loaded, Progress, Read
from psauth.reading import endpoints as e
from psauth.reading.endpoints import Endpoint
from psauth.reading.frames import frame
from psauth.reading.incomplete import REST, Incomplete

PAGE: Final = 20
"""Records in one answer of the service."""
FIRST: Final = 1000
"""Rows of a list that are read without asking: at most 50 requests."""


def workflows(here: Here) -> Read:
    """All workflows."""
    return Read(here, ("workflows",), "the workflows", lambda ps, progress: ps.workflows(progress=progress))


def users(here: Here) -> Read:
    """The people: the first thousand."""
    return Read(here, ("users",), "the people", lambda ps, progress: _first(ps, e.USERS, {}, FIRST, progress))


def data_sets(here: Here) -> Read:
    """All data sets."""
    return Read(here, ("data_sets",), "the data sets", lambda ps, progress: ps.data_sets(progress=progress))


def runs(here: Here, workflow: str | None, status: str | None, since: str | None, newest: int | None) -> Read:
    """Runs, newest first: of a workflow or of all, of a status or of any, created since a day, so many or all."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        if newest is None:
            return ps.runs(workflow=workflow, status=status, since=since, progress=progress, on_error="keep")
        query = {"workflowId": workflow, "status": status}
        return _first(ps, e.RUNS, query, newest, progress, since=since)

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
        return frame([answer if isinstance(answer, dict) else {}], e.RUNS)

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
        def until(done: int, total: int | None) -> bool:
            return progress(done, total) and (whole or done < FIRST)

        found = ps.records(data_set, progress=until, on_error="keep")
        if not whole and len(found) >= FIRST:
            found.attrs["cut"] = bool(Incomplete.of(found))
            Incomplete().mark(found)
        return found

    return Read(here, ("records", data_set, whole), "the records", work, endless=whole)


def _first(
    ps: ProcessStreet,
    endpoint: Endpoint,
    query: dict[str, Any],
    most: int,
    progress: Progress,
    *,
    since: str | None = None,
) -> pd.DataFrame:
    """The first rows of a list, asking for no page behind them; `.attrs["cut"]` when there may be more.

    `since` ends a list of runs, which come newest created first.
    """
    rows: list[dict[str, Any]] = []
    cut, stopped = False, False
    for record in ps.iterate(endpoint.path, **query):
        if since is not None and str((record.get("audit") or {}).get("createdDate", since)) < since:
            break
        rows.append(record)
        cut = len(rows) >= most
        stopped = len(rows) % PAGE == 0 and not progress(len(rows), None)
        if cut or stopped:
            break
    found = frame(rows, endpoint)
    found.attrs["cut"] = cut
    if stopped and not cut:
        found = Incomplete({REST: f"Stopped after {len(rows):,}."}).mark(found)
    return found
