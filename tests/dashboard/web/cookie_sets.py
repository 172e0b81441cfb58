"""Cookies as other programs on localhost set them, around ours: `{ours}` is the one that names the browser."""

from __future__ import annotations

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
    "backslashes": ('a="\\073\\054"; b=\\; {ours}; c=\\"',),
}
"""Lines of cookies, by what is odd in them; `{name}` is our cookie's name, `{other}` is `OTHER`."""


def lines_of(kind: str, name: str, value: str) -> list[str]:
    """The lines of a set, with our cookie in it."""
    fields = {"ours": f"{name}={value}", "name": name, "other": OTHER, "port": name.rpartition("-")[2]}
    lines = []
    for line in SETS[kind]:
        for field, text in fields.items():
            line = line.replace(f"{{{field}}}", text)
        lines.append(line.replace("{{", "{").replace("}}", "}"))
    return lines
