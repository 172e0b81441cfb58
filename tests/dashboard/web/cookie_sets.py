"""Cookies as other programs on localhost set them, around ours: `{ours}` is the one that names the browser."""

from __future__ import annotations

import random
from typing import Final

OTHER: Final = "A" * 43
"""As good as one of ours by its looks."""

SETS: Final[dict[str, tuple[str, ...]]] = {
    "nothing else": ("{ours}",),
    "JSON": ('prefs={"theme": "dark", "tabs": [1, 2]}; {ours}',),
    "JSON with semicolons": ('prefs={"a": "x; y", "b": ";"}; {ours}; c={"d": "e;f"}',),
    "spaces": ("a key=a value with spaces; {ours}; b = c d",),
    "a bare flag": ("debug; {ours}; verbose",),
    "brackets": ("a[0]=1; b(c)=2; {{d}}=3; <e>=4; {ours}",),
    "quotes": ('a="b; {ours}; c="; d=\'e; f="\\";g"',),
    "an open quote": ('a="never closed; {ours}',),
    "commas": ("a=1,2,3; {ours}; b=Wed, 21 Oct 2026 07:28:00 GMT",),
    "a comma before ours": ("a=1, b=2,{name}=x; {ours}",),
    "other letters": ("größe=weiß; {ours}; 名前=値; 🍪=🍪",),
    "no name": ("=a; {ours}; =; ==b",),
    "empty parts": (";;; ; {ours};;",),
    "no space": ("a=1;{ours};b=2",),
    "tabs": ("a=1;\t{ours}\t;b=2",),
    "an empty one of ours first": ("{name}=; {ours}",),
    "an empty one of ours last": ("{ours}; {name}=; {name}",),
    "odd ones of ours": ('{name}=short; {ours}; {name}={{"a": 1}}; {name}="{other}"; {name}=' + "é" * 43,),
    "one that looks like ours first": ("{name}={other}; {ours}",),
    "one that looks like ours last": ("{ours}; {name}={other}",),
    "one of another port": ("psauth-browser-1={other}; {ours}; psauth-browser={other}; xpsauth-browser-{port}=1",),
    "attributes": ("$Version=1; $Path=/; Path=/; Expires=0; HttpOnly; Secure; {ours}",),
    "names of Python's own": ("expires=1; domain=x; path=y; {ours}; samesite=z; max-age=0",),
    "several lines": ("a=1; b", "{ours}", 'c={{"d": 2}}'),
    "ours on the last of many lines": (*(f"line{n}=1" for n in range(40)), "{ours}"),
    "hundreds": ("; ".join(f"cookie-{n}=[{n}]" for n in range(300)) + "; {ours}",),
    "very long ones": ("; ".join(f"c{n}=" + "x" * 4000 for n in range(30)) + "; {ours}",),
    "percent and plus": ("a=%7B%22%3B%22%7D; b=1+1; %zz; {ours}",),
    "Streamlit's own, of another app": (
        "_streamlit_xsrf=2|odd|b|c; {ours}; _streamlit_user=x.y.z; _streamlit_user__1=; _streamlit_user_tokens=1",
    ),
    "backslashes": ('a="\\073\\054"; b=\\; {ours}; c=\\"',),
}
"""Lines of cookies, by what is odd in them; `{name}` is our cookie's name, `{other}` is `OTHER`."""


_NAMES: Final = (
    "a",
    "{name}",
    "psauth",
    "_streamlit_xsrf",
    "_streamlit_user",
    "größe",
    "expires",
    "$Version",
    "__Host-a",
    "",
)
_VALUES: Final = (
    "",
    "x",
    '{{"a": [1, 2], "b": "c; d"}}',
    "a b",
    "[1](2)<3>",
    "名前",
    '"open',
    '"a\\"b"',
    "{other}",
    "x" * 4000,
)
_LETTERS: Final = [*map(chr, range(0x20, 0x7B)), *map(chr, range(0xA1, 0x100)), "\t"]


def random_set(number: int) -> tuple[str, ...]:
    """A set of cookies that is drawn at random, the same for each number, with ours somewhere in it."""
    draw = random.Random(number)
    cookies = []
    for _ in range(draw.choice((1, 2, 5, 30))):
        name = draw.choice((*_NAMES, "".join(draw.choices(_LETTERS, k=5))))
        value = draw.choice((*_VALUES, "".join(draw.choices(_LETTERS, k=draw.randrange(60)))))
        cookies.append(name + draw.choice(("=", "=", "=", " = ", "==", "")) + value)
    cookies.insert(draw.randrange(len(cookies) + 1), "{ours}")
    return tuple(cookies) if draw.random() < 0.15 else (draw.choice(("; ", "; ", ";")).join(cookies),)


RANDOM: Final = {f"number {n}": random_set(n) for n in range(500)}


def lines_of(kind: str, name: str, value: str) -> list[str]:
    """The lines of a set, with our cookie in it."""
    fields = {"ours": f"{name}={value}", "name": name, "other": OTHER, "port": name.rpartition("-")[2]}
    lines = []
    for line in SETS.get(kind) or RANDOM[kind]:
        for field, text in fields.items():
            line = line.replace(f"{{{field}}}", text)
        lines.append(line.replace("{{", "{").replace("}}", "}"))
    return lines
