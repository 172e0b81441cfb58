"""The Sync view: what a sync will take, how far it is, what it brought, and its switch."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetState, WidgetStates

import psauth
from psauth.dashboard.loading import syncs as syncing
from psauth.dashboard.loading.syncs import syncs
from psauth.mirror.store import Store
from psauth.settings import Settings
from psauth.vault.vault import Vault
from tests.dashboard.conftest import asked, labels, texts
from tests.dashboard.views.conftest import PATIENCE, Visit, here_of, waited


def test_before_the_first_sync_the_view_says_what_it_will_take(
    visit: Visit, connected: Vault, box: psauth.Sandbox
) -> None:
    page = visit("sync", settle=False)
    assert "Counting what there is" in texts(page)
    mine = waited(connected)
    page.run()
    assert mine.error is None
    assert re.search(r"The first sync takes about \d+ requests and \d+ (s|min)", texts(page))
    assert re.search(r"There are 30 runs to read\. Process Street allows 2,500 requests \w+", texts(page)), texts(page)
    assert labels(page)[-1:] == ["Start"]
    assert not box.requests.matching(path="/v1/workflow-runs/[^/]+/tasks")


def test_a_first_sync_brings_a_report_and_all_pages_then_cost_nothing(
    visit: Visit, connected: Vault, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str
) -> None:
    page = visit("sync", settle=False)
    waited(connected)
    page.run()
    next(b for b in page.button if b.label == "Start").click().run()
    mine = waited(connected)
    assert mine.error is None
    assert mine.keeps
    page.run()
    assert "The local copy is as Process Street was just now" in texts(page)
    assert "The next sync begins in" in texts(page)
    assert page.toggle[0].value
    report, ages = (table.value for table in page.dataframe)
    assert dict(zip(report["Table"], report["Added"], strict=True))["Runs"] == 30
    assert dict(zip(ages["Table"], ages["Rows"], strict=True))["Runs"] == 30
    before = asked(box)
    for view, query in {
        "runs": {"newest": "all"},
        "tasks": {"workflow": busiest},
        "form_values": {"workflow": busiest},
        "people": {},
        "data_sets": {},
    }.items():
        page = visit(view, **query)
        assert page.dataframe, view
        assert "local copy, just now" in texts(page), view
        assert "Start" not in labels(page)
    assert asked(box) == before


def test_stop_keeps_what_came_and_ends_the_switch(visit: Visit, connected: Vault, box: psauth.Sandbox) -> None:
    page = visit("sync", settle=False)
    waited(connected)
    page.run()
    box.knobs.latency = 0.2
    try:
        next(b for b in page.button if b.label == "Start").click().run()
        page.run()
        assert "Stop" in labels(page)
        next(b for b in page.button if b.label == "Stop").click().run()
        assert "Stopping" in texts(page)
        mine = waited(connected)
    finally:
        box.knobs.latency = 0.0
    page.run()
    assert mine.error is None
    assert not mine.keeps
    assert mine.next_at is None
    assert "The first sync is not finished" in texts(page)
    assert "stopped before its end" in texts(page)
    assert "Go on" in labels(page)


def test_an_error_is_one_sentence_and_the_next_start_tries_again(
    visit: Visit, connected: Vault, box: psauth.Sandbox
) -> None:
    settings = Settings(env_file=None)
    mirror = settings.home_path / "mirror"
    mirror.write_text("in the way")
    page = visit("sync", settle=False)
    mine = waited(connected)
    page.run()
    assert mine.error is not None
    [warning] = [w.value for w in page.warning]
    assert "PSAUTH_MIRROR" in warning
    assert "Start" not in labels(page)
    mirror.unlink()
    next(b for b in page.button if b.label == "Try again").click().run()
    assert waited(connected).error is None


def test_a_damaged_copy_can_be_begun_anew(visit: Visit, copied: Vault, store: Store, box: psauth.Sandbox) -> None:
    store.place.store.write_bytes(b"damaged" * 1000)
    for beside in store.place.folder.glob("store.db-*"):
        beside.unlink()
    mine = syncs.of(here_of(copied))
    mine.start()
    assert mine.wait(PATIENCE)
    page = visit("sync")
    [warning] = [w.value for w in page.warning]
    assert "psauth sync --anew" in warning
    assert {"Begin anew", "Try again"} <= {*labels(page)}
    assert "not finished" not in texts(page), "it was, before it was damaged"
    box.knobs.latency = 0.1
    try:
        next(b for b in page.button if b.label == "Begin anew").click().run()
        assert "Last sync" not in texts(page), "that was of the copy that was put aside"
    finally:
        box.knobs.latency = 0.0
    assert waited(copied).error is None
    assert [*store.place.folder.glob("store-*.db")]


def test_what_was_skipped_is_said_with_the_reason(
    visit: Visit, copied: Vault, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("psauth.api.transport.Transport._pause", lambda *_: None)
    mine = syncs.of(here_of(copied))
    box.knobs.fault("/v1/workflows", status=500, times=50)
    try:
        mine.start()
        assert mine.wait(PATIENCE)
    finally:
        box.knobs.faults.clear()
    assert mine.error is None
    page = visit("sync")
    assert any("skipped; the next sync asks for them again" in e.label for e in page.expander)
    assert any(c.value.startswith("workflows: ") for c in page.code)


def test_an_ended_connection_is_not_tried_again(visit: Visit, copied: Vault, box: psauth.Sandbox) -> None:
    mine = syncs.of(here_of(copied))
    stored = copied.read()
    copied.connect("default", stored.connection.service, token=stored.token)
    mine.start()
    assert mine.wait(PATIENCE)
    assert isinstance(mine.error, psauth.LoginRequired)
    assert mine.next_at is None


def test_the_switch_is_kept_with_the_copy(visit: Visit, copied: Vault, store: Store) -> None:
    page = visit("sync")
    assert not page.toggle[0].value
    page.toggle[0].set_value(True).run()
    assert syncs.of(here_of(copied)).next_at is not None
    syncs.end(timeout=PATIENCE)
    again = syncs.of(here_of(copied))  # as in an app that is started again
    assert again.keeps
    assert again.next_at is not None
    page.run().toggle[0].set_value(False).run()
    syncs.end(timeout=PATIENCE)
    assert not syncs.of(here_of(copied)).keeps


def test_what_a_browser_still_says_turns_nothing_back_that_another_tab_has_turned(
    visit: Visit, copied: Vault, store: Store
) -> None:
    page = visit("sync")
    shown = page.toggle[0].id
    mine = syncs.of(here_of(copied))
    mine.keep(True)  # in another tab
    page.run()
    assert page.toggle[0].value
    page._run(WidgetStates(widgets=[WidgetState(id=shown, bool_value=False)]))  # sent before the answer had come
    assert mine.keeps
    assert page.toggle[0].value
    page.toggle[0].set_value(False).run()
    assert not mine.keeps


def test_the_switch_shows_how_it_was_turned_last_whoever_did_it_and_however_often(
    visit: Visit, copied: Vault, store: Store
) -> None:
    page = visit("sync")
    mine = syncs.of(here_of(copied))
    for _ in range(2):
        page.toggle[0].set_value(True).run()
        assert (mine.keeps, page.toggle[0].value) == (True, True)
        mine.keep(False)  # in another tab
        page.run()
        assert (mine.keeps, page.toggle[0].value) == (False, False)
        mine.keep(True)
        page.run()
        page.toggle[0].set_value(False).run()
        assert (mine.keeps, page.toggle[0].value) == (False, False)


def test_a_sync_that_begins_is_seen_with_its_switch_and_its_note(
    copied: Vault, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine = syncs.of(here_of(copied))
    seen: list[tuple[bool, str | None]] = []
    note = Store.note

    def look_and_note(self: Store, **notes: str | None) -> None:
        seen.append((mine.keeps, mine.task))
        note(self, **notes)

    monkeypatch.setattr(Store, "note", look_and_note)
    mine.start()
    assert seen[0] == (False, None)  # nothing shows before the note is written
    assert (mine.keeps, mine.task) == (True, "sync")
    assert store.get_note(syncing.SWITCH) == "on"
    assert mine.wait(PATIENCE)


def test_a_copy_that_is_kept_current_is_synced_when_it_is_time(
    copied: Vault, store: Store, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(syncing, "EVERY", timedelta(seconds=0.2))
    monkeypatch.setattr(syncing, "SOON", timedelta(0))
    before = len(store.reports())
    store.note(**{syncing.SWITCH: "on"})
    mine = syncs.of(here_of(copied))
    with mine._changed:
        assert mine._changed.wait_for(lambda: len(store.reports()) >= before + 2, PATIENCE)
    assert mine.keeps


def test_all_tabs_share_one_sync(copied: Vault) -> None:
    assert syncs.of(here_of(copied)) is syncs.of(here_of(copied))


def test_a_new_connection_ends_what_the_old_one_did(copied: Vault) -> None:
    mine = syncs.of(here_of(copied))
    mine.keep(True)
    stored = copied.read()
    copied.connect("default", stored.connection.service, token=stored.token)
    other = syncs.of(here_of(copied))
    assert other is not mine
    assert mine._ended
