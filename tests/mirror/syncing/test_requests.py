"""What each kind of sync asks for, and that the copy is true afterwards."""

from datetime import UTC, datetime

import pytest

from psauth.mirror import lists, sync
from psauth.mirror.columns import LAYOUTS
from psauth.sandbox.company import migration
from tests.flow.parts import wait_until


def test_the_first_sync_asks_for_everything_once(copy):
    report = copy.sync()
    assert report.is_complete
    assert copy.differences() == []
    assert report.requests == sum(copy.asked.values())
    assert report.tables["runs"].added == len(copy.box.truth()["runs"]) == 50
    assert copy.asked["/workflow-runs/{}/assignees"] == 0
    approvals = sum(any(t["taskType"] == "Approval" for t in tasks) for tasks in copy.box.truth()["tasks"].values())
    assert copy.asked["/workflow-runs/{}/approvals"] >= approvals
    assert copy.asked_runs == set(copy.runs)


def test_the_report_has_what_a_forecast_has_read_and_calls_tables_as_the_copy_does(copy):
    copy.ps.plan_sync(progress=False)
    first, second = copy.sync(), copy.sync()
    truth = copy.box.truth()
    assert first.tables["workflows"].added == len(truth["workflows"])
    assert first.tables["users"].added == len(truth["users"])
    assert set(first.tables) <= set(LAYOUTS)
    assert first.tables["rules"].added == sum(
        len(each.records)
        for noun in ("logic_rules", "due_date_rules", "assignment_rules")
        for each in copy.store.lists(noun)
    )
    assert second.tables == {}, "it is said once"


def test_a_second_sync_of_nothing_new_is_two_requests(synced):
    before = synced.store.months()
    report = synced.sync()
    assert dict(synced.asked) == {"/workflows": 1, "/workflow-runs": 1}
    assert (report.requests, dict(report.tables), report.is_complete) == (2, {}, True)
    assert synced.store.months() == before


def test_only_what_changed_is_asked_for(synced):
    company = synced.box.company
    active = next(run for run in synced.runs.values() if run.status == "Active")
    field = next(v for v in synced.box.truth()["form_values"][active.run_id] if v["fieldType"] == "Text")
    company.edit_value(active.run_id, field["id"], {"value": "changed"})
    report = synced.sync()
    assert synced.asked_runs == {active.run_id}
    assert sum(synced.asked.values()) <= 2 + 5
    assert report.tables["form_values"].changed == 1
    assert [c.new for c in synced.store.changes() if c.column == "data.value"] == ['"changed"']
    assert synced.differences() == []


def test_a_new_run_a_closed_one_and_one_that_was_deleted(synced):
    company = synced.box.company
    first, second, third = [run.run_id for run in synced.runs.values() if run.status == "Active"][:3]
    started = company.start_run(company.templates[0].id)
    company.finish_run(first)
    company.archive_run(second)
    company.delete_run(third)
    report = synced.sync()
    assert synced.asked_runs == {started.id, first, second}
    assert synced.asked["/workflow-runs"] == 1
    assert synced.asked["/workflow-runs/{}"] == 0, "the search says that it was deleted"
    assert (synced.runs[third].gone, synced.runs[third].first_missed is None) == ("deleted", False)
    assert report.tables["runs"].gone == 1
    company.undelete_run(third)
    synced.sync()
    assert synced.runs[third].gone is None
    assert synced.asked_runs >= {third}
    assert synced.differences(runs_only=True) == []


@pytest.mark.parametrize("paged", [True, False])
def test_a_search_that_breaks_off_is_replaced_by_the_list(synced, paged):
    synced.box.knobs.search_paged, synced.box.knobs.search_limit = paged, 10
    company = synced.box.company
    changed = [run.run_id for run in synced.runs.values() if run.status == "Active"][:12]
    assert len(changed) == 12
    for number, run_id in enumerate(changed):
        company.rename_run(run_id, f"Run {number}")
    synced.sync()
    assert synced.asked["/workflow-runs/list"] >= 3
    assert synced.asked_runs == set(changed)
    assert synced.differences(runs_only=True) == []


def test_a_search_that_is_cut_is_enough_when_it_reaches_the_signpost(synced, no_lag):
    synced.box.knobs.search_limit = 10
    run_id = next(run.run_id for run in synced.runs.values() if run.status == "Active")
    synced.box.company.rename_run(run_id, "Another")
    synced.sync()
    assert synced.asked["/workflow-runs/list"] == 0
    assert synced.asked_runs == {run_id}


def test_a_full_sync_looks_at_everything(synced):
    synced.box.knobs.moves.clear()
    run_id, tasks = next(
        (run_id, tasks)
        for run_id, tasks in synced.box.truth()["tasks"].items()
        if sum(task["status"] == "NotCompleted" for task in tasks) > 3 and synced.runs[run_id].status == "Active"
    )
    task = next(task for task in tasks if task["status"] == "NotCompleted" and not task["hidden"])
    synced.box.company.complete_task(run_id, task["id"])
    synced.box.company.add_comment(run_id, task["id"], "done")
    assert synced.sync().tables == {}, "nothing told of it"
    assert len(synced.differences(runs_only=True)) == 1
    report = synced.sync(full=True)
    assert synced.asked_runs == set(synced.runs)
    assert synced.differences() == []
    assert report.tables["comments"].added == 1


def test_a_hidden_run_is_gone_and_comes_back(synced):
    company, email = synced.box.company, synced.box.company.staff.signers[0].email
    run_id = next(iter(synced.runs))
    company.hide_run(run_id, email)
    synced.sync(full=True)
    assert synced.asked["/workflow-runs/{}"] == 1
    assert synced.runs[run_id].gone == "hidden"
    assert synced.differences() == []
    company.show_run(run_id, email)
    synced.sync(full=True)
    assert synced.runs[run_id].gone is None
    assert synced.differences() == []


def test_a_lost_permission_marks_nothing(synced):
    company, email = synced.box.company, synced.box.company.staff.signers[0].email
    many = list(synced.runs)[:10]
    for run_id in many:
        company.hide_run(run_id, email)
    report = synced.sync(full=True)
    assert "a permission was lost" in " ".join(report.warnings)
    assert {run.gone for run in synced.runs.values()} == {None}
    for run_id in many:
        company.show_run(run_id, email)
    synced.sync(full=True)
    assert synced.differences() == []


def test_a_migrated_template_adds_and_removes(synced):
    workflow = next(run.record["workflowId"] for run in synced.runs.values() if run.status == "Active")
    moved = synced.box.company.migrate_template(workflow)
    synced.sync()
    assert synced.asked_runs == set(moved)
    assert synced.differences(runs_only=True) == []
    assert synced.asked["/workflows/{}/tasks"] == 1
    synced.sync(full=True)
    assert synced.differences() == []


def test_a_revision_that_moves_without_its_workflow_brings_all_of_the_template(synced):
    workflow = next(run.record["workflowId"] for run in synced.runs.values() if run.status == "Active")
    synced.box.company.migrate_template(workflow)
    now = datetime.now(UTC)
    with synced.store._database.writing() as db:
        new = lists.NewList("workflows", "", synced.box.truth()["workflows"], now)
        lists.put_lists(db, [new], lists.Tally())
        lists.make_stale(db, ["revisions"], workflow, before=now)
    synced.sync()
    assert synced.asked["/workflows/{}/tasks"] == synced.asked["/workflows/{}/form-fields"] == 1
    assert [each for each in synced.differences() if not each.startswith("assigned_tasks")] == []


def test_narrowed_to_a_workflow_and_then_not(copy):
    workflow = copy.box.truth()["workflows"][0]
    copy.sync(workflows=workflow["name"])
    runs = [run for run in copy.box.truth()["runs"] if run["workflowId"] == workflow["id"]]
    assert set(copy.runs) == {run["id"] for run in runs} != set()
    assert not copy.sync(workflows=[workflow["id"]]).tables
    assert copy.asked_runs == set()
    copy.sync()
    assert copy.asked_runs.isdisjoint(run["id"] for run in runs)
    assert copy.differences() == []


def test_narrowed_to_tables_and_then_not(copy):
    copy.sync(tables=["runs", "tasks"])
    assert copy.asked["/workflow-runs/{}/form-fields"] == copy.asked["/users"] == 0
    assert {each.noun for each in copy.store.lists("form_values")} == set()
    assert copy.sync(tables=["runs", "tasks"]).requests <= 2
    copy.sync()
    assert copy.differences() == []


def test_a_sync_of_one_table_leaves_the_other_lists_as_good_as_they_were(synced):
    synced.sync(tables=["runs"], full=True)
    synced.sync()
    assert synced.asked_runs == set()
    assert synced.differences() == []


@pytest.mark.parametrize(
    ("table", "noun"),
    [
        ("records", "records"),
        ("assignments", "assigned_tasks"),
        ("rules", "logic_rules"),
        ("field_options", "field_options"),
    ],
)
def test_narrowed_to_a_table_of_which_other_lists_tell_what_to_ask_for(copy, table, noun):
    copy.sync(tables=table)
    assert copy.runs == {}
    assert any(each.records for each in copy.store.lists(noun))


def test_a_sync_that_is_about_no_run_counts_none(copy):
    coming = copy.ps.plan_sync(progress=False)
    assert coming.runs == len(copy.box.truth()["runs"])
    assert copy.ps.plan_sync(tables="users", progress=False).runs == 0
    assert copy.sync(tables="users").runs_left == 0


def test_narrowed_to_what_began_lately_no_older_run_is_missing(synced):
    synced.store.note(**{"active runs": "1000"})
    newest = sorted((run["audit"]["createdDate"] for run in synced.box.truth()["runs"]), reverse=True)[9]
    report = synced.sync(since=newest)
    assert report.warnings == ()
    assert synced.asked["/workflow-runs/{}"] == 0
    assert synced.store.get_note("active runs") == "1000", "it was not walked"


def test_narrowed_to_a_workflow_of_which_a_walk_of_all_runs_has_told(synced):
    synced.sync(workflows=synced.box.truth()["workflows"][0]["name"])
    assert synced.asked["/workflow-runs/list"] == 0


@pytest.mark.parametrize("table", ["comments", "records", "attachments", "logic_rules", "field_options", "assignments"])
def test_narrowed_to_a_table_that_belongs_to_no_run(copy, table):
    copy.sync()
    before = {each.owner: each.asked_at for each in copy.store.lists(NOUNS.get(table, table))}
    assert copy.sync(tables=[table], full=True).narrowed
    assert copy.asked_runs == set()
    after = {each.owner: each.asked_at for each in copy.store.lists(NOUNS.get(table, table))}
    assert all(after[owner] > asked_at for owner, asked_at in before.items())
    assert before


NOUNS = {"assignments": "assigned_tasks"}


def test_narrowed_to_what_began_lately_and_then_not(copy):
    newest = sorted((run["audit"]["createdDate"] for run in copy.box.truth()["runs"]), reverse=True)[9]
    copy.sync(since=newest)
    assert len(copy.runs) == 10
    copy.sync()
    assert copy.differences() == []


def test_deleted_is_not_searched_where_the_service_refuses_it(copy):
    copy.box.knobs.fault("/v1/workflow-runs", "status", status=400)
    copy.sync()
    searches = [seen.query["status"] for seen in copy.box.requests if seen.path == "/v1/workflow-runs"]
    assert searches[0] == "Active,Completed,Archived,Deleted"
    assert set(searches[1:]) == {"Active,Completed,Archived"}
    assert copy.differences() == []


def test_runs_that_wait_only_when_the_lists_are_walked_are_read_although_a_thread_has_looked_before(
    synced, monkeypatch
):
    noting = sync.Sync._note_walked

    def note_late(self, *its):
        wait_until(lambda: self._supply._dry and not self._supply._jobs, why="a thread that finds nothing to do")
        noting(self, *its)

    monkeypatch.setattr(sync.Sync, "_note_walked", note_late)
    report = synced.sync(full=True)
    assert report.runs_left == 0
    assert synced.asked_runs == {run.run_id for run in synced.runs.values()}


@pytest.mark.parametrize("narrowed", [{"tables": ["users"]}, {"since": "2026-01-01"}, {"workflows": True}])
def test_a_narrowed_sync_does_not_say_that_everything_is_current(copy, monkeypatch, narrowed):
    said = []
    monkeypatch.setattr(sync, "publish", lambda store, folder, as_of=None: said.append(as_of))
    if "workflows" in narrowed:
        narrowed = {"workflows": copy.box.truth()["workflows"][0]["name"]}
    assert copy.sync(**narrowed).narrowed
    report = copy.sync()
    assert not report.narrowed
    assert said == [None, report.began_at]


def test_values_of_runs_whose_form_has_lost_its_fields_stay(synced):
    """A template's new form counts for new runs; the values of older ones are there all the same."""
    company = synced.box.company
    values = {each.owner for each in synced.store.lists("form_values") if each.records}
    run = next(run for run in synced.runs.values() if run.status == "Active" and run.run_id in values)
    place = next(n for n, each in enumerate(company.templates) if each.id == run.record["workflowId"])
    parts = migration._parts(company.templates[place])
    for part in parts:
        part.fields.clear()
    company.templates[place] = migration._template(company.templates[place], parts)
    company.rename_run(run.run_id, "Moved")
    with synced.store._database.writing() as db:
        lists.make_stale(db, ["form_fields"], run.record["workflowId"], before=datetime.now(UTC))
    synced.sync()
    assert synced.asked["/workflow-runs/{}/form-fields"] == 1
    assert synced.differences(runs_only=True) == []


def test_lists_of_what_is_there_no_more_go_with_it(synced):
    """As if a workflow, a data set and a person had been there at an earlier sync."""
    for noun in ("form_fields", "revisions", "records", "assigned_tasks"):
        synced.store.write_list(noun, "gone", [{"id": "one"}], datetime.now(UTC))
    report = synced.sync()
    assert report.tables["records"].gone == 1
    for noun in ("form_fields", "revisions", "records", "assigned_tasks"):
        assert "gone" not in {each.owner for each in synced.store.lists(noun)}
    assert synced.differences() == []


def test_lists_stay_where_most_owners_are_missing_at_once(synced):
    """A permission was lost, and they come back with it."""
    company = synced.box.company
    emails = [user["email"] for user in synced.box.truth()["users"]]
    for template in company.templates[1:]:
        for email in emails:
            company.hide_workflow(template.id, email)
    synced.sync()
    assert {each.owner for each in synced.store.lists("form_fields")} >= {t.id for t in company.templates}
