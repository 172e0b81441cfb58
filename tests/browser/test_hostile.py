"""Every word of the service is hostile, and every view is visited: nothing is fetched, nothing can be clicked, all can be read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

import psauth
from tests.browser.conftest import PATIENCE, App, rest, wait_for_table
from tests.browser.hostile import HOST, LINK, TEXT, HostileService
from tests.flow.parts import wait_until

Shot = Callable[[Page, str], None]

pytestmark = pytest.mark.browser

AMISS = """() => [
  ...[...document.querySelectorAll("a[href], img, iframe, form")].map((e) => e.href || e.src || e.action || "")
    .filter((address) => /^(mailto|javascript):/.test(address) || /evil/.test(new URL(address).host)),
  ...[...document.querySelectorAll("[data-testid=stMarkdownContainer] :is(strong, b, del, hr, ul, table, img)")]
    .map((e) => e.outerHTML.slice(0, 200)),
  ...[...document.querySelectorAll(".katex, [aria-label='delete icon']")].map((e) => e.outerHTML.slice(0, 200)),
]"""
"""Whatever of the hostile words has become something else than words."""


@pytest.fixture(scope="module")
def service() -> Iterator[tuple[psauth.Sandbox, HostileService]]:
    with psauth.Sandbox(runs=20) as box:
        hostile = HostileService(box.api_url)
        yield box, hostile
        hostile.close()


@pytest.fixture(scope="module")
def hostile_app(
    service: tuple[psauth.Sandbox, HostileService], tmp_path_factory: pytest.TempPathFactory, _vault_key: None
) -> Iterator[App]:
    box, hostile = service
    home = tmp_path_factory.mktemp("hostile") / "home"
    app = App(home, PSAUTH_API_KEY=box.api_key, PSAUTH_API_URL=hostile.api_url, PSAUTH_START_TOKEN="no").start()
    yield app
    app.stop()


@pytest.fixture
def reader(page: Page, hostile_app: App) -> Iterator[Page]:
    """A browser of somebody who is connected, which has asked no other host by the end."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    if hostile_app.vault.find("default") is None:
        page.goto(hostile_app.url)
        page.get_by_role("link", name="Connect", exact=True).click()
        wait_for_table(page)
    yield page
    assert [address for address in asked if HOST in (urlsplit(address).hostname or "")] == []


def words(page: Page) -> str:
    """All that a reader sees, with blanks alike."""
    return " ".join(page.locator("body").inner_text().split())


IN_ONE_LINE = " ".join(TEXT.split())


def label(app: App) -> str:
    """What the service calls the connection, once that is known: no more than some hundred letters of it are kept."""
    known = wait_until(lambda: app.vault.read().connection.label, seconds=PATIENCE / 1000, why="the label")
    kept = " ".join(known.split()).removesuffix("…")
    assert kept.partition(" ![x]")[2], kept
    assert IN_ONE_LINE.startswith(kept[kept.index("![x]") :])
    return kept


def name_of(service: tuple[psauth.Sandbox, HostileService], frame: str) -> tuple[str, str]:
    """Id and name of the first thing of a kind, as the sandbox itself calls it."""
    with psauth.connect(settings=service[0].settings.with_(api_key=service[0].api_key), interactive=False) as ps:
        rows = getattr(ps, frame)(progress=False)
        return str(rows.iloc[0, 0]), str(rows.iloc[0]["name"])


@pytest.mark.parametrize("view", ["", "runs", "tasks", "form-values", "data-sets", "people", "connection"])
def test_in_each_view_the_words_of_the_service_are_words(
    view: str, reader: Page, hostile_app: App, service: tuple[psauth.Sandbox, HostileService], shot: Shot
) -> None:
    address = view
    if view in ("tasks", "form-values"):
        address += f"?workflow={name_of(service, 'workflows')[0]}"
    reader.goto(hostile_app.url + address)
    ready = (
        reader.get_by_role("button", name="Disconnect")
        if view == "connection"
        else reader.get_by_test_id("stDataFrame")
    )
    ready.or_(reader.get_by_role("button", name="Start", exact=True)).first.wait_for()
    shot(reader, view or "workflows")
    assert reader.evaluate(AMISS) == []
    assert label(hostile_app) in words(reader), "the label in the sidebar can be read as it is"


def test_a_run_and_its_name(
    reader: Page, hostile_app: App, service: tuple[psauth.Sandbox, HostileService], shot: Shot
) -> None:
    run, name = name_of(service, "runs")
    reader.goto(f"{hostile_app.url}tasks?run={run}")
    wait_for_table(reader)
    shot(reader, "tasks-of-a-run")
    assert reader.evaluate(AMISS) == []
    assert f"{name} {IN_ONE_LINE}" in words(reader)


def test_a_data_set_and_the_title_of_its_records(
    reader: Page, hostile_app: App, service: tuple[psauth.Sandbox, HostileService], shot: Shot
) -> None:
    data_set, name = name_of(service, "data_sets")
    reader.goto(f"{hostile_app.url}records?data_set={data_set}")
    wait_for_table(reader)
    expect(reader).to_have_title(re.compile(re.escape(name)))
    shot(reader, "records")
    assert reader.evaluate(AMISS) == []
    assert f"{name} {IN_ONE_LINE}" in " ".join(reader.get_by_role("heading", level=1).inner_text().split())


def test_a_selected_row_and_where_it_leads(reader: Page, hostile_app: App, shot: Shot) -> None:
    reader.goto(hostile_app.url + "runs")
    table = wait_for_table(reader)
    rest(reader)
    table.click(position={"x": 60, "y": 55})
    expect(reader.get_by_role("link", name="Form values").nth(1)).to_be_visible()
    shot(reader, "selected")
    assert reader.evaluate(AMISS) == []


def test_an_error_of_the_service(
    reader: Page, hostile_app: App, service: tuple[psauth.Sandbox, HostileService], shot: Shot
) -> None:
    service[1].refuses = f"/v1/workflow-runs/{'A' * 22}"
    try:
        reader.goto(f"{hostile_app.url}tasks?run={'A' * 22}")
        reader.get_by_text("Details").wait_for()
        reader.get_by_text("Details").click()
        shot(reader, "error")
        assert reader.evaluate(AMISS) == []
        assert "[click](" in words(reader), "the words of the service can be read"
    finally:
        service[1].refuses = None


@pytest.mark.parametrize("name", ["search", "workflow", "nonsense", "status"])
def test_words_in_the_address(name: str, reader: Page, hostile_app: App, shot: Shot) -> None:
    reader.goto(hostile_app.url + f"runs?{name}={quote(TEXT, safe='')}")
    if name == "search":  # it is found: the words stand in every row
        wait_for_table(reader)
    else:
        reader.get_by_role("heading", name="leads to nothing").wait_for()
    shot(reader, name)
    assert reader.evaluate(AMISS) == []


def test_the_service_is_as_hostile_as_it_should_be(service: tuple[psauth.Sandbox, HostileService]) -> None:
    box, hostile = service
    runs = requests.get(
        f"{hostile.api_url}/workflow-runs", headers={"X-API-Key": box.api_key}, timeout=PATIENCE / 1000
    ).text
    assert LINK.split("=")[0] in runs
    assert "evil.example" in runs
