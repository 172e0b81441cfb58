"""The views where there is a local copy: whose it is, how old, and what it has not got."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

import psauth
from psauth.dashboard.loading.copies import OWNER, copies
from psauth.dashboard.loading.syncs import syncs
from psauth.mirror.store import Store
from psauth.vault.vault import Vault
from tests.dashboard.conftest import asked, labels, press, texts
from tests.dashboard.views.conftest import PATIENCE, Visit, here_of, waited


def test_another_organisation_does_not_see_the_copy(visit: Visit, copied: Vault, box: psauth.Sandbox) -> None:
    stored = copied.read()
    copied.connect("default", stored.connection.service, token=stored.token, label="Another company")
    before = asked(box)
    page = visit("people")
    assert "local copy" not in texts(page)
    assert asked(box) > before
    mine = syncs.of(here_of(copied))
    mine.start()
    assert mine.wait(PATIENCE)
    assert copies.find(here_of(copied)) is None or here_of(copied).connection.label != "Another company"


def test_a_copy_of_which_nobody_knows_whose_it_is_is_asked_about(
    visit: Visit, copied: Vault, store: Store, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psauth.api.transport.Transport.ask_label", lambda _: None)
    stored = copied.read()
    copied.connect("default", stored.connection.service, token=stored.token)
    assert copies.find(here_of(copied)) is None
    page = visit("sync", settle=False)
    waited(copied)
    page.run()
    assert "Start" not in labels(page)
    assert "does not say whether it is of the organisation that is connected now" in page.warning[0].value
    next(b for b in page.button if b.label.startswith("It is the same")).click().run()
    mine = waited(copied)
    assert mine.error is None
    assert store.get_note(OWNER) == copied.read().connection.id
    assert copies.find(here_of(copied)) is not None


def test_begin_anew_keeps_the_old_copy_beside(visit: Visit, copied: Vault, store: Store) -> None:
    mine = syncs.of(here_of(copied))
    mine.begin_anew()
    assert mine.wait(PATIENCE)
    assert mine.error is None
    assert [*store.place.folder.glob("store-*.db")]
    copy = copies.find(here_of(copied))
    assert copy is not None
    assert copy.mirror.counts()["runs"] == 30


def test_without_a_connection_nothing_of_the_copy_is_shown(visit: Visit, copied: Vault) -> None:
    assert visit("people").dataframe
    copied.forget("default")
    page = visit("people")
    assert not page.dataframe
    assert "local copy" not in texts(page).casefold()


def test_a_view_of_the_copy_says_its_age_and_leads_to_the_live_list_and_back(
    visit: Visit, copied: Vault, box: psauth.Sandbox
) -> None:
    before = asked(box)
    page = visit("people")
    assert re.search(r"37 people.* · local copy, (just now|\d+ minutes? ago)", texts(page))
    assert asked(box) == before
    press(page, "Read live")
    assert "read just now · 3 requests" in texts(page)
    assert asked(box) == before + 3
    assert "Reload" in labels(page)
    press(page, "Show the local copy")
    assert "local copy," in texts(page)


def test_the_copy_gives_the_rows_of_the_live_views(
    visit: Visit, copied: Vault, ps: psauth.ProcessStreet, busiest: str
) -> None:
    runs = ps.runs(progress=False)
    page = visit("runs", newest="all")
    assert page.dataframe[0].value["run_id"].tolist() == runs["run_id"].tolist()
    mine = runs[runs["workflow_id"] == busiest]
    page = visit("tasks", workflow=busiest)
    truth = ps.tasks(runs=mine, progress=False)
    assert page.dataframe[0].value["task_id"].tolist() == truth["task_id"].tolist()
    assert page.dataframe[0].value["run_id"].tolist() == truth["run_id"].tolist()
    active = ps.runs(status="Active", progress=False)
    assert visit("runs", status="Active").dataframe[0].value["run_id"].tolist() == active["run_id"].tolist()


def test_a_data_set_and_a_person_come_out_of_the_copy(
    visit: Visit, copied: Vault, ps: psauth.ProcessStreet, box: psauth.Sandbox
) -> None:
    sets = ps.data_sets(progress=False)
    live = ps.records(sets["data_set_id"][0], progress=False)
    tasks = ps.tasks(assignee="amir.haddad@example.com", progress=False)
    before = asked(box)
    page = visit("records", data_set=sets["data_set_id"][0])
    assert page.dataframe[0].value["record_id"].tolist() == live["record_id"].tolist()
    page = visit("tasks", assignee="amir.haddad@example.com")
    assert sorted(page.dataframe[0].value["task_id"]) == sorted(tasks["task_id"])
    assert asked(box) == before


def test_what_the_copy_has_not_got_is_read_live(
    visit: Visit, copied: Vault, ps: psauth.ProcessStreet, box: psauth.Sandbox, busiest: str
) -> None:
    new = ps.start_run(busiest, name="Begun after the last sync")
    page = visit("tasks", run=new)
    assert page.dataframe
    assert "read just now" in texts(page)


def test_a_copy_that_is_not_whole_says_what_it_lacks(visit: Visit, copied: Vault, store: Store) -> None:
    now = datetime.now(UTC)
    reports = store.reports()
    assert reports
    store.note_all(now)
    from psauth.mirror import schema

    with store._database.writing() as db:
        db.execute(schema.REPORTS.delete())
    store.note_report(reports[0] | {"narrowed": True})  # only a sync of everything makes the copy whole
    page = visit("runs", newest="all")
    assert "The first sync is not finished: 30 runs are not in the local copy yet, the oldest ones." in texts(page)


def test_a_list_that_the_service_refuses_is_not_shown_as_an_empty_one(
    visit: Visit, copied: Vault, store: Store, box: psauth.Sandbox
) -> None:
    """The live read says that it is refused, where it still is."""
    store.drop_lists("users", [""])
    store.note_refused("users", "", datetime.now(UTC))
    before = asked(box)
    page = visit("people")
    assert "37 people" in texts(page)
    assert asked(box) > before


@pytest.mark.parametrize("noun", ["tasks", "form_values"])
def test_a_run_of_which_a_list_is_not_there_is_read_live(
    visit: Visit, copied: Vault, store: Store, box: psauth.Sandbox, noun: str
) -> None:
    """As after a sync of some tables alone, or where the list was refused."""
    run = next(each.owner for each in store.lists(noun) if each.records)
    store.drop_lists(noun, [run])
    before = asked(box)
    assert visit(noun, run=run).dataframe
    assert asked(box) > before


def test_the_runs_of_a_copy_of_one_workflow_are_not_shown_as_all(
    visit: Visit, copied: Vault, store: Store, box: psauth.Sandbox
) -> None:
    store.note(signpost=None, list=None)
    before = asked(box)
    assert visit("runs").dataframe
    assert asked(box) > before


def test_rows_are_as_old_as_they_were_when_they_were_published(copied: Vault, store: Store) -> None:
    """A list that was asked for since, by a sync under way, is not the one that is shown."""
    copy = copies.find(here_of(copied))
    assert copy is not None
    with store.snapshot() as snap:
        people = [record for each in snap.lists("users") for record in each.records]
    store.write_list("users", "", people, datetime.now(UTC))
    assert copy.asked_at("users") == copy.mirror.published_at
    long_ago = datetime(2026, 1, 5, tzinfo=UTC)
    with store.snapshot() as snap:
        rules = [(each.owner, each.records) for each in snap.lists("logic_rules")]
    store.write_list("logic_rules", rules[0][0], rules[0][1], long_ago)
    assert copy.asked_at("logic_rules", "due_date_rules") == long_ago
