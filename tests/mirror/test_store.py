"""What a store keeps, and that each write is whole or not there."""

from datetime import timedelta

import pytest

from psauth.exceptions import MirrorError
from psauth.mirror.answers import Answer
from psauth.mirror.queue import Priority
from psauth.mirror.store import OUTDATES, Store

TASK = {"id": "t1", "name": "Sign", "status": "NotCompleted", "workflowRunId": "r1"}
DONE = TASK | {"status": "Completed", "completedBy": {"email": "ada@example.com"}}


def test_a_run_is_there_with_all_its_lists(store, make_run, noon):
    store.note_runs([make_run()], noon)
    assert list(store.runs()) == []
    written = store.write_run(make_run(), {"tasks": [TASK], "approvals": []}, noon)
    assert dict(written.added) == {"runs": 1, "tasks": 1}
    (run,) = store.runs()
    assert (run.run_id, run.month, run.status, run.asked_at, run.gone) == ("r1", "2026-03", "Active", noon, None)
    assert run.record == make_run()
    assert [(each.owner, each.run_id, each.records) for each in store.lists("tasks", "2026-03")] == [
        ("r1", "r1", [TASK])
    ]
    assert [each.records for each in store.lists("approvals")] == [[]]
    with store.snapshot() as snap:
        assert snap.pending() == []


def test_a_run_that_moved_while_it_was_read_waits_again(store, make_run, noon):
    store.note_runs([make_run()], noon)
    store.note_runs([make_run(moved=5)], noon)
    store.write_run(make_run(), {"tasks": [TASK]}, noon)
    with store.snapshot() as snap:
        assert [each.record for each in snap.pending()] == [make_run(moved=5)]


def test_only_what_is_new_or_moved_waits(store, make_run, noon):
    runs = [make_run(name) for name in ("a", "b", "c")]
    store.write_runs([Answer(run, {"tasks": []}, noon) for run in runs])
    noted = store.note_runs([runs[0], make_run("b", moved=1), make_run("d")], noon)
    assert (noted.new, noted.moved, noted.back) == (1, 1, 0)
    with store.snapshot() as snap:
        assert {each.run_id for each in snap.pending()} == {"b", "d"}


def test_the_most_urgent_run_comes_first_and_the_newest_of_them(store, make_run, noon):
    store.note_runs([make_run("old"), make_run("older", created="2026-01-01T00:00:00Z")], noon, Priority.HISTORY)
    store.note_runs([make_run("early"), make_run("late", moved=9)], noon, Priority.MOVED)
    store.note_runs([make_run("early")], noon, Priority.HISTORY)
    with store.snapshot() as snap:
        assert [each.run_id for each in snap.pending()] == ["late", "early", "old", "older"]
        assert [each.run_id for each in snap.pending(1)] == ["late"]
        assert snap.pending_count() == {"w1": 4}


def test_a_change_is_noted_with_both_looks(store, make_run, noon):
    store.write_run(make_run(), {"tasks": [TASK]}, noon)
    later = noon + timedelta(hours=1)
    written = store.write_run(make_run(status="Completed"), {"tasks": [DONE, TASK | {"id": "t2"}]}, later)
    assert (dict(written.added), dict(written.changed)) == ({"tasks": 1}, {"tasks": 1, "runs": 1})
    found = {(c.noun, c.key, c.column): (c.old, c.new) for c in store.changes()}
    assert found[("tasks", "t1", "status")] == ('"NotCompleted"', '"Completed"')
    assert found[("tasks", "t1", "completedBy.email")] == (None, '"ada@example.com"')
    assert found[("runs", "r1", "status")] == ('"Active"', '"Completed"')
    assert found[("tasks", "t2", "")][0] is None
    assert {(c.seen_before, c.seen_at) for c in store.changes()} == {(noon, later)}
    last = max(c.id for c in store.changes())
    assert list(store.changes(after=last)) == []


def test_the_same_answer_changes_only_its_age(store, make_run, noon):
    store.write_run(make_run(), {"tasks": [TASK]}, noon)
    before = store.months()
    later = noon + timedelta(hours=1)
    backwards = dict(reversed(TASK.items()))
    store.write_run(make_run(), {"tasks": [backwards]}, later)
    assert store.months() == before
    assert list(store.changes()) == []
    assert [each.asked_at for each in store.runs()] == [later]


def test_only_the_months_of_a_change_get_another_version(store, make_run, noon):
    store.write_runs(
        [Answer(make_run("a"), {"tasks": []}, noon), Answer(make_run("b", created="2026-05-01T00:00:00Z"), {}, noon)]
    )
    store.write_list("users", "", [{"id": "u1"}], noon)
    before = store.months()
    assert set(before) == {"2026-03", "2026-05", ""}
    store.write_run(make_run("a"), {"tasks": [TASK]}, noon)
    after = store.months()
    assert {month for month in after if after[month] != before[month]} == {"2026-03"}
    store.mark_gone("b", "deleted", noon)
    assert store.months()["2026-05"] > max(after.values())


def test_a_run_that_is_gone_keeps_its_rows_and_comes_back(store, make_run, noon):
    store.write_run(make_run(), {"tasks": [TASK]}, noon)
    later = noon + timedelta(days=1)
    assert store.mark_gone("r1", "hidden", later)
    assert not store.mark_gone("r1", "hidden", later + timedelta(days=1))
    (run,) = store.runs()
    assert (run.gone, run.last_seen, run.first_missed) == ("hidden", noon, later)
    assert [each.records for each in store.lists("tasks")] == [[TASK]]
    noted = store.note_runs([make_run()], later + timedelta(days=2))
    assert noted.back == 1
    (run,) = store.runs()
    assert (run.gone, run.first_missed) == (None, None)
    with store.snapshot() as snap:
        assert [each.run_id for each in snap.pending()] == ["r1"]


def test_what_a_complete_list_does_not_name_is_missed(store, make_run, noon):
    runs = [make_run(f"r{number}") for number in range(40)]
    store.write_runs([Answer(run, {}, noon) for run in runs])
    walk = store.begin_walk()
    store.note_runs(runs[2:], noon, walk=walk)
    missing = store.note_missing(walk, noon, status=None, share=0.05)
    assert (missing.run_ids, missing.known, missing.marked) == (["r0", "r1"], 40, True)
    with store.snapshot() as snap:
        assert snap.missed() == ["r0", "r1"]
    store.note_runs(runs[:1], noon, walk=walk)
    with store.snapshot() as snap:
        assert snap.missed() == ["r1"]


def test_when_many_vanish_at_once_nothing_is_noted(store, make_run, noon):
    runs = [make_run(f"r{number}") for number in range(40)]
    store.write_runs([Answer(run, {}, noon) for run in runs])
    walk = store.begin_walk()
    store.note_runs(runs[3:], noon, walk=walk)
    assert not store.note_missing(walk, noon, status=None, share=0.05).marked
    with store.snapshot() as snap:
        assert snap.missed() == []


def test_hidden_runs_that_are_too_many_to_be_gone_are_looked_at_again_in_a_day(store, make_run, noon):
    runs = [make_run(f"r{number}") for number in range(40)]
    store.write_runs([Answer(run, {}, noon) for run in runs])
    later = noon + timedelta(hours=25)
    assert store.note_due(later) == 40
    for run in runs:
        store.note_unshown(run["id"], later)
    assert store.note_due(later) == 0, "they are not asked for again before it is clear what became of them"
    assert not store.settle_unshown(share=0.05).marked
    assert store.note_due(later + timedelta(hours=23)) == 0
    assert store.note_due(later + timedelta(hours=25)) == 40


def test_hidden_runs_that_were_never_read_count_as_well(store, make_run, noon):
    store.note_runs([make_run(f"r{number}") for number in range(40)], noon)
    for number in range(3):
        store.note_unshown(f"r{number}", noon)
    hidden = store.settle_unshown(share=0.05)
    assert (len(hidden.run_ids), hidden.known, hidden.marked) == (3, 40, False)


def test_a_run_that_a_walk_names_again_is_not_taken_for_hidden(store, make_run, noon):
    store.write_runs([Answer(make_run(f"r{number}"), {}, noon) for number in range(3)])
    store.note_unshown("r1", noon)
    store.note_runs([make_run("r1")], noon + timedelta(minutes=1))
    assert store.settle_unshown(share=0.05).run_ids == []
    with store.snapshot() as snap:
        assert [waiting.run_id for waiting in snap.pending()] == ["r1"]


def test_of_the_active_runs_as_many_may_vanish_as_of_all(store, make_run, noon):
    """Two of thirty are a fifteenth, and a hundredth of all runs that there are."""
    closed = [make_run(f"c{number}", status="Completed") for number in range(170)]
    active = [make_run(f"r{number}") for number in range(30)]
    store.write_runs([Answer(run, {}, noon) for run in closed + active])
    walk = store.begin_walk()
    store.note_runs(active[2:], noon, walk=walk)
    assert store.note_missing(walk, noon, status="Active", share=0.05).marked
    with store.snapshot() as snap:
        assert snap.missed() == ["r0", "r1"]


def test_another_revision_outdates_what_an_earlier_sync_asked_for(store, noon):
    def asked():
        with store.snapshot() as snap:
            return {noun for noun in (*OUTDATES["revisions"],) if snap.tries(noun)}

    for noun in OUTDATES["revisions"]:
        store.write_list(noun, "w1", [], noon)
    store.write_list("revisions", "w1", [{"id": "v1"}], noon)
    assert asked() == set(OUTDATES["revisions"])
    later = noon + timedelta(hours=1)
    store.write_list("workflows", "", [{"id": "w1"}], later)
    store.write_list("form_fields", "w1", [], later + timedelta(seconds=1))
    store.write_list("revisions", "w1", [{"id": "v1"}, {"id": "v2"}], later + timedelta(seconds=2))
    assert asked() == {"form_fields"}, "which this sync has asked for"


def test_a_list_that_is_refused_stays_as_old_as_it_is_and_is_not_asked_for_again_at_once(store, noon):
    later = noon + timedelta(days=3)
    store.write_list("users", "", [{"id": "u1"}], noon)
    store.note_refused("users", "", later)
    store.note_refused("folders", "", later)
    with store.snapshot() as snap:
        assert (snap.ages("users"), snap.tries("users")) == ({"": noon}, {"": later})
        assert (snap.has_lists("users", [""]), snap.has_lists("folders", [""])) == (True, False)
        assert not snap.has_lists("users", [""], before=noon - timedelta(minutes=1))
        assert snap.tries("folders") == {"": later}
    store.write_list("users", "", [{"id": "u1"}], noon + timedelta(days=1))
    with store.snapshot() as snap:
        assert snap.tries("users") == {"": noon + timedelta(days=1)}, "though a clock was ahead when it was refused"


def test_a_run_that_waits_is_not_missed(store, make_run, noon):
    runs = [make_run(f"r{number}") for number in range(40)]
    store.write_runs([Answer(run, {}, noon) for run in runs])
    store.note_runs([make_run("r0", moved=30, status="Completed")], noon)
    walk = store.begin_walk()
    store.note_runs(runs[1:], noon, walk=walk)
    missing = store.note_missing(walk, noon, status="Active", share=0.05)
    assert (missing.run_ids, missing.known) == ([], 40)


def test_to_read_some_lists_of_a_run_is_a_look_at_it_only_until_all_are_read(store, make_run, noon):
    """One that was due is not due again at once, and waits for who wants all lists."""
    store.write_run(make_run(), {}, noon)
    later = noon + timedelta(hours=25)
    assert store.note_due(later) == 1
    store.write_runs([Answer(make_run(), {}, later, whole=False)])
    assert store.note_due(later) == 0
    assert store.note_partial(later) == 1


def test_to_read_some_lists_of_a_run_leaves_the_others_as_good_as_they_were(store, make_run, noon):
    store.write_run(make_run(), {}, noon)
    soon = noon + timedelta(minutes=1)
    store.write_runs([Answer(make_run(), {}, soon, whole=False)])
    assert (store.note_partial(soon), store.note_due(soon)) == (0, 0)
    assert store.note_due(noon + timedelta(hours=25)) == 1


def test_a_look_at_everything_goes_on_where_it_was(store, make_run, noon):
    store.write_runs([Answer(make_run(f"r{number}"), {}, noon) for number in range(4)])
    later = noon + timedelta(hours=1)
    assert store.count_all(later) == {"w1": 4}
    assert store.note_all(later) == 4
    store.write_run(make_run("r0"), {}, later + timedelta(minutes=1))
    assert store.note_all(later + timedelta(hours=1)) == 0, "r0 was read since"
    store.write_runs([Answer(make_run(f"r{number}"), {}, later + timedelta(hours=1)) for number in (1, 2, 3)])
    assert store.note_all(later + timedelta(hours=2)) == 4, "that look was over"


def test_a_run_that_was_read_by_a_wrong_clock_is_looked_at_with_everything(store, make_run, noon):
    store.write_run(make_run(), {}, noon)
    assert store.note_all(noon - timedelta(days=400)) == 1


def test_a_snapshot_sees_one_moment_and_holds_nobody_up(store, make_run, noon):
    store.write_run(make_run("a"), {"tasks": []}, noon)
    with store.snapshot() as snap:
        store.write_run(make_run("b"), {"tasks": [TASK]}, noon)
        assert len(list(snap.runs())) == 1
        assert [each.records for each in snap.lists("tasks")] == [[]]
    assert len(list(store.runs())) == 2


def test_a_write_that_fails_leaves_nothing(store, make_run, noon):
    with pytest.raises(TypeError):
        store.write_runs([Answer(make_run("a"), {"tasks": []}, noon), Answer(make_run("b"), {"tasks": [{1, 2}]}, noon)])
    assert list(store.runs()) == []


def test_notes_publications_and_reports_are_kept(store, identity, noon):
    assert (store.signpost(), store.publication(), store.reports()) == (None, None, [])
    store.end_walk(noon)
    store.note_publication({"tasks": 3}, noon)
    second = store.note_publication({"tasks": 4}, noon)
    store.note_report({"runs": 1})
    store.note_report({"runs": 2})
    again = Store.open(store.place, identity)
    assert again.signpost() == noon
    assert again.publication() == second
    assert again.reports() == [{"runs": 2}, {"runs": 1}]
    assert again.reports(1) == [{"runs": 2}]


def test_a_look_is_due_by_the_clock_and_after_a_clock_was_set_back(store, make_run, noon):
    store.write_run(make_run(), {"tasks": []}, noon)
    assert store.note_due(noon + timedelta(minutes=30)) == 0
    assert store.note_due(noon - timedelta(days=400)) == 1
    assert store.note_due(noon + timedelta(days=2)) == 0, "it waits already"
    with store.snapshot() as snap:
        assert [each.priority for each in snap.pending()] == [Priority.LOOK]


def test_damaged_content_is_said_and_not_given_out(store, make_run, noon):
    store.write_run(make_run(), {"tasks": [TASK]}, noon)
    with store._database.writing() as db:
        db.exec_driver_sql("UPDATE lists SET records = x'00'")
    with pytest.raises(MirrorError, match=r"tasks of r1 is damaged.*psauth sync --anew"):
        list(store.lists("tasks"))


def test_long_lists_are_read_in_pieces_of_their_owner(store, noon):
    for owner, count in (("w1", 5), ("w2", 0), ("w3", 2)):
        store.write_list("comments", owner, [{"id": f"{owner}-{number}"} for number in range(count)], noon)
    with store.snapshot() as snap:
        pieces = [(each.owner, [record["id"] for record in each.records]) for each in snap.pieces("comments", 2)]
        whole = [(each.owner, each.digest) for each in snap.lists("comments")]
        assert [*snap.digests("comments")] == whole
    assert pieces == [
        ("w1", ["w1-0", "w1-1"]),
        ("w1", ["w1-2", "w1-3"]),
        ("w1", ["w1-4"]),
        ("w2", []),
        ("w3", ["w3-0", "w3-1"]),
    ]
