"""Loaders: what the views read, one function a noun. A list is read as far as its first rows, or all of it when asked."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import pandas as pd

from psauth.client import ProcessStreet
from psauth.dashboard.loading import copied
from psauth.dashboard.loading.copies import copies
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.loading.read import Here, Loaded, Progress, Read
from psauth.exceptions import NotFound
from psauth.reading.endpoints import RUNS
from psauth.reading.fetch import OnError
from psauth.reading.frames import frame

PAGE: Final = 20
"""Records in one answer of the service."""
FIRST: Final = 1000
"""Rows of a list that are read without asking: at most 50 requests."""


def workflows(here: Here) -> Read:
    """All workflows."""
    return Read(
        here,
        ("workflows",),
        "the workflows",
        lambda ps, progress: ps.workflows(progress=progress),
        copy=partial(copied.whole, noun="workflows"),
    )


def users(here: Here) -> Read:
    """The people: the first thousand."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.users(limit=FIRST, progress=progress)

    copy = partial(copied.whole, noun="users")
    return Read(here, ("users",), "the people", work, most=FIRST // PAGE, copy=copy)


def data_sets(here: Here) -> Read:
    """All data sets."""
    return Read(
        here,
        ("data_sets",),
        "the data sets",
        lambda ps, progress: ps.data_sets(progress=progress),
        copy=partial(copied.whole, noun="data_sets"),
    )


def runs(here: Here, workflow: str | None, status: str | None, since: str | None, newest: int | None) -> Read:
    """Runs, newest first: of a workflow or of all, of a status or of any, created since a day, so many or all."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        on_error: OnError = "keep" if newest is None else "raise"
        return ps.runs(workflow, status=status, since=since, limit=newest, progress=progress, on_error=on_error)

    what = ("runs", workflow, status, since, newest)
    most = None if newest is None else newest // PAGE
    copy = partial(copied.runs, workflow=workflow, status=status, since=since, newest=newest)
    return Read(here, what, "the runs", work, most=most, endless=newest is None, copy=copy)


def tasks_of_person(here: Here, email: str, workflow: str | None) -> Read:
    """The tasks of one person, of a workflow or of all: one list, whatever the number of runs."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.tasks(assignee=email, workflow=workflow, progress=progress, on_error="keep")

    copy = partial(copied.tasks_of_person, email=email, workflow=workflow)
    return Read(here, ("tasks_of_person", email, workflow), "the tasks", work, copy=copy)


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
        rows = method(ps, runs=wanted, progress=progress, on_error="keep")
        if have is None:
            return rows
        joined = pd.concat([have, rows], ignore_index=True)
        joined.attrs = rows.attrs
        return joined

    def rest(loaded: Loaded) -> Read:
        return _of_runs(here, noun, name, method, runs, loaded)

    what = (noun, *runs["run_id"])
    spent = 0 if so_far is None else so_far.requests
    copy = partial(copied.in_runs, noun=noun, run_ids=[*runs["run_id"]])
    return Read(here, what, name, work, plan=lambda ps: ps.plan(noun, runs=wanted), rest=rest, spent=spent, copy=copy)


def form_fields(here: Here, workflow: str) -> Read:
    """The form fields of a workflow, in the template's order: they name and order the columns of a wide table."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.form_fields(workflow, progress=progress)

    copy = partial(copied.form_fields, workflow=workflow)
    return Read(here, ("form_fields", workflow), "the form fields", work, copy=copy)


def run(here: Here, run_id: str) -> Read:
    """One run, for its name."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        answer = ps.get(f"/workflow-runs/{run_id}")
        return frame([answer if isinstance(answer, dict) else {}], RUNS)

    return Read(here, ("run", run_id), "the run", work, copy=partial(copied.runs_by_id, run_ids=[run_id]))


def runs_by_id(here: Here, run_ids: Sequence[str]) -> Read:
    """Single runs, for their names: one request each. Those that are not there any more are left out."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        records = []
        for done, run_id in enumerate(run_ids):
            if not progress(done, len(run_ids)):
                break
            with contextlib.suppress(NotFound):
                records.append(ps.get(f"/workflow-runs/{run_id}"))
        return frame([record for record in records if isinstance(record, dict)], RUNS)

    copy = partial(copied.runs_by_id, run_ids=run_ids)
    return Read(here, ("runs_by_id", *run_ids), "the runs", work, copy=copy)


def known_runs(here: Here) -> pd.DataFrame | None:
    """The runs that were read already, so that their names cost no request."""
    frames = [loaded.frame for noun in ("runs", "runs_by_id") for loaded in _known(here, noun)]
    return pd.concat(frames, ignore_index=True) if frames else None


def known_run(here: Here, run_id: str) -> pd.DataFrame | None:
    """A run out of the lists that were read already."""
    runs = known_runs(here)
    rows = None if runs is None else runs[runs["run_id"] == run_id].head(1)
    return rows if rows is not None and not rows.empty else None


def known_people(here: Here) -> pd.DataFrame | None:
    """The people, where they were read already, or stand in the local copy."""
    if (loaded := copies.read(users(here))) is not None:
        return loaded.frame
    return next((loaded.frame for loaded in _known(here, "users")), None)


def known_workflows(here: Here) -> pd.DataFrame | None:
    """The workflows, where they were read already, or stand in the local copy."""
    if (loaded := copies.read(workflows(here))) is not None:
        return loaded.frame
    return next((loaded.frame for loaded in _known(here, "workflows")), None)


def _known(here: Here, noun: str) -> list[Loaded]:
    results = [job.peek() for job in jobs.of(here.owner) if job.what[0] == noun]
    return [loaded for loaded in results if isinstance(loaded, Loaded)]


def records(here: Here, data_set: str, *, whole: bool) -> Read:
    """The records of a data set, one column a field: the first thousand, or all."""

    def work(ps: ProcessStreet, progress: Progress) -> pd.DataFrame:
        return ps.records(data_set, limit=None if whole else FIRST, progress=progress, on_error="keep")

    return Read(
        here,
        ("records", data_set, whole),
        "the records",
        work,
        most=None if whole else FIRST // PAGE,
        endless=whole,
        copy=partial(copied.records, data_set=data_set),
    )
