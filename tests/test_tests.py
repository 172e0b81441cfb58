"""The tests themselves: none imports another, and CI skips none."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
ROOT = TESTS.parent


def imported(path, tests=TESTS):
    """Every module a file names in an import, wherever in it, by its full name."""
    folder = [tests.name, *path.relative_to(tests).parent.parts]
    for node in ast.walk(ast.parse(path.read_text("utf-8"), str(path))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = folder[: len(folder) - node.level + 1] if node.level else []
            base = ".".join([*above, *filter(None, [node.module])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def named_tests(name):
    """The parts of a module's name that are those of a test module, were it one of ours."""
    parts = name.split(".")
    return [part for part in parts if part.startswith("test_")] if parts[0] == TESTS.name else []


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_test_is_imported(path):
    assert [name for name in imported(path) if named_tests(name)] == []


@pytest.mark.parametrize("path", sorted(TESTS.rglob("test_*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_what_is_called_a_test_module_has_tests(path):
    body = ast.walk(ast.parse(path.read_text("utf-8")))
    assert [node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]


@pytest.mark.parametrize(
    "line",
    [
        "from tests.flow.test_reading import raw",
        "from tests.flow import test_reading",
        "import tests.flow.test_reading",
        "from .test_reading import raw",
        "from ..flow.test_reading import raw",
        "def f():\n    from . import test_reading",
    ],
)
def test_an_import_of_a_test_is_seen(tmp_path, line):
    path = tmp_path / "tests" / "flow" / "test_other.py"
    path.parent.mkdir(parents=True)
    path.write_text(line)
    assert any(named_tests(name) for name in imported(path, tmp_path / "tests"))


NOT_RUN = {
    "a skip": "def test_x():\n    pytest.skip('no browser')",
    "a mark": "@pytest.mark.skip(reason='no browser')\ndef test_x():\n    pass",
    "a condition": "@pytest.mark.skipif(True, reason='no browser')\ndef test_x():\n    pass",
    "a fixture": "@pytest.fixture\ndef page():\n    pytest.skip('no browser')\ndef test_x(page):\n    pass",
    "a module": "pytest.skip('no browser', allow_module_level=True)\ndef test_x():\n    pass",
    "an import": "pytest.importorskip('no_browser', reason='no browser')\ndef test_x():\n    pass",
    "a failure that is expected": "@pytest.mark.xfail(reason='no browser')\ndef test_x():\n    assert False",
    "one that is called for": "def test_x():\n    pytest.xfail('no browser')",
    "an expected failure that passes": "@pytest.mark.xfail(reason='no browser')\ndef test_x():\n    pass",
}


@pytest.fixture(scope="module")
def ways_not_to_run(tmp_path_factory):
    """A folder with a module for each of them, in which another test does run."""
    folder = tmp_path_factory.mktemp("tests")
    for number, text in enumerate(NOT_RUN.values()):
        (folder / f"test_{number}.py").write_text(f"import pytest\n{text}\ndef test_y():\n    pass\n")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["0", "1"])
@pytest.mark.parametrize("ci", [{}, {"CI": "1"}], ids=["elsewhere", "CI"])
def test_a_test_that_is_not_run_fails_in_ci_and_nowhere_else(ways_not_to_run, ci, workers):
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "tests.nothing_skipped", "-n", workers]
    command += ["--continue-on-collection-errors", "."]
    kept = {name: value for name, value in os.environ.items() if name != "CI"}
    environment = {**kept, **ci, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ways_not_to_run, env=environment, capture_output=True, text=True, check=False)
    failed = {line.split()[1].partition("::")[0] for line in done.stdout.splitlines() if line[:5] in ("FAILE", "ERROR")}
    assert failed == ({f"test_{number}.py" for number in range(len(NOT_RUN))} if ci else set()), done.stdout
    assert (done.returncode == 0) == (not ci)
    assert done.stdout.count("CI skips no test and expects none to fail. Not run because:") >= len(NOT_RUN) * len(ci)
    assert not ci or done.stdout.count("no browser") >= len(NOT_RUN)
