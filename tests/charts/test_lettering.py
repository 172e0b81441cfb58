"""Texts: one line, as wide as they are taken for, shortened and broken so that they fit."""

import pytest

from psauth.charts.lettering import name_of, shortened, width, wrapped


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Order equipment", "Order equipment"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("  spaces   in  it ", "spaces in it"),
        ("\u202eback to front", "back to front"),
        ("\ud83d half an emoji", "half an emoji"),
        ("", "(no name)"),
        (" \n ", "(no name)"),
        (None, "(no name)"),
        (float("nan"), "(no name)"),
        (42, "42"),
    ],
)
def test_a_name_is_one_line(given, name):
    assert name_of(given) == name


def test_what_stands_for_a_missing_name_can_be_said():
    assert name_of(None, missing="nobody") == "nobody"


def test_a_name_does_not_go_on_for_ever():
    assert len(name_of("x" * 100_000)) < 250


def test_letters_are_as_wide_as_those_of_arial():
    assert width("iiii", 10) == pytest.approx(8.88)
    assert width("WWWW", 10) == pytest.approx(37.76)
    assert width("Hello", 1000) == 722 + 556 + 222 + 222 + 556
    assert width("Hello", 10, bold=True) > width("Hello", 10)


def test_an_accent_takes_no_room_and_other_scripts_take_more():
    assert width("é", 10) == width("e", 10)
    assert width("e\u0301", 10) == width("e", 10)
    assert width("審", 10) > width("W", 10)
    assert width("🎉", 10) > width("W", 10)


def test_what_fits_stays_as_it_is():
    assert shortened("Order", 100, 12) == "Order"


@pytest.mark.parametrize(
    "text", ["Order the equipment for the new colleague", "審批合同以及附加文件", "🎉" * 30, "x" * 300]
)
@pytest.mark.parametrize("pixels", [20, 55, 130])
def test_what_does_not_fit_ends_with_an_ellipsis_and_fits_then(text, pixels):
    short = shortened(text, pixels, 12)
    assert short.endswith("…")
    assert width(short, 12) <= pixels
    assert text.startswith(short[:-1])


def test_no_space_stands_before_the_ellipsis():
    assert shortened("Order equipment", width("Order …", 12), 12) == "Order…"


def test_lines_are_broken_between_words():
    lines = wrapped("one two three four five six", 60, 12)
    assert " ".join(lines) == "one two three four five six"
    assert len(lines) > 1
    assert all(width(line, 12) <= 60 for line in lines)


def test_a_word_that_is_longer_than_a_line_is_shortened():
    assert wrapped("a " + "x" * 100 + " b", 60, 12)[1].endswith("…")
    assert all(width(line, 12) <= 60 for line in wrapped("a " + "x" * 100 + " b", 60, 12))
