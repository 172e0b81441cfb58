"""The Answers view: what it says is what the report says; a chapter at a time, out of the copy, and for no request."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

import psauth
from psauth.analysis import chapters
from psauth.analysis.chapters import OF_ONE, OF_SEVERAL, Findings
from psauth.analysis.report import make_report
from psauth.dashboard.loading import answers
from psauth.dashboard.loading.copies import Copy, copies
from psauth.dashboard.loading.syncs import syncs
from psauth.dashboard.parts import chapters as drawn_chapters
from psauth.exceptions import MirrorError
from psauth.export.parquet import to_parquet
from psauth.vault.vault import Vault
from tests.dashboard.conftest import asked, labels, press, settled, texts
from tests.dashboard.views.conftest import PATIENCE, Visit, here_of

LATE = OF_ONE[0].title


def copy_of(vault: Vault) -> Copy:
    copy = copies.find(here_of(vault))
    assert copy is not None
    return copy


def pictures(page: AppTest) -> list[Any]:
    """What a browser would draw, as Vega-Lite has it."""
    return [json.loads(element.proto.spec) for element in page.get("vega_lite_chart")]


def choose(page: AppTest, label: str, value: str) -> AppTest:
    kinds = (*page.selectbox, *page.button_group)
    return settled(next(each for each in kinds if each.label == label).set_value(value).run())


def test_without_a_copy_the_view_leads_to_sync_and_asks_nothing(
    visit: Visit, connected: Vault, box: psauth.Sandbox
) -> None:
    visit("workflows")
    before = asked(box)
    page = visit("answers", workflow="Purchase Request")
    assert "There is no local copy yet" in texts(page)
    assert [link.proto.label for link in page.get("page_link")] == ["Go to Sync"]
    assert not page.selectbox
    assert asked(box) == before


def test_while_the_first_copy_is_made_the_view_says_so(visit: Visit, connected: Vault, box: psauth.Sandbox) -> None:
    mine = syncs.of(here_of(connected))
    box.knobs.latency = 0.2
    try:
        mine.start()
        page = visit("answers")
        assert "The first sync is under way" in texts(page)
        assert "There is no local copy yet" not in texts(page)
        assert [link.proto.label for link in page.get("page_link")] == ["Go to Sync"]
    finally:
        box.knobs.latency = 0.0
        mine.stop()
    assert mine.wait(PATIENCE)


def test_it_says_of_all_and_of_one_workflow_what_the_report_says(
    visit: Visit, copied: Vault, box: psauth.Sandbox, busiest: str
) -> None:
    mirror = copy_of(copied).mirror
    before = asked(box)
    page = visit("answers")
    for sentence in OF_SEVERAL[0].read(chapters.Asked(mirror)).sentences:
        assert sentence in texts(page)
    assert "Local copy, " in texts(page)
    choose(page, "Workflow", busiest)
    choose(page, "Chapter", "How long runs take")
    report = make_report(mirror, busiest)
    mine = OF_ONE[1].read(chapters.Asked(mirror, busiest)).sentences
    assert mine
    assert {*mine} <= {*report.sentences}
    assert all(sentence in texts(page) for sentence in mine)
    assert asked(box) == before


def test_every_chapter_stands_there_with_its_pictures_and_figures(visit: Visit, copied: Vault, busiest: str) -> None:
    asked = chapters.Asked(copy_of(copied).mirror, busiest)
    page = visit("answers", workflow=busiest)
    for chapter in OF_ONE:
        choose(page, "Chapter", chapter.title)
        check(page, chapter.read(asked))


def check(page: AppTest, found: Findings) -> None:
    """The page says, draws and lists what was found."""
    assert all(sentence in texts(page) for sentence in found.sentences)
    assert [len(table.value) for table in page.dataframe] == [len(table.rows) for table in found.tables]
    drawn = [chart for drawing in found.drawings if (chart := drawing.chart()) is not None]
    assert [picture["description"] for picture in pictures(page)] == [chart.description for chart in drawn]
    assert all(" ".join(chart.title.text) in texts(page) for chart in drawn)
    assert all("title" not in picture for picture in pictures(page))
    assert [expander.label for expander in page.expander] == ["What this means"]


def test_figures_stand_there_with_their_units(visit: Visit, copied: Vault, busiest: str) -> None:
    page = visit("answers", workflow=busiest, chapter="Where the time goes")
    (table,) = page.dataframe
    looks = json.loads(table.proto.columns)
    heads = {name: looks[name]["label"] for name in table.proto.column_order}
    assert heads == {
        "psauth:name": "Task",
        "count": "Completed",
        "psauth:median_hours": "Median, h",
        "psauth:p85_hours": "85% within, h",
        "psauth:share": "Share, %",
        "psauth:few_hours": "Too few for a median, h",
    }
    shown = table.value["psauth:share"]
    assert shown.tolist() == (table.value["share"] * 100).round().tolist()
    assert shown.max() > 1


def test_times_of_a_table_have_one_unit_and_the_files_have_hours() -> None:
    rows = pd.DataFrame(
        {
            "name": ["a", None, "c"],
            "median_hours": [240.0, None, 24.0],
            "p85_hours": [480.0, None, 96.0],
            "share": [0.5, 0.25, 0.251],
            "few_hours": [None, [12.0, 36.0], None],
        }
    )
    heads = {"name": "task", "median_hours": "median", "p85_hours": "85% within", "share": "share"}
    shown, columns = drawn_chapters._shown(chapters.Table("bottlenecks", rows, heads))
    labels = {name: column.label for name, column in columns.items()}
    assert (labels["psauth:median_hours"], labels["psauth:p85_hours"]) == ("Median, d", "85% within, d")
    assert shown["psauth:median_hours"].fillna(0).tolist() == [10, 0, 1]
    assert shown["psauth:few_hours"].dropna().tolist() == ["0.5, 1.5"]
    assert shown["psauth:share"].tolist() == [50, 25, 25]
    assert shown["psauth:name"].tolist() == ["a", "(no name)", "c"]
    files = shown[[*rows.columns]]
    assert files["median_hours"].fillna(0).tolist() == [240, 0, 24]
    assert pd.read_parquet(io.BytesIO(to_parquet(files)))["few_hours"].dropna().map(list).tolist() == [["12.0", "36.0"]]


def test_a_chapter_about_one_workflow_says_so_of_several(visit: Visit, copied: Vault) -> None:
    page = visit("answers", chapter="Open runs")
    assert "This can be said of one workflow alone." in texts(page)
    assert not page.dataframe
    choose(page, "Chapter", LATE)
    assert "of one workflow alone" not in texts(page)


def test_a_chapter_is_answered_once_a_publication(visit: Visit, copied: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[object] = []
    run = chapters.run

    def counted(expression: Any) -> Any:
        ran.append(expression)
        return run(expression)

    monkeypatch.setattr(chapters, "run", counted)
    page = visit("answers", chapter="Overdue")
    once = len(ran)
    assert once > 0
    page.run()
    visit("answers", chapter="Overdue")
    assert len(ran) == once
    visit("answers", chapter="Approvals")
    assert len(ran) > once


def test_the_whole_report_is_made_when_it_is_wanted(visit: Visit, copied: Vault, busiest: str) -> None:
    page = visit("answers", workflow=busiest, chapter="Overdue")
    assert "Whole report" in [button.proto.label for button in page.get("download_button")]
    copy = copy_of(copied)
    assert answers.report(copy, busiest, None).decode() == make_report(copy.mirror, busiest).html


def test_a_copy_that_cannot_be_read_is_said_and_tried_again(
    visit: Visit, copied: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> Findings:
        raise MirrorError("A file of it is damaged.")

    with monkeypatch.context() as patch:
        patch.setattr(chapters.Asked, "no_runs", broken)
        page = visit("answers")
        assert [h.value for h in page.header] == ["The local copy cannot be read"]
        assert "A file of it is damaged." in texts(page)
        assert "Try again" in labels(page)
    press(page, "Try again")
    assert not page.header


def test_without_its_packages_the_view_names_the_extra(
    visit: Visit, copied: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("psauth.analysis.report", "psauth.analysis.chapters"):
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.setitem(sys.modules, "statsmodels", None)
    page = visit("answers")
    assert (
        "The Answers view needs the package statsmodels, which is not installed. "
        'Type: pip install "psauth[analysis]"' in texts(page)
    )
    assert not page.selectbox
