"""From workflows to runs to what is in them; long reads with their cost, their progress and their end; what the address keeps."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

import psauth
from tests.browser.conftest import PATIENCE, App, log_in, rest, stop_button, turn, wait_for_table
from tests.flow.parts import wait_until

Shot = Callable[[Page, str], None]
NewBrowser = Callable[..., BrowserContext]
MakeApp = Callable[..., App]
ROW, HEADER, BOX = 35, 36, 17


@pytest.fixture(scope="module")
def box() -> Iterator[psauth.Sandbox]:
    with psauth.Sandbox(runs=600) as box:
        yield box


@pytest.fixture(scope="module")
def busiest(box: psauth.Sandbox) -> tuple[str, str]:
    """Id and name of the workflow with the most runs."""
    ps = psauth.connect(settings=box.settings)
    workflow_id = str(ps.runs(progress=False)["workflow_id"].mode()[0])
    names = ps.workflows(progress=False).set_index("workflow_id")["name"]
    return workflow_id, str(names[workflow_id])


@pytest.fixture(scope="module")
def service_app(box: psauth.Sandbox, tmp_path_factory: pytest.TempPathFactory, _vault_key: None) -> Iterator[App]:
    settings = box.settings
    app = App(
        tmp_path_factory.mktemp("records") / "home",
        PSAUTH_CLIENT_ID=settings.client_id,
        PSAUTH_CLIENT_SECRET=settings.client_secret,
        PSAUTH_ISSUER=settings.issuer,
        PSAUTH_API_URL=settings.api_url,
    )
    app.variables["PSAUTH_REDIRECT_URI"] = app.url
    app.start()
    yield app
    app.stop()


@pytest.fixture
def person(service_app: App, box: psauth.Sandbox, page: Page) -> Iterator[Page]:
    """The browser of somebody who is newly connected, to a service that is quick and whole; nothing is open yet."""
    box.knobs.window = 0.0  # a new hour begins with every request
    log_in(service_app, box)
    box.knobs.window = 3600.0
    yield page
    box.knobs.latency = 0.0
    box.knobs.budget = 2500
    box.knobs.faults.clear()


@pytest.fixture
def reader(service_app: App, person: Page) -> Page:
    """The same browser with the workflows open."""
    person.goto(service_app.at())
    wait_for_table(person)
    return person


@pytest.fixture
def scarce(box: psauth.Sandbox) -> None:
    """So few requests an hour that those for a hundred runs are dear."""
    box.knobs.budget = 900


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def title(page: Page, words: str) -> None:
    expect(main(page).get_by_role("heading", level=1)).to_have_text(words)


def select_row(page: Page, number: int) -> str:
    """Select a row of the table; returns what the line above then calls it."""
    table = wait_for_table(page)
    rest(page)
    before = page.get_by_test_id("stText").first.inner_text()
    table.click(position={"x": BOX, "y": HEADER + ROW * number + BOX})
    expect(page.get_by_test_id("stText").first).not_to_have_text(before)
    return page.get_by_test_id("stText").first.inner_text()


def follow(page: Page, name: str) -> None:
    """Click a link above the table, once it leads to the row that was selected."""
    link = main(page).get_by_role("link", name=name, exact=True)
    expect(link).to_have_attribute("href", re.compile("=."))
    link.click()


def view(page: Page, name: str) -> None:
    page.get_by_test_id("stSidebarNavItems").get_by_role("link", name=name, exact=True).click()


def test_a_workflow_leads_to_its_runs_and_a_run_to_its_tasks_and_forms(reader: Page, shot: Shot) -> None:
    name = select_row(reader, 2)
    shot(reader, "workflow-selected")
    follow(reader, "Runs")
    title(reader, "Runs")
    expect(reader).to_have_url(re.compile(rf"/runs\?workflow={name.replace(' ', '[+]')}$"))
    expect(main(reader).get_by_role("combobox").first).to_have_value(name)
    run = select_row(reader, 0)
    shot(reader, "run-selected")
    follow(reader, "Tasks")
    title(reader, "Tasks")
    expect(main(reader).get_by_text(run).first).to_be_visible()
    wait_for_table(reader)
    shot(reader, "tasks-of-a-run")
    assert re.search(r"/tasks\?run=[\w-]{22}$", reader.url)
    main(reader).get_by_role("link", name="Form values").click()
    title(reader, "Form values")
    wait_for_table(reader)
    shot(reader, "form-of-a-run")
    main(reader).get_by_role("link", name="All runs of this workflow").click()
    title(reader, "Runs")
    expect(main(reader).get_by_role("combobox").first).to_have_value(name)


def test_reload_and_the_back_button_keep_what_was_chosen(
    reader: Page, service_app: App, busiest: tuple[str, str]
) -> None:
    workflow_id, name = busiest
    reader.goto(service_app.at(f"runs?workflow={workflow_id}"))
    wait_for_table(reader)
    main(reader).get_by_role("combobox").nth(1).click()
    reader.get_by_role("option", name="Completed").click()
    expect(reader).to_have_url(re.compile("status=Completed"))
    reader.reload()
    wait_for_table(reader)
    expect(main(reader).get_by_role("combobox").first).to_have_value(name)
    expect(main(reader).get_by_role("combobox").nth(1)).to_have_value("Completed")
    view(reader, "People")
    title(reader, "People")
    reader.go_back()
    title(reader, "Runs")
    expect(main(reader).get_by_role("combobox").nth(1)).to_have_value("Completed")
    reader.go_back()
    expect(main(reader).get_by_role("combobox").nth(1)).to_have_value("Any status")
    expect(main(reader).get_by_role("combobox").first).to_have_value(name)


def test_reload_and_the_back_button_keep_what_was_searched_for(reader: Page, service_app: App) -> None:
    view(reader, "People")
    title(reader, "People")
    field = main(reader).get_by_role("textbox", name="Search")
    for words in ("robot", "group"):
        field.fill(words)
        reader.keyboard.press("Enter")
        expect(reader).to_have_url(re.compile(f"people.search={words}$"))
    reader.reload()
    expect(field).to_have_value("group")
    view(reader, "Data sets")
    title(reader, "Data sets")
    expect(field).to_have_value("")
    expect(reader).to_have_url(re.compile("data-sets$"))
    reader.go_back()
    title(reader, "People")
    expect(field).to_have_value("group")
    expect(reader).to_have_url(re.compile("people.search=group$"))
    reader.go_forward()
    title(reader, "Data sets")
    expect(field).to_have_value("")
    field.fill("")
    reader.go_back()
    expect(field).to_have_value("group")
    field.fill("")
    reader.keyboard.press("Enter")
    expect(reader).to_have_url(re.compile("people$"))


def test_in_a_narrow_window_the_menu_closes_behind_the_page_that_was_chosen(
    service_app: App, person: Page, new_browser: NewBrowser
) -> None:
    page = new_browser(viewport={"width": 390, "height": 844}).new_page()
    page.goto(service_app.at())
    wait_for_table(page)
    page.get_by_role("button", name="Expand sidebar").click()
    view(page, "People")
    title(page, "People")
    expect(page.get_by_role("button", name="Expand sidebar")).to_be_visible()
    page.set_viewport_size({"width": 1280, "height": 844})
    page.reload()
    wait_for_table(page)
    open_again = page.get_by_role("button", name="Expand sidebar")
    if open_again.is_visible():  # Streamlit remembers that it was closed
        open_again.click()
    view(page, "Workflows")
    title(page, "Workflows")
    expect(page.get_by_role("button", name="Expand sidebar")).to_be_hidden()  # beside a page it stays


def test_a_data_set_leads_to_its_records_and_back(reader: Page, shot: Shot) -> None:
    view(reader, "Data sets")
    title(reader, "Data sets")
    name = select_row(reader, 0)
    follow(reader, "Records")
    title(reader, name)
    wait_for_table(reader)
    shot(reader, "records")
    reader.reload()
    title(reader, name)
    reader.go_back()
    title(reader, "Data sets")


def test_a_long_read_says_its_cost_shows_how_far_it_is_and_outlives_its_page(
    scarce: None, person: Page, service_app: App, box: psauth.Sandbox, busiest: tuple[str, str], shot: Shot
) -> None:
    person.goto(service_app.at(f"form-values?workflow={busiest[0]}"))
    expect(
        main(person).get_by_text(re.compile(r"Reading the form values of \d+ runs takes about \d+ requests"))
    ).to_be_visible()
    expect(main(person).get_by_text("requests are left this hour")).to_be_visible()
    shot(person, "cost")
    second = person.context.new_page()
    second.goto(service_app.at(f"form-values?workflow={busiest[0]}"))
    second.get_by_role("button", name="Start").wait_for()
    box.knobs.latency = 6.0  # so long that the read is still under way when the other page is looked at
    main(person).get_by_role("button", name="Start").click()
    expect(main(person).get_by_text(re.compile(r"\d+ of \d+ runs · [\d,]+ requests left"))).to_be_visible()
    shot(person, "progress")
    view(person, "Workflows")
    title(person, "Workflows")
    wait_for_table(person)
    second.get_by_role("button", name="Start").click()
    expect(stop_button(second)).to_be_visible()  # the same read, not another one
    box.knobs.latency = 0.0
    person.go_back()
    title(person, "Form values")
    wait_for_table(person)
    wait_for_table(second)
    shot(person, "wide")
    asked = [r.path for r in box.requests.matching(path="/v1/workflow-runs/") if r.path.endswith("/form-fields")]
    assert max(map(asked.count, asked)) <= 2  # each run once, and one of them to learn what it costs
    main(person).get_by_role("combobox").nth(2).click()
    person.get_by_role("option", name="One row a value").click()
    expect(person).to_have_url(re.compile("layout=One[+]row[+]a[+]value"))
    shot(person, "tidy")


def test_stop_keeps_what_has_come_and_read_on_gets_the_rest(
    scarce: None, person: Page, service_app: App, box: psauth.Sandbox, busiest: tuple[str, str], shot: Shot
) -> None:
    person.goto(service_app.at(f"tasks?workflow={busiest[0]}"))
    main(person).get_by_role("button", name="Start").wait_for()
    box.knobs.latency = 6.0
    main(person).get_by_role("button", name="Start").click()
    expect(main(person).get_by_text(re.compile(r"[1-9]\d* of \d+ runs"))).to_be_visible()
    stop_button(main(person)).click()
    expect(main(person).get_by_text(re.compile(r"This table is incomplete. Stopped after \d+ of \d+"))).to_be_visible()
    wait_for_table(person)
    shot(person, "incomplete")
    box.knobs.latency = 0.0
    main(person).get_by_role("button", name="Read on").click()
    expect(main(person).get_by_text("This table is incomplete")).to_be_hidden()
    wait_for_table(person)
    main(person).get_by_role("button", name="Reload").click()
    dialog = person.get_by_role("dialog")
    expect(dialog.get_by_text(re.compile(r"Reading the tasks took \d+ requests"))).to_be_visible()
    shot(person, "reads-again")
    dialog.get_by_role("button", name="Keep these").click()
    expect(dialog).to_be_hidden()
    wait_for_table(person)
    main(person).get_by_role("button", name="Reload").click()
    before = len(box.requests.matching(path="/v1/workflow-runs/"))
    dialog.get_by_role("button", name="Read again").click()
    expect(dialog).to_be_hidden()
    wait_for_table(person)
    wait_until(
        lambda: len(box.requests.matching(path="/v1/workflow-runs/")) > before + 50,
        seconds=PATIENCE / 1000,
        why="a second read",
    )


def test_a_slow_page_shows_the_outline_of_what_will_come(reader: Page, box: psauth.Sandbox, shot: Shot) -> None:
    box.knobs.latency = 60.0  # longer than anybody looks, however busy the machine
    view(reader, "People")
    expect(reader.get_by_test_id("stSkeletonElement")).to_be_visible()
    shot(reader, "skeleton")
    expect(stop_button(main(reader))).to_be_visible()
    view(reader, "Workflows")
    wait_for_table(reader)  # what was read is there at once meanwhile


def test_a_read_that_fails_is_a_calm_page_with_one_button(reader: Page, box: psauth.Sandbox, shot: Shot) -> None:
    box.knobs.fault("/v1/users", status=403)
    view(reader, "People")
    expect(reader.get_by_role("heading", name="You may not see this")).to_be_visible()
    shot(reader, "refused")
    assert "Traceback" not in reader.content()
    reader.get_by_role("button", name="Try again").click()
    wait_for_table(reader)


def test_a_search_that_finds_nothing_says_how_to_go_on(reader: Page, shot: Shot) -> None:
    view(reader, "Runs")
    title(reader, "Runs")
    wait_for_table(reader)
    main(reader).get_by_role("textbox", name="Search").fill("nothing is called so")
    reader.keyboard.press("Enter")
    expect(main(reader).get_by_text("No run matches. Clear the search to see them all.")).to_be_visible()
    shot(reader, "empty")


def test_a_connection_that_ends_while_a_read_is_under_way_is_a_calm_page(
    scarce: None, person: Page, service_app: App, box: psauth.Sandbox, busiest: tuple[str, str], shot: Shot
) -> None:
    person.goto(service_app.at(f"tasks?workflow={busiest[0]}"))
    main(person).get_by_role("button", name="Start").wait_for()
    box.knobs.latency = 2.0
    main(person).get_by_role("button", name="Start").click()
    stop_button(main(person)).wait_for()
    service_app.vault.end(service_app.vault.read(), "the service has ended the access (invalid_grant)")
    expect(person.get_by_role("heading", name="The connection has ended")).to_be_visible()
    shot(person, "ended")
    assert "Traceback" not in person.content()


@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_every_page_fits_its_window(
    person: Page, service_app: App, busiest: tuple[str, str], shot: Shot, width: int
) -> None:
    person.set_viewport_size({"width": width, "height": 844})
    for path in ("", f"runs?workflow={busiest[0]}", "data-sets", "people"):
        person.goto(service_app.at(path))
        wait_for_table(person)
        for scheme in ("light", "dark"):
            turn(person, scheme)
            shot(person, f"{path.split('?')[0] or 'workflows'}-{scheme}")
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not person.evaluate(wide), f"{path} in {scheme}"
