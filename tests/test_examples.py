"""The README's code and the notebooks run, and show what they say."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)

pytestmark = pytest.mark.slow


def test_the_readme_prints_what_it_says():
    blocks = BLOCK.findall((ROOT / "README.md").read_text("utf-8"))
    names: dict[str, object] = {}
    ran = 0
    for (kind, code), (after, output) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if kind != "python":
            continue
        shown = io.StringIO()
        with contextlib.redirect_stdout(shown):
            exec(compile(code, "README.md", "exec"), names)  # the reader would type it
        if after == "text":
            assert shown.getvalue() == output
        ran += 1
    assert ran >= 2


RUN_NOTEBOOK = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
nbformat.write(notebook, sys.argv[2])
"""


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_notebook_runs_from_top_to_bottom(path, tmp_path):
    # In a process of its own: other tests leave an event loop in this one, and importing Streamlit a plotting backend.
    environment = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    done = tmp_path / path.name
    command = [sys.executable, "-W", "ignore", "-c", RUN_NOTEBOOK, str(path), str(done)]
    result = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=180, check=False
    )
    assert result.returncode == 0, result.stderr
    outputs = [o for cell in json.loads(done.read_text("utf-8"))["cells"] for o in cell.get("outputs", [])]
    assert not [o for o in outputs if o["output_type"] == "error"]
    assert any("image/png" in o.get("data", {}) for o in outputs), "no picture"


def test_notebooks_are_kept_without_outputs():
    """Outputs would change with every run, and could hold somebody's data."""
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs")
