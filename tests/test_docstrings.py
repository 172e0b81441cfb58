"""Every example in a docstring of psauth runs, against a sandbox, and shows what it says."""

import ast
import doctest
import io
from pathlib import Path

import pytest

import psauth

PACKAGE = Path(psauth.__file__).parent
TODAY = "2026-11-26T12:00:00Z"
"""Where the company stands: its runs are the same each time."""
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def examples_in(path):
    """The examples of a module, a doctest for each docstring that has any, in their order."""
    text = path.read_text("utf-8")
    parser = doctest.DocTestParser()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            docstring = ast.get_docstring(node, clean=False)
            name = f"{path.relative_to(PACKAGE).with_suffix('')}: {getattr(node, 'name', 'the module')}"
            if docstring and ">>>" in docstring:
                line = node.body[0].lineno - 1
                yield parser.get_doctest(docstring, {}, name, str(path), line)


MODULES = {str(path.relative_to(PACKAGE)): path for path in sorted(PACKAGE.rglob("*.py")) if any(examples_in(path))}


@pytest.fixture
def names(monkeypatch):
    """What an example may use without making it: `psauth`, a sandbox `box`, a client `ps`, and a run just started."""
    with psauth.Sandbox(runs=300, now=TODAY) as box, psauth.connect(settings=box.settings) as ps:
        # The connection is stored now, so that psauth.connect() finds it as in a notebook.
        monkeypatch.setenv("PSAUTH_HOME", box.settings.home)
        monkeypatch.setenv("PSAUTH_SECRET_KEY", box.settings.secret_key)
        onboarding = next(t for t in box.company.templates if t.blueprint.name == "Employee Onboarding")
        run = box.company.start_run(onboarding.id, name="Ana Lima")
        yield {"psauth": psauth, "box": box, "ps": ps, "run_id": run.id}


def failures(tests, names):
    """What the examples of these docstrings print that is not in them, for people to read."""
    runner = doctest.DocTestRunner(optionflags=OPTIONS, verbose=False)
    shown = io.StringIO()
    for test in tests:
        test.globs = dict(names)
        runner.run(test, out=shown.write)
    return shown.getvalue()


@pytest.mark.slow
@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_the_examples_of_a_module_run_and_show_what_they_say(path, names):
    assert failures(examples_in(path), names) == ""


@pytest.mark.parametrize("path", MODULES.values(), ids=MODULES)
def test_no_example_is_skipped(path):
    switched = [
        f"{test.name}, line {test.lineno + example.lineno + 1}"
        for test in examples_in(path)
        for example in test.examples
        if example.options.get(doctest.SKIP)
    ]
    assert switched == []


def test_there_are_examples_where_people_look():
    assert {"client.py", "connecting.py", "demo.py"} <= set(MODULES)


def test_an_example_that_is_wrong_is_found(tmp_path, monkeypatch):
    monkeypatch.setattr("tests.test_docstrings.PACKAGE", tmp_path)
    module = tmp_path / "module.py"
    module.write_text('def f():\n    """One.\n\n    >>> 1 + 1\n    3\n    >>> sorted("ba")\n    [...]\n    """\n')
    shown = failures(examples_in(module), {})
    assert "module: f" in shown
    assert "Expected:\n    3\nGot:\n    2" in shown
    assert "sorted" not in shown
