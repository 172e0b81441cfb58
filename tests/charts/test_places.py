"""Labels: none lies on another, none leaves the frame."""

from itertools import combinations, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.charts.places import Box, beside, flags, spread, ticks

HEIGHTS = st.lists(st.floats(-50, 450), min_size=1, max_size=12)


def test_places_that_are_free_are_taken_as_they_are():
    assert spread([10, 50, 90], 15, 0, 100) == [10, 50, 90]


def test_places_that_are_too_near_move_apart_evenly():
    assert spread([50, 50], 20, 0, 100) == [40, 60]
    assert spread([50, 52, 48], 10, 0, 100) == [50, 60, 40]


def test_at_the_edge_all_move_inwards():
    assert spread([99, 99], 20, 0, 100) == [80, 100]
    assert spread([-10, 0], 20, 0, 100) == [0, 20]


def test_where_there_is_no_room_they_are_evenly_apart():
    assert spread([5, 5, 5], 60, 0, 100) == [0, 50, 100]


@given(HEIGHTS)
def test_places_keep_their_order_their_distance_and_the_frame(wanted):
    placed = spread(wanted, 15, 0, 400)
    ordered = [placed[n] for n in sorted(range(len(wanted)), key=lambda n: wanted[n])]
    assert all(b - a >= 15 - 1e-6 for a, b in pairwise(ordered))
    assert all(-1e-6 <= p <= 400 + 1e-6 for p in placed)


FRAME = Box(0, 0, 400, 300)


def test_a_label_stands_on_the_right_of_its_point_where_it_can():
    assert beside([(100, 100)], [(80, 12)], FRAME, []) == [Box(107, 94, 187, 106)]


def test_at_the_right_edge_it_stands_on_the_left():
    (box,) = beside([(390, 100)], [(80, 12)], FRAME, [])
    assert box.right == 383


def test_a_label_that_has_no_place_is_not_drawn():
    assert beside([(200, 150)], [(500, 12)], FRAME, []) == [None]
    assert beside([(200, 150)], [(80, 12)], FRAME, [FRAME]) == [None]


@given(st.lists(st.tuples(st.floats(0, 400), st.floats(0, 300)), min_size=1, max_size=25))
def test_no_label_lies_on_another_or_on_a_point_or_leaves_the_frame(points):
    taken = [Box(x - 5, y - 5, x + 5, y + 5) for x, y in points]
    placed = [box for box in beside(points, [(90, 13)] * len(points), FRAME, taken) if box]
    assert not any(one.meets(other) for one, other in combinations(placed, 2))
    assert not any(box.meets(point) for box in placed for point in taken)
    assert all(box.within(FRAME) for box in placed)


def flag_boxes(lines, widths, end=700):
    """The places of the labels, and of the lines up to their labels; a row is 18 pixels, y grows upwards from the lines."""
    placed = flags(lines, widths, end)
    labels = [Box(left, 18 * row, left + w, 18 * row + 17) for (left, row), w in zip(placed, widths, strict=True)]
    poles = [Box(x - 0.5, 0, x + 0.5, 18 * (row + 1)) for x, (_, row) in zip(lines, placed, strict=True)]
    return labels, poles


def test_labels_with_room_stand_in_one_row_right_of_their_lines():
    assert flags([100, 300, 500], [90, 90, 90], 700) == [(105, 0), (305, 0), (505, 0)]


def test_without_room_the_first_label_is_the_highest():
    assert [row for _, row in flags([100, 120, 140], [90, 90, 90], 700)] == [2, 1, 0]


def test_at_the_right_edge_the_labels_fly_to_the_left():
    assert flags([300, 690], [90, 90], 700) == [(205, 0), (595, 0)]
    assert flags([], [], 700) == []


@given(st.lists(st.floats(100, 695), min_size=3, max_size=3).map(sorted))
def test_no_label_lies_on_another_and_no_line_crosses_one(lines):
    labels, poles = flag_boxes(lines, [95.0, 95.0, 95.0])
    assert not any(one.meets(other) for one, other in combinations(labels, 2))
    for n, label in enumerate(labels):
        assert not any(label.meets(pole) for k, pole in enumerate(poles) if k != n and abs(lines[k] - lines[n]) > 1)
    assert all(label.left >= 0 and label.right <= 700 for label in labels)


@pytest.mark.parametrize(
    ("most", "expected"),
    [(10, [0, 2, 4, 6, 8, 10]), (0.9, [0, 0.25, 0.5, 0.75]), (0.1, [0]), (90, [0, 20, 40, 60, 80])],
)
def test_ticks_are_round_and_few(most, expected):
    assert ticks(most, [0.25, 0.5, 1, 2, 5, 10, 20, 50]) == expected
