"""Arguments: ids, names, frames; and what makes no sense is said before any request."""

import json
import re

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from psauth.reading.endpoints import ENDPOINTS
from psauth.reading.frames import frame
from tests.flow.parts import asked


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
    held = ps.runs().head(3)  # and with it the names of these runs
    expected = ps.tasks(runs=runs[:3])
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
