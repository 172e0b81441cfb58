"""Damage: what a power cut, a full disk or a hand leaves of the published tables is found, and derived again from the store."""

import os
import shutil
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
from pandas.testing import assert_frame_equal

from psauth.cli.exports import export
from psauth.exceptions import MirrorError
from psauth.mirror.delta import DeltaFolder
from psauth.mirror.publish import publish
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import LATER, an_answer


@pytest.fixture
def truth(store, folder, open_mirror):
    """All tables as they should be read, by name."""
    publish(store, folder)
    mirror = open_mirror()
    return {name: mirror[name].to_pandas() for name in mirror}


def assert_true(mirror, truth):
    assert set(mirror) == set(truth)
    for name, frame in truth.items():
        assert_frame_equal(mirror[name].to_pandas(), frame, obj=name)


def remove(path):
    path.unlink()


def halve(path):
    os.truncate(path, path.stat().st_size // 2)


def empty(path):
    os.truncate(path, 0)


def blank(path):
    path.write_bytes(bytes(path.stat().st_size))


@pytest.mark.parametrize("damage", [remove, halve, empty, blank])
def test_a_damaged_file_is_published_again_when_it_is_opened(folder, truth, open_mirror, damage):
    version = folder.version("tasks")
    damage(Path(folder.paths("tasks", version.files)[1]))
    assert_true(open_mirror(), truth)
    after = folder.version("tasks")
    assert len(set(version.files) & set(after.files)) == 2, "the other months stay as they are"


@pytest.mark.parametrize("damage", [remove, halve, empty])
def test_a_damaged_log_is_published_again_when_it_is_opened(folder, truth, open_mirror, damage):
    damage(Path(folder.url) / "form_values" / "_delta_log" / f"{0:020}.json")
    assert_true(open_mirror(), truth)


def test_a_table_that_is_gone_comes_back(folder, truth, open_mirror):
    shutil.rmtree(Path(folder.url) / "runs")
    assert_true(open_mirror(), truth)


def test_a_folder_that_is_gone_comes_back(folder, truth, open_mirror):
    shutil.rmtree(folder.url)
    assert_true(open_mirror(), truth)


@pytest.mark.parametrize("seed", range(3))
def test_files_cut_at_random_come_back_whole(folder, truth, open_mirror, seed):
    random = Random(seed)
    files = sorted(path for path in Path(folder.url).rglob("*") if path.is_file())
    for path in random.sample(files, 12):
        os.truncate(path, random.randrange(path.stat().st_size))
    assert_true(open_mirror(), truth)


def test_damage_inside_a_file_is_found_when_it_is_read(store, folder, truth, open_mirror):
    mirror = open_mirror()
    path = Path(folder.paths("tasks", folder.version("tasks").files)[0])
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(60) + content[100:])
    with pytest.raises(MirrorError, match=r"damaged.*Ask again: ps\.mirror"):
        mirror.sql("select * from tasks")
    assert_true(Mirror.latest(mirror, store, folder), truth)


def scratch_its_end(path):
    """The names of the columns and the places of the pages stand there; its last eight bytes stay as they are."""
    content = path.read_bytes()
    path.write_bytes(content[:-120] + bytes(100) + content[-20:])


@pytest.mark.parametrize("table", ["tasks", "users"])
def test_damage_at_the_end_of_a_file_is_found_when_it_is_opened(folder, truth, open_mirror, table):
    scratch_its_end(Path(folder.paths(table, folder.version(table).files)[0]))
    assert_true(open_mirror(), truth)


def test_damage_inside_a_file_is_found_when_it_is_exported(store, folder, truth, open_mirror, tmp_path):
    mirror = open_mirror()
    path = Path(folder.paths("tasks", folder.version("tasks").files)[0])
    content = path.read_bytes()
    path.write_bytes(content[:40] + bytes(60) + content[100:])
    with pytest.raises(MirrorError, match="is damaged"):
        export(mirror, tmp_path / "copy", "csv", ZoneInfo("UTC"))
    again = Mirror.latest(mirror, store, folder)
    assert_true(again, truth)
    export(again, tmp_path / "copy", "csv", ZoneInfo("UTC"))


def test_damage_inside_a_file_is_found_when_another_table_is_derived_from_it(store, folder, truth, open_mirror):
    """A form has a field more: its table is derived anew out of the values of all months as they were published."""
    for path in folder.paths("form_values", folder.version("form_values").files):
        content = Path(path).read_bytes()
        Path(path).write_bytes(content[:40] + bytes(60) + content[100:])
    store.write_list("form_fields", "w1", [{"id": "f0", "label": "New", "fieldType": "Text"}], LATER)
    publish(store, folder)
    assert_frame_equal(open_mirror().form_values.to_pandas(), truth["form_values"])
    assert "New" in open_mirror().form_values_purchase_request.columns


def test_a_mistake_in_a_question_is_not_taken_for_damage(open_mirror, truth):
    mirror = open_mirror()
    for question in ("select regexp_matches(name, '(') from tasks", "select cast(name as integer) from tasks"):
        with pytest.raises(Exception, match="DuckDB cannot answer that"):
            mirror.sql(question)
    assert not mirror.is_torn


def test_a_publication_that_was_broken_off_is_not_seen(store, folder, truth, open_mirror, monkeypatch):
    """Some tables have a new version, and nobody noted it: readers stay with those that belong together."""
    monkeypatch.setattr(type(store), "note_publication", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Another")])
    with pytest.raises(KeyboardInterrupt):
        publish(store, folder)
    monkeypatch.undo()
    assert folder.version("tasks").number == 1
    assert_true(open_mirror(), truth)
    publish(store, folder)
    assert "Another" in set(open_mirror().tasks.to_pandas()["name"])
    assert open_mirror().counts()["tasks"] == 12


def test_what_a_dead_publisher_left_is_cleared_away(store, folder, truth):
    left = Path(folder.url) / "tasks" / "month=2026-01" / "left.parquet"
    left.write_bytes(b"half a fi")
    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Another")])
    publish(store, folder)
    assert not left.exists()


def test_a_full_disk_leaves_what_was_published(store, folder, truth, open_mirror, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Another")])
    monkeypatch.setattr("psauth.mirror.part_writer.os.fsync", full)
    with pytest.raises(MirrorError, match="No space left on device.*unchanged"):
        publish(store, folder)
    monkeypatch.undo()
    assert_true(open_mirror(), truth)


def test_a_place_that_cannot_be_written_is_named(store, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(MirrorError, match=r"file/tables cannot be written"):
        publish(store, DeltaFolder(str(tmp_path / "file" / "tables")))


def test_nobody_else_can_read_what_lies_beside_the_store(folder, truth):
    if os.name == "posix":
        open_folders = [p for p in Path(folder.url).glob("**/month=*") if p.stat().st_mode & 0o077]
        assert open_folders == []
        assert not Path(folder.url).stat().st_mode & 0o077
