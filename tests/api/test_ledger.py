"""The ledger: how much may leave now, and what answers correct; two functions without clock or lock."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.api.budget import Budget
from psauth.api.ledger import (
    LONGEST_BLOCK,
    PROBE_TIME,
    Lease,
    Ledger,
    correct,
    for_people,
    lease,
    plausible,
)
from tests.api.governing import NOW, budget


def ledger(**known):
    return Ledger(**{"limit": 1000, "window_end": NOW + 100, "length": 100.0, **known})


def test_the_first_request_of_all_goes_out_alone():
    after, first = lease(Ledger(), NOW)
    assert first == Lease(1)
    _, second = lease(after, NOW + 0.1)
    assert second.permits == 0
    assert 0 < second.wait <= PROBE_TIME
    _, third = lease(after, NOW + PROBE_TIME)
    assert third.permits == 1, "whoever went out first never came back"


def test_leases_are_large_while_there_is_plenty_and_single_when_it_gets_tight():
    book, sizes = ledger(), []
    while (given := (step := lease(book, NOW))[1]).permits:
        book = step[0]
        sizes.append(given.permits)
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[0] > 50
    assert sizes[-1] == 1
    assert book.used == sum(sizes) == 1000 - 20, "one in fifty is held back"
    assert given.wait == pytest.approx(99.0), "until the window's last second"


def test_long_reads_leave_something_for_the_app():
    assert lease(ledger(used=980), NOW)[1].permits == 0


def test_what_people_will_need_at_their_rate_is_left_for_them_until_the_window_ends():
    book = ledger(people=20, people_in_used=20, used=400, window_end=NOW + 80)
    assert for_people(book, NOW) == (81, 1.0), "one a second, and one of which nobody has told yet"
    assert for_people(book, NOW + 40) == (15, pytest.approx(1 / 3)), "20 in 60 seconds, 40 to go"
    assert for_people(ledger(people_before=50, window_end=NOW + 100), NOW) == (51, 0.5), "as in the window before"


def test_people_hold_back_half_of_the_budget_at_most():
    assert for_people(ledger(people=90, window_end=NOW + 90), NOW)[0] == 500


def test_a_sync_leaves_a_share_though_nobody_has_asked():
    book, permits = ledger(), 0
    while (step := lease(book, NOW, 0.1))[1].permits:
        book = step[0]
        permits += step[1].permits
    assert permits == 1000 - 101
    assert step[1].wait == pytest.approx(0.25, abs=1.0), "one a moment, as the window goes by"
    assert step[1].until == 99.0, "many, when it ends"
    assert lease(book, NOW + 50, 0.1)[1].permits > 1


def test_requests_of_people_that_no_answer_has_told_of_count_too():
    told = ledger(used=978, people=5, people_in_used=5, window_end=NOW + 1)
    untold = replace(told, people_in_used=0)
    assert lease(told, NOW - 10)[1].permits > 0
    assert lease(untold, NOW - 10)[1].permits == 0
    assert correct(untold, budget(1000, 19, 1), NOW).people_in_used == 3, "three more than were leased"


def test_the_last_request_of_a_window_is_for_people_where_there_are_any():
    assert lease(ledger(used=999), NOW + 99.5)[1].permits == 1
    assert lease(ledger(used=999, people_before=9), NOW + 99.5)[1].permits == 0


def test_the_next_window_knows_how_many_people_asked_in_this_one():
    book = correct(ledger(people=7), budget(1000, 999, 200), NOW + 100)
    assert (book.people, book.people_before) == (0, 7)
    later = correct(ledger(people=7), budget(1000, 999, 300), NOW + 250)
    assert (later.people, later.people_before) == (0, 0), "a whole window went by between"


def test_what_another_version_notes_in_a_ledger_is_passed_over():
    assert Ledger.read('{"used": 3, "something": [1]}') == Ledger(used=3)
    assert Ledger.read(None) == Ledger()


def test_what_was_held_back_leaves_one_by_one_in_the_last_second():
    book, left = ledger(used=980), 0
    for step in range(1000):
        book, given = lease(book, NOW + 99 + step / 1000)
        left += given.permits
        assert given.permits in (0, 1)
    assert left == 20


def test_the_first_request_of_a_window_goes_out_alone_and_its_answer_opens_it():
    after, first = lease(ledger(used=1000), NOW + 100)
    assert first == Lease(1)
    assert lease(after, NOW + 100.1)[1].permits == 0
    book = correct(after, budget(1000, 999, 200), NOW + 100.2)
    assert lease(book, NOW + 100.2)[1].permits > 50


def test_when_the_answer_still_knows_the_old_window_its_end_is_waited_for():
    after, _ = lease(ledger(used=1000), NOW + 100)
    book = correct(after, budget(1000, 0, 100.7), NOW + 100.1)
    assert lease(book, NOW + 100.1)[1] == Lease(0, pytest.approx(0.6))
    assert lease(book, NOW + 100.7)[1] == Lease(1)


def test_a_service_that_counts_in_shorter_windows_from_now_on_is_believed():
    book = correct(ledger(limit=10**9, used=5000, window_end=NOW + 3600, length=3600.0), budget(100, 99, 10), NOW)
    assert (book.limit, book.used, book.window_end) == (100, 1, NOW + 10)


def test_while_blocked_nobody_gets_anything():
    book = ledger(blocked_until=NOW + 7)
    assert lease(book, NOW) == (book, Lease(0, 7.0))
    assert lease(book, NOW + 7)[1].permits > 0


@given(
    st.integers(0, 5000), st.integers(0, 6000), st.floats(-50, 3700), st.floats(-50, 100), st.integers(0, 9)
)  # fmt: skip
def test_a_lease_never_gives_more_than_is_left_and_a_wait_is_one(limit, used, to_go, blocked, limit_known):
    book = Ledger(limit=limit if limit_known else None, used=used, window_end=NOW + to_go, blocked_until=NOW + blocked)
    after, given = lease(book, NOW)
    assert given.permits >= 0
    assert given.wait >= 0
    if given.permits and limit_known and book.window_end > NOW:
        assert after.used <= limit
    if book.window_end <= NOW:
        assert given.permits <= 1
    if not given.permits:
        assert math.isfinite(given.wait)


def test_answers_correct_what_others_spent_and_never_give_back_what_is_under_way():
    book = ledger(used=100)
    assert correct(book, budget(1000, 700, 100), NOW).used == 300
    assert correct(book, budget(1000, 990, 100), NOW).used == 100, "90 are leased and on their way"
    assert correct(book, budget(2000, 1990, 100), NOW).limit == 2000


def test_the_end_of_a_window_is_told_up_to_a_second_late_so_the_earliest_counts():
    book = correct(ledger(), budget(1000, 900, 99.2), NOW)
    assert book.window_end == pytest.approx(NOW + 99.2)
    assert correct(book, budget(1000, 900, 100.1), NOW).window_end == pytest.approx(NOW + 99.2)


def test_a_new_window_is_seen_by_its_end():
    book = correct(ledger(used=990, last_single=NOW), budget(1000, 999, 200), NOW + 100)
    assert (book.used, book.window_end, book.last_single) == (1, NOW + 200, 0.0)
    assert book.length == pytest.approx(100)


def test_late_answers_of_the_last_window_are_ignored():
    book = ledger(used=10)
    late = budget(1000, 2, -0.5)
    assert correct(book, late, NOW) == book
    over = ledger(used=990)
    assert correct(over, budget(1000, 3, 100), NOW + 100.5).used == 990


@pytest.mark.parametrize("seen", [Budget(), Budget(limit=5), Budget(remaining=5)])
def test_half_of_the_headers_says_nothing(seen):
    assert correct(ledger(probing_until=NOW + 3), seen, NOW) == ledger()


def test_without_a_reset_the_usual_length_is_assumed():
    book = correct(Ledger(), Budget(limit=10, remaining=4), NOW)
    assert (book.used, book.window_end) == (6, NOW + 3600)


def test_answers_without_a_reset_do_not_begin_a_window_each():
    book = ledger(used=100)
    after = correct(book, Budget(limit=1000, remaining=950), NOW + 5)
    assert (after.used, after.window_end) == (100, book.window_end)


@pytest.mark.parametrize(
    "left_over", [{"window_end": NOW + 102}, {"blocked_until": NOW + LONGEST_BLOCK + 1}, {"probing_until": NOW + 60, "limit": None}]
)  # fmt: skip
def test_a_clock_that_was_set_back_leaves_nobody_waiting(left_over):
    book = ledger(used=1000, window_end=NOW - 1) if "window_end" not in left_over else ledger(used=1000)
    assert lease(plausible(replace(book, **left_over), NOW), NOW)[1].permits > 0


@given(st.floats(0, 3600), st.floats(0, LONGEST_BLOCK), st.floats(0, PROBE_TIME))
def test_what_can_be_is_left_as_it_is(to_go, blocked, probing):
    book = Ledger(
        limit=9, window_end=NOW + to_go, blocked_until=NOW + blocked, probing_until=NOW + probing, last_single=NOW
    )
    assert plausible(book, NOW) == book
