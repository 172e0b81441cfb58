"""Every noun as a frame: columns and dtypes as declared, rows as the raw pages have them, whatever goes wrong between."""

import json
import random
from collections import Counter
from datetime import datetime
from unittest.mock import ANY

import pandas as pd
import pytest
import requests
from pandas.testing import assert_frame_equal

from psauth.reading.endpoints import ENDPOINTS
from tests.dtypes import TEXT
from tests.flow.parts import SOME, asked, busiest, field_pairs, raw

pytestmark = pytest.mark.usefixtures("short_pauses")


def below(box, parents, path, key, **context):
    """The raw records of many lists, each with the names that stand in its path."""
    made = []
    for parent in parents:
        names = parent if isinstance(parent, dict) else {next(iter(context.values())): parent}
        made += [record | {f"@{n}": v for n, v in names.items()} for record in raw(box, path.format(**names), key)]
    return made


def one_off_ids(box):
    """Those there are; three are made where there are none."""
    for number in range(0 if box.company.one_offs else 3):
        body = {"name": f"Call {number}", "required": number == 1, "subtasks": [{"name": "Find the number"}]}
        headers = {"X-API-Key": box.api_key}
        requests.post(f"{box.api_url}/work/tasks", json=body, headers=headers, timeout=20).raise_for_status()
    return [*box.company.one_offs]


def task_pairs(box):
    run = next(r for r in box.company.runs if any(t.assignees for t in r.tasks))
    return [{"run_id": run.id, "task_id": task_id} for task_id in run.template.task_ids]


def workflow_lists(path, key):
    return lambda box: below(box, [t.id for t in box.company.templates], path, key, name="workflow_id")


def run_lists(path, key):
    return lambda box: below(box, [r.id for r in box.company.runs[:SOME]], path, key, name="run_id")


def every_workflow(box):
    return [t.id for t in box.company.templates]


def some_runs(box):
    return [r.id for r in box.company.runs[:SOME]]


NOUNS = {
    "workflows": (lambda ps, box: ps.workflows(), lambda box: raw(box, "workflows", "workflows")),
    "workflow_tasks": (
        lambda ps, box: ps.workflow_tasks(every_workflow(box)),
        workflow_lists("workflows/{workflow_id}/tasks", "tasks"),
    ),
    "form_fields": (
        lambda ps, box: ps.form_fields(every_workflow(box)),
        workflow_lists("workflows/{workflow_id}/form-fields", "fields"),
    ),
    "field_options": (
        lambda ps, box: ps.field_options(pd.DataFrame(field_pairs(box))),
        lambda box: below(box, field_pairs(box), "workflows/{workflow_id}/form-fields/{field_id}/options", "options"),
    ),
    "revisions": (
        lambda ps, box: ps.revisions(every_workflow(box)),
        workflow_lists("workflows/{workflow_id}/revisions", "data"),
    ),
    "runs": (lambda ps, box: ps.runs(), lambda box: raw(box, "workflow-runs/list", "data")),
    "tasks": (lambda ps, box: ps.tasks(runs=some_runs(box)), run_lists("workflow-runs/{run_id}/tasks", "tasks")),
    "form_values": (
        lambda ps, box: ps.form_values(runs=some_runs(box)),
        run_lists("workflow-runs/{run_id}/form-fields", "fields"),
    ),
    "approvals": (
        lambda ps, box: ps.approvals(runs=some_runs(box)),
        run_lists("workflow-runs/{run_id}/approvals", "approvals"),
    ),
    "assignments": (
        lambda ps, box: ps.assignments(tasks=pd.DataFrame(task_pairs(box))),
        lambda box: below(box, task_pairs(box), "workflow-runs/{run_id}/tasks/{task_id}/assignees", "assignees"),
    ),
    "comments": (
        lambda ps, box: ps.comments(workflow=every_workflow(box)),
        lambda box: [c for w in every_workflow(box) for c in raw(box, f"comments?workflowId={w}", "data")],
    ),
    "attachments": (lambda ps, box: ps.attachments(), lambda box: raw(box, "attachments", "data")),
    "data_sets": (lambda ps, box: ps.data_sets(), lambda box: raw(box, "data-sets", "dataSets")),
    "users": (lambda ps, box: ps.users(), lambda box: raw(box, "users", "users")),
    "folders": (lambda ps, box: ps.folders(), lambda box: raw(box, "folders", "data")),
    "pages": (lambda ps, box: ps.pages(), lambda box: raw(box, "pages", "data")),
    "schedules": (lambda ps, box: ps.schedules(), lambda box: raw(box, "scheduled-workflows", "data")),
    "work_items": (
        lambda ps, box: ps.work_items(assignee=busiest(box)),
        lambda box: raw(box, f"work/items?assigneeEmail={busiest(box)}", "data"),
    ),
    "one_off_tasks": (
        lambda ps, box: ps.one_off_tasks(one_off_ids(box)),
        lambda box: [ps_get(box, f"work/tasks/{i}")["data"] for i in one_off_ids(box)],
    ),
}
each = pytest.mark.parametrize("noun", NOUNS)


def ps_get(box, path):
    return requests.get(f"{box.api_url}/{path}", headers={"X-API-Key": box.api_key}, timeout=20).json()


def truth(noun, box):
    """What the columns of a noun hold, taken from the raw records by nothing but their paths; None is missing."""
    records = NOUNS[noun][1](box)
    columns = {c.name: [held(record, c) for record in records] for c in ENDPOINTS[noun].columns}
    if noun == "form_values":
        columns["value"] = [plain_value(record["data"]) for record in records]
    return columns


def held(record, column):
    if column.path == "links[App]":
        return next((link["href"] for link in record.get("links", []) if link["type"] == "App"), None)
    value = record
    for name in [column.path] if column.path.startswith("@") else column.path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    if value is not None and column.dtype == "time":
        return datetime.fromisoformat(value)
    if value is not None and column.dtype == "text" and not isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    return value


def plain_value(data):
    """The text of a value that is a text; ANY for what needs decoding, which test_values.py holds against literals."""
    inner = data.get("value") if isinstance(data, dict) and "value" in data else data
    return (inner or None) if inner is None or isinstance(inner, str) else ANY


def shown_in(result, name):
    return [None if pd.isna(value) else value for value in result[name]]


def test_every_noun_is_among_these():
    assert {*NOUNS, "records"} == {*ENDPOINTS}


@each
def test_a_noun_is_what_the_raw_pages_hold_and_asks_nothing_twice(box, ps, noun):
    expected = truth(noun, box)
    box.requests.clear()
    result = NOUNS[noun][0](ps, box)
    assert len(result) == len(next(iter(expected.values())))
    for name, values in expected.items():
        assert shown_in(result, name) == values, name
    assert result.attrs == {}
    assert set(asked(box).values()) == {1}
    assert len(result) > 0
    dtypes = {"text": TEXT, "time": "datetime64[us, UTC]", "flag": "boolean", "count": "Int64", "category": "category"}
    assert {c.name: dtypes[c.dtype] for c in ENDPOINTS[noun].columns}.items() <= {
        name: str(dtype) for name, dtype in result.dtypes.items()
    }.items()


def faults(box, rng, share, *, among=400):
    """So many of the next requests go wrong, each in one of the ways that pass."""
    ways = [
        {"kind": "reset"},
        {"kind": "drop"},
        {"kind": "truncate"},
        {"status": 500},
        {"kind": "html", "status": 200},
        {"kind": "html", "status": 502},
        {"status": 429, "headers": {"Retry-After": "0"}},
        {"status": 429, "headers": {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}},
    ]
    passed = 0  # every planned fault counts the unharmed requests before it
    for _ in range(among):
        if rng.random() < share:
            box.knobs.fault("/v1/", skip=passed, **rng.choice(ways))
        else:
            passed += 1


@pytest.mark.parametrize("noun", ["tasks", "form_values", "approvals", "workflow_tasks", "form_fields", "assignments"])
@pytest.mark.parametrize("share", [0.05, 0.2])
def test_whatever_goes_wrong_now_and_then_the_frame_is_the_truth(box, ps, noun, share):
    expected = NOUNS[noun][0](ps, box)
    for seed in range(2):
        faults(box, random.Random(f"{noun}{seed}"), share)
        box.requests.clear()
        assert_frame_equal(NOUNS[noun][0](ps, box), expected)
        box.knobs.faults.clear()
        answered = Counter((r.path, *sorted(r.query.items())) for r in box.requests.matching("/v1/") if r.status == 200)
        assert answered, "something was read"


def test_a_workflow_s_runs_are_read_through_faults_too(box, ps):
    template = Counter(r.template.id for r in box.company.runs).most_common(1)[0][0]
    expected = ps.tasks(workflow=template)
    for seed in range(3):
        faults(box, random.Random(seed), 0.2)
        assert_frame_equal(ps.tasks(workflow=template), expected)
        box.knobs.faults.clear()
