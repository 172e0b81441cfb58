"""Strangers: what this store did not publish, in the folder where its tables lie, is never mixed with its own rows."""

import sqlite3
from contextlib import closing

import pytest
from pandas.testing import assert_frame_equal

from psauth.mirror.delta import DeltaFolder
from psauth.mirror.place import Identity, Place
from psauth.mirror.publish import publish
from psauth.mirror.store import Store
from psauth.mirror.tables import Mirror
from tests.mirror.published.invented import LATER, an_answer, fill

IDENTITY = Identity("https://api.example/v1", "default")


def copy(source, target):
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)


def texts_of(mirror):
    """Everything in words that stands in its tables."""
    return {name: mirror[name].to_pandas().to_csv() for name in mirror}


def test_a_store_that_was_restored_publishes_nothing_of_its_lost_future(store, folder, place, tmp_path):
    publish(store, folder)
    copy(place.store, tmp_path / "backup.db")
    store.write_runs([an_answer(0, "2026-01", at=LATER, name="Lost step", fields={"name": "Lost run"})])
    store.write_runs([an_answer(7, "2026-01", at=LATER, name="Lost step")])
    publish(store, folder)
    assert "Lost" in texts_of(Mirror.open(store, folder))["tasks"]
    copy(tmp_path / "backup.db", place.store)
    restored = Store.open(place, IDENTITY)
    restored.write_runs([an_answer(1, "2026-02", "w2", at=LATER, name="Kept step")])
    publish(restored, folder)
    mirror = Mirror.open(restored, folder)
    texts = texts_of(mirror)
    assert [name for name, text in texts.items() if "Lost" in text] == []
    assert "Kept step" in texts["tasks"]
    assert mirror.counts()["runs"] == len(mirror.runs.to_pandas()) == 6
    for name in ("runs", "tasks", "changes"):
        elsewhere = DeltaFolder(str(tmp_path / "elsewhere"))
        publish(restored, elsewhere)
        assert_frame_equal(mirror[name].to_pandas(), Mirror.open(restored, elsewhere)[name].to_pandas())


@pytest.fixture
def machines(tmp_path):
    """Two machines, each with a store of its own of one identity."""
    stores = {name: Store.open(Place(tmp_path / name / "mirror"), IDENTITY) for name in ("Here", "There")}
    for name, store in stores.items():
        fill(store)
        store.write_runs([an_answer(n, month, name=name) for n, month in enumerate(("2026-01", "2026-02", "2026-03"))])
        store.write_runs([an_answer(10, "2026-01", name=name)] if name == "Here" else [])
    return stores


def test_two_machines_that_publish_in_turn_at_one_place_mix_no_rows(machines, tmp_path):
    shared = DeltaFolder(str(tmp_path / "shared"), is_private=False)
    for turn in range(3):
        for name, store in machines.items():
            other = next(iter(machines.keys() - {name}))
            store.write_runs([an_answer(turn, f"2026-0{turn + 1}", at=LATER, name=f"{name} {turn}")])
            publish(store, shared)
            mirror = Mirror.open(store, shared)
            texts = texts_of(mirror)
            assert f"{name} {turn}" in texts["tasks"]
            assert [table for table, text in texts.items() if other in text] == []
            assert len(mirror.runs.to_pandas()) == (7 if name == "Here" else 6)
    for store in machines.values():  # and who reads, without having published last, has its own too
        mirror = Mirror.open(store, shared)
        assert mirror.counts()["runs"] == len(mirror.runs.to_pandas()) == store_runs(store)


def store_runs(store):
    with store.snapshot() as snap:
        return snap.count_runs()
