"""Files taken along from the app, as they arrive on a reader's disk."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import App, enter, wait_for_table

Take = Callable[[str], tuple[str, Path]]


@pytest.fixture
def page(new_browser: Callable[..., BrowserContext]) -> Page:
    """A reader in another time zone than this machine's."""
    return new_browser(timezone_id="America/Los_Angeles").new_page()


@pytest.fixture
def take(page: Page) -> Take:
    """Press a button; what the file is called, and where it is."""

    def take(button: str) -> tuple[str, Path]:
        with page.expect_download() as download:
            page.get_by_role("button", name=button, exact=True).click()
        return download.value.suggested_filename, Path(download.value.path())

    return take


def test_a_table_is_taken_along_as_three_files_that_say_the_same(shared: App, page: Page, take: Take) -> None:
    enter(page, shared)
    names, paths = zip(*(take(kind) for kind in ("XLSX", "CSV", "Parquet")), strict=True)
    assert [re.sub(r"\d{4}-\d\d-\d\d", "DAY", name) for name in names] == [
        "workflows-DAY.xlsx",
        "workflows-DAY.csv",
        "workflows-DAY.parquet",
    ]
    exact = pd.read_parquet(paths[2])
    assert exact.columns[0] == "workflow_id"
    with paths[1].open(encoding="utf-8-sig", newline="") as file:
        head, *rows = list(csv.reader(file))
    with paths[0].open("rb") as file:
        sheet_head, *sheet_rows = openpyxl.load_workbook(file).active.iter_rows(values_only=True)
    assert head == list(sheet_head)
    assert head[0] == "name"
    assert head[-1].endswith("_id")
    assert "created_date (America/Los_Angeles)" in head
    assert len(exact) == len(rows) == len(sheet_rows) == 12
    place = head.index("created_date (America/Los_Angeles)")
    wall = exact["created_date"].dt.tz_convert("America/Los_Angeles").dt.strftime("%Y-%m-%d %H:%M:%S").tolist()
    assert [row[place] for row in rows] == wall
    assert [f"{row[place]:%Y-%m-%d %H:%M:%S}" for row in sheet_rows] == wall
    assert [row[-1] for row in sheet_rows] == exact[head[-1]].tolist()


def test_the_help_of_the_csv_file_says_what_is_done_to_texts(shared: App, page: Page) -> None:
    enter(page, shared)
    page.get_by_role("button", name="CSV", exact=True).hover()
    expect(page.get_by_text("an apostrophe stands before texts")).to_be_visible()


def test_the_runs_of_a_workflow_are_called_after_it(shared: App, page: Page, take: Take) -> None:
    enter(page, shared, "runs")
    wait_for_table(page)
    page.get_by_label("Search").first.fill("Purchase Request")
    page.get_by_label("Search").first.press("Enter")
    expect(page.get_by_text("rows match; the files hold these")).to_be_visible()
    name, path = take("CSV")
    frame = pd.read_csv(path)
    assert frame["workflow_name"].unique().tolist() == ["Purchase Request"]
    assert re.fullmatch(r"runs-Purchase Request-\d{4}-\d\d-\d\d\.csv", name)
    assert not frame["run_id"].str.startswith(("=", "+", "-", "@")).any()
