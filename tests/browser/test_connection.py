"""Looking after a connection, and what happens when it or its service is gone."""

from __future__ import annotations

from collections.abc import Callable

import requests
from playwright.sync_api import BrowserContext, Page, expect

import psauth
from tests.browser.conftest import PATIENCE, App, connect, enter, wait_for_table

Shot = Callable[[Page, str], None]
NewBrowser = Callable[..., BrowserContext]
MakeApp = Callable[..., App]


def test_the_page_says_what_is_connected_and_until_when(shared: App, page: Page, shot: Shot) -> None:
    enter(page, shared, "connection")
    expect(page.get_by_text("OAuth 2.0")).to_be_visible()
    expect(page.get_by_text("see your work")).to_be_visible()
    countdown = page.get_by_text("renewed by itself")
    before = countdown.inner_text()
    expect(countdown).not_to_have_text(before)  # it counts
    page.get_by_text("Exact terms").click()
    expect(page.get_by_text("token endpoint", exact=False)).to_be_visible()
    shot(page, "connection")


def test_refresh_now_gives_a_new_token(shared: App, page: Page) -> None:
    enter(page, shared, "connection")
    before = shared.vault.read().token
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_text("Refreshed")).to_be_visible()
    after = shared.vault.read().token
    assert before is not None
    assert after is not None
    assert after.access_token != before.access_token


def test_disconnect_asks_once_revokes_and_leaves_the_first_page(shared: App, page: Page, shot: Shot) -> None:
    app = shared
    enter(page, app)
    token = app.vault.read().token
    assert token is not None
    page.get_by_role("link", name="Connection").click()
    page.get_by_role("button", name="Disconnect").click()
    shot(page, "asks")
    page.get_by_role("button", name="Keep it").click()
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert app.vault.find("default") is not None
    page.get_by_role("button", name="Disconnect").click()
    page.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(page.get_by_text("the service has revoked the access")).to_be_visible()
    expect(page.get_by_role("link", name="Connect", exact=True)).to_be_visible()
    shot(page, "first-page-again")
    assert page.url == app.url
    assert app.vault.find("default") is None
    answer = requests.get(
        app.url + "sandbox/v1/testAuth",
        headers={"Authorization": f"Bearer {token.access_token}"},
        timeout=PATIENCE / 1000,
    )
    assert answer.status_code == 401


def test_tabs_agree_within_seconds(app: App, new_browser: NewBrowser) -> None:
    context = new_browser()
    first, second = context.new_page(), context.new_page()
    second.goto(app.at())
    expect(second.get_by_role("link", name="Connect", exact=True)).to_be_visible()
    connect(first, app)
    wait_for_table(second)
    first.get_by_role("link", name="Connection").click()
    first.get_by_role("button", name="Disconnect").click()
    first.get_by_role("dialog").get_by_role("button", name="Disconnect").click()
    expect(second.get_by_role("link", name="Connect", exact=True)).to_be_visible()


def test_an_app_that_was_stopped_is_said_in_words_for_its_reader_and_the_page_goes_on_by_itself(
    make_app: MakeApp, page: Page, shot: Shot
) -> None:
    app = make_app().start()
    connect(page, app)
    app.stop()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    shot(page, "stopped")
    code = dialog.get_by_test_id("stErrorCodeBlock")
    expect(code).to_be_hidden()  # streamlit run yourscript.py
    said = code.evaluate("block => getComputedStyle(block.parentElement, '::before').content")
    assert "start it again as it was started, at the same port" in said
    app.start()
    page.context.new_page().goto(app.at())  # each start has a token of its own
    expect(dialog).to_be_hidden()
    wait_for_table(page)


def test_a_restart_of_the_app_keeps_the_connection(make_app: MakeApp, page: Page) -> None:
    app = make_app().start()
    connect(page, app)
    app.restart()
    page.goto(app.at())
    wait_for_table(page)
    expect(page.get_by_text("12 workflows")).to_be_visible()


def test_a_dark_phone_sees_the_same(app: App, new_browser: NewBrowser, shot: Shot) -> None:
    page = new_browser(viewport={"width": 390, "height": 844}, color_scheme="dark").new_page()
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).wait_for()
    shot(page, "first-visit")
    connect(page, app)
    shot(page, "workflows")
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    page.goto(app.at("connection"))
    page.get_by_role("button", name="Disconnect").wait_for()
    shot(page, "connection")


def test_a_service_of_its_own_with_the_callback_at_another_path(make_app: MakeApp, page: Page, shot: Shot) -> None:
    with psauth.Sandbox(runs=50) as box:
        app = make_app(**_variables(box))
        app.variables["PSAUTH_REDIRECT_URI"] = app.url + "callback"
        app.start()
        page.goto(app.at())
        expect(page.get_by_text("Sandbox: invented data")).to_be_hidden()
        connect(page, app)
        assert page.url == app.url

        # The grant is withdrawn at the service: the next read says so, calmly, and leads back.
        box.company  # noqa: B018 - the server is alive
        token = app.vault.read().token
        assert token is not None
        _revoke(box, token)
        page.get_by_role("button", name="Reload").click()
        expect(page.get_by_role("heading", name="The connection has ended")).to_be_visible()
        shot(page, "ended")
        page.get_by_role("link", name="Connect again").click()
        page.get_by_role("button", name="Allow").click()
        wait_for_table(page)

    # The service is gone altogether: what was read stands, and what was not is a calm page.
    page.get_by_role("button", name="Reload").click()
    expect(page.get_by_text("The reload failed, so this is the table from before.")).to_be_visible()
    wait_for_table(page)
    page.get_by_role("link", name="People").click()
    expect(page.get_by_role("heading", name="Process Street does not answer")).to_be_visible()
    shot(page, "silent")
    assert "Traceback" not in page.content()


def test_a_service_that_does_not_answer_when_connecting(make_app: MakeApp, page: Page, shot: Shot) -> None:
    with psauth.Sandbox(runs=5) as box:
        variables = _variables(box)
    app = make_app(**variables)
    app.variables["PSAUTH_REDIRECT_URI"] = app.url
    app.start()
    page.goto(app.at())
    page.get_by_role("link", name="Connect", exact=True).click()
    expect(page.get_by_role("heading", name="Not connected")).to_be_visible()
    expect(page.get_by_text("does not answer")).to_be_visible()
    shot(page, "silent")


def test_half_made_settings_are_named(make_app: MakeApp, page: Page, shot: Shot) -> None:
    app = make_app(PSAUTH_CLIENT_SECRET="only-half").start()
    page.goto(app.at())
    expect(page.get_by_text("PSAUTH_CLIENT_ID is missing")).to_be_visible()
    shot(page, "incomplete")
    assert "only-half" not in page.content()


def test_on_another_address_it_serves_nobody(make_app: MakeApp, page: Page, shot: Shot) -> None:
    app = make_app("--server.address=0.0.0.0").start()
    for host in ("localhost", "127.0.0.1"):
        page.goto(f"http://{host}:{app.port}/")
        expect(page.get_by_role("heading", name="Only on this machine"), host).to_be_visible()
        shot(page, f"not-local-by-{host}")
    for path in ("", "connect", "_stcore/health", "sandbox/v1/workflows"):
        assert requests.get(app.url + path, timeout=PATIENCE / 1000, allow_redirects=False).status_code == 403


def test_a_foreign_name_for_this_machine_is_refused(app: App) -> None:
    answer = requests.get(app.url, headers={"Host": "evil.example"}, timeout=PATIENCE / 1000)
    assert answer.status_code == 403


def _variables(box: psauth.Sandbox) -> dict[str, str]:
    settings = box.settings
    return {
        "PSAUTH_CLIENT_ID": settings.client_id,
        "PSAUTH_CLIENT_SECRET": settings.client_secret,
        "PSAUTH_ISSUER": settings.issuer,
        "PSAUTH_API_URL": settings.api_url,
    }


def _revoke(box: psauth.Sandbox, token: psauth.Token) -> None:
    settings = box.settings
    answer = requests.post(
        box.url + "/oauth/revoke",
        data={
            "token": token.refresh_token,
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
        },
        timeout=PATIENCE / 1000,
    )
    assert answer.status_code == 200
