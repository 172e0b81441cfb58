"""Where steps stand and how the paths between them run."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.charts.layout import BOX_WIDTH, LABEL, LANE, heights_between, lanes, layout, rounded, rows_of
from psauth.charts.places import Box


def in_a_line(steps):
    return [[n] for n in range(steps)]


def label_boxes(drawn, kinds=("skip", "back")):
    w, h = LABEL
    places = [route.label for route in drawn.routes.values() if route.kind in kinds]
    return [Box(x - w / 2, y - h / 2, x + w / 2, y + h / 2) for x, y in places]


def test_steps_stand_below_each_other():
    drawn = layout(in_a_line(3), [(0, 1), (1, 2)])
    tops = [drawn.boxes[n].top for n in range(3)]
    assert tops == sorted(tops)
    assert len({drawn.boxes[n].left for n in range(3)}) == 1
    assert drawn.height == drawn.boxes[2].bottom


def test_the_next_step_is_reached_straight():
    route = layout(in_a_line(3), [(0, 1)]).routes[0, 1]
    assert route.kind == "next"
    (x0, _), (x1, _) = route.points
    assert x0 == x1


def test_skips_run_on_the_left_and_returns_on_the_right():
    drawn = layout(in_a_line(5), [(0, 2), (1, 4), (3, 1), (2, 1)])
    for path, kind in {(0, 2): "skip", (1, 4): "skip", (3, 1): "back", (2, 1): "back"}.items():
        route = drawn.routes[path]
        assert route.kind == kind
        if kind == "skip":
            assert all(x <= drawn.boxes[0].left for x, _ in route.points)
        else:
            assert all(x >= drawn.boxes[0].right for x, _ in route.points)


def test_arcs_that_share_an_end_touch_it_at_one_point():
    drawn = layout(in_a_line(6), [(0, 3), (1, 3), (0, 5), (4, 1), (3, 1)])
    assert drawn.routes[0, 3].points[-1] == drawn.routes[1, 3].points[-1]
    assert drawn.routes[0, 3].points[0] == drawn.routes[0, 5].points[0]
    assert drawn.routes[4, 1].points[-1] == drawn.routes[3, 1].points[-1]


def test_what_comes_in_does_not_touch_where_something_leaves():
    drawn = layout(in_a_line(6), [(0, 2), (2, 4), (4, 2), (2, 0)])
    ends = {drawn.routes[p].points[-1] for p in ((0, 2), (4, 2))}
    starts = {drawn.routes[p].points[0] for p in ((2, 4), (2, 0))}
    assert not ends & starts


def test_short_arcs_run_inside_of_long_ones():
    drawn = layout(in_a_line(8), [(0, 7), (2, 4), (1, 6)])
    furthest = {path: min(x for x, _ in route.points) for path, route in drawn.routes.items()}
    assert furthest[2, 4] > furthest[1, 6] > furthest[0, 7]


def test_arcs_that_do_not_overlap_share_a_lane():
    assert lanes([(0, 2), (2, 4), (1, 3)]) == [0, 0, 1]


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(lambda s: s[0] < s[1]), max_size=30))
def test_no_two_arcs_in_one_lane_overlap(spans):
    chosen = lanes(spans)
    for (one, a), (other, b) in combinations(zip(spans, chosen, strict=True), 2):
        assert a != b or one[1] <= other[0] or other[1] <= one[0]


def test_steps_done_in_either_order_stand_side_by_side():
    counts = {(0, 1): 90, (1, 2): 60, (2, 1): 40, (2, 3): 60, (1, 3): 40, (3, 4): 90}
    assert rows_of(5, counts) == [[0], [1, 2], [3], [4]]


def test_a_rare_return_makes_no_either_order():
    assert rows_of(4, {(0, 1): 90, (1, 2): 80, (2, 1): 12, (2, 3): 90}) == [[0], [1], [2], [3]]


def test_of_three_in_one_row_each_pair_is_met_in_either_order():
    both = {(a, b): 10 for a in (1, 2, 3) for b in (1, 2, 3) if a != b}
    assert rows_of(5, both) == [[0], [1, 2, 3], [4]]
    assert rows_of(5, {**both, (3, 1): 1}) == [[0], [1, 2], [3], [4]]


def test_start_and_end_stand_alone():
    both = {(a, b): 10 for a in range(3) for b in range(3)}
    assert rows_of(3, both) == [[0], [1], [2]]


def test_no_two_boxes_meet():
    drawn = layout([[0], [1, 2, 3], [4, 5], [6]], [(0, 1), (1, 3), (3, 1), (1, 4), (6, 2)])
    assert not any(one.meets(other) for one, other in combinations(drawn.boxes.values(), 2))


def test_a_path_from_inside_of_a_row_leaves_by_the_foot_and_passes_below_its_neighbours():
    drawn = layout([[0], [1, 2], [3], [4]], [(2, 4)])
    (_, y), *rest = drawn.routes[2, 4].points
    assert y == drawn.boxes[2].bottom
    neighbour = drawn.boxes[1]
    assert all(py > neighbour.bottom for px, py in rest if neighbour.left < px < neighbour.right)


def test_a_step_done_again_has_a_loop_where_no_other_stands():
    drawn = layout([[0], [1, 2, 3], [4]], [(4, 4), (1, 1), (2, 2), (3, 3)])
    assert all(x >= drawn.boxes[4].right for x, _ in drawn.routes[4, 4].points)
    assert all(x <= drawn.boxes[1].left for x, _ in drawn.routes[1, 1].points)
    assert all(x >= drawn.boxes[3].right for x, _ in drawn.routes[3, 3].points)
    assert all(y >= drawn.boxes[2].bottom for _, y in drawn.routes[2, 2].points)


def test_the_picture_is_as_wide_as_was_asked_for_or_wider():
    assert layout(in_a_line(2), [(0, 1)], least_width=720).width == 720
    many = [(a, b) for a in range(12) for b in range(a + 2, 12)]
    assert layout(in_a_line(12), many, least_width=720).width > 720


PATHS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), unique=True, max_size=25)


@given(PATHS)
def test_all_paths_and_labels_stay_inside(paths):
    drawn = layout(in_a_line(10), paths, least_width=720)
    assert set(drawn.routes) == set(paths)
    for route in drawn.routes.values():
        assert all(0 <= x <= drawn.width and -1e-6 <= y <= drawn.height + 1e-6 for x, y in route.points)
    frame = Box(0, 0, drawn.width, drawn.height)
    assert all(box.within(frame) for box in label_boxes(drawn))


@given(PATHS)
def test_no_label_of_an_arc_lies_on_another_or_on_a_step(paths):
    drawn = layout(in_a_line(10), paths)
    boxes = label_boxes(drawn)
    assert not any(one.meets(other) for one, other in combinations(boxes, 2))
    assert not any(box.meets(step) for box in boxes for step in drawn.boxes.values())


def test_a_label_moves_along_its_arc_to_where_nothing_crosses_it():
    drawn = layout(in_a_line(7), [(0, 4), (2, 6)])
    inner = min(drawn.routes.items(), key=lambda item: -min(x for x, _ in item[1].points))
    outer = next(route for path, route in drawn.routes.items() if path != inner[0])
    x, y = inner[1].label
    w, h = LABEL
    crossing = heights_between(outer.points, x - w / 2, x + w / 2)
    assert crossing
    assert not any(low < y + h / 2 and y - h / 2 < high for low, high in crossing)


def test_lanes_are_as_far_apart_as_their_labels_need():
    assert LABEL[0] < LANE
    assert LABEL[0] < BOX_WIDTH


def test_corners_are_rounded_and_the_ends_stay():
    points = rounded([(0, 0), (100, 0), (100, 100)], 16)
    assert points[0] == (0, 0)
    assert points[-1] == (100, 100)
    assert (100, 0) not in points
    assert points[1] == pytest.approx((84, 0))
    assert points[9] == pytest.approx((100, 16))


def test_a_corner_without_room_stays():
    assert rounded([(0, 0), (0.4, 0), (0.4, 10)], 16) == [(0, 0), (0.4, 0), (0.4, 10)]
