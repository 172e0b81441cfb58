"""Every noun as a frame: columns and dtypes as declared, rows as the raw pages have them, whatever goes wrong between."""

import json
import random
import re
from collections import Counter

import pandas as pd
import pytest
import requests
from pandas.testing import assert_frame_equal

import psauth
from psauth import ApiError, ServiceUnavailable
from psauth.reading.endpoints import ENDPOINTS
from psauth.reading.frames import frame
from psauth.reading.values import form_values
from tests.flow.test_reading import raw

SOME = 12
"""So many runs are enough for what is asked run by run."""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch):
    monkeypatch.setattr("psauth.api.retrying.BACKOFF", 0.001)


@pytest.fixture
def runs(box):
    return [run.id for run in box.company.runs[:SOME]]


@pytest.fixture
def workflows(box):
    return [template.id for template in box.company.templates]


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


def field_pairs(box):
    template = next(t for t in box.company.templates if any(f[3].kind == "Select" for f in t.fields))
    return [{"workflow_id": template.id, "field_id": f[0]} for f in template.fields if f[3].kind == "Select"]


def data_set_id(box):
    return box.company.library.data_sets[0]["id"]


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


def busiest(box):
    counts = Counter(
        p.email
        for r in box.company.runs
        if r.status == "Active"
        for t in r.tasks
        if not t.completed
        for p in t.assignees
    )
    return counts.most_common(1)[0][0]


def ps_get(box, path):
    return requests.get(f"{box.api_url}/{path}", headers={"X-API-Key": box.api_key}, timeout=20).json()


def truth(noun, box):
    records = NOUNS[noun][1](box)
    return form_values(records) if noun == "form_values" else frame(records, ENDPOINTS[noun])


def asked(box):
    """The API requests since the log was cleared, by what was asked."""
    return Counter((r.path, *sorted(r.query.items())) for r in box.requests.matching("/v1/"))


def test_every_noun_is_among_these():
    assert {*NOUNS, "records"} == {*ENDPOINTS}


@each
def test_a_noun_is_what_the_raw_pages_hold_and_asks_nothing_twice(box, ps, noun):
    expected = truth(noun, box)
    box.requests.clear()
    result = NOUNS[noun][0](ps, box)
    assert_frame_equal(result, expected)
    assert result.attrs == {}
    assert set(asked(box).values()) == {1}
    assert len(result) > 0
    dtypes = {"text": "str", "time": "datetime64[us, UTC]", "flag": "boolean", "count": "Int64", "category": "category"}
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
    expected = truth(noun, box)
    ps.get("/testAuth")  # from here on this client knows that the API is where it asks
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


# Arguments ------------------------------------------------------------------------------------------------------------


def test_workflows_by_id_by_name_and_by_frame(box, ps):
    template = box.company.templates[2]
    held = ps.workflows()
    expected = ps.workflow_tasks(template.id)
    for given in (
        template.blueprint.name.upper(),
        held[held["workflow_id"] == template.id],
        [template.id, template.id],
    ):
        assert_frame_equal(ps.workflow_tasks(given), expected)


def test_runs_by_id_by_series_and_by_frame(box, ps, runs):
    expected = ps.tasks(runs=runs[:3])
    held = ps.runs().head(3)
    for given in (held, held["run_id"], iter(runs[:3])):
        assert_frame_equal(ps.tasks(runs=given), expected)


def test_a_workflow_means_all_its_runs(box, ps):
    template = box.company.runs[0].template
    ids = [r.id for r in box.company.runs if r.template is template]
    box.requests.clear()
    result = ps.form_values(workflow=template.blueprint.name)
    assert set(asked(box).values()) == {1}
    assert_frame_equal(result, ps.form_values(runs=ids))


def test_wide_form_values_stand_in_the_template_s_order(box, ps):
    template = box.company.runs[0].template
    result = ps.form_values(workflow=template.id, wide=True)
    assert list(result.attrs["field_ids"].values()) == [f[0] for f in template.fields]
    assert result["run_id"].tolist() == [r.id for r in box.company.runs if r.template is template]
    tidy = ps.form_values(workflow=template.id)
    for name, field_id in result.attrs["field_ids"].items():
        there = set(tidy[(tidy["field_id"] == field_id) & tidy["value"].notna()]["run_id"])
        assert set(result[result[name].notna()]["run_id"]) == there, name


def test_a_run_in_which_nobody_could_type_anything_is_a_row_of_a_wide_frame(box, ps, runs):
    nothing = json.dumps({"fields": [], "links": []})
    box.knobs.fault(f"/v1/workflow-runs/{runs[1]}/form-fields", status=200, body=nothing)
    box.knobs.fault(f"/v1/workflow-runs/{runs[2]}/form-fields", status=404, body="{}")
    result = ps.form_values(runs=runs[:4], wide=True, on_error="keep")
    assert result["run_id"].tolist() == [runs[0], runs[1], runs[3]], "and one that was not read is none"
    assert result.iloc[1, 1:].isna().all()
    assert list(result.attrs["incomplete"]) == [runs[2]]


def test_an_unknown_name_lists_what_there_is(box, ps):
    with pytest.raises(ValueError, match=r"No workflow is called 'Nowhere'"):
        ps.workflow_tasks("Nowhere")
    with pytest.raises(ValueError, match=rf"; and {len(box.company.templates) - 10} more\.$"):
        ps.runs("Nowhere")
    with pytest.raises(ValueError, match=re.escape(box.company.library.data_sets[0]["name"])):
        ps.records("Nowhere")


def test_an_ambiguous_name_lists_the_candidates(box, ps):
    twin = box.company.templates[1]
    page = {"workflows": [{"id": i, "name": twin.blueprint.name} for i in ("a" * 22, "b" * 22)], "links": []}
    box.knobs.fault("/v1/workflows", "body", status=200, body=json.dumps(page))
    with pytest.raises(ValueError, match=r"2 workflows are called .*aaaa.*bbbb.*Give the id of one"):
        ps.runs(workflow=twin.blueprint.name)


WRONG = [
    lambda ps: ps.tasks(),
    lambda ps: ps.tasks(runs=["a" * 22], workflow="b" * 22),
    lambda ps: ps.tasks(runs=["a" * 22], assignee="a@example.com"),
    lambda ps: ps.tasks(runs=pd.DataFrame({"task_id": ["x"]})),
    lambda ps: ps.tasks(runs=[None]),
    lambda ps: ps.form_values(),
    lambda ps: ps.approvals(runs=[7]),
    lambda ps: ps.runs(status="Running"),
    lambda ps: ps.runs(status=7),
    lambda ps: ps.runs(since="yesterday"),
    lambda ps: ps.search_runs(status=["Active", "Gone"]),
    lambda ps: ps.assignments(tasks=pd.DataFrame({"task_id": ["x"]})),
    lambda ps: ps.assignments(tasks=pd.DataFrame({"task_id": ["x"], "run_id": ["y"]}), runs=["z"]),
    lambda ps: ps.field_options(pd.DataFrame({"field_id": ["x"]})),
    lambda ps: ps.comments(),
    lambda ps: ps.comments(task="x"),
    lambda ps: ps.comments(workflow="x", runs="y"),
    lambda ps: ps.comments(runs="r1", task="Sign the contract"),
    lambda ps: ps.attachments(created_by="Ada Lindqvist"),
    lambda ps: ps.pages(folder="People and places"),
    lambda ps: ps.search_runs(fields={"Salary": "52000"}),
    lambda ps: ps.search_runs(fields={"Salary": 52_000}, workflow="Employee Onboarding"),
    lambda ps: ps.search_runs(fields=["Salary"], workflow="Employee Onboarding"),
    lambda ps: ps.field_options("Salary"),
    lambda ps: ps.work_items(type="Chore"),
    lambda ps: ps.work_items(assignee="Bob"),
    lambda ps: ps.work_stats(assignee="Bob"),
    lambda ps: ps.plan(["tasks"], runs=[]),
    lambda ps: ps.get(None),
    lambda ps: ps.one_off_tasks([""]),
]


@pytest.mark.parametrize("number", range(len(WRONG)))
def test_what_makes_no_sense_is_said_before_any_request(box, ps, number):
    box.requests.clear()
    with pytest.raises(ValueError, match=r"xpected|There is no"):
        WRONG[number](ps)
    assert not box.requests.matching("/v1/")


def test_nothing_asked_for_is_an_empty_frame_without_a_request(box, ps):
    box.requests.clear()
    result = ps.tasks(runs=[])
    assert_frame_equal(result, frame([], ENDPOINTS["tasks"]))
    assert not box.requests.matching("/v1/")


# The other doors to the same nouns ------------------------------------------------------------------------------------


def test_runs_are_found_by_name_and_by_field_value(box, ps):
    run = next(r for r in box.company.runs if r.name)
    assert run.id in set(ps.search_runs(name=run.name[:6].upper())["run_id"])
    values = ps.form_values(runs=[run.id])
    filled = values[(values["field_type"] == "Text") & values["value"].notna()].iloc[0]
    found = ps.search_runs(fields={filled["field_id"]: filled["value"]}, workflow=run.template.id)
    assert run.id in set(found["run_id"])
    assert_frame_equal(found.iloc[:0], frame([], ENDPOINTS["runs"]))


def test_a_search_without_a_status_finds_every_status(box, ps):
    assert set(ps.search_runs()["run_id"]) == {r.id for r in box.company.runs}
    assert ps.search_runs(status="Completed")["status"].eq("Completed").all()


def test_tasks_of_a_person_are_those_of_their_active_runs(box, ps):
    email = busiest(box)
    result = ps.tasks(assignee=email)
    held = {
        (r.id, r.template.task_ids[t.at])
        for r in box.company.runs if r.status == "Active"
        for t in r.tasks if email in [p.email for p in t.assignees]
    }  # fmt: skip
    assert set(zip(result["run_id"], result["task_id"], strict=True)) == held
    assert len(result) == len(held)


def test_assignments_of_runs_have_no_task(box, ps, runs):
    result = ps.assignments(runs=runs)
    held = [(r, p["id"]) for r in runs for p in raw(box, f"workflow-runs/{r}/assignees", "assignees")]
    assert list(zip(result["run_id"], result["user_id"], strict=True)) == [*dict.fromkeys(held)], "each person once"
    assert result["task_id"].isna().all()


def test_records_are_the_data_set_s_by_id_and_by_name(box, ps):
    held = box.company.library.data_sets[0]
    box.requests.clear()
    result = ps.records(held["id"])
    assert set(asked(box).values()) == {1}
    rows = raw(box, f"data-sets/{held['id']}/records", "records")
    assert result["record_id"].tolist() == [r["id"] for r in rows]
    assert result.columns[1 : 1 + len(held["fields"])].tolist() == [f["name"] for f in held["fields"]]
    for field in held["fields"]:
        cells = [next((c["value"] for c in r["cells"] if c["fieldId"] == field["id"]), None) for r in rows]
        there = [c is not None for c in cells]
        assert result[field["name"]].notna().tolist() == there
        if field["fieldType"] == "Number":
            assert result[field["name"]].dropna().tolist() == [float(c) for c in cells if c is not None]
    assert_frame_equal(ps.records(held["name"]), result)


def test_a_data_set_may_be_a_frame_of_one(box, ps):
    every = ps.data_sets()
    assert_frame_equal(ps.records(every.head(1)), ps.records(every["data_set_id"][0]))
    with pytest.raises(ValueError, match=r"\d data sets were given. Expected one"):
        ps.records(every)


def test_one_off_tasks_are_read_one_by_one(box, ps, connected):
    body = {"data": {"id": "o1", "name": "Call Ünal", "status": "NotCompleted", "required": True, "subtasks": [{"id": "s"}],
                     "createdDate": "2026-11-20T09:00:00.000Z"}}  # fmt: skip
    box.knobs.fault("/v1/work/tasks/o1", "body", status=200, body=json.dumps(body))
    result = ps.one_off_tasks("o1")
    assert_frame_equal(result, frame([body["data"] | {"@task_id": "o1"}], ENDPOINTS["one_off_tasks"]))
    assert result.loc[0, "name"] == "Call Ünal"
    box.knobs.fault("/v1/work/tasks/o1", "body", status=200, body='{"data": []}')
    with pytest.raises(ApiError, match="no record under 'data'"):
        ps.one_off_tasks("o1")


def test_work_stats_are_three_numbers(box, ps):
    assert set(ps.work_stats(assignee=busiest(box))) == {"total", "upcoming", "overdue"}
    assert ps.work_stats(assignee=busiest(box))["total"] >= len(ps.work_items(assignee=busiest(box)))


def test_attachments_and_comments_of_a_run(box, ps):
    everything = ps.attachments()
    run = everything["run_id"].iloc[0]
    assert (
        ps.attachments(runs=run)["attachment_id"].tolist()
        == everything[everything["run_id"] == run]["attachment_id"].tolist()
    )
    person = everything["created_by_id"].iloc[0]
    assert set(ps.attachments(created_by=person)["created_by_id"]) == {person}
    comments = raw(box, f"comments?workflowRunId={run}", "data")
    assert ps.comments(runs=run)["comment_id"].tolist() == [c["id"] for c in comments]


def test_comments_and_attachments_of_a_frame_of_runs(box, ps):
    runs = ps.runs().head(SOME)
    for read, column in ((ps.comments, "comment_id"), (ps.attachments, "attachment_id")):
        each = [read(runs=run) for run in runs["run_id"]]
        assert sorted(read(runs=runs)[column]) == sorted(pd.concat(each)[column])


@pytest.mark.parametrize(
    "ask",
    [
        lambda ps, odd: ps.comments(runs="r1", task=odd),
        lambda ps, odd: ps.attachments(created_by=odd),
        lambda ps, odd: ps.pages(folder=odd),
    ],
)
def test_what_is_no_text_is_not_asked_for(box, ps, ask):
    box.requests.clear()
    with pytest.raises(ValueError, match=r"\w+ takes one text\. It was given a value of type DataFrame"):
        ask(ps, pd.DataFrame({"task_id": ["t1"]}))
    assert not box.requests


def test_a_name_is_looked_up_once_in_a_call_whatever_it_is_needed_for(box, ps):
    pair = field_pairs(box)[0]
    template = box.company.template(pair["workflow_id"])
    label = next(f[3].label for f in template.fields if f[0] == pair["field_id"])
    name = ps.workflows().set_index("workflow_id").loc[template.id, "name"]
    for ask in (
        lambda workflow: ps.form_values(workflow=workflow, wide=True),
        lambda workflow: ps.search_runs(workflow=workflow, fields={label: "a"}),
    ):
        by_id = ask(template.id)
        box.requests.clear()
        assert_frame_equal(ask(name), by_id)
        asked = [(r.path, *r.query.items()) for r in box.requests]
        assert len(asked) == len(set(asked))
        assert_frame_equal(ask(iter([name])), by_id)


# What did not come ----------------------------------------------------------------------------------------------------


def test_with_keep_the_rest_comes_and_the_frame_says_what_did_not(box, ps, runs):
    whole = ps.tasks(runs=runs)
    box.knobs.fault(f"/v1/workflow-runs/{runs[2]}/tasks", status=403, times=99, body='{"error": "Not yours"}')
    with pytest.raises(psauth.PermissionDenied, match="Not yours"):
        ps.tasks(runs=runs)
    result = ps.tasks(runs=runs, on_error="keep")
    assert_frame_equal(result, whole[whole["run_id"] != runs[2]].reset_index(drop=True))
    assert set(result.attrs["incomplete"]) == {runs[2]}
    assert "Not yours" in result.attrs["incomplete"][runs[2]]


def test_with_keep_a_list_of_runs_that_breaks_off_keeps_what_was_read(box, ps):
    template = Counter(r.template.id for r in box.company.runs).most_common(1)[0][0]
    many = [r.id for r in box.company.runs]
    box.knobs.fault("/v1/workflow-runs/list", status=403, times=99, skip=0, body='{"error": "Enough"}')
    result = ps.tasks(workflow=template, on_error="keep")
    assert len(result) == 0
    assert "Enough" in result.attrs["incomplete"]["the rest"]
    assert many


def test_what_stays_down_is_said_with_the_number_of_tries(box, ps, runs):
    box.knobs.fault(f"/v1/workflow-runs/{runs[0]}/tasks", status=500, times=99)
    with pytest.raises(ServiceUnavailable, match="tried 8 times"):
        ps.tasks(runs=runs[:2])


def test_progress_is_told_and_can_be_off(box, ps, runs, capfd):
    told = []
    ps.tasks(runs=runs, progress=lambda *seen: told.append(seen))
    assert told == sorted(told)
    assert {total for _, total in told} == {SOME}
    assert told[-1] == (SOME, SOME)
    ps.tasks(runs=runs, progress=False)
    assert capfd.readouterr().err == ""


def test_no_credential_goes_anywhere_else(box, other_box, ps, runs):
    box.knobs.next_host = other_box.url
    ps.tasks(runs=runs)
    ps.runs()
    assert len(other_box.requests) == 0


def test_fields_are_searched_by_label_where_the_workflow_is_known(box, ps):
    pair = field_pairs(box)[0]
    template = box.company.template(pair["workflow_id"])
    label = next(f[3].label for f in template.fields if f[0] == pair["field_id"])
    by_id = ps.search_runs(workflow=template.id, fields={pair["field_id"]: "a"})
    assert_frame_equal(ps.search_runs(workflow=template.id, fields={label.upper(): "a"}), by_id)
    with pytest.raises(ValueError, match=r"No form field is called 'Shoe size'. There are: "):
        ps.search_runs(workflow=template.id, fields={"Shoe size": "43"})
