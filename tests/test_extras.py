"""What is optional: without its packages an error of ours names the extra, and everything else works."""

import subprocess
import sys
from pathlib import Path

import pytest

import psauth

ROOT = Path(psauth.__file__).parents[1]

WITHOUT = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {absent!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.meta_path.insert(0, Absent())
"""
SANDBOX = ("authlib", "starlette", "uvicorn")
MIRROR = ("deltalake", "duckdb", "ibis")
CHARTS = ("altair", "vl_convert")
EXTRAS = {*SANDBOX, *MIRROR, *CHARTS, "ipywidgets", "IPython", "jupyterlab", "matplotlib", "openpyxl", "streamlit"}


def python(program, *, without):
    """Run a program in an interpreter that has none of these packages."""
    code = WITHOUT.format(absent=set(without)) + program
    return subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("package", SANDBOX)
def test_the_sandbox_without_its_packages_names_the_extra(package):
    program = """
import psauth
try:
    psauth.Sandbox()
except psauth.MissingExtra as error:
    assert isinstance(error, psauth.PsauthError) and isinstance(error, ImportError)
    print(error)
"""
    done = python(program, without=[package])
    line = f'psauth.Sandbox() needs the package {package}, which is not installed. Type: pip install "psauth[sandbox]"'
    assert (done.stdout.strip(), done.stderr) == (line, "")


@pytest.mark.parametrize(
    ("command", "package", "extra"),
    [("sandbox", "uvicorn", "sandbox"), ("app", "streamlit", "app"), ("app", "authlib", "app")],
)
def test_a_command_without_its_packages_is_one_line(command, package, extra):
    done = python(f"from psauth.cli import main; main([{command!r}])", without=[package])
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f'Error: psauth {command} needs the package {package}, which is not installed. Type: pip install "psauth[{extra}]"'
    ]


@pytest.mark.parametrize("package", MIRROR)
def test_the_mirror_without_its_packages_names_the_extra(package, tmp_path):
    program = f"""
import psauth
with psauth.connect(settings=psauth.Settings(api_key="k", home={str(tmp_path)!r}, env_file=None)) as ps:
    for ask in (lambda: ps.mirror, lambda: ps.sql("select 1")):
        try:
            ask()
        except psauth.MissingExtra as error:
            print(error)
"""
    done = python(program, without=[package])
    line = f'ps.mirror needs the package {package}, which is not installed. Type: pip install "psauth[mirror]"'
    assert (done.stdout.splitlines(), done.stderr) == ([line, line], "")


@pytest.mark.parametrize("package", CHARTS)
def test_a_picture_without_its_packages_names_the_extra(package, tmp_path):
    program = f"""
import psauth, pandas as pd
frame = pd.DataFrame({{"variant": ["a"], "count": [9], "share": [1.0], "median_hours": [2.0]}})
try:
    psauth.charts.save(psauth.charts.variants(frame), {str(tmp_path / "x.png")!r})
except psauth.MissingExtra as error:
    print(error)
"""
    done = python(program, without=[package])
    what = {"altair": "psauth.charts.variants(…)", "vl_convert": "charts.save(…)"}[package]
    name = {"altair": "altair", "vl_convert": "vl_convert"}[package]
    line = f'{what} needs the package {name}, which is not installed. Type: pip install "psauth[analysis]"'
    assert (done.stdout.strip(), done.stderr) == (line, "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("package", ["ibis", "statsmodels", *CHARTS])
def test_a_report_without_its_packages_names_the_extra(package, tmp_path):
    command = ["report", "--all", "--out", str(tmp_path / "report.html")]
    done = python(f"from psauth.cli import main; main({command!r})", without=[package])
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f'Error: psauth report needs the package {package}, which is not installed. Type: pip install "psauth[analysis]"'
    ]
    assert list(tmp_path.iterdir()) == []


def test_everything_else_works_with_the_core_alone(tmp_path):
    program = f"""
import pkgutil, importlib, psauth
for name in psauth.__all__:
    getattr(psauth, name)
for module in pkgutil.walk_packages(psauth.__path__, "psauth."):
    if module.name.split(".")[1] not in ("sandbox", "analysis", "charts", "dashboard", "mirror", "__main__"):
        importlib.import_module(module.name)
import pandas as pd
print(psauth.to_excel(pd.DataFrame({{"a": [1]}}), {str(tmp_path / "x.xlsx")!r}).name)
"""
    done = python(program, without=EXTRAS)
    assert (done.stdout.strip(), done.stderr) == ("x.xlsx", "")


def test_an_error_inside_psauth_is_not_taken_for_a_missing_package():
    from psauth.exceptions import needs_extra

    def broken():
        with needs_extra("sandbox", "psauth.Sandbox()"):
            import psauth.nothing  # noqa: F401

    with pytest.raises(ModuleNotFoundError) as raised:
        broken()
    assert not isinstance(raised.value, psauth.MissingExtra)


def test_the_default_size_of_the_sandbox_is_the_sandboxs_own():
    from psauth.demo import RUNS
    from psauth.sandbox.company.company import DEFAULT_RUNS

    assert RUNS == DEFAULT_RUNS
