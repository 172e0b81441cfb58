"""Looking at a page: its main part, whether every word on it stands out, and the settings of an app whose service is a sandbox."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Locator, Page

import psauth
from tests.browser.conftest import turn


def main(page: Page) -> Locator:
    return page.get_by_test_id("stMain")


def variables(box: psauth.Sandbox) -> dict[str, str]:
    return {
        "PSAUTH_CLIENT_ID": box.settings.client_id,
        "PSAUTH_CLIENT_SECRET": box.settings.client_secret,
        "PSAUTH_ISSUER": box.settings.issuer,
        "PSAUTH_API_URL": box.settings.api_url,
    }


SCHEMES: Final = ("light", "dark")
CONTRAST = """() => {
  const parse = (c) => (c.match(/[\\d.]+/g) || [0, 0, 0, 0]).map(Number);
  const over = (top, below) => { const a = top[3] ?? 1; return [0, 1, 2].map((i) => top[i] * a + below[i] * (1 - a)); };
  const light = (c) => {
    const [r, g, b] = c.map((v) => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const pale = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const element = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !element.checkVisibility() || !element.getClientRects().length) continue;
    if (element.closest("canvas, svg, [aria-hidden=true], style, script, [inert]")) continue;
    const chain = [];
    for (let e = element; e; e = e.parentElement) chain.unshift(e);
    let back = [255, 255, 255], opacity = 1;
    for (const e of chain) {
      const style = getComputedStyle(e);
      back = over(parse(style.backgroundColor), back);
      opacity *= Number(style.opacity);
    }
    const ink = parse(getComputedStyle(element).color);
    const seen = over([ink[0], ink[1], ink[2], (ink[3] ?? 1) * opacity], back);
    const [a, b] = [light(seen), light(back)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) pale.push(`${walk.currentNode.textContent.trim().slice(0, 40)}: ${ratio.toFixed(2)}`);
  }
  return pale;
}"""


def pale_words(page: Page) -> list[str]:
    """The words on the page that have too little contrast; those in pictures are tested with the palette."""
    return list(page.evaluate(CONTRAST))


def stands_out(page: Page, what: str) -> None:
    """Every word on the page has enough contrast, light and dark."""
    for scheme in SCHEMES:
        turn(page, scheme)
        pale = pale_words(page)
        assert not pale, f"{what} in {scheme}: {pale}"
