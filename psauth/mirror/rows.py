"""Rows: the lists of a store as rows of the published tables, decoded as the frames are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import pandas as pd
import pyarrow as pa

from psauth.mirror.columns import (
    ASSIGNMENTS,
    CHANGES,
    RECORDS,
    RULE_NOUNS,
    RULES,
    RUNS,
    WHOLE,
    Field,
    of_column,
    of_form_field,
    to_arrow,
)
from psauth.mirror.records import Change, Record, StoredList, StoredRun
from psauth.reading import endpoints, values
from psauth.reading.endpoint import Endpoint
from psauth.reading.frames import TIME_DTYPE, frame, texts
from psauth.reading.names import Names

FORMAT: Final = 2
"""Counts up when records are decoded in another way: then every table is derived from the store again."""
OF_RUNS: Final[Mapping[str, Endpoint]] = {
    "tasks": endpoints.TASKS,
    "form_values": endpoints.FORM_VALUES,
    "approvals": endpoints.APPROVALS,
    "assignments": endpoints.RUN_ASSIGNMENTS,
}


def of_runs(runs: Sequence[StoredRun], names: Names) -> pa.Table:
    """Runs; of those that are gone also why, when they were last seen and first missed."""
    result = names.fill(frame([run.record for run in runs], endpoints.RUNS))
    result["gone"] = pd.Categorical([run.gone for run in runs], RUNS.fields[-3].known)
    for name in ("last_seen", "first_missed"):
        result[name] = pd.Series([getattr(run, name) if run.gone else None for run in runs], dtype=TIME_DTYPE)
    return to_arrow(result, RUNS.fields)


def of_lists(noun: str, lists: Iterable[StoredList], names: Names) -> pd.DataFrame:
    """What is in runs (tasks, form_values, approvals or assignments), as its frame."""
    records = [record for each in lists for record in _in_run(each)]
    endpoint = OF_RUNS[noun]
    return names.fill(values.form_values(records) if noun == "form_values" else frame(records, endpoint))


def of_people(lists: Iterable[StoredList], users: Mapping[str, Record]) -> pa.Table:
    """Assignments out of the lists of people's tasks; `users` by their e-mail address."""
    records = []
    for each in lists:
        user = users.get(each.owner.casefold(), {})
        person = {"id": user.get("id"), "username": user.get("username"), "email": user.get("email", each.owner)}
        records += [
            {**person, "@run_id": task.get("workflowRunId"), "@task_id": task.get("id")} for task in each.records
        ]
    return to_arrow(frame(records, endpoints.TASK_ASSIGNMENTS), ASSIGNMENTS.fields)


def of_whole(name: str, noun: str, lists: Sequence[StoredList]) -> pa.Table:
    """Rows of a table that is written as one, out of lists of this noun."""
    if name == "rules":
        return _of_rules(RULE_NOUNS[noun], lists)
    if name == "records":
        return _of_records(lists)
    endpoint = endpoints.ENDPOINTS[noun]
    of_workflow = "{workflow_id}" in endpoint.path
    records = [{"@workflow_id": each.owner, **r} if of_workflow else r for each in lists for r in each.records]
    return to_arrow(frame(records, endpoint), WHOLE[noun].fields)


def of_data_set(stored: StoredList, fields: Sequence[Record]) -> tuple[pa.Table, tuple[Field, ...]]:
    """The records of one data set, one column a field, and its columns."""
    result = values.records(stored.records, fields)
    kinds = {str(field.get("id")): field.get("fieldType") for field in fields}
    ids = result.attrs["field_ids"]
    own = {column.name: of_column(column) for column in endpoints.RECORDS.columns}
    kind_of = {"Number": "Number", "DateTime": "Date"}
    columns = tuple(
        own[name] if name in own else of_form_field(name, kind_of.get(str(kinds.get(ids[name])), "Text"), ids[name])
        for name in result.columns
    )
    return to_arrow(result, columns), columns


def of_changes(changes: Sequence[Change]) -> pa.Table:
    """What was seen to change, one row a value."""
    result = pd.DataFrame(
        {
            "change_id": pd.Series([change.id for change in changes], dtype="Int64"),
            **{name: texts([getattr(c, name) for c in changes]) for name in ("noun", "owner")},
            "run_id": texts([c.owner if c.noun in OF_RUNS else c.key if c.noun == "runs" else None for c in changes]),
            **{name: texts([getattr(c, name) for c in changes]) for name in ("key", "column", "old", "new")},
            **{
                name: pd.Series([getattr(change, name) for change in changes], dtype=TIME_DTYPE)
                for name in ("seen_before", "seen_at")
            },
        }
    )
    return to_arrow(result, CHANGES.fields)


def in_pieces(lists: Iterable[StoredList], size: int) -> Iterator[list[StoredList]]:
    """The lists in pieces of about so many records; no list is cut."""
    piece: list[StoredList] = []
    count = 0
    for each in lists:
        piece.append(each)
        count += len(each.records)
        if count >= size:
            yield piece
            piece, count = [], 0
    if piece:
        yield piece


def _of_records(lists: Iterable[StoredList]) -> pa.Table:
    """The records of all data sets, their cells as JSON by the id of their field."""
    records = [{"dataSetId": each.owner, **record} for each in lists for record in each.records]
    result = frame(records, endpoints.RECORDS)
    result["cells"] = texts([values.cells_of(record) for record in records])
    return to_arrow(result, RECORDS.fields)


def _of_rules(kind: str, lists: Iterable[StoredList]) -> pa.Table:
    """The rules of workflows, each as its JSON, with the task that it is of; that is missing for the rule of a run."""
    rules = [(each.owner, record) for each in lists for record in each.records]
    result = pd.DataFrame(
        {
            "rule_id": texts([record.get("id") for _, record in rules]),
            "kind": texts([kind for _ in rules]),
            "workflow_id": texts([owner for owner, _ in rules]),
            "revision_id": texts([record.get("workflowRevisionId") for _, record in rules]),
            "task_id": texts([record.get("@task_id") or None for _, record in rules]),
            "rule": texts([{k: v for k, v in record.items() if not k.startswith("@")} for _, record in rules]),
        }
    )
    return to_arrow(result, RULES.fields)


def _in_run(stored: StoredList) -> Iterator[Record]:
    """The records of a run's list, each with its run, whatever it says of itself."""
    run_id = stored.run_id or stored.owner
    for record in stored.records:
        yield {**record, "workflowRunId": run_id, "@run_id": run_id}
