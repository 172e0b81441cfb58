"""The README's code and the notebooks run, and show what they say."""

from __future__ import annotations

import base64
import contextlib
import io
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import altair as alt
import nbformat
import pandas as pd
import pytest
from cryptography.fernet import Fernet
from PIL import Image

import psauth
from psauth.cli import main
from psauth.settings import NAMES, PREFIX
from tools import notebooks

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
BLOCKS = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
ABOUT_OWN_DATA = [path for path in NOTEBOOKS if path.stem >= "04"]
"""Those in which an analyst changes the line that connects, and runs all the rest as it is."""


def lines(kind: str) -> list[str]:
    """The lines of all blocks of one kind in the README, without comments."""
    every = [line for label, code in BLOCKS if label == kind for line in code.splitlines()]
    return [plain for line in every if (plain := re.sub(r"\s*#.*", "", line))]


@pytest.mark.slow
def test_the_readme_prints_what_it_says() -> None:
    names: dict[str, object] = {}
    ran = 0
    for (kind, code), (after, output) in zip(BLOCKS, [*BLOCKS[1:], ("", "")], strict=True):
        if kind != "python":
            continue
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(code, "README.md", "exec"), names)  # the reader would type it
        if after == "text":
            assert shown.getvalue() == output
        ran += 1
    assert ran >= 3


def test_every_block_of_the_readme_is_of_a_kind_that_a_test_looks_at() -> None:
    assert {kind for kind, _ in BLOCKS} <= {"python", "text", "sh", "ini"}


def test_the_commands_of_the_readme_are_there() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    checked = 0
    for program, command, *_ in map(str.split, lines("sh")):
        if program == "make":
            assert re.search(rf"^{command}:", makefile, re.MULTILINE), command
            checked += 1
        elif program == "psauth":
            assert command in main.commands
            checked += 1
    assert checked >= 8


def test_the_settings_of_the_readme_are_there() -> None:
    for line in lines("ini"):
        assert line.split("=")[0].removeprefix(PREFIX).lower() in NAMES


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_the_notebook_runs_from_top_to_bottom_and_shows_what_is_stored(path: Path) -> None:
    # In a process of its own: other tests leave an event loop in this one, and importing Streamlit a plotting backend.
    command = [sys.executable, "-W", "ignore", str(ROOT / "tools" / "notebooks.py"), "--check", str(path)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_is_stored_with_its_outputs(path: Path) -> None:
    """GitHub shows them, and they hold no warning, no path of a machine and no secret."""
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    cells = [cell for cell in stored.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == [*range(1, len(cells) + 1)]
    assert notebooks.complaints(stored) == []
    assert stored.metadata == notebooks.METADATA
    assert all(not cell.metadata for cell in stored.cells)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
def test_a_notebook_begins_with_the_one_line_to_change(path: Path) -> None:
    [first, *_] = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    [line] = [line for line in first.source.splitlines() if "psauth.connect" in line]
    assert line.endswith("# your own account: ps = psauth.connect()")


@pytest.mark.parametrize(
    ("stem", "found"),
    [
        (
            "04-how-long",
            "Under revision 3.0 the median run takes .* less than under 2.0: more than chance would explain",
        ),
        ("05-what-is-late", "furthest over is yusuf.alsayed@example.com"),
        ("05-what-is-late", "due dates were seen to move: .* the most are in runs of rafael.nunez@example.com"),
        ("06-where-it-waits", "The most time goes into the wait until 'Approve the purchase' is done"),
        ("06-where-it-waits", r"desmond.achebe@example.com +\d+ +\d+ +0.[23]"),
        ("07-what-goes-with-slow-runs", "slower runs, most surely 'Office': 'São Paulo'"),
        ("09-forms", "rule that never held +Shows 'Quotes' for 4105 Print shop"),
    ],
)
def test_the_notebooks_find_the_story_of_the_company(stem: str, found: str) -> None:
    """What psauth/sandbox/company/plot.py tells stands in their stored outputs, which the test above compares with fresh ones."""
    cells = nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    texts = [output.get("text") or output.data.get("text/plain", "") for output in outputs]
    assert re.search(found, "\n".join(texts))


@pytest.fixture(scope="module")
def own_account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[psauth.Sandbox, dict[str, str]]]:
    """Another company than that of the notebooks, and what the environment says of it. Its copy is made by the first of them."""
    with psauth.Sandbox(runs=1_000, seed=11, now="2026-11-26") as company:
        yield (
            company,
            {
                "PSAUTH_API_URL": company.api_url,
                "PSAUTH_API_KEY": company.api_key,
                "PSAUTH_HOME": str(tmp_path_factory.mktemp("home")),
                "PSAUTH_SECRET_KEY": Fernet.generate_key().decode(),
            },
        )


@pytest.mark.slow
@pytest.mark.parametrize("path", ABOUT_OWN_DATA, ids=lambda p: p.stem)
def test_with_one_line_changed_a_notebook_is_about_ones_own_data(
    path: Path,
    own_account: tuple[psauth.Sandbox, dict[str, str]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    company, environment = own_account
    monkeypatch.chdir(tmp_path)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    changed, lines = re.subn(r"^.*# your own account: (.*)$", r"\1", code[0], flags=re.MULTILINE)
    assert lines == 1
    names: dict[str, Any] = {}
    company.requests.clear()
    as_before = (alt.renderers.enable("default"), pd.option_context("display.float_format", None))
    with contextlib.redirect_stdout(io.StringIO()) as shown, as_before[0], as_before[1]:
        for cell in (changed, *code[1:]):
            exec(compile(cell, path.name, "exec"), names)  # the analyst would run it
    assert shown.getvalue().strip()
    assert company.requests
    assert not names["box"].requests


@pytest.fixture
def notebook() -> Callable[..., Any]:
    """A notebook of one cell, with these outputs."""

    def notebook(*outputs: Any) -> Any:
        cell = nbformat.v4.new_code_cell("x", execution_count=1, outputs=list(outputs))
        return nbformat.v4.new_notebook(cells=[cell])

    return notebook


def png(width: int, height: int) -> bytes:
    """A picture of many colours."""
    written = io.BytesIO()
    Image.frombytes("RGB", (width, height), os.urandom(width * height * 3)).save(written, "PNG")
    return written.getvalue()


def test_a_large_picture_is_stored_smaller_with_as_many_pixels(notebook: Callable[..., Any]) -> None:
    large, little = png(200, 150), png(20, 15)
    outputs = [
        nbformat.v4.new_output("display_data", {"image/png": base64.b64encode(picture).decode()})
        for picture in (large, little)
    ]
    kept = [base64.b64decode(o.data["image/png"]) for o in notebooks.tidied(notebook(*outputs)).cells[0].outputs]
    assert len(kept[0]) < len(large) / 2
    assert Image.open(io.BytesIO(kept[0])).size == (200, 150)
    assert kept[1] == little


def stream(text: str, name: str = "stdout") -> Any:
    return nbformat.v4.new_output("stream", name=name, text=text)


def test_what_moves_from_run_to_run_is_no_difference(notebook: Callable[..., Any]) -> None:
    one = notebook(stream("at 127.0.0.1:40517, 5 s, 2,469 of 2,500 are left, until 2026-11-26 12:53 UTC"))
    other = notebook(stream("at 127.0.0.1:8765, 12 s, 999 of 2,500 are left, until 2027-01-01 00:00 UTC"))
    assert notebooks.differences(one, other) == []


def test_anything_else_is_a_difference(notebook: Callable[..., Any]) -> None:
    one, other = notebook(stream("4,158 tasks")), notebook(stream("4,159 tasks"))
    assert "-4,158 tasks" in notebooks.differences(one, other)
    assert notebooks.differences(one, notebook())
    assert notebooks.differences(one, notebook(stream("4,158 tasks"), stream("more")))


def test_a_bar_is_left_out_and_a_warning_is_not(notebook: Callable[..., Any]) -> None:
    bar = stream("runs:  10%|# | 1/10 [00:00<00:01]\r594 runs [00:01, 2,467 requests left]\x1b[A\n", "stderr")
    tidy = notebooks.tidied(notebook(stream("a\n"), bar, stream("b\n")))
    assert [output.text for output in tidy.cells[0].outputs] == ["a\nb\n"]
    warned = notebooks.tidied(notebook(stream("DeprecationWarning: old\n", "stderr")))
    assert any("DeprecationWarning" in line for line in notebooks.complaints(warned))


@pytest.mark.parametrize("text", [str(ROOT), "/home/ann/x", "C:\\Users\\ann", "Bearer abc", "access_token=abc"])
def test_a_path_or_a_secret_is_found(notebook: Callable[..., Any], text: str) -> None:
    assert any("path of this machine" in line for line in notebooks.complaints(notebook(stream(text))))
