"""What holds of every picture: it is drawn without a warning, in light and dark, with few rows and with many, whatever names
there are; and a frame that cannot be drawn is an error that says why."""

import importlib
import inspect
import json
import re
from functools import cache

import altair as alt
import pandas as pd
import pytest
import vl_convert

import psauth
from psauth import charts
from psauth.charts.palette import DARK, LIGHT
from psauth.exceptions import ArgumentError
from tests.charts import frames
from tests.charts.frames import NASTY, NOW
from tests.charts.looking import fields, image, is_whole, rows, said, subtitle, title

THREE_WAYS = [["a", "b"], ["a", "c", "b"], ["b"]]

PICTURES = {
    "run_times": {
        "few": lambda: charts.run_times(frames.run_times(3, 2), now=NOW),
        "usual": lambda **dark: charts.run_times(frames.run_times(40, 9, 3), now=NOW, **dark),
        "many": lambda: charts.run_times(frames.run_times(5_600, 700), now=NOW),
        "nasty": lambda: charts.run_times(frames.run_times(4, kind=NASTY), now=NOW, subject="x" * 500),
    },
    "throughput": {
        "few": lambda: charts.throughput(frames.throughput(3), now=NOW),
        "usual": lambda **dark: charts.throughput(frames.throughput(40), now=NOW, **dark),
        "many": lambda: charts.throughput(frames.throughput(5_200, every="D"), now=NOW),
        "nasty": lambda: charts.throughput(frames.throughput(12), now=NOW, subject=NASTY[2]),
    },
    "cumulative_flow": {
        "few": lambda: charts.cumulative_flow(frames.throughput(3), now=NOW),
        "usual": lambda **dark: charts.cumulative_flow(frames.throughput(40), now=NOW, **dark),
        "many": lambda: charts.cumulative_flow(frames.throughput(5_200, every="D"), now=NOW),
        "nasty": lambda: charts.cumulative_flow(frames.throughput(12), now=NOW, subject=NASTY[2]),
    },
    "bottlenecks": {
        "few": lambda: charts.bottlenecks(frames.bottlenecks(3)),
        "usual": lambda **dark: charts.bottlenecks(frames.bottlenecks(40), **dark),
        "many": lambda: charts.bottlenecks(frames.bottlenecks(5_200)),
        "nasty": lambda: charts.bottlenecks(frames.bottlenecks(12, kind=NASTY)),
    },
    "ageing": {
        "few": lambda: charts.ageing(frames.ageing(3)),
        "usual": lambda **dark: charts.ageing(frames.ageing(40), frames.run_times(90, 3), **dark),
        "many": lambda: charts.ageing(frames.ageing(5_200), frames.run_times(90)),
        "nasty": lambda: charts.ageing(frames.ageing(40, kind=NASTY), frames.run_times(90)),
    },
    "survival": {
        "few": lambda: charts.survival(frames.survival(5)),
        "usual": lambda **dark: charts.survival(frames.survival(40), **dark),
        "many": lambda: charts.survival(frames.survival(5_200)),
        "nasty": lambda: charts.survival(frames.survival(40), subject=NASTY[0]),
    },
    "process_map": {
        "few": lambda: charts.process_map(frames.process_map(frames.MOVES[:3])),
        "usual": lambda **dark: charts.process_map(frames.process_map(), **dark),
        "many": lambda: charts.process_map(frames.tangle(9_000)),
        "nasty": lambda: charts.process_map(
            frames.process_map(steps=["Run started", *NASTY[:3], NASTY[11], *NASTY[4:6], "Run finished"]), paths=1
        ),
    },
    "variants": {
        "few": lambda: charts.variants(frames.variants(THREE_WAYS, [9, 4, 1])),
        "usual": lambda **dark: charts.variants(frames.many_variants(40, tasks=9), **dark),
        "many": lambda: charts.variants(frames.many_variants(5_200)),
        "nasty": lambda: charts.variants(frames.variants([NASTY[:9], NASTY[3:], ["a"]], [9, 4, 1])),
    },
    "workload": {
        "few": lambda: charts.workload(frames.workload(3)),
        "usual": lambda **dark: charts.workload(frames.workload(40), **dark),
        "many": lambda: charts.workload(frames.workload(5_200)),
        "nasty": lambda: charts.workload(frames.workload(12, kind=NASTY)),
    },
    "load_ahead": {
        "few": lambda: charts.load_ahead(frames.load_ahead(3)),
        "usual": lambda **dark: charts.load_ahead(frames.load_ahead(40), **dark),
        "many": lambda: charts.load_ahead(frames.load_ahead(400)),
        "nasty": lambda: charts.load_ahead(frames.load_ahead(12, kind=NASTY)),
    },
    "calibration": {
        "few": lambda: charts.calibration(frames.calibration(3)),
        "usual": lambda **dark: charts.calibration(frames.calibration(10), **dark),
        "many": lambda: charts.calibration(frames.calibration(5_200)),
        "nasty": lambda: charts.calibration(frames.calibration(10), subject=NASTY[4]),
    },
    "rhythm": {
        "few": lambda: charts.rhythm(frames.event_log(9), zone="UTC"),
        "usual": lambda **dark: charts.rhythm(frames.event_log(400), zone="Europe/Berlin", **dark),
        "many": lambda: charts.rhythm(frames.event_log(5_200), zone="Asia/Kathmandu"),
        "nasty": lambda: charts.rhythm(frames.event_log(99), zone="UTC", subject=NASTY[3]),
    },
}


@cache
def drawn(name, kind):
    """One of them. Many tests look at it, and it is drawn once."""
    return PICTURES[name][kind]()


EVERY = [(name, kind) for name, kinds in PICTURES.items() for kind in kinds]


def test_every_public_picture_is_here():
    assert set(PICTURES) | {"save"} == set(charts.__all__)


@pytest.mark.parametrize(("name", "kind"), EVERY, ids=[f"{name}, {kind}" for name, kind in EVERY])
def test_it_is_drawn_without_a_word_of_warning(name, kind, capfd):
    chart = drawn(name, kind)
    picture = image(chart)
    assert picture.width > 300
    assert picture.height > 100
    assert len(picture.getcolors(maxcolors=1_000_000)) > 5
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(("name", "kind"), EVERY, ids=[f"{name}, {kind}" for name, kind in EVERY])
def test_all_of_it_is_in_the_chart_and_it_is_small(name, kind):
    chart = drawn(name, kind)
    assert isinstance(chart, alt.LayerChart)
    assert is_whole(chart)
    assert len(rows(chart)) < 15_000
    assert title(chart)
    assert subtitle(chart)


@pytest.mark.parametrize(("name", "kind"), EVERY, ids=[f"{name}, {kind}" for name, kind in EVERY])
def test_no_picture_is_without_its_count(name, kind):
    assert any(letter.isdigit() for letter in subtitle(drawn(name, kind)))


@pytest.mark.parametrize("name", PICTURES)
def test_the_page_is_light_or_dark(name):
    usual = PICTURES[name]["usual"]
    for chart, colours in ((usual(dark=False), LIGHT), (usual(dark=True), DARK)):
        assert image(chart).getpixel((1, 1)) == tuple(int(colours.page[n : n + 2], 16) for n in (1, 3, 5))
        assert chart.to_dict()["config"]["title"]["color"] == colours.text


@pytest.mark.parametrize("name", PICTURES)
def test_what_is_drawn_is_the_same_in_light_and_dark_but_for_colours(name):
    usual = PICTURES[name]["usual"]
    assert said(usual(dark=False)) == said(usual(dark=True))
    assert title(usual(dark=False)) == title(usual(dark=True))


@pytest.mark.parametrize("name", PICTURES)
def test_names_of_others_are_values_and_never_fields_or_expressions(name):
    assert fields(drawn(name, "nasty")) == fields(drawn(name, "nasty")) - {*NASTY}
    assert fields(drawn(name, "nasty")) <= fields(drawn(name, "usual")) | {"name", "took", "times", "arc", "n"}


@pytest.mark.parametrize(("name", "kind"), EVERY, ids=[f"{name}, {kind}" for name, kind in EVERY])
def test_no_text_has_a_line_break_or_half_a_letter(name, kind):
    for row in rows(drawn(name, kind)):
        for value in row.values():
            assert not isinstance(value, str) or value.isprintable(), value


@pytest.mark.parametrize("name", PICTURES)
def test_streamlit_can_draw_it(name):
    """It sets sides of the padding, and runs expressions by Vega's interpreter, for which one number is a year."""
    spec = drawn(name, "usual").to_dict()
    assert {*spec["padding"]} == {"left", "top", "right", "bottom"}
    made = json.dumps(vl_convert.vegalite_to_vega(spec))
    assert not re.search(r"datetime\(\d+\)", made)


@pytest.mark.parametrize("name", PICTURES)
def test_all_explain_their_parameters_and_take_dark_and_subject(name):
    picture = getattr(charts, name)
    taken = inspect.signature(picture).parameters
    assert taken["dark"].kind is taken["subject"].kind is inspect.Parameter.KEYWORD_ONLY
    assert taken["dark"].default is False
    for parameter in taken:
        assert f"        {parameter}: " in picture.__doc__ or f"        {parameter}, " in picture.__doc__
    assert "Errors: " in picture.__doc__


@pytest.mark.parametrize("name", PICTURES)
def test_the_subject_stands_before_the_subtitle(name):
    frame = {
        "run_times": lambda: frames.run_times(9),
        "throughput": lambda: frames.throughput(9),
        "cumulative_flow": lambda: frames.throughput(9),
        "process_map": frames.process_map,
        "variants": lambda: frames.variants(THREE_WAYS, [9, 4, 1]),
        "rhythm": lambda: frames.event_log(99),
    }.get(name, lambda: getattr(frames, name)(9))()
    assert subtitle(getattr(charts, name)(frame, subject="Employee\nOnboarding")).startswith("Employee Onboarding: ")


GIVEN_BY = {
    "throughput": 'ps.analysis.throughput(…, every="week")',
    "cumulative_flow": 'ps.analysis.throughput(…, every="week")',
    "rhythm": "ps.analysis.event_log(…)",
}


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize(
    ("given", "why"),
    [
        (None, "is no frame"),
        ("bottlenecks", "is no frame"),
        (pd.DataFrame({"x": [1]}), "the frame has no column"),
        (pd.DataFrame(), "the frame has no column"),
    ],
    ids=["None", "a text", "another frame", "an empty one"],
)
def test_what_cannot_be_drawn_is_said_and_where_such_a_frame_comes_from(name, given, why):
    with pytest.raises(ArgumentError, match=why) as raised:
        getattr(charts, name)(given)
    assert str(raised.value).startswith(f"charts.{name}: ")
    assert f"Expected a frame as {GIVEN_BY.get(name, f'ps.analysis.{name}(…)')} gives it." in str(raised.value)


FRAMES = {
    "run_times": frames.run_times(9),
    "throughput": frames.throughput(9),
    "cumulative_flow": frames.throughput(9),
    "bottlenecks": frames.bottlenecks(9),
    "ageing": frames.ageing(9),
    "survival": frames.survival(9),
    "process_map": frames.process_map(),
    "variants": frames.variants(THREE_WAYS, [9, 4, 1]),
    "workload": frames.workload(9),
    "load_ahead": frames.load_ahead(9),
    "calibration": frames.calibration(9),
    "rhythm": frames.event_log(9),
}
NUMBERS = {
    "run_times": "hours",
    "throughput": "departures",
    "cumulative_flow": "in_progress",
    "bottlenecks": "share",
    "ageing": "age_hours",
    "survival": "share_open",
    "process_map": "count",
    "variants": "share",
    "workload": "open",
    "load_ahead": "due",
    "calibration": "chance",
}


@pytest.mark.parametrize("name", ["bottlenecks", "process_map", "variants"])
def test_tasks_of_several_workflows_are_not_mixed_in_one_picture(name):
    frame = FRAMES[name]
    one = frame.assign(workflow_id="w1")
    assert title(getattr(charts, name)(one)) == title(getattr(charts, name)(frame))
    with pytest.raises(ArgumentError, match=r"the frame is of 2 workflows.*Choose one, by workflow=…"):
        getattr(charts, name)(pd.concat([one, frame.assign(workflow_id="w2")]))


def test_the_bands_of_ages_are_of_one_workflow():
    finished = frames.run_times(30).assign(workflow_id=["w1", "w2"] * 15)
    with pytest.raises(ArgumentError, match="the frame is of 2 workflows"):
        charts.ageing(frames.ageing(9), finished)
    assert charts.ageing(frames.ageing(9), finished[finished["workflow_id"] == "w1"])


@pytest.mark.parametrize("name", PICTURES)
def test_a_frame_without_rows_is_an_error_that_says_what_to_do(name):
    with pytest.raises(ArgumentError, match=r"has no rows, so there is nothing to draw\. Choose a longer time"):
        getattr(charts, name)(FRAMES[name].iloc[:0])


@pytest.mark.parametrize("name", NUMBERS)
def test_numbers_that_are_none_are_an_error_and_never_an_empty_picture(name):
    for wrong in (float("nan"), float("inf"), -1.0):
        with pytest.raises(ArgumentError, match=f"charts.{name}: "):
            getattr(charts, name)(FRAMES[name].assign(**{NUMBERS[name]: wrong}))
    with pytest.raises(ArgumentError, match=f"the column '{NUMBERS[name]}' does not hold numbers"):
        getattr(charts, name)(FRAMES[name].assign(**{NUMBERS[name]: "abc"}))


@pytest.mark.parametrize("name", sorted({*NUMBERS} - {"run_times", "throughput", "cumulative_flow"}))
def test_a_row_without_its_number_is_left_out_and_counted(name):
    frame = FRAMES[name].astype({NUMBERS[name]: float})
    frame.loc[frame.index[1], NUMBERS[name]] = float("nan")
    assert "left out" in subtitle(getattr(charts, name)(frame))


@pytest.mark.parametrize("name", PICTURES)
def test_a_column_that_is_there_twice_is_named(name):
    frame = FRAMES[name]
    first = NUMBERS.get(name, "concept:name")
    with pytest.raises(ArgumentError, match=f"has the column '{first}' twice"):
        getattr(charts, name)(pd.concat([frame, frame[[first]]], axis=1))


@pytest.mark.parametrize("name", PICTURES)
def test_the_frame_is_left_as_it_is(name):
    frame = FRAMES[name].copy()
    getattr(charts, name)(frame)
    pd.testing.assert_frame_equal(frame, FRAMES[name])


@pytest.mark.parametrize("name", PICTURES)
def test_the_index_of_a_frame_does_not_matter(name):
    frame = FRAMES[name].set_axis([7] * len(FRAMES[name]))
    assert said(getattr(charts, name)(frame)) == said(getattr(charts, name)(FRAMES[name]))


def test_the_room_is_part_of_the_public_face_and_its_names_stay_functions():
    assert psauth.charts is charts
    importlib.import_module("psauth.charts.bars")
    importlib.import_module("psauth.charts.process")
    assert all(inspect.isfunction(getattr(charts, name)) for name in charts.__all__)
    assert charts.__all__ == sorted(charts.__all__)
    assert dir(charts) == charts.__all__
    with pytest.raises(
        AttributeError, match=r"psauth\.charts has no picture 'bottleneck'\. Did you mean bottlenecks\?"
    ):
        _ = charts.bottleneck
