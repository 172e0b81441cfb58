"""Other ways to the same nouns: by a search, a person, a data set, one run."""

import json

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from psauth import ApiError
from psauth.reading.endpoints import ENDPOINTS
from psauth.reading.frames import frame
from tests.flow.parts import SOME, asked, busiest, field_pairs, raw


def test_runs_are_found_by_name_and_by_field_value(box, ps):
    run = next(r for r in box.company.runs if r.name)
    assert run.id in set(ps.search_runs(name=run.name[:6].upper())["run_id"])
    # The newest run need not have a text in it that somebody has typed already.
    values = ps.form_values(runs=ps.runs(limit=40))
    filled = values[(values["field_type"] == "Text") & values["value"].notna()].iloc[0]
    workflow = box.company.run(filled["run_id"]).template.id
    matching = ps.search_runs(fields={filled["field_id"]: filled["value"]}, workflow=workflow)
    assert filled["run_id"] in set(matching["run_id"])
    assert_frame_equal(matching.iloc[:0], frame([], ENDPOINTS["runs"]))


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


def test_tasks_of_several_people_come_once_each(box, ps):
    people = [busiest(box), *ps.users()["email"].head(6)]
    result = ps.tasks(assignee=people)
    held = {
        (r.id, r.template.task_ids[t.at])
        for r in box.company.runs if r.status == "Active"
        for t in r.tasks if {p.email for p in t.assignees} & set(people)
    }  # fmt: skip
    assert set(zip(result["run_id"], result["task_id"], strict=True)) == held
    assert len(result) == len(held)
    frame_of_people = ps.users()[ps.users()["email"].isin(people)]
    assert set(ps.tasks(assignee=frame_of_people)["task_id"]) == set(result["task_id"])
    assert len(ps.tasks(assignee=[])) == 0


def test_approvals_are_a_row_a_subject_or_the_decisions_alone(box, ps):
    held = [r for r in box.company.runs if r.decisions]
    runs = [r.id for r in held]
    every = ps.approvals(runs)
    assert len(every) == sum(len(r.decisions) for r in held)
    decisions = ps.approvals(runs, subjects=False)
    assert list(decisions.dtypes.items()) == list(every.dtypes.items())
    assert decisions["subject_task_id"].isna().all()
    expected = {
        (r.id, r.template.task_ids[at]): "Rejected"
        if any(d.rejected for d in r.decisions if d.at == at)
        else "Approved"
        for r in held
        for at in {d.at for d in r.decisions}
    }
    pairs = zip(decisions["run_id"], decisions["approval_task_id"], strict=True)
    assert dict(zip(pairs, decisions["status"], strict=True)) == expected
    assert len(decisions) == len(expected) < len(every)
    assert set(decisions["approval_id"]) <= set(every["approval_id"])


def test_the_newest_so_many_runs_take_the_fewest_requests(box, ps):
    held = box.company.runs
    box.requests.clear()
    result = ps.runs(limit=25)
    assert result["run_id"].tolist() == [r.id for r in held[:25]]
    assert len(box.requests.matching("/v1/")) == 2
    wanted = [r.id for r in held if r.status in ("Active", "Completed")][:25]
    assert ps.runs(status=["Active", "Completed"], limit=25)["run_id"].tolist() == wanted


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
    assert result.columns.tolist() == frame([], ENDPOINTS["one_off_tasks"]).columns.tolist()
    assert result.loc[0].dropna().to_dict() == {
        "task_id": "o1",
        "name": "Call Ünal",
        "status": "NotCompleted",
        "required": True,
        "subtasks": '[{"id": "s"}]',
        "created_date": pd.Timestamp("2026-11-20T09:00:00Z"),
    }
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
    with pytest.raises(ValueError, match=r"A DataFrame is not a \w+_id\. Expected letters"):
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


def test_fields_are_searched_by_label_where_the_workflow_is_known(box, ps):
    pair = field_pairs(box)[0]
    template = box.company.template(pair["workflow_id"])
    label = next(f[3].label for f in template.fields if f[0] == pair["field_id"])
    by_id = ps.search_runs(workflow=template.id, fields={pair["field_id"]: "a"})
    assert_frame_equal(ps.search_runs(workflow=template.id, fields={label.upper(): "a"}), by_id)
    with pytest.raises(ValueError, match=r"No form field is called 'Shoe size'. There are: "):
        ps.search_runs(workflow=template.id, fields={"Shoe size": "43"})
