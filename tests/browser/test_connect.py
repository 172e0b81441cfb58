"""Connecting, as a person does it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import requests
from playwright.sync_api import BrowserContext, Page, Route, expect

from tests.browser.conftest import App, connect, rest, wait_for_table
from tests.flow.parts import wait_until

Shot = Callable[[Page, str], None]
NewBrowser = Callable[..., BrowserContext]


def test_one_click_leads_through_consent_to_the_table(app: App, page: Page, shot: Shot) -> None:
    page.goto(app.at())
    expect(page.get_by_text("Sandbox: invented data")).to_be_visible()
    shot(page, "1-first-visit")
    page.get_by_role("link", name="Connect", exact=True).click()
    expect(page.get_by_role("button", name="Allow")).to_be_visible()
    shot(page, "2-consent")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()  # first: it goes by itself, the table stays
    wait_for_table(page)
    expect(page.get_by_text("12 workflows")).to_be_visible()
    shot(page, "3-workflows")
    assert page.url == app.url  # no query left
    assert len(page.context.pages) == 1  # the same tab all the way
    cookie = next(c for c in page.context.cookies() if c["name"] == f"psauth-browser-{app.port}")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Lax"


def test_neither_code_nor_state_stays_in_the_history(app: App, page: Page) -> None:
    seen: list[str] = []
    page.on("framenavigated", lambda frame: seen.append(frame.url))
    connect(page, app)
    assert seen
    assert not [address for address in seen if "code=" in address]


def test_nothing_is_asked_of_another_host_and_the_console_is_clean(app: App, page: Page) -> None:
    elsewhere: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda r: elsewhere.append(r.url) if f"localhost:{app.port}" not in r.url else None)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    connect(page, app)
    page.get_by_role("link", name="Connection").click()
    page.get_by_role("button", name="Disconnect").wait_for()
    assert [u for u in elsewhere if not u.startswith(("data:", "blob:"))] == []
    assert complaints == []


def test_the_table_can_be_searched_and_taken_along(app: App, page: Page, shot: Shot) -> None:
    connect(page, app)
    page.get_by_label("Search").first.fill("onboarding")
    page.get_by_label("Search").first.press("Enter")
    expect(page.get_by_text("2 of 12 rows match")).to_be_visible()
    rest(page)
    shot(page, "searched")
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV", exact=True).click()
    frame = pd.read_csv(Path(download.value.path()))
    assert sorted(frame["name"]) == ["Customer Onboarding", "Employee Onboarding"]
    page.get_by_label("Search").first.fill("no such thing")
    page.get_by_label("Search").first.press("Enter")
    expect(page.get_by_text("No workflow matches")).to_be_visible()


def test_a_no_is_a_calm_page_with_one_next_step(app: App, page: Page, shot: Shot) -> None:
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_role("heading", name="Access was declined")).to_be_visible()
    shot(page, "declined")
    assert page.url == app.url
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    wait_for_table(page)


def test_a_reload_changes_nothing(app: App, page: Page) -> None:
    connect(page, app)
    page.reload()
    wait_for_table(page)
    assert page.url == app.url


def test_a_callback_that_was_used_before_says_so(app: App, page: Page, shot: Shot) -> None:
    callbacks: list[str] = []
    page.on("request", lambda r: callbacks.append(r.url) if "code=" in r.url else None)
    connect(page, app)
    page.goto(callbacks[0])
    expect(page.get_by_role("heading", name="This page was used before")).to_be_visible()
    shot(page, "spent")
    assert page.url == app.url
    page.get_by_role("button", name="Go to the workflows").click()
    wait_for_table(page)


def test_the_back_button_leads_to_a_page_that_explains_itself(app: App, page: Page, shot: Shot) -> None:
    connect(page, app)
    page.go_back()
    expect(page.get_by_role("heading", name="This request was already answered")).to_be_visible()
    shot(page, "answered-already")
    assert "Traceback" not in page.content()
    page.get_by_role("link").click()  # its one next step leads back
    page.get_by_test_id("stDataFrame").or_(
        page.get_by_role("heading", name="This page was used before")
    ).first.wait_for()


def test_another_browser_cannot_finish_what_this_one_began(
    app: App, page: Page, new_browser: NewBrowser, shot: Shot
) -> None:
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").wait_for()
    callback = consent_elsewhere(page)
    stranger = new_browser().new_page()
    stranger.goto(callback)
    expect(stranger.get_by_role("heading", name="Begun in another browser")).to_be_visible()
    shot(stranger, "stranger")
    assert app.vault.find("default") is None
    page.goto(callback)  # nothing was consumed: here it still works
    wait_for_table(page)


def test_a_foreign_state_is_refused(app: App, page: Page, shot: Shot) -> None:
    page.goto(app.at())
    page.goto(app.url + "?code=abc&state=nobody-made-this")
    expect(page.get_by_role("heading", name="This answer is not ours")).to_be_visible()
    shot(page, "foreign")
    assert page.url == app.url


def test_who_comes_by_another_name_of_this_machine_connects_all_the_same(app: App, page: Page) -> None:
    page.goto(app.at().replace("localhost", "127.0.0.1"))
    page.get_by_role("link", name="Connect", exact=True).click()
    page.get_by_role("button", name="Allow").click()
    wait_for_table(page)
    assert page.url == f"http://127.0.0.1:{app.port}/"  # the sandbox sends back to where it was asked from


def test_a_notebook_then_uses_the_connection_without_settings(app: App, page: Page) -> None:
    connect(page, app)
    code = "import psauth; print(len(psauth.connect(interactive=False).workflows()))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PSAUTH_HOME": str(app.home), "PSAUTH_SECRET_KEY": app.settings.secret_key, "PATH": "/usr/bin:/bin"},
        cwd=app.home,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (done.stdout.strip(), done.stderr) == ("12", "")


def consent_elsewhere(page: Page) -> str:
    """The callback address that Allow on this consent page would lead to, without this browser going there."""
    form = {i.get_attribute("name"): i.input_value() for i in page.locator("form input, form select").all()}
    answer = requests.post(
        page.url.split("?")[0], data={**form, "decision": "allow"}, allow_redirects=False, timeout=300
    )
    return answer.headers["Location"]


def test_the_page_that_a_browser_is_just_leaving_does_not_take_the_next_ones_notice(app: App, page: Page) -> None:
    held: list[Route] = []
    callback: list[Route] = []
    heard: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda sent: heard.append(bytes(sent))))
    page.route("**/_stcore/health", lambda route: held.append(route))  # so that the first page opens no WebSocket yet
    page.route("**/?code=*", lambda route: callback.append(route))
    page.goto(app.at())
    page.evaluate("location.href = '/?code=abc&state=nobody-made-this'")
    wait_until(lambda: page.wait_for_timeout(20) or (held and callback))
    answer = callback[0].fetch(max_redirects=0)
    page.unroute("**/_stcore/health")
    held[0].continue_()
    wait_until(lambda: page.wait_for_timeout(20) or any(b"Connect" in sent or b"not ours" in sent for sent in heard))
    callback[0].fulfill(response=answer)
    expect(page.get_by_role("heading", name="This answer is not ours")).to_be_visible()
    assert page.url == app.url
