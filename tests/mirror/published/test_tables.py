"""Tables: one moment for whoever reads, whatever is published meanwhile, and as Ibis and pandas have it."""

import gc
import json
import os
import subprocess
import sys
import threading

import pandas as pd
import pytest

from psauth.exceptions import ArgumentError, MirrorError
from psauth.mirror import publish as publishing
from psauth.mirror.place import Identity
from psauth.mirror.publish import READERS, publish, set_aside
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import LATER, NOON, a_record, an_answer


def files_of(folder, name="tasks"):
    return sorted(str(path) for path in (os.path.join(folder.url, name),) for path in walk(path))


def walk(path):
    for base, _, names in os.walk(path):
        yield from (os.path.join(base, name) for name in names if name.endswith(".parquet"))


def change(store, number=0, **task):
    store.write_runs([an_answer(number, "2026-01", at=LATER, **task)])


def test_before_the_first_sync_it_says_how_to_get_a_copy(place, folder):
    empty = Store.open(place, Identity("https://api.example/v1", "default"))
    with pytest.raises(MirrorError, match=r"no local copy in .* yet.*ps\.sync\(\)"):
        Mirror.open(empty, folder)


def test_a_store_that_was_never_published_is_published(open_mirror):
    assert open_mirror().counts()["runs"] == 6


def test_a_reader_stays_at_its_moment(store, folder, open_mirror):
    before = open_mirror()
    tasks = before.tasks
    change(store, name="Another")
    publish(store, folder)
    assert "Another" not in set(tasks.to_pandas()["name"])
    assert "Another" not in set(before.sql("select name from tasks")["name"])
    assert "Another" in set(open_mirror().tasks.to_pandas()["name"])


def test_the_latest_is_the_same_object_until_something_is_published(store, folder, open_mirror):
    first = open_mirror()
    assert Mirror.latest(first, store, folder) is first
    publish(store, folder)
    assert Mirror.latest(first, store, folder).number == first.number + 1


def test_the_latest_is_another_one_when_the_store_was_begun_anew(place, store, folder, open_mirror):
    """The new store counts its publications from 1 again."""
    before = open_mirror()
    set_aside(place)
    anew = Store.open(place, Identity("https://api.example/v1", "default"))
    change(anew, name="Another")
    publish(anew, folder)
    latest = Mirror.latest(before, anew, folder)
    assert latest.number == before.number
    assert latest.counts()["runs"] == 1


def test_the_tables_of_a_store_that_was_put_aside_go(place, store, folder, open_mirror, monkeypatch):
    open_mirror()
    assert "records_cost_centres" in folder.names()
    set_aside(place)
    anew = Store.open(place, Identity("https://api.example/v1", "default"))
    change(anew)
    publish(anew, folder)
    assert "records_cost_centres" in folder.names(), "somebody may still read it"
    monkeypatch.setattr(publishing, "GRACE", -1.0)
    publish(anew, folder)
    assert "records_cost_centres" not in folder.names()
    assert {"runs", "tasks"} <= folder.names()


def test_what_is_read_when_its_hour_is_over_goes_later(store, folder, open_mirror, monkeypatch):
    reader = open_mirror()
    store.write_list("data_sets", "", [], LATER)
    store.drop_lists("records", ["d1"])
    publish(store, folder)
    monkeypatch.setattr(publishing, "GRACE", -1.0)
    publish(store, folder)
    assert len(reader.records_cost_centres.to_pandas()) == 2
    del reader
    gc.collect()
    publish(store, folder)
    assert "records_cost_centres" not in folder.names()


def test_a_store_is_not_put_aside_while_it_is_published(place, store, folder, monkeypatch):
    monkeypatch.setattr(publishing, "PATIENCE", 0.2)
    with publishing._alone(place), pytest.raises(MirrorError):
        set_aside(place)
    assert place.store.exists()


def test_files_that_are_read_outlast_a_clean_up(store, folder, open_mirror, monkeypatch):
    monkeypatch.setattr(publishing, "GRACE", -1.0)
    reader = open_mirror()
    expected = reader.tasks.to_pandas()
    for number in range(3):
        change(store, name=f"Step {number}")
        publish(store, folder)
    assert len(files_of(folder)) == 4, "three months, and the one that is pinned"
    pd.testing.assert_frame_equal(reader.tasks.to_pandas(), expected)
    del reader
    change(store, name="Last")
    publish(store, folder)
    assert len(files_of(folder)) == 3


def test_files_stay_an_hour_for_who_reads_without_psauth(store, folder, open_mirror):
    publish(store, folder)
    before = files_of(folder)
    change(store, name="Another")
    publish(store, folder)
    assert set(before) < set(files_of(folder))


def test_a_reader_that_was_killed_pins_nothing(store, folder, place, monkeypatch, open_mirror):
    publish(store, folder)
    program = f"""
import os, sys
from pathlib import Path
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror
store = Store.open(Place(Path({str(place.folder)!r})), Identity("https://api.example/v1", "default"))
mirror = Mirror.open(store, DeltaFolder({folder.url!r}))
print("reading", flush=True)
sys.stdin.read()
"""
    child = subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with child:
        assert child.stdout.readline() == "reading\n"
        monkeypatch.setattr(publishing, "GRACE", -1.0)
        change(store, name="One")
        publish(store, folder)
        assert len(files_of(folder)) == 4
        child.kill()
        child.wait()
    change(store, name="Two")
    publish(store, folder)
    assert len(files_of(folder)) == 3
    assert list((place.folder / READERS).iterdir()) == []


def test_threads_share_it_each_with_its_own_cursor(open_mirror):
    mirror = open_mirror()
    answers = []

    def ask():
        answers.append((mirror.sql("select count(*) as n from tasks")["n"][0], len(mirror.tasks.to_pandas())))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [(12, 12)] * 8


def test_another_process_does_not_use_the_object_of_its_parent(store, folder, open_mirror, monkeypatch):
    mirror = open_mirror()
    monkeypatch.setattr(mirror, "process", -1)
    assert Mirror.latest(mirror, store, folder) is not mirror


def test_a_forked_child_is_told_to_be_spawned(store, folder, place):
    publish(store, folder)
    program = f"""
import os
from pathlib import Path
from psauth.exceptions import MirrorError
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror
store = Store.open(Place(Path({str(place.folder)!r})), Identity("https://api.example/v1", "default"))
folder = DeltaFolder({folder.url!r})
mirror = Mirror.open(store, folder)
if os.fork() == 0:
    try:
        Mirror.latest(mirror, store, folder)
    except MirrorError as error:
        print(error, flush=True)
    os._exit(0)
os.wait()
print(mirror.counts()["tasks"])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    refusal, count = done.stdout.splitlines()
    assert 'multiprocessing.get_context("spawn")' in refusal
    assert count == "12"


def test_expressions_come_back_as_the_frames_are(open_mirror):
    mirror = open_mirror()
    joined = mirror.tasks.join(mirror.runs, "run_id")
    frame = joined.group_by(joined.workflow_name, joined.status).agg(tasks=joined.count()).to_pandas()
    assert frame["tasks"].sum() == 12
    assert frame["status"].dtype == mirror.tasks.to_pandas()["status"].dtype
    assert mirror.tasks.count().to_pandas() == 12
    assert mirror.runs.created_date.max().to_pandas() == pd.Timestamp("2026-03-05T10:00:00Z")
    assert mirror.runs.status.to_pandas().dtype.name == "category"
    assert mirror.runs.due_date.max().execute() == pd.Timestamp("2026-03-20T00:00:00Z")
    assert mirror.tasks.filter(mirror.tasks.name == "nothing").completed_date.max().to_pandas() is None


def test_sums_and_differences_are_numbers_and_times(open_mirror):
    runs = open_mirror().runs
    active = runs.status.cases(("Active", 1), else_=0)
    frame = runs.select(length=runs.due_date - runs.created_date).to_pandas()
    assert str(frame["length"].dtype) == "timedelta64[us]"
    assert set(frame["length"]) == {pd.Timedelta("14D 14h")}
    assert runs.agg(active=active.sum()).to_pandas()["active"].dtype == "int64"
    assert active.sum().to_pandas() == 6


def test_a_table_that_is_not_there_is_refused_with_a_similar_one(open_mirror):
    mirror = open_mirror()
    with pytest.raises(AttributeError, match=r"no table 'task'.*tasks"):
        _ = mirror.task
    with pytest.raises(ArgumentError, match=r"no table 'task'.*tasks"):
        mirror["task"]


def test_it_says_how_old_what_is(store, folder):
    publish(store, folder, as_of=LATER)
    mirror = Mirror.open(store, folder)
    assert mirror.as_of == LATER
    ages = mirror.ages().set_index("table")
    assert ages.loc["tasks", "rows"] == 12
    assert ages.loc["tasks", "oldest"] == NOON
    assert ages.loc["tasks", "latest"] == NOON
    for name in ("runs", "rules", "assignments", "records_cost_centres", "form_values_onboarding", "changes"):
        assert (ages.loc[name, "oldest"] == NOON) == (ages.loc[name, "rows"] > 0), name
    assert pd.isna(ages.loc["field_options", "latest"])
    assert ages.dtypes.astype(str).tolist() == ["int64", "datetime64[us, UTC]", "datetime64[us, UTC]"]
    assert repr(mirror).startswith("Mirror(6 runs, 12 tasks, ")
    assert {"runs", "tasks"} < set(dir(mirror)) & set(mirror)
    assert len(mirror) == len(list(mirror))


def test_what_was_looked_at_again_and_is_as_before_is_as_young_as_that_look(store, folder, open_mirror):
    publish(store, folder)
    before = folder.version("tasks").number, folder.version("records").number
    store.write_runs([an_answer(0, "2026-01", at=LATER)])
    store.write_list("records", "d1", [a_record(1), a_record(2)], LATER)
    store.write_list("logic_rules", "w1", [{"id": "l1", "workflowRevisionId": "v1", "when": [1]}], LATER)
    publish(store, folder)
    assert (folder.version("tasks").number, folder.version("records").number) == before, "nothing was written"
    ages = open_mirror().ages().set_index("table")
    young = ["runs", "tasks", "form_values", "approvals", "form_values_onboarding"]
    assert set(ages.loc[young, "latest"]) == {LATER}
    assert set(ages.loc[young, "oldest"]) == {NOON}
    assert set(ages.loc[["records", "records_cost_centres", "rules"], "oldest"]) == {LATER}
    assert ages.loc["workflows", "latest"] == NOON


def test_a_publication_without_ages_is_read_all_the_same(store, folder):
    """As psauth noted them before: the ages of each part beside its rows."""
    content = dict(publish(store, folder).content)
    noted = json.loads(json.dumps(content))
    del noted["ages"]
    for table in noted["tables"].values():
        table["parts"] = {part: [*value, 1.0, 2.0] for part, value in table["parts"].items()}
    store.note_publication(noted, LATER)
    mirror = Mirror.open(store, folder)
    assert mirror.counts()["tasks"] == 12
    assert mirror.ages()["latest"].isna().all()
    again = publish(store, folder)
    assert json.loads(json.dumps(again.content))["tables"] == json.loads(json.dumps(content))["tables"]
    assert Mirror.open(store, folder).ages().set_index("table").loc["tasks", "latest"] == NOON
