"""A picture as a file: PNG or SVG, whole or not at all."""

import os

import pytest
from PIL import Image

from psauth import charts
from psauth.exceptions import ArgumentError, FileNotWritten
from tests.charts import frames


@pytest.fixture(scope="module")
def chart():
    return charts.bottlenecks(frames.bottlenecks(9))


def test_a_png_has_two_pixels_for_one(chart, tmp_path):
    path = charts.save(chart, tmp_path / "bottlenecks.png")
    assert path == tmp_path / "bottlenecks.png"
    with Image.open(path) as image:
        assert image.format == "PNG"
        assert image.width > 1_400


def test_an_svg_holds_its_words_as_words(chart, tmp_path):
    text = charts.save(chart, str(tmp_path / "bottlenecks.SVG")).read_text("utf-8")
    assert text.startswith("<svg")
    assert "Order equipment 0" in text


def test_markup_in_a_name_is_text_in_an_svg(tmp_path):
    frame = frames.bottlenecks(3).assign(name="<script>alert('x')</script>")
    text = charts.save(charts.bottlenecks(frame), tmp_path / "x.svg").read_text("utf-8")
    assert "<script" not in text
    assert "&lt;script&gt;" in text


def test_a_home_folder_is_found(chart, tmp_path):
    charts.save(chart, "~/picture.svg")
    assert (tmp_path / "picture.svg").is_file()


@pytest.mark.parametrize("name", ["picture.pdf", "picture", "picture.html", ".png"])
def test_another_ending_is_refused_with_those_that_there_are(chart, tmp_path, name):
    with pytest.raises(ArgumentError, match=r"ends in neither \.png nor \.svg"):
        charts.save(chart, tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_what_is_no_picture_is_refused(tmp_path):
    with pytest.raises(ArgumentError, match="DataFrame is no picture"):
        charts.save(frames.bottlenecks(3), tmp_path / "x.png")


def test_a_picture_and_a_path_that_were_swapped_are_told_apart(chart):
    with pytest.raises(
        ArgumentError, match=r"alt\.LayerChart\(\.\.\.\) is not a path\. Expected one, like 'chart\.svg'"
    ):
        charts.save("chart.svg", chart)


def test_a_folder_that_is_not_there_is_named(chart, tmp_path):
    with pytest.raises(FileNotWritten, match="there is no folder"):
        charts.save(chart, tmp_path / "nowhere" / "x.png")


def test_what_stood_there_stays_where_the_picture_cannot_be_drawn(chart, tmp_path, monkeypatch):
    path = tmp_path / "x.png"
    path.write_bytes(b"old")

    def broken(*_, **__):
        raise RuntimeError("no memory")

    monkeypatch.setattr(type(chart), "save", broken)
    with pytest.raises(RuntimeError):
        charts.save(chart, path)
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["x.png"]
