"""Gaps: what a copy lacks is said of it, in words that are true of what is asked, until nothing is lacking."""

from datetime import UTC, datetime

import pytest

import psauth
from psauth.exceptions import MirrorError, PsauthWarning
from psauth.mirror import sync
from psauth.mirror.gaps import Gaps, Unread
from psauth.mirror.publication import Content
from psauth.mirror.report import INTERRUPTED, SyncReport
from psauth.mirror.tables import Mirror

MARCH, MAY = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 5, 1, tzinfo=UTC)
TWELVE = {f"w{number}": f"Workflow {number:02}" for number in range(12)}


@pytest.fixture
def box():
    with psauth.Sandbox(runs=60, seed=5) as box:
        box.knobs.budget = 100_000
        yield box


@pytest.fixture
def ps(box):
    with psauth.connect(settings=box.settings) as ps:
        yield ps


# The sentence ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gaps", "asked", "said"),
    [
        (Gaps(), None, None),
        (Gaps(unread={"a": Unread(3, MAY)}, is_first=True), None,
         "The first sync is not finished: 3 runs are not in the local copy yet, the oldest ones."),
        (Gaps(unread={"a": Unread(1, MAY), "b": Unread(2, MAY)}, is_first=True), ["a"],
         "The first sync is not finished: 1 run is not in the local copy yet."),
        (Gaps(unread={"a": Unread(3, MAY)}, is_first=True), ["b"], None),
        (Gaps(unread={"a": Unread(1200, MAY)}), None,
         "The last sync is not finished: 1,200 runs are not in the local copy yet."),
        (Gaps(is_listed=False, is_listing=True, is_first=True, unread={"a": Unread(40, MAY)}), None,
         "The first sync is not finished: at least 40 runs are not in the local copy yet, the oldest ones."),
        (Gaps(is_listed=False, is_listing=True, is_first=True), ["a"],
         "The first sync is not finished: not all runs are in the local copy yet."),
        (Gaps(is_listed=False, is_listing=True, is_first=True, workflows=TWELVE, listed={"w3": None}), ["w3"], None),
        (Gaps(is_listed=False, workflows=TWELVE), None, "The local copy lacks runs: no sync has read the list of all of them."),
        (Gaps(is_listed=False), None, "The local copy lacks runs: no sync has read the list of all of them."),
        (Gaps(is_listed=False, workflows=TWELVE, listed={"w3": None}), None,
         "The local copy has runs of 1 of 12 workflows alone: “Workflow 03”."),
        (Gaps(is_listed=False, workflows=TWELVE, listed=dict.fromkeys(["w1", "w2", "w3", "w4", "w5"])), None,
         "The local copy has runs of 5 of 12 workflows alone: “Workflow 01”, “Workflow 02”, “Workflow 03” and 2 more."),
        (Gaps(is_listed=False, workflows=TWELVE, listed={"w3": None}), ["w3"], None),
        (Gaps(is_listed=False, workflows=TWELVE, listed={"w3": None}), ["w4"], "The local copy lacks runs: “Workflow 04” was not synced."),
        (Gaps(is_listed=False, workflows=TWELVE), ["w4", "w5"],
         "The local copy lacks runs: “Workflow 04” and “Workflow 05” were not synced."),
        (Gaps(is_listed=False, workflows=TWELVE, listed=dict.fromkeys(TWELVE, MARCH)), None,
         "The local copy has only runs that were created since 2026-03-01 00:00 UTC."),
        (Gaps(in_part={"a": 7}), None,
         "7 runs are in the local copy without some of what is in them: a sync was for some tables alone."),
    ],
)  # fmt: skip
def test_what_is_missing_is_one_sentence(gaps, asked, said):
    assert gaps.sentence(asked) == said
    assert Gaps.from_json(gaps.to_json()) == gaps
    if asked is None:
        assert str(gaps) == (said or "Nothing is missing.")
        assert bool(gaps) == (said is not None)


def test_runs_that_are_older_than_what_is_asked_are_not_missed():
    unread = Gaps(unread={"a": Unread(3, MARCH)}, is_first=True)
    assert unread.sentence(None, MAY) is None
    assert unread.sentence(None, MARCH) is not None
    listed = Gaps(is_listed=False, workflows=TWELVE, listed=dict.fromkeys(TWELVE, MARCH))
    assert listed.sentence(None, MAY) is None


# Of a real copy -------------------------------------------------------------------------------------------------------


def answers(ps, **options):
    """The note of an answer out of the copy, and that a warning says the same."""
    with pytest.warns(PsauthWarning) as warned:
        frame = ps.analysis.run_times(**options)
    (warning,) = warned
    assert warning.filename == __file__
    note = frame.attrs["note"]
    assert str(warning.message).removesuffix(" To read more: ps.sync()") in note
    return note


@pytest.mark.slow
def test_what_a_forecast_reads_is_no_copy(ps):
    assert ps.plan_sync(progress=False).runs == 60
    for ask in (lambda: ps.mirror, lambda: ps.analysis.run_times(), lambda: ps.report(), lambda: ps.sql("select 1")):
        with pytest.raises(MirrorError, match="There is no local copy in .* yet"):
            ask()


@pytest.mark.slow
def test_an_empty_publication_that_a_forecast_left_is_no_copy(ps):
    ps.plan_sync(progress=False)
    sync.publish(*ps._copy())  # as older versions did whenever somebody looked
    with pytest.raises(MirrorError, match="There is no local copy in .* yet"):
        ps.mirror  # noqa: B018


@pytest.mark.slow
def test_a_first_sync_that_was_stopped_says_how_many_runs_are_missing(ps, box, monkeypatch):
    monkeypatch.setattr(sync, "PATIENCE", 0.5)
    box.knobs.budget, box.knobs.window = 190, 6.0
    report = ps.sync(progress=False)
    left = report.runs_left
    assert 0 < left < 60
    assert ps.mirror.gaps.sentence() == (
        f"The first sync is not finished: {left} runs are not in the local copy yet, the oldest ones."
    )
    assert ps.mirror.counts()["runs"] == 60 - left
    assert answers(ps) == str(ps.mirror.gaps)
    with pytest.warns(PsauthWarning, match="The first sync is not finished"):
        page = ps.report()
    assert page.sentences[0] == str(ps.mirror.gaps)
    assert page.sentences[0] in page.html
    assert "see .gaps" in repr(ps.mirror)
    assert ps.sync(progress=False, wait=True).is_complete
    assert not ps.mirror.gaps
    assert "note" not in ps.analysis.run_times().attrs


@pytest.mark.slow
def test_a_first_sync_that_ended_before_its_first_run_has_made_no_copy(ps):
    ps.plan_sync(progress=False)
    now = datetime.now(UTC)
    store, _ = ps._copy()
    store.note_report(SyncReport(began_at=now, ended_at=now, requests=20, stopped=INTERRUPTED).to_dict())
    with pytest.raises(MirrorError, match="There is no local copy in .* yet"):
        ps.report()


@pytest.mark.slow
def test_a_workflow_whose_runs_all_wait_answers_with_nothing_and_says_why(ps):
    ps.plan_sync(progress=False)
    ps.sync(workflows="Purchase Request", progress=False)
    waiting = ps.mirror.gaps.unread[ps.workflows(name="Incident Response")["workflow_id"][0]].runs
    note = answers(ps, workflow="Incident Response")
    assert f"The first sync is not finished: {waiting} runs are not in the local copy yet" in note
    with pytest.warns(PsauthWarning):
        assert ps.report("Incident Response").sentences[1:] == ("The local copy has no such run.",)


@pytest.mark.slow
def test_a_copy_of_one_workflow_says_so_of_the_others_and_not_of_that_one(ps):
    ps.sync(workflows="Purchase Request", progress=False)
    assert "note" not in ps.analysis.run_times(workflow="Purchase Request").attrs
    assert answers(ps) == "The local copy has runs of 1 of 12 workflows alone: “Purchase Request”."
    assert answers(ps, workflow="Incident Response").endswith(
        "The local copy lacks runs: “Incident Response” was not synced."
    )
    with pytest.warns(PsauthWarning):
        page = ps.report("Incident Response")
    assert page.sentences == (
        "The local copy lacks runs: “Incident Response” was not synced.", "The local copy has no such run."
    )  # fmt: skip
    ps.sync(progress=False)
    assert not ps.mirror.gaps


@pytest.mark.slow
def test_a_copy_of_the_newest_runs_says_since_when(ps):
    created = sorted(ps.runs(progress=False)["created_date"])
    since = created[30]
    ps.sync(since=since, progress=False)
    assert answers(ps) == f"The local copy has only runs that were created since {since:%Y-%m-%d %H:%M} UTC."
    assert "note" not in ps.analysis.run_times(since=created[31]).attrs
    earlier = created[10]
    ps.sync(since=earlier, progress=False)
    assert f"{earlier:%Y-%m-%d %H:%M}" in answers(ps)


@pytest.mark.slow
def test_runs_without_what_is_in_them_are_counted(ps):
    ps.sync(tables=["runs"], progress=False)
    assert answers(ps).startswith("60 runs are in the local copy without some of what is in them")
    ps.sync(progress=False)
    assert not ps.mirror.gaps


@pytest.mark.slow
def test_a_copy_of_people_alone_lacks_all_runs(ps):
    ps.sync(tables=["users"], progress=False)
    assert len(ps.mirror.users.to_pandas())
    assert "no sync has read the list of all of them" in answers(ps)


@pytest.mark.slow
def test_what_a_publication_of_an_earlier_psauth_lacks_is_found_when_it_is_opened(ps):
    ps.sync(workflows="Purchase Request", progress=False)
    store, folder = ps._copy()
    content = {**store.publication().content, "gaps": None}
    assert Content.from_json(content).gaps is None
    store.note_publication(content, datetime.now(UTC))
    assert Mirror.open(store, folder).gaps
