"""Readers: other programs open the tables without psauth. The README has the line for each; here they are typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
README = (ROOT / "README.md").read_text("utf-8")
LINES = dict(re.findall(r"^\| (pandas|Polars|DuckDB|Spark) \| `(.+)` \|$", README, re.MULTILINE))
SPARK = """
from pyspark.sql import SparkSession
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
"""


def test_the_readme_has_a_line_for_each():
    assert sorted(LINES) == ["DuckDB", "Polars", "Spark", "pandas"]


def printed(line, folder, end):
    """What a program without psauth prints that begins with the README's line: its last two words."""
    code = "import sys; sys.modules['psauth'] = None\n"
    code += (SPARK if line.count("spark.") else "") + line.replace('"TABLES', f'"{folder.url}') + "\n" + end
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()[-2:]


@pytest.mark.parametrize(
    ("program", "end"),
    [
        ("pandas", "print(len(tasks), tasks['due_date'].dtype.kind)"),
        ("Polars", "print(tasks.height, str(tasks.schema['due_date'])[:1])"),
        ("DuckDB", "print(len(tasks), tasks['due_date'].dtype.kind)"),
        ("Spark", "print(tasks.count(), tasks.schema['due_date'].dataType.typeName()[:1])"),
    ],
)
def test_a_program_reads_the_tables_without_psauth(company, program, end):
    rows, kind = printed(LINES[program], company.folder, end)
    assert rows == "12"
    assert kind.lower() in ("m", "d", "t")


def test_they_see_the_latest_publication_whole(company):
    out = printed(LINES["pandas"], company.folder, "print(tasks['name'].nunique(), tasks['run_id'].nunique())")
    assert out == ["2", "6"]
