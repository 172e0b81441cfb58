"""The Answers view in a browser: what is chosen, on a telephone and on a large screen, light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

import psauth
from tests.browser.conftest import App, log_in, rest, turn
from tests.browser.looking import main, pale_words, variables

BACKGROUNDS = {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}


def copy_in(app: App, box: psauth.Sandbox) -> None:
    """Somebody is connected, and has a copy."""
    log_in(app, box)
    own = app.settings
    with psauth.connect(settings=box.settings.with_(home=own.home, secret_key=own.secret_key)) as ps:
        ps.whoami()
        ps.sync(progress=False)


def test_a_chapter_of_a_workflow_on_every_screen(
    make_app: Callable[..., App], page: Page, shot: Callable[..., None]
) -> None:
    with psauth.Sandbox(runs=120) as box:
        app = make_app(**variables(box))
        copy_in(app, box)
        app.start()
        page.goto(app.at("answers"))
        expect(main(page).get_by_text(re.compile(r"^[\w -]+: .* open runs? with a due date")).first).to_be_visible()
        main(page).get_by_role("combobox").first.click()
        page.get_by_role("option", name="Purchase Request").click()
        main(page).get_by_role("radio", name="What comes and goes").click()
        expect(page).to_have_url(re.compile(r"workflow=Purchase\+Request"))
        expect(page).to_have_url(re.compile(r"chapter=What\+comes\+and\+goes"))
        expect(main(page).get_by_text(re.compile(r"under way\.$"))).to_be_visible()
        page.reload()
        pictures = main(page).get_by_test_id("stVegaLiteChart").locator("svg")
        expect(pictures).to_have_count(2)
        expect(main(page).locator("[aria-roledescription=visualization]").first).to_have_attribute(
            "aria-label", re.compile("runs started")
        )
        lines = main(page).locator("svg [aria-roledescription='line mark']").first
        for width in (390, 1280):
            page.set_viewport_size({"width": width, "height": 900})
            for scheme, background in BACKGROUNDS.items():
                turn(page, scheme)  # type: ignore[arg-type] # one of the two
                expect(pictures.first).to_have_css("background-color", background)
                rest(page)
                line, box_of_picture = lines.bounding_box(), pictures.first.bounding_box()
                assert line is not None
                assert box_of_picture is not None
                assert line["width"] > box_of_picture["width"] / 2, "a time axis that ends where it begins"
                assert box_of_picture["x"] + box_of_picture["width"] <= width
                assert pale_words(page) == []
                shot(page, f"{width}-{scheme}")
            wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            assert not page.evaluate(wide)
        expect(main(page).locator("[data-testid=stException], [data-testid=stAlert]")).to_have_count(0)
