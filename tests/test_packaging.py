"""Packaging: one list of requirements in two files, lower bounds only, and no registry's address."""

import re
import tomllib
from pathlib import Path

import pytest

import psauth

ROOT = Path(psauth.__file__).parents[1]
if not (ROOT / "pyproject.toml").is_file():
    pytest.skip("psauth is installed without its checkout", allow_module_level=True)

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
EVERY_LINE = [
    *PROJECT["dependencies"],
    *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
]


def requirement_lines():
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def test_requirements_are_the_core_and_the_app_line_by_line():
    assert requirement_lines() == PROJECT["dependencies"] + PROJECT["optional-dependencies"]["app"]


@pytest.mark.parametrize("line", EVERY_LINE)
def test_a_requirement_has_a_lower_bound_and_no_other(line):
    assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?>=\d+(\.\d+)*", line)


def test_the_extras_agree_about_their_common_libraries():
    bounds = {}
    for line in EVERY_LINE:
        name, bound = line.split(">=")
        assert bounds.setdefault(name.lower(), bound) == bound, name


def test_no_file_names_a_registry():
    for name in ("requirements.txt", "pyproject.toml", "Makefile"):
        path = ROOT / name
        text = path.read_text("utf-8") if path.is_file() else ""
        assert not re.search(r"--(extra-)?index-url|--find-links|pypi\.org|https?://[^\s\"]*simple", text), name


def test_the_engine_is_a_dependency_of_the_core_and_streamlit_is_not():
    core = {line.split(">=")[0] for line in PROJECT["dependencies"]}
    assert "requests-oauthlib" in core
    assert not core & {"streamlit", "starlette", "Authlib"}


def test_the_package_tells_type_checkers_that_it_is_typed():
    assert (ROOT / "psauth" / "py.typed").is_file()
