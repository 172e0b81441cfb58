"""Publishing: what is derived from the store, and that only what changed is."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pandas.testing import assert_frame_equal

from psauth.mirror import publish as publishing
from psauth.mirror.columns import FACTS, LAYOUTS
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.publication import Content
from psauth.mirror.publish import publish
from psauth.mirror.report import SyncReport
from psauth.reading import values
from psauth.reading.endpoints import TASKS
from psauth.reading.frames import frame
from tests.mirror.published.invented import LATER, NOON, a_record, a_run, an_answer, lists_of

WIDE = {"form_values_purchase_request", "form_values_onboarding", "records_cost_centres"}


@pytest.fixture
def published(store, folder):
    """Publishes; returns what the publication says."""
    return lambda **options: Content.from_json(publish(store, folder, **options).content)


def versions(content):
    return {name: table.version for name, table in content.tables.items()}


def marks(content, name):
    return {part: value.mark for part, value in content.tables[name].parts.items()}


def files(folder, content, name):
    return {file.path for file in folder.version(name, content.tables[name].version).files}


def test_all_tables_are_there_with_all_their_rows(published, open_mirror):
    content = published()
    assert set(content.tables) == {*LAYOUTS, *WIDE}
    counts = open_mirror().counts()
    assert {name: counts[name] for name in ("runs", "tasks", "form_values", "approvals")} == {
        "runs": 6,
        "tasks": 12,
        "form_values": 12,
        "approvals": 6,
    }
    assert all(counts[name] for name in LAYOUTS if name not in ("changes", "field_options"))


def test_rows_are_those_of_the_frames(store, published, open_mirror):
    published()
    records = [task for each in store.lists("tasks") for task in each.records]
    expected = frame(records, TASKS).drop(columns=["run_name", "workflow_name"])
    read = open_mirror().tasks.to_pandas()
    assert read["run_name"].tolist() == [f"Run {run_id[1:]}" for run_id in read["run_id"]]
    assert set(read["workflow_name"]) == {"Purchase Request", "Onboarding"}
    assert_frame_equal(sorted_by_key(read[expected.columns]), sorted_by_key(expected))


def sorted_by_key(tasks):
    return tasks.sort_values(["run_id", "task_id"], ignore_index=True)


def test_runs_bear_the_names_of_workflow_and_creator(published, open_mirror):
    published()
    runs = open_mirror().runs.to_pandas().set_index("run_id")
    assert runs.loc["r1", ["workflow_name", "created_by_username"]].tolist() == ["Onboarding", "Person 1"]


def test_form_values_have_a_table_a_workflow(store, published, open_mirror):
    published()
    tidy = values.form_values([r for each in store.lists("form_values") for r in each.records])
    chosen = tidy[tidy["run_id"].isin(["r0", "r2", "r4"])]
    expected = values.wide(chosen, run_ids=["r0", "r2", "r4"])
    read = open_mirror().form_values_purchase_request.to_pandas().sort_values("run_id", ignore_index=True)
    assert_frame_equal(read[expected.columns], expected, check_column_type=False)


def test_data_sets_have_a_table_each(published, open_mirror):
    published()
    read = open_mirror().records_cost_centres.to_pandas()
    assert read[["record_id", "Name", "Budget"]].values.tolist() == [
        ["row1", "Centre 1", 100.0],
        ["row2", "Centre 2", 200.0],
    ]
    assert open_mirror().records.to_pandas()["cells"][0] == '{"c1": "Centre 1", "c2": 100}'


def test_what_belongs_to_people_and_workflows_says_so(published, open_mirror):
    published()
    mirror = open_mirror()
    assert mirror.assignments.to_pandas().values.tolist() == [["u1", "Person 1", "p1@example.com", "r1", "t1"]]
    assert mirror.form_fields.to_pandas()["workflow_id"].tolist() == ["w1"]
    rule = mirror.rules.to_pandas().iloc[0]
    assert rule.drop(["task_id", "rule"]).tolist() == ["l1", "logic", "w1", "v1"]
    assert rule[["task_id"]].isna().all()


def test_a_rule_names_its_task(store, published, open_mirror):
    published()
    rule = {"rule": {"dueOffset": "P2D"}}
    store.write_list("due_date_rules", "w1", [rule | {"@task_id": ""}, rule | {"@task_id": "t1"}], LATER)
    published()
    rules = open_mirror().rules.to_pandas().query("kind == 'due_date'").sort_values("task_id")
    assert rules["task_id"].fillna("the run").tolist() == ["t1", "the run"]
    assert rules["rule"].tolist() == ['{"rule": {"dueOffset": "P2D"}}'] * 2


def test_a_run_that_is_gone_stays_and_says_why(store, published, open_mirror):
    published()
    store.mark_gone("r2", "hidden", LATER)
    published()
    runs = open_mirror().runs.to_pandas().set_index("run_id")
    assert runs.loc["r2", "gone"] == "hidden"
    assert runs.loc["r2", "first_missed"] == LATER
    assert runs["gone"].notna().sum() == 1
    store.mark_back("r2")
    published()
    assert open_mirror().runs.to_pandas()["gone"].notna().sum() == 0


def test_nothing_unchanged_is_written(published):
    first = published()
    second = published()
    assert versions(first) == versions(second)


def test_a_changed_run_writes_its_month_and_no_other(store, folder, published):
    first = published()
    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Another step")])
    second = published()
    changed = {name for name in second.tables if versions(second)[name] != versions(first)[name]}
    monthly = {"runs", "tasks", "form_values", "approvals", "assignments", *FACTS}
    assert changed == monthly | {"form_values_purchase_request", "form_values_onboarding", "changes"}
    kept, written = files(folder, first, "tasks") & files(folder, second, "tasks"), files(folder, second, "tasks")
    assert {path.partition("/")[0] for path in kept} == {"month=2026-02", "month=2026-03"}
    assert {path.partition("/")[0] for path in written - kept} == {"month=2026-01"}


def test_a_workflow_with_a_new_name_has_it_in_all_months(store, published, open_mirror):
    published()
    store.write_list("workflows", "", [{"id": "w1", "name": "Buying"}, {"id": "w2", "name": "Onboarding"}], LATER)
    third = published()
    assert set(open_mirror().tasks.to_pandas()["workflow_name"]) == {"Buying", "Onboarding"}
    assert "form_values_purchase_request" in third.tables, "a table keeps its name"
    assert versions(published()) == versions(third)


def test_a_name_that_comes_later_is_filled_in(store, published, open_mirror):
    store.write_runs([an_answer(7, "2026-02", "w3")])
    published()
    assert open_mirror().sql("select workflow_name from runs where run_id = 'r7'").iloc[0].isna().all()
    store.write_list("workflows", "", [{"id": f"w{n}", "name": f"W{n}"} for n in (1, 2, 3)], LATER)
    published()
    assert open_mirror().sql("select workflow_name from runs where run_id = 'r7'").iloc[0, 0] == "W3"


def test_a_field_with_a_new_label_renames_its_column_in_all_months(store, published, open_mirror):
    published()
    store.write_list(
        "form_fields", "w1", [{"id": "f1", "label": "Amount", "key": "price", "fieldType": "Number"}], LATER
    )
    published()
    read = open_mirror().form_values_purchase_request.to_pandas()
    assert read.columns.tolist() == ["run_id", "Amount", "Colours", "In budget?"]
    assert read["Amount"].tolist() == [497.5] * 3


def test_a_new_field_is_a_new_column_everywhere(store, published, open_mirror):
    published()
    lists = lists_of("r0")
    lists["form_values"].append(
        {**lists["form_values"][0], "id": "f8", "label": "Due", "fieldType": "Date", "data": "2026-05-01"}
    )
    store.write_run(a_run(0, "2026-01"), lists, LATER)
    published()
    read = open_mirror().form_values_purchase_request.to_pandas().set_index("run_id")
    assert str(read["Due"].dtype) == "datetime64[us, UTC]"
    assert read["Due"].notna().to_dict() == {"r0": True, "r2": False, "r4": False}


def test_a_data_set_that_is_gone_has_no_table_any_more(store, folder, published, monkeypatch):
    published()
    monkeypatch.setattr(publishing, "GRACE", -1.0)
    store.drop_lists("records", ["d1"])
    content = published()
    assert "records_cost_centres" not in content.tables
    with pytest.raises(Exception, match="records_cost_centres"):
        folder.version("records_cost_centres")


def test_changes_are_added_to_and_stay(store, published, open_mirror):
    published()
    for minute in range(3):
        store.write_runs([an_answer(1, "2026-02", "w2", at=LATER + timedelta(minutes=minute), name=f"Step {minute}")])
        published()
    changes = open_mirror().changes.to_pandas()
    assert changes["change_id"].is_unique
    assert len(changes) == len(list(store.changes()))
    last = changes.iloc[-1]
    assert [last["noun"], last["run_id"], last["column"], last["old"], last["new"]] == [
        "tasks",
        "r1",
        "name",
        '"Step 1"',
        '"Step 2"',
    ]


def test_a_table_of_records_whose_data_set_changed_is_written_again(store, published, open_mirror):
    published()
    store.write_list("records", "d1", [a_record(1), a_record(2), a_record(3, c9="extra")], LATER)
    published()
    read = open_mirror().records_cost_centres.to_pandas()
    assert read["c9"].tolist()[-1] == "extra"
    assert len(read) == 3


def test_another_place_gets_everything(store, published, tmp_path):
    published()
    elsewhere = DeltaFolder(str(tmp_path / "elsewhere"), is_private=False)
    content = Content.from_json(publish(store, elsewhere).content)
    assert content.place == str(tmp_path / "elsewhere")
    assert set(versions(content).values()) == {0}
    assert (tmp_path / "elsewhere" / "tasks" / "_delta_log").is_dir()


def test_a_publication_says_up_to_when_it_is_current(published):
    assert published().as_of is None
    assert published(as_of=NOON).as_of == NOON
    assert published().as_of == NOON
    assert published(as_of=LATER).as_of == LATER


def test_an_empty_store_has_all_tables_too(place, folder):
    from psauth.mirror.place import Identity
    from psauth.mirror.store import Store
    from psauth.mirror.tables import Mirror

    store = Store.open(place, Identity("https://api.example/v1", "default"))
    now = datetime.now(UTC)
    store.note_report(SyncReport(began_at=now, ended_at=now, requests=9).to_dict())  # a company without a run
    publish(store, folder)
    mirror = Mirror.open(store, folder)
    assert set(mirror) == set(LAYOUTS)
    assert_frame_equal(mirror.tasks.to_pandas(), frame([], TASKS))
    assert_frame_equal(mirror.users.to_pandas(), mirror.users.to_pandas().iloc[:0])


def test_a_field_called_month_is_a_column_like_others(store, folder, published, open_mirror):
    lists = lists_of("r0")
    lists["form_values"].append({**lists["form_values"][2], "id": "f8", "label": "Month", "data": "May"})
    store.write_run(a_run(0, "2026-01"), lists, LATER)
    published()
    assert open_mirror().form_values_purchase_request.to_pandas()["Month"].dropna().tolist() == ["May"]
    path = next((Path(folder.url) / "form_values_purchase_request").glob("run_month=2026-01/*.parquet"))
    assert path.is_file()
