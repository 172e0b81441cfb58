"""Where a mirror is, who may read it, and places that cannot be used."""

import os
import sqlite3
from dataclasses import replace

import pytest

from psauth.exceptions import MirrorError, SettingsError
from psauth.mirror import schema
from psauth.mirror.place import Identity, Place
from psauth.mirror.store import Store


def test_each_identity_has_a_folder_of_its_own(settings, identity):
    places = {
        Place.of(settings, each)
        for each in (identity, replace(identity, account="second"), replace(identity, api_url="https://other.example"))
    }
    assert len(places) == 3
    assert Place.of(settings, replace(identity, label="New")) == Place.of(settings, identity)
    assert all(place.folder.parent == settings.home_path / "mirror" for place in places)


def test_the_setting_names_another_folder(settings, identity, tmp_path):
    place = Place.of(settings.with_(mirror=str(tmp_path / "copies")), identity)
    assert place.folder.parent == tmp_path / "copies"
    with pytest.raises(SettingsError, match="PSAUTH_MIRROR"):
        Place.of(settings.with_(mirror="~nobody-at-all/x"), identity)


@pytest.mark.parametrize("account", ["../..", "a/b", "ä ö", "." * 300])
def test_no_account_leads_out_of_the_folder(settings, account):
    place = Place.of(settings, Identity("https://api.example", account))
    assert place.folder.parent == settings.home_path / "mirror"
    assert len(place.folder.name) < 100


def test_nobody_else_may_read_it(store, place, make_run, noon):
    store.write_run(make_run(), {}, noon)
    assert place.folder.stat().st_mode & 0o777 == 0o700
    with store.snapshot() as snap:
        assert list(snap.runs())
        names = [p for p in place.folder.iterdir() if p.name.startswith("store.db")]
        assert {p.stat().st_mode & 0o777 for p in names} == {0o600}


def test_a_file_in_the_way(place, identity):
    place.folder.parent.mkdir(parents=True)
    place.folder.write_text("mine")
    with pytest.raises(MirrorError, match=r"PSAUTH_MIRROR=/its/path"):
        Store.open(place, identity)
    assert place.folder.read_text() == "mine"


def test_a_folder_in_the_place_of_the_store(place, identity):
    place.store.mkdir(parents=True)
    with pytest.raises(MirrorError, match=r"store\.db.*a folder"):
        Store.open(place, identity)


def test_a_link_that_another_would_follow(place, identity, tmp_path):
    place.folder.mkdir(parents=True)
    (tmp_path / "theirs").write_text("theirs")
    os.link(tmp_path / "theirs", place.store)
    with pytest.raises(MirrorError, match="hard link"):
        Store.open(place, identity)
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_nobody_is_told_to_move_a_device_away(identity, settings):
    place = Place.of(settings.with_(mirror="/dev/null"), identity)
    with pytest.raises(
        MirrorError, match="/dev/null is a device. Expected a folder there; set PSAUTH_MIRROR to"
    ) as error:
        Store.open(place, identity)
    assert "ove it away" not in str(error.value)


def test_what_is_no_store(place, identity):
    place.prepare()
    place.store.write_bytes(b"not a database, but a letter to my aunt " * 50)
    with pytest.raises(MirrorError, match=r"damaged \(file is not a database\).*psauth sync --anew"):
        Store.open(place, identity)
    assert place.store.read_bytes().startswith(b"not a database")


def test_a_database_of_another_program(place, identity):
    place.prepare()
    with sqlite3.connect(place.store) as db:
        db.execute("CREATE TABLE songs (name TEXT)")
    db.close()
    with pytest.raises(MirrorError, match="damaged"):
        Store.open(place, identity)


def test_half_a_store(store, place, identity, make_run, noon):
    for number in range(200):
        store.write_run(make_run(f"r{number}"), {"tasks": [{"id": os.urandom(200).hex()}]}, noon)
    whole = place.store.read_bytes()
    place.store.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(MirrorError, match=r"store\.db is damaged"):
        Store.open(place, identity)


def test_a_store_of_a_newer_version(store, place, identity):
    store.note(schema=str(schema.SCHEMA_VERSION + 1))
    with pytest.raises(MirrorError, match=r"newer psauth.*pip install --upgrade psauth"):
        Store.open(place, identity)


def test_an_older_store_is_brought_up_to_date(store, place, identity, make_run, noon, monkeypatch):
    store.write_run(make_run(), {}, noon)

    def add_colour(db):
        db.exec_driver_sql("ALTER TABLE runs ADD COLUMN colour TEXT")

    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    monkeypatch.setitem(schema.MIGRATIONS, schema.SCHEMA_VERSION - 1, add_colour)
    again = Store.open(place, identity)
    assert again.get_note("schema") == str(schema.SCHEMA_VERSION)
    assert [run.run_id for run in again.runs()] == ["r1"]


def test_a_store_of_version_1_is_brought_up_to_date(store, place, identity, make_run, noon):
    """As it was made before a store kept which runs were not shown."""
    store.write_run(make_run(), {}, noon)
    with store._database.writing() as db:
        schema.UNSHOWN.drop(db)
        schema.RUNS_IN_PART.drop(db)
        schema.write_meta(db, "schema", "1")
    again = Store.open(place, identity)
    again.note_unshown("r1", noon)
    assert again.settle_unshown(share=0.05).run_ids == ["r1"]
    assert again.get_note("schema") == str(schema.SCHEMA_VERSION)
    assert [run.gone for run in again.runs()] == ["hidden"]


def test_a_migration_that_fails_changes_nothing(store, place, identity, monkeypatch):
    def break_off(db):
        db.exec_driver_sql("ALTER TABLE runs ADD COLUMN colour TEXT")
        raise RuntimeError("power cut")

    version = schema.SCHEMA_VERSION
    with monkeypatch.context() as patch:
        patch.setattr(schema, "SCHEMA_VERSION", version + 1)
        patch.setitem(schema.MIGRATIONS, version, break_off)
        with pytest.raises(RuntimeError):
            Store.open(place, identity)
    with store._database.reading() as db:
        assert "colour" not in {row.name for row in db.exec_driver_sql("PRAGMA table_info(runs)")}
    assert Store.open(place, identity).get_note("schema") == str(version)


@pytest.mark.parametrize("changed", [{"api_url": "https://other.example"}, {"account": "b"}, {"label": "Other"}])
def test_a_store_of_another_identity(store, place, identity, changed):
    with pytest.raises(MirrorError, match=r"that of default \(Acme\).*psauth sync --anew"):
        Store.open(place, replace(identity, **changed))


def test_a_label_that_is_learnt_later(place, identity):
    Store.open(place, replace(identity, label=None))
    Store.open(place, identity)
    Store.open(place, replace(identity, label=None))
    with pytest.raises(MirrorError):
        Store.open(place, replace(identity, label="Other"))


def test_a_store_is_set_aside_whole(store, place, identity, make_run, noon):
    store.write_run(make_run(), {}, noon)
    aside = place.set_aside(noon)
    assert list(Store.open(place, identity).runs()) == []
    with sqlite3.connect(aside) as db:
        assert db.execute("SELECT run_id FROM runs").fetchall() == [("r1",)]
    db.close()
    assert Place(place.folder / "none").set_aside(noon) is None


def test_a_file_that_vanished_is_missed(store, place):
    place.store.unlink()
    with pytest.raises(MirrorError, match="The file is gone"):
        store.months()
