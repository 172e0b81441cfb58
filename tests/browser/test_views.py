"""How the views look and feel: widths, heights, contrast, titles, what moves and what does not, and what is said when things fail."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import BrowserContext, Page, expect

import psauth
from psauth.dashboard.parts import waiting
from tests.browser.conftest import App, box_of_table, connect, enter, rest, stop_button, wait_for_table
from tests.browser.looking import main, stands_out, variables

NewBrowser = Callable[..., BrowserContext]
MakeApp = Callable[..., App]
Shot = Callable[[Page, str], None]

VIEWS = {
    "": "Workflows",
    "runs": "Runs",
    "tasks?workflow=Purchase+Request": "Tasks",
    "form-values?workflow=Purchase+Request": "Form values",
    "answers": "Answers",
    "data-sets": "Data sets",
    "people": "People",
    "connection": "Connection",
}


@pytest.fixture
def person(shared: App, page: Page) -> Page:
    """A browser of somebody who is connected to the sandbox of the app; nothing is open yet."""
    if shared.vault.find("default") is None:
        connect(page, shared)
    return page


def test_each_view_has_its_title_in_the_tab_and_its_line_in_the_menu(person: Page, shared: App) -> None:
    for path, title in VIEWS.items():
        person.goto(shared.at(path))
        expect(person).to_have_title(f"{title} · Process Street workflows")
        lit = person.get_by_test_id("stSidebarNavItems").locator("[aria-current=page]")
        expect(lit).to_have_text([re.compile(title)])


def test_on_records_the_menu_shows_data_sets_and_elsewhere_not_any_more(person: Page, shared: App) -> None:
    person.goto(shared.at("data-sets"))
    click_row(person, 0)
    main(person).get_by_role("link", name="Records").click()
    lit = person.get_by_test_id("stSidebarNavItems").locator("[aria-current=page]")
    expect(person).to_have_url(re.compile(r"/records\?data_set="))
    expect(lit).to_have_text([re.compile("Data sets")])  # a list waits until it is the only line
    expect(person).not_to_have_title(re.compile("^Records"))  # the name of the data set
    person.get_by_test_id("stSidebarNavItems").get_by_role("link", name="People").click()
    expect(lit).to_have_text([re.compile("People")])


def click_row(page: Page, number: int) -> None:
    """Click the name in a row of the table."""
    rest(page)
    page.get_by_test_id("stDataFrame").click(position={"x": 80, "y": 36 + 35 * number + 17})


def test_a_click_on_a_name_selects_its_row_and_moves_nothing(person: Page, shared: App) -> None:
    person.goto(shared.at("runs"))
    before = box_of_table(person)
    expect(main(person).get_by_text("Select a run to see its tasks or form values.")).to_be_visible()
    click_row(person, 1)
    expect(main(person).get_by_role("link", name="Tasks")).to_have_attribute("href", re.compile(r"tasks\?run="))
    assert box_of_table(person) == before


def test_the_line_above_the_table_stays_while_somebody_searches(person: Page, shared: App) -> None:
    person.goto(shared.at("runs"))
    before = box_of_table(person)
    person.evaluate(
        """() => {
          window.gone = [];
          new MutationObserver(() => {
            if (!document.querySelector(".st-key-lead")?.innerText.trim()) window.gone.push(performance.now());
          }).observe(document.body, {childList: true, subtree: true, characterData: true});
        }"""
    )
    field = main(person).get_by_role("textbox", name="Search")
    field.press_sequentially("onboarding", delay=30)
    field.press("Enter")
    expect(person).to_have_url(re.compile("search=onboarding"))
    expect(main(person).get_by_text(re.compile("rows match"))).to_be_visible()
    assert person.evaluate("window.gone.length") == 0
    after = box_of_table(person)
    assert (after["x"], after["y"], after["width"]) == (before["x"], before["y"], before["width"])


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_a_table_has_the_window(shared: App, person: Page, width: int) -> None:
    page = person
    page.set_viewport_size({"width": width, "height": 900})
    for path in ("runs", "people", "tasks?workflow=Purchase+Request"):
        page.goto(shared.at(path))
        table, place = box_of_table(page), main(page).bounding_box()
        assert place is not None
        assert place["width"] - table["width"] <= 110
        files = page.get_by_role("button", name="CSV", exact=True).bounding_box()
        assert files is not None
        assert files["y"] + files["height"] <= 900  # all of it on one screen
        assert table["y"] + table["height"] >= 900 - 160


def test_a_short_table_has_no_rows_of_nothing_below(person: Page, shared: App) -> None:
    person.goto(shared.at("data-sets"))
    rest(person)
    count = int(re.findall(r"(\d+) data sets", main(person).inner_text())[0])
    assert abs(box_of_table(person)["height"] - (36 + 35 * count + 2)) <= 3


def test_times_name_their_zone_once(shared: App, new_browser: NewBrowser) -> None:
    page = new_browser(timezone_id="America/Los_Angeles").new_page()
    enter(page, shared, "runs")
    rest(page)
    assert main(page).inner_text().count("America/Los_Angeles") == 1
    page.goto(shared.at("people"))
    rest(page)
    assert "America/Los_Angeles" not in main(page).inner_text()


def test_search_finds_a_time_as_it_stands_there(shared: App, new_browser: NewBrowser) -> None:
    for zone in ("America/Los_Angeles", "Asia/Tokyo"):
        page = new_browser(timezone_id=zone).new_page()
        enter(page, shared, "runs")
        with psauth.connect(settings=shared.settings, interactive=False) as ps:
            created = next(iter(ps.iterate("/workflow-runs/list")))["audit"]["createdDate"]
        shown = f"{datetime.fromisoformat(created).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
        rest(page)
        field = main(page).get_by_role("textbox", name="Search")
        field.fill(shown)
        field.press("Enter")
        expect(main(page).get_by_text(re.compile(r"^[1-3] of 200 rows match"))).to_be_visible()


@pytest.mark.parametrize("width", [390, 1280])
def test_every_word_stands_out_and_what_is_disabled_says_so(shared: App, person: Page, width: int) -> None:
    page = person
    page.set_viewport_size({"width": width, "height": 900})
    for path in (*VIEWS, "records", "tasks", "runs?status=Foo", "tasks?assignee=ada.lindqvist%40example.com"):
        page.goto(shared.at(path))
        rest(page)
        stands_out(page, path)
        links = page.evaluate("[...document.querySelectorAll('a[disabled]:not([aria-disabled=true])')].length")
        assert links == 0, path
        levels = page.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => Number(h.tagName[1]))")
        assert levels[0] == 1
        assert levels.count(1) == 1, path
        assert all(b - a <= 1 for a, b in itertools.pairwise(levels)), path
        ahead = page.evaluate("[...document.querySelectorAll('[tabindex]')].filter((e) => e.tabIndex > 0).length")
        assert ahead == 0, path
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not page.evaluate(wide), path


def test_the_first_page_and_what_comes_before_spending_stand_out_too(
    make_app: MakeApp, new_browser: NewBrowser
) -> None:
    with psauth.Sandbox(runs=60) as box:
        app = make_app(**variables(box))
        app.variables["PSAUTH_REDIRECT_URI"] = app.url
        app.start()
        page = new_browser(viewport={"width": 390, "height": 844}).new_page()
        page.goto(app.at())
        page.get_by_role("link", name="Connect", exact=True).wait_for()
        stands_out(page, "the first page")
        connect(page, app)
        page.goto(app.at("runs?newest=All"))
        page.get_by_role("button", name="Start").wait_for()
        stands_out(page, "the cost of a read")
        box.knobs.latency = 3.0
        page.get_by_role("button", name="Start").click()
        stop_button(page).wait_for()
        stands_out(page, "a read under way")
        boxes = "[...document.querySelectorAll('[data-testid=stMain] *')].filter((e) => ['auto', 'scroll'].includes("
        boxes += "getComputedStyle(e).overflowY) && e.scrollHeight > e.clientHeight + 1 && e.tabIndex < 0).length"
        assert page.evaluate(boxes) == 0  # nothing that only a mouse can scroll
        box.knobs.latency = 0.0


def test_a_service_that_dies_during_a_read_is_said_within_five_seconds(
    make_app: MakeApp, page: Page, shot: Shot
) -> None:
    with psauth.Sandbox(runs=60) as box:
        app = make_app(**variables(box))
        app.variables["PSAUTH_REDIRECT_URI"] = app.url
        app.start()
        connect(page, app)
        page.goto(app.at("runs?newest=All"))
        box.knobs.latency = 1.0
        page.get_by_role("button", name="Start").click()
        expect(main(page).get_by_text(re.compile(r"[1-9]\d* runs so far"))).to_be_visible()
        page.evaluate(
            """() => {
              window.said = [];
              new MutationObserver(() => {
                const said = document.body.innerText.match(/has not answered for (\\d+) s/);
                if (said) window.said.push(said[1]);
              }).observe(document.body, {childList: true, subtree: true, characterData: true});
            }"""
        )
    silent = main(page).get_by_text(re.compile("Process Street (has not answered for|does not answer)"))
    silent.first.wait_for()
    # By the app's own clock: how late it is drawn is the machine's affair.
    assert waiting.SILENT_FROM + waiting.LOOK_EVERY <= 5.0
    assert all(int(seconds) < 10 for seconds in page.evaluate("window.said.slice(0, 1)"))
    shot(page, "silent")
    assert "Traceback" not in page.content()


def test_a_reload_that_fails_leaves_the_table_and_says_so_above(make_app: MakeApp, page: Page, shot: Shot) -> None:
    with psauth.Sandbox(runs=20) as box:
        app = make_app(**variables(box))
        app.variables["PSAUTH_REDIRECT_URI"] = app.url
        app.start()
        connect(page, app)
    page.get_by_role("button", name="Reload").click()
    warning = main(page).get_by_text("The reload failed, so this is the table from before.")
    wait_for_table(page)
    expect(warning).to_be_visible()
    wait_for_table(page)
    expect(main(page).get_by_text("12 workflows")).to_be_visible()
    table, above = box_of_table(page), warning.bounding_box()
    assert above is not None
    assert above["y"] < table["y"]
    shot(page, "kept")


def test_the_sandbox_of_an_app_that_is_gone_is_said_at_once_with_the_way_out(
    make_app: MakeApp, page: Page, shot: Shot
) -> None:
    first = make_app().start()
    connect(page, first)
    first.stop()
    second = App(first.home).start()  # the same home, another port
    try:
        page.goto(second.at())
        again = main(page).get_by_role("link", name="Connect anew")
        expect(again).to_be_visible()
        expect(main(page).get_by_role("heading", name="This sandbox is not there any more")).to_be_visible()
        shot(page, "lost")
        again.click()
        page.get_by_role("button", name="Allow").click()
        wait_for_table(page)
    finally:
        second.stop()


@pytest.mark.parametrize(
    "path",
    ["runs?workflow=zzzz", "runs?status=Foo", "runs?newest=abc", "runs?status=Active&status=Completed", "tasks?run=x"],
)
def test_a_bookmark_that_names_nothing_says_so(person: Page, shared: App, path: str) -> None:
    person.goto(shared.at(path))
    expect(main(person).get_by_role("heading", name="The address of this view leads to nothing")).to_be_visible()
    expect(person.get_by_test_id("stDataFrame")).to_have_count(0)
    assert person.url == shared.url + path  # the address still says what it said
    person.reload()
    expect(main(person).get_by_role("heading", name="The address of this view leads to nothing")).to_be_visible()
    main(person).get_by_role("button", name="Show everything").click()
    expect(main(person).get_by_role("heading", name="The address of this view leads to nothing")).to_be_hidden()
    expect(person).to_have_url(shared.url + path.split("?")[0])


def test_choices_of_one_view_are_not_carried_to_the_next_and_the_way_back_has_them(person: Page, shared: App) -> None:
    person.goto(shared.at("runs?workflow=Purchase+Request&status=Active"))
    rest(person)
    menu = person.get_by_test_id("stSidebarNavItems")
    menu.get_by_role("link", name="Tasks").click()
    expect(person).to_have_url(shared.url + "tasks")
    expect(main(person).get_by_role("combobox").first).to_have_value("Choose a workflow")
    expect(main(person).get_by_role("combobox").nth(2)).to_have_value("Any status")
    person.go_back()
    expect(main(person).get_by_role("combobox").first).to_have_value("Purchase Request")
    expect(main(person).get_by_role("combobox").nth(1)).to_have_value("Active")
    expect(person).to_have_url(re.compile(r"runs\?workflow=Purchase[+]Request&status=Active$"))
