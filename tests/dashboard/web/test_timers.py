"""A timer of a page takes nothing back that a person has chosen; Streamlit's own requests are asked."""

from __future__ import annotations

import pytest
from streamlit.proto.WidgetStates_pb2 import WidgetStates
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests

from psauth.dashboard.web.timers import let_timers_wait

CLICK = RerunData(page_script_hash="people", page_name="people", widget_states=WidgetStates())
TIMER = RerunData(page_script_hash="workflows", fragment_id="sidebar", is_auto_rerun=True, widget_states=WidgetStates())


@pytest.fixture(autouse=True)
def _timers_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    original = getattr(ScriptRequests.request_rerun, "__wrapped__", ScriptRequests.request_rerun)
    monkeypatch.setattr(ScriptRequests, "request_rerun", original)
    let_timers_wait()


def waiting(*asked: RerunData) -> RerunData:
    """What a session runs next, after these requests."""
    requests = ScriptRequests()
    for each in asked:
        assert requests.request_rerun(each)
    return requests.on_scriptrunner_ready().rerun_data


def test_a_click_in_the_menu_outlives_a_timer_that_comes_right_after_it() -> None:
    data = waiting(CLICK, TIMER)
    assert data.page_script_hash == "people"
    assert not data.fragment_id_queue


def test_a_click_in_the_menu_comes_after_a_timer() -> None:
    assert waiting(TIMER, CLICK).page_script_hash == "people"


def test_a_timer_alone_runs_its_fragment() -> None:
    assert waiting(TIMER).fragment_id_queue == ["sidebar"]


def test_two_timers_run_both_fragments() -> None:
    other = RerunData(page_script_hash="workflows", fragment_id="glance", is_auto_rerun=True)
    assert waiting(TIMER, other).fragment_id_queue == ["sidebar", "glance"]


def test_it_is_said_to_streamlit_once() -> None:
    once = ScriptRequests.request_rerun
    let_timers_wait()
    assert ScriptRequests.request_rerun is once
