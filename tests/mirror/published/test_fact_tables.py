"""Facts as tables of the copy: what stands in them, and that only months whose facts can be others are made anew."""

from pathlib import Path

import pandas as pd
import pytest

from psauth.calendars.calendar import Calendar
from psauth.calendars.calendars import Calendars
from psauth.mirror import fact_tables, facts
from psauth.mirror.columns import FACTS, TYPES
from psauth.mirror.publication import Content
from psauth.mirror.publish import publish, set_calendars
from tests.mirror.published.invented import LATER, WORKFLOWS, a_person, a_run, an_answer

UTC_DAYS = Calendar("Mon-Sun", "00:00-24:00", zone="UTC")


@pytest.fixture
def published(store, folder):
    """Publishes; returns what the publication says."""
    return lambda **options: Content.from_json(publish(store, folder, **options).content)


def parts(content, name="run_facts"):
    return {part: value.mark for part, value in content.tables[name].parts.items()}


def changed(before, after, name="run_facts"):
    """The months whose facts were made anew."""
    old, new = parts(before, name), parts(after, name)
    return {month for month in old.keys() | new.keys() if old.get(month) != new.get(month)}


def made_anew(mirror, name):
    """The facts as one expression of all tables makes them."""
    if name == "run_facts":
        return facts.run_facts(mirror.runs, mirror.tasks, mirror.users, mirror.calendars)
    of_tasks = facts.task_facts(mirror.runs, mirror.tasks, mirror.workflow_tasks, mirror.calendars)
    return of_tasks if name == "task_facts" else facts.edges(made_anew(mirror, "run_facts"), of_tasks)


@pytest.mark.parametrize("name", FACTS)
def test_what_was_made_by_months_is_what_one_expression_of_all_makes(store, published, open_mirror, name):
    store.write_runs([an_answer(9, "2026-02", "w2", completedDate="2026-02-05T09:00:00Z", status="Completed")])
    published()
    mirror = open_mirror()
    keys = list(fact_tables.ORDER[name])
    kept, expected = (
        table.to_pandas().sort_values(keys).reset_index(drop=True) for table in (mirror[name], made_anew(mirror, name))
    )
    assert len(kept)
    pd.testing.assert_frame_equal(kept, expected[list(kept.columns)], check_dtype=False, check_categorical=False)


@pytest.mark.parametrize("name", FACTS)
def test_columns_are_of_the_types_that_the_layout_says(published, open_mirror, name):
    published()
    schema = open_mirror()[name].limit(1).to_pyarrow().schema
    assert {field.name: field.type for field in schema} == {f.name: TYPES[f.kind] for f in FACTS[name].fields}


def test_nothing_is_made_anew_where_nothing_has_changed(published):
    first, second = published(), published()
    assert {name: second.tables[name].version for name in FACTS} == {name: first.tables[name].version for name in FACTS}


@pytest.mark.parametrize("name", FACTS)
def test_a_run_that_changes_has_its_month_made_anew(store, published, name):
    before = published()
    store.write_runs(
        [an_answer(1, "2026-02", "w2", at=LATER, status="Completed", completedDate="2026-02-06T09:00:00Z")]
    )
    assert changed(before, published(), name) == {"2026-02"}


def test_a_run_that_is_deleted_is_in_no_facts(store, published, open_mirror):
    before = published()
    store.note_runs([], LATER, deleted=[a_run(2, "2026-03")])
    after = published()
    assert changed(before, after) == {"2026-03"}
    assert "r2" not in set(open_mirror().run_facts.to_pandas()["run_id"])


def test_another_order_of_a_template_is_that_of_the_months_that_have_its_runs(store, published, open_mirror):
    before = published()
    task = {"id": "t2", "name": "Step 2", "workflowId": "w2", "orderTree": "7"}
    store.write_list("workflow_tasks", "w2", [task], LATER)
    after = published()
    assert changed(before, after) == {"2026-01", "2026-02", "2026-03"}
    of_tasks = open_mirror().task_facts.to_pandas()
    assert set(of_tasks.loc[of_tasks["task_id"] == "t2", "place"]) == {7}


def test_somebody_who_becomes_a_robot_is_one_in_the_facts(store, published, open_mirror):
    before = published()
    assert not open_mirror().run_facts.to_pandas()["started_by_robot"].any()
    store.write_list("users", "", [a_person(1) | {"email": "api-7@process.st"}, a_person(2)], LATER)
    assert changed(before, published()) == {"2026-01", "2026-02", "2026-03"}
    assert open_mirror().run_facts.to_pandas()["started_by_robot"].all()


def test_somebody_whom_no_run_names_changes_nothing(store, published):
    before = published()
    store.write_list("users", "", [a_person(1), a_person(2), a_person(3)], LATER)
    assert changed(before, published()) == set()


def test_a_calendar_is_kept_with_the_copy(store, folder, published, open_mirror):
    published()
    publication = set_calendars(store, folder, Calendars(UTC_DAYS))
    assert Content.from_json(publication.content).calendars == Calendars(UTC_DAYS)
    of_tasks = open_mirror().task_facts.to_pandas().dropna(subset="hours")
    assert len(of_tasks)
    assert of_tasks["working_hours"].tolist() == pytest.approx(of_tasks["hours"].tolist())
    assert published().calendars == Calendars(UTC_DAYS)


def test_a_calendar_of_one_workflow_counts_its_hours_alone(store, folder, published, open_mirror):
    before = open_mirror().task_facts.to_pandas()
    set_calendars(store, folder, open_mirror().calendars.with_calendar(UTC_DAYS, "w2"))
    after = open_mirror().task_facts.to_pandas()
    for workflow_id in WORKFLOWS:
        old, new = (each[each["workflow_id"] == workflow_id].dropna(subset="hours") for each in (before, after))
        is_the_same = new["working_hours"].tolist() == old["working_hours"].tolist()
        assert is_the_same == (workflow_id == "w1")
    own = after[after["workflow_id"] == "w2"].dropna(subset="hours")
    assert own["working_hours"].tolist() == pytest.approx(own["hours"].tolist())


def test_the_calendar_of_the_first_publication_stays_though_the_zone_of_the_machine_changes(
    published, open_mirror, monkeypatch
):
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    zone = published().calendars.zone
    monkeypatch.setenv("TZ", "America/Lima")
    assert open_mirror().calendars.zone == published().calendars.zone == zone


def test_facts_that_are_made_otherwise_are_all_made_anew(published, monkeypatch):
    before = published()
    monkeypatch.setattr(fact_tables, "VERSION", fact_tables.VERSION + 1)
    assert changed(before, published()) == {"2026-01", "2026-02", "2026-03"}


def test_facts_that_are_damaged_are_made_again(published, folder, open_mirror):
    content = published()
    expected = open_mirror().edges.to_pandas()
    file = folder.version("edges", content.tables["edges"].version).files[0]
    with (Path(folder.url) / "edges" / file.path).open("r+b") as damaged:
        damaged.truncate(10)
    pd.testing.assert_frame_equal(open_mirror().edges.to_pandas(), expected)
