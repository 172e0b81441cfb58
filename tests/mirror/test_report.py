"""What a sync says of itself."""

import json
from datetime import timedelta

import pytest

from psauth.mirror.report import STOPPED, Counts, Skipped, SyncReport


@pytest.fixture
def report(noon):
    return SyncReport(
        began_at=noon,
        ended_at=noon + timedelta(minutes=3),
        requests=1234,
        tables={"runs": Counts(added=5), "tasks": Counts(added=40, changed=2, gone=1)},
        skipped=tuple(Skipped(f"run {number}", "answered 422 <b>") for number in range(7)),
        warnings=("A permission was lost.",),
        stopped="The budget of requests is spent; more in 20 min.",
        runs_left=80,
        requests_left=170,
    )


def test_for_a_terminal(report):
    text = str(report)
    assert text.startswith("Not finished: 1,234 requests in 3 min, 2026-11-26 12:03 UTC")
    assert "tasks        40 added         2 changed         1 gone" in text
    assert "80 runs still to be read, about 170 requests to go: sync again to go on." in text
    assert "Skipped 2 more" in text
    assert "A permission was lost." in text


def test_for_a_notebook(report):
    html = report._repr_html_()
    assert "<td>40</td><td>2</td><td>1</td>" in html
    assert "<b> <" not in html
    assert "answered 422 &lt;b&gt;" in html


def test_as_json_and_back(report):
    kept = json.loads(report.to_json())
    assert kept["tables"]["tasks"] == {"added": 40, "changed": 2, "gone": 1}
    assert kept["seconds"] == 180
    assert SyncReport.from_dict(kept) == report


def test_when_nothing_has_changed(noon):
    report = SyncReport(began_at=noon, ended_at=noon + timedelta(seconds=1), requests=1)
    assert report.is_complete
    assert str(report) == "Up to date: 1 request in 1 s, 2026-11-26 12:00 UTC\n  Nothing has changed."


def test_what_a_sync_that_was_ended_has_not_looked_at_is_not_called_unchanged(noon):
    report = SyncReport(began_at=noon, ended_at=noon, requests=0, stopped="The budget is spent.", requests_left=1)
    assert str(report).splitlines()[1:] == [
        "  Nothing that changed was seen.",
        "The budget is spent.",
        "About 1 request to go: sync again to go on.",
    ]
    assert "Nothing that changed was seen." in report._repr_html_()


def test_lists_that_are_refused_leave_a_sync_complete(noon):
    refused = (Skipped("folders", "it is refused", refused=True),)
    assert SyncReport(began_at=noon, ended_at=noon, requests=1, skipped=refused).is_complete


def test_what_was_skipped_is_no_reason_to_call_it_up_to_date(noon):
    skipped = (Skipped("comments", "it answered 422"),)
    report = SyncReport(began_at=noon, ended_at=noon + timedelta(seconds=1), requests=1, skipped=skipped)
    assert not report.is_complete
    assert str(report).startswith("Up to date, but for what was skipped: 1 request in 1 s")


def test_what_was_skipped_for_the_reason_why_it_stopped_says_that_once(noon):
    def why(path):
        return (
            f"api.example does not answer {path} (connection refused, tried 8 times). Check the network and try again."
        )

    skipped = (
        Skipped("workflows", why("/v1/workflows")),
        Skipped("users", why("/v1/users")),
        Skipped("folders", "it answered 422"),
    )
    report = SyncReport(began_at=noon, ended_at=noon, requests=0, stopped=why("/v1/workflow-runs"), skipped=skipped)
    assert str(report).count("connection refused") == 1
    assert "Skipped for the same reason: workflows, users\nSkipped folders: it answered 422" in str(report)


def test_who_stopped_it(noon):
    def ended(stopped):
        return SyncReport(began_at=noon, ended_at=noon, requests=1, stopped=stopped)

    assert [ended(why).was_stopped for why in (STOPPED, None, "The budget is spent.")] == [True, False, False]
