"""The page of a report: its structure, and that nothing in it runs, whatever texts stand in it."""

import re
from html import unescape

import pytest

from psauth.analysis.page import POLICY, Figures, Part, Picture, in_frame, page
from tests.analysis.pages import NASTY, Elements, check_harmless, texts

SVG = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9"><path d="M0,0"/></svg>'
DOCSTRING = """How late tasks are; one row a task.

Of `ps.mirror`, over
two lines.

The kinds:
    "one": of runs,
        and more.
    "two": of tasks.
Nothing else.

Parameters:
    tables: not for readers.

Columns:
    run_id, name.
    late_hours: by the clock,
        until now.

Errors: ArgumentError for nothing.
"""


@pytest.fixture
def nasty():
    part = Part(
        NASTY, [NASTY], [Picture(SVG, NASTY)], [Figures([NASTY], [False], [[NASTY]], 3)], [f"{NASTY}\n\nColumns:\n    {NASTY}: x"]
    )  # fmt: skip
    return page(NASTY, NASTY, [part])


def test_every_text_is_shown_as_the_text_that_it_is(nasty):
    check_harmless(nasty)
    assert texts(nasty).count(" ".join(NASTY.split())) >= 8


def test_the_policy_stands_before_all_that_it_is_about(nasty):
    assert nasty.index("Content-Security-Policy") < nasty.index("<title>")
    assert "default-src 'none'" in POLICY
    assert "script-src" not in POLICY


def test_sentences_come_first_and_lead_to_what_they_rest_on():
    parts = [Part("Late", ["One.", "Two."], [Picture(SVG, "A picture.")]), Part("Time", ["Three."])]
    html = page("Purchase", "as of today", parts)
    assert [a["href"] for tag, a in Elements(html).found if tag == "a"] == ["#part-1", "#part-2"]
    assert [a["id"] for tag, a in Elements(html).found if tag == "section"] == ["part-1", "part-2"]
    assert texts(html).startswith("Purchase")
    assert html.index("<p>Two.</p>") < html.index("<section")
    assert '<figure role="img" aria-label="A picture."><svg width="9">' in html


def test_what_has_no_picture_and_no_figures_says_why():
    html = page("Purchase", "", [Part("Late", ["Nothing is late."])])
    assert html.count("<p>Nothing is late.</p>") == 2


def test_a_table_says_how_many_rows_there_are_more():
    figures = Figures(["task", "count"], [False, True], [["Pay", "3"]], 1_001)
    html = page("", "", [Part("", [], figures=[figures])])
    assert '<tr><td>Pay</td><td class="n">3</td></tr>' in html
    assert "and 1,000 more" in html
    assert "more</p>" not in page("", "", [Part("", [], figures=[Figures(["a"], [True], [["1"]], 1)])])


def test_a_definition_is_what_the_question_says_of_itself_but_for_its_caller():
    html = page("", "", [Part("", [], definitions=[DOCSTRING])])
    assert "<details><summary>What this means</summary>" in html
    assert re.findall(r"<(?:p|li)>(.*?)</(?:p|li)>", html[html.index("<summary>") :]) == [
        "How late tasks are; one row a task.",
        "Of <code>ps.mirror</code>, over two lines.",
        "The kinds:",
        "&quot;one&quot;: of runs, and more.",
        "&quot;two&quot;: of tasks.",
        "Nothing else.",
        "late_hours: by the clock, until now.",
    ]


def test_in_a_notebook_it_stands_in_a_frame_that_runs_nothing(nasty):
    shown = in_frame(NASTY, nasty)
    [(tag, attributes)] = Elements(shown).found
    assert tag == "iframe"
    assert attributes["sandbox"] is None, "no permission at all"
    assert unescape(attributes["srcdoc"]) == unescape(nasty)
    assert attributes["srcdoc"] == nasty
    assert "<script" not in shown
