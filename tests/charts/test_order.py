"""The order of steps, where the template's is not known."""

from psauth.charts.order import usual_order, with_places


def test_what_follows_stands_behind():
    counts = {("b", "c"): 5, ("a", "b"): 9}
    assert usual_order(["c", "b", "a"], counts) == ["a", "b", "c"]


def test_what_rarely_goes_back_does_not_turn_the_order():
    counts = {("a", "b"): 90, ("b", "c"): 80, ("c", "a"): 7, ("c", "b"): 12}
    assert usual_order(["a", "b", "c"], counts) == ["a", "b", "c"]


def test_each_step_is_there_once_whatever_follows_what():
    counts = {("a", "b"): 1, ("b", "a"): 1, ("c", "c"): 4}
    assert sorted(usual_order(["a", "b", "c", "a"], counts)) == ["a", "b", "c"]


def test_the_places_of_the_template_come_first():
    counts = {("a", "b"): 99, ("b", "c"): 99}
    assert with_places({"c": 1, "b": 2, "a": 3}, ["a", "b", "c"], counts) == ["c", "b", "a"]


def test_a_step_without_a_place_stands_behind_the_one_it_mostly_follows():
    counts = {("approve", "Approved"): 50, ("order", "Approved"): 2}
    places = {"order": 1, "approve": 2, "ship": 3}
    assert with_places(places, [*places, "Approved"], counts) == ["order", "approve", "Approved", "ship"]


def test_one_that_follows_nothing_known_stands_last():
    assert with_places({"a": 1, "b": 2}, ["new", "a", "b"], {}) == ["a", "b", "new"]


def test_one_that_is_tied_to_no_other_stands_below_the_rest():
    assert usual_order(["a", "(no task was completed)", "b"], {("a", "b"): 5}) == ["a", "b", "(no task was completed)"]
