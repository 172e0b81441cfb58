"""Words of others are text: nothing in them is Markdown, and nothing in them does anything."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from psauth.dashboard.parts.columns import link
from psauth.dashboard.parts.text import LONGEST, clean, plain, safe_link
from tests.dashboard.conftest import as_read


def shown(markdown: str) -> str:
    """What CommonMark makes of code spans within emphasis side by side, and of nothing else."""
    rest, words = markdown, ""
    while rest:
        match = re.match(r"([*_])(`+)(?!`)(.*?)(?<!`)\2(?!`)\1", rest, re.DOTALL)
        assert match is not None, f"something stands outside of the code: {rest!r}"
        content = match[3]
        if content.strip(" ") and content[0] == content[-1] == " ":
            content = content[1:-1]
        words, rest = words + content, rest[match.end() :]
    return words


@pytest.mark.parametrize(
    "text",
    [
        "Month-End Close",
        "![x](http://evil.example/p.png) [click](http://evil.example)",
        "<img src=x onerror=alert(1)>",
        "$x$ :red[x] :material/delete: :smile: -> www.evil.example a@b.example",
        ":material/a::material/b:",
        "# h",
        "- a **b** ~~c~~ _d_",
        "`code` ``more``",
        "`",
        "``",
        " spaces  within ",
        "*",
        "|a|b|",
        "[^1]: note",
        "---",
        "日本語 עברית 👩‍👩‍👧",
    ],
)
def test_a_text_is_shown_as_it_is(text: str) -> None:
    assert shown(plain(text)) == text
    assert ":material/" not in plain(text), "Streamlit changes that before it reads the Markdown"


@given(st.text(max_size=80) | st.text(alphabet="`*_ :material/\n", max_size=40))
def test_any_text_is_shown_in_one_line_and_nothing_of_it_is_read(text: str) -> None:
    words = plain(text)
    assert "\n" not in words
    assert shown(words) == re.sub("[\n\t]", " ", clean(text))
    words.encode()


def test_lines_stay_apart_where_no_markdown_is_read_and_become_one_where_it_is() -> None:
    assert clean("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert as_read(plain("a\r\n# b\n- c")) == "a # b - c"


@pytest.mark.parametrize("code", [0x00, 0x07, 0x1B, 0x7F, 0x9B, 0x202E, 0x2066, 0x2069, 0xD83D])
def test_what_cannot_be_seen_but_does_something_is_seen(code: int) -> None:
    assert clean(f"a{chr(code)}b") == "a\ufffdb"


def test_an_endless_text_ends() -> None:
    assert len(plain("x" * 10 * LONGEST)) < LONGEST + 10


def test_nothing_is_nothing() -> None:
    assert plain("") == ""


@pytest.mark.parametrize(
    "address", ["https://app.process.st/workflows/a", "http://localhost:8501/sandbox/app/x", "http://127.0.0.1:1/"]
)
def test_a_safe_link_stays(address: str) -> None:
    assert safe_link(address) == address


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "java\nscript:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://localhost/x",
        "http://app.process.st/x",
        "//evil.example",
        "/connect",
        "https:",
        "https://[::1",
        "https://a.example/\u202e",
        "",
        None,
        float("nan"),
        7,
    ],
)
def test_no_other_is_made_a_link(address: object) -> None:
    assert safe_link(address) is None
    assert link().cells(pd.Series([address], dtype="object")).tolist() == [None]
