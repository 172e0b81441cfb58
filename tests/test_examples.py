"""The README's code and the notebooks run, and show what they say."""

from __future__ import annotations

import contextlib
import io
import re
import warnings
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


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")), ids=lambda p: p.stem)
def test_the_notebook_runs_from_top_to_bottom(path, tmp_path):
    nbformat = pytest.importorskip("nbformat")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the kernel's own, about transports and event loops
        from nbclient import NotebookClient

        notebook = nbformat.read(path, as_version=4)
        client = NotebookClient(
            notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert not [o for o in outputs if o.output_type == "error"]
    assert any("image/png" in o.get("data", {}) for o in outputs), "no picture"


def test_notebooks_are_kept_without_outputs():
    """Outputs would change with every run, and could hold somebody's data."""
    import json

    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            assert not cell.get("outputs")
