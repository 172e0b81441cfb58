"""Pages of reports as tests look at them: the elements that a browser would find, and that nothing in a page runs."""

import re
from html.parser import HTMLParser

from psauth.analysis.page import POLICY

NASTY = "</style></script><script>alert('x')</script><img src=x onerror=alert(1)> \"&\" {{x}} 🎉"
"""A name that somebody made up to do harm."""
ALLOWED = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "p", "ul", "li", "a", "section", "figure",
    "div", "table", "thead", "tbody", "tr", "th", "td", "details", "summary", "code", "svg", "g", "path", "rect", "line",
    "text", "tspan",
}  # fmt: skip
"""What a page is made of. Each of them shows something, and none of them does anything."""


class Elements(HTMLParser):
    """The elements of a page as a browser would find them: (tag, attributes), and its visible texts."""

    def __init__(self, html):
        super().__init__()
        self.found, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)


def check_harmless(html):
    """Fails for anything that could run, or be asked for from elsewhere."""
    for tag, attributes in Elements(html).found:
        assert tag in ALLOWED
        assert not [
            name for name in attributes if name.startswith("on") or name in ("src", "srcset", "style", "xlink:href")
        ]
        assert attributes.get("href", "#").startswith("#")
        assert "url(" not in " ".join(filter(None, attributes.values()))
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)[1]
    assert "url(" not in style
    assert "@import" not in style
    policies = [a["content"] for tag, a in Elements(html).found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [POLICY]


def texts(html):
    return " ".join(" ".join(Elements(html).texts).split())
