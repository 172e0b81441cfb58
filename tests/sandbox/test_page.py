"""docs/sandbox.md: its lines run and say what stands there, and it names every event and every knob."""

from __future__ import annotations

import contextlib
import inspect
import io
import re
from dataclasses import fields
from pathlib import Path

from psauth.sandbox import EVENTS, Company, Knobs

PAGE = (Path(__file__).parents[2] / "docs" / "sandbox.md").read_text("utf-8")


def test_its_lines_say_what_stands_below_them() -> None:
    code, said = (re.search(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL) for kind in ("python", "text"))
    assert code
    assert said
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code[1], "sandbox.md", "exec"), {})  # the reader would type it
    assert out.getvalue() == said[1]


def test_it_names_every_event_and_every_knob() -> None:
    table = PAGE.partition("| event:")[2].partition("## Who asks")[0]
    named = set(re.findall(r"`(\w+)\(", table))
    assert set(EVENTS) <= named
    assert all(inspect.isfunction(getattr(Company, name, None)) for name in named - {"live"})
    knobs = PAGE.partition("## Knobs")[2]
    assert [
        f.name for f in fields(Knobs) if f"`{f.name}`" not in knobs and f.name[0] != "_" and f.name != "faults"
    ] == []
