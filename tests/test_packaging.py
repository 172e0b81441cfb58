"""Packaging: one list of requirements in two files, lower bounds only, no registry's address, and colours that can be read."""

import json
import re
import sys
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


EXTRAS = PROJECT["optional-dependencies"]
OF_THE_APP = PROJECT["dependencies"] + EXTRAS["app"] + EXTRAS["mirror"]
OF_THE_APP += [line for line in EXTRAS["analysis"] if line not in OF_THE_APP]
KNOWN_TO_BREAK = {"sqlglot"}
"""Packages with an upper bound, which pyproject.toml explains."""


def test_requirements_are_the_core_the_app_the_mirror_and_the_analyses_line_by_line():
    assert requirement_lines() == OF_THE_APP


@pytest.mark.parametrize("line", EVERY_LINE)
def test_a_requirement_has_a_lower_bound_and_no_other(line):
    upper = r"(,<\d+(\.\d+)*)?" if line.partition(">=")[0] in KNOWN_TO_BREAK else ""
    assert re.fullmatch(rf"[A-Za-z0-9._-]+(\[[a-z0-9,]+\])?>=\d+(\.\d+)*{upper}", line)


def test_the_extras_agree_about_their_common_libraries():
    bounds = {}
    for line in EVERY_LINE:
        name, bound = line.split(">=")
        assert bounds.setdefault(name.lower(), bound) == bound, name


def test_the_oldest_versions_are_the_lower_bounds():
    lines = (ROOT / "tests" / "oldest.txt").read_text("utf-8").splitlines()
    pinned = [line for line in lines if line and not line.startswith("#")]
    without_extras = (re.sub(r"\[.*?\]", "", line) for line in OF_THE_APP)  # pip takes none in constraints
    assert sorted(pinned) == sorted({line.replace(">=", "==").partition(",")[0] for line in without_extras})


def test_no_file_names_a_registry():
    for name in ("requirements.txt", "pyproject.toml", "Makefile", "tests/oldest.txt"):
        path = ROOT / name
        text = path.read_text("utf-8") if path.is_file() else ""
        assert not re.search(r"--(extra-)?index-url|--find-links|pypi\.org|https?://[^\s\"]*simple", text), name


def test_the_engine_is_a_dependency_of_the_core_and_streamlit_is_not():
    core = {line.split(">=")[0] for line in PROJECT["dependencies"]}
    assert "requests-oauthlib" in core
    assert not core & {"streamlit", "starlette", "Authlib"}


SANDBOX = {"authlib", "starlette", "uvicorn"}


def names(extra):
    return {line.split(">=")[0].casefold() for line in PROJECT["optional-dependencies"][extra]}


def test_every_extra_that_runs_the_sandbox_holds_its_packages():
    assert names("sandbox") == SANDBOX
    assert names("notebook") > SANDBOX
    assert names("app") > SANDBOX


def test_the_notebook_extra_holds_what_the_notebooks_import():
    core = {line.split(">=")[0].casefold() for line in PROJECT["dependencies"]}
    imported = set()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                imported |= {
                    *re.findall(r"^import (\w+)", source, re.M),
                    *re.findall(r"^from (\w+)\S* import", source, re.M),
                }
    assert "psauth" in imported
    assert imported - {"psauth"} - set(sys.stdlib_module_names) <= core | names("notebook")


def test_the_package_tells_type_checkers_that_it_is_typed():
    assert (ROOT / "psauth" / "py.typed").is_file()


def contrast(one, other):
    """The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance)."""

    def luminance(colour):
        parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_can_be_read_in_light_and_dark(theme):
    colours = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text())["theme"][theme]
    accent, page = colours["primaryColor"], colours["backgroundColor"]
    assert contrast(colours["textColor"], page) >= 7
    assert contrast("#ffffff", accent) >= 4.5  # Streamlit writes white on a primary button, in both themes
    assert contrast(accent, page) >= 3  # WCAG 2.2, 1.4.11: the button itself, its bar and its marks
