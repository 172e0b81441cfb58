"""Timers: a page looks for news by itself every few seconds, and that must not take back what a person has just chosen.

Streamlit folds requests that wait for one session into one, and takes the page of the latest. A timer's request names the
page that the browser still shows. If it came right after a click in the menu, that click would be lost.
"""

from __future__ import annotations

from functools import wraps

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData, ScriptRequests, ScriptRequestType


def let_timers_wait() -> None:
    """Have Streamlit drop a timer's request while a run of the whole page waits, which does all that the timer asks for."""
    request_rerun = ScriptRequests.request_rerun
    if hasattr(request_rerun, "__wrapped__"):
        return

    @wraps(request_rerun)
    def request_unless_page_waits(self: ScriptRequests, new_data: RerunData) -> bool:
        return (new_data.is_auto_rerun and _page_waits(self)) or request_rerun(self, new_data)

    ScriptRequests.request_rerun = request_unless_page_waits  # type: ignore[method-assign] # there is no setting for it


def _page_waits(requests: ScriptRequests) -> bool:
    """Whether a run of the whole page, not of some fragments of it, waits to begin."""
    with requests._lock:
        waits, data = requests._state is ScriptRequestType.RERUN, requests._rerun_data
    return waits and not (data.fragment_id_queue or data.is_fragment_scoped_rerun)
