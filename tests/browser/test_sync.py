"""The local copy of the sandbox: it begins by itself, goes on without a page, is one for all tabs, and ends with the app."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Page, expect

from psauth.dashboard.loading.syncs import SWITCH
from tests.browser.conftest import App, connect
from tests.flow.parts import wait_until

LONG = 300_000
"""Milliseconds in which the tables of a copy are written on a busy machine."""


def figures(page: Page) -> int:
    """How many requests a sync has sent, as the page says it."""
    bar = page.get_by_text(re.compile(r"^[\d,]+ of (at least|about) [\d,]+ requests"))
    bar.wait_for()
    return int(bar.inner_text().split()[0].replace(",", ""))


def runs_of(app: App) -> int:
    """How many runs the app's copy has."""
    return sum(1 for _ in app.store.runs())


def test_a_sync_goes_on_without_a_page_and_is_the_same_in_all_tabs(
    make_app: Callable[..., App],
    new_browser: Callable[..., BrowserContext],
    shot: Callable[..., None],
) -> None:
    app = make_app()
    app.syncs = True
    app.start()
    browser = new_browser()
    page = browser.new_page()
    connect(page, app)
    page.get_by_role("link", name="Sync", exact=True).click()
    before = figures(page)
    shot(page, "running")
    page.close()
    wait_until(lambda: runs_of(app) > 0, seconds=120, why="a run in the store")
    first, second = browser.new_page(), browser.new_page()
    first.goto(app.at("sync"))
    second.goto(app.at("sync"))
    assert figures(first) > before
    assert figures(second) > before
    first.get_by_role("button", name="Stop").click()
    for tab in (first, second):
        expect(tab.get_by_role("button", name="Go on")).to_be_visible(timeout=LONG)
        expect(tab.get_by_text("The first sync is not finished")).to_be_visible()
    shot(second, "stopped")
    [report] = app.store.reports()
    assert report["stopped"] == "Stopped."
    assert app.store.get_note(SWITCH) == "off"

    second.get_by_role("button", name="Go on").click()
    expect(first.get_by_role("button", name="Stop")).to_be_visible()
    browser.close()
    app.stop()
    assert app.store.get_note(SWITCH) == "on"
    assert app.store.reports(limit=1)[0]["stopped"] == "Stopped."

    app.start()  # and nobody opens a page
    read = runs_of(app)  # those that wait may become more first: their lists are not read to the end
    wait_until(lambda: runs_of(app) > read, seconds=120, why=lambda: f"a sync that goes on after {read} runs")
    page = new_browser().new_page()
    page.goto(app.at("connection"))
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    page.goto(app.at("runs"))
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    expect(page.get_by_test_id("stDataFrame")).to_have_count(0)
