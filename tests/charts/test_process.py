"""The process map: how runs really go, on the order of the template."""

import pytest

from psauth import charts
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.frames import EITHER_ORDER, MOVES, STEPS
from tests.charts.looking import rows, said, subtitle, title


def paths_of(chart):
    """From where to where: every path that is drawn."""
    return {(row["from"], row["to"]) for row in rows(chart) if "path" in row}


def tops(chart):
    """The height of each step."""
    return {row["full"]: row["y"] for row in rows(chart) if "step" in row}


def test_steps_stand_in_the_order_of_the_template():
    placed = tops(charts.process_map(frames.process_map()))
    assert sorted(placed, key=placed.get) == STEPS


def test_without_an_order_it_is_the_one_that_most_runs_go():
    placed = tops(charts.process_map(frames.process_map(ordered=False)))
    assert sorted(placed, key=placed.get) == STEPS


def test_start_and_end_say_how_many_never_finished():
    texts = said(charts.process_map(frames.process_map()))
    assert "444 runs" in texts
    assert "362 runs; 82 have not" in texts
    assert "439×, 66 went no further" in texts


def test_the_title_says_how_often_the_order_is_kept():
    chart = charts.process_map(frames.process_map())
    assert title(chart) == "84% of all moves go to the next step, 12% skip steps, 4% go back"
    assert subtitle(chart).startswith("444 runs started, 362 finished; 2,595 moves, the most frequent ")


def test_by_time_the_title_names_the_longest_way():
    chart = charts.process_map(frames.process_map(), by="median_hours")
    assert title(chart) == "The longest way is from “Order equipment” to “Arrange permit”: 4.9 days by median"


def test_the_most_frequent_paths_cover_the_share_that_was_asked_for():
    everything = paths_of(charts.process_map(frames.process_map(), paths=1))
    most = paths_of(charts.process_map(frames.process_map(), paths=0.5))
    assert len(everything) == len(MOVES)
    assert most < everything


@pytest.mark.parametrize("share", [0.01, 0.5, 0.9])
def test_each_step_keeps_a_way_in_and_out(share):
    drawn = paths_of(charts.process_map(frames.process_map(), paths=share))
    assert {target for _, target in drawn} == {*STEPS[1:]}
    assert {source for source, _ in drawn} == {*STEPS[:-1]}


def test_steps_done_in_either_order_stand_side_by_side():
    chart = charts.process_map(frames.process_map(EITHER_ORDER))
    placed = tops(chart)
    assert placed["Create accounts"] == placed["Order equipment"]
    assert "side by side: in either order" in subtitle(chart)
    assert "side by side" not in subtitle(charts.process_map(frames.process_map()))


def test_under_five_moves_a_path_has_no_median():
    chart = charts.process_map(frames.process_map(), paths=1)
    rare = {row["median"] for row in rows(chart) if row.get("times") == "4"}
    assert rare == {"too few"}
    assert "under 5 moves no median" in subtitle(chart)


def test_a_median_that_is_missing_is_said_to_be():
    moves = [(a, b, count, float("nan")) for a, b, count, _ in MOVES]
    for by in ("count", "median_hours"):
        chart = charts.process_map(frames.process_map(moves), by=by)
        assert {row["median"] for row in rows(chart) if "median" in row} == {"not known"}
    assert title(chart) == "How runs go from step to step"


def test_a_step_under_the_pointer_lights_its_paths():
    spec = charts.process_map(frames.process_map()).to_dict()
    assert [param["name"] for param in spec["params"]] == ["lit"]
    assert spec["params"][0]["select"]["on"] == "pointerover"
    tests = {
        layer["encoding"]["opacity"]["condition"]["test"] for layer in spec["layer"] if "opacity" in layer["encoding"]
    }
    assert all("datum.source" in test and "datum.target" in test for test in tests)


def test_of_many_steps_the_most_frequent_are_drawn_and_the_rest_is_counted():
    chart = charts.process_map(frames.tangle(9_000))
    assert len(tops(chart)) == 32
    assert "50 rarer steps not drawn" in subtitle(chart)
    assert len(paths_of(chart)) < 130


def test_a_process_without_start_and_end_can_be_drawn():
    chart = charts.process_map(frames.process_map([(1, 2, 9, 1.0), (2, 3, 8, 2.0)]))
    assert subtitle(chart).startswith("17 moves")


def test_tasks_of_one_name_are_one_step_and_their_moves_are_added():
    steps = ["Run started", "Approve", "Approve", "Ship", "Run finished"]
    chart = charts.process_map(
        frames.process_map([(0, 1, 9, 1.0), (0, 2, 5, 2.0), (1, 3, 9, 1.0), (2, 3, 5, 1.0)], steps=steps)
    )
    assert {row["times"] for row in rows(chart) if "path" in row} == {"14"}


@pytest.mark.parametrize(("option", "value"), [("by", "hours"), ("paths", 0), ("paths", 1.5), ("paths", "all")])
def test_an_option_that_is_none_is_refused(option, value):
    with pytest.raises(ArgumentError, match=f"{option}={value!r} is"):
        charts.process_map(frames.process_map(), **{option: value})


def test_moves_that_nobody_made_are_no_process():
    with pytest.raises(ArgumentError, match="no path in it was gone"):
        charts.process_map(frames.process_map().assign(count=0))
