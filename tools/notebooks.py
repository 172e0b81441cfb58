"""Runs the notebooks from top to bottom and stores them with their outputs; with --check it compares instead.

    python tools/notebooks.py [--check] [notebooks/01-connect.ipynb …]

A cell whose output says what the stored one says keeps the stored one, so that only what has changed changes.
"""

from __future__ import annotations

import base64
import io
import os
import re
import struct
import sys
import tempfile
from collections.abc import Iterator
from difflib import unified_diff
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient import NotebookClient
from PIL import Image

ROOT: Final = Path(__file__).parents[1]
METADATA: Final = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
MOVES: Final = {
    r"(127\.0\.0\.1|localhost):\d+": r"\1:PORT",
    r"\b\d[\d.,]* (s|min|minutes?|seconds?)\b": "TIME",
    r"\d{4}-\d\d-\d\d \d\d:\d\d UTC": "MOMENT",
    r"[\d,]+ of [\d,]+ (requests|are) left": "BUDGET",
    r"[\d,]+ runs, about [\d,]+ requests": "about N requests",
    r"\b[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}\b": "REQUEST",
}
"""What differs from one run to the next although the notebook says the same."""
BAR: Final = re.compile(r"\d+%\||\[\d\d:\d\d[,<]|^[\s\x1b\[A]*$|font cache")
"""A line of a progress bar, or of a library that prepares itself once."""
ALIKE: Final = 0.3
"""By how much the size of a picture may differ: fonts and versions draw it a little differently."""
LARGE: Final = 50_000
"""Bytes from which on a picture is stored with fewer colours."""
COLOURS: Final = 256
"""So many: charts have few, and the edges of their letters need the rest. Such a picture takes a sixth of the place."""


def executed(path: Path) -> Any:
    """The notebook with the outputs of a run in an empty folder, without settings of this machine."""
    notebook = nbformat.read(path, as_version=4)
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PSAUTH_", "MPL"))}
    with tempfile.TemporaryDirectory(prefix="psauth-notebook-") as folder:
        environment = kept | {
            "PSAUTH_HOME": str(Path(folder) / "home"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "PYTHONPATH": str(ROOT),
            "TZ": "UTC",
        }
        work = Path(folder) / "work"
        work.mkdir()
        client = NotebookClient(
            notebook,
            timeout=300,
            kernel_name="python3",
            resources={"metadata": {"path": str(work)}},
            extra_arguments=["--IPKernelApp.log_level=ERROR"],  # it warns of a port that only this machine can reach
        )
        client.execute(env=environment)
    return tidied(notebook)


def tidied(notebook: Any) -> Any:
    """The notebook without the hours, widgets and progress bars of the run."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict({})
        if cell.cell_type == "code":
            cell.outputs = list(_outputs(cell.outputs))
    return notebook


def _outputs(outputs: list[Any]) -> Iterator[Any]:
    """What a reader sees: texts that came in pieces are one, and bars that are gone are left out."""
    last = None
    for output in outputs:
        if output.output_type == "stream":
            lines = output.text.splitlines(keepends=True)
            if output.name == "stderr":
                output.text = "".join(line for line in lines if not BAR.search(line))
            if not output.text:
                continue
            if last is not None and last.output_type == "stream" and last.name == output.name:
                last.text += output.text
                continue
        elif any("widget" in kind for kind in output.get("data", {})):
            continue
        output.pop("transient", None)
        if picture := _picture(output):
            output.data["image/png"] = base64.b64encode(small(picture)).decode()
        yield output
        last = output


def complaints(notebook: Any) -> list[str]:
    """What must not stand in a stored notebook: warnings and errors, a path of a machine, a secret."""
    every = [(n, o) for n, cell in enumerate(notebook.cells) if cell.cell_type == "code" for o in cell.outputs]
    found = [f"cell {n}: {_text(o)}" for n, o in every if o.output_type == "error" or o.get("name") == "stderr"]
    secret = re.compile(r"(/home|/Users|/tmp|/root|[A-Z]:\\Users)\b|Bearer |(?:access|refresh)[-_]token|gAAAA", re.I)
    places = [str(ROOT), str(Path.home()), tempfile.gettempdir()]
    for n, output in every:
        text = _text(output)
        if secret.search(text) or any(place in text for place in places):
            found.append(f"cell {n} shows a path of this machine or a secret: {text[:200]}")
    if not any("image/png" in o.get("data", {}) for _, o in every):
        found.append("there is no picture")
    return found


def differences(stored: Any, fresh: Any) -> list[str]:
    """What the stored outputs say otherwise than fresh ones, cell by cell."""
    lines: list[str] = []
    for n, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True)):
        if not same(old, new):
            before, after = (_normal("\n".join(map(_text, c.outputs))).splitlines() for c in (old, new))
            diff = [*unified_diff(before, after, "stored", "now", lineterm="", n=1)] or ["another picture"]
            lines += [f"cell {n}:", *diff]
    return lines


def same(old: Any, new: Any) -> bool:
    """Whether two runs of a cell say the same."""
    if old.cell_type != "code":
        return True
    if old.execution_count != new.execution_count or len(old.outputs) != len(new.outputs):
        return False
    return all(
        _normal(_text(a)) == _normal(_text(b)) and alike(_picture(a), _picture(b))
        for a, b in zip(old.outputs, new.outputs, strict=True)
    )


def alike(old: bytes | None, new: bytes | None) -> bool:
    """Whether two pictures (PNG) have about the same size, in pixels and in bytes."""
    if old is None or new is None:
        return old is new
    sizes = [[*struct.unpack(">II", picture[16:24]), len(picture)] for picture in (old, new)]
    return all(abs(a - b) <= ALIKE * a for a, b in zip(*sizes, strict=True))


def small(picture: bytes) -> bytes:
    """A picture (PNG) as it is stored: a large one with fewer colours, and as many pixels as before."""
    if len(picture) < LARGE:
        return picture
    written = io.BytesIO()
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(written, "PNG", optimize=True)
    return written.getvalue()


def _text(output: Any) -> str:
    """Everything of an output that can be read."""
    if output.output_type == "stream":
        return str(output.text)
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return "\n".join(text for kind, text in sorted(output.data.items()) if kind.startswith("text/"))


def _picture(output: Any) -> bytes | None:
    data = output.get("data", {}).get("image/png")
    return base64.b64decode(data) if data else None


def _normal(text: str) -> str:
    for pattern, word in MOVES.items():
        text = re.sub(pattern, word, text)
    return text


def main(arguments: list[str]) -> int:
    """Store or check; the exit code says whether everything is as it should be."""
    check = "--check" in arguments
    named = [Path(argument) for argument in arguments if argument != "--check"]
    failed = False
    for path in named or sorted((ROOT / "notebooks").glob("*.ipynb")):
        stored = nbformat.read(path, as_version=4)
        fresh = executed(path)
        wrong = complaints(fresh) + (complaints(stored) + differences(stored, fresh) if check else [])
        if wrong:
            print(f"{path.name} is not as it should be:", *wrong, sep="\n  ")
            print("To store the outputs as they are now: make notebooks")
            failed = True
        elif not check:
            for old, new in zip(stored.cells, fresh.cells, strict=True):
                if new.cell_type == "code" and same(old, new):
                    new.outputs = old.outputs
            nbformat.write(fresh, path)
            print(f"{path.name} is stored with its outputs.")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
