"""What did not come: said in the frame, counted while it comes, sent nowhere else."""

from collections import Counter

import pytest
from pandas.testing import assert_frame_equal

import psauth
from psauth import ServiceUnavailable
from tests.flow.parts import SOME

pytestmark = pytest.mark.usefixtures("short_pauses")


def test_with_keep_the_rest_comes_and_the_frame_says_what_did_not(box, ps, runs):
    whole = ps.tasks(runs=runs)
    box.knobs.fault(f"/v1/workflow-runs/{runs[2]}/tasks", status=403, times=99, body='{"error": "Not yours"}')
    with pytest.raises(psauth.PermissionDenied, match="Not yours"):
        ps.tasks(runs=runs)
    result = ps.tasks(runs=runs, on_error="keep")
    assert_frame_equal(result, whole[whole["run_id"] != runs[2]].reset_index(drop=True))
    assert set(result.attrs["incomplete"]) == {runs[2]}
    assert "Not yours" in result.attrs["incomplete"][runs[2]]


def test_with_keep_a_list_of_runs_that_breaks_off_keeps_what_was_read(box, ps):
    template = Counter(r.template.id for r in box.company.runs).most_common(1)[0][0]
    many = [r.id for r in box.company.runs]
    box.knobs.fault("/v1/workflow-runs/list", status=403, times=99, skip=0, body='{"error": "Enough"}')
    result = ps.tasks(workflow=template, on_error="keep")
    assert len(result) == 0
    assert "Enough" in result.attrs["incomplete"]["the rest"]
    assert many


def test_what_stays_down_is_said_with_the_number_of_tries(box, ps, runs):
    box.knobs.fault(f"/v1/workflow-runs/{runs[0]}/tasks", status=500, times=99)
    with pytest.raises(ServiceUnavailable, match="tried 8 times"):
        ps.tasks(runs=runs[:2])


def test_progress_is_told_and_can_be_off(box, ps, runs, capfd):
    told = []
    ps.tasks(runs=runs, progress=lambda *seen: told.append(seen))
    assert told == sorted(told)
    assert {total for _, total in told} == {SOME}
    assert told[-1] == (SOME, SOME)
    ps.tasks(runs=runs, progress=False)
    assert capfd.readouterr().err == ""


def test_no_credential_goes_anywhere_else(box, other_box, ps, runs):
    box.knobs.next_host = other_box.url
    ps.tasks(runs=runs)
    ps.runs()
    assert len(other_box.requests) == 0
