"""What stands between a write and the service: the budget, a token that ended, redirects, a server that is gone."""

from datetime import UTC, datetime

import pytest

from psauth import ApiError, RateLimited, ServiceUnavailable
from psauth.api.retrying import ATTEMPTS

pytestmark = pytest.mark.usefixtures("short_pauses")


DUE = datetime(2099, 3, 4, 10, tzinfo=UTC)


def test_what_was_refused_for_the_budget_is_sent_again_when_there_is_some(box, ps, run, task_id, writes):
    refusal = {"status": 429, "headers": {"Retry-After": "0"}, "body": '{"error": "Slow down"}'}
    box.knobs.fault("/v1/workflow-runs", method="PUT", **refusal)
    ps.complete_task(run.id, task_id)
    assert len(writes()) == 2


def test_a_long_wait_for_the_budget_is_left_to_the_person(box, ps, run, task_id, writes):
    box.knobs.fault("/v1/workflow-runs", method="PUT", status=429, headers={"Retry-After": "1800"})
    with pytest.raises(RateLimited, match="try again in 1800 seconds"):
        ps.complete_task(run.id, task_id)
    assert len(writes()) == 1


def test_a_token_that_ended_is_renewed_and_the_write_sent_again(box, ps, run, at, task_id, writes):
    box._server.grants.expire_access_tokens()
    ps.set_form_values(run.id, {})
    box._server.grants.expire_access_tokens()
    ps.complete_task(run.id, task_id)
    assert run.tasks[at].completed is not None


def test_a_write_follows_no_redirect(box, ps, run, writes):
    there = f"{box.api_url}/elsewhere"
    box.knobs.fault("/v1/workflow-runs", "redirect", method="PUT", status=307, location=there)
    with pytest.raises(ApiError, match="redirects a PUT elsewhere.*nothing was written"):
        ps.set_due_date(run.id, DUE)
    assert not box.requests.matching("/v1/elsewhere")


def test_without_a_connection_nothing_was_written_and_it_is_tried_again(box, ps, run, task_id, naps):
    box._server.stop()
    with pytest.raises(ServiceUnavailable, match=f"tried {ATTEMPTS} times"):
        ps._transport.send("POST", "/work/tasks", {"name": "x"})
    assert len(naps) == ATTEMPTS - 1
