"""What a view costs, what it asks before it spends, and what stays when a read is stopped or fails."""

from __future__ import annotations

import re

import pytest

import psauth
from psauth.dashboard.loading import read
from psauth.dashboard.loading.jobs import jobs
from psauth.dashboard.parts import waiting
from psauth.vault.vault import Vault
from tests.dashboard.conftest import asked, labels, press, settled, texts
from tests.dashboard.views.conftest import Visit


def test_what_turned_out_cheap_is_read_again_without_asking(visit: Visit, box: psauth.Sandbox) -> None:
    page = press(visit("runs", newest="all"), "Start")
    before = asked(box)
    press(page, "Reload")
    assert "Start" not in labels(page)
    assert page.dataframe
    assert asked(box) > before


def test_a_list_that_was_stopped_says_how_to_go_on_and_asks_before_it_is_read_again(
    visit: Visit, box: psauth.Sandbox
) -> None:
    page = visit("runs", newest="all")
    box.knobs.latency = 1.0
    try:
        next(b for b in page.button if b.label == "Start").click().run()
        [job] = [j for j in jobs.of() if j.what[0] == "runs"]
        while job.done == 0:
            assert not job.wait(0.01)
        job.stop()
        settled(page.run())
    finally:
        box.knobs.latency = 0.0
    assert any("This table is incomplete." in w.value for w in page.warning)
    assert "A list cannot be gone on with: Reload reads it again" in texts(page)
    assert "Read on" not in labels(page)
    before = asked(box)
    press(page, "Reload")
    assert {"Read again", "Keep these"} <= set(labels(page))
    assert asked(box) == before


def test_dear_reads_say_their_cost_and_wait_for_start(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("runs", workflow=busiest, newest="1000")
    monkeypatch.setattr(read, "DEAR_SHARE", 0.001)
    runs = ps.runs(workflow=busiest, progress=False)
    page = visit("tasks", workflow=busiest, newest="1000")
    assert f"Reading the tasks of {len(runs)} runs takes about {len(runs)} requests" in texts(page)
    assert "of 2,500 requests are left this hour" in texts(page)
    before = asked(box)
    press(page, "Start")
    truth = ps.tasks(runs=runs, progress=False)
    assert asked(box) == before + 2 * len(runs)  # the app's, then those of the truth
    assert page.dataframe[0].value["task_id"].tolist() == truth["task_id"].tolist()
    assert re.search(rf"{len(truth)} tasks of {len(runs)} runs.* · read just now · {len(runs)} requests", texts(page))


def test_cheap_reads_just_happen(visit: Visit, busiest: str) -> None:
    page = visit("tasks", workflow=busiest)
    assert "Start" not in labels(page)
    assert page.dataframe


def test_a_reload_of_a_dear_read_asks_again(
    visit: Visit, box: psauth.Sandbox, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("runs", workflow=busiest, newest="1000")
    monkeypatch.setattr(read, "DEAR_SHARE", 0.001)
    page = press(visit("tasks", workflow=busiest, newest="1000"), "Start")
    before = asked(box)
    press(page, "Reload")
    assert {"Read again", "Keep these"} <= set(labels(page))
    assert asked(box) == before


def test_a_cheap_reload_reads_anew_at_once(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("people")
    before = asked(box)
    press(page, "Reload")
    assert asked(box) == before + 3


def test_a_stopped_read_keeps_what_came_says_so_and_can_be_gone_on_with(
    visit: Visit, box: psauth.Sandbox, ps: psauth.ProcessStreet, busiest: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("runs", workflow=busiest, newest="1000")
    monkeypatch.setattr(read, "DEAR_SHARE", 0.001)
    monkeypatch.setattr("psauth.reading.fetch.WORKERS", 1)
    runs = ps.runs(workflow=busiest, progress=False)
    page = visit("tasks", workflow=busiest, newest="1000")
    box.knobs.latency = 1.0
    try:
        next(b for b in page.button if b.label == "Start").click().run()
        assert page.get("skeleton")
        [job] = [j for j in jobs.of() if j.what[0] == "tasks"]
        while job.done == 0:
            assert not job.wait(0.01)
        page.run()
        assert re.search(rf"Reading tasks: \d of {len(runs)} runs", texts(page))  # in the sidebar, on any page
        job.stop()
        settled(page.run())
    finally:
        box.knobs.latency = 0.0
    assert 0 < page.dataframe[0].value["run_id"].nunique() < len(runs)
    assert "This table is incomplete. Stopped after" in texts(page)
    whole = len(set(job.result().frame["run_id"]) - set(job.result().missing))
    assert f"{len(page.dataframe[0].value)} tasks, {whole} of {len(runs)} runs complete" in texts(page)
    press(page, "Read on")
    truth = ps.tasks(runs=runs, progress=False)
    assert page.dataframe[0].value["task_id"].tolist() == truth["task_id"].tolist()
    assert not page.warning


def test_a_second_look_at_any_page_costs_nothing(visit: Visit, box: psauth.Sandbox, busiest: str) -> None:
    pages = {
        "runs": {},
        "people": {},
        "data_sets": {},
        "tasks": {"workflow": busiest},
        "form_values": {"workflow": busiest},
    }
    for view, query in pages.items():
        visit(view, **query)
    before = asked(box)
    for view, query in pages.items():
        assert visit(view, **query).dataframe
    assert asked(box) == before


def test_another_connection_reads_for_itself(visit: Visit, box: psauth.Sandbox, connected: Vault) -> None:
    visit("people")
    before = len(box.requests.matching(path="/v1/users"))
    stored = connected.read()
    connected.connect("default", stored.connection.service, token=stored.token)
    visit("people")
    assert len(box.requests.matching(path="/v1/users")) == before + 3


def test_a_failure_is_a_calm_page_and_the_next_run_tries_again(visit: Visit, box: psauth.Sandbox) -> None:
    box.knobs.fault("/v1/users", status=403)
    page = visit("people")
    assert [h.value for h in page.header] == ["You may not see this"]
    assert not page.dataframe
    press(page, "Try again")
    assert page.dataframe


def test_an_unforeseen_fault_is_not_kept_as_if_it_were_a_result(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(psauth.ProcessStreet, "users", lambda *_, **__: 1 // 0)
        with pytest.raises(AssertionError):
            visit("people")
    assert visit("people").dataframe


@pytest.mark.parametrize("fault", [{"status": 403}, {"status": 500, "times": 20}, {"kind": "drop", "times": 20}])
def test_a_reload_that_fails_keeps_the_table_and_says_so_above_it(
    visit: Visit, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch, fault: dict[str, object]
) -> None:
    monkeypatch.setattr("psauth.api.transport.time.sleep", lambda _: None)
    page = visit("people")
    before = page.dataframe[0].value
    box.knobs.fault("/v1/users", **fault)  # type: ignore[arg-type] # the keywords are the fault's own
    press(page, "Reload")
    assert [w.value for w in page.warning] == [
        "The reload failed, so this is the table from before. Reload tries it again."
    ]
    assert page.dataframe[0].value.equals(before)
    kinds = [type(element).__name__ for element in page.main]
    assert kinds.index("Warning") < kinds.index("Block", kinds.index("Warning"))
    box.knobs.faults.clear()
    press(page, "Reload")
    assert not page.warning
    assert page.dataframe


def test_a_table_stands_while_it_is_read_anew(visit: Visit, box: psauth.Sandbox) -> None:
    page = visit("people")
    box.knobs.latency = 2.0
    try:
        next(b for b in page.button if b.label == "Reload").click().run()
        assert len(page.dataframe[0].value) == 40
        assert "Reading the people …" in texts(page)
        assert not page.get("skeleton")
    finally:
        box.knobs.latency = 0.0
    for job in jobs.of():
        assert job.wait(30)
    settled(page.run())
    assert "Reading the people" not in texts(page)
    assert "read just now" in texts(page)


def test_a_service_that_falls_silent_during_a_read_is_said_and_the_read_can_be_left(
    visit: Visit, box: psauth.Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit("workflows")
    monkeypatch.setattr(waiting, "SILENT_FROM", 0.2)
    box.knobs.latency = 20.0
    try:
        page = visit("people", settle=False)
        page.run()
        assert "Process Street has not answered for" in texts(page)
        next(b for b in page.button if b.label == "Stop").click().run()
        assert [h.value for h in page.header] == ["Process Street does not answer"]
        assert {"Try again"} <= set(labels(page))
    finally:
        box.knobs.latency = 0.0


def test_lists_that_may_take_more_than_a_tenth_of_what_is_left_ask_first(
    visit: Visit, box: psauth.Sandbox, dear: None
) -> None:
    visit("workflows")  # after this, the budget is known
    before = asked(box)
    page = visit("people")
    assert "Reading the people may take up to 50 requests" in texts(page)
    assert asked(box) == before
    press(page, "Start")
    assert len(page.dataframe[0].value) == 40


def test_one_figure_says_how_many_requests_are_left(visit: Visit, busiest: str, dear: None) -> None:
    page = visit("workflows")
    assert len(re.findall(r"requests left", str(page.get("progress")))) <= 1
    page = visit("tasks", workflow=busiest)
    figures = re.findall(r"[\d,]+ (?:of [\d,]+ )?requests (?:are )?left", texts(page) + str(page.get("progress")))
    assert len(figures) == 1
