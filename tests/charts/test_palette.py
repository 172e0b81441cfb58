"""The palette: read in light and dark, and told apart by eyes that see fewer colours."""

from itertools import combinations

import numpy as np
import pytest

from psauth.charts.palette import DARK, LIGHT, blend, colours, contrast, readable_on

SEEN = {
    "all colours": np.eye(3),
    "no red": np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    "no green": np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    "no blue": np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
}
"""What becomes of linear red, green and blue (Machado, Oliveira and Fernandes, 2009)."""
BOTH = pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])


def lab(colour, eyes):
    """A colour as these eyes see it, in CIELAB."""
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    linear = np.clip(eyes @ linear, 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = to_xyz @ linear / np.array([0.9505, 1.0, 1.089])
    f = [c ** (1 / 3) if c > 0.008856 else 7.787 * c + 16 / 116 for c in (x, y, z)]
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@BOTH
def test_words_can_be_read(palette):
    assert contrast(palette.text, palette.page) >= 7
    assert contrast(palette.quiet, palette.page) >= 4.5


@BOTH
def test_marks_stand_out_from_the_page(palette):
    assert contrast(palette.accent, palette.page) >= 3
    assert contrast(palette.very_late, palette.page) >= 3
    assert contrast(palette.late, palette.page) >= 2.5  # a fill, with its count or name beside it


@BOTH
@pytest.mark.parametrize("eyes", SEEN.values(), ids=SEEN)
def test_what_is_usual_late_and_very_late_is_told_apart_by_all_eyes(palette, eyes):
    for one, other in combinations([palette.accent, palette.late, palette.very_late, palette.pale], 2):
        assert np.linalg.norm(lab(one, eyes) - lab(other, eyes)) > 20


@BOTH
def test_the_accent_stands_out_from_what_is_usual(palette):
    assert contrast(palette.accent, palette.pale) >= 3


def test_light_and_dark_are_two_palettes():
    assert colours(dark=False) is LIGHT
    assert colours(dark=True) is DARK


def test_a_blend_begins_with_the_one_and_ends_with_the_other():
    assert blend("#000000", "#ffffff", 0) == "#000000"
    assert blend("#000000", "#ffffff", 1) == "#ffffff"
    assert blend("#000000", "#ff0080", 0.5) == "#800040"


def test_the_ink_on_a_ground_is_the_one_that_can_be_read():
    assert readable_on("#ffffff", "#ffffff", "#10151d") == "#10151d"
    assert readable_on("#2f5fd0", "#ffffff", "#10151d") == "#ffffff"
