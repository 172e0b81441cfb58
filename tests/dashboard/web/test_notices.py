"""A notice is shown by the page that follows what it tells of, once, and by no page that was open before."""

from __future__ import annotations

import time

from psauth.dashboard.web.notices import CONNECTED, KEPT, UNTRIED, Notices


def test_a_notice_is_handed_out_once() -> None:
    notices = Notices()
    notices.leave("mine", CONNECTED)
    assert notices.take("another") is None
    assert notices.take("mine", time.monotonic()) == CONNECTED
    assert notices.take("mine", time.monotonic()) is None


def test_a_page_that_was_open_before_leaves_it_to_the_one_that_follows() -> None:
    notices = Notices()
    before = time.monotonic() - 1e-6
    notices.leave("mine", CONNECTED)
    assert notices.take("mine", before) is None
    assert notices.take("mine", time.monotonic()) == CONNECTED


def test_the_latest_takes_the_place_of_an_older_one_and_the_oldest_go_first() -> None:
    notices = Notices()
    notices.leave("mine", CONNECTED)
    notices.leave("mine", UNTRIED)
    assert notices.take("mine") == UNTRIED
    for number in range(KEPT + 1):
        notices.leave(str(number), CONNECTED)
    assert notices.take("0") is None
    assert notices.take(str(KEPT)) == CONNECTED
